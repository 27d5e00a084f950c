/*
 * sleep.c: waiting for a condition, and for a moment. A sleeper looks at the condition while it holds the
 * rendezvous's lock; whoever makes it true takes the same lock before it looks for a sleeper: so no
 * wakeup is lost. Notes and timers break a sleep off through unsleep().
 *
 * Locks: r->l, then p->rlock, both ilocks (interrupt handlers wake); the timers' own ilock stands alone.
 */
#include "dat.h"

static struct {
	Lock l;
	Timer *head; /* (l) soonest first */
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

static void
unlink(Timer *t)
{
	if (t->prev == nil)
		timers.head = t->next;
	else
		t->prev->next = t->next;
	if (t->next != nil)
		t->next->prev = t->prev;
	t->next = t->prev = nil;
	t->on = false;
}

void
timeradd(Timer *t)
{
	Timer *before, *after;

	ilock(&timers.l);
	if (t->on)
		unlink(t);
	before = nil;
	for (after = timers.head; after != nil && after->when <= t->when; after = after->next)
		before = after;
	t->prev = before;
	t->next = after;
	if (before == nil)
		timers.head = t;
	else
		before->next = t;
	if (after != nil)
		after->prev = t;
	t->on = true;
	iunlock(&timers.l);
}

/*
 * Timers' functions run under the lock, so a timer that is off here is not being run anywhere.
 */
void
timerdel(Timer *t)
{
	ilock(&timers.l);
	if (t->on)
		unlink(t);
	iunlock(&timers.l);
}

void
timercheck(void)
{
	Timer *t;
	u64 now;

	if (__atomic_load_n(&timers.head, __ATOMIC_RELAXED) == nil)
		return;
	now = nanosec();
	ilock(&timers.l);
	while ((t = timers.head) != nil && t->when <= now) {
		unlink(t);
		t->f(t);
	}
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
	up->timer.when = nanosec() + ms * 1000000;
	timeradd(&up->timer);
	if (waserror()) {
		timerdel(&up->timer);
		nexterror();
	}
	sleep(r, tdone, up);
	poperror();
	timerdel(&up->timer);
}
