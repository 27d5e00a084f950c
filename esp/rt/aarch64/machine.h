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

/* For tests: an instruction that is none, and its length; the bytes of a return. */
#define UNDEFINED()   __asm__ volatile("udf #0")
#define UNDEFINEDSIZE 4
#define RETURN	      0xc0, 0x03, 0x5f, 0xd6

/* For notestest.c: registers over an undefined instruction; what a handler may not set; NSAVE's way. */
#define FOURREGISTERS(a, b, c, d)                                                                            \
	__asm__ volatile("mov x19, #0x1111\n\tmov x27, #0x2222\n\tmov x14, #0x3333\n\tmov x4, #0x4444\n\t"   \
			 "udf #0\n\tstr x19, %0\n\tstr x27, %1\n\tstr x14, %2\n\tstr x4, %3"                 \
			 : "=m"(a), "=m"(b), "=m"(c), "=m"(d)                                                \
			 :                                                                                   \
			 : "x19", "x27", "x14", "x4", "memory")
#define EVILFLAGS(u) ((u)->psr |= 0x3c5 | 1 << 20 | 1 << 21) /* EL1, all masked, illegal state, stepping */

/* A program cannot see its mode: that it runs on is the answer. */
static inline bool
flagsclean(void)
{
	return true;
}

#define KEPT r[19]
#define SAVEDIN                                                                                              \
	".globl saved\nsaved: mov x9, sp\n\tldr x0, [x9, #8]\n\tldr x1, [x9, #16]\n\tmov x2, x19\n"          \
	"\tsub x3, x0, x9\n\tand x9, x9, #-16\n\tmov sp, x9\n\tbl savedin\n"

/* For fpu.c: one register from memory and back; the control word of a fresh state. */
#define FPLOAD(n, m)  __asm__ volatile("ldr q" #n ", %0" : : "m"(m))
#define FPSTORE(n, m) __asm__ volatile("str q" #n ", %0" : "=m"(m))
#define FPCONTROL     0

static inline u64
fpcontrol(void)
{
	u64 v;

	__asm__ volatile("mrs %0, fpcr" : "=r"(v));
	return v;
}
