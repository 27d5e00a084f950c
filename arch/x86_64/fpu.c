/*
 * fpu.c: floating point of processes: x87, SSE, AVX. Second life; the kernel itself uses none of it.
 * A process that never touched it owns no state: CR0.TS is set and the first use traps (#NM), gets a
 * save area and Plan 9's initial values. From then on its registers are saved and loaded at each
 * switch, and a switch to one without state first loads the initial ones: nothing of another process
 * is ever in the registers. Interrupts off where live registers and m->fp are looked at.
 * [SDM 1 13; PLAN9-ABI 1.5]
 */
#include "machine/cpu.h"
#include "lib.h"

enum { FpFresh = 0, FpUsed = 1 }; /* FPuser.state */
enum {
	AreaAlign = 64,
	LegacySize = 512,
	HeaderSize = 64,
	XcrX87 = 1,
	XcrSse = 2,
	XcrAvx = 4,
	XcrAvx512 = 0xe0,
	LeafXsave = 0xd,
};

struct FPsave { /* the legacy part, then what XSAVE adds [SDM 1 10.5.1, 13.4] */
	u16 fcw, fsw;
	u8 ftw, pad;
	u16 fop;
	u64 fip, fdp;
	u32 mxcsr, mxcsrmask;
	u8 regs[LegacySize - 32];
	u64 xstate; /* components that the area holds */
	u8 header[HeaderSize - 8];
};
_Static_assert(sizeof(FPsave) == LegacySize + HeaderSize, "legacy area and header");

static FPsave fresh ALIGNED(AreaAlign) = {
    .fcw = 0x0232, /* invalid, zero divide, overflow unmasked, as Plan 9's C expects */
    .mxcsr = 0x1900,
    .xstate = XcrX87 | XcrSse,
};

/* The aligned area inside an allocation. */
static FPsave *
area(const FPuser *fp)
{
	return (FPsave *)(uintptr)roundup((u64)(uintptr)fp->save, AreaAlign);
}

static void
save(FPsave *s)
{
	if (cpufeat.xsave)
		__asm__ volatile("xsave64 (%0)" : : "r"(s), "a"(~0u), "d"(~0u) : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" : : "r"(s) : "memory");
}

static void
load(const FPsave *s)
{
	if (cpufeat.xsave)
		__asm__ volatile("xrstor64 (%0)" : : "r"(s), "a"(~0u), "d"(~0u) : "memory");
	else
		__asm__ volatile("fxrstor64 (%0)" : : "r"(s) : "memory");
}

static void
enable(void)
{
	__asm__ volatile("clts" : : : "memory");
}

static void
disable(void)
{
	putcr0(getcr0() | Cr0Ts);
}

static bool
used(const FPuser *fp)
{
	return fp != nil && fp->state == FpUsed;
}

/* The state components that we save go on. */
static void
components(void)
{
	Cpuid x = cpuid(LeafXsave, 0);
	u32 lo;

	cpufeat.xcr0 |= x.a & XcrAvx;
	if ((x.a & (XcrAvx | XcrAvx512)) == (XcrAvx | XcrAvx512))
		cpufeat.xcr0 |= XcrAvx512;
	lo = (u32)cpufeat.xcr0;
	__asm__ volatile("xsetbv" : : "c"(0), "a"(lo), "d"(0));
	cpufeat.xsavesize = cpuid(LeafXsave, 0).b;
}

/* Initial values in the registers, and the first use by anyone will trap. */
void
fpuinit0(void)
{
	cpufeat.xcr0 = XcrX87 | XcrSse;
	cpufeat.xsavesize = LegacySize;
	if (cpufeat.xsave)
		components();
	load(&fresh);
	disable();
}

/* Registers go from the old process to the new one; interrupts off. */
void
fpswitch(FPuser *fp)
{
	Mach *m = machp();
	FPuser *old = m->fp;

	m->fp = fp;
	if (old == fp)
		return;
	if (used(old))
		save(area(old));
	if (used(fp)) {
		enable();
		load(area(fp));
	} else if (used(old)) {
		load(&fresh);
		disable();
	}
}

/*
 * For a call into firmware, which may use SSE: the current process's registers are put by and the unit
 * is usable until fpreturn(). Interrupts off from one to the other.
 */
void
fpborrow(void)
{
	if (used(machp()->fp))
		save(area(machp()->fp));
	enable();
	load(&fresh);
}

void
fpreturn(void)
{
	FPuser *fp = machp()->fp;

	load(used(fp) ? area(fp) : &fresh);
	if (!used(fp))
		disable();
}

/* #NM from user mode: the first use. Waits for memory. */
bool
fptrap(Ureg *u)
{
	FPuser *fp = machp()->fp;
	FPsave *s;
	u32 pl;

	if (!ureguser(u) || fp == nil || used(fp))
		return false;
	spllo();
	s = smalloc(cpufeat.xsavesize + AreaAlign);
	pl = splhi();
	fp->save = s;
	memset(area(fp), 0, cpufeat.xsavesize);
	fp->state = FpUsed;
	enable();
	load(&fresh);
	splx(pl);
	return true;
}

void
fprelease(FPuser *fp)
{
	u32 s = splhi();
	FPsave *old = fp->save;

	if (machp()->fp == fp && used(fp)) {
		load(&fresh);
		disable();
	}
	fp->state = FpFresh;
	fp->save = nil;
	splx(s);
	free(old);
}

void
fpinit(FPuser *fp)
{
	if (used(fp))
		fprelease(fp);
}

void
fpfork(FPuser *to, const FPuser *from)
{
	u32 s;

	to->state = FpFresh;
	to->save = nil;
	if (!used(from))
		return;
	to->save = smalloc(cpufeat.xsavesize + AreaAlign);
	s = splhi();
	if (machp()->fp == from)
		save(area(from));
	memmove(area(to), area(from), cpufeat.xsavesize);
	to->state = FpUsed;
	splx(s);
}

/* Words for the exceptions, in the order in which the processor reports them [SDM 1 8.5, 11.5]. */
static const char *
cause(u32 status, bool x87)
{
	enum {
		Invalid = 1,
		Denormal = 2,
		Zero = 4,
		Over = 8,
		Under = 16,
		Precision = 32,
		Stack = 64,
		C1 = 512
	};

	if (x87 && (status & (Invalid | Stack)) == (Invalid | Stack))
		return status & C1 ? "stack overflow" : "stack underflow";
	if (status & Invalid)
		return "invalid operation";
	if (status & Denormal)
		return "denormalized operand";
	if (status & Zero)
		return "division by zero";
	if (status & Over)
		return "numeric overflow";
	if (status & Under)
		return "numeric underflow";
	if (status & Precision)
		return "precision loss";
	return "unknown exception";
}

/* #MF or #XM of the running process: what it was; the flags are cleared, so that it comes once. */
const char *
fperror(const Ureg *u, u64 *pc, u32 *status)
{
	enum { MaskShift = 7, Flags = 0x3f };
	FPuser *fp = machp()->fp;
	FPsave *s;

	if (!used(fp))
		return nil;
	s = area(fp);
	save(s);
	if (u->type == VecXm) {
		*pc = u->pc;
		*status = s->mxcsr;
		s->mxcsr &= ~(u32)Flags;
		load(s);
		return cause(*status & ~(*status >> MaskShift) & Flags, false);
	}
	*pc = s->fip;
	*status = s->fsw;
	__asm__ volatile("fnclex");
	return cause(*status & ~(u32)(s->fcw & Flags), true);
}
