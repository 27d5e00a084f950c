/*
 * mmtest.h: a pretended machine for the tests of the allocators: RAM at HHDM, a ledger that describes it,
 * tables for the PAGES window, and each test in a process of its own, since the allocators' state is set up
 * once in the life of a kernel.
 */
#pragma once

#include "host.h"
#include "mm.h"
#include "hostmem.h"

typedef struct Span Span;
struct Span { /* what the firmware described */
	u64 start, size;
	Kind kind;
};

enum { Junk = 0xa5 }; /* what RAM holds before anyone writes to it */

extern Ledger led;

/*
 * A machine of these spans, not yet in banks. The last 1 MiB under 2 MiB, [0x100000, 0x200000), is always
 * there as well: the pool of its first tables. RAM below HOSTPHYS exists; spans of at most 64 MiB hold Junk.
 */
void machine(const Span *s, u32 n);
/* machine, meminit, membalinit, confinit, xinit, pageinit. */
void booted(const Span *s, u32 n);
/* One bank of this many MiB at 4 MiB. */
void bootedmb(u64 mb);

/* Run body in a child; anything but its return is a failure of the test. */
void forked(void (*body)(void));
#define TEST(name)                                                                                           \
	static void name##_body(void);                                                                       \
	static void name(void **state)                                                                       \
	{                                                                                                    \
		(void)state;                                                                                 \
		forked(name##_body);                                                                         \
	}                                                                                                    \
	static void name##_body(void)

/* memwait's hook: counts its calls, and runs onwait if there is one. */
extern u32 waits;
extern void (*onwait)(void);
/* qunlock's */
extern u32 qunlocks;

/* A panic leaves its locks behind: open them for what the test does next. */
void openlocks(void);
/* The law holds, the lists are sound, no lock is held. */
void sound(void);
bool zeroed(const void *p, usize n);
bool filled(const void *p, usize n, u8 c);
