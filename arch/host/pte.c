/*
 * pte.c: table entries of the host port. The layout is invented to share nothing with x86: the page
 * number lies in the high bits, two bits say table or leaf, rights to execute and to be kernel-only are
 * positive, "not global" replaces global. Portable code that knows a bit of x86 fails on it. Host tests.
 */

#include "arch.h"
#include "lib.h"
#include "hostmem.h"

enum {
	KindTable = 1,
	KindLeaf = 2,
	KindMask = 3,
	TypeShift = 2, /* two bits of memory type */
	BitExec = 1 << 5,
	BitKernel = 1 << 6,
	BitReadonly = 1 << 7,
	BitPrivate = 1 << 8, /* not global */
	PfnShift = 20
};

PteFeat hostfeat = {.levels = 4, .maxleaf = 2, .pabits = 40, .nx = true};

void
ptefeat(PteFeat *f)
{
	*f = hostfeat;
}

Pte64
pteleaf(const PteFeat *f, int level, Paddr pa, u32 perm, enum Memtype mt)
{
	Pte64 e =
	    KindLeaf | (Pte64)mt << TypeShift | (pabits(pa) & ~(PGLSZ(level) - 1)) >> PGSHIFT << PfnShift;

	if ((perm & PermX) || !f->nx)
		e |= BitExec;
	if (!(perm & PermU))
		e |= BitKernel;
	if (!(perm & PermW))
		e |= BitReadonly;
	if (!(perm & PermG))
		e |= BitPrivate;
	return e;
}

Pte64
ptetable(const PteFeat *f, Paddr table, bool user)
{
	(void)f;
	return KindTable | (user ? 0 : BitKernel) | pabits(table) >> PGSHIFT << PfnShift;
}

bool
ptevalid(Pte64 e)
{
	return (e & KindMask) != 0;
}

bool
pteisleaf(int level, Pte64 e)
{
	(void)level;
	return (e & KindMask) == KindLeaf;
}

Paddr
ptepa(int level, Pte64 e)
{
	(void)level;
	return topaddr(e >> PfnShift << PGSHIFT);
}

u32
pteperm(int level, Pte64 e)
{
	(void)level;
	if (!ptevalid(e))
		return 0;
	return PermR | (e & BitReadonly ? 0 : PermW) | (e & BitExec ? PermX : 0) |
	       (e & BitKernel ? 0 : PermU) | (e & BitPrivate ? 0 : PermG);
}

enum Memtype
ptememtype(int level, Pte64 e)
{
	(void)level;
	return (enum Memtype)(e >> TypeShift & 3);
}

Pte64
ptestep(int level)
{
	return PGLSZ(level) >> PGSHIFT << PfnShift;
}

Pte64
ptereadonly(Pte64 e)
{
	return e | BitReadonly;
}

usize
ptetext(int level, Pte64 e, char *d, usize n)
{
	u32 p = pteperm(level, e);

	if (!ptevalid(e))
		return snformat(d, n, "-");
	return snformat(d, n, "%s%s%s%s%s", pteisleaf(level, e) ? "LEAF" : "TABLE", p & PermW ? " W" : "",
			p & PermX ? " X" : "", p & PermU ? " U" : "", p & PermG ? " G" : "");
}
