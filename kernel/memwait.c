/*
 * memwait.c: when memory has run out: give back what can be read again and what only debuggers want, wait
 * for others, and after a while end the largest process [PLAN9-ABI 5.10]. Second life; mm calls memwait with
 * no lock held, in the process that needs memory.
 */
#include "dat.h"

enum {
	Nap = 20,
	Patience = 300,
	Calm = 1000
}; /* ms: between looks, before someone dies, that end a famine */

const char Ekillbig[] = "Killed: Insufficient physical memory";

static struct {
	Lock l;
	u64 since, last; /* (l) nanosec(): of this famine, of the latest wait in it */
} famine;

static u64
procpages(Proc *p)
{
	u64 n;
	Segment *s;

	if (!canqlock(&p->seglock))
		return 0;
	n = 0;
	for (u32 i = 0; i < NSEG; i++) {
		s = p->seg[i];
		if (s == nil || !canqlock(&s->q))
			continue;
		n += segpages(s);
		qunlock(&s->q);
	}
	qunlock(&p->seglock);
	return n;
}

static void
kill(Proc *p, const char *why)
{
	p->procctl = ProcExit;
	postnote(p, why, NExit);
}

bool
killbig(void)
{
	Proc *p, *big;
	Segment *bss;
	u64 n, max;
	u32 i;
	bool dying;

	big = nil;
	max = 0;
	dying = false;
	for (i = 0; i < procmax(); i++) {
		p = proctab(i);
		dying |= p->state != Dead && p->exiting;
		if (p->state == Dead || p->kp || p->exiting || p->noswap || p->parentpid == 0)
			continue;
		n = procpages(p);
		if (n > max) {
			max = n;
			big = p;
		}
	}
	if (dying || big == nil)
		return dying;
	print("proc: %u: %s killed: out of memory, %llu pages\n", big->pid, big->text, max);
	bss = big->seg[BSEG];
	kill(big, Ekillbig);
	for (i = 0; i < procmax(); i++) {
		p = proctab(i);
		if (p != big && p->state != Dead && bss != nil && p->seg[BSEG] == bss)
			kill(p, Ekillbig);
	}
	return true;
}

/* Has this famine lasted long enough for someone to die? Then the next one begins. */
static bool
patienceover(void)
{
	u64 now;
	bool over;

	now = nanosec();
	lock(&famine.l);
	if (now - famine.last > Calm * 1000000ull)
		famine.since = now;
	famine.last = now;
	over = now - famine.since > Patience * 1000000ull;
	if (over)
		famine.since = now;
	unlock(&famine.l);
	return over;
}

/*
 * Wait for memory: comes back when it may be worth another try. A process that is to die for memory does
 * not wait: error(), or back to fault() which sees it.
 */
void
memwait(const char *why)
{
	if (up == nil)
		panic("%s: no memory, and no process to wait for it", why);
	if (imagereclaim(16) > 0 || unbreak(nil))
		return;
	if (up->procctl == ProcExit && up->nerrlab > 0)
		error(Ekillbig);
	if (patienceover() && !killbig())
		print("%s: %u: %s waits for memory, and there is nobody to end\n", why, up->pid, up->text);
	if (up->procctl == ProcExit || waserror())
		return;
	tsleep(&up->sleep, returnfalse, nil, Nap);
	poperror();
}
