/*
 * audit.c: the kernel's tables judged from inside, once, when the ledger has settled: no page writable
 * and executable, code nowhere but in the image, no user bit, the direct map exactly the RAM of the
 * ledger with the right rights, both views of a page the same memory, translations that go there and back.
 * Second life. It reads what the first life built and changes nothing; its cost grows with the number of
 * entries, not with bytes: a sweep looks at no more than SweepMax places of a bank.
 */

#include "mm.h"

enum { SweepMax = 512 };

typedef struct Audit Audit;
struct Audit {
	const PteFeat *feat;
	Ledger *ledger;
	u64 text, data; /* pages R-X and RW- */
	u64 hhdm;	/* bytes of the direct map */
	u64 violations;
};

static void
violation(Audit *a, u64 va, Pte64 e, const char *why)
{
	if (a->violations++ < 8)
		print("kernelro: va=%016llx pte=%016llx %s\n", va, e, why);
}

/* A leaf of the direct map: at its place, in RAM alone, and not writable where the ledger says so. */
static void
judgehhdm(Audit *a, u64 va, u64 size, Paddr pa, Pte64 e, u32 perm)
{
	u64 at = pabits(pa), end = at + size;

	a->hhdm += size;
	if (hhdmva(pa) != va)
		violation(a, va, e, "is not at its place in the direct map");
	while (at < end) {
		const Range *r = ledgerfind(a->ledger, at);
		if (r == nil || !kindisram((Kind)r->kind)) {
			violation(a, va, e, "maps what is not RAM");
			return;
		}
		if ((perm & PermW) && (r->kind == KImage || r->kind == KAcpi))
			violation(a, va, e, "makes image or firmware tables writable");
		at = r->end;
	}
}

static void
judgeleaf(Audit *a, u64 va, int level, Pte64 e)
{
	u32 perm = pteperm(level, e);
	u64 pages = PGLSZ(level) / BY2PG;
	Paddr unused;

	if (!a->feat->nx)
		perm &= ~(u32)PermX;
	if ((perm & PermW) && (perm & PermX))
		violation(a, va, e, "is writable and executable");
	if (perm & PermU)
		violation(a, va, e, "is open to user mode");
	if (!(perm & PermG))
		violation(a, va, e, "is not global");
	if ((perm & PermX) && va < imageva(0))
		violation(a, va, e, "is code outside of the image");
	if (ishhdm(kvaptr(tokva(va))))
		judgehhdm(a, va, PGLSZ(level), ptepa(level, e), e, perm);
	else if (!inwindow(va) && !xlatpa(&xlat, va, &unused) && va >= imageva(0))
		violation(a, va, e, "is past the end of the image");
	a->text += perm & PermX ? pages : 0;
	a->data += perm & PermW ? pages : 0;
}

/* The canonical address with these bits below. */
static u64
signextend(const PteFeat *f, u64 va)
{
	u64 bits = PGLSZ(f->levels);

	return va & (bits >> 1) ? va | ~(bits - 1) : va;
}

/* Every entry of one table from `from` on, level by level; va is where the table begins. */
static void
judgetable(Audit *a, Paddr table, int level, u64 va, u64 from)
{
	const Pte64 *e = kaddr(table);

	for (u64 i = from; i < BY2PG / sizeof *e; i++) {
		u64 at = signextend(a->feat, va + i * PGLSZ(level));
		if (e[i] == 0)
			continue;
		if (!ptevalid(e[i]))
			violation(a, at, e[i], "is garbage");
		else if (pteisleaf(level, e[i]))
			judgeleaf(a, at, level, e[i]);
		else if (pteperm(level, e[i]) & PermU)
			violation(a, at, e[i], "is a table open to user mode");
		else
			judgetable(a, ptepa(level, e[i]), level - 1, at, 0);
	}
}

/* Bytes of RAM that should be in the direct map. */
static u64
rambytes(Ledger *l)
{
	u64 sum = 0, top = xlat.top;

	for (u32 i = 0; i < l->n && l->r[i].start < top; i++)
		if (kindisram((Kind)l->r[i].kind))
			sum += (l->r[i].end < top ? l->r[i].end : top) - l->r[i].start;
	return sum;
}

/* D10, C2, C3: the whole kernel half; how many rules were broken. Prints the verdict. */
u64
kernelro(Ledger *l)
{
	Ptab *t = kernptab();
	int top = t->feat->levels - 1;
	Audit a = {.feat = t->feat, .ledger = l};

	ledgersettle(l);
	judgetable(&a, t->root, top, 0, PTLX(kernelhalf(), top));
	if (a.hhdm != rambytes(l)) {
		print("kernelro: direct map has %llu bytes, RAM of the ledger %llu\n", a.hhdm, rambytes(l));
		a.violations++;
	}
	if (!t->feat->nx)
		print("kernelro: no NX, every page can be executed\n");
	print("kernelro: marked %llu text pages R-X, %llu data pages RW- violations=%llu\n", a.text, a.data,
	      a.violations);
	return a.violations;
}

/* Does pa translate there and back, by arithmetic and by the tables? */
static bool
roundtrip(Paddr pa)
{
	const void *va = kaddr(pa);
	Walk w = translate(kernptab(), (uintptr)va);

	return w.ok && paeq(w.pa, pa) && paeq(paddr(va), pa);
}

/* E4: both ends and places inside of every bank; how many do not come back. */
u64
xlatsweep(void)
{
	u64 n = 0, bad = 0;

	for (u32 i = 0; i < conf.nmem; i++) {
		const Bank *b = &conf.mem[i];
		u64 last = b->npage * BY2PG - 1, step = roundup(last / SweepMax + 1, PGLSZ(1));
		for (u64 off = 0; off < last; off += step, n++)
			bad += !roundtrip(paadd(b->base, off));
		bad += !roundtrip(paadd(b->base, last));
		n++;
	}
	print("mmu: xlat sweep n=%llu bad=%llu\n", n, bad);
	return bad;
}

/* D9: a word written at KZERO is read at HHDM, both ways of the bits. */
static bool
hhdmselftest(void)
{
	static volatile u64 word;
	const volatile u64 *alias = kaddr(paddr((const void *)&word));
	bool ok = true;

	for (u64 pattern = 0x0123456789abcdefull, i = 0; i < 2; i++, pattern = ~pattern) {
		word = pattern;
		ok = ok && *alias == pattern;
	}
	word = 0;
	return ok && *alias == 0;
}

/*
 * Prove the tables for good; the ledger has settled and the banks are made. A violation is a panic: what
 * follows relies on every one of these rules.
 */
void
mmuinit(Ledger *l)
{
	u64 violations = kernelro(l), bad = xlatsweep();

	if (!hhdmselftest())
		panic("mmuinit: the direct map does not show the image");
	print("mmu: hhdm selftest ok\n");
	if (violations != 0 || bad != 0)
		panic("mmuinit: violations=%llu bad=%llu", violations, bad);
}
