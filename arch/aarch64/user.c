/*
 * user.c: trap frames seen from C: contexts that have never run, first steps to user mode, notes.
 * Second life (labelfn also serves panic in the first). Takes frames of the running process or of a
 * child that nobody else knows yet; needs no lock. A frame for user mode stands at the top of the
 * process's kernel stack, and its PSR is always that of EL0 with interrupts on. [PLAN9-ABI 3.5, 3.6, 8]
 */
#include "machine/cpu.h"
#include "lib.h"
#include "syscall.h"

extern char labelstart[], forkstart[], syscallback[];
NORETURN void frameleave(Ureg *u);

enum {
	NoteGap = 256, /* bytes below the interrupted stack pointer that stay as they are */
	NoteText = 128,
	X19 = 0, /* in Label.regs, as context.S has them */
	X20 = 1,
	X30 = 11,
};
#define PSRFLAGS 0xf0000000ull /* that a program may set in its Ureg */

typedef struct NoteFrame NoteFrame;
struct NoteFrame { /* what the handler finds at its stack pointer, as on amd64 [PLAN9-ABI 3.5] */
	u64 ret;
	u64 arg1, arg2; /* Ureg, text */
	char text[NoteText];
	u64 oldureg;
	Ureg ureg;
	u64 pad; /* the stack pointer is a multiple of 16 */
};
_Static_assert(offsetof(NoteFrame, ureg) == 160, "the handler's stack pointer is Ureg - 160");
_Static_assert(sizeof(NoteFrame) % 16 == 0, "the stack pointer stays aligned");

u64
uregpc(const Ureg *u)
{
	return u->pc;
}

u64
uregsp(const Ureg *u)
{
	return u->sp;
}

bool
ureguser(const Ureg *u)
{
	return (u->psr & PsrModeMask) == PsrUser;
}

void
uregdump(const Ureg *u)
{
	for (u32 i = 0; i < 28; i += 4)
		iprint("trap: R%-2u %016llx R%-2u %016llx R%-2u %016llx R%-2u %016llx\n", i, u->r[i], i + 1,
		       u->r[i + 1], i + 2, u->r[i + 2], i + 3, u->r[i + 3]);
	iprint("trap: R28 %016llx R29 %016llx LINK %016llx SP %016llx\n", u->r[28], u->r[29], u->r[30],
	       u->sp);
	iprint("trap: TYPE %08llx PSR %08llx PC %016llx EL%d\n", u->type, u->psr, u->pc, currentel());
	if (currentel() == 1)
		iprint("trap: SCTLR %08llx TCR %012llx TTBR0 %016llx TTBR1 %016llx FAR %016llx\n",
		       get_sctlr_el1(), get_tcr_el1(), get_ttbr0_el1(), get_ttbr1_el1(), get_far_el1());
}

/* Room stays for the frame that touser() will write while this function and its callees still run. */
void
labelfn(Label *l, u64 stacktop, void (*fn)(void *), void *arg)
{
	memset(l, 0, sizeof *l);
	l->sp = rounddown(stacktop, 16) - FrameSize;
	l->pc = (u64)(uintptr)labelstart;
	l->regs[X19] = (u64)(uintptr)fn;
	l->regs[X20] = (u64)(uintptr)arg;
}

/* The place of the frame of whoever comes from user mode onto this stack. */
static Ureg *
topframe(u64 kstack)
{
	return (Ureg *)(uintptr)(kstack - FrameSize);
}

void
forkchild(Label *l, u64 kstack, const Ureg *parent)
{
	Ureg *u = topframe(kstack);

	memset(u, 0, FrameSize);
	*u = *parent;
	u->r[0] = 0;
	memset(l, 0, sizeof *l);
	l->sp = (u64)(uintptr)u;
	l->pc = (u64)(uintptr)forkstart;
}

void
syscalllabel(Label *l, u64 kstack, void (*fn)(void))
{
	memset(l, 0, sizeof *l);
	l->sp = (u64)(uintptr)topframe(kstack) - SysArgs;
	l->pc = (u64)(uintptr)fn;
	l->regs[X30] = (u64)(uintptr)syscallback;
}

void
execregs(Ureg *u, Uva entry, Uva sp, Uva tos)
{
	memset(u, 0, sizeof *u);
	u->r[0] = uvabits(tos);
	u->pc = uvabits(entry);
	u->sp = uvabits(sp);
	u->psr = PsrUser;
}

void
touser(Uva pc, Uva sp, u64 arg0)
{
	Ureg *u;

	(void)splhi();
	u = topframe(machp()->kstack);
	execregs(u, pc, sp, touva(arg0));
	frameleave(u);
}

/* Interrupts off. A process's tables hold the kernel's half too, so the stack under us stays. */
void
procswitch(u64 kstack, Paddr root, FPuser *fp)
{
	machp()->kstack = kstack;
	if (pabits(root) != 0 && !paeq(root, mmuroot()))
		mmuload(root);
	fpswitch(fp);
}

bool
notepush(Ureg *u, Uva handler, Uva *uregp, const char *text)
{
	NoteFrame f;
	Uva at = touva(rounddown(u->sp, 16) - NoteGap - sizeof f);

	if (uvabits(handler) >= USTKTOP || u->sp > USTKTOP)
		return false;
	memset(&f, 0, sizeof f);
	f.ureg = *u;
	f.oldureg = uvabits(*uregp);
	strecpy(f.text, sizeof f.text, text);
	f.arg1 = uvabits(at) + offsetof(NoteFrame, ureg);
	f.arg2 = uvabits(at) + offsetof(NoteFrame, text);
	if (!copyout(at, &f, sizeof f))
		return false;
	*uregp = touva(f.arg1);
	noteregs(u, handler, *uregp);
	return true;
}

/* The first argument travels in R0. */
void
noteregs(Ureg *u, Uva handler, Uva uregp)
{
	u->pc = uvabits(handler);
	u->sp = uvabits(uregp) - offsetof(NoteFrame, ureg);
	u->r[0] = uvabits(uregp);
}

bool
notepop(Ureg *u, Uva uregp, int mode)
{
	Ureg n;

	(void)mode; /* NCONT and NRSTR load the same */
	if (!copyin(&n, uregp, sizeof n) || n.pc >= USTKTOP || n.sp > USTKTOP)
		return false;
	n.psr = n.psr & PSRFLAGS;
	*u = n;
	return true;
}
