/*
 * gdt.c: descriptors of a processor: segments, task state, interrupt gates, SYSCALL's registers.
 * Both lives: trapinit0() calls gdtinit and idtinit before the tables change and again at KZERO, and
 * each time everything is filled in anew from where the image then stands. One Cpu for each
 * processor; the gates are shared. [SDM 3A 3.4.5, 5.8.8, 6.14, 7.7]
 */
#include "machine/cpu.h"
#include "lib.h"

typedef struct Gate Gate;
struct Gate { /* [SDM 3A 6.14.1] */
	u16 low, sel;
	u8 ist, type;
	u16 mid;
	u32 high, pad;
};
_Static_assert(sizeof(Gate) == 16, "a gate of long mode");

typedef struct PACKED Gdtr Gdtr;
struct PACKED Gdtr {
	u16 limit;
	u64 base;
};

enum { /* access bytes and flags of descriptors */
       SegCode = 0x9a,
       SegData = 0x92,
       SegTss = 0x89,
       SegUser = 0x60,
       SegPresent = 0x80,
       GateInt = 0x8e,
       StubSize = 16, /* vectors.S */
};
#define SegLong (1ull << 53)

/*
 * UE32SEL holds its place in SYSRET's arithmetic and is not present: a program that got into compatibility
 * mode could enter the kernel by CSTAR on AMD's processors [APM 2 6.1.1], on a stack of its own.
 */
/* SYSCALL: CS = KESEL, SS = KESEL + 8. SYSRET to 64 bits: CS = UE32SEL + 16, SS = UE32SEL + 8. */
_Static_assert(KDSEL == KESEL + 8, "SYSCALL's stack segment");
_Static_assert(UDSEL == UE32SEL + 8 && UESEL == UE32SEL + 16, "SYSRET's segments");

_Static_assert(USTKTOP + BY2PG <= 1ull << 47, "no SYSCALL is followed by a pc outside the low half");

static Gate idt[NVec] ALIGNED(16);
static Cpu cpu0;
static u8 iststack[NIst][IstSize] ALIGNED(16); /* of the first life */
_Static_assert(NBOOTSTACK == 1 + NIst, "a guarded stack for kmain and for each interrupt stack");

Cpu *
bootcpu(void)
{
	return &cpu0;
}

static u64
segment(u8 access, u64 flags)
{
	return (u64)access << 40 | flags;
}

/* A task state segment's descriptor has two words. */
static void
tssdesc(u64 *d, const Tss *t)
{
	u64 base = (u64)(uintptr)t;

	d[0] = (sizeof *t - 1) | (base & 0xffffff) << 16 | (u64)SegTss << 40 | (base >> 24 & 0xff) << 56;
	d[1] = base >> 32;
}

/* Segments, task state and GS of this processor. At KZERO its interrupt stacks stand above guard pages (C5).
 */
void
gdtinit(Cpu *c)
{
	Gdtr r = {sizeof c->gdt - 1, (u64)(uintptr)c->gdt};
	Mach *m = &c->mach;

	memset(c->gdt, 0, sizeof c->gdt);
	c->gdt[KESEG] = segment(SegCode, SegLong);
	c->gdt[KDSEG] = segment(SegData, 0);
	c->gdt[UE32SEG] = segment((SegCode | SegUser) & ~SegPresent, 0);
	c->gdt[UDSEG] = segment(SegData | SegUser, 0);
	c->gdt[UESEG] = segment(SegCode | SegUser, SegLong);
	memset(&c->tss, 0, sizeof c->tss);
	c->tss.iomap = sizeof c->tss; /* behind the end: no ports for users */
	for (int i = 0; i < NIst; i++)
		c->tss.ist[i] = cpuhigh() ? KSTACKTOP(1 + i) : (u64)(uintptr)(iststack[i] + IstSize);
	tssdesc(&c->gdt[TSSSEG], &c->tss);
	m->self = m;
	m->port = c;
	gdtload(&r, TSSSEL);
	wrmsr(MsrGsbase, (u64)(uintptr)m);
	wrmsr(MsrKernGsbase, 0);
}

static u8
istof(int vec)
{
	switch (vec) {
	case VecDf:
		return IstDf;
	case VecNmi:
		return IstNmi;
	case VecMc:
		return IstMc;
	default:
		return 0;
	}
}

/* All 256 gates: interrupts off on the way in; a program may only ask for a breakpoint itself. */
void
idtinit(void)
{
	Gdtr r = {sizeof idt - 1, (u64)(uintptr)idt};

	for (int i = 0; i < NVec; i++) {
		u64 pc = (u64)(uintptr)vectors + (u64)(StubSize * i);
		idt[i] = (Gate){.low = (u16)pc,
				.sel = KESEL,
				.ist = istof(i),
				.type = (u8)(GateInt | (i == VecBp ? SegUser : 0)),
				.mid = (u16)(pc >> 16),
				.high = (u32)(pc >> 32)};
	}
	__asm__ volatile("lidt %0" : : "m"(r));
}

/* Fast system calls; what a program may have set in its flags is off on the way in. */
void
syscallinit(void)
{
	u64 entry = (u64)(uintptr)(cpufeat.smap ? syscallentrysmap : syscallentry);

	wrmsr(MsrEfer, rdmsr(MsrEfer) | EferSce);
	wrmsr(MsrStar, (u64)UE32SEL << 48 | (u64)KESEL << 32);
	wrmsr(MsrLstar, entry);
	wrmsr(MsrCstar, entry); /* nobody can come by this way, and if one does he finds a door */
	wrmsr(MsrSfmask, FLAGIF | FlagDF | FlagTF | FlagAC | FlagNT);
	wrmsr(MsrFsbase, 0);
}
