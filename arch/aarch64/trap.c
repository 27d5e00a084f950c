/*
 * trap.c: what happens when the processor says so: exceptions to notes, panics or fixups, interrupts
 * to their handlers. Vectors speak from trapinit0() on, in the first life too (a fault there is a
 * banner, not a dead machine). Called from vectors.S with everything masked; from user mode the frame
 * stands at the top of the kernel stack. No locks. [ARM ARM D1.3, D17.2.37; PLAN9-ABI 3.7]
 */
#include "machine/cpu.h"
#include "machine/banner.h"
#include "lib.h"

enum { NoteMax = 128, FscAlign = 0x21 };
static bool speaking;

void
trapinit0(void)
{
	(void)splhi();
	cpuinit0();
	speaking = true;
	__asm__ volatile("msr daifclr, #4" : : : "memory"); /* system errors are heard of at once */
}

bool
trapspeaks(void)
{
	return speaking;
}

/* Interrupt controllers, all lines masked. After mm and archinit(). */
void
trapinit(void)
{
	gicinit();
}

static const Guard *
guardof(u64 pc)
{
	for (const Guard *g = guards; g < guardsend; g++)
		if (pc >= g->start && pc < g->end)
			return g;
	return nil;
}

/* A fault in a guarded instruction: go on at its other way. */
static bool
trapfixup(Ureg *u)
{
	const Guard *g = guardof(u->pc);

	if (g == nil)
		return false;
	u->pc = g->other;
	return true;
}

static u32
ecof(const Ureg *u)
{
	return (u32)(u->type >> EsrEcShift & 63);
}

static bool
isfetch(const Ureg *u)
{
	return ecof(u) == EcIabt || ecof(u) == EcIabtUser;
}

/* An abort that the page tables gave: translation, access flag, permission, or an address too wide. */
static bool
ispagefault(const Ureg *u)
{
	bool abort = isfetch(u) || ecof(u) == EcDabt || ecof(u) == EcDabtUser;

	return abort && (u->type & EsrFsc) < 16;
}

static u32
accessof(const Ureg *u)
{
	return isfetch(u) ? FaultExec : u->type & EsrWrite ? FaultWrite : FaultRead;
}

/* A fault that nobody answers for, in the kernel. */
static NORETURN void
kernelfault(Ureg *u, u64 addr)
{
	char text[600];
	bool high = currentel() == 1;
	Banner b = {.esr = u->type,
		    .addr = addr,
		    .pc = u->pc,
		    .sctlr = high ? get_sctlr_el1() : get_sctlr_el2(),
		    .tcr = high ? get_tcr_el1() : get_tcr_el2(),
		    .ttbr0 = high ? get_ttbr0_el1() : get_ttbr0_el2(),
		    .ttbr1 = high ? get_ttbr1_el1() : 0,
		    .proc = machp()->proc,
		    .el = ureguser(u) ? 0 : currentel()};

	uartpolled();
	faultbanner(&b, text, sizeof text);
	iprint("%s", text);
	panictrap(u, "kernel fault: %s addr=0x%llx pc=0x%llx",
		  accessof(u) == FaultWrite  ? "write"
		  : accessof(u) == FaultExec ? "fetch"
					     : "read",
		  addr, u->pc);
}

/* The process's own fault, or the kernel's on its behalf in a guarded copy, or a mistake. */
static void
pagefault(Ureg *u, u64 addr)
{
	machp()->pfault++;
	if (ureguser(u)) {
		spllo();
		faultuser(u, touva(addr), accessof(u));
		return;
	}
	if (guardof(u->pc) == nil)
		kernelfault(u, addr);
	if (addr < USTKTOP && machp()->proc != nil && !(u->psr & DaifI)) {
		spllo();
		if (fault(touva(addr), u->pc, accessof(u)))
			return;
	}
	(void)trapfixup(u);
}

/* An exception that a program has brought on itself, in the words of [PLAN9-ABI 3.7]. */
static void
usernote(Ureg *u)
{
	char text[NoteMax];
	u32 ec = ecof(u);

	if (ec == EcBrk)
		snformat(text, sizeof text, "sys: breakpoint");
	else if ((ec == EcDabtUser || ec == EcIabtUser) && (u->type & EsrFsc) == FscAlign)
		snformat(text, sizeof text, "sys: trap: misaligned address");
	else
		snformat(text, sizeof text, "sys: trap: %s", excname(ec));
	spllo();
	trapnote(u, text);
}

/* Stack overflow ends here: the guard page has no room for the fault's frame. */
static NORETURN void
nostack(Ureg *u, u64 addr)
{
	u64 sp = u->sp;

	uartpolled();
	if (sp >= KSTACKS && sp < KSTACKS + KSTACKSSIZE)
		iprint("trap: kernel stack overflow: 0x%llx lies in or above the guard page under [0x%llx, "
		       "0x%llx)\n",
		       sp, rounddown(sp - KSTACKS, KSTACKSTRIDE) + KSTACKS + BY2PG,
		       rounddown(sp - KSTACKS, KSTACKSTRIDE) + KSTACKS + KSTACKSTRIDE);
	panictrap(u, "no kernel stack sp=0x%llx far=0x%llx", sp, addr);
}

static void
exception(Ureg *u, u64 addr)
{
	bool page = ispagefault(u);

	if (!ureguser(u) && runtimetrap(u, page, addr))
		return;
	if (page)
		pagefault(u, addr);
	else if (ecof(u) == EcFp && fptrap(u))
		return;
	else if (ureguser(u))
		usernote(u);
	else if (!trapfixup(u))
		panictrap(u, "trap: %s esr=0x%llx pc=0x%llx", excname(ecof(u)), u->type, u->pc);
}

/* Every trap but system calls. */
void
trap(Ureg *u, u64 far, u32 way)
{
	bool user = ureguser(u);

	switch (way & ~(u32)WayUser) {
	case WaySync:
		exception(u, far);
		break;
	case WayIrq:
	case WayFiq:
		gicinterrupt(u);
		break;
	case WaySerror:
		panictrap(u, "system error esr=0x%llx pc=0x%llx", u->type, u->pc);
	default:
		if (way == WayStack)
			nostack(u, far);
		panictrap(u, "exception by way %u: %s esr=0x%llx", way, excname(ecof(u)), u->type);
	}
	(void)splhi();
	if (user) {
		trapexit(u);
		(void)splhi();
	}
}

/* A frame record is two words: the caller's record, the address to go back to. */
int
backtrace(const Ureg *u, u64 *pcs, int n)
{
	u64 fp = u != nil ? u->r[29] : (u64)(uintptr)__builtin_frame_address(0), next, pc;
	int got = 0;

	if (!speaking || n == 0)
		return 0;
	if (u != nil)
		pcs[got++] = u->pc;
	while (got < n && fp != 0 && fp % 8 == 0 && probe(fp, &next) && probe(fp + 8, &pc) && pc != 0) {
		pcs[got++] = pc;
		if (next <= fp && next != 0)
			break; /* stacks grow down: callers lie above */
		fp = next;
	}
	return got;
}
