/*
 * sysproc.c: the system calls about processes: birth, death, waiting, error strings, notes,
 * semaphores, rendezvous [PLAN9-ABI 2.3, 3]. Each takes the raw slots of its arguments and ends
 * by its value or by error().
 */
#include "dat.h"

static inline i32
argint(u64 slot)
{
	return (i32)(u32)slot;
}

i64
syssysr1(u64 *a)
{
	(void)a;
	return 0;
}

/* --- rfork -----------------------------------------------------------------------------------------------
 */

static Pgrp *
copypgrp(Pgrp *from)
{
	Pgrp *n;

	n = newpgrp();
	if (waserror()) {
		closepgrp(n);
		nexterror();
	}
	pgrpcpy(n, from);
	poperror();
	return n;
}

static Egrp *
copyegrp(Egrp *from)
{
	Egrp *n;

	n = newegrp();
	if (waserror()) {
		closeegrp(n);
		nexterror();
	}
	envcpy(n, from);
	poperror();
	return n;
}

/* The groups of the new process p, or new ones for p == up: copied, empty, or the same. */
static void
groups(Proc *p, u32 flag)
{
	Fgrp *f;
	Pgrp *g;
	Egrp *e;
	Rgrp *r;

	f = up->fgrp;
	p->fgrp = flag & RFFDG ? dupfgrp(f) : flag & RFCFDG ? newfgrp() : f;
	if (p->fgrp == f && p != up)
		incref(&f->ref);
	else if (p->fgrp != f && p == up)
		closefgrp(f);
	g = up->pgrp;
	p->pgrp = flag & RFNAMEG ? copypgrp(g) : flag & RFCNAMEG ? newpgrp() : g;
	if (p->pgrp == g && p != up)
		incref(&g->ref);
	else if (p->pgrp != g && p == up)
		closepgrp(g);
	if (flag & RFNOMNT)
		p->pgrp->noattach = true;
	e = up->egrp;
	p->egrp = flag & RFENVG ? copyegrp(e) : flag & RFCENVG ? newegrp() : e;
	if (p->egrp == e && p != up)
		incref(&e->ref);
	else if (p->egrp != e && p == up)
		closeegrp(e);
	r = up->rgrp;
	p->rgrp = flag & RFREND ? newrgrp() : r;
	if (p->rgrp == r && p != up)
		incref(&r->ref);
	else if (p->rgrp != r && p == up)
		closergrp(r);
}

static void
protectrun(void *arg, u64 addr, u64 size)
{
	(void)arg;
	spaceprotect(&up->space, touva(addr), size);
}

/* The child's segments. What it shares copy-on-write can no longer be written through any old mapping. */
static void
copysegs(Proc *p, bool share)
{
	Segment *s;
	bool cow;

	for (u32 i = 0; i < NSEG; i++) {
		s = up->seg[i];
		if (s == nil)
			continue;
		qlock(&s->q);
		p->seg[i] = dupseg(s, share, &cow);
		if (cow) {
			segruns(s, protectrun, nil);
			if (s->ref.ref > 1)
				procflushseg(s);
		}
		qunlock(&s->q);
		if (p->seg[i] == nil)
			error(Enovmem);
	}
}

void
tospid(Proc *p)
{
	Segment *s;
	Page **slot, *old, *new;

	s = p->seg[SSEG];
	slot = segslot(s, TOS, true);
	if (slot == nil)
		error(Enovmem);
	old = *slot;
	if (old != nil) {
		new = newrawpage(touva(TOS), nil);
		copypage(old, new);
		putpage(old);
	} else
		new = newpage(touva(TOS), nil);
	*slot = new;
	((Tos *)((u8 *)pageva(new) + TOS % BY2PG))->pid = p->pid;
}

static void
inherit(Proc *p, u32 flag)
{
	strecpy(p->text, sizeof p->text, up->text);
	strecpy(p->user, sizeof p->user, up->user);
	p->slash = up->slash;
	incref(&p->slash->ref);
	p->dot = up->dot;
	incref(&p->dot->ref);
	p->notify = up->notify;
	p->procmode = up->procmode;
	p->privatemem = up->privatemem;
	p->noswap = up->noswap;
	p->hang = up->hang;
	p->basepri = up->basepri;
	p->priority = up->priority;
	p->fixedpri = up->fixedpri;
	p->cpu = up->cpu;
	if ((flag & RFNOTEG) == 0)
		p->noteid = up->noteid;
	p->nowait = (flag & RFNOWAIT) != 0;
	p->nargs = 0;
}

/* p is whole: it becomes our child and may run. */
static void
adopt(Proc *p)
{
	p->parent = up;
	p->parentpid = up->pid;
	if (!p->nowait) {
		lock(&up->exl);
		up->nchild++;
		unlock(&up->exl);
	}
	forkchild(&p->sched, p->kstack, up->dbgreg);
	ready(p);
}

static bool
both(u32 flag, u32 a, u32 b)
{
	return (flag & (a | b)) == (a | b);
}

i64
sysrfork(u64 *a)
{
	Proc *p;
	u32 flag, pid;

	flag = (u32)a[0];
	if (both(flag, RFFDG, RFCFDG) || both(flag, RFNAMEG, RFCNAMEG) || both(flag, RFENVG, RFCENVG))
		error(Ebadarg);
	if ((flag & RFPROC) == 0) {
		if (flag & (RFMEM | RFNOWAIT))
			error(Ebadarg);
		groups(up, flag);
		if (flag & RFNOTEG)
			up->noteid = newnoteid();
		return 0;
	}
	p = newproc();
	if (p == nil)
		error(Enoprocs);
	if (waserror()) {
		procabort(p);
		nexterror();
	}
	inherit(p, flag);
	copysegs(p, (flag & RFMEM) != 0);
	tospid(p);
	groups(p, flag);
	fpfork(&p->fp, &up->fp);
	poperror();
	pid = p->pid;
	adopt(p);
	yield();
	return pid;
}

/* --- ends ------------------------------------------------------------------------------------------------
 */

i64
sysexits(u64 *a)
{
	char status[ERRMAX];
	i64 n;

	n = 0;
	if (a[0] != 0)
		n = copyinstr(status, touva(a[0]), sizeof status - 1);
	if (n < 0)
		pexit("invalid exit string", true);
	status[n] = 0;
	pexit(status, true);
}

i64
sysawait(u64 *a)
{
	Waitq w;
	char text[2 * ERRMAX];
	u32 n;
	usize len;

	n = (u32)a[1];
	validaddr(a[0], n, true);
	pwait(&w);
	len = waittext(&w, text, sizeof text);
	if (len > n)
		len = n;
	ucopyout(a[0], text, len);
	return (i64)len;
}

/* --- time ------------------------------------------------------------------------------------------------
 */

i64
syssleep(u64 *a)
{
	i32 ms;

	ms = argint(a[0]);
	if (ms <= 0)
		yield();
	else
		tsleep(&up->sleep, returnfalse, nil, (u64)ms);
	return 0;
}

static void
alarmrings(Timer *t)
{
	postnote(t->arg, "alarm", NUser);
}

i64
sysalarm(u64 *a)
{
	u64 now;
	i64 left;

	now = nanosec();
	left = 0;
	if (up->alarm.on && up->alarm.when > now)
		left = (i64)((up->alarm.when - now + 999999) / 1000000);
	timerdel(&up->alarm);
	if ((u32)a[0] != 0) {
		up->alarm.f = alarmrings;
		up->alarm.arg = up;
		timeradd(&up->alarm, now + (u64)(u32)a[0] * 1000000);
	}
	return left;
}

i64
sys_nsec(u64 *a)
{
	(void)a;
	return (i64)todns();
}

/* --- error strings ----------------------------------------------------------------------------------- */

i64
syserrstr(u64 *a)
{
	char new[ERRMAX];
	u32 n;
	i64 len;

	n = (u32)a[1];
	if (n == 0)
		error(Ebadarg);
	if (n > ERRMAX)
		n = ERRMAX;
	validaddr(a[0], n, true);
	len = copyinstr(new, touva(a[0]), n - 1);
	if (len < 0)
		error(Ebadarg);
	new[len] = 0;
	strecpy(up->genbuf, n, up->syserrstr);
	ucopyout(a[0], up->genbuf, strlen(up->genbuf) + 1);
	strecpy(up->syserrstr, ERRMAX, new);
	return 0;
}

/* --- notes -----------------------------------------------------------------------------------------------
 */

i64
sysnotify(u64 *a)
{
	if (a[0] != 0)
		validaddr(a[0], 1, false);
	up->notify = a[0];
	return 0;
}

/* Comes back with the frame that the handler left: the answer must not be put into it. */
i64
sysnoted(u64 *a)
{
	noted(up->dbgreg, argint(a[0]));
	syscalldone();
}

/* --- rendezvous ---------------------------------------------------------------------------------------- */

static struct {
	Lock l;
	Rgrp *free; /* (l) a Rgrp stays one for ever: rendabort looks at others' */
} rgrps;

Rgrp *
newrgrp(void)
{
	Rgrp *r;

	lock(&rgrps.l);
	r = rgrps.free;
	if (r != nil)
		rgrps.free = r->next;
	unlock(&rgrps.l);
	if (r == nil)
		r = smalloc(sizeof *r);
	r->next = nil;
	r->ref.ref = 1;
	return r;
}

void
closergrp(Rgrp *r)
{
	if (decref(&r->ref) > 0)
		return;
	lock(&rgrps.l);
	r->next = rgrps.free;
	rgrps.free = r;
	unlock(&rgrps.l);
}

/* Whoever waits with this tag, taken out; nil: nobody. (r->l) */
static Proc *
partner(Rgrp *r, u64 tag)
{
	Proc *p, **pp;

	for (pp = &r->hash[tag % nelem(r->hash)]; (p = *pp) != nil; pp = &p->rendhash) {
		if (p->rendtag == tag) {
			*pp = p->rendhash;
			return p;
		}
	}
	return nil;
}

/* Stand in the group's hash until the partner comes. (r->l) */
static void
standby(Rgrp *r, u64 tag, u64 val)
{
	Proc **h;

	h = &r->hash[tag % nelem(r->hash)];
	up->rendtag = tag;
	up->rendval = val;
	up->rendhash = *h;
	*h = up;
	up->state = Rendezvous;
}

i64
sysrendezvous(u64 *a)
{
	Rgrp *r;
	Proc *p;
	u64 val;

	r = up->rgrp;
	ilock(&r->l);
	p = partner(r, a[0]);
	if (p != nil) {
		val = p->rendval;
		p->rendval = a[1];
		ready(p);
		iunlock(&r->l);
		return (i64)val;
	}
	if (up->interrupted) {
		up->interrupted = false;
		iunlock(&r->l);
		return -1;
	}
	standby(r, a[0], a[1]);
	iunlock(&r->l);
	sched();
	up->interrupted = false;
	return (i64)up->rendval;
}

void
rendabort(Proc *p)
{
	Rgrp *r;
	Proc **pp;

	r = __atomic_load_n(&p->rgrp, __ATOMIC_ACQUIRE);
	if (p->state != Rendezvous || r == nil)
		return;
	ilock(&r->l);
	for (pp = &r->hash[p->rendtag % nelem(r->hash)]; *pp != nil; pp = &(*pp)->rendhash) {
		if (*pp == p) {
			*pp = p->rendhash;
			p->rendval = ~0ull;
			ready(p);
			break;
		}
	}
	iunlock(&r->l);
}

/* --- semaphores ---------------------------------------------------------------------------------------- */

/* The segment of a semaphore word that we may write, one reference more. */
static Segment *
semaseg(u64 addr)
{
	Segment *s;

	if (addr % sizeof(u32) != 0)
		error(Ebadarg);
	validaddr(addr, sizeof(u32), true);
	s = segof(up->seg, NSEG, addr);
	incref(&s->ref);
	return s;
}

/* Change the word by d unless it is 0 and d is -1. False: it is. Users change it at the same time. */
static bool
semadd(u64 addr, i32 d, i32 *new)
{
	u32 v, was;

	ucopyin(&v, addr, sizeof v);
	for (;;) {
		if ((i32)v < 0 || (d > 0 && (i32)v > 0x7fffffff - d))
			error(Ebadarg);
		if (d < 0 && v == 0)
			return false;
		*new = (i32)v + d;
		if (!usercas(touva(addr), v, (u32) * new, &was))
			error(Ebadarg);
		if (was == v)
			return true;
		v = was;
	}
}

static void
enqueue(Segment *s, Sema *w)
{
	Sema **ww;

	lock(&s->semalock);
	w->next = nil;
	w->prev = nil;
	for (ww = &s->sema; *ww != nil; ww = &(*ww)->next)
		w->prev = *ww;
	*ww = w;
	unlock(&s->semalock);
}

/* Let the first n waiters for addr look again. */
static void
semwake(Segment *s, u64 addr, i32 n)
{
	Sema *w;

	lock(&s->semalock);
	for (w = s->sema; w != nil && n > 0; w = w->next) {
		if (w->addr == addr && w->waiting) {
			w->waiting = false;
			n--;
			wakeup(&w->r);
		}
	}
	unlock(&s->semalock);
}

/* w leaves the queue. got: with the semaphore; else a wakeup that it may have had goes to the next. */
static void
dequeue(Segment *s, Sema *w, bool got)
{
	bool woken;

	lock(&s->semalock);
	if (w->prev == nil)
		s->sema = w->next;
	else
		w->prev->next = w->next;
	if (w->next != nil)
		w->next->prev = w->prev;
	woken = !w->waiting;
	unlock(&s->semalock);
	if (woken && !got)
		semwake(s, w->addr, 1);
}

static bool
semwoken(void *arg)
{
	Sema *w;

	w = arg;
	return !w->waiting;
}

/* Sleep until w is woken; until the moment `end` if that is not 0. False: that has come. */
static bool
semsleep(Sema *w, u64 end)
{
	u64 now;

	if (end == 0) {
		sleep(&w->r, semwoken, w);
		return true;
	}
	now = nanosec();
	if (now >= end)
		return false;
	tsleep(&w->r, semwoken, w, (end - now + 999999) / 1000000);
	return true;
}

/* Wait for the semaphore as one of the queue of s. False: time is up. */
static bool
semwait(Segment *s, u64 addr, u64 end)
{
	Sema w;
	bool got;
	i32 v;

	memset(&w, 0, sizeof w);
	w.addr = addr;
	w.waiting = true;
	enqueue(s, &w);
	if (waserror()) {
		dequeue(s, &w, false);
		nexterror();
	}
	for (;;) {
		__atomic_store_n(&w.waiting, true, __ATOMIC_SEQ_CST);
		got = semadd(addr, -1, &v);
		if (got || !semsleep(&w, end))
			break;
	}
	poperror();
	dequeue(s, &w, got);
	return got;
}

/* end: 0 waits for ever, ~0 not at all. */
static i64
semtake(u64 addr, u64 end)
{
	Segment *s;
	bool got;
	i32 v;

	s = semaseg(addr);
	if (waserror()) {
		putseg(s);
		nexterror();
	}
	got = semadd(addr, -1, &v);
	if (!got && end != ~0ull)
		got = semwait(s, addr, end);
	poperror();
	putseg(s);
	return got;
}

i64
syssemacquire(u64 *a)
{
	return semtake(a[0], argint(a[1]) != 0 ? 0 : ~0ull);
}

i64
systsemacquire(u64 *a)
{
	u32 ms;

	ms = (u32)a[1];
	return semtake(a[0], ms != 0 ? nanosec() + (u64)ms * 1000000 : ~0ull);
}

i64
syssemrelease(u64 *a)
{
	Segment *s;
	i32 n, v;

	n = argint(a[1]);
	if (n < 0)
		error(Ebadarg);
	s = semaseg(a[0]);
	if (waserror()) {
		putseg(s);
		nexterror();
	}
	semadd(a[0], n, &v);
	poperror();
	semwake(s, a[0], n);
	putseg(s);
	return v;
}
