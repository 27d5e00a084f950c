/*
 * forbid.h: instructions that a program may not run on aarch64, or that trap: each in a function, with the
 * note that it must end with. For faults.c.
 */
#pragma once

static void
breakpoint(void)
{
	__asm__ volatile("brk #0");
}

static void
maskinterrupts(void)
{
	__asm__ volatile("msr daifset, #2" : : : "memory");
}

static void
waitinterrupt(void)
{
	__asm__ volatile("wfi" : : : "memory");
}

static void
readttbr(void)
{
	__asm__ volatile("mrs x0, ttbr0_el1" : : : "x0");
}

static void
flushtlb(void)
{
	__asm__ volatile("tlbi vmalle1" : : : "memory");
}

static void
hypervisorcall(void)
{
	__asm__ volatile("hvc #0" : : : "memory");
}

static void
badstack(void)
{
	__asm__ volatile("mov x0, #0x1000\n\tmov sp, x0\n\tstr x0, [sp]" : : : "x0", "memory");
}

static void
syscallbadstack(void)
{
	__asm__ volatile("mov x0, #0x1000\n\tmov sp, x0\n\tmov x0, #4\n\tsvc #0\n\tudf #0"
			 :
			 :
			 : "x0", "memory");
}

/* An odd stack pointer: the arguments are not where they can be. */
static void
syscalloddstack(void)
{
	__asm__ volatile("add sp, sp, #4\n\tmov x0, #4\n\tsvc #0\n\tudf #0" : : : "x0", "memory");
}

#define FORBIDDEN(F)                                                                                         \
	F("N7_breakpoint", breakpoint, "sys: breakpoint")                                                    \
	F("N7_mask_interrupts", maskinterrupts, "sys: trap: general protection violation pc=0x")             \
	F("N7_wait_for_interrupt", waitinterrupt, "sys: trap: general protection violation")                 \
	F("N7_read_ttbr", readttbr, "sys: trap: ")                                                           \
	F("N7_flush_tlb", flushtlb, "sys: trap: ")                                                           \
	F("N7_hypervisor_call", hypervisorcall, "sys: trap: ")                                               \
	F("N7_bad_stack", badstack, "sys: trap: fault write addr=0x")                                        \
	F("N6_call_with_a_bad_stack", syscallbadstack, "sys: bad address in syscall")                        \
	F("N6_call_with_an_odd_stack", syscalloddstack, "sys: bad address in syscall")
