/*
 * addr.h: addresses with types. A physical address, a kernel address and a user address are three
 * one-member structs, so that mixing them does not compile; they cost nothing above -O0.
 * Only this file, the ports' table code and the printer touch the integer inside.
 */
#pragma once

#include "u.h"

typedef struct Paddr Paddr;
typedef struct Kva Kva;
typedef struct Uva Uva;

struct Paddr {
	u64 pa;
};
struct Kva {
	u64 kva;
};
struct Uva {
	u64 uva;
};

/* From and to integers: where firmware words, table entries and registers come in or go out. */
static inline Paddr
topaddr(u64 pa)
{
	return (Paddr){pa};
}
static inline Kva
tokva(u64 va)
{
	return (Kva){va};
}
static inline Uva
touva(u64 va)
{
	return (Uva){va};
}
static inline u64
pabits(Paddr a)
{
	return a.pa;
}
static inline u64
kvabits(Kva a)
{
	return a.kva;
}
static inline u64
uvabits(Uva a)
{
	return a.uva;
}

/* A kernel address and a C pointer are the same thing said twice. */
static inline void *
kvaptr(Kva a)
{
	return (void *)(uintptr)a.kva;
}
static inline Kva
ptrkva(const void *p)
{
	return (Kva){(u64)(uintptr)p};
}

static inline Paddr
paadd(Paddr a, u64 n)
{
	return (Paddr){a.pa + n};
}
static inline u64
padiff(Paddr hi, Paddr lo)
{
	return hi.pa - lo.pa;
}
static inline bool
paeq(Paddr a, Paddr b)
{
	return a.pa == b.pa;
}
static inline bool
palt(Paddr a, Paddr b)
{
	return a.pa < b.pa;
}
static inline Kva
kvaadd(Kva a, u64 n)
{
	return (Kva){a.kva + n};
}
static inline Uva
uvaadd(Uva a, u64 n)
{
	return (Uva){a.uva + n};
}
