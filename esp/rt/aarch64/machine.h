/*
 * machine.h: what programs know of their processor, aarch64: the counter, the registers of a note.
 */
#pragma once

static inline u64
rdtsc(void)
{
	u64 v;
	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(v));
	return v;
}

/* A Plan 9 note handler's view of the registers [PLAN9-ABI 8]. */
typedef struct Ureg Ureg;
struct Ureg {
	u64 r[31];
	u64 sp, pc, psr, type;
};

/* The first instructions in user mode: the counter, a stack as C wants it. */
#define INITSTART                                                                                            \
	"\tmrs x0, cntvct_el0\n\tmov x9, sp\n\tand x9, x9, #-16\n\tmov sp, x9\n"                             \
	"\tmov x29, xzr\n\tmov x30, xzr\n\tbl initmain\n"
