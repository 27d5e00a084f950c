/*
 * xalloc.c: the kernel's memory in large and odd pieces: first fit over holes that hold physical
 * addresses, as in 9front. Second life and host.
 * Takes: the front of a bank at xinit; later runs lent by page.c, which go back when they are wholly
 * free again. Gives: blocks with an 8-byte header {size, "HOLE"}, and spans without one.
 * Always holds: holes are sorted, disjoint and never touch; given == free + used; nothing is lost for want of
 * a descriptor: 9front's 128 are only the first, a page of them is kept in reserve, and when even that was
 * used up the memory that comes back gives the 32 bytes itself.
 * Locks: xlists.lk, inside palloc. Nothing is allocated or printed under it.
 */
#include "mm.h"
#include "lib.h"
#include "log.h"

enum {
	Nhole = 128,	   /* descriptors of the first batch */
	Front = 1 << 20,   /* bytes that xinit takes */
	Slack = 512 << 10, /* free bytes kept before a run goes back by itself */
	Quantum = 8,	   /* sizes and addresses of blocks are multiples */
	MinBlock = 32,	   /* so that any block can become a descriptor */
};

typedef struct Hole Hole;
typedef struct Xhdr Xhdr;

struct Hole {
	Paddr addr;
	u64 size;
	union {
		Paddr top; /* addr + size */
		i64 order; /* of a lent run: -1 raw, else a block of 2^order pages */
	};
	Hole *link;
};
_Static_assert(sizeof(Hole) <= MinBlock, "a block can hold a descriptor");
struct Xhdr {
	u32 size; /* bytes, this header among them */
	u32 magix;
	u8 data[];
};
_Static_assert(sizeof(Xhdr) == 8 && offsetof(Xhdr, data) == 8, "9front's header");

static struct {
	Lock lk;
	Hole hole[Nhole];
	Hole *flist; /* descriptors not in use */
	Hole *table; /* holes, by address */
	Hole *runs;  /* what page.c lent */
	u8 *reserve; /* a page that becomes descriptors when flist is empty */
	u64 given, front, lent, used, free;
	bool ready;
} xlists;

/* --- descriptors ------------------------------------------------------------------------------------- */

static void
spread(Hole *h, u32 n)
{
	for (; n > 0; n--, h++) {
		h->link = xlists.flist;
		xlists.flist = h;
	}
}

static Hole *
getdesc(void)
{
	if (xlists.flist == nil && xlists.reserve != nil) {
		spread((Hole *)xlists.reserve, BY2PG / sizeof(Hole));
		xlists.reserve = nil;
	}
	Hole *h = xlists.flist;
	if (h != nil)
		xlists.flist = h->link;
	return h;
}

static void
putdesc(Hole *h)
{
	spread(h, 1);
}

static void
sethole(Hole *h, Paddr pa, u64 size)
{
	h->addr = pa;
	h->size = size;
	h->top = paadd(pa, size);
}

/* --- holes ------------------------------------------------------------------------------------------------
 */

/* Take the first bytes of *l. */
static Paddr
cutfront(Hole **l, u64 size)
{
	Hole *h = *l;
	Paddr pa = h->addr;

	sethole(h, paadd(pa, size), h->size - size);
	if (h->size == 0) {
		*l = h->link;
		putdesc(h);
	}
	xlists.free -= size;
	xlists.used += size;
	return pa;
}

/* Take size bytes at pa out of the middle of *l. False: that needs a descriptor and there is none. */
static bool
cut(Hole **l, Paddr pa, u64 size)
{
	Hole *h = *l;

	if (paeq(pa, h->addr)) {
		cutfront(l, size);
		return true;
	}
	Paddr end = paadd(pa, size), top = h->top;
	if (!paeq(end, top)) {
		Hole *t = getdesc();
		if (t == nil)
			return false;
		sethole(t, end, padiff(top, end));
		t->link = h->link;
		h->link = t;
	}
	sethole(h, h->addr, padiff(pa, h->addr));
	xlists.free -= size;
	xlists.used += size;
	return true;
}

static void
overlaps(const Hole *h, Paddr pa, u64 size)
{
	if (h != nil && palt(h->addr, paadd(pa, size)) && palt(pa, h->top))
		panic("xhole: 0x%llx size 0x%llx is free already: hole 0x%llx size 0x%llx", pabits(pa), size,
		      pabits(h->addr), h->size);
}

/* [pa, pa + size) is free: it joins the holes that it touches, or becomes one. That hole; nil: a descriptor.
 */
static Hole *
insert(Paddr pa, u64 size)
{
	Hole *low = nil, *h = xlists.table;

	for (; h != nil && palt(h->addr, pa); h = h->link)
		low = h;
	overlaps(low, pa, size);
	overlaps(h, pa, size);
	xlists.free += size;
	if (low != nil && paeq(low->top, pa)) {
		sethole(low, low->addr, low->size + size);
		if (h != nil && paeq(low->top, h->addr)) {
			sethole(low, low->addr, low->size + h->size);
			low->link = h->link;
			putdesc(h);
		}
		return low;
	}
	if (h != nil && paeq(paadd(pa, size), h->addr)) {
		sethole(h, pa, size + h->size);
		return h;
	}
	Hole *n = getdesc();
	if (n == nil) {
		/* What comes back is its own descriptor, or the next one's. */
		xlists.free -= MinBlock;
		xlists.used += MinBlock;
		n = kaddr(pa);
		pa = paadd(pa, MinBlock);
		size -= MinBlock;
		if (size == 0) {
			putdesc(n);
			return nil;
		}
	}
	sethole(n, pa, size);
	n->link = h;
	if (low != nil)
		low->link = n;
	else
		xlists.table = n;
	return n;
}

static Paddr
firstfit(u64 size)
{
	for (Hole **l = &xlists.table; *l != nil; l = &(*l)->link)
		if ((*l)->size >= size)
			return cutfront(l, size);
	return topaddr(0);
}

/* Keep a page of descriptors in reserve, out of a hole that just grew: looking through all would cost too
 * much. */
static void
topup(Hole *h)
{
	if (xlists.reserve != nil || h == nil || h->size <= BY2PG)
		return;
	xlists.reserve = kaddr(h->addr);
	sethole(h, paadd(h->addr, BY2PG), h->size - BY2PG);
	xlists.free -= BY2PG;
	xlists.used += BY2PG;
}

/* --- what page.c lends ------------------------------------------------------------------------------------
 */

void
xgive(Paddr pa, u64 size, int order)
{
	ilock(&xlists.lk);
	xlists.given += size;
	xlists.lent += size;
	topup(insert(pa, size));
	Hole *r = getdesc();
	assert(r != nil);
	*r = (Hole){.addr = pa, .size = size, .order = order};
	r->link = xlists.runs;
	xlists.runs = r;
	iunlock(&xlists.lk);
}

/* The hole that holds all of [pa, pa + size), by its link; nil: none does. */
static Hole **
holeof(Paddr pa, u64 size)
{
	for (Hole **l = &xlists.table; *l != nil; l = &(*l)->link)
		if (!palt(pa, (*l)->addr) && !palt((*l)->top, paadd(pa, size)))
			return l;
	return nil;
}

/* Does some lent run lie wholly in h? */
static bool
holdsrun(const Hole *h)
{
	for (const Hole *r = xlists.runs; r != nil; r = r->link)
		if (!palt(r->addr, h->addr) && !palt(h->top, paadd(r->addr, r->size)))
			return true;
	return false;
}

/* Take one wholly free run out of the books into *run, if more than `keep` bytes stay free. */
static bool
takerun(Hole *run, u64 keep)
{
	for (Hole **l = &xlists.runs; *l != nil; l = &(*l)->link) {
		Hole *r = *l, **h;
		if (xlists.free < r->size + keep || (h = holeof(r->addr, r->size)) == nil)
			continue;
		*run = *r;
		*l = r->link;
		putdesc(r); /* so that cut finds one */
		if (!cut(h, run->addr, run->size))
			panic("xtrim: no descriptor");
		xlists.used -= run->size;
		xlists.given -= run->size;
		xlists.lent -= run->size;
		return true;
	}
	return false;
}

static void
trim(u64 keep)
{
	Hole run;

	ilock(&palloc);
	for (;;) {
		ilock(&xlists.lk);
		bool took = takerun(&run, keep);
		iunlock(&xlists.lk);
		if (!took)
			break;
		pageback(run.addr, run.size, (int)run.order);
	}
	iunlock(&palloc);
}

void
xtrim(void)
{
	trim(0);
}

/* --- the calls --------------------------------------------------------------------------------------------
 */

void
xinit(void)
{
	u64 want = Front / BY2PG;

	assert(!xlists.ready);
	xlists.ready = true;
	spread(xlists.hole, Nhole);
	for (u32 pass = 0; pass < 2; pass++) /* one bank that holds it all, or the first few */
		for (u32 i = 0; i < conf.nmem && want > 0; i++) {
			Bank *b = &conf.mem[i];
			if (pass == 0 && b->npage < want)
				continue;
			want -= bankfront(b, want);
			xhole(b->kbase, padiff(b->klimit, b->kbase));
		}
	if (xlists.given == 0)
		panic("xinit: no memory");
	xsummary();
}

void
xhole(Paddr pa, u64 size)
{
	if (size == 0)
		return;
	if (pabits(pa) % Quantum != 0 || size % Quantum != 0 || size < MinBlock || !bankholds(pa, size))
		panic("xhole: 0x%llx size 0x%llx is not RAM of a bank", pabits(pa), size);
	ilock(&xlists.lk);
	xlists.given += size;
	xlists.front += size;
	topup(insert(pa, size));
	iunlock(&xlists.lk);
}

void *
xallocz(usize n, bool zero)
{
	if (n > ~0u - sizeof(Xhdr) - Quantum)
		return nil;
	u64 size = n + sizeof(Xhdr) < MinBlock ? MinBlock : roundup(n + sizeof(Xhdr), Quantum);
	Paddr pa;
	for (;;) {
		ilock(&xlists.lk);
		pa = firstfit(size);
		iunlock(&xlists.lk);
		if (pabits(pa) != 0)
			break;
		if (!pagelend(size))
			return nil;
	}
	Xhdr *x = kaddr(pa);
	x->size = (u32)size;
	x->magix = Magichole;
	if (zero)
		memset(x->data, 0, size - sizeof(Xhdr));
	return x->data;
}

void *
xalloc(usize n)
{
	return xallocz(n, true);
}

static Xhdr *
header(void *p)
{
	return (Xhdr *)((u8 *)p - offsetof(Xhdr, data));
}

void
xfree(void *p)
{
	Xhdr *x = header(p);

	if ((uintptr)p % Quantum != 0 || x->magix != Magichole)
		panic("xfree(%p) 0x%x != 0x%x", p, x->magix, Magichole);
	u64 size = x->size;
	Paddr pa = paddr(x);
	if (size < MinBlock || size % Quantum != 0 || bankof(pa) == nil || bankof(paadd(pa, size - 1)) == nil)
		panic("xfree(%p): bad size 0x%llx", p, size);
	x->magix = 0;
	ilock(&xlists.lk);
	xlists.used -= size;
	Hole *h = insert(pa, size);
	topup(h);
	bool whole = h != nil && xlists.free > Slack && holdsrun(h);
	iunlock(&xlists.lk);
	if (whole)
		trim(Slack);
}

int
xmerge(void *vp, void *vq)
{
	Xhdr *p = header(vp), *q = header(vq);

	if (p->magix != Magichole || q->magix != Magichole)
		panic("xmerge(%p, %p): bad magic 0x%x, 0x%x", vp, vq, p->magix, q->magix);
	if ((u8 *)p + p->size != (u8 *)q || q->size > ~0u - p->size)
		return 0;
	p->size += q->size;
	q->size = 0;
	q->magix = 0;
	return 1;
}

/* Where size bytes at a multiple of align, not crossing a multiple of span (0: any), lie in h; false:
 * nowhere. */
static bool
spanfit(const Hole *h, u64 size, u64 align, u64 span, Paddr *pa)
{
	u64 start = roundup(pabits(h->addr), align);

	if (span != 0 && rounddown(start, span) != rounddown(start + size - 1, span))
		start = roundup(roundup(start, span), align);
	if (start < pabits(h->addr) || start > pabits(h->top) || pabits(h->top) - start < size)
		return false;
	*pa = topaddr(start);
	return true;
}

static bool
spantake(u64 size, u64 align, u64 span, Paddr *pa)
{
	bool took = false;

	ilock(&xlists.lk);
	for (Hole **l = &xlists.table; *l != nil && !took; l = &(*l)->link)
		took = spanfit(*l, size, align, span, pa) && cut(l, *pa, size);
	iunlock(&xlists.lk);
	return took;
}

void *
xspanalloc(usize n, usize align, u64 span)
{
	u64 size = roundup(n, MinBlock);
	Paddr pa;

	if (align < Quantum)
		align = Quantum;
	if (n == 0 || n > ~0u || (align & (align - 1)) != 0 || (span & (span - 1)) != 0 ||
	    (span != 0 && size > span))
		panic("xspanalloc: size %zu align %zu span 0x%llx", n, align, span);
	while (!spantake(size, align, span, &pa))
		if (!pagelend(size + align + span))
			panic("xspanalloc: no memory for size %zu align %zu span 0x%llx", n, align, span);
	return memset(kaddr(pa), 0, size);
}

/* --- looking ----------------------------------------------------------------------------------------------
 */

Xstat
xstat(void)
{
	ilock(&xlists.lk);
	Xstat s = {.given = xlists.given, .front = xlists.front, .runs = xlists.lent, .used = xlists.used};
	for (const Hole *h = xlists.table; h != nil; h = h->link, s.holes++)
		s.free += h->size;
	iunlock(&xlists.lk);
	return s;
}

/* The hole that begins at or above pa into *copy: print must not run under the lock. */
static bool
holefrom(Paddr pa, Hole *copy)
{
	ilock(&xlists.lk);
	const Hole *h = xlists.table;
	while (h != nil && palt(h->addr, pa))
		h = h->link;
	if (h != nil)
		*copy = *h;
	iunlock(&xlists.lk);
	return h != nil;
}

void
xsummary(void)
{
	u64 sum = 0;
	u32 n = 0;
	Hole h;

	ilock(&xlists.lk);
	for (const Hole *f = xlists.flist; f != nil; f = f->link)
		n++;
	iunlock(&xlists.lk);
	print("xalloc: %u holes free\n", n);
	for (Paddr pa = topaddr(0); holefrom(pa, &h); pa = h.top) {
		print("xalloc: 0x%08llx 0x%08llx %llu\n", pabits(h.addr), pabits(h.top), h.size);
		sum += h.size;
	}
	print("xalloc: %llu bytes free\n", sum);
}

enum { TestBlocks = 200 };

static bool
allzero(const u8 *p, usize n)
{
	for (; n > 0; n--)
		if (*p++ != 0)
			return false;
	return true;
}

bool
xalloc_test(void)
{
	Xstat was = xstat();
	void *list = nil, *p;
	u32 n = 0;
	bool ok = true;

	for (; n < TestBlocks && (p = xalloc(sizeof(void *) + n * 7)) != nil; n++) {
		ok = ok && allzero(p, sizeof(void *) + n * 7);
		memset(p, 0xa5, sizeof(void *) + n * 7);
		*(void **)p = list;
		list = p;
	}
	for (; list != nil; list = p) {
		p = *(void **)list;
		xfree(list);
	}
	Xstat is = xstat();
	ok = ok && n == TestBlocks && is.free - was.free == is.given - was.given && is.used == was.used;
	print("xalloc: test %u blocks, %llu bytes free before, %llu after: %s\n", n, was.free, is.free,
	      ok ? "ok" : "BAD");
	return ok;
}
