/*
 * trap.c: what happens when the processor says so: exceptions to notes, panics or fixups, interrupts
 * to their handlers. Vectors speak from trapinit0() on, in the first life too (a fault there is a
 * banner, not a triple fault). Called from vectors.S with interrupts off; from user mode the frame
 * stands at the top of the kernel stack. No locks; handlers are entered once, at boot.
 * [SDM 3A 6.15; PLAN9-ABI 3.7]
 */
#include "machine/apic.h"
#include "machine/banner.h"
#include "machine/unwind.h"
#include "lib.h"

typedef struct Guard Guard;
struct Guard { /* usercopy.S: a fault in [start, end) goes on at other */
	u64 start, end, other;
};
extern const Guard guards[], guardsend[];
extern const u8 __ImageBase[]; /* the linker's name for our first byte */
void unwindhere(Unwind *w);
void trap(Ureg *u);

enum { ErrWrite = 2, ErrFetch = 16, NoteMax = 128, HandlerMax = NVec, Dr6Bits = 15 };

typedef struct Handler Handler;
struct Handler {
	Intrfn *f;
	void *arg;
	const char *name;
	u64 count;
};
static Handler handlers[HandlerMax]; /* by vector */
static bool speaking;

/* Fast way for a port's own interrupt; the vector is free. */
void
trapenable(u32 vec, Intrfn *f, void *arg, const char *name)
{
	assert(vec >= NVecCpu && vec < NVec);
	handlers[vec] = (Handler){.f = f, .arg = arg, .name = name};
}

/* Interrupt controllers, all lines masked. After mm and archinit(). */
void
trapinit(void)
{
	apicinit();
	ioapicinit();
}

void
trapinit0(void)
{
	(void)splhi();
	cpuinit0();
	gdtinit(bootcpu());
	idtinit();
	speaking = true;
	if (cpuhigh())
		syscallinit();
}

static const Guard *
guardof(u64 pc)
{
	for (const Guard *g = guards; g < guardsend; g++)
		if (pc >= g->start && pc < g->end)
			return g;
	return nil;
}

bool
trapfixup(Ureg *u)
{
	const Guard *g = guardof(u->pc);

	if (g == nil)
		return false;
	u->pc = g->other;
	return true;
}

static u32
accessof(const Ureg *u)
{
	return u->error & ErrFetch ? FaultExec : u->error & ErrWrite ? FaultWrite : FaultRead;
}

/* A fault that nobody answers for, in the kernel. */
static NORETURN void
kernelfault(Ureg *u, u64 addr)
{
	char text[600];
	Banner b = {.error = u->error,
		    .addr = addr,
		    .pc = u->pc,
		    .cr0 = getcr0(),
		    .cr2 = addr,
		    .cr3 = getcr3(),
		    .cr4 = getcr4(),
		    .proc = machp()->proc,
		    .cpl = ureguser(u) ? 3 : 0};

	uartpolled();
	faultbanner(&b, text, sizeof text);
	iprint("%s", text);
	panictrap(u, "kernel fault: %s addr=0x%llx pc=0x%llx", accessof(u) == FaultWrite ? "write" : "read",
		  addr, u->pc);
}

/* Page fault: the process's own, or the kernel's on its behalf in a guarded copy, or a mistake. */
static void
pagefault(Ureg *u)
{
	u64 addr = getcr2();

	machp()->pfault++;
	if (ureguser(u)) {
		spllo();
		faultuser(u, touva(addr), accessof(u));
		return;
	}
	if (guardof(u->pc) == nil)
		kernelfault(u, addr);
	if (addr < USTKTOP && machp()->proc != nil && (u->flags & FLAGIF)) {
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
	const char *what;
	u32 status = 0;
	u64 pc = 0, dr6;

	switch (u->type) {
	case VecBp:
		u->pc--;
		snformat(text, sizeof text, "sys: breakpoint");
		break;
	case VecDb:
		__asm__ volatile("movq %%db6, %0" : "=r"(dr6));
		__asm__ volatile("movq %0, %%db6" : : "r"(0ull));
		snformat(text, sizeof text, "sys: debug exception dr6=0x%08llx", dr6);
		break;
	case VecMf:
	case VecXm:
		what = fperror(u, &pc, &status);
		if (what != nil) {
			snformat(text, sizeof text, "sys: fp: %s fppc=0x%llx status=0x%x", what, pc, status);
			break;
		}
		/* fall through */
	default:
		snformat(text, sizeof text, "sys: trap: %s", excname(u->type));
	}
	spllo();
	trapnote(u, text);
}

/* Stack overflow ends here: the guard page stopped the push of the first fault's frame. */
static NORETURN void
doublefault(Ureg *u)
{
	u64 addr = getcr2();

	uartpolled();
	if (addr >= KSTACKS && addr < KSTACKS + KSTACKSSIZE && (addr - KSTACKS) % KSTACKSTRIDE < BY2PG)
		iprint("trap: kernel stack overflow: 0x%llx lies in the guard page under [0x%llx, 0x%llx)\n",
		       addr, rounddown(addr, BY2PG) + BY2PG, rounddown(addr, BY2PG) + KSTACKSTRIDE);
	panictrap(u, "double fault sp=0x%llx cr2=0x%llx", u->sp, addr);
}

static void
exception(Ureg *u)
{
	if (!ureguser(u) && u->type != VecNmi && u->type != VecMc &&
	    runtimetrap(u, u->type == VecPf, getcr2()))
		return;
	switch (u->type) {
	case VecPf:
		pagefault(u);
		return;
	case VecNm:
		if (fptrap(u))
			return;
		break;
	case VecDf:
		doublefault(u);
	case VecNmi:
	case VecMc:
		panictrap(u, "%s", excname(u->type));
	default:
		break;
	}
	if (ureguser(u))
		usernote(u);
	else if (u->type != VecGp || !trapfixup(u))
		panictrap(u, "trap: %s error=0x%llx pc=0x%llx", excname(u->type), u->error, u->pc);
}

static void
interrupt(Ureg *u)
{
	Handler *h = &handlers[u->type];
	Mach *m = machp();

	m->intr++;
	if (h->f == nil) {
		m->spuriousintr++;
	} else {
		h->count++;
		h->f(u, h->arg);
	}
	if (u->type != VecSpurious && u->type >= VecTimer)
		apiceoi();
}

/* Every trap but system calls. */
void
trap(Ureg *u)
{
	bool user = ureguser(u);

	if (usersmap)
		__asm__ volatile("clac" : : : "memory");
	if (u->type < NVecCpu)
		exception(u);
	else
		interrupt(u);
	if (user) {
		(void)splhi();
		trapexit(u);
	}
	(void)splhi();
}

int
backtrace(const Ureg *u, u64 *pcs, int n)
{
	const u8 *base = __ImageBase;
	Image im = {.base = base, .read = probe};
	Unwind w;
	int got = 0;

	if (!speaking || n == 0)
		return 0; /* a bad address would be the firmware's fault to handle */
	im.size = le32(base + le32(base + 0x3c) + 24 + 56); /* SizeOfImage */
	unwindhere(&w);
	if (u != nil) {
		w = (Unwind){.reg = {u->ax, u->cx, u->dx, u->bx, u->sp, u->bp, u->si, u->di, u->r8, u->r9,
				     u->r10, u->r11, u->r12, u->r13, u->r14, u->r15},
			     .pc = u->pc};
		pcs[got++] = w.pc;
	}
	while (got < n && unwindstep(&im, &w))
		pcs[got++] = w.pc;
	return got;
}
