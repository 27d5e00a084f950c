/*
 * forbid.h: instructions that a program may not run on x86_64, or that trap: each in a function, with the
 * note that it must end with. For faults.c.
 */
#pragma once

static void
divide(void)
{
	__asm__ volatile("xor %%edx, %%edx\n\tmov $1, %%eax\n\txor %%ecx, %%ecx\n\tdiv %%ecx" ::
			     : "eax", "edx", "ecx");
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

#define FORBIDDEN(F)                                                                                         \
	F("N7_divide", divide, "sys: trap: divide error pc=0x")                                              \
	F("N7_breakpoint", breakpoint, "sys: breakpoint")                                                    \
	F("N7_cli", cli, "sys: trap: general protection violation pc=0x")                                    \
	F("N7_hlt", hlt, "sys: trap: general protection violation")                                          \
	F("N7_port_io", portio, "sys: trap: general protection violation")                                   \
	F("N7_read_cr3", readcr3, "sys: trap: general protection violation")                                 \
	F("N7_invlpg", invlpg, "sys: trap: general protection violation")                                    \
	F("N7_bad_gate", badgate, "sys: trap: ")                                                             \
	F("N7_compatibility_mode_is_closed", compat, "sys: trap: ")                                          \
	F("N7_bad_stack", badstack, "sys: trap: fault write addr=0x")                                        \
	F("N6_call_with_a_bad_stack", syscallbadstack, "sys: bad address in syscall")
