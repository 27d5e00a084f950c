/*
 * The walk over a ustar archive, sound and damaged; and the calendar's days.
 * sources: kernel/lib/tar.c kernel/lib/date.c
 */
#include <stdio.h>
#include <time.h>
#include "host.h"
#include "tar.h"

enum { Block = 512, Blocks = 16 };
static u8 tar[Blocks * Block];

static void
seal(u8 *h)
{
	u32 sum = 0;

	memset(h + 148, ' ', 8);
	for (u32 i = 0; i < Block; i++)
		sum += h[i];
	snprintf((char *)h + 148, 8, "%06o", sum);
}

static u8 *
put(u32 at, const char *prefix, const char *name, char type, u32 size, u32 mode)
{
	u8 *h = tar + at * Block;

	memset(h, 0, Block);
	strncpy((char *)h, name, 100);
	strncpy((char *)h + 345, prefix, 155);
	snprintf((char *)h + 100, 8, "%07o", mode);
	snprintf((char *)h + 124, 12, "%011o", size);
	memcpy(h + 257, "ustar", 5);
	h[156] = (u8)type;
	seal(h);
	return h;
}

static void
archive(void)
{
	memset(tar, 0, sizeof tar);
	put(0, "", "./", '5', 0, 0755);
	put(1, "", "./boot/init", '0', 5, 0755);
	memcpy(tar + 2 * Block, "hello", 5);
	put(3, "a/b", "c", 0, 512, 0644); /* an old type, exactly one block, with a prefix */
	put(5, "", "link", '2', 0, 0777);
	put(6, "", "/empty", '0', 0, 0600);
}

static void
test_A9_regular_files_in_order(void **state)
{
	const char *why = nil;
	usize off = 0;
	TarFile f;

	(void)state;
	archive();
	assert_int_equal(tarnext(tar, sizeof tar, &off, &f, &why), 1);
	assert_string_equal(f.name, "boot/init");
	assert_int_equal(f.size, 5);
	assert_int_equal(f.mode, 0755);
	assert_memory_equal(f.data, "hello", 5);
	assert_int_equal(tarnext(tar, sizeof tar, &off, &f, &why), 1);
	assert_string_equal(f.name, "a/b/c");
	assert_int_equal(f.size, 512);
	assert_int_equal(tarnext(tar, sizeof tar, &off, &f, &why), 1);
	assert_string_equal(f.name, "empty");
	assert_int_equal(tarnext(tar, sizeof tar, &off, &f, &why), 0);
	assert_int_equal(tarnext(tar, sizeof tar, &off, &f, &why), 0);
}

static void
bad(const char *want)
{
	const char *why = nil;
	usize off = 0;
	TarFile f;
	int r;

	while ((r = tarnext(tar, sizeof tar, &off, &f, &why)) > 0)
		;
	assert_int_equal(r, -1);
	assert_string_equal(why, want);
}

static void
test_A9_damage_is_named(void **state)
{
	u8 *h;

	(void)state;
	archive();
	tar[Block + 3] ^= 1;
	bad("header checksum");
	archive();
	tar[Block + 257] = 'x';
	bad("no ustar header");
	archive();
	h = put(1, "", "big", '0', 0, 0);
	memcpy(h + 124, "77777777777", 11);
	seal(h);
	bad("a file ends behind the archive");
	archive();
	memcpy(h + 124, "0000000z005", 11);
	seal(h);
	bad("header numbers");
	archive();
	memset(tar, 0x41, sizeof tar);
	bad("no ustar header");
}

static void
test_A9_every_cut_is_seen(void **state)
{
	const char *why = nil;
	usize off;
	TarFile f;

	(void)state;
	archive();
	for (usize n = 0; n < 8 * Block; n += 61) {
		u8 *copy = malloc(n + 1);
		memcpy(copy, tar, n);
		off = 0;
		int r;
		while ((r = tarnext(copy, n, &off, &f, &why)) > 0)
			assert_true(f.data + f.size <= copy + n);
		assert_int_equal(r, n < 7 * Block + Block ? -1 : 0);
		free(copy);
	}
}

static void
test_A16_days_of_the_calendar(void **state)
{
	struct tm tm;

	(void)state;
	assert_true(datedays(1970, 1, 1) == 0);
	assert_true(datedays(2000, 2, 29) == 11016);
	assert_true(datedays(2026, 1, 1) == 20454);
	for (time_t day = 0; day < 120000; day += 7) {
		time_t t = day * 86400;
		gmtime_r(&t, &tm);
		assert_true(datedays((u32)tm.tm_year + 1900, (u32)tm.tm_mon + 1, (u32)tm.tm_mday) ==
			    (u64)day);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_A9_regular_files_in_order),
	    cmocka_unit_test(test_A9_damage_is_named),
	    cmocka_unit_test(test_A9_every_cut_is_seen),
	    cmocka_unit_test(test_A16_days_of_the_calendar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
