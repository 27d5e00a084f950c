/*
 * bank.c: the ledger's free ranges become banks, conf.mem, the runs of RAM that all allocators draw from.
 * Second life and host. Takes: the settled ledger, with everything of ours already carved out. Gives:
 * banks in address order; pieces at the low end of one for pages with records, at the high end for raw
 * runs. Later (B6) boot services' memory joins.
 * Always holds: banks are disjoint and sorted, base <= lo <= hi <= end, and the sum of their pages is the
 * ledger's free memory; what lies in [lo, hi) nobody has ever touched, so that a bank of a terabyte
 * costs what a small one does.
 * Locks: palloc, from pageinit on; before that one processor runs alone.
 */
#include "segment.h"
#include "lib.h"
#include "log.h"

enum { SpareBanks = 16 }; /* room beyond what the ledger can give now */

#define FIRMWARES (1u << KBoot | 1u << KLoader)

Conf conf = {.nmach = 1};

static struct {
	Confask ask;  /* what confinit was told: the split is made again when memory joins */
	u32 big, any; /* banks below these have less than 2 MiB, or nothing, between lo and hi */
} banks;

static u64
bankend(const Bank *b)
{
	return pabits(b->base) + b->npage * BY2PG;
}

void
memreserve(Ledger *l, Paddr pa, u64 size)
{
	u64 start = rounddown(pabits(pa), BY2PG);

	if (conf.mem != nil)
		panic("memreserve: 0x%llx size 0x%llx after meminit", pabits(pa), size);
	if (size == 0 || size > ~0ull - BY2PG - pabits(pa))
		return;
	u64 end = roundup(pabits(pa) + size, BY2PG);
	if (!ledgerturn(l, start, end - start, 1u << KFree | FIRMWARES, KReserved, 0))
		panic("memreserve: 0x%llx size 0x%llx: ledger is full", pabits(pa), size);
}

/* The part of a range that the direct map does not reach. */
static u64
beyond(const Range *r)
{
	u64 reach = cankaddr(topaddr(r->start)), size = r->end - r->start;
	return kindisram((Kind)r->kind) && reach < size ? size - reach : 0;
}

void
membound(Ledger *l)
{
	for (i32 i = ledgernext(l, 0, NKIND); i >= 0;) {
		u64 end = l->r[i].end, n = beyond(&l->r[i]);
		if (n != 0) {
			print("membound: 0x%llx-0x%llx %s is beyond the direct map: not used\n", end - n, end,
			      kindword((Kind)l->r[i].kind));
			if (!ledgerturn(l, end - n, n, ~0u, KReserved, 0))
				panic("membound: ledger is full");
		}
		i = ledgernext(l, end, NKIND);
	}
}

/* --- making them ------------------------------------------------------------------------------------- */

static void
setbank(Bank *b, u64 start, u64 end)
{
	Paddr base = topaddr(start);

	*b = (Bank){.base = base,
		    .npage = (end - start) / BY2PG,
		    .kbase = base,
		    .klimit = base,
		    .lo = base,
		    .hi = topaddr(end)};
	conf.npage += b->npage;
}

/* Room for a bank in place of every range that is or may become free. */
static void
takearray(Ledger *l)
{
	u32 n = SpareBanks;
	for (u32 i = 0; i < l->n; i++)
		if (l->r[i].kind == KFree || FIRMWARES >> l->r[i].kind & 1)
			n++;
	u64 bytes = roundup(n * sizeof(Bank), BY2PG);
	u64 pa = ledgeralloc(l, bytes, BY2PG, BY2PG, ~0ull, KFree, KLedger);
	if (pa == ~0ull)
		panic("meminit: no room for %u banks", n);
	conf.mem = kaddr(topaddr(pa));
	conf.capmem = (u32)(bytes / sizeof(Bank));
}

void
meminit(Ledger *l)
{
	assert(conf.mem == nil);
	ledgersettle(l);
	takearray(l);
	for (i32 i = ledgernext(l, 0, KFree); i >= 0; i = ledgernext(l, l->r[i].end, KFree)) {
		const Range *r = &l->r[i];
		Bank *b = &conf.mem[conf.nmem];
		setbank(b, r->start, r->end);
		print("meminit: conf.mem[%u]: base=0x%llx npage=%llu\n", conf.nmem, r->start, b->npage);
		conf.nmem++;
	}
	print("meminit: usable %llu MiB\n", conf.npage * BY2PG / MiB);
}

/* --- banks that join later --------------------------------------------------------------------------- */

/* Free ranges of the ledger less the banks: what is new. */
typedef struct Gaps Gaps;
struct Gaps {
	Ledger *l;
	i32 range; /* being looked at, -1: no more */
	u64 pos;   /* in it */
	const Bank *b, *end;
};

static Gaps
gaps(Ledger *l, const Bank *b, u32 n)
{
	i32 first = ledgernext(l, 0, KFree);
	return (Gaps){.l = l, .range = first, .pos = first < 0 ? 0 : l->r[first].start, .b = b, .end = b + n};
}

static bool
nextgap(Gaps *g, u64 *start, u64 *end)
{
	while (g->range >= 0) {
		u64 top = g->l->r[g->range].end;
		u64 stop = g->b < g->end && pabits(g->b->base) < top ? pabits(g->b->base) : top;
		*start = g->pos;
		*end = stop;
		if (stop == top) {
			g->range = ledgernext(g->l, top, KFree);
			g->pos = g->range < 0 ? 0 : g->l->r[g->range].start;
		} else
			g->pos = bankend(g->b++);
		if (*start < *end)
			return true;
	}
	return false;
}

static u32
countgaps(Ledger *l)
{
	Gaps g = gaps(l, conf.mem, conf.nmem);
	u64 start, end;
	u32 n = 0;

	while (nextgap(&g, &start, &end))
		n++;
	return n;
}

/* A larger array, if n more banks need it. The old one stays where it is: it is memory of the ledger's. */
static bool
growarray(u32 n)
{
	if (n <= conf.capmem - conf.nmem)
		return true;
	u32 cap = conf.nmem + n + SpareBanks;
	Bank *mem = xalloc(cap * sizeof(Bank));
	if (mem == nil)
		return false;
	memmove(mem, conf.mem, conf.nmem * sizeof(Bank));
	conf.mem = mem;
	conf.capmem = cap;
	return true;
}

/* A gap right behind a bank whose high end is untouched makes that bank larger. */
static bool
extends(Bank *b, u64 start, u64 end)
{
	if (bankend(b) != start || pabits(b->hi) != start)
		return false;
	b->npage += (end - start) / BY2PG;
	b->hi = topaddr(end);
	conf.npage += (end - start) / BY2PG;
	return true;
}

/*
 * Merge n gaps into the array, in one pass: the banks move to its end, and come back in order with
 * the gaps between them. What is written never overtakes what is still to be read.
 */
static void
mergegaps(Ledger *l, u32 n)
{
	Bank *old = conf.mem + n, *oldend = old + conf.nmem, *out = conf.mem;
	memmove(old, conf.mem, conf.nmem * sizeof(Bank));
	Gaps g = gaps(l, old, conf.nmem);
	u64 start, end;

	while (nextgap(&g, &start, &end)) {
		while (old < oldend && pabits(old->base) < start)
			*out++ = *old++;
		if (out == conf.mem || !extends(out - 1, start, end))
			setbank(out++, start, end);
	}
	while (old < oldend)
		*out++ = *old++;
	conf.nmem = (u32)(out - conf.mem);
	banks.big = banks.any = 0;
}

static void split(void);

/* Everything that became free in the ledger joins the banks; pages of it, or 0 if there is no room. */
static u64
joinfree(Ledger *l)
{
	u64 before = conf.npage;
	u32 n = countgaps(l);

	if (!growarray(n))
		return 0;
	ilock(&palloc);
	mergegaps(l, n);
	iunlock(&palloc);
	split();
	return conf.npage - before;
}

u64
memreclaim(Ledger *l)
{
	assert(conf.mem != nil);
	print("memreclaim: usable %llu MiB\n", conf.npage * BY2PG / MiB);
	if (!ledgerturn(l, 0, ~0ull, FIRMWARES, KFree, 0))
		panic("memreclaim: ledger is full");
	u64 gained = joinfree(l) * BY2PG;
	print("memreclaim: reclaimed +%llu MiB\n", gained / MiB);
	return gained;
}

bool
memgive(Ledger *l, Paddr pa, u64 size, Kind was)
{
	const Range *r = ledgerfind(l, pabits(pa));

	if (r == nil || r->kind != was || size % BY2PG != 0 || pabits(pa) % BY2PG != 0 ||
	    size > r->end - pabits(pa))
		return false;
	bool carved = r->taken ? ledgerfree(l, pabits(pa), size, KFree)
			       : ledgercarve(l, pabits(pa), size, 1u << was, KFree);
	return carved && joinfree(l) == size / BY2PG;
}

/* --- looking, taking --------------------------------------------------------------------------------- */

Bank *
bankof(Paddr pa)
{
	u32 lo = 0, hi = conf.nmem;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;
		if (bankend(&conf.mem[mid]) <= pabits(pa))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < conf.nmem && !palt(pa, conf.mem[lo].base) ? &conf.mem[lo] : nil;
}

bool
bankholds(Paddr pa, u64 size)
{
	const Bank *b = bankof(pa);
	return b != nil && size <= bankend(b) - pabits(pa);
}

static u64
left(const Bank *b)
{
	return padiff(b->hi, b->lo);
}

/* The next bank at or behind *from with at least `bytes` untouched; *from moves to it. */
static Bank *
search(u32 *from, u64 bytes)
{
	for (; *from < conf.nmem; ++*from)
		if (left(&conf.mem[*from]) >= bytes)
			return &conf.mem[*from];
	return nil;
}

bool
bankstretch(Paddr *pa, u64 *npage)
{
	Bank *b = search(&banks.big, PGLSZ(1));

	if (b == nil)
		b = search(&banks.any, 1);
	if (b == nil)
		return false;
	u64 end = rounddown(pabits(b->lo), PGLSZ(1)) + PGLSZ(1);
	if (end > pabits(b->hi))
		end = pabits(b->hi);
	*pa = b->lo;
	*npage = (end - pabits(b->lo)) / BY2PG;
	b->lo = topaddr(end);
	return true;
}

bool
bankrun(u64 npage, u64 align, BankRun *run)
{
	for (u32 i = 0; i < conf.nmem; i++) {
		Bank *b = &conf.mem[i];
		if (left(b) / BY2PG < npage)
			continue;
		u64 start = rounddown(pabits(b->hi) - npage * BY2PG, align);
		if (start < pabits(b->lo))
			continue;
		u64 end = start + npage * BY2PG;
		*run = (BankRun){
		    .pa = topaddr(start), .rest = topaddr(end), .nrest = (pabits(b->hi) - end) / BY2PG};
		b->hi = topaddr(start);
		return true;
	}
	return false;
}

u64
bankfront(Bank *b, u64 npage)
{
	u64 n = left(b) / BY2PG;

	assert(paeq(b->lo, b->base) && paeq(b->klimit, b->kbase));
	if (n > npage)
		n = npage;
	b->klimit = b->lo = paadd(b->kbase, n * BY2PG);
	return n;
}

u64
bankfresh(void)
{
	u64 n = 0;
	for (u32 i = 0; i < conf.nmem; i++)
		n += left(&conf.mem[i]) / BY2PG;
	return n;
}

u64
bankfronts(void)
{
	u64 n = 0;
	for (u32 i = 0; i < conf.nmem; i++)
		n += padiff(conf.mem[i].klimit, conf.mem[i].kbase) / BY2PG;
	return n;
}

/* --- how much of it the kernel may have -------------------------------------------------------------- */

/* Percent of memory that users have whatever the kernel wants [9front's confinit]. */
static u64
userpercent(const Confask *a)
{
	if (a->kernelpercent > 0 && a->kernelpercent <= 90)
		return 100 - a->kernelpercent;
	if (a->cpuserver)
		return 70;
	return conf.npage * BY2PG < 16 * MiB ? 50 : 60;
}

static void
split(void)
{
	const Confask *a = &banks.ask;
	u64 kpages = conf.npage - conf.npage * userpercent(a) / 100;
	u64 bytes = kpages * BY2PG;
	u64 tables = conf.nproc * 8ull + conf.nimage * sizeof(Image) + conf.nswap + conf.nswppo * 8ull;
	u64 image = bytes / 10 * 9;

	conf.upages = conf.npage - kpages;
	poollimit(mainmem, bytes > tables ? bytes - tables : 0);
	if (a->imagemaxmb > 0 && a->imagemaxmb < bytes / MiB)
		image = a->imagemaxmb * MiB;
	poollimit(imagmem, image);
}

void
confinit(const Confask *ask)
{
	u64 n = 100 + conf.npage * BY2PG / MiB * 5;

	if (ask->cpuserver)
		n *= 3;
	conf.nproc = n < 4000 ? (u32)n : 4000;
	conf.nimage = ask->cpuserver ? conf.nproc : 200;
	conf.nswap = conf.nproc * 80;
	conf.nswppo = 4096;
	banks.ask = *ask;
	if (ask->kernelpercent > 90)
		print("confinit: *kernelpercent=%llu is not in 1 to 90: the default stands\n",
		      ask->kernelpercent);
	split();
}

/* --- is it RAM? ------------------------------------------------------------------------------------------
 */

enum { ScanChunk = 4 << 20, ScanSeed = 0x12345678, ScanStep = 0x3141526 };

/* One pattern over one chunk: the first word that does not read back, or nil. */
static volatile u64 *
scanchunk(volatile u64 *p, u64 n, u64 flip)
{
	u64 v = ScanSeed ^ flip;

	for (u64 i = 0; i < n; i++, v += ScanStep)
		p[i] = v;
	v = ScanSeed ^ flip;
	for (u64 i = 0; i < n; i++, v += ScanStep)
		if (p[i] != v)
			return &p[i];
	return nil;
}

Paddr
ramscan(Paddr pa, u64 size)
{
	for (u64 off = 0; off < size; off += ScanChunk) {
		u64 n = size - off < ScanChunk ? size - off : ScanChunk;
		volatile u64 *p = kaddr(paadd(pa, off)), *bad = scanchunk(p, n / 8, 0);
		if (bad == nil)
			bad = scanchunk(p, n / 8, ~0ull);
		if (bad != nil)
			return paadd(pa, off + (u64)(bad - p) * 8);
	}
	return topaddr(~0ull);
}
