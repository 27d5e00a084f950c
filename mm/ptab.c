/*
 * ptab.c: the editor of page tables: walk, map, unmap, split, translate. Portable: it knows levels and
 * leaves, the port's pte.c knows bits; it runs in the first life over a pool of pages (1:1), in the kernel
 * over the page allocator, and in the host tests over both. It takes a Ptab, gives typed errors, and holds:
 * a table is all zeroes before it is linked; a failed map leaves nothing behind; kernel-half tables never
 * carry the user bit. No locks and no flushes of its own: whoever owns the Ptab has both.
 */

#include "mm.h"

const char *
maperrtext(enum MapErr e)
{
	switch (e) {
	case MapOk:
		return "ok";
	case MapAlready:
		return "already mapped";
	case MapAlign:
		return "not whole pages";
	case MapNoFrame:
		return "no page for a table";
	case MapLevel:
		return "no leaf of that level";
	case MapRange:
		return "address out of range";
	}
	return "unknown map error";
}

static inline Pte64 *
tableat(Ptab *t, Paddr pa)
{
	return t->at != nil ? t->at(t, pa) : kaddr(pa);
}

/* Bits of a virtual address under one root. */
static int
vabits(const PteFeat *f)
{
	return PGSHIFT + PTSHIFT * f->levels;
}

/* Is va one the processor takes: the bits above the tables' reach all equal to the top one of it? */
bool
canonical(const PteFeat *f, u64 va)
{
	u64 high = va >> (vabits(f) - 1);

	return high == 0 || high == ~0ull >> (vabits(f) - 1);
}

static bool
lowerhalf(const PteFeat *f, u64 va)
{
	return va >> (vabits(f) - 1) == 0;
}

#ifdef IMAGO_HOST
/* D4 in test builds: a table with anything in it must not be linked. */
static void
checkzero(const Pte64 *e)
{
	for (u32 i = 0; i < BY2PG / sizeof *e; i++)
		assert(e[i] == 0);
}
#else
#define checkzero(e) ((void)(e))
#endif

/* A new table into *e, for va's half. False: there is no page. */
static bool
linktable(Ptab *t, Pte64 *e, u64 va)
{
	Paddr pa = t->newtable(t);

	if (pabits(pa) == 0)
		return false;
	checkzero(tableat(t, pa));
	t->ntables++;
	*e = ptetable(t->feat, pa, !iskernelva(va));
	return true;
}

Pte64 *
mmuwalk(Ptab *t, u64 va, int level, bool create)
{
	Paddr table = t->root;

	for (int l = t->feat->levels - 1;; l--) {
		Pte64 *e = tableat(t, table) + PTLX(va, l);
		if (l == level)
			return e;
		if (!ptevalid(*e)) {
			if (!create || !linktable(t, e, va))
				return nil;
		} else if (pteisleaf(l, *e)) {
			return nil;
		}
		table = ptepa(l, *e);
	}
}

/* Highest level at which a leaf for this much of va and pa may stand. */
static int
fitlevel(const PteFeat *f, u64 va, u64 pa, u64 size)
{
	int l = f->maxleaf;

	while (l > 0 && (((va | pa) & (PGLSZ(l) - 1)) != 0 || size < PGLSZ(l)))
		l--;
	return l;
}

/*
 * Enter the largest leaves that fit at va, as many as stand in one table; *step gets their bytes.
 * Smaller ones where a table is in the way.
 */
static enum MapErr
mapsome(Ptab *t, u64 va, Paddr pa, u64 size, u32 perm, enum Memtype mt, u64 *step)
{
	for (int l = fitlevel(t->feat, va, pabits(pa), size); l >= 0; l--) {
		Pte64 *e = mmuwalk(t, va, l, true);
		if (e == nil)
			return translate(t, va).ok ? MapAlready : MapNoFrame;
		if (ptevalid(*e) && pteisleaf(l, *e))
			return MapAlready;
		if (ptevalid(*e))
			continue;
		Pte64 leaf = pteleaf(t->feat, l, pa, perm, mt), next = ptestep(l);
		u64 n = 0;
		do {
			*e++ = leaf;
			leaf += next;
			n += PGLSZ(l);
		} while (PTLX(va + n, l) != 0 && size - n >= PGLSZ(l) && !ptevalid(*e));
		*step = n;
		return MapOk;
	}
	return MapAlready;
}

static enum MapErr
checkva(const PteFeat *f, u64 va, u64 size)
{
	if (((va | size) & (BY2PG - 1)) != 0)
		return MapAlign;
	if (size == 0 || va + (size - 1) < va || !canonical(f, va) || !canonical(f, va + (size - 1)))
		return MapRange;
	if (lowerhalf(f, va) != lowerhalf(f, va + (size - 1)))
		return MapRange;
	return MapOk;
}

static enum MapErr
checkpa(const PteFeat *f, u64 pa, u64 size)
{
	if ((pa & (BY2PG - 1)) != 0)
		return MapAlign;
	if (pa + (size - 1) < pa || (pa + (size - 1)) >> f->pabits != 0)
		return MapRange;
	return MapOk;
}

/* Does this table hold no entry at all? */
static bool
tableempty(const Pte64 *table)
{
	for (u32 i = 0; i < BY2PG / sizeof *table; i += 4)
		if ((table[i] | table[i + 1] | table[i + 2] | table[i + 3]) != 0)
			return false;
	return true;
}

/* Free the tables above va that have become empty; the tables right under the root stay (C6). */
static void
freeempty(Ptab *t, u64 va)
{
	if (t->freetable == nil)
		return;
	for (int l = 1; l < t->feat->levels - 1; l++) {
		Pte64 *e = mmuwalk(t, va, l, false);
		if (e == nil || !ptevalid(*e))
			continue;
		Paddr table = ptepa(l, *e);
		if (pteisleaf(l, *e) || !tableempty(tableat(t, table)))
			return;
		*e = 0;
		t->ntables--;
		t->freetable(t, table);
	}
}

enum MapErr
ptmap(Ptab *t, u64 va, Paddr pa, u64 size, u32 perm, enum Memtype mt)
{
	enum MapErr err = checkva(t->feat, va, size);
	u64 done, step = 0;

	if (err == MapOk)
		err = checkpa(t->feat, pabits(pa), size);
	if (err != MapOk)
		return err;
	for (done = 0; done < size; done += step) {
		err = mapsome(t, va + done, paadd(pa, done), size - done, perm, mt, &step);
		if (err == MapOk)
			continue;
		freeempty(t, va + done);
		/* What we entered are whole leaves: taking them out again needs no page. */
		if (done != 0 && ptunmap(t, va, done) != MapOk)
			panic("ptmap: cannot undo va=0x%llx size=0x%llx", va, done);
		return err;
	}
	ptesync();
	return MapOk;
}

/* The deepest entry on va's path: a leaf, or where the path stops; its level in *level. */
static Pte64 *
deepest(Ptab *t, u64 va, int *level)
{
	Paddr table = t->root;
	Pte64 *e;
	int l = t->feat->levels - 1;

	for (;; l--) {
		e = tableat(t, table) + PTLX(va, l);
		if (!ptevalid(*e) || pteisleaf(l, *e))
			break;
		table = ptepa(l, *e);
	}
	*level = l;
	return e;
}

/* Split large leaves until none reaches across va. */
static enum MapErr
splitat(Ptab *t, u64 va)
{
	enum MapErr err = MapOk;
	int l;

	while (err == MapOk && canonical(t->feat, va)) {
		Pte64 *e = deepest(t, va, &l);
		if (!ptevalid(*e) || rounddown(va, PGLSZ(l)) == va)
			break;
		err = ptsplit(t, va, l);
	}
	return err;
}

enum MapErr
ptunmap(Ptab *t, u64 va, u64 size)
{
	enum MapErr err = checkva(t->feat, va, size);
	u64 last = va + (size - 1), end;
	int l;

	if (err == MapOk)
		err = splitat(t, va);
	if (err == MapOk)
		err = splitat(t, last + 1);
	if (err != MapOk)
		return err;
	for (;; va = end + 1) {
		*deepest(t, va, &l) = 0;
		end = va | (PGLSZ(l) - 1);
		/* Each table is looked at once, when the range leaves it. */
		if (end >= last || PTLX(end, l) == 511)
			freeempty(t, va);
		if (end >= last)
			return MapOk;
	}
}

enum MapErr
ptsplit(Ptab *t, u64 va, int level)
{
	Pte64 *e, *sub, old, leaf, table = 0;

	if (level < 1 || level > t->feat->maxleaf || !canonical(t->feat, va))
		return MapLevel;
	e = mmuwalk(t, va, level, false);
	if (e == nil || !ptevalid(*e) || !pteisleaf(level, *e))
		return MapLevel;
	old = *e;
	if (!linktable(t, &table, va))
		return MapNoFrame;
	sub = tableat(t, ptepa(level, table));
	leaf = pteleaf(t->feat, level - 1, ptepa(level, old), pteperm(level, old), ptememtype(level, old));
	for (u32 i = 0; i < BY2PG / sizeof *sub; i++, leaf += ptestep(level - 1))
		sub[i] = leaf;
	*e = table;
	return MapOk;
}

Walk
translate(Ptab *t, u64 va)
{
	Walk w = {.level = t->feat->levels - 1};
	Paddr table = t->root;
	Pte64 e;

	if (!canonical(t->feat, va))
		return w;
	for (;; w.level--) {
		e = tableat(t, table)[PTLX(va, w.level)];
		w.pte[w.level] = e;
		if (!ptevalid(e))
			return w;
		if (pteisleaf(w.level, e))
			break;
		table = ptepa(w.level, e);
	}
	w.ok = true;
	w.pa = paadd(ptepa(w.level, e), va & (PGLSZ(w.level) - 1));
	w.perm = pteperm(w.level, e);
	w.mt = ptememtype(w.level, e);
	return w;
}

bool
ptmapped(Ptab *t, u64 va, Paddr pa, u64 size, u32 perm, enum Memtype mt)
{
	u32 moot = t->feat->nx ? 0 : PermX; /* every page can be executed */
	u64 done = 0;

	while (done < size) {
		Walk w = translate(t, va + done);
		if (!w.ok || !paeq(w.pa, paadd(pa, done)) || (w.perm | moot) != (perm | moot) || w.mt != mt)
			return false;
		done += PGLSZ(w.level) - ((va + done) & (PGLSZ(w.level) - 1));
	}
	return true;
}
