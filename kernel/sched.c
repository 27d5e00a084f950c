/*
 * sched.c: who runs. Twenty queues of ready processes under one lock; a switch goes straight from one
 * process's stack to the next one's. A process that leaves stays bound to its processor (p->mach) until
 * the next one runs there and lets it go, so that no other processor can run on a stack still in use;
 * only then may its remains be reused. With nobody to run, the processor waits on its own first stack.
 *
 * The kernel is not preempted: hzclock marks the process, and trapexit gives way before user mode.
 * Locks: runq.l, always with interrupts off, innermost but for the log.
 */
#include "dat.h"
#include "screen.h"

enum { Quantum = HZ / 10 }; /* ticks of a turn, shared among those who wait for theirs */

static struct {
	Lock l;
	Proc *head[Npriq], *tail[Npriq]; /* (l) */
	u32 mask;			 /* (l) bit i: queue i is not empty */
	u32 nready;			 /* (l) */
	u64 balanced;			 /* (l) ticks of the last rebalance */
} runq;

static void
enqueue(Proc *p)
{
	u32 pri;

	pri = p->priority;
	p->rnext = nil;
	if (runq.head[pri] == nil)
		runq.head[pri] = p;
	else
		runq.tail[pri]->rnext = p;
	runq.tail[pri] = p;
	runq.mask |= 1u << pri;
	runq.nready++;
}

/* Bring p's share and priority up to date. Apart: at most once a tick for each process. */
__attribute__((noinline)) static void
recompute(Proc *p, u64 ticks, bool running)
{
	p->cpu = cpushare(p->cpu, ticks - p->lastupdate, running);
	p->lastupdate = ticks;
	if (!p->fixedpri)
		p->priority =
		    cpupriority(p->cpu, p->basepri, runq.nready + 1, conf.nmach > 0 ? conf.nmach : 1);
}

/* running: what p did since the last time. */
static inline void
reprioritize(Proc *p, u64 ticks, bool running)
{
	if (p->lastupdate != ticks)
		recompute(p, ticks, running);
}

NORETURN __attribute__((noinline)) static void
twice(Proc *p)
{
	panic("ready: %s %u is ready already", p->text, p->pid);
}

/* p waits for its turn. (l) */
static inline void
makeready(Proc *p, Mach *m, bool running)
{
	if (p->state == Ready)
		twice(p);
	p->state = Ready;
	p->readytime = m->ticks;
	reprioritize(p, m->ticks, running);
	enqueue(p);
}

/* p may run. Any context. */
void
ready(Proc *p)
{
	u32 s;
	Mach *m;

	s = splhi();
	m = machp();
	lock(&runq.l);
	makeready(p, m, p == m->proc);
	if (m->proc != nil && p->priority > m->proc->priority)
		m->proc->resched = true;
	unlock(&runq.l);
	splx(s);
}

bool
anyready(void)
{
	return __atomic_load_n(&runq.mask, __ATOMIC_RELAXED) != 0;
}

/* Once a second, give those who wait the priority that waiting has earned them. (l) */
__attribute__((noinline)) static void
rebalance(u64 ticks)
{
	Proc *all, **tail, *p;
	u32 i;

	runq.balanced = ticks;
	all = nil;
	tail = &all;
	for (i = Npriq; i-- > 0;) {
		if (runq.head[i] == nil)
			continue;
		*tail = runq.head[i];
		tail = &runq.tail[i]->rnext;
		runq.head[i] = nil;
	}
	runq.mask = runq.nready = 0;
	while ((p = all) != nil) {
		all = p->rnext;
		reprioritize(p, ticks, false);
		enqueue(p);
	}
}

/* Take p, which stands behind last (nil: at the head), out of queue i. (l) */
static inline Proc *
take(u32 i, Proc *p, Proc *last)
{
	if (last != nil)
		last->rnext = p->rnext;
	else
		runq.head[i] = p->rnext;
	if (p->rnext == nil)
		runq.tail[i] = last;
	if (runq.head[i] == nil)
		runq.mask &= ~(1u << i);
	runq.nready--;
	return p;
}

/* The head of the best queue still stands on another processor: look further. (l) */
__attribute__((noinline)) static Proc *
pickother(Mach *m)
{
	Proc *p, *last;
	u32 mask, i;

	for (mask = runq.mask; mask != 0; mask &= ~(1u << i)) {
		i = 31 - (u32)__builtin_clz(mask);
		last = nil;
		for (p = runq.head[i]; p != nil; last = p, p = p->rnext)
			if (p->mach == nil || p->mach == m)
				return take(i, p, last);
	}
	return nil;
}

/* The process to run next, out of its queue; nil: nobody. (l) */
static inline Proc *
pick(Mach *m)
{
	Proc *p;
	u32 i;

	if (runq.mask == 0)
		return nil;
	if (m->ticks - runq.balanced >= HZ)
		rebalance(m->ticks);
	i = 31 - (u32)__builtin_clz(runq.mask);
	p = runq.head[i];
	if (p->mach == nil || p->mach == m)
		p = take(i, p, nil);
	else if ((p = pickother(m)) == nil)
		return nil;
	p->state = Running;
	p->mach = m;
	return p;
}

/* p's turn begins: a quantum, and a fresh look at what it may see. */
static inline void
begin(Mach *m, Proc *p)
{
	p->quantum = m->ticks + (runq.nready < Quantum ? Quantum / (runq.nready + 1) : 1);
	p->resched = false;
	p->lastmach = m;
	if (p->newtlb) {
		p->newtlb = false;
		spaceflush(&p->space);
	}
}

/* Go on with p, on its stack. */
NORETURN static void
gotoproc(Mach *m, Proc *p)
{
	m->cs++;
	procswitch(p->kstack, p->space.root, &p->fp);
	m->proc = p;
	begin(m, p);
	gotolabel(&p->sched);
}

/* On the new stack: the one who ran before has left his. Interrupts off. */
static void
letgo(void)
{
	Mach *m;
	Proc *p;

	m = machp();
	p = m->prev;
	if (p == nil)
		return;
	m->prev = nil;
	if (p->state == Moribund)
		procreap(p);
	__atomic_store_n(&p->mach, nil, __ATOMIC_RELEASE);
}

void
procstart(void)
{
	letgo();
	spllo();
}

/* Leave our stack for p's, or the processor's own if p is nil; back when chosen again. Interrupts off. */
static inline void
leavefor(Mach *m, Proc *self, Proc *p)
{
	if (setlabel(&self->sched) == 0) {
		m->prev = self;
		if (p != nil)
			gotoproc(m, p);
		m->proc = nil;
		gotolabel(&m->sched);
	}
	letgo();
}

NORETURN __attribute__((noinline)) static void
holdslocks(Proc *p)
{
	panic("sched: %s %u holds %d locks", p->text, p->pid, p->nlocks);
}

/*
 * Run someone else, back when chosen again. The caller has set its state and queued itself, or told
 * someone to wake it; holding no lock.
 */
void
sched(void)
{
	Mach *m;
	Proc *self, *p;
	u32 s;

	s = splhi();
	m = machp();
	self = m->proc;
	if (self->nlocks != 0)
		holdslocks(self);
	reprioritize(self, m->ticks, true);
	p = nil;
	if (anyready()) {
		lock(&runq.l);
		p = pick(m);
		unlock(&runq.l);
	}
	if (p == self)
		begin(m, p);
	else
		leavefor(m, self, p);
	splx(s);
}

/* Whoever else is ready runs first, whatever its priority. */
void
yield(void)
{
	Mach *m;
	Proc *self, *p;
	u32 s;

	s = splhi();
	m = machp();
	self = m->proc;
	self->resched = false;
	if (anyready()) {
		if (self->nlocks != 0)
			holdslocks(self);
		lock(&runq.l);
		p = pick(m);
		if (p != nil)
			makeready(self, m, true);
		unlock(&runq.l);
		if (p != nil)
			leavefor(m, self, p);
	}
	splx(s);
}

/* This processor waits here, on its own stack, whenever there is nobody to run. */
void
schedinit(void)
{
	Mach *m;
	Proc *p;

	m = machp();
	m->proc = nil;
	splhi();
	(void)setlabel(&m->sched);
	letgo();
	for (;;) {
		lock(&runq.l);
		p = pick(machp());
		unlock(&runq.l);
		if (p != nil)
			gotoproc(machp(), p);
		idle();
		splhi();
	}
}

static void
account(Mach *m, const Ureg *u)
{
	Proc *p;

	p = m->proc;
	m->load = (m->load * 99 + (runq.nready + (p != nil)) * 1000) / 100;
	if (p != nil)
		p->time[u != nil && ureguser(u) ? TUser : TSys] += 1000 / HZ;
}

void
hzclock(Ureg *u)
{
	Mach *m;
	Proc *p;

	m = machp();
	m->ticks++;
	account(m, u);
	timercheck();
	screentick();
	p = m->proc;
	if (p != nil && m->ticks >= p->quantum && anyready())
		p->resched = true;
}
