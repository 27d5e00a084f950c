/*
 * cpu.h: the processor's own words: control registers, MSRs, CPUID, descriptors; what the port keeps
 * for each processor. [SDM 3A 2.5, 3.4, 6.14, 7.7; SDM 4 2]
 */
#pragma once

#include "mm.h"
#include "machine/creg.h"

enum { /* control registers: beside those of creg.h */
       Cr0Mp = 1 << 1,
       Cr0Em = 1 << 2,
       Cr0Ts = 1 << 3,
       Cr0Ne = 1 << 5,
       Cr4Tsd = 1 << 2,
       Cr4De = 1 << 3,
       Cr4Pae = 1 << 5,

       Cr4Mce = 1 << 6,
       Cr4Pce = 1 << 8,
       Cr4Osfxsr = 1 << 9,
       Cr4Osxmmexcpt = 1 << 10,
       Cr4Fsgsbase = 1 << 16,
       Cr4Osxsave = 1 << 18,
};

enum { MsrX2apic = 0x800 }; /* register r of the APIC page is MSR 0x800 + r/16 */
#define MsrStar	      0xc0000081u
#define MsrLstar      0xc0000082u
#define MsrCstar      0xc0000083u
#define MsrSfmask     0xc0000084u
#define MsrFsbase     0xc0000100u
#define MsrGsbase     0xc0000101u
#define MsrKernGsbase 0xc0000102u

enum { ApicBaseX2 = 1 << 10, ApicBaseOn = 1 << 11 };
enum { FlagTF = 1 << 8, FlagDF = 1 << 10, FlagNT = 1 << 14, FlagAC = 1 << 18 };

enum { /* descriptors of the GDT, by index: 9front's [SDM 3A 3.4.5] */
       KESEG = 1,
       KDSEG = 2,
       UE32SEG = 3,
       UDSEG = 4,
       UESEG = 5,
       TSSSEG = 8,
       NGDT = 10,

       KESEL = KESEG << 3,
       KDSEL = KDSEG << 3,
       UE32SEL = UE32SEG << 3 | 3,
       UDSEL = UDSEG << 3 | 3,
       UESEL = UESEG << 3 | 3,
       TSSSEL = TSSSEG << 3,
};

enum { /* vectors */
       VecDe = 0,
       VecDb = 1,
       VecNmi = 2,
       VecBp = 3,
       VecUd = 6,
       VecNm = 7,
       VecDf = 8,
       VecGp = 13,
       VecPf = 14,
       VecMf = 16,
       VecMc = 18,
       VecXm = 19,
       NVecCpu = 32, /* exceptions below, interrupts from here on */
       VecPic = 32,  /* where the old controllers are put, silenced */
       VecTimer = 48,
       VecIoapic = 64, /* + global interrupt number */
       VecSpurious = 255,
       NVec = 256,
};

enum { IstDf = 1, IstNmi, IstMc, NIst = 3, IstSize = 4096 };

typedef struct Tss Tss;
typedef struct Cpu Cpu;

struct PACKED Tss { /* [SDM 3A 7.7] */
	u32 pad0;
	u64 rsp[3];
	u64 pad1;
	u64 ist[7];
	u64 pad2;
	u16 pad3;
	u16 iomap;
};
_Static_assert(sizeof(Tss) == 104, "the processor's task state segment");

struct Cpu { /* one for each processor; Mach.port points here */
	Mach mach;
	u64 gdt[NGDT];
	Tss tss ALIGNED(16);
	u32 apicid;
};

typedef struct CpuFeat CpuFeat;
struct CpuFeat { /* what the boot processor has; set by cpuinit0 */
	bool nx, smep, smap, umip, pge, xsave, xsaveopt, x2apic, hypervisor;
	u32 xsavesize; /* bytes of a save area */
	u64 xcr0;
};
extern CpuFeat cpufeat;
extern u8 usersmap; /* usercopy.S opens SMAP's door by it */

/* gdt.c */
Cpu *bootcpu(void);
void gdtinit(Cpu *c);
void idtinit(void);
void syscallinit(void);
/* cpu.c */
bool cpuhigh(void); /* do we run at KZERO already? */
void cpuinit0(void);
/* fpu.c */
void fpuinit0(void);
bool fptrap(Ureg *u); /* the first use in a process; false: not that */
const char *fperror(const Ureg *u, u64 *pc, u32 *status);
void fpswitch(FPuser *fp);
/* trap.c */
bool trapfixup(Ureg *u); /* fault in a guarded instruction: go on at its other way */
void trapenable(u32 vec, Intrfn *f, void *arg, const char *name);
/* vectors.S, usercopy.S */
extern char vectors[], syscallentry[], syscallentrysmap[];
void gdtload(const void *gdtr, u32 tss);
/* One word of kernel memory that may not be there: false, and *v untouched, if it is not. */
bool probe(u64 va, u64 *v);

/* a * b / c through 128 bits; the caller knows that it fits into 64. */
static inline u64
muldiv(u64 a, u64 b, u64 c)
{
	u64 lo, hi;
	__asm__("mulq %3" : "=a"(lo), "=d"(hi) : "a"(a), "r"(b) : "cc");
	__asm__("divq %3" : "=a"(lo), "+d"(hi) : "a"(lo), "r"(c) : "cc");
	return lo;
}

typedef struct Cpuid Cpuid;
struct Cpuid {
	u32 a, b, c, d;
};

static inline Cpuid
cpuid(u32 leaf, u32 sub)
{
	Cpuid r;
	__asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(sub));
	return r;
}
