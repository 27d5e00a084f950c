/*
 * creg.h: control registers and model-specific registers, with the bits that we name [SDM 3A 2.5, 4].
 */
#pragma once

#include "u.h"

#define Cr0Wp	 (1ull << 16)
#define Cr4Pge	 (1ull << 7)
#define Cr4Umip	 (1ull << 11)
#define Cr4La57	 (1ull << 12)
#define Cr4Pcide (1ull << 17)
#define Cr4Smep	 (1ull << 20)
#define Cr4Smap	 (1ull << 21)
#define Cr4Pke	 (1ull << 22)
#define Cr4Cet	 (1ull << 23)

enum {
	MsrApicBase = 0x1b,
	MsrPat = 0x277,
};
#define MsrEfer 0xc0000080u
#define EferSce (1ull << 0)
#define EferNxe (1ull << 11)

#define CREG(n)                                                                                              \
	static inline u64 getcr##n(void)                                                                     \
	{                                                                                                    \
		u64 v;                                                                                       \
		__asm__ volatile("movq %%cr" #n ", %0" : "=r"(v) : : "memory");                              \
		return v;                                                                                    \
	}                                                                                                    \
	static inline void putcr##n(u64 v)                                                                   \
	{                                                                                                    \
		__asm__ volatile("movq %0, %%cr" #n : : "r"(v) : "memory");                                  \
	}
CREG(0)
CREG(2)
CREG(3)
CREG(4)
#undef CREG

static inline u64
rdmsr(u32 msr)
{
	u32 lo, hi;
	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (u64)hi << 32 | lo;
}

static inline void
wrmsr(u32 msr, u64 v)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
}
