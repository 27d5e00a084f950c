/*
 * test_membal.c: the law: it holds at every stage, its line keeps the grammar, and a page that nobody has
 * shows.
 *
 * sources: tests/host/mmtest.c mm/ledger.c mm/bank.c mm/xalloc.c mm/buddy.c mm/page.c mm/membal.c mm/own.c
 *
 * sources: mm/pool.c mm/malloc.c mm/ptab.c mm/xlat.c arch/host/pte.c arch/host/mem.c
 *
 * sources: kernel/lib/kind.c kernel/lib/format.c kernel/lib/str.c
 */
#include "mmtest.h"
#include "buddy.h"

#include <ctype.h>
#include <stdio.h>

static const Span spans[] = {
    {2 * MiB, 2 * MiB, KBoot}, {4 * MiB, 16 * MiB, KFree}, {20 * MiB, MiB, KAcpi},
    {21 * MiB, MiB, KImage},   {22 * MiB, MiB, KReserved}, {23 * MiB, 2 * MiB, KLoader},
    {25 * MiB, MiB, KInitrd},  {26 * MiB, MiB, KMmio},
};

static void
ready(void)
{
	booted(spans, nelem(spans));
}

/* The law by the line itself, as a tool reads it. */
static bool
linelaw(const char *phase)
{
	char word[64];
	u64 ram, n, sum = 0, off;
	int at;
	bool ok;

	hostclear();
	ok = membal(phase);
	assert_int_equal(sscanf(hostlog, "MEMBAL %63s ram %llu %n", word, &ram, &at), 2);
	assert_string_equal(word, phase);
	const char *s = hostlog + at;
	for (char sep = '='; *s == sep; sep = '+') {
		assert_int_equal(sscanf(s + 1, " %63s %llu %n", word, &n, &at), 2);
		for (const char *c = word; *c; c++)
			assert_true(islower(*c));
		assert_true(n > 0);
		sum += n;
		s += 1 + at;
		if (strncmp(s - 1, " ", 1) != 0)
			fail_msg("not one space: %s", s - 5);
	}
	assert_int_equal(sscanf(s, "off %llu %n", &off, &at), 1);
	assert_int_equal(off, sum > ram ? sum - ram : ram - sum);
	assert_memory_equal(s + at, ok ? "ok\n" : "BAD\n", ok ? 3 : 4);
	assert_null(strstr(hostlog, "  "));
	return ok;
}

TEST(test_H13_holds_at_every_stage)
{
	machine(spans, nelem(spans));
	assert_true(linelaw("ledger"));
	assert_true(hostsaid(" free 16777216 "));
	meminit(&led);
	assert_true(linelaw("banks"));
	assert_true(hostsaid(" fresh "));
	confinit(&(Confask){0});
	assert_true(linelaw("conf"));
	xinit();
	assert_true(linelaw("xinit"));
	assert_true(hostsaid(" xfree ") && hostsaid(" xused "));
	void *p = malloc(100000);
	assert_true(linelaw("malloc"));
	pageinit();
	assert_true(linelaw("pageinit"));
	memreclaim(&led);
	assert_true(linelaw("reclaimed"));
	assert_false(hostsaid(" boot "));
	assert_non_null(newpage(touva(0), nil));
	assert_true(linelaw("user"));
	assert_true(hostsaid(" user 4096 "));
	free(p);
	assert_true(linelaw("end"));
}

TEST(test_H13_the_line_is_golden)
{
	machine(spans, nelem(spans));
	hostclear();
	assert_true(membal("ledger"));
	assert_string_equal(
	    hostlog,
	    "MEMBAL ledger ram 25165824 = boot 2097152 + loader 2097152 + acpi 1048576 + image 1048576"
	    " + tables 1048576 + initrd 1048576 + free 16777216 off 0 ok\n");
}

TEST(test_H13_a_leaked_page_shows_with_its_class)
{
	ready();
	ilock(&palloc);
	Page *p = blocktake(0); /* and nobody has it */
	iunlock(&palloc);
	assert_non_null(p);
	assert_false(linelaw("leak"));
	assert_true(hostsaid(" off 4096 BAD\n"));
	assert_true(hostsaid("membal: class pages off 4096: "));
	ilock(&palloc);
	blockfree(p, 0);
	iunlock(&palloc);
	assert_true(linelaw("found"));
}

TEST(test_H13_a_page_counted_twice_shows)
{
	ready();
	buddy.records++;
	assert_false(linelaw("twice"));
	assert_true(hostsaid(" off 4096 BAD\n"));
	assert_true(hostsaid("membal: class pages off 4096: "));
}

TEST(test_H13_a_stretch_that_went_astray_shows)
{
	Paddr pa;
	u64 n;

	ready();
	assert_true(bankstretch(&pa, &n));
	assert_false(linelaw("stretch"));
	assert_true(hostsaid("membal: class pages off "));
}

TEST(test_H13_a_leaked_block_of_xalloc_shows)
{
	ready();
	u32 *p = xalloc(1000);
	p[-2] -= 96; /* gives back less than it took */
	xfree(p);
	/* holes and used disagree with given in no way: the block's books are its header; but the sum holds
	 */
	assert_true(linelaw("short"));
	Xstat x = xstat();
	assert_int_equal(x.given, x.free + x.used);
}

TEST(test_H13_memory_that_only_the_ledger_frees_shows)
{
	ready();
	assert_true(ledgercarve(&led, 21 * MiB, BY2PG, 1u << KImage, KFree));
	assert_false(linelaw("carved"));
	assert_true(hostsaid(" off 4096 BAD\n"));
	assert_true(hostsaid("membal: class banks off 4096: "));
}

TEST(test_H13_a_bank_that_the_ledger_does_not_know_shows)
{
	ready();
	conf.mem[0].npage++;
	conf.npage++;
	assert_false(linelaw("bank"));
	assert_true(hostsaid("membal: class banks off 4096: "));
	assert_true(hostsaid("membal: class pages off 4096: "));
}

TEST(test_H13_memory_given_to_xalloc_behind_the_banks_back_shows)
{
	ready();
	Page *p = kpages(PgCustom, 3);
	ilock(&palloc);
	xgive(pagepa(p), 8 * BY2PG, 3);
	iunlock(&palloc);
	assert_false(linelaw("given"));
	assert_true(hostsaid(" off 32768 BAD\n"));
	assert_true(hostsaid("membal: class xalloc off 32768: "));
}

TEST(test_H13_without_a_ledger)
{
	machine(spans, nelem(spans));
	membalinit(nil);
	assert_false(membal("none") && hostsaid("ram 1"));
	assert_true(hostsaid("MEMBAL none ram 0 off 0 "));
}

TEST(test_H13_all_terms_fit_the_line)
{
	static Span s[NKIND];
	u32 n = 0;

	for (u32 k = 0; k < NKIND; k++)
		if (kindisram(k))
			s[n++] = (Span){(k + 1) * TiB, TiB - BY2PG, k};
	s[n++] = (Span){4 * MiB, 8 * MiB, KFree};
	machine(s, n);
	ledgersettle(&led);
	membal("averylongphase");
	assert_true(strlen(hostlog) + 11 * strlen(" + pagetables 123456789012") <
		    768); /* what free becomes */
	assert_true(hostsaid(" off "));
}

TEST(test_M4_swap_text)
{
	char t[512];
	u64 memory, pagesize, kernel, used, user;
	int at;

	ready();
	for (u32 i = 0; i < 5; i++)
		assert_non_null(newpage(touva(0), nil));
	usize n = swaptext(t, sizeof t);
	assert_int_equal(n, strlen(t));
	assert_int_equal(sscanf(t, "%llu memory\n%llu pagesize\n%llu kernel\n%llu/%llu user\n0/0 swap\n%n",
				&memory, &pagesize, &kernel, &used, &user, &at),
			 5);
	assert_int_equal(pagesize, 4096);
	assert_int_equal(used, 5);
	assert_int_equal(memory, (kernel + user) * 4096);
	assert_int_equal(memory, 24 * MiB); /* what MEMBAL calls ram */
	Pagestat s = pagestat();
	assert_int_equal(user, 5 + s.free + s.cached + s.fresh);
	Poolstat m = poolstat(mainmem);
	char want[200];
	snprintf(
	    want, sizeof want,
	    "0/%llu reclaim\n%llu/%llu/%llu kernel malloc\n0/0/%llu kernel draw\n0/0/%llu kernel secret\n",
	    user, m.nalloc, m.cur, m.max, poolstat(imagmem).max, poolstat(secrmem).max);
	assert_string_equal(t + at, want);
}

TEST(test_M4_swap_text_is_cut_where_it_must)
{
	char all[512], t[512];

	ready();
	usize n = swaptext(all, sizeof all);
	for (usize room = 1; room <= n + 1; room++) {
		memset(t, 'x', sizeof t);
		usize len = swaptext(t, room);
		assert_int_equal(len, room - 1 < n ? room - 1 : n);
		assert_int_equal(strlen(t), len);
		assert_memory_equal(t, all, len);
		assert_int_equal(t[room], 'x');
	}
}

TEST(test_C10_H4_summary_agrees_with_the_law)
{
	char t[512], line[128];
	u64 memory, pagesize, kernel, used, user;

	ready();
	swaptext(t, sizeof t);
	assert_int_equal(sscanf(t, "%llu memory\n%llu pagesize\n%llu kernel\n%llu/%llu", &memory, &pagesize,
				&kernel, &used, &user),
			 5);
	hostclear();
	memsummary();
	u64 all = memory / MiB, um = user * 4096 / MiB;
	snprintf(line, sizeof line, "page: %lluM memory: %lluM kernel data, %lluM user, 0M swap\n", all,
		 all - um, um);
	assert_string_equal(hostlog, line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_H13_holds_at_every_stage),
	    cmocka_unit_test(test_H13_the_line_is_golden),
	    cmocka_unit_test(test_H13_a_leaked_page_shows_with_its_class),
	    cmocka_unit_test(test_H13_a_page_counted_twice_shows),
	    cmocka_unit_test(test_H13_a_stretch_that_went_astray_shows),
	    cmocka_unit_test(test_H13_a_leaked_block_of_xalloc_shows),
	    cmocka_unit_test(test_H13_memory_that_only_the_ledger_frees_shows),
	    cmocka_unit_test(test_H13_a_bank_that_the_ledger_does_not_know_shows),
	    cmocka_unit_test(test_H13_memory_given_to_xalloc_behind_the_banks_back_shows),
	    cmocka_unit_test(test_H13_without_a_ledger),
	    cmocka_unit_test(test_H13_all_terms_fit_the_line),
	    cmocka_unit_test(test_M4_swap_text),
	    cmocka_unit_test(test_M4_swap_text_is_cut_where_it_must),
	    cmocka_unit_test(test_C10_H4_summary_agrees_with_the_law),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
