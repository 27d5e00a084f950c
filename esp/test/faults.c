/*
 * faults.c: what a program may not do kills it, with 9front's words, and nobody else (N4, N7, Q5).
 */
#include "check.h"
#include "forbid.h"

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
	volatile u8 code[16] = {RETURN};

	goaround(code);
}

static void
datajump(void)
{
	static volatile u8 code[16] = {RETURN};

	goaround(code);
}

static void
beyondbss(void)
{
	*(volatile char *)(end + 64 * MiB) = 1;
}

static void
undefined(void)
{
	UNDEFINED();
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
	checkend("N7_undefined", undefined, "sys: trap: invalid opcode pc=0x");
#define F(name, fn, note) checkend(name, fn, note);
	FORBIDDEN(F)
#undef F
	checkend("O5_unknown_call", nosuchcall, "sys: bad sys call");
	checkend("N3_stack_overflow", deepstack, "sys: trap: fault ");
	checkend("N3_stack_grows_to_15_MiB", growstack, "");
	testend();
}
