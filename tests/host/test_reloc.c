/*
 * The mover: which words move, which stay, and what a damaged table can do (nothing).
 * sources: efi/reloc.c
 */
#include "host.h"
#include "reloc.h"

enum { Size = 0x3000, Table = 0x2000 };
#define OLD 0x123456789000ull
#define NEW 0xffffffff80000000ull

static u8 image[Size];
static u32 bytes;

static void
put32(u32 at, u32 v)
{
	memcpy(image + at, &v, 4);
}

/* A block for one page with these entries. */
static void
block(u32 page, const u16 *e, u32 n)
{
	put32(Table + bytes, page);
	put32(Table + bytes + 4, 8 + 2 * n);
	memcpy(image + Table + bytes + 8, e, 2 * n);
	bytes += 8 + 2 * n;
}

static void
word(u32 at, u64 v)
{
	memcpy(image + at, &v, 8);
}

static u64
wordat(u32 at)
{
	u64 v;

	memcpy(&v, image + at, 8);
	return v;
}

static void
fresh(void)
{
	memset(image, 0, sizeof image);
	bytes = 0;
}

static Moved
move(bool apply)
{
	Moved m;

	relocate(image, Size, Table, bytes, OLD, NEW, apply, &m);
	return m;
}

static void
test_A4_words_that_point_into_the_image_move(void **state)
{
	static const u16 one[] = {10 << 12 | 0x010, 10 << 12 | 0xff3, 0};
	static const u16 two[] = {10 << 12 | 0x100, 10 << 12 | 0x108};
	Moved m;

	(void)state;
	fresh();
	block(0, one, 3); /* the second crosses into the next page; the last is padding */
	block(0x1000, two, 2);
	word(0x010, OLD);
	word(0xff3, OLD + Size);      /* one past the end: a limit, as linkers write them */
	word(0x1100, OLD + Size + 1); /* elsewhere: changed since */
	word(0x1108, OLD - 1);
	m = move(false);
	assert_int_equal(m.moved, 2);
	assert_true(wordat(0x010) == OLD); /* only counted */
	m = move(true);
	assert_int_equal(m.moved, 2);
	assert_int_equal(m.left, 2);
	assert_int_equal(m.bad, 0);
	assert_true(wordat(0x010) == NEW);
	assert_true(wordat(0xff3) == NEW + Size);
	assert_true(wordat(0x1100) == OLD + Size + 1);
	assert_true(wordat(0x1108) == OLD - 1);
}

static void
test_A4_a_second_move_finds_nothing(void **state)
{
	static const u16 one[] = {10 << 12 | 0x010};
	Moved m;

	(void)state;
	fresh();
	block(0, one, 1);
	word(0x010, OLD + 4);
	(void)move(true);
	m = move(true);
	assert_int_equal(m.moved, 0);
	assert_int_equal(m.left, 1);
	assert_true(wordat(0x010) == NEW + 4);
}

static void
test_A4_entries_that_no_rule_allows(void **state)
{
	static const u16 odd[] = {3 << 12 | 0x10, 10 << 12 | 0x10};
	static const u16 end[] = {10 << 12 | 0xff9, 10 << 12 | 0xff8};
	Moved m;

	(void)state;
	fresh();
	block(0, odd, 2);
	block(0x2000, end, 2); /* the last word of the image, and one byte too far */
	block(0xfffff000, odd, 2);
	word(0x10, OLD);
	m = move(true);
	assert_int_equal(m.moved, 1);
	assert_int_equal(m.left, 1);
	assert_int_equal(m.bad, 4);
}

static void
test_A4_tables_that_lie_about_their_size(void **state)
{
	static const u16 one[] = {10 << 12 | 0x10};
	static const u32 sizes[] = {0, 7, 11, 0x80000000, ~0u};
	Moved m;

	(void)state;
	for (usize i = 0; i < nelem(sizes); i++) {
		fresh();
		block(0, one, 1);
		put32(Table + 4, sizes[i]);
		m = move(true);
		assert_int_equal(m.bad, 1);
	}
	relocate(image, Size, Size + 1, 0, OLD, NEW, true, &m);
	assert_int_equal(m.bad, 1);
	relocate(image, Size, Table, Size - Table + 1, OLD, NEW, true, &m);
	assert_int_equal(m.bad, 1);
	relocate(image, Size, ~0u, ~0u, OLD, NEW, true, &m);
	assert_int_equal(m.bad, 1);
}

/* Random tables under the sanitizers: nothing outside the image is read or written. */
static void
test_A4_random_tables_stay_inside(void **state)
{
	u64 seed = 1;
	Moved m;

	(void)state;
	for (u32 i = 0; i < 3000; i++) {
		for (u32 at = 0; at < 0x200; at += 8)
			word(Table + at, hostrand(&seed) & (hostrand(&seed) | 0xffff));
		put32(Table + 4, (u32)hostrand(&seed) % 64);
		relocate(image, Size, Table, (u32)hostrand(&seed) % 0x1000, hostrand(&seed), NEW, true, &m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_A4_words_that_point_into_the_image_move),
	    cmocka_unit_test(test_A4_a_second_move_finds_nothing),
	    cmocka_unit_test(test_A4_entries_that_no_rule_allows),
	    cmocka_unit_test(test_A4_tables_that_lie_about_their_size),
	    cmocka_unit_test(test_A4_random_tables_stay_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
