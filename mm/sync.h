/*
 * sync.h: what guards shared data: spin locks, sleeping locks, counts. The words are here because mm
 * holds such locks; the code is kernel/lock.c (spin locks, counts, sleeping locks) and kernel/sleep.c.
 * Host tests bring a few lines of their own.
 *
 * Lock order, outermost first: a process's seglock and debug, segment q, image, pool, palloc, xlists,
 * kernptlock, runq, log. No spin lock is held across anything that may sleep.
 */
#pragma once

#include "mach.h"

typedef struct Lock Lock;
typedef struct QLock QLock;
typedef struct Ref Ref;
typedef struct Rendez Rendez;
typedef struct RWlock RWlock;

/* A spin lock; all zeroes is unlocked. ilock also keeps interrupts out while it is held. */
struct Lock {
	u32 key;
	u32 sr; /* splhi's state, for ilock */
	u64 pc; /* who holds it */
	Proc *p;
};
void lock(Lock *l);
bool canlock(Lock *l) MUSTUSE;
void unlock(Lock *l);
void ilock(Lock *l);
void iunlock(Lock *l);

struct Ref {
	u32 ref; /* (a) */
};
u32 incref(Ref *r); /* both give the new value; both panic instead of wrapping */
u32 decref(Ref *r);

/* A lock whose waiters sleep, first come first served; needs a process unless it is free. */
struct QLock {
	u32 locked; /* (a) 0 free, 1 taken, 2 taken and perhaps waited for */
	Lock use;   /* guards the queue */
	Proc *head, *tail;
	Proc *owner;
	u64 pc;
};
void qlock(QLock *q);
bool canqlock(QLock *q) MUSTUSE;
void qunlock(QLock *q);

struct RWlock {
	Lock use;
	Proc *head, *tail;
	Proc *wproc;
	u32 readers;
	bool writer;
};
void rlock(RWlock *q);
void runlock(RWlock *q);
void wlock(RWlock *q);
void wunlock(RWlock *q);

/* A place to sleep at, for one process at a time; all zeroes is empty. */
struct Rendez {
	Lock l;
	Proc *p;
};
