/*
 * doors.c: the kernel's doors tried from user mode: registers over calls and interrupts, odd flags, stack
 * pointers and return addresses that are not what they should be (K3, K4).
 */
#include "check.h"

enum { Calls = 30000, NReg = 13, FlagTf = 1 << 8, FlagDf = 1 << 10, FlagAc = 1 << 18, FlagNt = 1 << 14 };

u64 after[NReg]; /* assembly writes them */
u64 flagsafter;

/*
 * Every register but RSP, RAX, RCX, R11 gets a value of its own, RBP the number of sysr1 (0), then SYSCALL
 * with `flags` set; the registers are kept in `after`, the flags in flagsafter.
 */
static void
callwith(u64 flags)
{
	for (u32 i = 0; i < NReg; i++)
		after[i] = 0;
	__asm__ volatile(
	    "push %%rbx; push %%rbp; push %%r12; push %%r13; push %%r14; push %%r15\n\t"
	    "sub $64, %%rsp\n\t"
	    "mov $0x1111111111111111, %%rbx; mov $0x2222222222222222, %%rdx\n\t"
	    "mov $0x3333333333333333, %%rsi; mov $0x4444444444444444, %%rdi\n\t"
	    "mov $0x5555555555555555, %%r8; mov $0x6666666666666666, %%r9\n\t"
	    "mov $0x7777777777777777, %%r10; mov $0x8888888888888888, %%r12\n\t"
	    "mov $0x9999999999999999, %%r13; mov $0xaaaaaaaaaaaaaaaa, %%r14\n\t"
	    "mov $0xbbbbbbbbbbbbbbbb, %%r15; xor %%ebp, %%ebp\n\t"
	    "push %0; popfq\n\t"
	    "syscall\n\t"
	    "pushfq; pop flagsafter\n\t"
	    "push $2; popfq\n\t"
	    "mov %%rbx, after+0; mov %%rdx, after+8; mov %%rsi, after+16; mov %%rdi, after+24\n\t"
	    "mov %%r8, after+32; mov %%r9, after+40; mov %%r10, after+48; mov %%r12, after+56\n\t"
	    "mov %%r13, after+64; mov %%r14, after+72; mov %%r15, after+80; mov %%rbp, after+88\n\t"
	    "add $64, %%rsp\n\t"
	    "pop %%r15; pop %%r14; pop %%r13; pop %%r12; pop %%rbp; pop %%rbx"
	    :
	    : "a"(flags | 2)
	    : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
}

/* Did the last callwith() keep them all? */
static bool
kept(void)
{
	for (u64 i = 0; i < 11; i++)
		if (after[i] != (i + 1) * 0x1111111111111111ull)
			return false;
	return after[11] == 0;
}

static void
registers(void)
{
	u32 bad = 0;

	for (u32 i = 0; i < Calls; i++) {
		callwith(0);
		bad += !kept();
	}
	check(bad == 0, "K3_registers_over_calls", "%u of %u calls changed one", bad, Calls);
}

static void
flags(void)
{
	static const u32 f[] = {FlagDf, FlagAc, FlagNt, FlagDf | FlagAc | FlagNt, 0xcd5};
	u32 bad = 0;

	for (u32 i = 0; i < sizeof f / sizeof f[0]; i++) {
		callwith(f[i]);
		bad += !kept() || (flagsafter & f[i]) != f[i];
	}
	check(bad == 0, "K3_odd_flags_are_the_programs_own", "%u kinds", bad);
}

/* Registers over interrupts: the loop runs long enough for several ticks. */
static void
ticks(void)
{
	u64 bad = 0;

	__asm__ volatile("mov $0x0123456789abcdef, %%r8; mov %%r8, %%r9; mov %%r8, %%r10; mov %%r8, %%r11\n\t"
			 "mov %%r8, %%rdx; mov %%r8, %%rsi; mov %%r8, %%rdi; mov $60000000, %%rcx\n"
			 "1:\tdec %%rcx; jnz 1b\n\t"
			 "xor %%eax, %%eax\n\t"
			 "cmp %%r8, %%r9; setne %%al; xor %%r8, %%r10; xor %%r8, %%r11; xor %%r8, %%rdx\n\t"
			 "xor %%r8, %%rsi; xor %%r8, %%rdi\n\t"
			 "or %%r10, %%rax; or %%r11, %%rax; or %%rdx, %%rax; or %%rsi, %%rax; or %%rdi, %%rax"
			 : "=a"(bad)
			 :
			 : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "cc");
	check(bad == 0, "K3_registers_over_interrupts", "%#llx", bad);
}

static void
singlestep(void)
{
	callwith(FlagTf);
}

/* SYSCALL as the last bytes below the user's end: what follows is no address of the low half. */
static void
lastbytes(void)
{
	__asm__ volatile("jmp *%0" : : "r"(0x00007ffffffffffeull));
}

static void
highstack(void)
{
	__asm__ volatile("xor %%ebp, %%ebp; mov %0, %%rsp; syscall; mov $8, %%ebp; syscall"
			 :
			 : "r"(0xffff800000001000ull));
}

static void
noncanonicalstack(void)
{
	__asm__ volatile("xor %%ebp, %%ebp; mov %0, %%rsp; syscall; ud2" : : "r"(0x0123456789abcdefull));
}

/* A move to SS holds traps off for one instruction: the breakpoint behind it must not arrive in the kernel.
 */
static void
movss(void)
{
	u16 ss;

	__asm__ volatile("mov %%ss, %0" : "=r"(ss));
	__asm__ volatile("mov %0, %%ss; int3" : : "r"(ss));
}

static void
gate(void)
{
	__asm__ volatile("int $0x40");
}

static void
userirq(void)
{
	__asm__ volatile("int $0x30");
}

void
main(int argc, char **argv)
{
	(void)argc, (void)argv;
	registers();
	flags();
	ticks();
	checkend("K4_trap_flag_over_a_call", singlestep, "sys: debug exception");
	checkend("K4_syscall_at_the_end_of_the_low_half", lastbytes, "sys: trap: ");
	checkend("K4_kernel_stack_pointer", highstack, "sys: bad address in syscall");
	checkend("K4_non_canonical_stack_pointer", noncanonicalstack, "sys: bad address in syscall");
	checkend("K2_breakpoint_behind_mov_ss", movss, "sys: breakpoint");
	checkend("K2_old_call_gate", gate, "sys: trap: general protection violation");
	checkend("K2_interrupt_vector_by_hand", userirq, "sys: trap: general protection violation");
	testend();
}
