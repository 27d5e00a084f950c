/*
 * userinit.c: the first user process, made by hand: groups, name space, an empty stack, and one text
 * segment with initcode (esp/initcode.c, carried in the image). It starts as a kernel process and leaves for
 * user mode once; its page tables are empty until fault() fills them.
 */
#include "dat.h"
#include "initcode.h"

/* The text segment of a program that has no file: the code is in its pages from the start. */
static Segment *
codeseg(const u8 *code, usize n)
{
	Segment *s;
	Page *p;
	usize i, part;

	s = newseg(SG_TEXT | SG_RONLY, UTZERO, roundup(n, BY2PG) / BY2PG);
	if (s == nil)
		return nil;
	for (i = 0; i < n; i += BY2PG) {
		part = n - i < BY2PG ? n - i : BY2PG;
		p = newpage(touva(UTZERO + i), nil);
		if (p == nil)
			return nil;
		memcpy(pageva(p), code + i, part);
		if (!segpage(s, p))
			return nil;
	}
	return s;
}

/* No user mode without these: the walk to pc and sp open to users at each level, and the way back in. */
static void
ring3preflight(u64 pc, u64 sp)
{
	static const char *const what[2] = {"pc", "sp"};
	u64 va[2] = {pc, sp - 8};
	Walk w;
	u32 i;
	int l;

	if (!fault(touva(va[0]), 0, FaultExec) || !fault(touva(va[1]), 0, FaultWrite))
		panic("ring3 preflight: no page for pc %#llx or sp %#llx", pc, sp);
	for (i = 0; i < 2; i++) {
		w = spacewalk(&up->space, touva(va[i]));
		if (!w.ok)
			panic("ring3 preflight: %s %#llx stops at level %d", what[i], va[i], w.level);
		for (l = w.level; l < 4; l++)
			if ((pteperm(l, w.pte[l]) & PermU) == 0)
				panic("ring3 preflight: %s %#llx closed to users at level %d", what[i], va[i],
				      l);
	}
	if (sp % 8 != 0)
		panic("ring3 preflight: sp %#llx is not aligned", sp);
	if (machp()->kstack != up->kstack || up->kstack < KSTACKS || up->kstack > KSTACKS + KSTACKSSIZE)
		panic("ring3 preflight: kernel stack %#llx", machp()->kstack);
	print("userinit: ring3 preflight ok pc %#llx sp %#llx kstack %#llx demand=%llu\n", pc, sp, up->kstack,
	      up->demand);
}

/* What the first program finds in its environment. */
static void
setenvironment(const BootKeep *k)
{
	const char *service;

	service = getconf("service");
	ksetenv("cputype", "amd64", false);
	ksetenv("terminal", "imago amd64", false);
	ksetenv("service", service != nil ? service : "terminal", false);
	snformat(up->genbuf, sizeof up->genbuf, "%llu", k->tentry);
	ksetenv("entrytsc", up->genbuf, false); /* when the firmware started us: for who measures */
}

/* Devices and environment, then user mode; never back. */
NORETURN static void
init0(const BootKeep *k)
{
	u64 sp;

	chandevinit();
	phase(PhChandev, "");
	setenvironment(k);
	phase(PhEnv, "");
	sp = TOS - 48;
	ring3preflight(UTZERO, sp);
	phase(PhUser, "");
	printseal();
	touser(touva(UTZERO), touva(sp), TOS);
}

static void
proc0(void *arg)
{
	if (waserror())
		panic("proc0: %s", up->errstr);
	up->kp = up->privatemem = up->noswap = up->nowait = false;
	up->priority = up->basepri = PriNormal;
	up->pgrp = newpgrp();
	up->egrp = newegrp();
	up->fgrp = newfgrp();
	up->rgrp = newrgrp();
	kernelnamespace();
	up->seg[SSEG] = newseg(SG_STACK | SG_NOEXEC, USTKTOP - USTKSIZE, USTKSIZE / BY2PG);
	up->seg[TSEG] = codeseg(initcode, sizeof initcode);
	if (up->seg[SSEG] == nil || up->seg[TSEG] == nil)
		panic("proc0: no memory for the first segments");
	phase(PhProc0, "");
	poperror();
	up->nerrlab = 0;
	init0(arg);
}

void
userinit(const BootKeep *k)
{
	phase(PhUserinit, "");
	kproc("*init*", proc0, (void *)(uintptr)k);
	phase(PhSpawned, "");
}
