/*
 * pte.c: table entries of aarch64, 4 KiB granules: rights and memory types into bits and back. Both lives
 * and the host tests; pure, but for ptefeat(), which asks the processor. Takes physical addresses that the
 * caller has found to be aligned and within the processor's width. The access flag is set at once, so that
 * the processor never faults for it. Pages of users are never executable for the kernel, and the other way.
 */

#include "arch.h"
#include "lib.h"
#include <machine/pte.h>

enum { Levels = 4, MaxLeaf = 2, MaxPabits = 48 };

/* Four levels, blocks of 2 MiB and 1 GiB, no-execute: every processor has them [ARM ARM D8.2]. */
void
ptefeat(PteFeat *f)
{
	static const u8 width[] = {32, 36, 40, 42, 44, 48};
	u64 id = 0;

#if defined(__aarch64__)
	__asm__("mrs %0, id_aa64mmfr0_el1" : "=r"(id));
#endif
	id &= 15;
	*f = (PteFeat){.levels = Levels,
		       .maxleaf = MaxLeaf,
		       .pabits = id < nelem(width) ? width[id] : MaxPabits,
		       .nx = true};
}

static u64
leafmask(int level)
{
	return PteAddr & ~(PGLSZ(level) - 1);
}

/* Not executable, unless perm says so, and then only where it belongs. */
static u64
noexec(u32 perm)
{
	if (!(perm & PermX))
		return PtePxn | PteUxn;
	return perm & PermU ? PtePxn : PteUxn;
}

Pte64
pteleaf(const PteFeat *f, int level, Paddr pa, u32 perm, enum Memtype mt)
{
	u64 e = PteValid | PteAccessed | PteInner | (pabits(pa) & leafmask(level)) | noexec(perm) |
		((u64)mt & 3) << PteAttr;

	(void)f;
	if (level == 0)
		e |= PteTable;
	if (!(perm & PermW))
		e |= PteReadonly;
	if (perm & PermU)
		e |= PteUser;
	if (!(perm & PermG))
		e |= PteNotglobal;
	return e;
}

Pte64
ptetable(const PteFeat *f, Paddr table, bool user)
{
	(void)f;
	return PteValid | PteTable | (user ? 0 : PteTableUxn | PteTableNouser) | (pabits(table) & PteAddr);
}

bool
ptevalid(Pte64 e)
{
	return e & PteValid;
}

bool
pteisleaf(int level, Pte64 e)
{
	return level == 0 || !(e & PteTable);
}

Paddr
ptepa(int level, Pte64 e)
{
	return topaddr(e & (pteisleaf(level, e) ? leafmask(level) : PteAddr));
}

/* What a table allows below it. */
static u32
tableperm(Pte64 e)
{
	return PermR | PermW | PermX | (e & PteTableNouser ? 0 : PermU);
}

u32
pteperm(int level, Pte64 e)
{
	if (!(e & PteValid))
		return 0;
	if (!pteisleaf(level, e))
		return tableperm(e);
	return PermR | (e & PteReadonly ? 0 : PermW) | (e & PteUser ? PermU : 0) |
	       (e & (e & PteUser ? PteUxn : PtePxn) ? 0 : PermX) | (e & PteNotglobal ? 0 : PermG);
}

enum Memtype
ptememtype(int level, Pte64 e)
{
	(void)level;
	return (enum Memtype)(e >> PteAttr & 3);
}

Pte64
ptestep(int level)
{
	return PGLSZ(level);
}

Pte64
ptereadonly(Pte64 e)
{
	return e | PteReadonly;
}

/* Words for a walk, a space between: "V RO U AF BLOCK NG PXN UXN WB". */
usize
ptetext(int level, Pte64 e, char *d, usize n)
{
	static const char type[][4] = {[MtWB] = "WB", [MtWC] = "WC", [MtUC] = "UC", [MtWT] = "WT"};

	if (!ptevalid(e))
		return snformat(d, n, "-");
	if (!pteisleaf(level, e))
		return snformat(d, n, "V TABLE%s", e & PteTableNouser ? "" : " U");
	return snformat(d, n, "V %s%s%s%s%s%s%s %s", e & PteReadonly ? "RO" : "RW", e & PteUser ? " U" : "",
			e & PteAccessed ? " AF" : "", level > 0 ? " BLOCK" : "",
			e & PteNotglobal ? " NG" : "", e & PtePxn ? " PXN" : "", e & PteUxn ? " UXN" : "",
			type[ptememtype(level, e)]);
}
