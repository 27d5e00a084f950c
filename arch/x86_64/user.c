/*
 * user.c: trap frames seen from C: contexts that have never run, first steps to user mode, notes.
 * Second life (labelfn also serves panic in the first). Takes frames of the running process or of a
 * child that nobody else knows yet; needs no lock. A frame for user mode stands at the top of the
 * process's kernel stack, and its selectors are always the user's. [PLAN9-ABI 1.5, 3.5, 3.6]
 */
#include "machine/cpu.h"
#include "lib.h"
#include "syscall.h"

extern char labelstart[], forkstart[];
NORETURN void frameleave(Ureg *u);

enum {
	NoteGap = 256, /* bytes below the interrupted stack pointer that stay as they are */
	NoteText = 128,
	FlagsUser = 0xff, /* flags that a program may set in its Ureg */
	FlagsFresh = FLAGIF | 2,
	Bx = 0, /* in Label.regs, as context.S has them */
	Si = 2,
	SyscallBelow = 72, /* under the frame in a system call: vectors.S */
};

typedef struct NoteFrame NoteFrame;
struct NoteFrame { /* what the handler finds at its stack pointer [PLAN9-ABI 3.5] */
	u64 ret;
	u64 arg1, arg2; /* Ureg, text */
	char text[NoteText];
	u64 oldureg;
	Ureg ureg;
};
_Static_assert(sizeof(NoteFrame) == 344, "160 bytes, then the Ureg");
_Static_assert(offsetof(NoteFrame, ureg) == 160, "the handler's stack pointer is Ureg - 160");

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
	return (u->cs & 3) != 0;
}

void
uregdump(const Ureg *u)
{
	iprint("trap: AX %016llx BX %016llx CX %016llx DX %016llx\n", u->ax, u->bx, u->cx, u->dx);
	iprint("trap: SI %016llx DI %016llx BP %016llx SP %016llx\n", u->si, u->di, u->bp, u->sp);
	iprint("trap: R8 %016llx R9 %016llx R10 %016llx R11 %016llx\n", u->r8, u->r9, u->r10, u->r11);
	iprint("trap: R12 %016llx R13 %016llx R14 %016llx R15 %016llx\n", u->r12, u->r13, u->r14, u->r15);
	iprint("trap: TYPE %02llx ERROR %04llx FLAGS %08llx CS %02llx SS %02llx PC %016llx\n", u->type,
	       u->error, u->flags, u->cs, u->ss, u->pc);
	iprint("trap: CR0 %08llx CR2 %016llx CR3 %016llx CR4 %08llx\n", getcr0(), getcr2(), getcr3(),
	       getcr4());
}

/* Shadow space for the function's callees, and above it a zero that ends backtraces. */
void
labelfn(Label *l, u64 stacktop, void (*fn)(void *), void *arg)
{
	u64 *sp = (u64 *)(uintptr)(rounddown(stacktop, 16) - 48);

	sp[4] = 0;
	memset(l, 0, sizeof *l);
	l->sp = (u64)(uintptr)sp;
	l->pc = (u64)(uintptr)labelstart;
	l->regs[Bx] = (u64)(uintptr)fn;
	l->regs[Si] = (u64)(uintptr)arg;
}

/* The place of the frame of whoever comes from user mode onto this stack. */
static Ureg *
topframe(u64 kstack)
{
	return (Ureg *)(uintptr)(kstack - sizeof(Ureg));
}

/* What SYSCALL does not keep is told as SYSRET would set it. */
static void
complete(Ureg *u)
{
	if (u->type == TypeSyscall) {
		u->cx = u->pc;
		u->r11 = u->flags;
	}
	u->type = TypeFull;
}

void
forkchild(Label *l, u64 kstack, const Ureg *parent)
{
	Ureg *u = topframe(kstack);

	*u = *parent;
	complete(u);
	u->ax = 0;
	memset(l, 0, sizeof *l);
	l->sp = (u64)(uintptr)u - SyscallBelow;
	l->pc = (u64)(uintptr)forkstart;
}

/* The return address that syscall() found lies still where the port's call left it. */
void
syscalllabel(Label *l, u64 kstack, void (*fn)(void))
{
	memset(l, 0, sizeof *l);
	l->sp = (u64)(uintptr)topframe(kstack) - SyscallBelow - sizeof(u64);
	l->pc = (u64)(uintptr)fn;
}

void
execregs(Ureg *u, Uva entry, Uva sp, Uva tos)
{
	memset(u, 0, sizeof *u);
	u->ax = uvabits(tos);
	u->pc = uvabits(entry);
	u->sp = uvabits(sp);
	u->flags = FlagsFresh;
	u->cs = UESEL;
	u->ss = UDSEL;
	u->type = TypeFull;
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
	Mach *m = machp();

	m->kstack = kstack;
	((Cpu *)m->port)->tss.rsp[0] = kstack;
	if (pabits(root) != 0 && !paeq(root, mmuroot()))
		mmuload(root);
	fpswitch(fp);
}

bool
notepush(Ureg *u, Uva handler, Uva *uregp, const char *text)
{
	NoteFrame f;
	Uva at = touva(u->sp - NoteGap - sizeof f);

	if (uvabits(handler) >= USTKTOP || u->sp > USTKTOP)
		return false;
	complete(u);
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

void
noteregs(Ureg *u, Uva handler, Uva uregp)
{
	u->pc = uvabits(handler);
	u->sp = uvabits(uregp) - offsetof(NoteFrame, ureg);
	u->bp = uvabits(uregp);
	u->type = TypeFull;
}

bool
notepop(Ureg *u, Uva uregp, int mode)
{
	Ureg n;

	(void)mode; /* NCONT and NRSTR load the same */
	if (!copyin(&n, uregp, sizeof n) || n.pc >= USTKTOP || n.sp > USTKTOP)
		return false;
	n.flags = (u->flags & ~(u64)FlagsUser) | (n.flags & FlagsUser);
	n.cs = UESEL;
	n.ss = UDSEL;
	n.type = TypeFull;
	n.error = 0;
	*u = n;
	return true;
}
