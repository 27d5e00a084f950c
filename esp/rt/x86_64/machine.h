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

/* For tests: an instruction that is none, and its length; the bytes of a return. */
#define UNDEFINED()   __asm__ volatile("ud2")
#define UNDEFINEDSIZE 2
#define RETURN	      0xc3

/* For notestest.c: registers over an undefined instruction; what a handler may not set; NSAVE's way. */
#define FOURREGISTERS(a, b, c, d)                                                                            \
	__asm__ volatile(                                                                                    \
	    "mov $0x1111, %%rbx\n\tmov $0x2222, %%r12\n\tmov $0x3333, %%r14\n\tmov $0x4444, %%rsi\n\t"       \
	    "ud2\n\tmov %%rbx, %0\n\tmov %%r12, %1\n\tmov %%r14, %2\n\tmov %%rsi, %3"                        \
	    : "=m"(a), "=m"(b), "=m"(c), "=m"(d)                                                             \
	    :                                                                                                \
	    : "rbx", "r12", "r14", "rsi", "memory")
#define EVILFLAGS(u) ((u)->flags |= 0x7100, (u)->cs = 8, (u)->ss = 16) /* IOPL, TF, NT */

static inline bool
flagsclean(void)
{
	u64 fl;

	__asm__ volatile("pushf\n\tpop %0" : "=r"(fl));
	return (fl & 0x7100) == 0;
}

#define KEPT bx
#define SAVEDIN                                                                                              \
	".globl saved\nsaved: mov 8(%rsp), %rdi\n\tmov 16(%rsp), %rsi\n\tmov %rbx, %rdx\n"                   \
	"\tsub %rsp, %rdi; mov %rdi, %rcx; add %rsp, %rdi\n\tand $-16, %rsp\n\tcall savedin\n"

/* For fpu.c: one register from memory and back; the control words of a fresh state; a division by zero. */
#define FPLOAD(n, m)  __asm__ volatile("movdqa %0, %%xmm" #n : : "m"(m))
#define FPSTORE(n, m) __asm__ volatile("movdqa %%xmm" #n ", %0" : "=m"(m))
#define FPCONTROL     0x02321900 /* x87's, MXCSR without its flags */
#define FPDIVIDE      1

static inline u64
fpcontrol(void)
{
	u32 mxcsr;
	u16 fcw;

	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	__asm__ volatile("fnstcw %0" : "=m"(fcw));
	return (u64)fcw << 16 | (mxcsr & ~0x3fu);
}

static inline void
fpdivide(void)
{
	__asm__ volatile("fld1\n\tfldz\n\tfdivrp\n\tfwait" : : : "st", "st(1)");
}
