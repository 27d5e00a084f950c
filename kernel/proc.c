/*
 * proc.c: processes from number to wait record. A Proc is never freed: it serves the next process (a few
 * keep kernel stack and top-level table for it), so a pointer to one is always good to look at; whoever
 * needs to know that it is still the same process holds a lock of it and compares the pid.
 *
 * Locks: procalloc.l for table, hash and free list; a process's exl for its children and their records.
 */
#include "dat.h"
#include "own.h"

enum { Nhash = 256, Maxpid = 0x7fffffff, Maxwait = 128, Maxbroken = 4, Maxidle = 64 };

static struct {
	Lock l;
	Proc **tab; /* n of cap slots, all filled; grows only */
	u32 n, cap;
	Proc *free;	   /* (l) through pidhash: those with stack and tables */
	Proc *bare;	   /* (l) through pidhash: those without */
	u32 nfree;	   /* (l) on free */
	Proc *hash[Nhash]; /* (l) by pid */
	u32 live;	   /* (l) */
	u32 lastpid;	   /* (l) */
	bool wrapped;	   /* (l) numbers have been used before */
} procalloc;

static struct {
	Lock l;
	Proc *p[Maxbroken]; /* (l) oldest first */
	u32 n;
} broken;

const char *const statename[] = {
    [Dead] = "Dead",	     [Moribund] = "Moribund",	    [New] = "New",
    [Ready] = "Ready",	     [Scheding] = "Scheding",	    [Running] = "Running",
    [Queueing] = "Queueing", [QueueingR] = "QueueingR",	    [QueueingW] = "QueueingW",
    [Wakeme] = "Wakeme",     [Broken] = "Broken",	    [Stopped] = "Stopped",
    [Rendezvous] = "Rendez", [Waitrelease] = "Waitrelease",
};

void
procinit0(void)
{
	procalloc.cap = conf.nproc;
	procalloc.tab = mallocz(procalloc.cap * sizeof(Proc *), true);
	if (procalloc.tab == nil)
		panic("procinit0: no memory for %u processes", procalloc.cap);
}

/* --- numbers and the table --------------------------------------------------------------------------- */

/* Does any process go by this number: its own, its note group's, its parent's? (procalloc.l) */
static bool
numberused(u32 pid)
{
	Proc *p;
	u32 i;

	for (i = 0; i < procalloc.n; i++) {
		p = procalloc.tab[i];
		if (p->state != Dead && (p->pid == pid || p->noteid == pid || p->parentpid == pid))
			return true;
	}
	return false;
}

/* (procalloc.l) */
static u32
nextnumber(void)
{
	do {
		if (procalloc.lastpid == Maxpid) {
			procalloc.lastpid = 0;
			procalloc.wrapped = true;
		}
		procalloc.lastpid++;
	} while (procalloc.wrapped && numberused(procalloc.lastpid));
	return procalloc.lastpid;
}

u32
newnoteid(void)
{
	u32 n;

	lock(&procalloc.l);
	n = nextnumber();
	unlock(&procalloc.l);
	return n;
}

/* A number for p and its place in the hash. */
static void
enter(Proc *p)
{
	Proc **h;

	lock(&procalloc.l);
	p->pid = nextnumber();
	h = &procalloc.hash[p->pid % Nhash];
	p->pidhash = *h;
	*h = p;
	procalloc.live++;
	unlock(&procalloc.l);
}

Proc *
procbypid(u32 pid)
{
	Proc *p;

	lock(&procalloc.l);
	for (p = procalloc.hash[pid % Nhash]; p != nil && p->pid != pid; p = p->pidhash)
		;
	unlock(&procalloc.l);
	return p;
}

Proc *
proctab(u32 i)
{
	return i < procalloc.n ? procalloc.tab[i] : nil;
}

u32
procmax(void)
{
	return procalloc.n;
}

u32
proccount(void)
{
	return procalloc.live;
}

/* --- birth --------------------------------------------------------------------------------------------- */

/* Kernel stack and top-level table for p. False: no memory. */
static bool
dress(Proc *p)
{
	p->kstack = kstackalloc();
	if (p->kstack == 0)
		return false;
	if (!spaceinit(&p->space)) {
		kstackfree(p->kstack);
		return false;
	}
	syscalllabel(&p->failed, p->kstack, syscallfailed);
	return true;
}

/* A Proc off one of the free lists, or a new one in a slot of its own; it may be bare. nil: there is none. */
static Proc *
takeproc(void)
{
	Proc *p, **list;

	lock(&procalloc.l);
	list = procalloc.free != nil ? &procalloc.free : &procalloc.bare;
	p = *list;
	if (p != nil) {
		*list = p->pidhash;
		procalloc.nfree -= list == &procalloc.free;
	}
	unlock(&procalloc.l);
	if (p != nil || procalloc.n >= procalloc.cap || (p = mallocz(sizeof(Proc), true)) == nil)
		return p;
	lock(&procalloc.l);
	if (procalloc.n < procalloc.cap) {
		procalloc.tab[procalloc.n] = p;
		__atomic_store_n(&procalloc.n, procalloc.n + 1, __ATOMIC_RELEASE);
		unlock(&procalloc.l);
		return p;
	}
	unlock(&procalloc.l);
	free(p);
	return nil;
}

/* p goes to a free list. (l) */
static void
giveproc(Proc *p)
{
	Proc **list;

	list = p->kstack != 0 ? &procalloc.free : &procalloc.bare;
	procalloc.nfree += list == &procalloc.free;
	p->pidhash = *list;
	*list = p;
}

Proc *
newproc(void)
{
	Proc *p;

	p = takeproc();
	if (p == nil)
		return nil;
	if (p->kstack == 0 && !dress(p)) {
		p->kstack = 0;
		lock(&procalloc.l);
		giveproc(p);
		unlock(&procalloc.l);
		return nil;
	}
	memset((u8 *)p + offsetof(Proc, kp), 0, offsetof(Proc, errlab) - offsetof(Proc, kp));
	p->notes.n = 0;
	p->text[0] = p->user[0] = p->errbuf0[0] = p->errbuf1[0] = 0;
	p->errstr = p->errbuf0;
	p->syserrstr = p->errbuf1;
	p->state = New;
	p->priority = p->basepri = PriNormal;
	p->procmode = 0640;
	p->started = nanosec();
	p->lastupdate = machp()->ticks;
	enter(p);
	p->noteid = p->pid;
	return p;
}

void
procreap(Proc *p)
{
	Proc **pp;

	if (procalloc.nfree >= Maxidle) {
		kstackfree(p->kstack);
		p->kstack = 0;
		spacefree(&p->space);
	}
	lock(&procalloc.l);
	for (pp = &procalloc.hash[p->pid % Nhash]; *pp != p; pp = &(*pp)->pidhash)
		if (*pp == nil)
			panic("procreap: %s %u is not in the table", p->text, p->pid);
	*pp = p->pidhash;
	p->state = Dead;
	p->pid = 0;
	giveproc(p);
	procalloc.live--;
	unlock(&procalloc.l);
}

/* The first steps of a kernel process, on its own stack. */
static void
kprocstart(void *arg)
{
	Proc *p;

	procstart();
	p = arg;
	p->kpfun(p->kparg);
	pexit(nil, true);
}

void
kproc(const char *name, void (*fn)(void *), void *arg)
{
	Proc *p;

	while ((p = newproc()) == nil) {
		if (up == nil)
			panic("kproc: no process for %s", name);
		tsleep(&up->sleep, returnfalse, nil, 100);
	}
	p->kp = true;
	p->privatemem = p->noswap = p->nowait = true;
	p->priority = p->basepri = PriKproc;
	strecpy(p->text, sizeof p->text, name);
	strecpy(p->user, sizeof p->user, up != nil ? up->user : eve);
	p->kpfun = fn;
	p->kparg = arg;
	labelfn(&p->sched, p->kstack, kprocstart, p);
	ready(p);
}

/* --- death --------------------------------------------------------------------------------------------- */

/* Give files, names, environment and rendezvous group of p back; /proc sees all of them or none. */
static void
closegroups(Proc *p)
{
	Fgrp *f;
	Pgrp *g;
	Chan *dot, *slash;

	qlock(&p->debug);
	f = p->fgrp;
	g = p->pgrp;
	dot = p->dot;
	slash = p->slash;
	p->fgrp = nil;
	p->pgrp = nil;
	p->dot = p->slash = nil;
	qunlock(&p->debug);
	closefgrp(f);
	closeegrp(p->egrp);
	p->egrp = nil;
	if (p->rgrp != nil)
		closergrp(p->rgrp);
	p->rgrp = nil;
	cclose(dot);
	cclose(slash);
	closepgrp(g);
}

/* All segments go; no mapping is left when the first page is given back. */
static void
dropsegs(void)
{
	Segment *seg[NSEG];

	qlock(&up->seglock);
	memcpy(seg, up->seg, sizeof seg);
	memset(up->seg, 0, sizeof up->seg);
	qunlock(&up->seglock);
	spaceflush(&up->space);
	for (u32 i = 0; i < NSEG; i++)
		if (seg[i] != nil)
			putseg(seg[i]);
}

static void
fillwait(Waitq *w, const char *status)
{
	w->pid = up->pid;
	w->time[0] = (u32)(up->time[TUser] + up->time[TCUser]);
	w->time[1] = (u32)(up->time[TSys] + up->time[TCSys]);
	w->time[2] = (u32)((nanosec() - up->started) / 1000000);
	w->next = nil;
	w->msg[0] = 0;
	if (status != nil && status[0] != 0)
		snformat(w->msg, sizeof w->msg, "%s %u: %s", up->text, up->pid, status);
}

/* Into the parent's list, unless that is full: is w used? (exl) */
static bool
appendwait(Proc *parent, Waitq *w)
{
	Waitq **ww;

	if (w == nil || parent->nwait >= Maxwait)
		return false;
	for (ww = &parent->waitq; *ww != nil; ww = &(*ww)->next)
		;
	*ww = w;
	parent->nwait++;
	return true;
}

/* Tell the parent, if it is still there and wants to know. */
static void
tellparent(const char *status)
{
	Proc *parent;
	Waitq *w;
	bool there;

	parent = up->parent;
	if (parent == nil || up->nowait)
		return;
	w = malloc(sizeof *w);
	if (w != nil)
		fillwait(w, status);
	lock(&parent->exl);
	there = parent->pid == up->parentpid && !parent->exiting;
	if (there) {
		parent->nchild--;
		parent->time[TCUser] += up->time[TUser] + up->time[TCUser];
		parent->time[TCSys] += up->time[TSys] + up->time[TCSys];
		if (appendwait(parent, w))
			w = nil;
	}
	unlock(&parent->exl);
	free(w);
	if (there)
		wakeup(&parent->waitr);
	up->nowait = true;
}

/* Nobody will ask for our children's records any more. */
static void
disown(void)
{
	Waitq *w, *next;

	lock(&up->exl);
	w = up->waitq;
	up->waitq = nil;
	up->nwait = up->nchild = 0;
	unlock(&up->exl);
	for (; w != nil; w = next) {
		next = w->next;
		free(w);
	}
}

static void
unlist(u32 i)
{
	broken.n--;
	for (; i < broken.n; i++)
		broken.p[i] = broken.p[i + 1];
}

/* Stay as we died, for a debugger; at most Maxbroken do, the oldest is let go. */
static void
breakdown(void)
{
	Proc *old;

	old = nil;
	lock(&broken.l);
	if (broken.n == Maxbroken) {
		old = broken.p[0];
		unlist(0);
	}
	broken.p[broken.n++] = up;
	up->state = Broken;
	unlock(&broken.l);
	if (old != nil)
		ready(old);
	sched();
}

bool
unbreak(Proc *p)
{
	Proc *found;
	u32 i;

	found = nil;
	lock(&broken.l);
	for (i = 0; i < broken.n && found == nil; i++) {
		if (p == nil || broken.p[i] == p) {
			found = broken.p[i];
			unlist(i);
		}
	}
	unlock(&broken.l);
	if (found != nil)
		ready(found);
	return found != nil;
}

/* What it owned or had borrowed goes back before its pages do (P-4). */
static void
giveownership(void)
{
	u32 n = borrow_cleanup(up->pid);

	if (n != 0)
		print("borrow: cleaned %u resources for pid %u\n", n, up->pid);
}

void
pexit(const char *status, bool freemem)
{
	char why[ERRMAX]; /* status may lie in what we are about to give up */

	strecpy(why, sizeof why, status != nil ? status : "");
	up->nerrlab = 0;
	up->sargs = nil;
	lock(&up->exl);
	up->exiting = true;
	unlock(&up->exl);
	up->interrupted = false;
	timerdel(&up->alarm);
	timerdel(&up->timer);
	if (up->parentpid == 0 && !up->kp)
		panic("boot process died: %s", why[0] != 0 ? why : "no status");
	closegroups(up);
	tellparent(why);
	if (!freemem)
		breakdown();
	giveownership();
	dropsegs();
	disown();
	fprelease(&up->fp);
	splhi();
	up->state = Moribund;
	sched();
	panic("pexit: %s %u ran after its end", up->text, up->pid);
}

void
procabort(Proc *p)
{
	closegroups(p);
	for (u32 i = 0; i < NSEG; i++)
		if (p->seg[i] != nil)
			putseg(p->seg[i]);
	fprelease(&p->fp);
	procreap(p);
}

static bool
haswait(void *arg)
{
	Proc *p;

	p = arg;
	return p->waitq != nil || p->nchild == 0;
}

/* A record, or nil; error if there will be none. */
static Waitq *
takewait(void)
{
	Waitq *w;

	lock(&up->exl);
	w = up->waitq;
	if (w == nil && up->nchild == 0) {
		unlock(&up->exl);
		error(Enochild);
	}
	if (w != nil) {
		up->waitq = w->next;
		up->nwait--;
	}
	unlock(&up->exl);
	return w;
}

u32
pwait(Waitq *w)
{
	Waitq *q;

	if (!canqlock(&up->qwaitr))
		error(Einuse);
	if (waserror()) {
		qunlock(&up->qwaitr);
		nexterror();
	}
	while ((q = takewait()) == nil)
		sleep(&up->waitr, haswait, up);
	poperror();
	qunlock(&up->qwaitr);
	*w = *q;
	w->next = nil;
	free(q);
	return w->pid;
}

/* --- all of them --------------------------------------------------------------------------------------- */

/*
 * No page of s may be written through an old mapping once this returns. Processes that do not run now drop
 * their mappings when they do. With more processors running this must also interrupt those and wait.
 */
void
procflushseg(Segment *s)
{
	Proc *p;
	u32 i, j;

	for (i = 0; i < procmax(); i++) {
		p = proctab(i);
		if (p == up || p->state == Dead)
			continue;
		for (j = 0; j < NSEG; j++)
			if (p->seg[j] == s)
				p->newtlb = true;
	}
}

void
procdump(void)
{
	Proc *p;

	for (u32 i = 0; i < procmax(); i++) {
		p = proctab(i);
		if (p->state != Dead)
			print("%u: %s %s pc %#llx pri %u/%u time %llu %llu\n", p->pid, p->text,
			      statename[p->state], p->sched.pc, p->priority, p->basepri, p->time[TUser],
			      p->time[TSys]);
	}
}
