/*
 * test_ptearm.c: entries of aarch64 against a decoder written from the manual's tables alone [ARM ARM D8.3]:
 * every level, right and memory type, bits that must be zero, and the words of a walk.
 * sources: arch/aarch64/pte.c kernel/lib/format.c kernel/lib/str.c
 */
#include "host.h"
#include "arch.h"

/* What the manual says a leaf means; nothing of pte.h is used. */
typedef struct {
	bool valid, leaf, elzero, readonly, accessed, global, pxn, uxn;
	int attr, share;
	u64 pa, reserved;
} Decoded;

static Decoded
decode(int level, u64 e)
{
	int low = level == 0 ? 12 : level == 1 ? 21 : 30;
	u64 mask = ((1ull << 48) - 1) & ~((1ull << low) - 1);
	Decoded d = {.valid = e & 1,
		     .leaf = level == 0 ? (e & 3) == 3 : (e & 3) == 1,
		     .attr = (int)(e >> 2 & 7),
		     .elzero = e >> 6 & 1,
		     .readonly = e >> 7 & 1,
		     .share = (int)(e >> 8 & 3),
		     .accessed = e >> 10 & 1,
		     .global = !(e >> 11 & 1),
		     .pxn = e >> 53 & 1,
		     .uxn = e >> 54 & 1,
		     .pa = e & mask};

	d.reserved = e & ~mask & ~0xfffull & ~(3ull << 53);
	return d;
}

static void
onecase(const PteFeat *f, int level, u32 perm, enum Memtype mt, u64 pa)
{
	static const int index[] = {[MtWB] = 0, [MtWC] = 1, [MtUC] = 2, [MtWT] = 3};
	Pte64 e = pteleaf(f, level, topaddr(pa), perm, mt);
	Decoded d = decode(level, e);

	assert_true(d.valid && d.leaf && d.accessed);
	assert_int_equal(d.share, 3);
	assert_int_equal(d.readonly, !(perm & PermW));
	assert_int_equal(d.elzero, (perm & PermU) != 0);
	assert_int_equal(d.global, (perm & PermG) != 0);
	assert_int_equal(d.uxn, !(perm & PermX) || !(perm & PermU));
	assert_int_equal(d.pxn, !(perm & PermX) || (perm & PermU));
	assert_int_equal(d.attr, index[mt]);
	assert_int_equal(d.pa, pa);
	assert_int_equal(d.reserved, 0);
	/* and back through our own readers */
	assert_true(ptevalid(e) && pteisleaf(level, e));
	assert_int_equal(pabits(ptepa(level, e)), pa);
	assert_int_equal(ptememtype(level, e), mt);
	assert_int_equal(pteperm(level, e), perm | PermR);
	assert_int_equal(pteperm(level, ptereadonly(e)), (perm & ~(u32)PermW) | PermR);
}

static void
test_W2_D1_every_leaf(void **state)
{
	PteFeat f;

	(void)state;
	ptefeat(&f);
	for (int level = 0; level <= f.maxleaf; level++)
		for (u32 perm = 0; perm < 32; perm++)
			for (int mt = MtWB; mt <= MtWT; mt++) {
				onecase(&f, level, perm | PermR, (enum Memtype)mt, 0);
				onecase(&f, level, perm | PermR, (enum Memtype)mt, 5 * PGLSZ(level));
				onecase(&f, level, perm | PermR, (enum Memtype)mt,
					((1ull << 48) - 1) & ~(PGLSZ(level) - 1));
			}
}

static void
test_W2_tables_say_who_may(void **state)
{
	PteFeat f;
	Pte64 user, kernel;

	(void)state;
	ptefeat(&f);
	user = ptetable(&f, topaddr(0x123456789000), true);
	kernel = ptetable(&f, topaddr(0x123456789000), false);
	for (int level = 1; level < 4; level++) {
		assert_false(pteisleaf(level, user));
		assert_int_equal(pabits(ptepa(level, user)), 0x123456789000);
		assert_int_equal(pteperm(level, user), PermR | PermW | PermX | PermU);
		assert_int_equal(pteperm(level, kernel), PermR | PermW | PermX);
	}
	assert_int_equal(user & 3, 3);
	assert_int_equal(user >> 59, 0);		 /* no limits below */
	assert_int_equal(kernel >> 59, 1 << 1 | 1 << 2); /* UXNTable, APTable: no user */
}

static void
test_W2_step_is_the_next_page(void **state)
{
	PteFeat f;

	(void)state;
	ptefeat(&f);
	for (int level = 0; level <= f.maxleaf; level++) {
		Pte64 a = pteleaf(&f, level, topaddr(PGLSZ(level)), PermR, MtWB);
		assert_int_equal(a + ptestep(level),
				 pteleaf(&f, level, topaddr(2 * PGLSZ(level)), PermR, MtWB));
	}
}

static void
test_W2_Q6_words(void **state)
{
	PteFeat f;
	char text[64];

	(void)state;
	ptefeat(&f);
	ptetext(0, 0, text, sizeof text);
	assert_string_equal(text, "-");
	ptetext(3, ptetable(&f, topaddr(BY2PG), true), text, sizeof text);
	assert_string_equal(text, "V TABLE U");
	ptetext(0, pteleaf(&f, 0, topaddr(BY2PG), PermR | PermX | PermU, MtWB), text, sizeof text);
	assert_string_equal(text, "V RO U AF NG PXN WB");
	ptetext(1, pteleaf(&f, 1, topaddr(0), PermR | PermW | PermG, MtUC), text, sizeof text);
	assert_string_equal(text, "V RW AF BLOCK PXN UXN UC");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_W2_D1_every_leaf),
	    cmocka_unit_test(test_W2_tables_say_who_may),
	    cmocka_unit_test(test_W2_step_is_the_next_page),
	    cmocka_unit_test(test_W2_Q6_words),
	};

	return cmocka_run_group_tests(tests, nil, nil);
}
