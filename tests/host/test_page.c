/*
 * test_page.c: pages and blocks: counted, aligned, apart, given once; what is freed wrongly is named.
 * sources: tests/host/mmtest.c mm/ledger.c mm/bank.c mm/xalloc.c mm/buddy.c mm/page.c mm/membal.c mm/own.c
 * sources: mm/pool.c mm/malloc.c mm/ptab.c mm/xlat.c arch/host/pte.c arch/host/mem.c
 * sources: kernel/lib/kind.c kernel/lib/format.c kernel/lib/str.c
 */
#include "mmtest.h"
#include "own.h"
#include "buddy.h"

#include <stdio.h>

static u64
spare(void)
{
	Pagestat s = pagestat();
	return s.free + s.cached + s.fresh;
}

/* Take pages until there are none; a list through next. */
static Page *
takeall(u64 *n)
{
	Page *list = nil, *p;

	for (*n = 0; (p = kpage(PgCustom, false)) != nil; ++*n) {
		p->next = list;
		list = p;
	}
	return list;
}

static void
giveall(Page *list)
{
	for (Page *next; list != nil; list = next) {
		next = list->next;
		putpage(list);
	}
}

/* --- pageinit ---------------------------------------------------------------------------------------- */

TEST(test_H3_H4_pageinit_says_what_there_is)
{
	bootedmb(64);
	u64 ram = 64 * MiB + MiB, user = spare() * BY2PG; /* and the megabyte of first tables */
	char line[100];
	snprintf(line, sizeof line, "\npage: %lluM memory: %lluM kernel data, %lluM user, 0M swap\n",
		 ram / MiB, ram / MiB - user / MiB, user / MiB);
	assert_true(hostsaid(line));
	assert_true(hostsaid("unmapped 0 poisoned 0"));
	Pagestat s = pagestat();
	assert_int_equal(s.highwater, freepagecount() * 5 / 100);
	assert_int_equal(s.headroom, s.highwater * 5 / 4);
	sound();
}

TEST(test_H2_no_memory_for_records_is_said)
{
	Span s = {4 * MiB, 5 * BY2PG, KFree}; /* array, four pages: xinit takes them */

	machine(&s, 1);
	meminit(&led);
	xinit();
	assert_panics("pageinit: no memory for page records", pageinit());
}

TEST(test_pageinit_twice_is_a_mistake)
{
	bootedmb(8);
	assert_panics("assert", pageinit());
}

TEST(test_S9_H2_pageinit_needs_banks_and_tables)
{
	Span s = {4 * MiB, 8 * MiB, KFree};

	machine(&s, 1);
	assert_panics("assert", pageinit());
}

TEST(test_S9_H2_records_are_made_before_their_pages)
{
	Page *p;

	bootedmb(16);
	while ((p = kpage(PgCustom, false)) != nil) {
		assert_ptr_equal(pagefor(pagepa(p)), p);
		Walk w = translate(kernptab(), (uintptr)p);
		assert_true(w.ok);
		assert_int_equal(w.perm, PermR | PermW | PermG);
		assert_int_equal(w.mt, MtWB);
	}
	sound();
}

TEST(test_H2_records_are_zero_though_RAM_is_not)
{
	bootedmb(16); /* RAM holds Junk */
	for (u64 pa = 4 * MiB; pa < 20 * MiB; pa += BY2PG) {
		Page *p = pagefor(topaddr(pa));
		if (p != nil && p->ref == 0)
			assert_true(zeroed(p, sizeof *p));
	}
	while (kpage(PgCustom, false) != nil)
		continue;
	sound();
}

/* --- single pages -----------------------------------------------------------------------------------------
 */

TEST(test_H12_every_frame_once)
{
	static u8 seen[64 * MiB / BY2PG];
	u64 n, may;

	bootedmb(64);
	may = spare();
	Page *list = takeall(&n);
	for (Page *p = list; p != nil; p = p->next) {
		u64 pfn = pabits(pagepa(p)) / BY2PG - 4 * MiB / BY2PG;
		assert_true(pfn < nelem(seen) && !seen[pfn]);
		seen[pfn] = 1;
		assert_non_null(bankof(pagepa(p)));
		assert_true(!palt(pagepa(p), conf.mem[0].klimit)); /* not the front */
	}
	assert_int_equal(spare(), 0);
	/* all but the records: 8 of 512, and a table */
	assert_true(n >= may - may / 64 - 2);
	assert_null(kpage(PgCustom, false));
	assert_null(kpages(PgCustom, 0));
	sound();
	giveall(list);
	sound();
	assert_int_equal(spare(), n);
}

TEST(test_H12_last_frame_exactly_once)
{
	u64 n, last = 0;

	bootedmb(16);
	for (Page *p = takeall(&n); p != nil; p = p->next)
		if (pabits(pagepa(p)) > last)
			last = pabits(pagepa(p));
	assert_int_equal(last, 20 * MiB - BY2PG);
	assert_true(n > 0);
}

TEST(test_H11_two_frames_there_and_back)
{
	char was[100];

	bootedmb(32);
	putpage(kpage(PgCustom, false));
	hostclear();
	pagesummary();
	snprintf(was, sizeof was, "%s", hostlog);
	u64 n = spare(), total = pagestat().bank;
	char line[100];
	snprintf(line, sizeof line, "Frames: %llu/%llu (%lluMB usable)\n", n, total, n * BY2PG / MiB);
	assert_string_equal(was, line);
	Page *a = kpage(PgKernel, false), *b = kpage(PgKernel, false);
	assert_int_equal(spare(), n - 2);
	putpage(a);
	putpage(b);
	hostclear();
	pagesummary();
	assert_string_equal(hostlog, was);
}

TEST(test_H7_H5_newpage_is_zeroed_and_tagged)
{
	bootedmb(16);
	for (u32 i = 0; i < 1000; i++) {
		Page *p = newpage(touva(0x200000 + i * BY2PG + 123), nil);
		assert_true(zeroed(pageva(p), BY2PG));
		assert_int_equal(p->va, 0x200000 + i * BY2PG);
		assert_int_equal(p->ref, 1);
		assert_int_equal(p->purpose, PgUser);
		assert_int_equal(p->order, 0);
		assert_null(p->image);
		assert_null(p->next);
		assert_int_equal(p->daddr, 0);
		assert_int_equal(p->modref, 0);
		memset(pageva(p), 0xff, BY2PG);
		p->image = (void *)p;
		p->daddr = 5;
		p->next = p;
		p->modref = PgMod | PgRef;
		putpage(p);
	}
	sound();
}

TEST(test_H7_D4_zero_may_be_declined_but_not_for_tables)
{
	bootedmb(16);
	Page *p = kpage(PgKernel, false);
	memset(pageva(p), 0xde, BY2PG);
	putpage(p);
	Page *q = kpage(PgKernel, false);
	assert_ptr_equal(p, q); /* last in, first out */
	assert_true(filled(pageva(q), BY2PG, 0xde));
	putpage(q);
	q = kpage(PgTable, false);
	assert_ptr_equal(p, q);
	assert_true(zeroed(pageva(q), BY2PG));
	memset(pageva(q), 0xde, BY2PG);
	putpage(q);
	q = kpage(PgKernel, true);
	assert_ptr_equal(p, q);
	assert_true(zeroed(pageva(q), BY2PG));
	Page *b = kpages(PgTable, 3);
	assert_true(zeroed(pageva(b), 8 * BY2PG));
}

TEST(test_H6_generation_and_owner)
{
	bootedmb(16);
	Page *p = kpage(PgKernel, false);
	u32 gen = p->gen;
	assert_true(p->owner != 0);
	for (u32 i = 1; i < 10; i++) {
		putpage(p);
		assert_int_equal(p->ref, RefUnused);
		assert_ptr_equal(kpage(PgUser, false), p);
		assert_int_equal(p->gen, gen + i);
	}
}

TEST(test_purposes_are_counted)
{
	bootedmb(16);
	Pagestat was = pagestat();
	Page *u = newpage(touva(0), nil), *k = kpage(PgKernel, false), *t = kpage(PgTable, true),
	     *b = kpages(PgKernel, 4);
	Pagestat is = pagestat();
	assert_int_equal(is.used[PgUser], was.used[PgUser] + 1);
	assert_int_equal(is.used[PgKernel], was.used[PgKernel] + 17);
	assert_int_equal(is.used[PgTable], was.used[PgTable] + 1);
	assert_int_equal(userpagecount(), 1);
	sound();
	putpage(u);
	putpage(k);
	putpage(t);
	kpagesfree(b, 4);
	is = pagestat();
	for (u32 i = 0; i < NPURPOSE; i++)
		assert_int_equal(is.used[i], was.used[i]);
	sound();
}

/* --- references
 * --------------------------------------------------------------------------------------------- */

TEST(test_H5_references)
{
	bootedmb(16);
	Page *p = newpage(touva(0), nil);
	u64 n = spare();
	incpage(p);
	incpage(p);
	assert_int_equal(p->ref, 3);
	putpage(p);
	assert_null(deadpage(p));
	assert_int_equal(p->ref, 1);
	assert_int_equal(spare(), n);
	assert_ptr_equal(deadpage(p), p);
	assert_int_equal(spare(), n);
	p->next = nil;
	freepages(p);
	assert_int_equal(spare(), n + 1);
	sound();
}

TEST(test_H5_freepages_takes_a_list)
{
	Page *list = nil;

	bootedmb(16);
	putpage(kpage(PgUser, false));
	u64 n = spare();
	for (u32 i = 0; i < 200; i++) {
		Page *p = deadpage(newpage(touva(0), nil));
		p->next = list;
		list = p;
	}
	freepages(list);
	freepages(nil);
	assert_int_equal(spare(), n);
	sound();
}

TEST(test_H5_model_of_reference_counts)
{
	enum { N = 500 };
	static Page *p[N];
	static u32 refs[N];
	u64 seed = 3, used = 0;

	bootedmb(16);
	u64 base = userpagecount();
	for (u32 step = 0; step < 50000; step++) {
		u32 i = hostrand(&seed) % N;
		switch (hostrand(&seed) % 4) {
		case 0:
			if (refs[i] == 0) {
				p[i] = newpage(touva(i * BY2PG), nil);
				refs[i] = 1;
				used++;
			}
			break;
		case 1:
			if (refs[i] > 0 && refs[i] < 5) {
				incpage(p[i]);
				refs[i]++;
			}
			break;
		default:
			if (refs[i] > 0) {
				putpage(p[i]);
				used -= --refs[i] == 0;
			}
		}
		if (refs[i] > 0) {
			assert_int_equal(p[i]->ref, refs[i]);
			assert_int_equal(p[i]->va, i * BY2PG);
		}
		if (step % 5000 == 0) {
			assert_int_equal(userpagecount(), base + used);
			sound();
		}
	}
}

TEST(test_H5_copypage_fillpage)
{
	bootedmb(16);
	Page *a = newpage(touva(0), nil), *b = newpage(touva(0), nil), *c = newpage(touva(0), nil);
	fillpage(a, 0x5a);
	copypage(a, b);
	assert_true(filled(pageva(b), BY2PG, 0x5a));
	assert_true(zeroed(pageva(c), BY2PG));
}

/* --- what must not be
 * --------------------------------------------------------------------------------------- */

TEST(test_H12_double_free_names_page_owner_caller)
{
	char text[64];

	bootedmb(16);
	Page *p = newpage(touva(0), nil);
	putpage(p);
	snprintf(text, sizeof text, "putpage: page 0x%llx refcount is -1 (expected in use)",
		 pabits(pagepa(p)));
	assert_panics(text, putpage(p));
	assert_true(strstr(hostpanictext, "owner 0x") && strstr(hostpanictext, "caller 0x"));
	assert_panics("deadpage: page", deadpage(p));
	assert_int_equal(p->ref, RefUnused); /* the panic found it, and left it */
	sound();
}

TEST(test_H12_double_free_after_it_joined_a_block)
{
	u64 n;

	bootedmb(16);
	Page *list = takeall(&n), *p = list;
	giveall(list);
	for (u32 i = 0; i < 8; i++, p = nil) /* the caches drain */
		giveall(takeall(&n));
	for (u64 pa = 6 * MiB; pa < 8 * MiB; pa += BY2PG)
		assert_panics("expected in use", putpage(pagefor(topaddr(pa))));
	sound();
}

TEST(test_H12_free_of_a_record_page)
{
	bootedmb(16);
	(void)!kpage(PgUser, false);
	Walk w = translate(kernptab(), (uintptr)pagefor(topaddr(6 * MiB)));
	if (!w.ok)
		w = translate(kernptab(), (uintptr)pagefor(paadd(conf.mem[0].klimit, BY2PG)));
	Page *p = pagefor(w.pa);
	assert_non_null(p);
	assert_panics("refcount is 0", putpage(p));
}

TEST(test_H12_what_is_no_page_is_refused)
{
	Page fake = {.ref = 1};

	bootedmb(16);
	assert_panics("putpage: (nil) is no page", putpage(nil));
	assert_panics("is no page", putpage(&fake));
	assert_panics("is no page", putpage((Page *)((u8 *)newpage(touva(0), nil) + 8)));
	assert_panics("is no page", incpage(&fake));
	assert_panics("is no page", kpagesfree(&fake, 0));
	fake.ref = 0;
	assert_panics("is no page", freepages(&fake));
	sound();
}

TEST(test_H12_freepages_of_a_page_in_use)
{
	bootedmb(16);
	Page *p = newpage(touva(0), nil);
	assert_panics("freepages: page", freepages(p));
}

TEST(test_H5_incpage_of_a_free_page)
{
	bootedmb(16);
	Page *p = newpage(touva(0), nil);
	putpage(p);
	assert_panics("incpage: page", incpage(p));
}

TEST(test_H6_a_record_that_is_not_unused_is_never_given_out)
{
	bootedmb(16);
	Page *p = newpage(touva(0), nil);
	putpage(p);
	p->ref = 7; /* somebody wrote into a free page's record */
	assert_panics("refcount is 7 (expected UNUSED)", (void)!kpage(PgUser, false));
}

TEST(test_H9_kpagesfree_of_another_order)
{
	bootedmb(16);
	Page *p = kpages(PgKernel, 3);
	assert_panics("order 2 is 3", kpagesfree(p, 2));
	assert_panics("refcount is 0", kpagesfree(p + 1, 0));
	incpage(p);
	assert_panics("refcount is 2 (expected 1)", kpagesfree(p, 3));
	putpage(p);
	kpagesfree(p, 3);
	assert_panics("expected 1", kpagesfree(p, 3));
	sound();
}

TEST(test_pagefor_any_address)
{
	bootedmb(16);
	assert_null(pagefor(topaddr(0)));
	assert_null(pagefor(topaddr(HHDMSIZE)));
	assert_null(pagefor(topaddr(~0ull)));
	assert_null(pagefor(topaddr(1 * TiB)));
	Page *p = newpage(touva(0), nil);
	assert_ptr_equal(pagefor(paadd(pagepa(p), 4095)), p);
	assert_ptr_equal(pageva(p), kaddr(pagepa(p)));
}

/* --- blocks
 * ---------------------------------------------------------------------------------------------------- */

TEST(test_H9_blocks_are_aligned_contiguous_apart)
{
	static u8 seen[64 * MiB / BY2PG];

	bootedmb(64);
	for (int round = 0; round < 3; round++)
		for (int o = 0; o <= 10; o++) {
			Page *p = kpages(PgCustom, o);
			assert_non_null(p);
			u64 pa = pabits(pagepa(p));
			assert_int_equal(pa % (BY2PG << o), 0);
			assert_int_equal(p->order, o);
			assert_int_equal(p->ref, 1);
			for (u64 i = 0; i < 1ull << o; i++) {
				u64 pfn = pa / BY2PG - 1024 + i;
				assert_false(seen[pfn]);
				seen[pfn] = 1;
			}
			memset(pageva(p), o, BY2PG << o);
		}
	sound();
}

/* Another processor has taken a block, and has not yet written into its record that it did. */
TEST(test_H6_a_block_on_its_way_is_not_joined)
{
	bootedmb(16);
	ilock(&palloc);
	Page *a = blocktake(3), *b = blocktake(3);
	while (pabits(pagepa(a)) % (BY2PG << 4) != 0 || b != a + 8) {
		a = b;
		b = blocktake(3);
	}
	u64 free = buddy.free;
	blockfree(a, 3);
	assert_int_equal(buddy.free, free + 8);
	assert_int_equal(a->order, 3);
	assert_int_equal(b->ref, RefUnused);
	iunlock(&palloc);
	assert_null(pagecheck());
	ilock(&palloc);
	blockfree(b, 3);
	assert_true(a->order > 3 || a->ref == 0);
	iunlock(&palloc);
	assert_null(pagecheck());
}

TEST(test_H9_orders_that_cannot_be)
{
	bootedmb(16);
	assert_null(kpages(PgCustom, -1));
	assert_null(kpages(PgCustom, MaxOrder + 1));
	assert_null(kpages(PgCustom, MaxOrder));
	assert_null(kpages(PgCustom, 12));
	sound();
}

TEST(test_H9_a_gigabyte)
{
	Span s = {4 * MiB, 4 * GiB, KFree};

	booted(&s, 1);
	Page *p = kpages(PgCustom, MaxOrder);
	assert_non_null(p);
	assert_int_equal(pabits(pagepa(p)) % GiB, 0);
	sound();
	kpagesfree(p, MaxOrder);
	assert_int_equal(pagestat().nfree[MaxOrder], 1);
	sound();
	assert_ptr_equal(kpages(PgCustom, MaxOrder), p);
	kpagesfree(p, MaxOrder);
	/* pieces of it, each with a record for its first page alone */
	u64 records = pagestat().records;
	Page *q = kpages(PgCustom, 16), *r = kpages(PgCustom, 9);
	assert_non_null(q);
	assert_non_null(r);
	assert_true(pagestat().records - records < 16);
	/* the page tables of the window are counted where tables are: the root's, its slot's and these */
	assert_int_equal(kernptab()->ntables, 1 + pagestat().rectables);
	sound();
	kpagesfree(q, 16);
	kpagesfree(r, 9);
	assert_int_equal(pagestat().nfree[MaxOrder], 1); /* joined again */
	sound();
}

TEST(test_H10_large_blocks_are_opened_when_small_pages_run_out)
{
	Page *big[8];
	u64 n, m;

	bootedmb(64);
	for (u32 i = 0; i < 8; i++)
		assert_non_null(big[i] = kpages(PgCustom, 9 + i % 2));
	Page *list = takeall(&n);
	for (u32 i = 0; i < 8; i++)
		kpagesfree(big[i], 9 + i % 2);
	Page *more = takeall(&m);
	assert_true(m >= 8 * 500 + 4 * 500);
	assert_int_equal(spare(), 0);
	sound();
	giveall(list);
	giveall(more);
	sound();
}

/* The bytes that hold records stay; everything else of a stretch is whole again. */
TEST(test_H10_returns_to_maximal_blocks)
{
	enum { N = 600 };
	static Page *p[N];
	static int order[N];
	u64 seed = 11, n;

	bootedmb(32);
	giveall(takeall(&n)); /* open everything */
	for (u32 i = 0; i < 300; i++)
		giveall(takeall(&n));
	Pagestat was = pagestat();
	for (u32 step = 0; step < 30000; step++) {
		u32 i = hostrand(&seed) % N;
		if (p[i] != nil) {
			kpagesfree(p[i], order[i]);
			p[i] = nil;
		} else {
			order[i] = (int)(hostrand(&seed) % 9);
			p[i] = kpages(PgCustom, order[i]);
			if (p[i] != nil)
				assert_int_equal(pabits(pagepa(p[i])) % (BY2PG << order[i]), 0);
		}
		if (step % 3000 == 0)
			sound();
	}
	for (u32 i = 0; i < N; i++)
		if (p[i] != nil)
			kpagesfree(p[i], order[i]);
	sound();
	Pagestat is = pagestat();
	assert_int_equal(spare(), was.free + was.cached + was.fresh);
	/* 31 whole stretches at most, each with one free block of every order from 3 to 8 */
	assert_true(is.nfree[8] >= 12);
}

TEST(test_H10_no_block_spans_a_hole)
{
	Span s[] = {{4 * MiB, 3 * MiB + 28 * KiB, KFree},
		    {7 * MiB + 32 * KiB, 3 * MiB, KFree},
		    {12 * MiB, 4 * MiB, KFree}};
	u64 n;

	booted(s, 3);
	for (u32 round = 0; round < 4; round++)
		giveall(takeall(&n));
	for (int o = 8; o >= 0; o--)
		for (Page *p; (p = kpages(PgCustom, o)) != nil;) {
			u64 pa = pabits(pagepa(p));
			for (u64 i = 0; i < 1ull << o; i++)
				assert_non_null(bankof(topaddr(pa + i * BY2PG)));
		}
	assert_null(bankof(topaddr(7 * MiB + 28 * KiB)));
	assert_int_equal(pagestat().free, 0);
	sound();
}

TEST(test_fragments_smaller_than_their_records)
{
	Span s[] = {{4 * MiB, 4 * MiB, KFree},
		    {256 * MiB, BY2PG, KFree},
		    {512 * MiB, 2 * BY2PG, KFree},
		    {1024 * MiB, 3 * BY2PG, KFree},
		    {1024 * MiB + 16 * KiB, BY2PG, KFree},
		    {128 * GiB, BY2PG, KFree},
		    {192 * GiB, 4 * BY2PG, KFree}};
	u64 n;

	booted(s, nelem(s));
	Page *list = takeall(&n);
	assert_int_equal(spare(), 0);
	sound(); /* whatever became of them, it is counted */
	giveall(list);
	sound();
}

/* --- poison
 * --------------------------------------------------------------------------------------------------- */

TEST(test_H8_freed_pages_are_filled)
{
	bootedmb(16);
	pagepoison(true);
	Page *p = kpage(PgKernel, true);
	putpage(p);
	assert_true(filled(pageva(p), BY2PG, 0xde));
	Page *b = kpages(PgKernel, 2);
	kpagesfree(b, 2);
	assert_true(filled(pageva(b), 4 * BY2PG, 0xde));
	assert_ptr_equal(kpage(PgKernel, false), p);
	sound();
}

TEST(test_H8_write_after_free_is_found_and_quarantined)
{
	bootedmb(16);
	pagepoison(true);
	Page *p = kpage(PgKernel, false);
	putpage(p);
	((u8 *)pageva(p))[4095] ^= 1;
	hostclear();
	Page *q = kpage(PgKernel, false);
	assert_ptr_not_equal(p, q);
	char text[80];
	snprintf(text, sizeof text, "page: 0x%llx was written to after 0x%llx freed it", pabits(pagepa(p)),
		 p->owner);
	assert_true(hostsaid(text));
	assert_int_equal(pagestat().used[PgQuarantine], 1);
	sound();
	u64 n;
	for (Page *l = takeall(&n); l != nil; l = l->next)
		assert_ptr_not_equal(l, p);
	sound();
}

TEST(test_H8_write_after_free_in_a_block)
{
	bootedmb(16);
	pagepoison(true);
	Page *b = kpages(PgKernel, 4);
	kpagesfree(b, 4);
	((u64 *)pageva(b + 11))[0] = 0;
	hostclear();
	Page *c = kpages(PgKernel, 4);
	assert_ptr_not_equal(b, c);
	assert_true(hostsaid("was written to after"));
	assert_int_equal(pagestat().used[PgQuarantine], 16);
	sound();
}

TEST(test_H8_poison_does_not_suspect_fresh_pages)
{
	u64 n;

	bootedmb(16); /* Junk everywhere */
	Page *p = kpage(PgKernel, false);
	putpage(p); /* freed before poisoning began */
	pagepoison(true);
	giveall(takeall(&n));
	giveall(takeall(&n));
	pagepoison(false);
	memset(pageva(p), 1, BY2PG); /* no poison, no suspicion */
	giveall(takeall(&n));
	/* poisoned, taken, and freed while nobody poisoned: not its owner's mistake */
	pagepoison(true);
	giveall(takeall(&n));
	Page *list = takeall(&n);
	pagepoison(false);
	for (Page *q = list; q != nil; q = q->next)
		memset(pageva(q), 1, BY2PG);
	giveall(list);
	pagepoison(true);
	giveall(takeall(&n));
	assert_int_equal(pagestat().used[PgQuarantine], 0);
	sound();
}

/* --- privacy
 * ---------------------------------------------------------------------------------------------------- */

TEST(test_H5_private_pages_are_wiped)
{
	bootedmb(16);
	Page *p = newpage(touva(0), nil), *q = newpage(touva(0), nil), *r = newpage(touva(0), nil);
	fillpage(p, 1);
	fillpage(q, 2);
	fillpage(r, 3);
	p->modref = q->modref = PgPriv;
	putpage(p);
	assert_true(zeroed(pageva(p), BY2PG)); /* a dead private page is nowhere in RAM */
	assert_true(filled(pageva(q), BY2PG, 2));
	zeroprivatepages();
	assert_true(zeroed(pageva(q), BY2PG));
	assert_true(filled(pageva(r), BY2PG, 3));
}

/* --- waiting
 * ------------------------------------------------------------------------------------------------------ */

static Page *held;

static void
givesome(void)
{
	for (u32 i = 0; i < 300 && held != nil; i++) {
		Page *p = held;
		held = p->next;
		putpage(p);
	}
}

TEST(test_H14_newpage_waits_and_goes_on)
{
	u64 n;

	bootedmb(16);
	held = takeall(&n);
	onwait = givesome;
	Page *p = newpage(touva(0x1000), nil);
	assert_non_null(p);
	assert_int_equal(waits, 1);
	assert_int_equal(qunlocks, 0);
	assert_true(zeroed(pageva(p), BY2PG));
	sound();
}

TEST(test_H5_newpage_that_slept_with_a_lock_gives_nil)
{
	QLock q = {.locked = true};
	u64 n;

	bootedmb(16);
	held = takeall(&n);
	onwait = givesome;
	assert_null(newpage(touva(0x1000), &q));
	assert_false(q.locked);
	assert_int_equal(waits, 1);
	assert_int_equal(qunlocks, 1);
	q.locked = true;
	assert_non_null(newpage(touva(0x1000), &q));
	assert_true(q.locked);
	sound();
}

TEST(test_H14_users_leave_the_kernel_some_pages)
{
	QLock q = {.locked = true};
	u64 n = 0;

	bootedmb(16);
	onwait = givesome;
	while (newpage(touva(0), &q) != nil)
		n++;
	assert_true(n > 2000);
	assert_int_equal(freepagecount(), 0);
	u32 k = 0;
	while (kpage(PgTable, true) != nil)
		k++;
	assert_true(k >= 128);
	sound();
}

/* --- early pages (H15)
 * ---------------------------------------------------------------------------------------------- */

TEST(test_H15_rampage_before_and_after)
{
	Span s = {4 * MiB, 16 * MiB, KFree};

	machine(&s, 1);
	meminit(&led);
	Paddr a = rampage(), b = rampage();
	assert_int_equal(pabits(a), 20 * MiB - BY2PG);
	assert_int_equal(pabits(b), 20 * MiB - 2 * BY2PG);
	assert_true(zeroed(kaddr(a), BY2PG));
	assert_true(membal("early"));
	xinit();
	assert_true(membal("early"));
	pageinit();
	assert_int_equal(pagestat().early, 2);
	Paddr c = rampage();
	assert_true(zeroed(kaddr(c), BY2PG));
	assert_int_equal(pagefor(c)->purpose, PgTable);
	sound();
	u64 n = spare();
	memset(kaddr(c), 0xff, BY2PG);
	rampagefree(c);
	assert_int_equal(spare(), n + 1);
	u64 records = pagestat().records;
	rampagefree(a);
	rampagefree(b);
	assert_int_equal(pagestat().early, 0);
	assert_int_equal(spare() + pagestat().records - records, n + 3);
	sound();
	for (u32 i = 0; i < 3000; i++) {
		c = rampage();
		assert_true(zeroed(kaddr(c), BY2PG));
	}
	sound();
}

TEST(test_H15_the_early_allocator_is_sealed)
{
	bootedmb(16);
	assert_panics("earlypage: sealed by pageinit", (void)earlypage());
}

TEST(test_rampage_when_memory_is_gone)
{
	Span s = {4 * MiB, 4 * BY2PG, KFree};

	machine(&s, 1);
	meminit(&led);
	for (u32 i = 0; i < 3; i++)
		assert_int_not_equal(pabits(rampage()), 0);
	assert_int_equal(pabits(rampage()), 0);
}
TEST(test_rampage_when_pages_are_gone)
{
	u64 n;

	bootedmb(16);
	takeall(&n);
	assert_int_equal(pabits(rampage()), 0);
}

TEST(test_rampagefree_of_what_is_no_table)
{
	bootedmb(16);
	Page *p = kpage(PgKernel, false);
	assert_panics("rampagefree: page", rampagefree(pagepa(p)));
	assert_panics("rampagefree: 0x100000", rampagefree(topaddr(MiB)));
}

/* --- memory test, checks
 * ------------------------------------------------------------------------------------------- */

TEST(test_P3_a_page_that_has_an_owner_is_not_freed)
{
	bootedmb(16);
	borrowinit();
	Page *p = newpage(touva(0), nil);
	assert_int_equal(borrow_acquire(7, p), BORROW_OK);
	assert_int_equal(borrow_borrow_mut(7, 8, p), BORROW_OK);
	assert_panics("is owned by 7 (readers 0, writer 8)", putpage(p));
	p->ref = 1; /* the panic came after the count */
	assert_int_equal(borrow_cleanup(7), 2);
	putpage(p);
	sound();
}

TEST(test_B10_memtest_of_free_pages)
{
	Paddr bad;

	bootedmb(16);
	u64 n = spare();
	assert_int_equal(memtest(100, &bad), 100);
	assert_int_equal(pabits(bad), ~0ull);
	assert_true(memtest(~0ull, &bad) > 3500);
	assert_true(spare() + 64 > n);
	sound();
}

TEST(test_pagecheck_sees_torn_lists)
{
	u64 n;

	bootedmb(16);
	giveall(takeall(&n));
	assert_null(pagecheck());
	for (u64 pa = 6 * MiB; pa < 8 * MiB; pa += BY2PG) {
		Page *p = pagefor(topaddr(pa));
		if (p->ref != RefUnused)
			continue;
		p->ref = 1;
		assert_non_null(pagecheck());
		p->ref = RefUnused;
		p->order ^= 1;
		if (p->purpose == PgFree)
			assert_non_null(pagecheck());
		p->order ^= 1;
	}
	assert_null(pagecheck());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_H3_H4_pageinit_says_what_there_is),
	    cmocka_unit_test(test_H2_no_memory_for_records_is_said),
	    cmocka_unit_test(test_pageinit_twice_is_a_mistake),
	    cmocka_unit_test(test_S9_H2_pageinit_needs_banks_and_tables),
	    cmocka_unit_test(test_S9_H2_records_are_made_before_their_pages),
	    cmocka_unit_test(test_H2_records_are_zero_though_RAM_is_not),
	    cmocka_unit_test(test_H12_every_frame_once),
	    cmocka_unit_test(test_H12_last_frame_exactly_once),
	    cmocka_unit_test(test_H11_two_frames_there_and_back),
	    cmocka_unit_test(test_H7_H5_newpage_is_zeroed_and_tagged),
	    cmocka_unit_test(test_H7_D4_zero_may_be_declined_but_not_for_tables),
	    cmocka_unit_test(test_H6_generation_and_owner),
	    cmocka_unit_test(test_purposes_are_counted),
	    cmocka_unit_test(test_H5_references),
	    cmocka_unit_test(test_H5_freepages_takes_a_list),
	    cmocka_unit_test(test_H5_model_of_reference_counts),
	    cmocka_unit_test(test_H5_copypage_fillpage),
	    cmocka_unit_test(test_H12_double_free_names_page_owner_caller),
	    cmocka_unit_test(test_H12_double_free_after_it_joined_a_block),
	    cmocka_unit_test(test_H12_free_of_a_record_page),
	    cmocka_unit_test(test_H12_what_is_no_page_is_refused),
	    cmocka_unit_test(test_H12_freepages_of_a_page_in_use),
	    cmocka_unit_test(test_H5_incpage_of_a_free_page),
	    cmocka_unit_test(test_H6_a_record_that_is_not_unused_is_never_given_out),
	    cmocka_unit_test(test_H9_kpagesfree_of_another_order),
	    cmocka_unit_test(test_pagefor_any_address),
	    cmocka_unit_test(test_H9_blocks_are_aligned_contiguous_apart),
	    cmocka_unit_test(test_H6_a_block_on_its_way_is_not_joined),
	    cmocka_unit_test(test_H9_orders_that_cannot_be),
	    cmocka_unit_test(test_H9_a_gigabyte),
	    cmocka_unit_test(test_H10_large_blocks_are_opened_when_small_pages_run_out),
	    cmocka_unit_test(test_H10_returns_to_maximal_blocks),
	    cmocka_unit_test(test_H10_no_block_spans_a_hole),
	    cmocka_unit_test(test_fragments_smaller_than_their_records),
	    cmocka_unit_test(test_H8_freed_pages_are_filled),
	    cmocka_unit_test(test_H8_write_after_free_is_found_and_quarantined),
	    cmocka_unit_test(test_H8_write_after_free_in_a_block),
	    cmocka_unit_test(test_H8_poison_does_not_suspect_fresh_pages),
	    cmocka_unit_test(test_H5_private_pages_are_wiped),
	    cmocka_unit_test(test_H14_newpage_waits_and_goes_on),
	    cmocka_unit_test(test_H5_newpage_that_slept_with_a_lock_gives_nil),
	    cmocka_unit_test(test_H14_users_leave_the_kernel_some_pages),
	    cmocka_unit_test(test_H15_rampage_before_and_after),
	    cmocka_unit_test(test_H15_the_early_allocator_is_sealed),
	    cmocka_unit_test(test_rampage_when_memory_is_gone),
	    cmocka_unit_test(test_rampage_when_pages_are_gone),
	    cmocka_unit_test(test_rampagefree_of_what_is_no_table),
	    cmocka_unit_test(test_P3_a_page_that_has_an_owner_is_not_freed),
	    cmocka_unit_test(test_B10_memtest_of_free_pages),
	    cmocka_unit_test(test_pagecheck_sees_torn_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
