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
	u32 at;		/* range of the ledger where the direct map has come to */
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

/* The range that holds pa; addresses come in rising order. nil: none does. */
static const Range *
rangeat(Audit *a, u64 pa)
{
	const Ledger *l = a->ledger;

	while (a->at < l->n && l->r[a->at].end <= pa)
		a->at++;
	return a->at < l->n && l->r[a->at].start <= pa ? &l->r[a->at] : nil;
}

/* Leaves of the direct map: at their place, in RAM alone, and not writable where the ledger says so. */
static void
judgehhdm(Audit *a, u64 va, u64 size, Paddr pa, Pte64 e, u32 perm)
{
	u64 at = va - hhdmva(topaddr(0)), end = at + size;

	a->hhdm += size;
	if (pabits(pa) != at)
		violation(a, va, e, "is not at its place in the direct map");
	while (at < end) {
		const Range *r = rangeat(a, at);
		if (r == nil || !kindisram((Kind)r->kind)) {
			violation(a, va, e, "maps what is not RAM");
			return;
		}
		if ((perm & PermW) && (r->kind == KImage || r->kind == KAcpi))
			violation(a, va, e, "makes image or firmware tables writable");
		at = r->end;
	}
}

/* n leaves in a row, alike but for their place: va and e are the first one's. */
static void
judgeleaves(Audit *a, u64 va, int level, Pte64 e, u64 n)
{
	u32 perm = pteperm(level, e);
	u64 size = n * PGLSZ(level), last = va + size - 1;
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
		judgehhdm(a, va, size, ptepa(level, e), e, perm);
	else if (va >= imageva(0) && !xlatpa(&xlat, last, &unused))
		violation(a, va, e, "is past the end of the image");
	a->text += perm & PermX ? size / BY2PG : 0;
	a->data += perm & PermW ? size / BY2PG : 0;
}

/* How many leaves from e[0] on map the next physical page each, with the same rights; at most max. */
static u64
runlength(const Pte64 *e, int level, u64 max)
{
	Pte64 step = ptestep(level), want = e[0] + step;
	u64 n = 1;

	for (; n < max && e[n] == want; n++)
		want += step;
	return n;
}

/* The canonical address with these bits below. */
static u64
signextend(const PteFeat *f, u64 va)
{
	u64 bits = PGLSZ(f->levels);

	return va & (bits >> 1) ? va | ~(bits - 1) : va;
}

/* The first entry at or above i that is not nothing; nearly all are, so eight at a time. */
static u64
nextused(const Pte64 *e, u64 i, u64 max)
{
	for (; i < max; i++) {
		while (i % 8 == 0 && i < max &&
		       (e[i] | e[i + 1] | e[i + 2] | e[i + 3] | e[i + 4] | e[i + 5] | e[i + 6] | e[i + 7]) ==
			   0)
			i += 8;
		if (i >= max || e[i] != 0)
			break;
	}
	return i;
}

/* Every entry of one table from `from` on, level by level; va is where the table begins. */
static void
judgetable(Audit *a, Paddr table, int level, u64 va, u64 from)
{
	const Pte64 *e = kaddr(table);
	const u64 max = BY2PG / sizeof *e;

	for (u64 i = nextused(e, from, max), n; i < max; i = nextused(e, i + n, max)) {
		n = 1;
		u64 at = signextend(a->feat, va + i * PGLSZ(level));
		if (!ptevalid(e[i])) {
			violation(a, at, e[i], "is garbage");
		} else if (pteisleaf(level, e[i])) {
			n = runlength(e + i, level, max - i);
			judgeleaves(a, at, level, e[i], n);
		} else if (pteperm(level, e[i]) & PermU) {
			violation(a, at, e[i], "is a table open to user mode");
		} else {
			judgetable(a, ptepa(level, e[i]), level - 1, at, 0);
		}
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
