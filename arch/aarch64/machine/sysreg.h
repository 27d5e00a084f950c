/*
 * sysreg.h: system registers, with the bits that we name [ARM ARM D17.2].
 */
#pragma once

#include "u.h"

#define SYSREG(name)                                                                                         \
	static inline u64 get_##name(void)                                                                   \
	{                                                                                                    \
		u64 v;                                                                                       \
		__asm__ volatile("mrs %0, " #name : "=r"(v) : : "memory");                                   \
		return v;                                                                                    \
	}
#define SYSREGW(name)                                                                                        \
	SYSREG(name)                                                                                         \
	static inline void put_##name(u64 v)                                                                 \
	{                                                                                                    \
		__asm__ volatile("msr " #name ", %0" : : "r"(v) : "memory");                                 \
	}
SYSREG(currentel)
SYSREG(midr_el1)
SYSREG(mpidr_el1)
SYSREG(id_aa64pfr0_el1)
SYSREG(id_aa64mmfr0_el1)
SYSREG(id_aa64mmfr1_el1)
SYSREG(ctr_el0)
SYSREG(cntfrq_el0)
SYSREG(esr_el1)
SYSREG(far_el1)
SYSREG(hcr_el2)
SYSREG(sctlr_el2)
SYSREG(tcr_el2)
SYSREG(mair_el2)
SYSREG(ttbr0_el2)
SYSREGW(vbar_el2)
SYSREGW(vbar_el1)
SYSREGW(sctlr_el1)
SYSREGW(tcr_el1)
SYSREGW(mair_el1)
SYSREGW(ttbr0_el1)
SYSREGW(ttbr1_el1)
SYSREGW(tpidr_el1)
SYSREGW(cpacr_el1)
SYSREGW(cntkctl_el1)
SYSREGW(cntv_cval_el0)
SYSREGW(cntv_ctl_el0)
#undef SYSREG
#undef SYSREGW

static inline void
isb(void)
{
	__asm__ volatile("isb" : : : "memory");
}

static inline void
dsb(void)
{
	__asm__ volatile("dsb sy" : : : "memory");
}

static inline int
currentel(void)
{
	return (int)(get_currentel() >> 2 & 3);
}

/* Four bits of an identification register. */
static inline u32
idfield(u64 reg, int shift)
{
	return (u32)(reg >> shift & 15);
}

enum { /* fields of identification registers */
       Pfr0Fp = 16,
       Pfr0Simd = 20,
       Pfr0Gic = 24,
       Mmfr0PaRange = 0,
       Mmfr0AsidBits = 4,
       Mmfr0Tgran4 = 28,
       Mmfr1Pan = 20,
       IdNone = 15,
};

enum { /* SCTLR_EL1 */
       SctlrM = 1 << 0,
       SctlrC = 1 << 2,
       SctlrSa = 1 << 3,
       SctlrSa0 = 1 << 4,
       SctlrEos = 1 << 11,
       SctlrI = 1 << 12,
       SctlrDze = 1 << 14,
       SctlrUct = 1 << 15,
       SctlrWxn = 1 << 19,
       SctlrTscxt = 1 << 20,
       SctlrEis = 1 << 22,
       SctlrSpan = 1 << 23,
       SctlrUci = 1 << 26,
       SctlrNtlsmd = 1 << 28,
       SctlrLsmaoe = 1 << 29,
};

enum { VaBits = 47, TcrSz = 64 - VaBits };			  /* of each half: the picture of layout.h */
#define TCRHALF	    (TcrSz | 1ull << 8 | 1ull << 10 | 3ull << 12) /* tables write-back, inner shareable */
#define TCRVALUE    (TCRHALF | TCRHALF << 16 | 2ull << 30)	  /* 4 KiB granules in both halves */
#define TcrIpsShift 32
#define TcrIpsMax   5 /* 48 bits */
/* The upper half of a root table is its last 256 entries: what TTBR1 points to. */
#define TTBR1OFFSET 2048

/* Memory types by index, in the order of enum Memtype: write-back, non-cacheable, nGnRE, write-through. */
#define MAIRVALUE 0xbb0444ffull

#define HCRRW  (1ull << 31)
#define HCRE2H (1ull << 34)
#define HCRAPI (3ull << 40) /* pointer authentication is not trapped */

enum { FpenNone = 0, FpenAll = 3 << 20 };
enum { KctlVct = 1 << 1 }; /* programs may read the counter */
enum { TimerOn = 1, TimerMasked = 2 };

enum { /* exception classes [ARM ARM D17.2.37] */
       EcUnknown = 0x00,
       EcWfx = 0x01,
       EcFp = 0x07,
       EcIllegal = 0x0e,
       EcSvc = 0x15,
       EcSysreg = 0x18,
       EcIabtUser = 0x20,
       EcIabt = 0x21,
       EcPcAlign = 0x22,
       EcDabtUser = 0x24,
       EcDabt = 0x25,
       EcSpAlign = 0x26,
       EcFpExc = 0x2c,
       EcSerror = 0x2f,
       EcBreakUser = 0x30,
       EcBreak = 0x31,
       EcStepUser = 0x32,
       EcStep = 0x33,
       EcWatchUser = 0x34,
       EcWatch = 0x35,
       EcBrk = 0x3c,
       EsrEcShift = 26,
       EsrWrite = 1 << 6,
       EsrFnv = 1 << 10,
       EsrFsc = 0x3f,
};
enum { PsrUser = 0, PsrModeMask = 0x1f, PsrKernel = 0x3c5 }; /* EL0; EL1 with its own stack, all masked */
