/*
 * lock.c: spin locks, counts, and locks whose waiters sleep. Second life; the first uses lock() too,
 * alone and without owners. Right for any number of processors: a taken lock has been written with
 * acquire, is given up with release. No spin lock may be held where the process can sleep: a process
 * counts the ones it holds (nlocks), and each return to user mode checks that there are none.
 * One that is spun for too long says who holds it; in a panic all pass.
 */
#include "dat.h"

enum { SpinWarn = 20 * 1000 * 1000, SpinWarnings = 5 };

static bool owners; /* machp() works */

#define callerpc() ((u64)(uintptr)__builtin_return_address(0))

void
lockowners(void)
{
	owners = true;
}

static inline Proc *
locker(void)
{
	return owners ? up : nil;
}

/* The lock is ours: say so. */
static inline void
mark(Lock *l, u64 pc, Proc *p, u32 sr)
{
	l->pc = pc;
	l->p = p;
	l->sr = sr;
}

/*
 * The slow way: spin until the lock is ours; say so when that takes long, and give up when it takes for ever.
 * Apart, so that the fast way is ten instructions without a frame.
 */
__attribute__((noinline)) static void
spin(Lock *l, u64 pc, Proc *p, u32 sr)
{
	u32 i, warned;

	warned = 0;
	for (i = 0; __atomic_exchange_n(&l->key, 1, __ATOMIC_ACQUIRE) != 0; i++) {
		if (panicking())
			break;
		while (__atomic_load_n(&l->key, __ATOMIC_RELAXED) != 0 && ++i < SpinWarn)
			__asm__ volatile("" ::: "memory");
		if (i < SpinWarn)
			continue;
		iprint("lock %p loop key %#x pc %#llx held by pc %#llx proc %u\n", (void *)l, l->key, pc,
		       l->pc, l->p != nil ? l->p->pid : 0);
		if (++warned == SpinWarnings)
			panic("lock loop: %p taken at pc %#llx", (void *)l, l->pc);
		i = 0;
	}
	mark(l, pc, p, sr);
}

NORETURN __attribute__((noinline)) static void
notlocked(Lock *l)
{
	panic("unlock: %p not locked, last taken at pc %#llx", (void *)l, l->pc);
}

static inline void
take(Lock *l, u64 pc, u32 sr)
{
	Proc *p;

	p = locker();
	if (p != nil)
		p->nlocks++;
	if (__atomic_exchange_n(&l->key, 1, __ATOMIC_ACQUIRE) == 0)
		mark(l, pc, p, sr);
	else
		spin(l, pc, p, sr);
}

static inline void
give(Lock *l)
{
	Proc *p;

	if (l->key == 0)
		notlocked(l);
	p = l->p;
	l->p = nil;
	__atomic_store_n(&l->key, 0, __ATOMIC_RELEASE);
	if (p != nil)
		p->nlocks--;
}

/* Take the lock; never where an interrupt handler may want it too: that is ilock's case. */
void
lock(Lock *l)
{
	take(l, callerpc(), 0);
}

bool
canlock(Lock *l)
{
	Proc *p;

	if (__atomic_exchange_n(&l->key, 1, __ATOMIC_ACQUIRE) != 0)
		return false;
	p = locker();
	if (p != nil)
		p->nlocks++;
	mark(l, callerpc(), p, 0);
	return true;
}

void
unlock(Lock *l)
{
	give(l);
}

/* Take the lock with interrupts off until iunlock: for what interrupt handlers share. No sleep inside. */
void
ilock(Lock *l)
{
	u32 s;

	s = splhi();
	take(l, callerpc(), s);
}

void
iunlock(Lock *l)
{
	u32 s;

	s = l->sr;
	give(l);
	splx(s);
}

u32
incref(Ref *r)
{
	u32 n;

	n = __atomic_add_fetch(&r->ref, 1, __ATOMIC_RELAXED);
	if (n == 0)
		panic("incref: overflow, pc %#llx", callerpc());
	return n;
}

u32
decref(Ref *r)
{
	u32 n;

	n = __atomic_sub_fetch(&r->ref, 1, __ATOMIC_ACQ_REL);
	if (n == ~0u)
		panic("decref: below zero, pc %#llx", callerpc());
	return n;
}

/* --- sleeping locks ------------------------------------------------------------------------------------ */

static void
enqueue(Proc **head, Proc **tail, Proc *p)
{
	p->qnext = nil;
	if (*head == nil)
		*head = p;
	else
		(*tail)->qnext = p;
	*tail = p;
}

static Proc *
dequeue(Proc **head)
{
	Proc *p;

	p = *head;
	if (p != nil)
		*head = p->qnext;
	return p;
}

static bool
unqueue(Proc **head, Proc **tail, Proc *p)
{
	Proc *q, *last, **pp;

	last = nil;
	for (pp = head; (q = *pp) != nil; pp = &q->qnext) {
		if (q == p) {
			*pp = q->qnext;
			if (*tail == q)
				*tail = last;
			return true;
		}
		last = q;
	}
	return false;
}

static inline bool
tryq(QLock *q)
{
	u32 free = 0;

	return __atomic_compare_exchange_n(&q->locked, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void
owned(QLock *q, u64 pc)
{
	q->owner = owners ? up : nil;
	q->pc = pc;
}

/*
 * Wait in the queue until qunlock hands the lock over. mine: someone can take us out of the queue
 * (eqlock), from an interrupt even: so `use` is an ilock. Marking the lock 2 first makes its holder come
 * through the slow way of qunlock.
 */
static void
qwait(QLock *q, u64 pc, bool mine)
{
	ilock(&q->use);
	if (__atomic_exchange_n(&q->locked, 2, __ATOMIC_ACQUIRE) == 0) {
		iunlock(&q->use);
		owned(q, pc);
		return;
	}
	if (!owners || up == nil)
		panic("qlock: %p has no process to wait, pc %#llx, held by pc %#llx", (void *)q, pc, q->pc);
	if (q->owner == up)
		panic("qlock: %p already ours, pc %#llx, taken at pc %#llx", (void *)q, pc, q->pc);
	enqueue(&q->head, &q->tail, up);
	if (mine)
		up->eql = q;
	up->state = Queueing;
	iunlock(&q->use);
	sched();
	if (!mine || !up->eqlgave)
		q->pc = pc;
}

void
qlock(QLock *q)
{
	if (tryq(q))
		owned(q, callerpc());
	else
		qwait(q, callerpc(), false);
}

bool
canqlock(QLock *q)
{
	if (!tryq(q))
		return false;
	owned(q, callerpc());
	return true;
}

bool
eqlock(QLock *q)
{
	if (tryq(q)) {
		owned(q, callerpc());
		return true;
	}
	up->eqlgave = up->interrupted;
	if (!up->eqlgave)
		qwait(q, callerpc(), true);
	ilock(&q->use);
	up->eql = nil;
	iunlock(&q->use);
	if (!up->eqlgave)
		return true;
	up->interrupted = false;
	return false;
}

void
eqlockabort(Proc *p)
{
	QLock *q;

	q = __atomic_load_n(&p->eql, __ATOMIC_ACQUIRE);
	if (q == nil)
		return;
	ilock(&q->use);
	if (p->eql == q && unqueue(&q->head, &q->tail, p)) {
		p->eqlgave = true;
		ready(p);
	}
	iunlock(&q->use);
}

/* Someone may wait: the one that waits longest has the lock at once. */
__attribute__((noinline)) static void
handover(QLock *q)
{
	Proc *p;

	if (q->locked == 0)
		panic("qunlock: %p not locked, last taken at pc %#llx", (void *)q, q->pc);
	ilock(&q->use);
	p = dequeue(&q->head);
	if (p == nil)
		__atomic_store_n(&q->locked, 0, __ATOMIC_RELEASE);
	else
		q->owner = p;
	iunlock(&q->use);
	if (p != nil)
		ready(p);
}

void
qunlock(QLock *q)
{
	u32 one = 1;

	q->owner = nil;
	if (!__atomic_compare_exchange_n(&q->locked, &one, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		handover(q);
}

static void
rwwait(RWlock *q, enum Procstate state)
{
	if (!owners || up == nil)
		panic("rwlock: %p has no process to wait", (void *)q);
	enqueue(&q->head, &q->tail, up);
	up->state = state;
	unlock(&q->use);
	sched();
}

/* Readers that come after a waiting writer wait behind it. */
void
rlock(RWlock *q)
{
	lock(&q->use);
	if (q->writer || q->head != nil) {
		rwwait(q, QueueingR);
		return;
	}
	q->readers++;
	unlock(&q->use);
}

void
wlock(RWlock *q)
{
	lock(&q->use);
	if (q->writer || q->readers > 0) {
		rwwait(q, QueueingW);
		return;
	}
	q->writer = true;
	q->wproc = owners ? up : nil;
	unlock(&q->use);
}

/* The lock is free: hand it to the first writer, or to the readers at the head of the queue. */
static void
rwnext(RWlock *q)
{
	Proc *p;

	if (q->head != nil && q->head->state == QueueingW) {
		p = dequeue(&q->head);
		q->writer = true;
		q->wproc = p;
		ready(p);
		return;
	}
	while (q->head != nil && q->head->state == QueueingR) {
		q->readers++;
		ready(dequeue(&q->head));
	}
}

void
runlock(RWlock *q)
{
	lock(&q->use);
	if (q->readers == 0)
		panic("runlock: %p has no readers, pc %#llx", (void *)q, callerpc());
	if (--q->readers == 0)
		rwnext(q);
	unlock(&q->use);
}

void
wunlock(RWlock *q)
{
	lock(&q->use);
	if (!q->writer)
		panic("wunlock: %p has no writer, pc %#llx", (void *)q, callerpc());
	q->writer = false;
	q->wproc = nil;
	rwnext(q);
	unlock(&q->use);
}
