/*
 * page.c: pages in use: whom they serve, how many refer to them, and a few kept at hand for each
 * processor. Second life and host.
 * Takes: blocks from buddy.c. Gives: single pages and contiguous blocks with a purpose, a reference count, a
 * generation and the pc of whoever took them; runs to xalloc.
 * Always holds: a page is on a free list, in one processor's cache, or in use with ref > 0, never two of
 * them; every page of a bank is counted in exactly one member of Pagestat. A page in use that is freed
 * twice, or one that never was in use, is a panic that names page, owner and caller.
 * Locks: palloc; a cache belongs to its processor, with interrupts off.
 */
#include "buddy.h"
#include "lib.h"
#include "log.h"
#include "own.h"

enum {
	Batch = 32, /* pages that move between a cache and the lists at once */
	BatchOrder = 5,
	CacheMax = 64,
	Reserve = 128, /* pages that users leave to the kernel, so that it can help them */
	RunMin = 64,   /* pages of the smallest run lent to xalloc */
	PoisonByte = 0xde,
};
_Static_assert(1 << BatchOrder == Batch, "a batch is one block");

#define POISON 0xdedededededededeull

typedef struct Cache Cache;
struct Cache { /* one for each processor, with interrupts off; others only read the counts */
	Page *list;
	u64 n;
	i64 used[NPURPOSE]; /* taken less freed here: only the sum over processors means anything */
} ALIGNED(64);

static struct {
	Cache cache[MaxMach];
	u64 cachemax;	    /* pages that a cache keeps; 0: none, every page is looked at */
	i64 used[NPURPOSE]; /* (palloc) what did not go through a cache */
	u64 raw, early;	    /* (palloc) */
	u64 highwater, headroom;
	bool ready; /* pageinit was called */
	bool poison;
} pages = {.cachemax = CacheMax};

/* The caller of the public function that this is written in. */
#define CALLER ((u64)(uintptr)__builtin_return_address(0))

#define COLD __attribute__((noinline, cold))

/* --- broken promises ---------------------------------------------------------------------------------------
 */

static NORETURN COLD void
badpage(const char *who, const Page *p, const char *expected, u64 pc)
{
	if ((uintptr)p - PAGES >= PAGESSIZE || (uintptr)p % sizeof(Page) != 0 || pagefor(pagepa(p)) == nil)
		panic("%s: %p is no page, caller 0x%llx", who, (const void *)p, pc);
	panic("%s: page 0x%llx refcount is %d (expected %s) purpose %u owner 0x%llx caller 0x%llx", who,
	      pabits(pagepa(p)), (i32)pageref(p), expected, p->purpose, p->owner, pc);
}

static inline bool
ispage(const Page *p)
{
	return (uintptr)p - PAGES < PAGESSIZE && (uintptr)p % sizeof(Page) == 0;
}

/* --- poison (H8)
 * --------------------------------------------------------------------------------------------- */

void
pagepoison(bool on)
{
	pages.poison = on;
	pages.cachemax = on ? 0 : CacheMax;
}

static void
poison(Page *p, int order)
{
	for (Page *end = p + (1ull << order); p < end; p++) {
		memset(pageva(p), PoisonByte, BY2PG);
		p->flags |= PgPoisoned;
	}
}

/* Was a freed page written to? Its mark goes away either way. */
static bool
spoiled(Page *p)
{
	const u64 *w = pageva(p);
	bool marked = p->flags & PgPoisoned;

	p->flags &= ~(u32)PgPoisoned;
	for (u32 i = 0; marked && i < BY2PG / 8; i++)
		if (w[i] != POISON)
			return true;
	return false;
}

/* Look at a block that is about to be given out. False: it stays away for ever. */
static bool
cleanblock(Page *p, int order, u64 pc)
{
	bool ok = true;

	if (!pages.poison || order > SmallOrder)
		return true;
	for (Page *q = p; q < p + (1ull << order); q++)
		if (spoiled(q)) {
			print("page: 0x%llx was written to after 0x%llx freed it; found for 0x%llx, "
			      "quarantined\n",
			      pabits(pagepa(q)), q->owner, pc);
			ok = false;
		}
	return ok;
}

/* --- taking
 * ---------------------------------------------------------------------------------------------------- */

/* The record of a block becomes that of one in use. */
static inline void
claim(Page *p, enum Purpose u, u64 pc)
{
	if (pageref(p) != RefUnused)
		badpage("page alloc", p, "UNUSED", pc);
	setpurpose(p, u);
	p->modref = 0;
	p->state = 0;
	p->gen++;
	p->next = nil;
	p->owner = pc;
	__atomic_store_n(&p->ref, 1, __ATOMIC_RELEASE);
}

static inline Cache *
mycache(void)
{
	return &pages.cache[machp()->machno];
}

static inline void
push(Cache *c, Page *p)
{
	setpurpose(p, PgCache);
	p->next = c->list;
	c->list = p;
	c->n++;
}

static inline Page *
pop(Cache *c)
{
	Page *p = c->list;

	c->list = p->next;
	c->n--;
	return p;
}

/* Has the kernel no more than it needs for itself? palloc held. */
static bool
scarce(void)
{
	return buddy.free < Reserve + Batch && buddy.free + bankfresh() < Reserve + Batch;
}

/* A block of a batch, page by page into the cache. */
static void
shred(Cache *c, Page *block)
{
	block->order = 0;
	for (u32 i = Batch; i-- > 0;) {
		setpageref(&block[i], RefUnused);
		push(c, &block[i]);
	}
}

static bool
refill(Cache *c, enum Purpose u)
{
	u64 want = pages.poison ? 1 : Batch; /* each page of a batch would have to be looked at */
	Page *p;

	ilock(&palloc);
	if (u != PgUser || !scarce()) {
		if (want == Batch && (p = blocktake(BatchOrder)) != nil)
			shred(c, p);
		else
			while (c->n < want && (p = blocktake(0)) != nil)
				push(c, p);
	}
	iunlock(&palloc);
	return c->list != nil;
}

/* It was written to after it was freed: it stays away for ever. */
static void
quarantine(Page *p, enum Purpose u, int order)
{
	setpurpose(p, PgQuarantine);
	ilock(&palloc);
	pages.used[u] -= 1ll << order;
	pages.used[PgQuarantine] += 1ll << order;
	iunlock(&palloc);
}

/* takepage when the cache is empty, or pages are looked at. */
static COLD Page *
slowtake(enum Purpose u, u64 pc)
{
	for (;;) {
		u32 s = splhi();
		Cache *c = mycache();
		if (c->list == nil && !refill(c, u)) {
			splx(s);
			return nil;
		}
		Page *p = pop(c);
		c->used[u]++;
		splx(s);
		claim(p, u, pc);
		if (cleanblock(p, 0, pc))
			return p;
		quarantine(p, u, 0);
	}
}

/* A page with ref 1; nil: none. Nearly always it is the one that was freed last. */
static inline Page *
takepage(enum Purpose u, u64 pc)
{
	u32 s = splhi();
	Cache *c = mycache();

	if (c->list == nil) {
		splx(s);
		return slowtake(u, pc);
	}
	Page *p = pop(c);
	c->used[u]++;
	splx(s);
	claim(p, u, pc);
	return p;
}

/* --- giving back
 * ------------------------------------------------------------------------------------------------ */

/* The cache is full: a batch goes to the lists, and interrupts come back as they were in s. */
static COLD void
drain(Cache *c, u32 s)
{
	u64 keep = pages.cachemax - (pages.cachemax != 0 ? Batch : 0);

	ilock(&palloc);
	while (c->n > keep) {
		Page *p = pop(c);
		if (pages.poison)
			poison(p, 0);
		blockfree(p, 0);
	}
	iunlock(&palloc);
	splx(s);
}

static void
freeblock(Page *p, int order, u64 pc)
{
	u8 was = p->purpose;

	p->owner = pc;
	if (pages.poison && order <= SmallOrder)
		poison(p, order);
	ilock(&palloc);
	pages.used[was] -= 1ll << order;
	blockfree(p, order);
	iunlock(&palloc);
}

/* One page into this processor's cache. */
static inline void
cachefree(Page *p, u64 pc)
{
	u8 was = p->purpose;

	p->owner = pc;
	setpageref(p, RefUnused);
	u32 s = splhi();
	Cache *c = mycache();
	c->used[was]--;
	push(c, p);
	if (c->n > pages.cachemax)
		drain(c, s);
	else
		splx(s);
}

static COLD void
slowfree(Page *p, u64 pc)
{
	if (p->modref & PgPriv)
		pagezero(pageva(p));
	if (p->order != 0)
		freeblock(p, p->order, pc);
	else
		cachefree(p, pc);
}

/* ref has become 0: nobody else knows the page any more. */
static inline void
freepage(Page *p, u64 pc)
{
	if ((p->order | (p->modref & PgPriv)) != 0)
		slowfree(p, pc);
	else
		cachefree(p, pc);
}

/* Drop a reference; was it the last? */
static inline bool
dropped(const char *who, Page *p, u64 pc)
{
	if (!ispage(p))
		badpage(who, p, "a page", pc);
	u32 old = __atomic_fetch_sub(&p->ref, 1, __ATOMIC_ACQ_REL);
	if (old == 1)
		return true;
	if (old == 0 || old == RefUnused) {
		__atomic_fetch_add(&p->ref, 1, __ATOMIC_RELAXED);
		badpage(who, p, "in use", pc);
	}
	return false;
}

void
putpage(Page *p)
{
	if (!dropped("putpage", p, CALLER))
		return;
	if (p->state != BORROW_FREE)
		ownbroken("putpage", p, CALLER);
	freepage(p, CALLER);
}

Page *
deadpage(Page *p)
{
	return dropped("deadpage", p, CALLER) ? p : nil;
}

void
freepages(Page *head)
{
	for (Page *p = head, *next; p != nil; p = next) {
		next = p->next;
		if (!ispage(p) || p->ref != 0)
			badpage("freepages", p, "0", CALLER);
		freepage(p, CALLER);
	}
}

void
incpage(Page *p)
{
	u32 old = ispage(p) ? __atomic_fetch_add(&p->ref, 1, __ATOMIC_RELAXED) : 0;

	if (old == 0 || old >= RefUnused - 1)
		badpage("incpage", p, "in use", CALLER);
}

/* --- the calls
 * ---------------------------------------------------------------------------------------------------- */

static inline Page *
userpage(Uva va, QLock *locked, u64 owner)
{
	Page *p;

	while ((p = takepage(PgUser, owner)) == nil) {
		if (locked != nil)
			qunlock(locked);
		memwait("newpage");
		if (locked != nil)
			return nil;
	}
	p->va = rounddown(uvabits(va), BY2PG);
	p->daddr = 0;
	p->image = nil;
	return p;
}

Page *
newpage(Uva va, QLock *locked)
{
	Page *p = userpage(va, locked, CALLER);

	if (p != nil)
		pagezero(pageva(p));
	return p;
}

Page *
newrawpage(Uva va, QLock *locked)
{
	return userpage(va, locked, CALLER);
}

static __attribute__((noinline)) Page *
zeropage(enum Purpose u, u64 pc)
{
	Page *p = takepage(u, pc);

	if (p != nil)
		pagezero(pageva(p));
	return p;
}

Page *
kpage(enum Purpose u, bool zero)
{
	return zero || u == PgTable ? zeropage(u, CALLER) : takepage(u, CALLER);
}

/*
 * What the processors count: each word is written by one alone, and reading it a little early or late is
 * all that can happen. The sum is exact when nobody is at work.
 */
static __attribute__((no_sanitize("thread"))) u64
sumcaches(i64 used[NPURPOSE])
{
	u64 n = 0;

	for (u32 i = 0; i < conf.nmach; i++) {
		const volatile Cache *c = &pages.cache[i];
		n += c->n;
		for (int u = 0; u < NPURPOSE; u++)
			used[u] += c->used[u];
	}
	return n;
}

/* Pages that the kernel has of its own accord. palloc held. */
static u64
kernelpages(void)
{
	i64 used[NPURPOSE] = {0};

	sumcaches(used);
	return (u64)(used[PgKernel] + pages.used[PgKernel] + pages.used[PgXalloc]) + pages.raw + bankfronts();
}

/* May the kernel have n pages more? The ceiling of H1. palloc held. */
static bool
kernelroom(u64 n)
{
	u64 ceiling = conf.npage - conf.upages, have = kernelpages();

	return have <= ceiling && n <= ceiling - have;
}

Page *
kpages(enum Purpose u, int order)
{
	Page *p;

	if (order < 0 || order > MaxOrder)
		return nil;
	for (;;) {
		ilock(&palloc);
		p = u == PgKernel && !kernelroom(1ull << order) ? nil : blocktake(order);
		if (p != nil)
			pages.used[u] += 1ll << order;
		iunlock(&palloc);
		if (p == nil)
			return nil;
		claim(p, u, CALLER);
		if (cleanblock(p, order, CALLER)) {
			if (u == PgTable)
				memset(pageva(p), 0, BY2PG << order);
			return p;
		}
		quarantine(p, u, order);
	}
}

void
kpagesfree(Page *p, int order)
{
	if (!ispage(p) || p->ref != 1)
		badpage("kpagesfree", p, "1", CALLER);
	if (p->order != order)
		panic("kpagesfree: page 0x%llx order %d is %u owner 0x%llx caller 0x%llx", pabits(pagepa(p)),
		      order, p->order, p->owner, CALLER);
	if (dropped("kpagesfree", p, CALLER))
		freepage(p, CALLER);
}

void
fillpage(Page *p, int c)
{
	memset(pageva(p), c, BY2PG);
}

void
copypage(Page *from, Page *to)
{
	pagecopy(pageva(to), pageva(from));
}

/* Pages of [start, end) that are in use and private lose their content. */
static void
zeroprivate(u64 start, u64 end)
{
	for (; start < end; start += BY2PG) {
		Page *p = pagefor(topaddr(start));
		if (p != nil && p->ref != 0 && p->ref != RefUnused && (p->modref & PgPriv))
			pagezero(pageva(p));
	}
}

void
zeroprivatepages(void)
{
	for (u32 i = 0; i < conf.nmem; i++) {
		const Bank *b = &conf.mem[i];
		zeroprivate(pabits(b->base), pabits(b->lo));
		zeroprivate(pabits(b->hi), pabits(b->base) + b->npage * BY2PG);
	}
}

/* --- kernel tables, early and late
 * --------------------------------------------------------------------------------- */

/* A page out of a bank, without a record: all there is before pageinit, and nothing after it. (H15) */
Paddr
earlypage(void)
{
	BankRun run;

	if (pages.ready)
		panic("earlypage: sealed by pageinit, caller 0x%llx", CALLER);
	if (!bankrun(1, BY2PG, &run))
		return topaddr(0);
	pages.early++;
	pagezero(kaddr(run.pa));
	return run.pa;
}

Paddr
rampage(void)
{
	if (!pages.ready)
		return earlypage();
	Page *p = takepage(PgTable, CALLER);
	if (p == nil)
		return topaddr(0);
	pagezero(pageva(p));
	return pagepa(p);
}

void
rampagefree(Paddr pa)
{
	Page *p = pagefor(pa);

	if (p != nil && p->ref != 0) {
		if (p->ref != 1 || p->purpose != PgTable)
			badpage("rampagefree", p, "a table's 1", CALLER);
		putpage(p);
		return;
	}
	if (!pages.ready || bankof(pa) == nil)
		panic("rampagefree: 0x%llx, caller 0x%llx", pabits(pa), CALLER);
	ilock(&palloc);
	pages.early--;
	pageopen(pa, 1);
	iunlock(&palloc);
}

/* --- lending to xalloc
 * ------------------------------------------------------------------------------------------------ */

/* When no bank has an untouched run, a block does. */
static bool
lendblock(u64 npage)
{
	int order = 0;

	while (order < MaxOrder && 1ull << order < npage)
		order++;
	if (!pages.ready || 1ull << order < npage)
		return false;
	Page *p = blocktake(order);
	if (p == nil)
		return false;
	claim(p, PgXalloc, CALLER);
	pages.used[PgXalloc] += 1ll << order;
	xgive(pagepa(p), BY2PG << order, order);
	return true;
}

bool
pagelend(u64 n)
{
	u64 npage = roundup(n, BY2PG) / BY2PG;
	BankRun run;
	bool ok = false;

	if (npage < RunMin)
		npage = RunMin;
	ilock(&palloc);
	if (kernelroom(npage)) {
		ok = bankrun(npage, BY2PG, &run);
		if (ok) {
			pages.raw += npage;
			xgive(run.pa, npage * BY2PG, -1);
		} else
			ok = lendblock(npage);
	}
	iunlock(&palloc);
	return ok;
}

void
pageback(Paddr pa, u64 size, int order)
{
	if (order < 0) {
		pages.raw -= size / BY2PG;
		pageopen(pa, size / BY2PG);
		return;
	}
	Page *p = pagefor(pa);
	if (p == nil || p->ref != 1 || p->purpose != PgXalloc || p->order != order)
		badpage("pageback", p, "a run's 1", CALLER);
	pages.used[PgXalloc] -= 1ll << order;
	blockfree(p, order);
}

/* --- counting
 * -----------------------------------------------------------------------------------------------------------
 */

Pagestat
pagestatlocked(void)
{
	Pagestat s = {.bank = conf.npage,
		      .front = bankfronts(),
		      .fresh = bankfresh(),
		      .raw = pages.raw,
		      .early = pages.early,
		      .records = buddy.records,
		      .rectables = buddy.rectables,
		      .highwater = pages.highwater,
		      .headroom = pages.headroom};

	for (int o = 0; o <= MaxOrder; o++) {
		s.nfree[o] = buddy.nfree[o];
		s.free += buddy.nfree[o] << o;
	}
	i64 used[NPURPOSE];
	memcpy(used, pages.used, sizeof used);
	s.cached = sumcaches(used);
	for (int u = 0; u < NPURPOSE; u++)
		s.used[u] = (u64)used[u];
	return s;
}

Pagestat
pagestat(void)
{
	ilock(&palloc);
	Pagestat s = pagestatlocked();
	iunlock(&palloc);
	return s;
}

u64
freepagecount(void)
{
	Pagestat s = pagestat();
	u64 n = s.free + s.cached + s.fresh;

	return n > Reserve + Batch ? n - Reserve - Batch : 0;
}

u64
userpagecount(void)
{
	return pagestat().used[PgUser];
}

const char *
pagecheck(void)
{
	ilock(&palloc);
	const char *why = buddycheck();
	for (u32 i = 0; i < conf.nmach && why == nil; i++) {
		u64 n = 0;
		for (const Page *p = pages.cache[i].list; p != nil && why == nil; p = p->next, n++)
			if (p->ref != RefUnused || p->purpose != PgCache)
				why = "page in a cache that is not free";
		if (why == nil && n != pages.cache[i].n)
			why = "cache is not as long as its count";
	}
	iunlock(&palloc);
	return why;
}

void
pagesummary(void)
{
	Pagestat s = pagestat();
	u64 n = s.free + s.cached + s.fresh;

	print("Frames: %llu/%llu (%lluMB usable)\n", n, s.bank, n * BY2PG / MiB);
}

u64
memtest(u64 max, Paddr *bad)
{
	Page *list = nil, *p;
	u64 n = 0;

	*bad = topaddr(~0ull);
	for (; n < max && pabits(*bad) == ~0ull && (p = takepage(PgCustom, CALLER)) != nil; n++) {
		*bad = ramscan(pagepa(p), BY2PG);
		p->next = list;
		list = p;
	}
	for (; list != nil; list = p) {
		p = list->next;
		putpage(list);
	}
	return n;
}

void
pageinit(void)
{
	assert(!pages.ready);
	assert(conf.nmem > 0 && kernptab() != nil);
	pages.ready = true;
	ilock(&palloc);
	Page *p = blocktake(0);
	if (p != nil)
		blockfree(p, 0);
	iunlock(&palloc);
	if (p == nil)
		panic("pageinit: no memory for page records");
	u64 unmapped = 0;
	for (u32 i = 0; i < conf.nmem; i++)
		if (cankaddr(conf.mem[i].base) < conf.mem[i].npage * BY2PG)
			unmapped += conf.mem[i].npage;
	pages.highwater = freepagecount() * 5 / 100;
	pages.headroom = pages.highwater * 5 / 4;
	print("pageinit: free %llu unmapped %llu poisoned %llu highwater %llu headroom %llu\n",
	      freepagecount(), unmapped, pagestat().used[PgQuarantine], pages.highwater, pages.headroom);
	memsummary();
}
