/*
 * faults.c: what a program may not do kills it, with 9front's words, and nobody else (N4, N7, Q5).
 */
#include "check.h"

static const int constant = 3;
extern char end[];

static void
nullread(void)
{
	*(volatile int *)nil;
}

static void
nullwrite(void)
{
	*(volatile int *)8 = 1;
}

static void
kernelread(void)
{
	*(volatile u64 *)0xffffffff80000000ull;
}

static void
kernelwrite(void)
{
	*(volatile u64 *)0xffff800000000000ull = 1;
}

static void
kerneljump(void)
{
	((void (*)(void))0xffffffff80001000ull)();
}

static void
noncanonical(void)
{
	*(volatile u64 *)0x8000000000000000ull;
}

static void
textwrite(void)
{
	*(volatile char *)(uintptr)textwrite = 1;
}

static void
rodatawrite(void)
{
	*(volatile int *)(uintptr)&constant = 4;
}

/* Call bytes, behind the compiler's back. */
static void
goaround(volatile u8 *code)
{
	void (*volatile f)(void) = (void (*)(void))(uintptr)code;

	f();
}

static void
stackjump(void)
{
	volatile u8 code[16] = {0xc3};

	goaround(code);
}

static void
datajump(void)
{
	static volatile u8 code[16] = {0xc3};

	goaround(code);
}

static void
beyondbss(void)
{
	*(volatile char *)(end + 64 * MiB) = 1;
}

static void
divide(void)
{
	__asm__ volatile("xor %%edx, %%edx\n\tmov $1, %%eax\n\txor %%ecx, %%ecx\n\tdiv %%ecx" ::
			     : "eax", "edx", "ecx");
}

static void
undefined(void)
{
	__asm__ volatile("ud2");
}

static void
breakpoint(void)
{
	__asm__ volatile("int3");
}

static void
cli(void)
{
	__asm__ volatile("cli");
}

static void
hlt(void)
{
	__asm__ volatile("hlt");
}

static void
portio(void)
{
	__asm__ volatile("outb %%al, $0x80" ::: "memory");
}

static void
readcr3(void)
{
	__asm__ volatile("mov %%cr3, %%rax" ::: "rax");
}

static void
invlpg(void)
{
	__asm__ volatile("invlpg (%%rsp)" ::: "memory");
}

/* Into a 32-bit code segment, and SYSCALL there. */
static void
compat(void)
{
	__asm__ volatile("ljmp *1f(%%rip)\n"
			 "1: .long 2f\n"
			 ".word 0x1b\n"
			 "2: syscall" ::
			     : "memory");
}

static void
badgate(void)
{
	__asm__ volatile("int $0x40");
}

static void
badstack(void)
{
	__asm__ volatile("mov $0x1000, %rsp\n\tpush %rax");
}

static void
syscallbadstack(void)
{
	__asm__ volatile("mov $0x1000, %rsp\n\tmov $4, %ebp\n\tsyscall\n\tud2");
}

static void
nosuchcall(void)
{
	rawcall(200, 0, 0, 0, 0, 0);
}

static volatile bool enough; /* never */

static void
deepstack(void)
{
	volatile char big[65536];

	big[0] = 1;
	big[sizeof big - 1] = 2;
	if (!enough)
		deepstack();
	big[1] = 3;
}

/* 15 MiB of stack are there for the taking. */
static void
growstack(void)
{
	char *p = (char *)__builtin_frame_address(0);

	for (usize i = 4096; i < 15 * MiB; i += 4096)
		*(volatile char *)(p - i) = 1;
}

void
main(int argc, char **argv)
{
	(void)argc, (void)argv;
	checkend("N7_null_read", nullread, "sys: trap: fault read addr=0x0 pc=0x");
	checkend("N7_null_write", nullwrite, "sys: trap: fault write addr=0x8 pc=0x");
	checkend("N7_kernel_read", kernelread, "sys: trap: fault read addr=0xffffffff80000000");
	checkend("N7_kernel_write", kernelwrite, "sys: trap: fault write addr=0xffff800000000000");
	checkend("N7_kernel_jump", kerneljump, "sys: trap: fault read addr=0xffffffff80001000");
	checkend("N7_non_canonical", noncanonical, "sys: trap: ");
	checkend("N4_write_to_text_is_killed", textwrite, "sys: trap: fault write addr=0x2");
	checkend("N4_write_to_constants_is_killed", rodatawrite, "sys: trap: fault write addr=0x2");
	checkend("N4_jump_to_stack_is_killed", stackjump, "sys: trap: fault read addr=0x7f");
	checkend("N4_jump_to_data_is_killed", datajump, "sys: trap: fault read addr=0x");
	checkend("N7_beyond_bss", beyondbss, "sys: trap: fault write addr=0x");
	checkend("N7_divide", divide, "sys: trap: divide error pc=0x");
	checkend("N7_undefined", undefined, "sys: trap: invalid opcode pc=0x");
	checkend("N7_breakpoint", breakpoint, "sys: breakpoint");
	checkend("N7_cli", cli, "sys: trap: general protection violation pc=0x");
	checkend("N7_hlt", hlt, "sys: trap: general protection violation");
	checkend("N7_port_io", portio, "sys: trap: general protection violation");
	checkend("N7_read_cr3", readcr3, "sys: trap: general protection violation");
	checkend("N7_invlpg", invlpg, "sys: trap: general protection violation");
	checkend("N7_bad_gate", badgate, "sys: trap: ");
	checkend("N7_compatibility_mode_is_closed", compat, "sys: trap: ");
	checkend("N7_bad_stack", badstack, "sys: trap: fault write addr=0x");
	checkend("N6_call_with_a_bad_stack", syscallbadstack, "sys: bad address in syscall");
	checkend("O5_unknown_call", nosuchcall, "sys: bad sys call");
	checkend("N3_stack_overflow", deepstack, "sys: trap: fault ");
	checkend("N3_stack_grows_to_15_MiB", growstack, "");
	testend();
}
