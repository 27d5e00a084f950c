/*
 * The ledger: settling, looking, carving, taking, giving back, and its texts, against a page by page model.
 * sources: mm/ledger.c mm/maptext.c kernel/lib/kind.c kernel/lib/format.c kernel/lib/number.c
 */
#include <stdio.h>
#include "host.h"
#include "ledger.h"
#include "layout.h"

enum { Cap = 4096 };
static Range space[Cap];
static char text[65536];

static void
start(Ledger *l, u32 cap)
{
	ledgerinit(l, space, cap);
}

static char *
show(Ledger *l)
{
	char *t = text;
	assert_null(ledgercheck(l));
	*t = 0;
	for (u32 i = 0; i < l->n; i++)
		t += sprintf(t, "%llx-%llx %s%s\n", l->r[i].start, l->r[i].end, kindword((Kind)l->r[i].kind),
			     l->r[i].taken ? " taken" : "");
	return text;
}

static void
test_B1_settles_in_normal_form(void **state)
{
	(void)state;
	Ledger l;
	start(&l, Cap);
	ledgeradd(&l, 0x5000, 0x1000, KBoot);
	ledgeradd(&l, 0x1000, 0x4000, KBoot); /* touches: one range */
	ledgeradd(&l, 0x2000, 0x1000, KRuntime);
	ledgeradd(&l, 0x8000, 0, KBad); /* nothing */
	assert_string_equal(show(&l), "1000-2000 boot\n2000-3000 runtime\n3000-6000 boot\n");
	ledgeradd(&l, 0, 0x10000, KFree); /* lower kinds fill the gaps only */
	assert_string_equal(
	    show(&l), "0-1000 free\n1000-2000 boot\n2000-3000 runtime\n3000-6000 boot\n6000-10000 free\n");
	assert_int_equal(ledgersum(&l, KBoot), 0x4000);
	assert_int_equal(ledgersum(&l, KFree), 0xb000);
}

static void
test_B1_looking(void **state)
{
	(void)state;
	Ledger l;
	start(&l, Cap);
	ledgeradd(&l, 0x1000, 0x1000, KFree);
	ledgeradd(&l, 0x2000, 0x1000, KAcpi);
	ledgeradd(&l, 0x4000, 0x1000, KFree);
	assert_int_equal(ledgernext(&l, 0, KFree), 0);
	assert_int_equal(ledgernext(&l, 0x1fff, KFree), 0);
	assert_int_equal(ledgernext(&l, 0x2000, KFree), 2);
	assert_int_equal(ledgernext(&l, 0x5000, KFree), -1);
	assert_int_equal(ledgernext(&l, 0x3000, NKIND), 2);
	assert_null(ledgerfind(&l, 0xfff));
	assert_null(ledgerfind(&l, 0x3000));
	assert_int_equal(ledgerfind(&l, 0x2fff)->kind, KAcpi);
	assert_int_equal(ledgersize(&l, 0x4001, 1), 0xfff);
	assert_int_equal(ledgersize(&l, 0x4001, 0x1000), 0);
	assert_int_equal(ledgersize(&l, 0x1800, 0x1000), 0x1000);
	assert_int_equal(ledgersize(&l, ~0ull, 0x1000), 0);
}

static void
test_B1_carving(void **state)
{
	(void)state;
	Ledger l;
	start(&l, Cap);
	ledgeradd(&l, 0x1000, 0x9000, KFree);
	ledgeradd(&l, 0xa000, 0x2000, KLoader);
	assert_true(ledgercarve(&l, 0x3000, 0x1000, 1u << KFree, KImage));
	assert_true(ledgercarve(&l, 0x9000, 0x2000, 1u << KFree | 1u << KLoader, KTables));
	assert_string_equal(
	    show(&l),
	    "1000-3000 free\n3000-4000 image\n4000-9000 free\n9000-b000 tables\nb000-c000 loader\n");
	/* what it refuses, it does not touch */
	assert_false(ledgercarve(&l, 0x2000, 0x2000, 1u << KFree, KLog));
	assert_false(ledgercarve(&l, 0xb000, 0x2000, 1u << KLoader, KLog));
	assert_false(ledgercarve(&l, 0x4000, 0, 1u << KFree, KLog));
	assert_false(ledgercarve(&l, 0x4000, ~0ull, 1u << KFree, KLog));
	assert_string_equal(
	    show(&l),
	    "1000-3000 free\n3000-4000 image\n4000-9000 free\n9000-b000 tables\nb000-c000 loader\n");
	/* and back: neighbours join again */
	assert_true(ledgercarve(&l, 0x3000, 0x1000, 1u << KImage, KFree));
	assert_string_equal(show(&l), "1000-9000 free\n9000-b000 tables\nb000-c000 loader\n");
}

static void
test_B1_turning_takes_what_matches(void **state)
{
	(void)state;
	Ledger l;
	start(&l, Cap);
	ledgeradd(&l, 0x1000, 0x2000, KFree);
	ledgeradd(&l, 0x3000, 0x1000, KNvs);
	ledgeradd(&l, 0x6000, 0x2000, KBoot);
	assert_true(ledgerturn(&l, 0x2000, 0x5000, 1u << KFree | 1u << KBoot, KLow, WhyLow));
	assert_string_equal(show(&l),
			    "1000-2000 free\n2000-3000 low\n3000-4000 nvs\n6000-7000 low\n7000-8000 boot\n");
	assert_int_equal(l.r[1].why, WhyLow);
	assert_int_equal(l.r[4].why, 0);
}

static void
test_B1_taking_and_giving_back(void **state)
{
	(void)state;
	Ledger l;
	start(&l, Cap);
	ledgeradd(&l, 0x1000, 0x8000, KFree);
	ledgeradd(&l, 0x10000, 0x8000, KFree);
	assert_int_equal(ledgeralloc(&l, 0x2000, 0x4000, 0, ~0ull, KFree, KStacks), 0x4000);
	assert_int_equal(ledgeralloc(&l, 0x4000, 0x1000, 0, ~0ull, KFree, KLog), 0x10000);
	assert_int_equal(ledgeralloc(&l, 0x1000, 0x1000, 0x7000, 0x8000, KFree, KLog), 0x7000);
	assert_int_equal(ledgeralloc(&l, 0x1000, 0x1000, 0x7000, 0x8000, KFree, KLog), ~0ull);
	assert_int_equal(ledgeralloc(&l, 0, 0x1000, 0, ~0ull, KFree, KLog), ~0ull);
	assert_int_equal(ledgeralloc(&l, 0x1000, 0x3000, 0, ~0ull, KFree, KLog), ~0ull);
	assert_string_equal(show(&l),
			    "1000-4000 free\n4000-6000 stacks taken\n6000-7000 free\n"
			    "7000-8000 log taken\n8000-9000 free\n10000-14000 log taken\n14000-18000 free\n");
	assert_false(ledgerfree(&l, 0x3000, 0x2000, KFree));
	assert_true(ledgerfree(&l, 0x4000, 0x2000, KFree));
	assert_false(ledgerfree(&l, 0x4000, 0x2000, KFree)); /* twice */
	assert_true(ledgerfree(&l, 0x7000, 0x1000, KFree));
	assert_true(ledgerfree(&l, 0x10000, 0x4000, KFree));
	assert_string_equal(show(&l), "1000-9000 free\n10000-18000 free\n");
}

static void
test_B3_a_full_table_says_so(void **state)
{
	(void)state;
	Ledger l;
	start(&l, 8);
	for (u64 i = 0; i < 10; i++)
		ledgeradd(&l, i * 0x2000, 0x1000, KFree);
	ledgersettle(&l);
	assert_int_equal(l.n, 8);
	assert_int_equal(l.lost, 2);
	assert_int_equal(l.lostbytes, 0x2000);
	assert_int_equal(l.high, 8);
	assert_non_null(ledgercheck(&l));
	assert_false(ledgercarve(&l, 0, 0x800, 1u << KFree, KLog));
	/* what joins finds room again */
	start(&l, 8);
	for (u64 i = 0; i < 100; i++)
		ledgeradd(&l, i * 0x1000, 0x1000, KFree);
	assert_string_equal(show(&l), "0-64000 free\n");
	ledgeradd(&l, ~0ull - 10, 100, KFree); /* wraps */
	ledgeradd(&l, 0, 1, NKIND);
	assert_int_equal(l.lost, 2);
}

static void
test_B7_acpi_and_nvs_never_turn_into_memory(void **state)
{
	(void)state;
	Ledger l;
	u32 memory = 1u << KFree | 1u << KBoot | 1u << KLoader;
	start(&l, Cap);
	ledgeradd(&l, 0x1000, 0x1000, KAcpi);
	ledgeradd(&l, 0x2000, 0x1000, KNvs);
	ledgeradd(&l, 0, 0x4000, KFree);
	assert_false(ledgercarve(&l, 0x1000, 0x1000, memory, KFree));
	assert_false(ledgercarve(&l, 0x2000, 0x1000, memory, KFree));
	assert_int_equal(ledgeralloc(&l, 0x2000, 0x1000, 0, ~0ull, KFree, KLog), ~0ull);
	assert_int_equal(kindmemtype(KAcpi), MemACPI);
	assert_false(kindisram(KNvs));
	assert_true(ledgercarve(&l, 0x1000, 0x1000, 1u << KAcpi, KFree)); /* once the tables are parsed */
	assert_string_equal(show(&l), "0-2000 free\n2000-3000 nvs\n3000-4000 free\n");
}

static void
test_B12_device_windows_lie_in_gaps(void **state)
{
	(void)state;
	Ledger l;
	start(&l, Cap);
	ledgeradd(&l, 0, 2 * GiB, KFree);
	ledgeradd(&l, 2 * GiB + 16 * MiB, 4 * MiB, KMmio); /* the framebuffer */
	ledgeradd(&l, 4 * GiB, GiB, KFree);
	assert_int_equal(upaalloc(&l, 16 * MiB, 16 * MiB, 0, 4 * GiB), 2 * GiB);
	assert_int_equal(upaalloc(&l, 16 * MiB, 16 * MiB, 0, 4 * GiB), 2 * GiB + 32 * MiB);
	assert_int_equal(upaalloc(&l, 4 * KiB, 4 * KiB, 0, 4 * GiB), 2 * GiB + 20 * MiB);
	assert_int_equal(upaalloc(&l, 2 * GiB, 4 * KiB, 0, 4 * GiB), ~0ull);
	assert_int_equal(upaalloc(&l, 2 * GiB, 4 * KiB, 0, ~0ull), 5 * GiB);
	assert_string_equal(show(&l),
			    "0-80000000 free\n80000000-81000000 mmio taken\n81000000-81400000 mmio\n"
			    "81400000-81401000 mmio taken\n82000000-83000000 mmio taken\n"
			    "100000000-140000000 free\n140000000-1c0000000 mmio taken\n");
	assert_false(upafree(&l, 0x81000000, 4 * MiB)); /* the firmware's */
	assert_false(upafree(&l, 0x80000000, 17 * MiB));
	assert_true(upafree(&l, 0x80400000, 4 * MiB)); /* a part out of the middle */
	assert_int_equal(upaalloc(&l, 8 * MiB, 4 * KiB, 0x80000000, 0x81800000), ~0ull);
	assert_int_equal(upaalloc(&l, 4 * MiB, 4 * KiB, 0x80000000, 0x82000000), 0x80400000);
	assert_int_equal(ledgersum(&l, KFree), 3 * GiB);
	start(&l, Cap);
	assert_int_equal(upaalloc(&l, PHYSTOP + 1, 1, 0, ~0ull), ~0ull);
	assert_int_equal(upaalloc(&l, MiB, MiB, GiB, 2 * GiB), GiB);
	assert_true(upafree(&l, GiB, MiB));
	assert_int_equal(l.n, 0);
}

/* --- random acts against a model that keeps a kind for each page
 * -------------------------------------------- */

enum { Pages = 256 };
static i8 kind[Pages];
static bool taken[Pages];

static void
comparemodel(Ledger *l)
{
	assert_null(ledgercheck(l));
	for (u64 p = 0; p < Pages; p++) {
		const Range *r = ledgerfind(l, p * BY2PG);
		assert_int_equal(r == NULL ? -1 : r->kind, kind[p]);
		if (r != NULL)
			assert_int_equal(r->taken, taken[p]);
	}
}

static void
modeladd(u64 p, u64 n, Kind k)
{
	for (u64 i = p; i < p + n; i++)
		if (!taken[i] && (i32)k > kind[i])
			kind[i] = (i8)k;
}

static bool
modelcarve(u64 p, u64 n, u32 from, Kind to)
{
	for (u64 i = p; i < p + n; i++)
		if (kind[i] < 0 || taken[i] || !(from >> kind[i] & 1))
			return false;
	memset(kind + p, to, n);
	return true;
}

static u64
modelalloc(u64 n, u64 align, Kind from, Kind to)
{
	for (u64 p = 0; p + n <= Pages; p += align) {
		u64 i = 0;
		while (i < n && kind[p + i] == (i8)from && !taken[p + i])
			i++;
		if (i < n)
			continue;
		memset(kind + p, to, n);
		memset(taken + p, true, n);
		return p * BY2PG;
	}
	return ~0ull;
}

static void
act(Ledger *l, u64 *seed)
{
	u64 p = hostrand(seed) % Pages, n = 1 + hostrand(seed) % 32;
	Kind a = (Kind)(hostrand(seed) % NKIND), b = (Kind)(hostrand(seed) % NKIND);
	u32 mask = (u32)hostrand(seed) | (u32)hostrand(seed);
	n = p + n > Pages ? Pages - p : n;
	switch (hostrand(seed) % 6) {
	case 0:
	case 1:
		ledgeradd(l, p * BY2PG, n * BY2PG, a);
		modeladd(p, n, a);
		break;
	case 2:
		assert_int_equal(ledgercarve(l, p * BY2PG, n * BY2PG, mask, a), modelcarve(p, n, mask, a));
		break;
	case 3:
		assert_true(ledgerturn(l, p * BY2PG, n * BY2PG, mask, a, 0));
		for (u64 i = p; i < p + n; i++)
			if (kind[i] >= 0 && !taken[i] && (mask >> kind[i] & 1))
				kind[i] = (i8)a;
		break;
	case 4: {
		u64 align = 1ull << hostrand(seed) % 4;
		n = 1 + n % 6;
		assert_int_equal(ledgeralloc(l, n * BY2PG, align * BY2PG, 0, ~0ull, a, b),
				 modelalloc(n, align, a, b));
		break;
	}
	case 5: {
		bool all = true;
		for (u64 i = p; i < p + n; i++)
			all = all && kind[i] >= 0 && taken[i];
		assert_int_equal(ledgerfree(l, p * BY2PG, n * BY2PG, a), all);
		if (all) {
			memset(kind + p, a, n);
			memset(taken + p, false, n);
		}
	}
	}
}

static void
test_B1_random_acts(void **state)
{
	(void)state;
	u64 seed = 11;
	for (int round = 0; round < 400; round++) {
		Ledger l;
		start(&l, Cap);
		memset(kind, -1, sizeof(kind));
		memset(taken, 0, sizeof(taken));
		for (int i = 0; i < 60; i++) {
			act(&l, &seed);
			if (hostrand(&seed) % 4 == 0)
				comparemodel(&l);
		}
		comparemodel(&l);
	}
}

/* --- texts
 * -------------------------------------------------------------------------------------------------------- */

static void
append(void *aux, const char *s, usize n)
{
	strncat(aux, s, n);
}

static void
test_B13_memmapdump_in_9fronts_words(void **state)
{
	(void)state;
	Ledger l;
	char out[1024] = "";
	start(&l, Cap);
	ledgeradd(&l, 0x1000, 0x9f000, KLow);
	ledgeradd(&l, 0x100000, 0x100000, KFree);
	ledgeradd(&l, 0x200000, 0x100000, KBoot); /* RAM too: one line */
	ledgeradd(&l, 0x300000, 0x1000, KAcpi);
	ledgeradd(&l, 0xfed00000, 0x1000, KMmio);
	assert_int_equal(ledgeralloc(&l, 0x1000, 0x1000, 0, ~0ull, KFree, KTables), 0x100000);
	memmapdump(&l, append, out);
	assert_string_equal(out, "0000000000001000-00000000000a0000 1\n"
				 "0000000000100000-0000000000101000 80000002\n"
				 "0000000000101000-0000000000300000 2\n"
				 "0000000000300000-0000000000301000 3\n"
				 "00000000fed00000-00000000fed01000 0\n");
	*out = 0;
	ledgertable(&l, append, out);
	assert_string_equal(out, "free                1020 KiB in 1 range\n"
				 "boot                1024 KiB in 1 range\n"
				 "acpi                   4 KiB in 1 range\n"
				 "mmio                   4 KiB in 1 range\n"
				 "low                  636 KiB in 1 range\n"
				 "tables                 4 KiB in 1 range\n");
}

static void
test_B9_e820_round_trip(void **state)
{
	(void)state;
	static const char want[] = "1 0000000000001000 00000000000a0000 2 00000000000a0000 0000000000100000 "
				   "1 0000000000100000 0000000000300000 3 0000000000300000 0000000000301000 "
				   "4 0000000000301000 0000000000302000 ";
	static Range other[64];
	Ledger l, m;
	char s[512], t[512];
	start(&l, Cap);
	ledgeradd(&l, 0x1000, 0x9f000, KLow);
	ledgeradd(&l, 0xa0000, 0x60000, KReserved);
	ledgeradd(&l, 0x100000, 0x100000, KFree);
	ledgeradd(&l, 0x200000, 0x100000, KLoader);
	ledgeradd(&l, 0x300000, 0x1000, KAcpi);
	ledgeradd(&l, 0x301000, 0x1000, KNvs);
	assert_int_equal(e820text(&l, s, sizeof(s)), strlen(want));
	assert_string_equal(s, want);
	ledgerinit(&m, other, nelem(other));
	assert_true(e820parse(&m, s));
	assert_int_equal(e820text(&m, t, sizeof(t)), strlen(want));
	assert_string_equal(t, want);
	/* what does not fit is not written in part, and its length is told */
	assert_int_equal(e820text(&l, s, 100), strlen(want));
	assert_int_equal(strlen(s), 72);
}

static void
test_B9_e820_without_types_and_refusals(void **state)
{
	(void)state;
	static const char *const bad[] = {"1",		 "1 1000", "1 x 2000",	  "1 2000 1000",
					  "g 1000 2000", "1000",   "1 1000 2000,"};
	Ledger l;
	start(&l, Cap);
	assert_true(e820parse(&l, " 1000 2000 2 3000 4000\t5000 6000 "));
	assert_string_equal(show(&l), "1000-2000 free\n3000-4000 reserved\n5000-6000 free\n");
	assert_true(e820parse(&l, ""));
	for (usize i = 0; i < nelem(bad); i++) {
		start(&l, Cap);
		assert_false(e820parse(&l, bad[i]));
	}
}

static void
test_B2_words_and_types_of_kinds(void **state)
{
	(void)state;
	assert_string_equal(kindword(KPersistent), "persistent");
	assert_string_equal(kindword(NKIND), "?");
	assert_int_equal(kindmemtype(KFree), MemRAM);
	assert_int_equal(kindmemtype(KLow), MemUMB);
	assert_int_equal(kindmemtype(KMmio), MemUPA);
	assert_int_equal(kindmemtype(KRuntime), MemReserved);
	assert_int_equal(kindmemtype(NKIND), MemReserved);
	assert_true(kindisram(KBoot));
	assert_false(kindisram(KReserved));
	assert_false(kindisram(NKIND));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_B1_settles_in_normal_form),
	    cmocka_unit_test(test_B1_looking),
	    cmocka_unit_test(test_B1_carving),
	    cmocka_unit_test(test_B1_turning_takes_what_matches),
	    cmocka_unit_test(test_B1_taking_and_giving_back),
	    cmocka_unit_test(test_B3_a_full_table_says_so),
	    cmocka_unit_test(test_B7_acpi_and_nvs_never_turn_into_memory),
	    cmocka_unit_test(test_B12_device_windows_lie_in_gaps),
	    cmocka_unit_test(test_B1_random_acts),
	    cmocka_unit_test(test_B13_memmapdump_in_9fronts_words),
	    cmocka_unit_test(test_B9_e820_round_trip),
	    cmocka_unit_test(test_B9_e820_without_types_and_refusals),
	    cmocka_unit_test(test_B2_words_and_types_of_kinds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
