/*
 * test_bank.c: banks out of the ledger: their sums, their order, what joins later, who may have how much.
 * sources: tests/host/mmtest.c mm/ledger.c mm/bank.c mm/xalloc.c mm/buddy.c mm/page.c mm/membal.c mm/own.c
 * sources: mm/pool.c mm/malloc.c mm/ptab.c mm/xlat.c arch/host/pte.c arch/host/mem.c
 * sources: kernel/lib/kind.c kernel/lib/format.c kernel/lib/str.c
 */
#define _GNU_SOURCE
#include "mmtest.h"

#include <sys/mman.h>

static void
wellformed(void)
{
	u64 sum = 0;

	for (u32 i = 0; i < conf.nmem; i++) {
		const Bank *b = &conf.mem[i];
		u64 end = pabits(b->base) + b->npage * BY2PG;
		assert_true(b->npage > 0);
		assert_true(pabits(b->base) <= pabits(b->lo) && pabits(b->lo) <= pabits(b->hi) &&
			    pabits(b->hi) <= end);
		if (i > 0)
			assert_true(pabits(b[-1].base) + b[-1].npage * BY2PG <= pabits(b->base));
		sum += b->npage;
	}
	assert_int_equal(sum, conf.npage);
	assert_int_equal(sum * BY2PG, ledgersum(&led, KFree));
}

TEST(test_B4_banks_are_the_free_ranges)
{
	Span s[] = {{2 * MiB, 6 * MiB, KFree},
		    {8 * MiB, MiB, KReserved},
		    {9 * MiB, 7 * MiB, KFree},
		    {16 * MiB, MiB, KBoot}};

	machine(s, nelem(s));
	u64 ram = ledgersum(&led, KFree);
	meminit(&led);
	assert_int_equal(conf.nmem, 2);
	assert_int_equal(pabits(conf.mem[0].base), 2 * MiB + BY2PG); /* the array's page went first */
	assert_int_equal(conf.mem[0].npage, 6 * MiB / BY2PG - 1);
	assert_int_equal(pabits(conf.mem[1].base), 9 * MiB);
	assert_int_equal(conf.mem[1].npage, 7 * MiB / BY2PG);
	assert_int_equal(conf.npage * BY2PG + BY2PG, ram);
	assert_int_equal(ledgersum(&led, KLedger), BY2PG);
	assert_true(hostsaid("meminit: conf.mem[0]: base=0x201000 npage=1535\n"));
	assert_true(hostsaid("meminit: conf.mem[1]: base=0x900000 npage=1792\n"));
	wellformed();
	assert_true(membal("banks"));
}

TEST(test_B3_thousands_of_banks_lose_nothing)
{
	enum { N = 5000 };
	static Span s[N + 1];

	for (u32 i = 0; i < N; i++)
		s[i] = (Span){4 * MiB + i * 8 * BY2PG, (1 + i % 7) * BY2PG, i % 3 == 2 ? KBoot : KFree};
	s[N] = (Span){4 * MiB + N * 8 * BY2PG, 16 * MiB, KFree};
	machine(s, N + 1);
	meminit(&led);
	wellformed();
	assert_int_equal(led.lost, 0);
	assert_true(membal("banks"));
	confinit(&(Confask){0});
	xinit();
	pageinit();
	u64 was = conf.npage, boot = ledgersum(&led, KBoot);
	assert_int_equal(memreclaim(&led), boot);
	assert_int_equal(conf.npage, was + boot / BY2PG);
	wellformed();
	sound();
	/* every page of every fragment can be had, less what holds the records */
	u64 n = 0, may = pagestat().fresh + pagestat().free + pagestat().cached;
	while (kpage(PgCustom, false) != nil)
		n++;
	Pagestat p = pagestat();
	assert_int_equal(p.fresh + p.free + p.cached, 0);
	assert_true(n > may * 7 / 10);
	sound();
}

TEST(test_P6_RAM_beyond_the_direct_map_is_not_used)
{
	Span s[] = {{4 * MiB, 4 * MiB, KFree},
		    {30 * MiB, 6 * MiB, KBoot},
		    {1ull << 51, MiB, KFree},
		    {1ull << 40, MiB, KMmio}};

	machine(s, 2);
	for (u32 i = 2; i < 4; i++)
		ledgeradd(&led, s[i].start, s[i].size, s[i].kind);
	xlatinit(topaddr(32 * MiB), (BootRun){0});
	membound(&led);
	assert_int_equal(ledgersum(&led, KBoot), 2 * MiB);
	assert_int_equal(ledgersum(&led, KReserved), 5 * MiB);
	assert_int_equal(ledgersum(&led, KMmio), MiB);
	assert_true(hostsaid("membound: 0x2000000-0x2400000 boot is beyond the direct map"));
	assert_true(hostsaid("membound: 0x8000000000000-0x8000000100000 free is beyond"));
	meminit(&led);
	assert_int_equal(conf.nmem, 1);
	memreclaim(&led);
	assert_int_equal(conf.nmem, 2);
	for (u32 i = 0; i < 2; i++)
		assert_true(cankaddr(conf.mem[i].base) >= conf.mem[i].npage * BY2PG);
	assert_true(membal("bound"));
}

TEST(test_no_memory_is_said)
{
	Span s[] = {{4 * MiB, MiB, KReserved}};

	machine(s, 1);
	assert_panics("meminit: no room", meminit(&led));
}

TEST(test_B5_memreserve_keeps_it_away)
{
	Span s[] = {{4 * MiB, 4 * MiB, KFree}, {8 * MiB, 4 * MiB, KBoot}};

	machine(s, 2);
	memreserve(&led, topaddr(5 * MiB + 100), 10);
	memreserve(&led, topaddr(8 * MiB - 1), 2);
	memreserve(&led, topaddr(64 * MiB), MiB); /* nothing there */
	memreserve(&led, topaddr(5 * MiB), 0);
	memreserve(&led, topaddr(5 * MiB), ~0ull);
	assert_int_equal(ledgersum(&led, KReserved), 3 * BY2PG);
	meminit(&led);
	assert_null(bankof(topaddr(5 * MiB)));
	assert_null(bankof(topaddr(5 * MiB + BY2PG - 1)));
	assert_non_null(bankof(topaddr(5 * MiB + BY2PG)));
	assert_null(bankof(topaddr(8 * MiB - 1)));
	assert_panics("memreserve: 0x500000", memreserve(&led, topaddr(5 * MiB), BY2PG));
}

TEST(test_bankof_boundaries)
{
	Span s[] = {{4 * MiB, 4 * MiB, KFree}, {16 * MiB, MiB, KFree}};

	machine(s, 2);
	meminit(&led);
	u64 base = pabits(conf.mem[0].base);
	assert_null(bankof(topaddr(0)));
	assert_null(bankof(topaddr(base - 1)));
	assert_ptr_equal(bankof(topaddr(base)), &conf.mem[0]);
	assert_ptr_equal(bankof(topaddr(8 * MiB - 1)), &conf.mem[0]);
	assert_null(bankof(topaddr(8 * MiB)));
	assert_ptr_equal(bankof(topaddr(16 * MiB)), &conf.mem[1]);
	assert_null(bankof(topaddr(17 * MiB)));
	assert_null(bankof(topaddr(~0ull)));
	assert_true(bankholds(topaddr(16 * MiB), MiB));
	assert_false(bankholds(topaddr(16 * MiB), MiB + 1));
	assert_false(bankholds(topaddr(16 * MiB + 1), MiB));
	assert_false(bankholds(topaddr(15 * MiB), MiB));
	assert_false(bankholds(topaddr(16 * MiB), ~0ull));
}

TEST(test_stretches_take_all_whole_ones_first)
{
	Span s[] = {{3 * MiB, MiB / 2, KFree}, {5 * MiB, 8 * MiB, KFree}};
	Paddr pa;
	u64 n, sum = 0;

	machine(s, 2);
	meminit(&led);
	assert_true(bankstretch(&pa, &n));
	assert_int_equal(pabits(pa), 5 * MiB); /* the first bank has less than 2 MiB */
	assert_int_equal(n, MiB / BY2PG);
	sum += n;
	assert_true(bankstretch(&pa, &n));
	assert_int_equal(pabits(pa), 6 * MiB);
	assert_int_equal(n, 512);
	for (sum += n; bankstretch(&pa, &n); sum += n)
		assert_true(n <= 512 &&
			    rounddown(pabits(pa), 2 * MiB) == rounddown(pabits(pa) + n * BY2PG - 1, 2 * MiB));
	assert_int_equal(sum, conf.npage);
	assert_int_equal(bankfresh(), 0);
}

TEST(test_runs_come_from_the_high_end)
{
	Span s[] = {{4 * MiB, MiB, KFree}, {8 * MiB, 8 * MiB, KFree}};
	BankRun r;

	machine(s, 2);
	meminit(&led);
	u64 fresh = bankfresh();
	assert_true(bankrun(512, 2 * MiB, &r)); /* the first bank is too small */
	assert_int_equal(pabits(r.pa), 14 * MiB);
	assert_int_equal(r.nrest, 0);
	assert_true(bankrun(1, BY2PG, &r));
	assert_int_equal(pabits(r.pa), 5 * MiB - BY2PG);
	assert_true(bankrun(300, MiB, &r)); /* does not fit the first aligned */
	assert_int_equal(pabits(r.pa), 12 * MiB);
	assert_int_equal(pabits(r.rest), 12 * MiB + 300 * BY2PG);
	assert_int_equal(r.nrest, 212);
	assert_int_equal(bankfresh(), fresh - 1024 - 1);
	assert_false(bankrun(8 * MiB / BY2PG, BY2PG, &r));
	assert_int_equal(bankfresh(), fresh - 1024 - 1);
	u64 rest = padiff(conf.mem[1].hi, conf.mem[1].lo) / BY2PG;
	assert_true(bankrun(rest, BY2PG, &r)); /* just what is left */
	assert_true(paeq(conf.mem[1].hi, conf.mem[1].lo));
}

TEST(test_B6_reclaim_adds_boot_and_loader)
{
	Span s[] = {{2 * MiB, 2 * MiB, KBoot}, {4 * MiB, 8 * MiB, KFree}, {12 * MiB, 3 * MiB, KBoot},
		    {15 * MiB, MiB, KLoader},  {16 * MiB, MiB, KAcpi},	  {17 * MiB, MiB, KLoader}};

	booted(s, nelem(s));
	u64 was = conf.npage;
	u32 nmem = conf.nmem;
	assert_int_equal(memreclaim(&led), 7 * MiB);
	assert_int_equal(conf.npage, was + 7 * MiB / BY2PG);
	assert_int_equal(ledgersum(&led, KBoot) + ledgersum(&led, KLoader), 0);
	assert_int_equal(ledgersum(&led, KAcpi), MiB);
	assert_true(hostsaid("usable 7 MiB\n"));
	assert_true(hostsaid("reclaimed +7 MiB\n"));
	/* below and far above are new; what lies right behind the bank made it larger */
	assert_int_equal(conf.nmem, nmem + 2);
	assert_int_equal(conf.mem[1].npage, 12 * MiB / BY2PG - 1);
	wellformed();
	sound();
	assert_int_equal(memreclaim(&led), 0);
	sound();
}

TEST(test_B6_what_joins_is_used_though_all_was_used_up)
{
	Span s[] = {{2 * MiB, MiB, KBoot}, {4 * MiB, 8 * MiB, KFree}, {16 * MiB, MiB, KLoader}};
	u64 n = 0;

	booted(s, nelem(s));
	while (kpage(PgCustom, false) != nil)
		continue;
	assert_int_equal(memreclaim(&led), 2 * MiB);
	while (kpage(PgCustom, false) != nil)
		n++;
	assert_true(n > 2 * 240);
	sound();
}

TEST(test_B6_a_used_high_end_makes_a_new_bank)
{
	Span s[] = {{4 * MiB, 8 * MiB, KFree}, {12 * MiB, 3 * MiB, KBoot}};

	booted(s, nelem(s));
	assert_non_null(xalloc(3 * MiB / 2)); /* a run off the high end */
	assert_int_equal(memreclaim(&led), 3 * MiB);
	assert_int_equal(conf.nmem, 2);
	wellformed();
	sound();
}

TEST(test_memgive_returns_a_range_of_ours)
{
	Span s[] = {{4 * MiB, 8 * MiB, KFree}, {12 * MiB, MiB, KFwmap}, {13 * MiB, MiB, KReserved}};

	booted(s, nelem(s));
	u64 was = freepagecount();
	assert_false(memgive(&led, topaddr(12 * MiB), BY2PG, KParcel));
	assert_false(memgive(&led, topaddr(12 * MiB + 1), BY2PG, KFwmap));
	assert_false(memgive(&led, topaddr(12 * MiB), BY2PG - 1, KFwmap));
	assert_false(memgive(&led, topaddr(12 * MiB), MiB + BY2PG, KFwmap));
	assert_false(memgive(&led, topaddr(64 * MiB), BY2PG, KFwmap));
	assert_true(memgive(&led, topaddr(12 * MiB + 512 * KiB), 512 * KiB, KFwmap));
	assert_int_equal(freepagecount(), was + 128);
	assert_true(memgive(&led, topaddr(12 * MiB), 512 * KiB, KFwmap));
	assert_int_equal(freepagecount(), was + 256);
	assert_false(memgive(&led, topaddr(12 * MiB), 512 * KiB, KFwmap));
	wellformed();
	sound();
}

TEST(test_more_gaps_than_the_array_has_room_for)
{
	static Span s[2 * 300 + 1];

	for (u32 i = 0; i < 600; i++)
		s[i] = (Span){4 * MiB + i * BY2PG, BY2PG, i % 2 ? KReserved : KFwmap};
	s[600] = (Span){32 * MiB, 8 * MiB, KFree};
	booted(s, 601);
	assert_true(conf.capmem < 300);
	for (u32 i = 0; i < 600; i += 2)
		assert_true(memgive(&led, topaddr(s[i].start), BY2PG, KFwmap));
	assert_int_equal(conf.nmem, 301);
	wellformed();
	sound();
}

/* A random ledger, banks and all that joins later, against a painter with a byte for each page. */
TEST(test_B4_random_ledgers_conserve)
{
	static u8 paint[16384];
	static Span s[400];
	u64 seed = 7;

	for (u32 round = 0; round < 60; round++) {
		u32 n = 0;
		memset(paint, KReserved, sizeof paint);
		for (u32 pg = 0; n < 399 && pg < 12000;) {
			u32 len = 1 + hostrand(&seed) % 60;
			static const Kind kinds[] = {KFree, KBoot, KLoader, KAcpi, KReserved, KFree};
			Kind k = kinds[hostrand(&seed) % nelem(kinds)];
			s[n++] = (Span){4 * MiB + pg * BY2PG, len * BY2PG, k};
			memset(paint + pg, k, len);
			pg += len + (hostrand(&seed) % 3 == 0);
		}
		s[n++] = (Span){96 * MiB, 4 * MiB, KFree};
		conf = (Conf){.nmach = 1};
		machine(s, n);
		meminit(&led);
		wellformed();
		u64 fresh[2] = {0};
		for (u32 pg = 0; pg < sizeof paint; pg++) {
			bool in = bankof(topaddr(4 * MiB + pg * BY2PG)) != nil;
			fresh[0] += paint[pg] == KFree;
			fresh[1] += in;
			assert_false(in && paint[pg] != KFree);
		}
		assert_true(fresh[0] - fresh[1] <= 8); /* the array's pages */
		u64 firm = ledgersum(&led, KBoot) + ledgersum(&led, KLoader);
		assert_int_equal(memreclaim(&led), firm);
		wellformed();
		for (u32 pg = 0; pg < sizeof paint; pg++)
			if (paint[pg] == KBoot || paint[pg] == KLoader)
				assert_non_null(bankof(topaddr(4 * MiB + pg * BY2PG)));
	}
}

/* --- H1 ---------------------------------------------------------------------------------------------- */

static void
setpages(u64 npage)
{
	conf = (Conf){.npage = npage, .nmach = 1};
}

TEST(test_H1_split_by_size_service_and_percent)
{
	static const struct {
		u64 mib, percent;
		bool cpu;
		u64 user; /* percent */
		u32 nproc, nimage;
	} t[] = {
	    {8, 0, false, 50, 140, 200},	 {16, 0, false, 60, 180, 200},
	    {512, 0, false, 60, 2660, 200},	 {512, 0, true, 70, 4000, 4000},
	    {8, 0, true, 70, 420, 420},		 {512, 30, false, 70, 2660, 200},
	    {512, 90, false, 10, 2660, 200},	 {512, 91, false, 60, 2660, 200},
	    {512, 1, true, 99, 4000, 4000},	 {4 * MiB, 0, false, 60, 4000, 200},
	    {4 * MiB, 50, true, 50, 4000, 4000},
	};

	for (u32 i = 0; i < nelem(t); i++) {
		setpages(t[i].mib * 256);
		confinit(&(Confask){.kernelpercent = t[i].percent, .cpuserver = t[i].cpu});
		assert_int_equal(conf.upages, conf.npage * t[i].user / 100); /* no clamp at 2 GiB */
		assert_int_equal(conf.nproc, t[i].nproc);
		assert_int_equal(conf.nimage, t[i].nimage);
		assert_int_equal(conf.nswap, conf.nproc * 80);
		assert_int_equal(conf.nswppo, 4096);
	}
}

TEST(test_G1_limits_of_the_pools)
{
	setpages(512 * 256);
	confinit(&(Confask){0});
	u64 kbytes = (conf.npage - conf.upages) * BY2PG;
	assert_true(poolstat(mainmem).max < kbytes && poolstat(mainmem).max > kbytes - MiB);
	assert_int_equal(poolstat(imagmem).max, kbytes / 10 * 9);
	confinit(&(Confask){.imagemaxmb = 32});
	assert_int_equal(poolstat(imagmem).max, 32 * MiB);
	confinit(&(Confask){.imagemaxmb = 1 << 20}); /* more than there is */
	assert_int_equal(poolstat(imagmem).max, kbytes / 10 * 9);
	setpages(1);
	confinit(&(Confask){0});
	assert_int_equal(poolstat(mainmem).max, 0);
}

TEST(test_H1_ceiling_holds_and_is_no_reservation)
{
	u64 n = 0;

	bootedmb(32);
	while (xalloc(256 * KiB - 8) != nil)
		n++;
	u64 kernel = conf.npage - conf.upages;
	Pagestat p = pagestat();
	assert_true(p.front + p.raw <= kernel && p.front + p.raw > kernel - 80);
	sound();
	assert_null(kpages(PgKernel, 6));
	/* users may have all the rest, and more than their percentage when the kernel takes nothing */
	assert_true(freepagecount() + 256 > conf.upages);
	sound();
}

TEST(test_H1_users_may_have_what_the_kernel_does_not_use)
{
	u64 n = 0;

	bootedmb(32);
	for (; freepagecount() > 0; n++)
		assert_non_null(newpage(touva(0), nil));
	assert_true(n > conf.npage * 92 / 100);
	sound();
}

/* --- B10 --------------------------------------------------------------------------------------------- */

TEST(test_B10_ramscan_finds_nothing_in_good_memory)
{
	Span s[] = {{4 * MiB, 16 * MiB, KFree}};

	machine(s, 1);
	assert_int_equal(pabits(ramscan(topaddr(4 * MiB), 9 * MiB)), ~0ull);
	assert_false(filled(kaddr(topaddr(13 * MiB - 8)), 8, Junk)); /* it wrote to the last word */
	assert_true(filled(kaddr(topaddr(13 * MiB)), BY2PG, Junk));  /* and not behind it */
	/* every bit was 0 and 1: the second pattern is the first one's opposite */
	assert_int_equal(*(u64 *)kaddr(topaddr(4 * MiB)), ~0x12345678ull);
	assert_int_equal(*(u64 *)kaddr(topaddr(8 * MiB)), ~0x12345678ull); /* the next chunk */
}

/* Two frames that are the same memory: what an address line that is stuck does. */
TEST(test_B10_ramscan_names_the_wrong_address)
{
	Span s[] = {{4 * MiB, 16 * MiB, KFree}};

	machine(s, 1);
	void *at = kaddr(topaddr(7 * MiB)), *twin = kaddr(topaddr(5 * MiB));
	assert_ptr_equal(mremap(twin, 0, BY2PG, MREMAP_MAYMOVE | MREMAP_FIXED, at), at);
	assert_int_equal(pabits(ramscan(topaddr(4 * MiB), 8 * MiB)), 5 * MiB);
	assert_int_equal(pabits(ramscan(topaddr(5 * MiB + BY2PG), 3 * MiB)), ~0ull);
}

/* --- U1 ---------------------------------------------------------------------------------------------- */

/* The front, pages of records for the rest of its 2 MiB and two tables: whatever the size. */
static void
bootsin(u64 size)
{
	Span s = {4 * MiB, size - 4 * MiB, KFree};

	booted(&s, 1);
	Pagestat p = pagestat();
	assert_int_equal(p.bank - p.fresh - p.free - p.cached, 256 + 4 + 2);
	assert_true(membal("booted"));
	assert_non_null(newpage(touva(0), nil));
	assert_int_equal(pagestat().records, 4);
}
TEST(test_U1_H2_boot_256M)
{
	bootsin(256 * MiB);
}
TEST(test_U1_H2_boot_16G)
{
	bootsin(16 * GiB);
}
TEST(test_U1_H2_boot_4T)
{
	bootsin(4 * TiB);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_B4_banks_are_the_free_ranges),
	    cmocka_unit_test(test_B3_thousands_of_banks_lose_nothing),
	    cmocka_unit_test(test_P6_RAM_beyond_the_direct_map_is_not_used),
	    cmocka_unit_test(test_no_memory_is_said),
	    cmocka_unit_test(test_B5_memreserve_keeps_it_away),
	    cmocka_unit_test(test_bankof_boundaries),
	    cmocka_unit_test(test_stretches_take_all_whole_ones_first),
	    cmocka_unit_test(test_runs_come_from_the_high_end),
	    cmocka_unit_test(test_B6_reclaim_adds_boot_and_loader),
	    cmocka_unit_test(test_B6_what_joins_is_used_though_all_was_used_up),
	    cmocka_unit_test(test_B6_a_used_high_end_makes_a_new_bank),
	    cmocka_unit_test(test_memgive_returns_a_range_of_ours),
	    cmocka_unit_test(test_more_gaps_than_the_array_has_room_for),
	    cmocka_unit_test(test_B4_random_ledgers_conserve),
	    cmocka_unit_test(test_H1_split_by_size_service_and_percent),
	    cmocka_unit_test(test_G1_limits_of_the_pools),
	    cmocka_unit_test(test_H1_ceiling_holds_and_is_no_reservation),
	    cmocka_unit_test(test_H1_users_may_have_what_the_kernel_does_not_use),
	    cmocka_unit_test(test_B10_ramscan_finds_nothing_in_good_memory),
	    cmocka_unit_test(test_B10_ramscan_names_the_wrong_address),
	    cmocka_unit_test(test_U1_H2_boot_256M),
	    cmocka_unit_test(test_U1_H2_boot_16G),
	    cmocka_unit_test(test_U1_H2_boot_4T),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
