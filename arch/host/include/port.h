/*
 * port.h: the public words of the host port, under the host tests: one processor, or one for each
 * thread that sets hostmachp; a cycle counter that only moves when looked at, a trap frame that nothing
 * fills.
 */
#pragma once

#include <setjmp.h>

struct Ureg {
	u64 pc, sp;
};

extern struct Mach hostmach; /* tests/host/hostlib.c */
extern _Thread_local struct Mach *hostmachp;

static inline struct Mach *
machp(void)
{
	return hostmachp != (void *)0 ? hostmachp : &hostmach;
}

static inline struct Proc *
machproc(void)
{
	return hostmach.proc;
}

static inline u64
cycles(void)
{
	static u64 n;

	return n += 1000;
}

static inline u32
splhi(void)
{
	return 0;
}
static inline u32
spllo(void)
{
	return 0;
}
static inline void
splx(u32 s)
{
	(void)s;
}
static inline bool
islo(void)
{
	return true;
}
static inline void
uregret(struct Ureg *u, i64 v)
{
	u->sp = (u64)v;
}
static inline void
uregfull(struct Ureg *u)
{
	(void)u;
}

enum { PORTPC = 1, ElfMachineHere = 62, AoutMagicHere = 0x8a97 }; /* programs of x86_64 */

/* No device answers. */
static inline u32
pmtimer(u16 port)
{
	(void)port;
	return ~0u;
}

static inline void
ptesync(void)
{
}

static inline void
textsync(const void *p, usize n)
{
	(void)p;
	(void)n;
}

static inline void
pagezero(void *d)
{
	__builtin_memset(d, 0, 4096);
}

static inline void
pagecopy(void *d, const void *s)
{
	__builtin_memcpy(d, s, 4096);
}

/* error() on the host: a label holds a jump buffer (which a function could not fill for its caller). */
_Static_assert(sizeof(jmp_buf) <= sizeof(struct Label), "a jump buffer fits a label");
#define setlabel(l) _setjmp(*(jmp_buf *)(void *)(l))
