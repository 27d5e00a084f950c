/*
 * buddy.c: page records, made when their stretch of RAM is first used, and free blocks of 2^order pages.
 * Second life and host. Takes: untouched pieces from the banks, and blocks that come back. Gives: blocks.
 * A piece of 2 MiB pays for itself: its first 8 pages become its 512 records, mapped in the PAGES window;
 * a page or two more, once in 128 MiB, become the tables of that window. Larger blocks come straight from a
 * bank with a record for their first page alone; they are opened when small pages run out.
 * Always holds: a record is all zeroes until its frame heads a block, so "zero" reads as "inside a block";
 * a block on a list has ref RefUnused, purpose PgFree and its order; no block spans a hole, since a
 * buddy is joined only if it is on the list itself.
 * Locks: palloc held by every caller; kernptlock inside it, around the edit of the window's tables.
 */
#include "buddy.h"

enum {
	ChunkShift = PGSHIFT + 6, /* one page holds the records of 64 frames, 256 KiB */
	ChunkOrder = 6,
	WindowOrder = 9,
	SparePages = 2, /* log2 of what one record page may need: itself and three tables */
};
_Static_assert(BY2PG / sizeof(Page) == 1u << ChunkOrder, "records in a page");
_Static_assert(SmallOrder + 1 == WindowOrder, "a block of 2 MiB has a record for its first page alone");

#define CHUNK (1ull << ChunkShift)

Lock palloc;
Buddystat buddy;

static Page *lists[MaxOrder + 1];

/* --- records ----------------------------------------------------------------------------------------------
 */

static Page *
record(u64 pa)
{
	return (Page *)(uintptr)PAGES + (pa >> PGSHIFT);
}

Page *
pagefor(Paddr pa)
{
	Page *p = record(pabits(pa));

	if (pabits(pa) >= HHDMSIZE || kernptab() == nil)
		return nil;
	Pte64 *e = mmuwalk(kernptab(), (u64)(uintptr)p, 0, false);
	return e != nil && ptevalid(*e) ? p : nil;
}

/* Where the pages for records and their tables come from: a piece that is about to be opened. */
typedef struct Cursor Cursor;
struct Cursor {
	u64 pa, end;
};

static Paddr
backing(Cursor *c)
{
	if (c->pa == c->end)
		return topaddr(0);
	Paddr pa = topaddr(c->pa);
	c->pa += BY2PG;
	pagezero(kaddr(pa));
	return pa;
}

static Paddr
windowtable(Ptab *t)
{
	Paddr pa = backing(t->aux);
	if (pabits(pa) != 0)
		buddy.rectables++;
	return pa;
}

/* The page that holds pa's record, if there is none yet. False: the cursor is used up. */
static bool
recordpage(Ptab *t, u64 pa)
{
	Pte64 *e = mmuwalk(t, (u64)(uintptr)record(pa), 0, true);

	if (e == nil)
		return false;
	if (ptevalid(*e))
		return true;
	Paddr back = backing(t->aux);
	if (pabits(back) == 0)
		return false;
	*e = pteleaf(t->feat, 0, back, PermR | PermW | PermG, MtWB);
	buddy.records++;
	return true;
}

/*
 * Records for all frames of [start, end). Entries go from absent to present, which no processor
 * remembers: there is nothing to flush [SDM 3A 4.10.2.3].
 */
static bool
makerecords(u64 start, u64 end, Cursor *c)
{
	bool ok = true;

	ilock(&kernptlock);
	Ptab *kern = kernptab(), t = *kern;
	t.newtable = windowtable;
	t.aux = c;
	for (u64 pa = rounddown(start, CHUNK); ok && pa < end; pa += CHUNK)
		ok = recordpage(&t, pa);
	kern->ntables = t.ntables;
	iunlock(&kernptlock);
	return ok;
}

/* --- lists -------------------------------------------------------------------------------------------------
 */

static void
enlist(Page *p, int order)
{
	setpageref(p, RefUnused);
	setpurpose(p, PgFree);
	p->order = (u8)order;
	p->prev = nil;
	p->next = lists[order];
	if (p->next != nil)
		p->next->prev = p;
	lists[order] = p;
	buddy.nfree[order]++;
	buddy.free += 1ull << order;
}

static void
unlist(Page *p, int order)
{
	if (p->prev != nil)
		p->prev->next = p->next;
	else
		lists[order] = p->next;
	if (p->next != nil)
		p->next->prev = p->prev;
	p->next = p->prev = nil;
	buddy.nfree[order]--;
	buddy.free -= 1ull << order;
}

/* The other half of the block twice as large, if it is free too; nil: it is not, or not ours. */
static Page *
freebuddy(Page *p, int order)
{
	Paddr other = topaddr(pabits(pagepa(p)) ^ BY2PG << order);
	Page *b = order < ChunkOrder ? record(pabits(other)) : pagefor(other);

	return b != nil && pageref(b) == RefUnused && purposeof(b) == PgFree && b->order == order ? b : nil;
}

void
blockfree(Page *p, int order)
{
	Page *b;

	for (; order < MaxOrder && (b = freebuddy(p, order)) != nil; order++) {
		unlist(b, order);
		Page *upper = b < p ? p : b;
		p = b < p ? b : p;
		setpageref(upper, 0);
		upper->order = 0;
	}
	enlist(p, order);
}

/* Free [pa, end), all of whose records exist, as the largest aligned blocks. */
static void
freerange(u64 pa, u64 end)
{
	while (pa < end) {
		int order = __builtin_ctzll(pa >> PGSHIFT | 1ull << MaxOrder);
		while (BY2PG << order > end - pa)
			order--;
		blockfree(record(pa), order);
		pa += BY2PG << order;
	}
}

static void
openpiece(u64 start, u64 end)
{
	Cursor c = {start, end};

	makerecords(start, end, &c); /* a piece too small for its own records is used up by them */
	freerange(c.pa, c.end);
}

void
pageopen(Paddr pa, u64 npage)
{
	u64 start = pabits(pa), end = start + npage * BY2PG;

	for (u64 stop; start < end; start = stop) {
		stop = rounddown(start, PGLSZ(1)) + PGLSZ(1);
		if (stop > end)
			stop = end;
		openpiece(start, stop);
	}
}

/* --- small blocks ------------------------------------------------------------------------------------------
 */

static Page *
fromlists(int order)
{
	int o = order;

	while (o <= SmallOrder && lists[o] == nil)
		o++;
	if (o > SmallOrder)
		return nil;
	Page *p = lists[o];
	unlist(p, o);
	while (o > order) {
		o--;
		enlist(p + (1ull << o), o);
	}
	p->order = (u8)order;
	return p;
}

static bool
grow(void)
{
	Paddr pa;
	u64 npage;

	if (!bankstretch(&pa, &npage))
		return false;
	pageopen(pa, npage);
	return true;
}

/* The smallest free block of at least this order, off its list; nil: none. */
static Page *
takebig(int order)
{
	while (order <= MaxOrder && lists[order] == nil)
		order++;
	if (order > MaxOrder)
		return nil;
	Page *p = lists[order];
	unlist(p, order);
	return p;
}

/*
 * Open the first 2 MiB of a large block: they pay for their own records and for those of the halves
 * that stay large.
 */
static bool
breakbig(void)
{
	Page *p = takebig(WindowOrder);

	if (p == nil)
		return false;
	u64 pa = pabits(pagepa(p));
	Cursor c = {pa, pa + PGLSZ(1)};
	int order = p->order;
	setpageref(p, 0);
	p->order = 0;
	while (order > WindowOrder) {
		order--;
		u64 upper = pa + (BY2PG << order);
		if (!makerecords(upper, upper + BY2PG, &c))
			panic("breakbig: no record for 0x%llx", upper);
		enlist(record(upper), order);
	}
	makerecords(pa, pa + PGLSZ(1), &c);
	freerange(c.pa, c.end);
	return true;
}

static Page *
takesmall(int order)
{
	Page *p;

	while ((p = fromlists(order)) == nil)
		if (!grow() && !breakbig())
			return nil;
	return p;
}

/* --- large blocks ------------------------------------------------------------------------------------------
 */

/* A record for the one frame at pa. False: no page for it. */
static bool
headrecord(u64 pa)
{
	if (pagefor(topaddr(pa)) != nil)
		return true;
	Page *spare = takesmall(SparePages);
	if (spare == nil)
		return false;
	u64 at = pabits(pagepa(spare));
	Cursor c = {at, at + (BY2PG << SparePages)};
	setpageref(spare, 0);
	spare->order = 0;
	bool ok = makerecords(pa, pa + BY2PG, &c);
	freerange(c.pa, c.end);
	return ok;
}

static Page *
splitbig(int order)
{
	Page *p = takebig(order);

	if (p == nil)
		return nil;
	for (int o = p->order; o > order; o--) {
		u64 upper = pabits(pagepa(p)) + (BY2PG << (o - 1));
		if (!headrecord(upper)) {
			blockfree(p, o);
			return nil;
		}
		enlist(record(upper), o - 1);
	}
	p->order = (u8)order;
	return p;
}

static Page *
freshbig(int order)
{
	BankRun run;

	if (!bankrun(1ull << order, BY2PG << order, &run))
		return nil;
	pageopen(run.rest, run.nrest);
	if (!headrecord(pabits(run.pa))) {
		pageopen(run.pa, 1ull << order);
		return nil;
	}
	Page *p = record(pabits(run.pa));
	setpageref(p, RefUnused);
	p->order = (u8)order;
	return p;
}

Page *
blocktake(int order)
{
	Page *p = order <= SmallOrder ? takesmall(order) : splitbig(order);

	if (p == nil && order > SmallOrder)
		p = freshbig(order);
	if (p != nil)
		setpurpose(p, PgCache); /* on its way: nobody may join it */
	return p;
}

/* --- looking
 * ------------------------------------------------------------------------------------------------ */

static const char *
checkblock(Page *p, int order)
{
	u64 pa = pabits(pagepa(p));

	if (pagefor(topaddr(pa)) != p)
		return "block without a record";
	if (p->ref != RefUnused || p->purpose != PgFree || p->order != order)
		return "block on a list that is not free, or of another order";
	if (pa % (BY2PG << order) != 0)
		return "block is not aligned";
	if (bankof(topaddr(pa)) == nil || bankof(topaddr(pa + (BY2PG << order) - 1)) == nil)
		return "block outside the banks";
	if (p->prev != nil && p->prev->next != p)
		return "list is torn";
	if (order < MaxOrder && freebuddy(p, order) != nil)
		return "free buddies are not joined";
	return nil;
}

const char *
buddycheck(void)
{
	const char *why = nil;

	for (int o = 0; o <= MaxOrder && why == nil; o++) {
		u64 n = 0;
		for (Page *p = lists[o]; p != nil && why == nil; p = p->next, n++)
			why = n < buddy.nfree[o] ? checkblock(p, o) : "list is longer than its count";
		if (why == nil && n != buddy.nfree[o])
			why = "list is shorter than its count";
	}
	return why;
}
