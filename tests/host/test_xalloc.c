/*
 * test_xalloc.c: holes: they sum up, stay sorted and apart, never lose a byte, refuse what is not RAM.
 * sources: tests/host/mmtest.c mm/ledger.c mm/bank.c mm/xalloc.c mm/buddy.c mm/page.c mm/membal.c mm/own.c
 * sources: mm/pool.c mm/malloc.c mm/ptab.c mm/xlat.c arch/host/pte.c arch/host/mem.c
 * sources: kernel/lib/kind.c kernel/lib/format.c kernel/lib/str.c
 */
#include "mmtest.h"

#include <stdio.h>

/* Banks and the front, but no page allocator: with nothing to grow from when grown is false. */
static void
early(u64 bytes)
{
	Span s = {4 * MiB, bytes, KFree};

	machine(&s, 1);
	meminit(&led);
	confinit(&(Confask){0});
	xinit();
}

static void
adds_up(void)
{
	Xstat x = xstat();

	assert_int_equal(x.given, x.free + x.used);
	assert_int_equal(x.given, x.front + x.runs);
	assert_int_equal(hostlocks, 0);
}

TEST(test_F2_xinit_takes_a_small_front)
{
	early(64 * MiB);
	Xstat x = xstat();
	assert_int_equal(x.given, MiB);
	assert_int_equal(x.front, MiB);
	assert_int_equal(padiff(conf.mem[0].klimit, conf.mem[0].kbase), MiB);
	assert_true(paeq(conf.mem[0].lo, conf.mem[0].klimit));
	adds_up();
	assert_true(membal("xinit"));
}

TEST(test_F2_xinit_takes_many_small_banks)
{
	static Span s[40];

	for (u32 i = 0; i < 40; i++)
		s[i] = (Span){4 * MiB + i * 64 * KiB, 32 * KiB, KFree};
	machine(s, 40);
	meminit(&led);
	xinit();
	Xstat x = xstat();
	assert_int_equal(x.given, MiB);
	assert_int_equal(x.holes, 33); /* the first lost a page to the array of banks */
	adds_up();
}

TEST(test_F2_xinit_with_less_than_it_wants)
{
	early(512 * KiB);
	assert_int_equal(xstat().given, 512 * KiB - BY2PG);
	adds_up();
}

TEST(test_F5_summary_is_golden)
{
	early(16 * MiB);
	void *a = xallocz(1000, false), *b = xallocz(96, false);
	xfree(a);
	hostclear();
	xsummary();
	/* 128 descriptors less two; the first page of the front holds the reserve */
	assert_string_equal(hostlog, "xalloc: 126 holes free\n"
				     "xalloc: 0x00402000 0x004023f0 1008\n"
				     "xalloc: 0x00402458 0x00501000 1043368\n"
				     "xalloc: 1044376 bytes free\n");
	xfree(b);
	hostclear();
	xsummary();
	assert_string_equal(hostlog, "xalloc: 127 holes free\n"
				     "xalloc: 0x00402000 0x00501000 1044480\n"
				     "xalloc: 1044480 bytes free\n");
	adds_up();
}

TEST(test_F3_header_and_zero)
{
	early(16 * MiB);
	for (u32 n = 0; n < 300; n++) {
		u8 *p = xalloc(n);
		const u32 *h = (const u32 *)p - 2;
		assert_int_equal((uintptr)p % 8, 0);
		assert_int_equal(h[1], Magichole);
		assert_int_equal(h[0], n < 24 ? 32 : roundup(n + 8, 8));
		assert_true(zeroed(p, h[0] - 8));
		memset(p, 0xff, n);
	}
	adds_up();
}

TEST(test_F3_not_zeroed_when_declined)
{
	early(16 * MiB);
	u8 *p = xallocz(4096, false);
	assert_true(filled(p, 4096, Junk));
}

TEST(test_F3_sizes_that_cannot_be)
{
	early(16 * MiB);
	assert_null(xalloc(~0ull));
	assert_null(xalloc(~0ull - 8));
	assert_null(xalloc(~0u));
	assert_null(xalloc(~0u - 8));
	assert_null(xalloc(64 * MiB));
	adds_up();
}

TEST(test_F3_corrupt_header_panics)
{
	early(16 * MiB);
	u32 *p = xalloc(64);
	p[-1]++;
	assert_panics("!= 0x484f4c45", xfree(p));
	p[-1]--;
	p[-2] = 24;
	assert_panics("bad size", xfree(p));
	p[-2] = 76;
	assert_panics("bad size", xfree(p));
	p[-2] = 64 * MiB;
	assert_panics("bad size", xfree(p));
	p[-2] = 72;
	xfree(p);
	assert_panics("xfree(", xfree(p)); /* twice */
	assert_panics("xfree(", xfree((u8 *)xalloc(64) + 4));
	adds_up();
}

TEST(test_F7_refuses_what_is_not_ram)
{
	Span s[] = {{4 * MiB, 4 * MiB, KFree},
		    {8 * MiB, MiB, KMmio},
		    {9 * MiB, MiB, KReserved},
		    {10 * MiB, MiB, KImage}};

	machine(s, 4);
	meminit(&led);
	xinit();
	assert_panics("not RAM", xhole(topaddr(8 * MiB), BY2PG));
	assert_panics("not RAM", xhole(topaddr(9 * MiB), BY2PG));
	assert_panics("not RAM", xhole(topaddr(10 * MiB), BY2PG));
	assert_panics("not RAM", xhole(topaddr(8 * MiB - BY2PG), 2 * BY2PG));
	assert_panics("not RAM", xhole(topaddr(0x7fffffff0000), BY2PG)); /* a user's address */
	assert_panics("not RAM", xhole(topaddr(HHDM), BY2PG));
	assert_panics("not RAM", xhole(topaddr(7 * MiB + 4), BY2PG));
	assert_panics("not RAM", xhole(topaddr(7 * MiB), 20));
	xhole(topaddr(7 * MiB), 0);
	adds_up();
}

static void
unlocked(void)
{
	/* a panic under xlists.lk leaves it held; these tests end there */
	hostlocks = 0;
}

TEST(test_F7_refuses_what_is_free_already)
{
	early(16 * MiB);
	Paddr free = paadd(conf.mem[0].kbase, 64 * KiB);
	assert_panics("is free already", xhole(free, BY2PG));
	unlocked();
}
TEST(test_F7_refuses_the_end_of_a_hole)
{
	early(16 * MiB);
	assert_panics("is free already", xhole(topaddr(pabits(conf.mem[0].klimit) - 8), 32));
	unlocked();
}
TEST(test_F7_refuses_what_reaches_into_a_hole)
{
	early(16 * MiB);
	u8 *p = xallocz(BY2PG - 8, false);
	assert_panics("is free already", xhole(paddr(p - 8), BY2PG + 8));
	unlocked();
}

/* The same, by a map of bytes. */
enum { Slots = 64 };
static struct {
	u8 *p;
	u32 n;
	u8 mark;
} slot[Slots];

static void
checkslots(void)
{
	for (u32 i = 0; i < Slots; i++)
		if (slot[i].p != nil)
			assert_true(filled(slot[i].p, slot[i].n, slot[i].mark));
}

static void
holes_wellformed(void)
{
	/* sorted and apart: what xsummary prints grows, and no end is a beginning */
	hostclear();
	xsummary();
	u64 start, end, size, last = 0;
	for (const char *s = hostlog; (s = strstr(s, "xalloc: 0x")) != nil; s += 10) {
		assert_int_equal(sscanf(s, "xalloc: 0x%llx 0x%llx %llu", &start, &end, &size), 3);
		assert_int_equal(end - start, size);
		assert_true(start > last && size > 0);
		last = end;
	}
}

TEST(test_F1_random_against_a_model)
{
	u64 seed = 42;

	early(32 * MiB);
	Xstat was = xstat();
	for (u32 i = 0; i < 20000; i++) {
		u32 k = hostrand(&seed) % Slots;
		if (slot[k].p != nil) {
			assert_true(filled(slot[k].p, slot[k].n, slot[k].mark));
			xfree(slot[k].p);
			slot[k].p = nil;
		} else {
			u32 n = hostrand(&seed) % (hostrand(&seed) % 8 == 0 ? 30000 : 500);
			bool zero = hostrand(&seed) % 2;
			if ((slot[k].p = xallocz(n, zero)) == nil)
				continue;
			if (zero)
				assert_true(zeroed(slot[k].p, n));
			slot[k].n = n;
			slot[k].mark = (u8)(1 + i % 250);
			memset(slot[k].p, slot[k].mark, n);
		}
		if (i % 500 == 0) {
			checkslots();
			holes_wellformed();
			adds_up();
		}
	}
	for (u32 k = 0; k < Slots; k++)
		if (slot[k].p != nil)
			xfree(slot[k].p);
	adds_up();
	Xstat is = xstat();
	assert_int_equal(is.holes - (is.runs > was.runs), was.holes);
	assert_int_equal(is.used, was.used);
}

static int
byaddress(const void *a, const void *b)
{
	const u8 *p = *(u8 *const *)a, *q = *(u8 *const *)b;

	return p < q ? -1 : p > q;
}

TEST(test_F4_a_hundred_thousand_fragments)
{
	enum { N = 100000 };
	static void *p[N];

	bootedmb(64);
	Xstat was = xstat();
	for (u32 i = 0; i < N; i++)
		assert_non_null(p[i] = xallocz(24, false));
	/* down and then up, so that each finds its place among the holes at once */
	qsort(p, N, sizeof p[0], byaddress);
	for (u32 i = N; i > 0; i -= 2)
		xfree(p[i - 1]);
	Xstat x = xstat();
	/* where no page was left for descriptors, every second block that came back became one */
	assert_true(x.holes > N / 4);
	adds_up();
	for (u32 i = 0; i < N; i += 2)
		xfree(p[i]);
	adds_up();
	xtrim();
	Xstat is = xstat();
	/* descriptors stay descriptors: one for each hole that there was at most */
	assert_true(is.used - was.used <= N / 2 * 44);
	sound();
}

TEST(test_F3_xspanalloc_alignments)
{
	bootedmb(64);
	for (u64 align = 8; align <= 2 * MiB; align *= 2)
		for (u32 n = 1; n < 40; n += 13) {
			xallocz(24, false); /* off balance */
			u8 *p = xspanalloc(n, align, 0);
			assert_int_equal(pabits(paddr(p)) % align, 0);
			assert_true(zeroed(p, n));
			memset(p, 0xff, roundup(n, 8));
		}
	adds_up();
	sound();
}

TEST(test_F3_xspanalloc_spans)
{
	u64 spans[] = {64 * KiB, 128, 4096, 16 * MiB};

	bootedmb(64);
	for (u32 k = 0; k < nelem(spans); k++)
		for (u32 i = 0; i < 60; i++) {
			u64 span = spans[k], n = span > MiB ? 100 : span / 2 + 8;
			xallocz(40, false);
			u64 pa = pabits(paddr(xspanalloc(n, 8, span)));
			assert_int_equal(rounddown(pa, span), rounddown(pa + n - 1, span));
			pa = pabits(paddr(xspanalloc(n, 64, span)));
			assert_int_equal(rounddown(pa, span), rounddown(pa + n - 1, span));
			assert_int_equal(pa % 64, 0);
		}
	adds_up();
	sound();
}

TEST(test_F3_xspanalloc_gives_the_slack_back)
{
	early(16 * MiB);
	xallocz(24, false);
	Xstat was = xstat();
	assert_non_null(xspanalloc(100, 4096, 0));
	Xstat is = xstat();
	assert_int_equal(is.used - was.used, 128);
	assert_int_equal(is.holes, was.holes + 1);
	adds_up();
}

TEST(test_F3_xspanalloc_refusals)
{
	early(16 * MiB);
	assert_panics("xspanalloc: size 0", xspanalloc(0, 8, 0));
	assert_panics("xspanalloc: size 8 align 24", xspanalloc(8, 24, 0));
	assert_panics("span 0x30", xspanalloc(8, 8, 48));
	assert_panics("xspanalloc: size 128", xspanalloc(128, 8, 64));
	assert_panics("no memory", xspanalloc(64 * MiB, 8, 0));
	adds_up();
}

TEST(test_F3_xmerge_joins_neighbours)
{
	early(16 * MiB);
	u8 *a = xallocz(100, false), *b = xallocz(100, false), *c = xallocz(100, false);
	Xstat was = xstat();
	assert_int_equal(xmerge(a, c), 0);
	assert_int_equal(xmerge(b, a), 0);
	assert_int_equal(xmerge(a, b), 1);
	assert_int_equal(((u32 *)a)[-2], 2 * 112);
	assert_panics("bad magic", xmerge(a, b)); /* b is no block any more */
	assert_panics("bad magic", xmerge(b, c));
	xfree(a);
	assert_int_equal(xstat().free, was.free + 2 * 112);
	xfree(c);
	adds_up();
}

TEST(test_F3_xmerge_refuses_too_large)
{
	early(16 * MiB);
	u32 *a = xallocz(24, false), *b = xallocz(24, false);
	b[-2] = ~0u - 7;
	assert_int_equal(xmerge(a, b), 0);
	b[-2] = 32;
	assert_int_equal(xmerge(a, b), 1);
}

TEST(test_F2_grows_by_runs_and_gives_them_back)
{
	bootedmb(32);
	u64 fresh = pagestat().fresh + pagestat().free + pagestat().cached, records = pagestat().records;
	void *p = xalloc(3 * MiB);
	assert_non_null(p);
	assert_int_equal(xstat().runs, 3 * MiB + BY2PG);
	assert_int_equal(pagestat().raw, 3 * MiB / BY2PG + 1);
	sound();
	xfree(p);
	xtrim();
	assert_int_equal(xstat().runs, 0);
	assert_int_equal(pagestat().raw, 0);
	Pagestat s = pagestat();
	assert_int_equal(s.fresh + s.free + s.cached + s.records - records, fresh); /* less their records */
	sound();
}

TEST(test_F2_a_run_goes_back_by_itself_when_much_is_free)
{
	bootedmb(32);
	void *p = xalloc(2 * MiB);
	assert_true(xstat().runs >= 2 * MiB);
	xfree(p);
	assert_int_equal(xstat().runs, 0);
	/* but not the one that is used all the time */
	while (xstat().runs == 0)
		assert_non_null(p = xalloc(60 * KiB));
	u64 runs = xstat().runs;
	xfree(p);
	assert_int_equal(xstat().runs, runs);
	sound();
}

TEST(test_F2_small_requests_share_a_run)
{
	bootedmb(32);
	while (xalloc(1000) != nil && xstat().runs < MiB)
		continue;
	assert_int_equal(xstat().runs, MiB);
	assert_int_equal(pagestat().raw, 256);
	sound();
}

TEST(test_F2_grows_from_blocks_when_no_bank_has_an_untouched_run)
{
	Page *list = nil, *p;

	bootedmb(32);
	/* users touch everything, and give back the half */
	while (pagestat().fresh > 0) {
		p = kpage(PgCustom, false);
		p->next = list;
		list = p;
	}
	for (; list != nil; list = p) {
		p = list->next;
		putpage(list);
	}
	assert_int_equal(pagestat().fresh, 0);
	void *x = xalloc(700 * KiB), *y = xalloc(900 * KiB);
	assert_non_null(x);
	assert_non_null(y);
	assert_true(pagestat().used[PgXalloc] >= 256);
	sound();
	xfree(x);
	xfree(y);
	xtrim();
	assert_int_equal(pagestat().used[PgXalloc], 0);
	sound();
}

TEST(test_F8_works_before_pageinit_and_after)
{
	early(32 * MiB);
	void *a = xalloc(100), *run = xalloc(2 * MiB); /* more than the front */
	assert_non_null(run);
	assert_true(membal("early"));
	pageinit();
	void *b = xalloc(100);
	xfree(a);
	xfree(run);
	xfree(b);
	xtrim();
	assert_int_equal(xstat().runs, 0);
	sound();
}

TEST(test_F6_self_test)
{
	bootedmb(32);
	Xstat was = xstat();
	assert_true(xalloc_test());
	assert_true(hostsaid("xalloc: test 200 blocks"));
	assert_true(hostsaid(": ok\n"));
	Xstat is = xstat();
	assert_int_equal(is.free, was.free);
	assert_int_equal(is.holes, was.holes);
	sound();
}

TEST(test_F6_self_test_sees_that_memory_is_gone)
{
	bootedmb(8);
	while (xallocz(256, false) != nil)
		continue;
	assert_false(xalloc_test());
	assert_true(hostsaid("BAD"));
}

TEST(test_xinit_twice_is_a_mistake)
{
	early(16 * MiB);
	assert_panics("assert", xinit());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_F2_xinit_takes_a_small_front),
	    cmocka_unit_test(test_F2_xinit_takes_many_small_banks),
	    cmocka_unit_test(test_F2_xinit_with_less_than_it_wants),
	    cmocka_unit_test(test_F5_summary_is_golden),
	    cmocka_unit_test(test_F3_header_and_zero),
	    cmocka_unit_test(test_F3_not_zeroed_when_declined),
	    cmocka_unit_test(test_F3_sizes_that_cannot_be),
	    cmocka_unit_test(test_F3_corrupt_header_panics),
	    cmocka_unit_test(test_F7_refuses_what_is_not_ram),
	    cmocka_unit_test(test_F7_refuses_what_is_free_already),
	    cmocka_unit_test(test_F7_refuses_the_end_of_a_hole),
	    cmocka_unit_test(test_F7_refuses_what_reaches_into_a_hole),
	    cmocka_unit_test(test_F1_random_against_a_model),
	    cmocka_unit_test(test_F4_a_hundred_thousand_fragments),
	    cmocka_unit_test(test_F3_xspanalloc_alignments),
	    cmocka_unit_test(test_F3_xspanalloc_spans),
	    cmocka_unit_test(test_F3_xspanalloc_gives_the_slack_back),
	    cmocka_unit_test(test_F3_xspanalloc_refusals),
	    cmocka_unit_test(test_F3_xmerge_joins_neighbours),
	    cmocka_unit_test(test_F3_xmerge_refuses_too_large),
	    cmocka_unit_test(test_F2_grows_by_runs_and_gives_them_back),
	    cmocka_unit_test(test_F2_a_run_goes_back_by_itself_when_much_is_free),
	    cmocka_unit_test(test_F2_small_requests_share_a_run),
	    cmocka_unit_test(test_F2_grows_from_blocks_when_no_bank_has_an_untouched_run),
	    cmocka_unit_test(test_F8_works_before_pageinit_and_after),
	    cmocka_unit_test(test_F6_self_test),
	    cmocka_unit_test(test_F6_self_test_sees_that_memory_is_gone),
	    cmocka_unit_test(test_xinit_twice_is_a_mistake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
