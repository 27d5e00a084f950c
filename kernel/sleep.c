/*
 * sleep.c: waiting for a condition, and for a moment. A sleeper looks at the condition while it holds the
 * rendezvous's lock; whoever makes it true takes the same lock before it looks for a sleeper: so no
 * wakeup is lost. Notes and timers break a sleep off through unsleep().
 *
 * Locks: r->l, then p->rlock, both ilocks (interrupt handlers wake); the timers' own ilock stands alone.
 */
#include "dat.h"

enum { Turn = 1000000000 / HZ }; /* ns that one slot of the wheel stands for */

static struct {
	Lock l;
	Timer *wheel[256]; /* (l) by the turn in which they are due, modulo its size */
	u64 turn;	   /* (l) looked at last */
	u32 n;		   /* (l) timers that are on */
} timers;

bool
returnfalse(void *arg)
{
	(void)arg;
	return false;
}

/* Become the sleeper at r, unless there is no need any more. True: the caller must sched(). */
static bool
bedown(Rendez *r, bool (*fn)(void *), void *arg)
{
	bool asleep;

	asleep = false;
	ilock(&r->l);
	lock(&up->rlock);
	if (r->p != nil)
		panic("sleep: two at one rendezvous: %u and %u", r->p->pid, up->pid);
	if (!fn(arg) && !up->interrupted) {
		r->p = up;
		up->r = r;
		up->state = Wakeme;
		asleep = true;
	}
	unlock(&up->rlock);
	iunlock(&r->l);
	return asleep;
}

void
sleep(Rendez *r, bool (*fn)(void *), void *arg)
{
	if (bedown(r, fn, arg))
		sched();
	if (up->interrupted) {
		up->interrupted = false;
		error(Eintr);
	}
}

/* The sleeper at r, both locks held, is taken out of it. */
static void
rouse(Rendez *r, Proc *p)
{
	r->p = nil;
	p->r = nil;
	ready(p);
}

Proc *
wakeup(Rendez *r)
{
	Proc *p;

	ilock(&r->l);
	p = r->p;
	if (p != nil) {
		lock(&p->rlock);
		rouse(r, p);
		unlock(&p->rlock);
	}
	iunlock(&r->l);
	return p;
}

/* From the sleeper's side the locks come in the other order: try, and let go if r is busy. */
void
unsleep(Proc *p)
{
	Rendez *r;
	bool done;

	for (done = false; !done;) {
		ilock(&p->rlock);
		r = p->r;
		done = r == nil;
		if (!done && canlock(&r->l)) {
			rouse(r, p);
			unlock(&r->l);
			done = true;
		}
		iunlock(&p->rlock);
	}
}

/* --- timers --------------------------------------------------------------------------------------------- */

static Timer **
slotof(u64 when)
{
	return &timers.wheel[when / Turn % nelem(timers.wheel)];
}

static void
unlink(Timer *t)
{
	if (t->prev == nil)
		*slotof(t->when) = t->next;
	else
		t->prev->next = t->next;
	if (t->next != nil)
		t->next->prev = t->prev;
	t->next = t->prev = nil;
	t->on = false;
	timers.n--;
}

void
timeradd(Timer *t, u64 when)
{
	Timer **slot;

	ilock(&timers.l);
	if (t->on)
		unlink(t);
	t->when = when;
	slot = slotof(when);
	t->prev = nil;
	t->next = *slot;
	if (*slot != nil)
		(*slot)->prev = t;
	*slot = t;
	t->on = true;
	timers.n++;
	clockarm(when); /* the clock does not wait for its next tick */
	iunlock(&timers.l);
}

/* Timers' functions run under the lock, so a timer that is off here is not being run anywhere. */
void
timerdel(Timer *t)
{
	ilock(&timers.l);
	if (t->on)
		unlink(t);
	iunlock(&timers.l);
}

/* Those of one slot that are due; others in it belong to a later round of the wheel. (l) */
static void
runslot(u64 turn, u64 now)
{
	Timer *t, *next;

	for (t = timers.wheel[turn % nelem(timers.wheel)]; t != nil; t = next) {
		next = t->next;
		if (t->when <= now) {
			unlink(t);
			t->f(t);
		}
	}
}

/* Of the timers in one slot the earliest, if it is before `least`; those of later rounds never are. (l) */
static u64
earlier(u64 turn, u64 least)
{
	for (Timer *t = timers.wheel[turn % nelem(timers.wheel)]; t != nil; t = t->next)
		if (t->when < least)
			least = t->when;
	return least;
}

/* Between this tick and the next the clock strikes once more for whoever is due there. (l) */
static void
armnext(u64 now)
{
	u64 tick = now + Turn, turn = now / Turn, least;

	least = earlier(turn + 1, earlier(turn, tick));
	if (least < tick)
		clockarm(least);
}

void
timercheck(void)
{
	u64 now, turn, end;

	if (timers.n == 0)
		return;
	now = nanosec();
	end = now / Turn;
	ilock(&timers.l);
	turn = timers.turn;
	if (end - turn >= nelem(timers.wheel))
		turn = end - nelem(timers.wheel) + 1;
	for (; turn <= end; turn++)
		runslot(turn, now);
	timers.turn = end;
	armnext(now);
	iunlock(&timers.l);
}

static void
timeout(Timer *t)
{
	Proc *p;

	p = t->arg;
	p->timedout = true;
	unsleep(p);
}

static bool
tdone(void *arg)
{
	Proc *p;

	p = arg;
	return p->timedout || p->tfn(p->targ);
}

void
tsleep(Rendez *r, bool (*fn)(void *), void *arg, u64 ms)
{
	up->timedout = false;
	up->tfn = fn;
	up->targ = arg;
	up->timer.f = timeout;
	up->timer.arg = up;
	timeradd(&up->timer, nanosec() + ms * 1000000);
	if (waserror()) {
		timerdel(&up->timer);
		nexterror();
	}
	sleep(r, tdone, up);
	poperror();
	timerdel(&up->timer);
}
