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

enum { Quantum = HZ / 10 };

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

/* Bring p's share and priority up to date. running: what it did since the last time. */
static void
reprioritize(Proc *p, u64 ticks, bool running)
{
	if (p->lastupdate == ticks || p->fixedpri)
		return;
	p->cpu = cpushare(p->cpu, ticks - p->lastupdate, running);
	p->lastupdate = ticks;
	p->priority = cpupriority(p->cpu, p->basepri, runq.nready + 1, conf.nmach > 0 ? conf.nmach : 1);
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
	if (p->state == Ready)
		panic("ready: %s %u is ready already", p->text, p->pid);
	p->state = Ready;
	p->readytime = m->ticks;
	reprioritize(p, m->ticks, p == m->proc);
	enqueue(p);
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

/* Once a second, give those who wait the priority that waiting has earned them. */
static void
rebalance(u64 ticks)
{
	Proc *all, **tail, *p;
	u32 i;

	if (ticks - runq.balanced < HZ)
		return;
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

/* Take the first process of queue i that may run here: not one that still stands on another processor. */
static Proc *
pickfrom(u32 i, Mach *m)
{
	Proc *p, *last;

	last = nil;
	for (p = runq.head[i]; p != nil; last = p, p = p->rnext) {
		if (p->mach != nil && p->mach != m)
			continue;
		if (last == nil)
			runq.head[i] = p->rnext;
		else
			last->rnext = p->rnext;
		if (runq.tail[i] == p)
			runq.tail[i] = last;
		if (runq.head[i] == nil)
			runq.mask &= ~(1u << i);
		runq.nready--;
		return p;
	}
	return nil;
}

/* The process to run next, out of its queue; nil: nobody. Interrupts off. */
static Proc *
pick(Mach *m)
{
	Proc *p;
	u32 mask, i;

	if (runq.mask == 0)
		return nil;
	lock(&runq.l);
	rebalance(m->ticks);
	p = nil;
	for (mask = runq.mask; mask != 0 && p == nil; mask &= ~(1u << i)) {
		i = 31 - (u32)__builtin_clz(mask);
		p = pickfrom(i, m);
	}
	if (p != nil) {
		p->state = Running;
		p->mach = m;
	}
	unlock(&runq.l);
	return p;
}

/* p's turn begins: a quantum, and a fresh look at what it may see. */
static inline void
begin(Mach *m, Proc *p)
{
	p->quantum = m->ticks + Quantum;
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
		panic("sched: %s %u holds %d locks", self->text, self->pid, self->nlocks);
	reprioritize(self, m->ticks, true);
	p = pick(m);
	if (p == self) {
		begin(m, p);
		splx(s);
		return;
	}
	if (setlabel(&self->sched) == 0) {
		m->prev = self;
		if (p != nil)
			gotoproc(m, p);
		m->proc = nil;
		gotolabel(&m->sched);
	}
	letgo();
	splx(s);
}

void
yield(void)
{
	if (!anyready()) {
		up->resched = false;
		return;
	}
	ready(up);
	sched();
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
		p = pick(machp());
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
