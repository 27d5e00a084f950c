/*
 * test_segment.c: segments and images against a model: an array of page numbers for each segment, a
 * count of references for each page. Pages here are records without memory; the allocator can be told to
 * fail at the Nth call.
 *
 * sources: mm/segment.c mm/image.c
 */
#include "host.h"
#include "segment.h"

#include <stdio.h>

/* --- what segment.c and image.c stand on ------------------------------------------------------------- */

enum { MaxPages = 8192 };
static Page pages[MaxPages];
static u32 npages, nlive, nmalloc, failafter, nclosed;
static u32 nchan[4];

Conf conf = {.nimage = 200};

static Page *
makepage(u64 va)
{
	Page *p;

	for (u32 i = 0; i < MaxPages; i++) {
		p = &pages[(npages + i) % MaxPages];
		if (p->ref == 0) {
			npages = (u32)(p - pages) + 1;
			*p = (Page){.ref = 1, .va = va};
			nlive++;
			return p;
		}
	}
	abort();
}

void
incpage(Page *p)
{
	assert_true(p->ref > 0);
	p->ref++;
}

void
putpage(Page *p)
{
	assert_true(p->ref > 0);
	if (--p->ref == 0) {
		assert_null(p->image);
		nlive--;
	}
}

void *
mallocz(usize n, bool clr)
{
	(void)clr;
	if (failafter != 0 && --failafter == 0)
		return nil;
	nmalloc++;
	return calloc(1, n);
}

u32
incref(Ref *r)
{
	return ++r->ref;
}

u32
decref(Ref *r)
{
	assert_true(r->ref > 0);
	return --r->ref;
}

void
cclose(Chan *c)
{
	assert_true(nchan[(uintptr)c] > 0);
	nchan[(uintptr)c]--;
	nclosed++;
}

/* --- helpers ------------------------------------------------------------------------------------------- */

enum { Base = 0x400000 };

static Segment *
seg(u32 type, u64 base, u64 npg)
{
	Segment *s;

	s = newseg(type, base, npg);
	assert_non_null(s);
	return s;
}

static Page *
put(Segment *s, u64 addr)
{
	Page *p;

	p = makepage(addr);
	assert_true(segpage(s, p));
	return p;
}

static Page *
get(Segment *s, u64 addr)
{
	Page **slot;

	slot = segslot(s, addr, false);
	return slot != nil ? *slot : nil;
}

static int
setup(void **state)
{
	(void)state;
	failafter = 0;
	assert_int_equal(nlive, 0);
	assert_int_equal(segcount(), 0);
	return 0;
}

/* Every test gives everything back. */
static int
teardown(void **state)
{
	(void)state;
	failafter = 0;
	imagereclaim(~0ull);
	if (nlive != 0 || segcount() != 0 || imagecount() != 0 || hostlocks != 0) {
		fprintf(stderr, "left: %u pages, %llu segments, %u images, %d locks\n", nlive, segcount(),
			imagecount(), hostlocks);
		return -1;
	}
	return 0;
}

/* --- newseg, putseg ------------------------------------------------------------------------------------ */

static void
test_N1_newseg_says_what_it_was_told(void **state)
{
	Segment *s;

	(void)state;
	s = seg(SG_DATA | SG_NOEXEC, Base, 7);
	assert_int_equal(s->ref.ref, 1);
	assert_true(s->base == Base);
	assert_true(s->top == Base + 7 * BY2PG);
	assert_false(s->exec);
	assert_int_equal(segpages(s), 0);
	putseg(s);
}

static void
test_N1_an_empty_segment_holds_no_address(void **state)
{
	Segment *s;

	(void)state;
	s = seg(SG_BSS, Base, 0);
	assert_null(segof(&s, 1, Base));
	assert_null(segoverlap(&s, 1, 0, USTKTOP, nil));
	putseg(s);
}

static void
test_N4_only_text_is_executable(void **state)
{
	static const u32 types[] = {SG_TEXT,   SG_DATA,	    SG_BSS,   SG_STACK,
				    SG_SHARED, SG_PHYSICAL, SG_FIXED, SG_STICKY};

	(void)state;
	for (u32 i = 0; i < nelem(types); i++) {
		Segment *s = seg(types[i], Base, 1);
		assert_int_equal(s->exec, types[i] == SG_TEXT);
		putseg(s);
	}
	Segment *s = seg(SG_TEXT | SG_NOEXEC, Base, 1);
	assert_false(s->exec);
	putseg(s);
}

static void
test_N1_the_largest_segment_is_64_gib(void **state)
{
	Segment *s;

	(void)state;
	s = seg(SG_BSS, 1ull << 40, (u64)SEGMAPSIZE * PTEPERTAB);
	assert_true(s->top - s->base == 64 * GiB);
	putseg(s);
	assert_null(newseg(SG_BSS, 1ull << 40, (u64)SEGMAPSIZE * PTEPERTAB + 1));
	assert_null(newseg(SG_BSS, 1ull << 40, ~0ull));
}

static void
test_N1_a_sparse_segment_costs_what_is_touched(void **state)
{
	Segment *s;
	u32 before;

	(void)state;
	s = seg(SG_BSS, 1ull << 40, (u64)SEGMAPSIZE * PTEPERTAB);
	before = nmalloc;
	put(s, s->base);
	put(s, s->top - BY2PG);
	assert_true(nmalloc - before <= 2);
	assert_int_equal(segpages(s), 2);
	putseg(s);
}

static void
test_N1_a_stack_needs_no_map(void **state)
{
	Segment *s;

	(void)state;
	s = seg(SG_STACK, USTKTOP - USTKSIZE, USTKSIZE / BY2PG);
	assert_ptr_equal(s->map, s->ssegmap);
	put(s, USTKTOP - BY2PG);
	put(s, USTKTOP - USTKSIZE);
	assert_int_equal(segpages(s), 2);
	putseg(s);
}

static void
test_N1_putseg_gives_back_at_the_last_reference(void **state)
{
	Segment *s, *t;
	bool cow;

	(void)state;
	s = seg(SG_SHARED, Base, 4);
	put(s, Base);
	t = dupseg(s, true, &cow);
	assert_ptr_equal(s, t);
	putseg(t);
	assert_int_equal(nlive, 1);
	putseg(s);
	assert_int_equal(nlive, 0);
}

static void
test_N1_a_used_segment_comes_back_clean(void **state)
{
	Segment *s;

	(void)state;
	s = seg(SG_STACK, Base, 4096);
	for (u64 i = 0; i < 4096; i += 100)
		put(s, Base + i * BY2PG);
	s->fstart = s->flen = 99;
	putseg(s);
	s = seg(SG_BSS, Base, 4096);
	for (u64 i = 0; i < 4096; i++)
		assert_null(get(s, Base + i * BY2PG));
	assert_true(s->flen == 0);
	put(s, Base);
	for (u64 i = 1; i < 256; i++)
		assert_null(get(s, Base + i * BY2PG));
	putseg(s);
}

static void
test_N1_putseg_refuses_semaphore_waiters(void **state)
{
	Segment *s;
	Sema w;

	(void)state;
	s = seg(SG_SHARED, Base, 1);
	s->sema = &w;
	assert_panics("semaphore", putseg(s));
	s->ref.ref = 1;
	s->sema = nil;
	putseg(s);
}

/* --- segpage, segslot ---------------------------------------------------------------------------------- */

static void
test_N2_segpage_records_each_border(void **state)
{
	static const u64 at[] = {0, 1, 254, 255, 256, 257, 511, 512, 4094, 4095};
	Segment *s;

	(void)state;
	s = seg(SG_DATA, Base, 4096);
	for (u32 i = 0; i < nelem(at); i++) {
		Page *p = put(s, Base + at[i] * BY2PG);
		assert_ptr_equal(get(s, Base + at[i] * BY2PG), p);
		assert_ptr_equal(get(s, Base + at[i] * BY2PG + BY2PG - 1), p);
	}
	assert_int_equal(segpages(s), nelem(at));
	putseg(s);
}

static void
test_N2_segpage_refuses_addresses_outside(void **state)
{
	Segment *s;
	Page *p;

	(void)state;
	s = seg(SG_DATA, Base, 2);
	p = makepage(Base - BY2PG);
	assert_panics("is not in", assert_false(segpage(s, p)));
	p->va = Base + 2 * BY2PG;
	assert_panics("is not in", assert_false(segpage(s, p)));
	putpage(p);
	putseg(s);
}

static void
test_N2_segpage_refuses_a_second_page(void **state)
{
	Segment *s;
	Page *p;

	(void)state;
	s = seg(SG_DATA, Base, 2);
	put(s, Base);
	p = makepage(Base);
	assert_panics("has a page", assert_false(segpage(s, p)));
	putpage(p);
	putseg(s);
}

static void
test_N2_looking_makes_nothing(void **state)
{
	Segment *s;
	u32 before;

	(void)state;
	s = seg(SG_BSS, Base, 4096);
	before = nmalloc;
	assert_null(segslot(s, Base, false));
	assert_int_equal(nmalloc, before);
	assert_non_null(segslot(s, Base, true));
	assert_non_null(segslot(s, Base, false));
	putseg(s);
}

/* --- dupseg -------------------------------------------------------------------------------------------- */

struct dupcase {
	u32 type;
	bool share, same;
};
static const struct dupcase dups[] = {
    {SG_TEXT, false, true},   {SG_TEXT, true, true},   {SG_DATA, false, false},	   {SG_DATA, true, true},
    {SG_BSS, false, false},   {SG_BSS, true, true},    {SG_STACK, false, false},   {SG_STACK, true, false},
    {SG_SHARED, false, true}, {SG_SHARED, true, true}, {SG_PHYSICAL, false, true}, {SG_PHYSICAL, true, true},
    {SG_FIXED, false, true},  {SG_FIXED, true, true},  {SG_STICKY, false, true},   {SG_STICKY, true, true},
};

static void
test_N3_dupseg_shares_or_copies_by_type(void **state)
{
	(void)state;
	for (u32 i = 0; i < nelem(dups); i++) {
		Segment *s = seg(dups[i].type, Base, 300);
		Page *p = put(s, Base + 299 * BY2PG);
		bool cow;
		Segment *t = dupseg(s, dups[i].share, &cow);
		assert_non_null(t);
		assert_int_equal(t == s, dups[i].same);
		assert_int_equal(cow, !dups[i].same);
		assert_ptr_equal(get(t, p->va), p);
		assert_int_equal(p->ref, dups[i].same ? 1 : 2);
		assert_int_equal(s->ref.ref, dups[i].same ? 2 : 1);
		putseg(t);
		assert_int_equal(p->ref, 1);
		putseg(s);
	}
}

static void
test_N3_an_untouched_copy_needs_no_protection(void **state)
{
	Segment *s, *t;
	bool cow;

	(void)state;
	s = seg(SG_BSS, Base, 1000);
	t = dupseg(s, false, &cow);
	assert_false(cow);
	putseg(t);
	putseg(s);
}

static void
test_N3_a_copy_goes_its_own_way(void **state)
{
	Segment *s, *t;
	Page *p, *q;
	bool cow;

	(void)state;
	s = seg(SG_DATA, Base, 10);
	p = put(s, Base);
	t = dupseg(s, false, &cow);
	q = makepage(Base);
	*segslot(t, Base, true) = q;
	putpage(p);
	assert_int_equal(p->ref, 1);
	assert_ptr_equal(get(s, Base), p);
	put(t, Base + BY2PG);
	assert_null(get(s, Base + BY2PG));
	putseg(s);
	assert_ptr_equal(get(t, Base), q);
	putseg(t);
}

static void
test_N3_a_copy_keeps_its_file(void **state)
{
	Imageid id = {.qidpath = 5};
	Segment *s, *t;
	Image *i;
	bool cow;

	(void)state;
	nchan[1] = 1;
	i = attachimage((Chan *)1, id);
	s = seg(SG_DATA | SG_NOEXEC, Base, 3);
	s->image = i;
	s->fstart = 0x1234;
	s->flen = 0x2345;
	t = dupseg(s, false, &cow);
	assert_ptr_equal(t->image, i);
	assert_int_equal(i->ref.ref, 2);
	assert_true(t->fstart == 0x1234 && t->flen == 0x2345 && t->type == s->type && !t->exec);
	putseg(s);
	putseg(t);
	assert_int_equal(i->ref.ref, 0);
}

static void
test_N3_dupseg_without_memory_leaves_no_trace(void **state)
{
	Segment *s, *t;
	bool cow;
	u32 n;

	(void)state;
	s = seg(SG_DATA, 1ull << 32, 40 * PTEPERTAB);
	for (u32 i = 0; i < 40; i++)
		put(s, s->base + i * (u64)PTEMAPMEM);
	for (n = 1;; n++) {
		failafter = n;
		t = dupseg(s, false, &cow);
		if (t != nil)
			break;
		for (u32 i = 0; i < 40; i++)
			assert_int_equal(get(s, s->base + i * (u64)PTEMAPMEM)->ref, 1);
		assert_int_equal(segcount(), 1);
		assert_true(n < 100);
	}
	assert_true(n > 2);
	failafter = 0;
	putseg(t);
	putseg(s);
}

static void
test_N1_newseg_without_memory_leaves_no_trace(void **state)
{
	Segment *s, *hold[64];
	u32 n;

	(void)state;
	for (n = 0; n < nelem(hold); n++) /* empty the free list */
		hold[n] = seg(SG_BSS, Base, 1);
	failafter = 1;
	assert_null(newseg(SG_BSS, Base, 1));
	failafter = 2;
	assert_null(newseg(SG_BSS, Base, 17 * PTEPERTAB));
	failafter = 0;
	s = seg(SG_BSS, Base, 17 * PTEPERTAB);
	putseg(s);
	for (n = 0; n < nelem(hold); n++)
		putseg(hold[n]);
}

/* --- mfreeseg, segresize -------------------------------------------------------------------------------- */

static void
freecase(u64 npg, u64 lo, u64 n)
{
	Segment *s;

	s = seg(SG_BSS, Base, npg);
	for (u64 i = 0; i < npg; i++)
		put(s, Base + i * BY2PG);
	mfreeseg(s, Base + lo * BY2PG, n);
	for (u64 i = 0; i < npg; i++)
		assert_int_equal(get(s, Base + i * BY2PG) == nil, i >= lo && i < lo + n);
	assert_int_equal(segpages(s), npg - n);
	putseg(s);
}

static void
test_N1_mfreeseg_first_page(void **state)
{
	(void)state;
	freecase(300, 0, 1);
}
static void
test_N1_mfreeseg_last_page(void **state)
{
	(void)state;
	freecase(300, 299, 1);
}
static void
test_N1_mfreeseg_middle(void **state)
{
	(void)state;
	freecase(300, 100, 50);
}
static void
test_N1_mfreeseg_over_a_pte_border(void **state)
{
	(void)state;
	freecase(600, 200, 200);
}
static void
test_N1_mfreeseg_a_whole_pte(void **state)
{
	(void)state;
	freecase(800, 256, 256);
}
static void
test_N1_mfreeseg_over_three_ptes(void **state)
{
	(void)state;
	freecase(1000, 255, 514);
}
static void
test_N1_mfreeseg_everything(void **state)
{
	(void)state;
	freecase(513, 0, 513);
}
static void
test_N1_mfreeseg_nothing(void **state)
{
	(void)state;
	freecase(300, 17, 0);
}

static void
test_N1_mfreeseg_of_untouched_memory(void **state)
{
	Segment *s;

	(void)state;
	s = seg(SG_BSS, Base, 5000);
	mfreeseg(s, Base, 5000);
	put(s, Base + 4999 * BY2PG);
	mfreeseg(s, Base, 4999);
	assert_int_equal(segpages(s), 1);
	putseg(s);
}

static void
test_N1_segresize_grows_past_the_inline_map(void **state)
{
	Segment *s;
	Page *p;

	(void)state;
	s = seg(SG_BSS, Base, 1);
	p = put(s, Base);
	assert_true(segresize(s, Base + 16 * (u64)PTEMAPMEM));
	assert_ptr_equal(s->map, s->ssegmap);
	assert_true(segresize(s, Base + 16 * (u64)PTEMAPMEM + 1));
	assert_ptr_not_equal(s->map, s->ssegmap);
	assert_ptr_equal(get(s, Base), p);
	put(s, s->top - BY2PG);
	assert_true(segresize(s, Base + GiB));
	assert_ptr_equal(get(s, Base), p);
	assert_int_equal(segpages(s), 2);
	putseg(s);
}

static void
test_N1_segresize_rounds_up(void **state)
{
	Segment *s;

	(void)state;
	s = seg(SG_BSS, Base, 1);
	assert_true(segresize(s, Base + 1));
	assert_true(s->top == Base + BY2PG);
	assert_true(segresize(s, Base + BY2PG + 1));
	assert_true(s->top == Base + 2 * BY2PG);
	assert_true(segresize(s, Base));
	assert_true(s->top == Base);
	putseg(s);
}

static void
test_N1_segresize_down_drops_what_is_above(void **state)
{
	Segment *s;

	(void)state;
	s = seg(SG_BSS, Base, 600);
	for (u64 i = 0; i < 600; i++)
		put(s, Base + i * BY2PG);
	assert_true(segresize(s, Base + 257 * BY2PG));
	assert_int_equal(nlive, 257);
	assert_true(segresize(s, Base + 600 * BY2PG));
	assert_null(get(s, Base + 257 * BY2PG));
	assert_non_null(get(s, Base + 256 * BY2PG));
	putseg(s);
}

static void
test_N1_segresize_refuses_what_is_too_large(void **state)
{
	Segment *s;

	(void)state;
	s = seg(SG_BSS, Base, 1);
	assert_false(segresize(s, Base + 64 * GiB + BY2PG));
	assert_false(segresize(s, USTKTOP + 1));
	assert_false(segresize(s, Base - 1));
	assert_false(segresize(s, ~0ull));
	assert_true(s->top == Base + BY2PG);
	assert_true(segresize(s, Base + 64 * GiB));
	putseg(s);
}

static void
test_N1_segresize_without_memory_changes_nothing(void **state)
{
	Segment *s;

	(void)state;
	s = seg(SG_BSS, Base, 1);
	put(s, Base);
	failafter = 1;
	assert_false(segresize(s, Base + GiB));
	assert_true(s->top == Base + BY2PG);
	assert_int_equal(segpages(s), 1);
	putseg(s);
}

/* --- looking ---------------------------------------------------------------------------------------------
 */

static void
test_N6_segof_knows_both_ends(void **state)
{
	Segment *segs[3];

	(void)state;
	segs[0] = seg(SG_DATA, Base, 2);
	segs[1] = nil;
	segs[2] = seg(SG_BSS, Base + 2 * BY2PG, 1);
	assert_null(segof(segs, 3, Base - 1));
	assert_ptr_equal(segof(segs, 3, Base), segs[0]);
	assert_ptr_equal(segof(segs, 3, Base + 2 * BY2PG - 1), segs[0]);
	assert_ptr_equal(segof(segs, 3, Base + 2 * BY2PG), segs[2]);
	assert_null(segof(segs, 3, Base + 3 * BY2PG));
	assert_null(segof(segs, 3, 0));
	assert_null(segof(segs, 3, ~0ull));
	putseg(segs[0]);
	putseg(segs[2]);
}

static void
test_N6_segoverlap_knows_neighbours(void **state)
{
	Segment *s;

	(void)state;
	s = seg(SG_DATA, Base, 2);
	assert_null(segoverlap(&s, 1, Base - BY2PG, Base, nil));
	assert_ptr_equal(segoverlap(&s, 1, Base - BY2PG, Base + 1, nil), s);
	assert_ptr_equal(segoverlap(&s, 1, Base + BY2PG, Base + BY2PG + 1, nil), s);
	assert_ptr_equal(segoverlap(&s, 1, 0, USTKTOP, nil), s);
	assert_ptr_equal(segoverlap(&s, 1, Base + 2 * BY2PG - 1, USTKTOP, nil), s);
	assert_null(segoverlap(&s, 1, Base + 2 * BY2PG, USTKTOP, nil));
	assert_null(segoverlap(&s, 1, 0, USTKTOP, s));
	putseg(s);
}

static u64 runaddr[64], runsize[64];
static u32 nrun;

static void
run(void *arg, u64 addr, u64 size)
{
	assert_ptr_equal(arg, runaddr);
	runaddr[nrun] = addr;
	runsize[nrun++] = size;
}

static void
test_N3_segruns_cover_every_page(void **state)
{
	Segment *s;

	(void)state;
	s = seg(SG_BSS, Base, 2000);
	put(s, Base + 3 * BY2PG);
	put(s, Base + 9 * BY2PG);
	put(s, Base + 1999 * BY2PG);
	nrun = 0;
	segruns(s, run, runaddr);
	assert_int_equal(nrun, 2);
	assert_true(runaddr[0] == Base + 3 * BY2PG && runsize[0] == 7 * BY2PG);
	assert_true(runaddr[1] == Base + 1999 * BY2PG && runsize[1] == BY2PG);
	putseg(s);
}

/* --- room and classes for segattach ----------------------------------------------------------------------
 */

/* The same answer page by page: the highest base where nothing stands. */
static u64
slowhole(Segment **segs, u32 n, u64 top, u64 len)
{
	u64 base;

	for (base = top; base > 0; base -= BY2PG)
		if (base + len <= top && segoverlap(segs, n, base, base + len, nil) == nil)
			return base;
	return 0;
}

static void
test_N8_seghole_is_the_highest_gap(void **state)
{
	Segment *s[6] = {nil};
	u64 top, len;

	(void)state;
	top = 64 * BY2PG;
	assert_int_equal(seghole(s, nelem(s), top, BY2PG), top - BY2PG);
	s[1] = seg(SG_BSS, 60 * BY2PG, 4); /* up to top */
	s[4] = seg(SG_BSS, 40 * BY2PG, 18);
	s[0] = seg(SG_BSS, 30 * BY2PG, 7);
	s[5] = seg(SG_BSS, 20 * BY2PG, 0); /* empty: in nobody's way */
	s[2] = seg(SG_BSS, 2 * BY2PG, 8);
	for (len = BY2PG; len <= 70 * BY2PG; len += BY2PG)
		assert_int_equal(seghole(s, nelem(s), top, len), slowhole(s, nelem(s), top, len));
	assert_int_equal(seghole(s, nelem(s), top, 2 * BY2PG), 58 * BY2PG);
	assert_int_equal(seghole(s, nelem(s), top, 3 * BY2PG), 37 * BY2PG);
	assert_int_equal(seghole(s, nelem(s), top, 20 * BY2PG), 10 * BY2PG);
	for (u32 i = 0; i < nelem(s); i++)
		if (s[i] != nil)
			putseg(s[i]);
}

static void
test_N8_seghole_leaves_page_zero_alone(void **state)
{
	Segment *s[1] = {nil};

	(void)state;
	assert_int_equal(seghole(s, 1, 8 * BY2PG, 7 * BY2PG), BY2PG);
	assert_int_equal(seghole(s, 1, 8 * BY2PG, 8 * BY2PG), 0);
	assert_int_equal(seghole(s, 1, 8 * BY2PG, ~0ull - BY2PG + 1), 0);
	s[0] = seg(SG_BSS, BY2PG, 7);
	assert_int_equal(seghole(s, 1, 8 * BY2PG, BY2PG), 0);
	putseg(s[0]);
}

static void
test_N8_shared_and_memory_are_always_there(void **state)
{
	const Physseg *ps;

	(void)state;
	ps = physsegfind("shared");
	assert_non_null(ps);
	assert_int_equal(ps->attr, SG_SHARED);
	assert_int_equal(ps->size, 64ull << 30);
	ps = physsegfind("memory");
	assert_non_null(ps);
	assert_int_equal(ps->attr, SG_BSS);
	assert_null(physsegfind(""));
	assert_null(physsegfind("memor"));
	assert_null(physsegfind("memory "));
}

static void
test_N8_classes_have_no_fixed_limit(void **state)
{
	static Physseg ps[200], again;
	static char name[200][16];

	(void)state;
	for (u32 i = 0; i < nelem(ps); i++) {
		snprintf(name[i], sizeof name[i], "device%u", i);
		ps[i] = (Physseg){.name = name[i], .attr = SG_PHYSICAL, .size = BY2PG};
		assert_true(physsegadd(&ps[i]));
	}
	for (u32 i = 0; i < nelem(ps); i++)
		assert_ptr_equal(physsegfind(name[i]), &ps[i]);
	again = (Physseg){.name = "device7"};
	assert_false(physsegadd(&again));
	again.name = "shared";
	assert_false(physsegadd(&again));
	assert_ptr_equal(physsegfind("device7"), &ps[7]);
	assert_int_equal(physsegfind("shared")->attr, SG_SHARED);
}

/* --- images ----------------------------------------------------------------------------------------------
 */

static Image *
image(u64 path, u32 vers)
{
	Imageid id = {.qidpath = path, .qidvers = vers, .dev = 1, .type = 2};
	Image *i;

	nchan[1]++;
	i = attachimage((Chan *)1, id);
	assert_non_null(i);
	return i;
}

static void
test_N3_one_file_one_image(void **state)
{
	Image *i, *j;
	u32 before;

	(void)state;
	i = image(7, 1);
	before = nclosed;
	j = image(7, 1);
	assert_ptr_equal(i, j);
	assert_int_equal(nclosed, before + 1);
	assert_int_equal(i->ref.ref, 2);
	putimage(i);
	putimage(j);
}

static void
test_N3_another_version_is_another_image(void **state)
{
	Imageid base = {.qidpath = 7, .qidvers = 1, .dev = 1, .type = 2}, id;
	Image *i;

	(void)state;
	i = image(7, 1);
	for (u32 k = 0; k < 4; k++) {
		id = base;
		if (k == 0)
			id.qidpath = 7 + 64;
		if (k == 1)
			id.qidvers++;
		if (k == 2)
			id.dev++;
		if (k == 3)
			id.type++;
		nchan[2]++;
		Image *j = attachimage((Chan *)2, id);
		assert_ptr_not_equal(i, j);
		putimage(j);
	}
	putimage(i);
}

static void
test_N3_attachimage_without_memory_leaves_the_channel(void **state)
{
	Imageid id = {.qidpath = 9};
	u32 before;

	(void)state;
	failafter = 1;
	before = nclosed;
	assert_null(attachimage((Chan *)3, id));
	assert_int_equal(nclosed, before);
}

static void
test_N3_running_text_is_found_again(void **state)
{
	Image *i;
	Segment *s, *t;

	(void)state;
	i = image(8, 1);
	assert_null(imagetext(i, Base, Base + BY2PG, 0, 100));
	s = seg(SG_TEXT | SG_RONLY, Base, 1);
	s->image = i;
	s->flen = 100;
	setimagetext(i, s);
	t = imagetext(i, Base, Base + BY2PG, 0, 100);
	assert_ptr_equal(s, t);
	assert_int_equal(s->ref.ref, 2);
	assert_null(imagetext(i, Base + BY2PG, Base + 2 * BY2PG, 0, 100));
	assert_null(imagetext(i, Base, Base + 2 * BY2PG, 0, 100));
	assert_null(imagetext(i, Base, Base + BY2PG, 1, 100));
	assert_null(imagetext(i, Base, Base + BY2PG, 0, 101));
	putseg(t);
	incref(&i->ref);
	putseg(s);
	assert_null(imagetext(i, Base, Base + BY2PG, 0, 100));
	putimage(i);
}

static void
test_N3_a_cached_page_is_found_by_offset_and_length(void **state)
{
	Image *i;
	Page *p, *q;

	(void)state;
	i = image(10, 1);
	p = makepage(0);
	assert_ptr_equal(cachepage(i, p, 0x3000, 4096), p);
	assert_int_equal(p->ref, 2);
	assert_null(lookpage(i, 0x3000, 4095));
	assert_null(lookpage(i, 0x4000, 4096));
	assert_null(lookpage(i, 0x3001, 4096));
	q = lookpage(i, 0x3000, 4096);
	assert_ptr_equal(q, p);
	assert_int_equal(p->ref, 3);
	putpage(q);
	putpage(p);
	putimage(i);
}

static void
test_N3_the_slower_reader_gets_the_others_page(void **state)
{
	Image *i;
	Page *p, *q;

	(void)state;
	i = image(11, 1);
	p = makepage(0);
	q = makepage(0);
	assert_ptr_equal(cachepage(i, p, 0, 10), p);
	assert_ptr_equal(cachepage(i, q, 0, 10), p);
	assert_int_equal(q->ref, 0);
	assert_int_equal(p->ref, 3);
	putpage(p);
	putpage(p);
	putimage(i);
}

static void
test_H5_imagereclaim_takes_only_what_nobody_maps(void **state)
{
	Image *i;
	Page *p;

	(void)state;
	i = image(12, 1);
	for (u64 k = 0; k < 300; k++) {
		p = makepage(0);
		cachepage(i, p, k * BY2PG, 4096);
		if (k % 3 != 0)
			putpage(p);
	}
	assert_int_equal(i->ncached, 300);
	assert_int_equal(imagereclaim(50), 50);
	assert_int_equal(imagereclaim(~0ull), 150);
	assert_int_equal(i->ncached, 100);
	for (u64 k = 0; k < 300; k += 3) {
		p = lookpage(i, k * BY2PG, 4096);
		assert_non_null(p);
		putpage(p);
		putpage(p);
	}
	putimage(i);
}

static void
test_H5_imagereclaim_takes_idle_images_first(void **state)
{
	Image *busy, *idle;

	(void)state;
	busy = image(13, 1);
	idle = image(14, 1);
	putpage(cachepage(busy, makepage(0), 0, 1));
	putpage(cachepage(idle, makepage(0), 0, 1));
	putimage(idle);
	assert_int_equal(imagecount(), 2);
	assert_int_equal(imagereclaim(1), 1);
	assert_int_equal(imagecount(), 1);
	assert_int_equal(busy->ncached, 1);
	putimage(busy);
}

static void
test_N3_too_many_images_push_out_an_idle_one(void **state)
{
	Image *i;

	(void)state;
	conf.nimage = 4;
	for (u64 k = 0; k < 20; k++) {
		i = image(100 + k, 1);
		putpage(cachepage(i, makepage(0), 0, 1));
		putimage(i);
		assert_true(imagecount() <= 5);
	}
	conf.nimage = 200;
}

/* --- the model -------------------------------------------------------------------------------------------
 */

enum { Nproc = 6, Slots = 3, Span = 700 };
struct model {
	Segment *s[Slots];
	Page *page[Slots][Span];
	u64 npg[Slots];
};
static struct model procs[Nproc];

static void
check(struct model *m)
{
	for (u32 k = 0; k < Slots; k++) {
		u64 n = 0;
		if (m->s[k] == nil)
			continue;
		for (u64 i = 0; i < m->npg[k]; i++) {
			assert_ptr_equal(get(m->s[k], m->s[k]->base + i * BY2PG), m->page[k][i]);
			n += m->page[k][i] != nil;
		}
		assert_int_equal(segpages(m->s[k]), n);
	}
}

/* A write: the page becomes ours alone, as fault() does it. */
static void
writepage(struct model *m, u32 k, u64 i)
{
	Segment *s = m->s[k];
	Page **slot = segslot(s, s->base + i * BY2PG, true), *old = *slot;

	if (old == nil)
		*slot = makepage(s->base + i * BY2PG);
	else if (old->ref > 1) {
		*slot = makepage(s->base + i * BY2PG);
		putpage(old);
	}
	m->page[k][i] = *slot;
}

static void
drop(struct model *m)
{
	for (u32 k = 0; k < Slots; k++)
		if (m->s[k] != nil)
			putseg(m->s[k]);
	memset(m, 0, sizeof *m);
}

static void
birth(struct model *m)
{
	static const u32 types[Slots] = {SG_DATA, SG_BSS, SG_STACK};

	for (u32 k = 0; k < Slots; k++) {
		m->npg[k] = Span;
		m->s[k] = seg(types[k], (k + 1ull) << 32, Span);
	}
}

static void
fork(struct model *to, struct model *from)
{
	bool cow;

	drop(to);
	for (u32 k = 0; k < Slots; k++) {
		to->s[k] = dupseg(from->s[k], false, &cow);
		to->npg[k] = from->npg[k];
		memcpy(to->page[k], from->page[k], sizeof to->page[k]);
	}
}

static void
brk(struct model *m, u32 k, u64 n)
{
	for (u64 i = n; i < m->npg[k]; i++)
		m->page[k][i] = nil;
	assert_true(segresize(m->s[k], m->s[k]->base + n * BY2PG));
	m->npg[k] = n;
}

static void
test_N1_random_forks_writes_and_brks_agree_with_a_model(void **state)
{
	u64 seed = 1;

	(void)state;
	birth(&procs[0]);
	for (u32 step = 0; step < 20000; step++) {
		struct model *m = &procs[hostrand(&seed) % Nproc], *to = &procs[hostrand(&seed) % Nproc];
		u32 k = hostrand(&seed) % Slots;
		if (m->s[0] == nil) {
			birth(m);
			continue;
		}
		switch (hostrand(&seed) % 64) {
		case 0:
			if (m != to)
				fork(to, m);
			break;
		case 1:
			drop(m);
			break;
		case 2:
			brk(m, k, hostrand(&seed) % Span + 1);
			break;
		default:
			writepage(m, k, hostrand(&seed) % m->npg[k]);
		}
		if (step % 64 == 0)
			for (u32 i = 0; i < Nproc; i++)
				check(&procs[i]);
	}
	for (u32 i = 0; i < Nproc; i++)
		drop(&procs[i]);
	assert_int_equal(nlive, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_N1_newseg_says_what_it_was_told),
	    T(test_N1_an_empty_segment_holds_no_address),
	    T(test_N4_only_text_is_executable),
	    T(test_N1_the_largest_segment_is_64_gib),
	    T(test_N1_a_sparse_segment_costs_what_is_touched),
	    T(test_N1_a_stack_needs_no_map),
	    T(test_N1_putseg_gives_back_at_the_last_reference),
	    T(test_N1_a_used_segment_comes_back_clean),
	    T(test_N1_putseg_refuses_semaphore_waiters),
	    T(test_N2_segpage_records_each_border),
	    T(test_N2_segpage_refuses_addresses_outside),
	    T(test_N2_segpage_refuses_a_second_page),
	    T(test_N2_looking_makes_nothing),
	    T(test_N3_dupseg_shares_or_copies_by_type),
	    T(test_N3_an_untouched_copy_needs_no_protection),
	    T(test_N3_a_copy_goes_its_own_way),
	    T(test_N3_a_copy_keeps_its_file),
	    T(test_N3_dupseg_without_memory_leaves_no_trace),
	    T(test_N1_newseg_without_memory_leaves_no_trace),
	    T(test_N1_mfreeseg_first_page),
	    T(test_N1_mfreeseg_last_page),
	    T(test_N1_mfreeseg_middle),
	    T(test_N1_mfreeseg_over_a_pte_border),
	    T(test_N1_mfreeseg_a_whole_pte),
	    T(test_N1_mfreeseg_over_three_ptes),
	    T(test_N1_mfreeseg_everything),
	    T(test_N1_mfreeseg_nothing),
	    T(test_N1_mfreeseg_of_untouched_memory),
	    T(test_N1_segresize_grows_past_the_inline_map),
	    T(test_N1_segresize_rounds_up),
	    T(test_N1_segresize_down_drops_what_is_above),
	    T(test_N1_segresize_refuses_what_is_too_large),
	    T(test_N1_segresize_without_memory_changes_nothing),
	    T(test_N6_segof_knows_both_ends),
	    T(test_N6_segoverlap_knows_neighbours),
	    T(test_N3_segruns_cover_every_page),
	    T(test_N8_seghole_is_the_highest_gap),
	    T(test_N8_seghole_leaves_page_zero_alone),
	    T(test_N8_shared_and_memory_are_always_there),
	    T(test_N8_classes_have_no_fixed_limit),
	    T(test_N3_one_file_one_image),
	    T(test_N3_another_version_is_another_image),
	    T(test_N3_attachimage_without_memory_leaves_the_channel),
	    T(test_N3_running_text_is_found_again),
	    T(test_N3_a_cached_page_is_found_by_offset_and_length),
	    T(test_N3_the_slower_reader_gets_the_others_page),
	    T(test_H5_imagereclaim_takes_only_what_nobody_maps),
	    T(test_H5_imagereclaim_takes_idle_images_first),
	    T(test_N3_too_many_images_push_out_an_idle_one),
	    T(test_N1_random_forks_writes_and_brks_agree_with_a_model),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
