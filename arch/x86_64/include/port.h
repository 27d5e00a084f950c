/*
 * port.h: the public words of the x86_64 port; reached through arch.h alone.
 */
#pragma once

struct Ureg { /* Plan 9's amd64 trap frame, 184 bytes [PLAN9-ABI 3.5] */
	u64 ax, bx, cx, dx, si, di, bp, r8, r9, r10, r11, r12, r13, r14, r15;
	u16 ds, es, fs, gs;
	u64 type, error, pc, cs, flags, sp, ss;
};
_Static_assert(sizeof(struct Ureg) == 184, "Plan 9's Ureg");

static inline struct Mach *
machp(void)
{
	struct Mach *mp;
	__asm__("movq %%gs:0, %0" : "=r"(mp));
	return mp;
}

static inline u64
cycles(void)
{
	u32 lo, hi;
	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (u64)hi << 32 | lo;
}
