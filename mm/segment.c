/*
 * segment.c: ranges of user addresses and the pages they consist of. Portable; second life and host
 * tests. A segment's pages hang in Ptes of 1 MiB which are made when the first page under them is: a
 * segment of 64 GiB costs what was touched of it. Nothing here knows page tables; who takes pages away
 * (mfreeseg, segresize, putseg) has taken their mappings away before.
 *
 * Always: a Pte on the free list, and the inline map of a free segment, are all nil.
 * Locks: a segment's q for base, top and pages; segalloc.l for the two free lists, physsegs.l for the
 * classes.
 */
#include "segment.h"
#include "lib.h"

enum { MaxIdle = 128 }; /* free ones that are kept */

static struct {
	Lock l;
	Segment *segs;	  /* (l) free ones */
	Pte *ptes;	  /* (l) free ones */
	u32 nsegs, nptes; /* (l) of them */
	u64 inuse;	  /* (l) segments */
} segalloc;

/* --- Ptes ---------------------------------------------------------------------------------------------- */

static Pte *
ptealloc(void)
{
	Pte *p;

	lock(&segalloc.l);
	p = segalloc.ptes;
	if (p != nil) {
		segalloc.ptes = p->next;
		segalloc.nptes--;
	}
	unlock(&segalloc.l);
	if (p == nil)
		p = mallocz(sizeof(Pte), true);
	if (p != nil) {
		p->next = nil;
		p->first = PTEPERTAB;
		p->last = 0;
	}
	return p;
}

/* p is all nil. */
static void
ptefree(Pte *p)
{
	lock(&segalloc.l);
	if (segalloc.nptes < MaxIdle) {
		p->next = segalloc.ptes;
		segalloc.ptes = p;
		segalloc.nptes++;
		p = nil;
	}
	unlock(&segalloc.l);
	free(p);
}

static bool
pteempty(const Pte *p)
{
	return p->first > p->last;
}

/* Drop the pages in slots [lo, hi]. */
static void
pteclear(Pte *p, u32 lo, u32 hi)
{
	u32 i, first, last;

	first = lo > p->first ? lo : p->first;
	last = hi < p->last ? hi : p->last;
	for (i = first; i <= last; i++) {
		if (p->pages[i] != nil) {
			putpage(p->pages[i]);
			p->pages[i] = nil;
		}
	}
	if (lo <= p->first && hi >= p->last) {
		p->first = PTEPERTAB;
		p->last = 0;
	} else if (lo <= p->first && hi >= p->first) {
		p->first = (u16)(hi + 1);
	} else if (hi >= p->last && lo <= p->last) {
		p->last = (u16)(lo - 1);
	}
}

/* Another Pte with the same pages, one more reference of each; nil: no memory. */
static Pte *
ptecopy(const Pte *from)
{
	Pte *to;
	u32 i;

	to = ptealloc();
	if (to == nil)
		return nil;
	to->first = from->first;
	to->last = from->last;
	for (i = from->first; i <= from->last; i++) {
		if (from->pages[i] != nil) {
			incpage(from->pages[i]);
			to->pages[i] = from->pages[i];
		}
	}
	return to;
}

/* --- segments ------------------------------------------------------------------------------------------ */

static u64
mapneed(u64 npage)
{
	return (npage + PTEPERTAB - 1) / PTEPERTAB;
}

static void
segfree(Segment *s)
{
	lock(&segalloc.l);
	segalloc.inuse--;
	if (segalloc.nsegs < MaxIdle) {
		s->next = segalloc.segs;
		segalloc.segs = s;
		segalloc.nsegs++;
		s = nil;
	}
	unlock(&segalloc.l);
	free(s);
}

static Segment *
segtake(void)
{
	Segment *s;

	lock(&segalloc.l);
	s = segalloc.segs;
	if (s != nil) {
		segalloc.segs = s->next;
		segalloc.nsegs--;
	}
	segalloc.inuse++;
	unlock(&segalloc.l);
	if (s != nil || (s = mallocz(sizeof(Segment), true)) != nil)
		return s;
	lock(&segalloc.l);
	segalloc.inuse--;
	unlock(&segalloc.l);
	return nil;
}

/* Room for n Ptes, those that are there kept. False: no memory. (q, or nobody else has s) */
static bool
mapgrow(Segment *s, u64 n)
{
	Pte **map;
	u64 size;

	if (n <= s->mapsize)
		return true;
	if (n > SEGMAPSIZE)
		return false;
	size = n < 2ull * s->mapsize ? 2ull * s->mapsize : n;
	if (size > SEGMAPSIZE)
		size = SEGMAPSIZE;
	map = mallocz(size * sizeof(Pte *), true);
	if (map == nil)
		return false;
	memcpy(map, s->map, s->mapsize * sizeof(Pte *));
	if (s->map == s->ssegmap)
		memset(s->ssegmap, 0, sizeof s->ssegmap);
	else
		free(s->map);
	s->map = map;
	s->mapsize = (u32)size;
	return true;
}

Segment *
newseg(u32 type, u64 base, u64 npage)
{
	Segment *s;

	if (npage > (u64)SEGMAPSIZE * PTEPERTAB || (s = segtake()) == nil)
		return nil;
	s->map = s->ssegmap;
	s->mapsize = SSEGMAPSIZE;
	if (mapneed(npage) > SSEGMAPSIZE && !mapgrow(s, mapneed(npage))) {
		segfree(s);
		return nil;
	}
	s->ref.ref = 1;
	s->type = type;
	s->base = base;
	s->top = base + npage * BY2PG;
	s->fstart = s->flen = 0;
	s->image = nil;
	s->exec = (type & SG_TYPE) == SG_TEXT && (type & SG_NOEXEC) == 0;
	s->pa = topaddr(0);
	s->sema = nil;
	return s;
}

void
mfreeseg(Segment *s, u64 start, u64 npage)
{
	u64 pg, end, i;
	u32 lo, hi;

	pg = (start - s->base) / BY2PG;
	end = pg + npage;
	while (pg < end) {
		i = pg / PTEPERTAB;
		lo = pg % PTEPERTAB;
		hi = (i + 1) * PTEPERTAB <= end ? PTEPERTAB - 1 : (u32)((end - 1) % PTEPERTAB);
		pg = (i + 1) * PTEPERTAB;
		if (i >= s->mapsize || s->map[i] == nil)
			continue;
		pteclear(s->map[i], lo, hi);
		if (pteempty(s->map[i])) {
			ptefree(s->map[i]);
			s->map[i] = nil;
		}
	}
}

void
putseg(Segment *s)
{
	bool last;

	if (s->image != nil && (s->type & SG_TYPE) == SG_TEXT)
		last = imageputtext(s);
	else
		last = decref(&s->ref) == 0;
	if (!last)
		return;
	if (s->sema != nil)
		panic("putseg: [%llx, %llx) has semaphore waiters", s->base, s->top);
	mfreeseg(s, s->base, (s->top - s->base) / BY2PG);
	if (s->map != s->ssegmap)
		free(s->map);
	s->map = nil;
	if (s->image != nil)
		putimage(s->image);
	segfree(s);
}

/* A private copy of s: the same pages, copied when one side writes. */
static Segment *
copyseg(Segment *s, bool *cow)
{
	Segment *n;
	u64 i, need;

	n = newseg(s->type, s->base, (s->top - s->base) / BY2PG);
	if (n == nil)
		return nil;
	if (s->image != nil)
		incref(&s->image->ref);
	n->image = s->image;
	n->fstart = s->fstart;
	n->flen = s->flen;
	n->exec = s->exec;
	need = mapneed((s->top - s->base) / BY2PG);
	for (i = 0; i < need; i++) {
		if (s->map[i] == nil)
			continue;
		n->map[i] = ptecopy(s->map[i]);
		if (n->map[i] == nil) {
			putseg(n);
			return nil;
		}
		*cow = true;
	}
	return n;
}

Segment *
dupseg(Segment *s, bool share, bool *cow)
{
	*cow = false;
	switch (s->type & SG_TYPE) {
	case SG_DATA:
	case SG_BSS:
		if (!share)
			return copyseg(s, cow);
		break;
	case SG_STACK:
		return copyseg(s, cow);
	}
	incref(&s->ref);
	return s;
}

Page **
segslot(Segment *s, u64 addr, bool create)
{
	Pte *p;
	u64 pg;
	u32 i;

	pg = (addr - s->base) / BY2PG;
	p = s->map[pg / PTEPERTAB];
	i = pg % PTEPERTAB;
	if (!create)
		return p != nil ? &p->pages[i] : nil;
	if (p == nil) {
		p = ptealloc();
		if (p == nil)
			return nil;
		s->map[pg / PTEPERTAB] = p;
	}
	if (i < p->first)
		p->first = (u16)i;
	if (i > p->last)
		p->last = (u16)i;
	return &p->pages[i];
}

bool
segpage(Segment *s, Page *p)
{
	Page **slot;

	if (p->va < s->base || p->va >= s->top)
		panic("segpage: %llx is not in [%llx, %llx)", p->va, s->base, s->top);
	slot = segslot(s, p->va, true);
	if (slot == nil)
		return false;
	if (*slot != nil)
		panic("segpage: %llx has a page", p->va);
	*slot = p;
	return true;
}

bool
segresize(Segment *s, u64 top)
{
	if (top < s->base || top > USTKTOP)
		return false;
	top = roundup(top, BY2PG);
	if (top < s->top)
		mfreeseg(s, top, (s->top - top) / BY2PG);
	else if (!mapgrow(s, mapneed((top - s->base) / BY2PG)))
		return false;
	s->top = top;
	return true;
}

static u64
ptepages(const Pte *p)
{
	u64 n;
	u32 i;

	n = 0;
	for (i = p->first; i <= p->last; i++)
		n += p->pages[i] != nil;
	return n;
}

u64
segpages(const Segment *s)
{
	u64 i, n;

	n = 0;
	for (i = 0; i < s->mapsize; i++)
		if (s->map[i] != nil)
			n += ptepages(s->map[i]);
	return n;
}

void
segruns(Segment *s, void (*f)(void *arg, u64 addr, u64 size), void *arg)
{
	Pte *p;
	u64 i;

	for (i = 0; i < s->mapsize; i++) {
		p = s->map[i];
		if (p != nil && !pteempty(p))
			f(arg, s->base + i * PTEMAPMEM + p->first * BY2PG,
			  (p->last + 1ull - p->first) * BY2PG);
	}
}

Segment *
segoverlap(Segment **segs, u32 n, u64 base, u64 top, const Segment *but)
{
	Segment *s;
	u32 i;

	for (i = 0; i < n; i++) {
		s = segs[i];
		if (s != nil && s != but && s->base < s->top && s->base < top && base < s->top)
			return s;
	}
	return nil;
}

Segment *
segof(Segment **segs, u32 n, u64 addr)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (segs[i] != nil && addr >= segs[i]->base && addr < segs[i]->top)
			return segs[i];
	return nil;
}

u64
seghole(Segment **segs, u32 n, u64 top, u64 len)
{
	Segment *s;
	u64 base;

	do {
		if (len >= top)
			return 0;
		base = top - len;
		s = segoverlap(segs, n, base, top, nil);
		if (s != nil)
			top = s->base;
	} while (s != nil);
	return base;
}

/* --- classes ------------------------------------------------------------------------------------------- */

static Physseg shared = {.name = "shared", .attr = SG_SHARED, .size = (u64)SEGMAPSIZE * PTEMAPMEM};
static Physseg memory = {
    .name = "memory", .attr = SG_BSS, .size = (u64)SEGMAPSIZE * PTEMAPMEM, .next = &shared};
static struct {
	Lock l;
	Physseg *first; /* (l) */
} physsegs = {.first = &memory};

/* (l) */
static Physseg *
findclass(const char *name)
{
	Physseg *ps;

	for (ps = physsegs.first; ps != nil && strcmp(ps->name, name) != 0; ps = ps->next)
		;
	return ps;
}

const Physseg *
physsegfind(const char *name)
{
	Physseg *ps;

	lock(&physsegs.l);
	ps = findclass(name);
	unlock(&physsegs.l);
	return ps;
}

bool
physsegadd(Physseg *ps)
{
	bool new;

	lock(&physsegs.l);
	new = findclass(ps->name) == nil;
	if (new) {
		ps->next = physsegs.first;
		physsegs.first = ps;
	}
	unlock(&physsegs.l);
	return new;
}

u64
segcount(void)
{
	return segalloc.inuse;
}
