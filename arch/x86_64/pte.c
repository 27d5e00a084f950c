/*
 * pte.c: table entries of x86_64: rights and memory types into bits and back. Both lives and the host
 * tests; pure, but for ptefeat(), which asks the processor. Takes physical addresses that the caller
 * has found to be aligned and within the processor's width (ptmap does); gives entries whose reserved
 * bits are zero. Accessed and dirty are set at once, so that the processor never writes our tables.
 */

#include "arch.h"
#include "lib.h"
#include <machine/pte.h>

enum { Levels = 4, MinPabits = 36, MaxPabits = 52 };
enum { EdxNx = 20, EdxPage1gb = 26 };
#define LeafExt	  0x80000001u
#define LeafWidth 0x80000008u

static void
cpuid(u32 leaf, u32 r[4])
{
	__asm__ volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3]) : "a"(leaf), "c"(0));
}

/* What paging can do here: no-execute, 1 GiB leaves, width of an address [SDM 3A 4.1.4]. */
void
ptefeat(PteFeat *f)
{
	u32 r[4], top;

	*f = (PteFeat){.levels = Levels, .maxleaf = 1, .pabits = MinPabits};
	cpuid(LeafExt & ~1u, r);
	top = r[0];
	if (top >= LeafExt) {
		cpuid(LeafExt, r);
		f->nx = r[3] >> EdxNx & 1;
		f->maxleaf = r[3] >> EdxPage1gb & 1 ? 2 : 1;
	}
	if (top >= LeafWidth) {
		cpuid(LeafWidth, r);
		f->pabits = (u8)r[0];
	}
	if (f->pabits > MaxPabits)
		f->pabits = MaxPabits;
}

/* Index into the attribute table as entry bits; its third bit lies elsewhere in a large leaf. */
static const u16 typebits[2][4] = {
    {[MtWT] = PtePwt, [MtUC] = PtePcd | PtePwt, [MtWC] = PtePat | PtePcd | PtePwt},
    {[MtWT] = PtePwt, [MtUC] = PtePcd | PtePwt, [MtWC] = PteLargePat | PtePcd | PtePwt},
};
_Static_assert(PatIxWT == 1 && PatIxUC == 3 && PatIxWC == 7, "typebits spell these indices");

/* The bits of an entry at this level that hold the address of a leaf. */
static u64
leafmask(int level)
{
	return PteAddr & ~(PGLSZ(level) - 1);
}

Pte64
pteleaf(const PteFeat *f, int level, Paddr pa, u32 perm, enum Memtype mt)
{
	u64 e = PteValid | PteAccessed | (pabits(pa) & leafmask(level)) | typebits[level > 0][mt & 3];

	if (perm & PermW)
		e |= PteWrite | PteDirty;
	if (perm & PermU)
		e |= PteUser;
	if (perm & PermG)
		e |= PteGlobal;
	if (!(perm & PermX) && f->nx)
		e |= PteNx;
	if (level > 0)
		e |= PteSize;
	return e;
}

Pte64
ptetable(const PteFeat *f, Paddr table, bool user)
{
	(void)f;
	return PteValid | PteWrite | PteAccessed | (user ? PteUser : 0) | (pabits(table) & PteAddr);
}

bool
ptevalid(Pte64 e)
{
	return e & PteValid;
}

bool
pteisleaf(int level, Pte64 e)
{
	return level == 0 || (e & PteSize);
}

Paddr
ptepa(int level, Pte64 e)
{
	return topaddr(e & (pteisleaf(level, e) ? leafmask(level) : PteAddr));
}

u32
pteperm(int level, Pte64 e)
{
	(void)level;
	if (!(e & PteValid))
		return 0;
	return PermR | (e & PteWrite ? PermW : 0) | (e & PteNx ? 0 : PermX) | (e & PteUser ? PermU : 0) |
	       (e & PteGlobal ? PermG : 0);
}

enum Memtype
ptememtype(int level, Pte64 e)
{
	u64 pat = level == 0 ? PtePat : PteLargePat;

	switch (e & (PtePwt | PtePcd)) {
	case 0:
		return MtWB;
	case PtePwt:
		return MtWT;
	case PtePcd:
		return MtUC;
	default:
		return e & pat ? MtWC : MtUC;
	}
}

Pte64
ptestep(int level)
{
	return PGLSZ(level);
}

Pte64
ptereadonly(Pte64 e)
{
	return e & ~(Pte64)(PteWrite | PteDirty);
}

/* Words for a walk, a space between: "P W U A D PS G NX WC". */
usize
ptetext(int level, Pte64 e, char *d, usize n)
{
	static const char type[][4] = {[MtWB] = "WB", [MtWC] = "WC", [MtUC] = "UC", [MtWT] = "WT"};
	bool leaf = pteisleaf(level, e);

	if (!ptevalid(e))
		return snformat(d, n, "-");
	return snformat(d, n, "P%s%s%s%s%s%s%s %s", e & PteWrite ? " W" : "", e & PteUser ? " U" : "",
			e & PteAccessed ? " A" : "", leaf && e & PteDirty ? " D" : "",
			level > 0 && leaf ? " PS" : "", leaf && e & PteGlobal ? " G" : "",
			e & PteNx ? " NX" : "", leaf ? type[ptememtype(level, e)] : "TABLE");
}
