/*
 * machine.h: what programs know of their processor, x86_64: the cycle counter, the registers of a note.
 */
#pragma once

static inline u64
rdtsc(void)
{
	u32 lo, hi;
	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (u64)hi << 32 | lo;
}

/* A Plan 9 note handler's view of the registers [PLAN9-ABI 3.5]. */
typedef struct Ureg Ureg;
struct Ureg {
	u64 ax, bx, cx, dx, si, di, bp, r8, r9, r10, r11, r12, r13, r14, r15;
	u16 ds, es, fs, gs;
	u64 type, error, pc, cs, flags, sp, ss;
};

/* The first instructions in user mode: the counter, a stack as C wants it. */
#define INITSTART                                                                                            \
	"\trdtsc\n\tshl $32, %rdx\n\tlea (%rdx,%rax), %rdi\n"                                                \
	"\txor %ebp, %ebp\n\tand $-16, %rsp\n\tcall initmain\n"
