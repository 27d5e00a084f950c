/*
 * port.h: the public words of the host port, under the host tests: one processor, a cycle counter
 * that only moves when looked at, a trap frame that nothing fills.
 */
#pragma once

struct Ureg {
	u64 pc, sp;
};

extern struct Mach hostmach; /* tests/host/hostlib.c */

static inline struct Mach *
machp(void)
{
	return &hostmach;
}

static inline u64
cycles(void)
{
	static u64 n;

	return n += 1000;
}
