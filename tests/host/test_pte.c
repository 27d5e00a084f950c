/*
 * test_pte.c: entries of x86_64 against a decoder written from the manual's tables alone [SDM 3A 4.5.4]:
 * every level, right and memory type, reserved bits, and the words of a walk.
 * sources: arch/x86_64/pte.c kernel/lib/format.c kernel/lib/str.c
 */
#include "host.h"
#include "arch.h"

#include <stdio.h>

/* What the manual says a leaf means; nothing of pte.h is used. */
typedef struct {
	bool present, write, user, nx, global, leaf;
	u64 pa;
	int pat;      /* index into the attribute table */
	u64 reserved; /* bits that must be zero and are not */
} Decoded;

static Decoded
decode(int level, u64 e, int width)
{
	Decoded d = {
	    .present = e & 1, .write = e >> 1 & 1, .user = e >> 2 & 1, .nx = e >> 63, .global = e >> 8 & 1};
	int low = level == 0 ? 12 : level == 1 ? 21 : 30;
	u64 above = (1ull << 52) - (1ull << width), mask = ((1ull << 52) - 1) & ~((1ull << low) - 1);

	d.leaf = level == 0 || (e >> 7 & 1);
	d.pa = e & mask;
	d.pat = (int)((e >> 3 & 1) | (e >> 4 & 1) << 1 | (level == 0 ? e >> 7 & 1 : e >> 12 & 1) << 2);
	d.reserved = e & above;
	if (level > 0)
		d.reserved |= e & ((1ull << low) - 1) & ~0x1fffull;
	d.reserved |= e & 0x7ff0000000000000ull;
	return d;
}

static int
patof(enum Memtype mt)
{
	return mt == MtWB ? 0 : mt == MtWT ? 1 : mt == MtUC ? 3 : 7;
}

static void
onecase(const PteFeat *f, int level, u32 perm, enum Memtype mt, u64 pa)
{
	Pte64 e = pteleaf(f, level, topaddr(pa), perm, mt);
	Decoded d = decode(level, e, f->pabits);

	assert_true(d.present && d.leaf);
	assert_int_equal(d.write, (perm & PermW) != 0);
	assert_int_equal(d.user, (perm & PermU) != 0);
	assert_int_equal(d.global, (perm & PermG) != 0);
	assert_int_equal(d.nx, f->nx && !(perm & PermX));
	assert_int_equal(d.pat, patof(mt));
	assert_int_equal(d.pa, pa);
	assert_int_equal(d.reserved, 0);
	/* and back through our own readers */
	assert_true(ptevalid(e) && pteisleaf(level, e));
	assert_int_equal(pabits(ptepa(level, e)), pa);
	assert_int_equal(ptememtype(level, e), mt);
	assert_int_equal(pteperm(level, e), perm | PermR | (f->nx ? 0 : PermX));
}

static void
alllevels(const PteFeat *f)
{
	u64 seed = 1, high = (1ull << f->pabits) - 1;

	for (int level = 0; level <= 2; level++)
		for (u32 perm = 0; perm < 32; perm++)
			for (int mt = MtWB; mt <= MtWT; mt++)
				for (int i = 0; i < 8; i++) {
					u64 pa = i == 0 ? 0 : i == 1 ? high : hostrand(&seed) & high;
					onecase(f, level, perm | PermR, (enum Memtype)mt,
						pa & ~(PGLSZ(level) - 1));
				}
}

static void
test_D3_roundtrip_all_levels(void **st)
{
	(void)st;
	for (u8 width = 36; width <= 52; width++)
		alllevels(&(PteFeat){.levels = 4, .maxleaf = 2, .pabits = width, .nx = true});
}

static void
test_D3_no_nx(void **st)
{
	(void)st;
	alllevels(&(PteFeat){.levels = 4, .maxleaf = 1, .pabits = 40, .nx = false});
}

static void
test_D3_low_bits_of_large_pages_are_dropped(void **st)
{
	PteFeat f = {.levels = 4, .maxleaf = 2, .pabits = 40, .nx = true};

	(void)st;
	assert_int_equal(decode(1, pteleaf(&f, 1, topaddr(0x40201000), PermR, MtWB), 40).reserved, 0);
	assert_int_equal(pabits(ptepa(1, pteleaf(&f, 1, topaddr(0x403ff000), PermR, MtWB))), 0x40200000);
	assert_int_equal(pabits(ptepa(2, pteleaf(&f, 2, topaddr(0x7ffff000), PermR, MtUC))), 0x40000000);
}

static void
test_D3_large_leaf_keeps_pat_apart_from_size(void **st)
{
	PteFeat f = {.levels = 4, .maxleaf = 2, .pabits = 40, .nx = true};

	(void)st;
	/* the bit that means PAT at level 0 means size above */
	assert_true(pteleaf(&f, 0, topaddr(0), PermR, MtWC) >> 7 & 1);
	assert_true(pteleaf(&f, 1, topaddr(0), PermR, MtWB) >> 7 & 1);
	assert_true(pteleaf(&f, 1, topaddr(0), PermR, MtWC) >> 12 & 1);
	assert_false(pteleaf(&f, 1, topaddr(0), PermR, MtWB) >> 12 & 1);
	assert_false(pteleaf(&f, 0, topaddr(0), PermR, MtWB) >> 7 & 1);
}

static void
test_D3_all_eight_attribute_indices_decode(void **st)
{
	static const enum Memtype want[8] = {MtWB, MtWT, MtUC, MtUC, MtWB, MtWT, MtUC, MtWC};

	(void)st;
	for (u64 ix = 0; ix < 8; ix++)
		for (int level = 0; level <= 2; level++) {
			u64 e =
			    1 | (ix & 3) << 3 | (ix >> 2) << (level == 0 ? 7 : 12) | (level > 0 ? 0x80 : 0);
			assert_int_equal(ptememtype(level, e), want[ix]);
		}
}

static void
test_D3_tables(void **st)
{
	PteFeat f = {.levels = 4, .maxleaf = 2, .pabits = 40, .nx = true};

	(void)st;
	for (int user = 0; user < 2; user++) {
		Pte64 e = ptetable(&f, topaddr(0xfffffff000), user);
		assert_true((e & 1) && (e & 2));
		assert_int_equal(e >> 2 & 1, user);
		assert_int_equal(e >> 63, 0); /* a table takes no right away */
		assert_int_equal(e & 0x80, 0);
		for (int level = 1; level <= 3; level++) {
			assert_false(pteisleaf(level, e));
			assert_int_equal(pabits(ptepa(level, e)), 0xfffffff000);
		}
	}
	assert_false(ptevalid(0));
	assert_int_equal(pteperm(0, 0), 0);
}

static void
test_D3_readonly(void **st)
{
	PteFeat f = {.levels = 4, .maxleaf = 2, .pabits = 40, .nx = true};

	(void)st;
	for (u32 perm = 0; perm < 32; perm++) {
		Pte64 e = ptereadonly(pteleaf(&f, 0, topaddr(0x5000), perm | PermR, MtWB));
		assert_int_equal(pteperm(0, e), (perm | PermR) & ~(u32)PermW);
		assert_int_equal(pabits(ptepa(0, e)), 0x5000);
		assert_int_equal(e >> 6 & 1, 0); /* nor dirty */
	}
}

static void
test_D3_step_is_the_next_page(void **st)
{
	PteFeat f = {.levels = 4, .maxleaf = 2, .pabits = 40, .nx = true};

	(void)st;
	for (int level = 0; level <= 2; level++)
		for (u32 perm = 0; perm < 32; perm++) {
			Pte64 e = pteleaf(&f, level, topaddr(4 * GiB), perm | PermR, MtWC);
			assert_true(e + ptestep(level) ==
				    pteleaf(&f, level, topaddr(4 * GiB + PGLSZ(level)), perm | PermR, MtWC));
		}
}

static void
test_Q6_words(void **st)
{
	PteFeat f = {.levels = 4, .maxleaf = 2, .pabits = 40, .nx = true};
	char d[64];

	(void)st;
	ptetext(0, pteleaf(&f, 0, topaddr(0), PermR | PermW | PermU, MtWB), d, sizeof d);
	assert_string_equal(d, "P W U A D NX WB");
	ptetext(1, pteleaf(&f, 1, topaddr(0), PermR | PermX | PermG, MtWC), d, sizeof d);
	assert_string_equal(d, "P A PS G WC");
	ptetext(0, pteleaf(&f, 0, topaddr(0), PermR | PermX, MtUC), d, sizeof d);
	assert_string_equal(d, "P A UC");
	ptetext(2, ptetable(&f, topaddr(0x1000), false), d, sizeof d);
	assert_string_equal(d, "P W A TABLE");
	ptetext(2, 0, d, sizeof d);
	assert_string_equal(d, "-");
	assert_true(ptetext(0, pteleaf(&f, 0, topaddr(0), PermR | PermW, MtWB), d, 4) < 4);
}

static void
test_D2_feature_bits_of_this_machine(void **st)
{
	PteFeat f;
	char line[8192];
	bool nx = false, gb = false;
	unsigned width = 0;
	FILE *in = fopen("/proc/cpuinfo", "r");

	(void)st;
	assert_non_null(in);
	while (fgets(line, sizeof line, in) != NULL) {
		if (strncmp(line, "flags", 5) == 0) {
			nx = strstr(line, " nx ") != NULL;
			gb = strstr(line, " pdpe1gb ") != NULL;
		}
		(void)sscanf(line, "address sizes : %u", &width);
	}
	fclose(in);
	ptefeat(&f);
	assert_int_equal(f.levels, 4);
	assert_int_equal(f.nx, nx);
	assert_int_equal(f.maxleaf, gb ? 2 : 1);
	assert_in_range(f.pabits, width, 52); /* a system that encrypts memory takes bits away */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_D3_roundtrip_all_levels),
	    cmocka_unit_test(test_D3_no_nx),
	    cmocka_unit_test(test_D3_low_bits_of_large_pages_are_dropped),
	    cmocka_unit_test(test_D3_large_leaf_keeps_pat_apart_from_size),
	    cmocka_unit_test(test_D3_all_eight_attribute_indices_decode),
	    cmocka_unit_test(test_D3_tables),
	    cmocka_unit_test(test_D3_readonly),
	    cmocka_unit_test(test_D3_step_is_the_next_page),
	    cmocka_unit_test(test_Q6_words),
	    cmocka_unit_test(test_D2_feature_bits_of_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
