/*
 * banner.c: exceptions and page faults in words. Both lives and the host; pure.
 * The bits of a page fault's error code stand as PWURI: present, write, user, reserved, instruction
 * [SDM 3A 4.7].
 */
#include "machine/banner.h"
#include "lib.h"

enum { ErrPresent = 1, ErrWrite = 2, ErrUser = 4, ErrReserved = 8, ErrFetch = 16 };

static const char *const names[32] = {
    "divide error",
    "debug exception",
    "nonmaskable interrupt",
    "breakpoint",
    "overflow",
    "bounds check",
    "invalid opcode",
    "coprocessor not available",
    "double fault",
    "coprocessor segment overrun",
    "invalid TSS",
    "segment not present",
    "stack exception",
    "general protection violation",
    "page fault",
    "15 (reserved)",
    "coprocessor error",
    "alignment check",
    "machine check",
    "simd error",
    "20 (reserved)",
    "21 (reserved)",
    "22 (reserved)",
    "23 (reserved)",
    "24 (reserved)",
    "25 (reserved)",
    "26 (reserved)",
    "27 (reserved)",
    "28 (reserved)",
    "29 (reserved)",
    "30 (reserved)",
    "31 (reserved)",
};

const char *
excname(u64 vec)
{
	return vec < nelem(names) ? names[vec] : "interrupt";
}

static const char *
kind(u64 e)
{
	if (e & ErrReserved)
		return "RESERVED BIT VIOLATION";
	return e & ErrPresent ? "PROTECTION VIOLATION" : "PAGE NOT PRESENT";
}

static const char *
access(u64 e)
{
	return e & ErrFetch ? "EXECUTE" : e & ErrWrite ? "WRITE" : "READ";
}

usize
faultbanner(const Banner *b, char *d, usize n)
{
	static const char letters[] = "PWURI";
	char bits[6];

	for (u32 i = 0; i < 5; i++)
		bits[i] = b->error >> i & 1 ? letters[i] : '-';
	bits[5] = 0;
	return snformat(d, n,
			"trap: ========== PAGE FAULT ==========\n"
			"trap: Fault Type: %s\n"
			"trap: Access Type: %s\n"
			"trap: Fault Addr: 0x%016llx\n"
			"trap: Instruction: 0x%016llx\n"
			"trap: Privilege: %s MODE (CPL=%d, access by %s)\n"
			"trap: Error Code: 0x%04llx (%s)\n"
			"trap: CR0 %08llx CR2 %016llx CR3 %016llx CR4 %08llx up 0x%llx\n",
			kind(b->error), access(b->error), b->addr, b->pc, b->cpl == 3 ? "USER" : "KERNEL",
			b->cpl, b->error & ErrUser ? "user" : "supervisor", b->error, bits, b->cr0, b->cr2,
			b->cr3, b->cr4, (u64)(uintptr)b->proc);
}
