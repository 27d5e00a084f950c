/*
 * test_ustar.c: the initrd's archive: names, sizes, 1200 files, every byte cut off, damage, noise; and what
 * the kernel registers of it.
 *
 * sources: kernel/lib/tar.c kernel/lib/str.c kernel/lib/format.c
 */
#include "host.h"
#include "tar.h"

enum { BLOCK = 512 };

static u8 *ar;
static usize arlen, arcap;

static int
fresh(void **state)
{
	(void)state;
	free(ar);
	ar = NULL;
	arlen = arcap = 0;
	return 0;
}

static u8 *
extend(usize n)
{
	if (arlen + n > arcap) {
		arcap = (arlen + n) * 2;
		ar = realloc(ar, arcap);
	}
	memset(ar + arlen, 0, n);
	arlen += n;
	return ar + arlen - n;
}

static void
sum(u8 *h)
{
	u32 s = 0;

	memset(h + 148, ' ', 8);
	for (int i = 0; i < BLOCK; i++)
		s += h[i];
	snformat((char *)h + 148, 8, "%06o", s);
}

static usize
entry(const char *prefix, const char *name, char type, const char *data, usize n)
{
	usize at = arlen;
	u8 *h = extend(BLOCK);

	memcpy(h, name, strnlen(name, 100));
	memcpy(h + 100, "0000755", 8);
	snformat((char *)h + 124, 12, "%011o", (u32)n);
	h[156] = (u8)type;
	memcpy(h + 257,
	       "ustar\0"
	       "00",
	       8);
	memcpy(h + 345, prefix, strlen(prefix));
	sum(h);
	memcpy(extend(roundup(n, BLOCK)), data, n);
	return at;
}

static void
finish(void)
{
	extend(2 * BLOCK);
}

static void
test_O3_files_and_others(void **state)
{
	usize off = 0;
	TarFile f;
	const char *why = NULL;

	(void)state;
	entry("", "./", '5', "", 0);
	entry("", "./init", '0', "hello", 5);
	entry("", "link", '2', "", 0);
	entry("dir/sub", "file", '0', "x", 1);
	entry("", "/abs", 0, "", 0);
	finish();
	assert_int_equal(tarnext(ar, arlen, &off, &f, &why), 1);
	assert_string_equal(f.name, "init");
	assert_int_equal(f.size, 5);
	assert_memory_equal(f.data, "hello", 5);
	assert_int_equal(tarnext(ar, arlen, &off, &f, &why), 1);
	assert_string_equal(f.name, "dir/sub/file");
	assert_int_equal(tarnext(ar, arlen, &off, &f, &why), 1);
	assert_string_equal(f.name, "abs");
	assert_int_equal(tarnext(ar, arlen, &off, &f, &why), 0);
}

static void
test_O3_longest_name(void **state)
{
	char prefix[156], name[101];
	usize off = 0;
	TarFile f;
	const char *why;

	(void)state;
	memset(prefix, 'p', 155);
	prefix[155] = 0;
	memset(name, 'n', 100);
	name[100] = 0;
	entry(prefix, name, '0', "", 0);
	finish();
	assert_int_equal(tarnext(ar, arlen, &off, &f, &why), 1);
	assert_int_equal(strlen(f.name), 256);
}

static void
test_O3_1200_files(void **state)
{
	char name[32];
	usize off = 0;
	TarFile f;
	const char *why;

	(void)state;
	for (int i = 0; i < 1200; i++) {
		snformat(name, sizeof name, "file%d", i);
		entry("", name, '0', name, strlen(name));
	}
	finish();
	for (int i = 0; i < 1200; i++) {
		snformat(name, sizeof name, "file%d", i);
		assert_int_equal(tarnext(ar, arlen, &off, &f, &why), 1);
		assert_string_equal(f.name, name);
		assert_memory_equal(f.data, name, strlen(name));
	}
	assert_int_equal(tarnext(ar, arlen, &off, &f, &why), 0);
}

static void
rejected(void)
{
	usize off = 0;
	TarFile f;
	const char *why = NULL;

	assert_int_equal(tarnext(ar, arlen, &off, &f, &why), -1);
	assert_non_null(why);
}

static void
test_O3_bad_checksum_is_rejected(void **state)
{
	(void)state;
	entry("", "a", '0', "abc", 3);
	finish();
	ar[0] ^= 1;
	rejected();
}

static void
test_O3_bad_magic_and_numbers(void **state)
{
	(void)state;
	entry("", "a", '0', "abc", 3);
	finish();
	ar[257] = 'X';
	sum(ar);
	rejected();
	ar[257] = 'u';
	memcpy(ar + 124, "0000000000z", 11);
	sum(ar);
	rejected();
	memcpy(ar + 124, "77777777777", 12);
	sum(ar);
	rejected();
	memset(ar + 124, '7', 12);
	sum(ar);
	rejected();
}

/* Cut anywhere: never a byte read behind the end (the sanitizer looks), an error or fewer files. */
static void
test_O3_every_truncation(void **state)
{
	(void)state;
	entry("", "a", '0', "abc", 3);
	entry("", "b", '0', "defg", 4);
	finish();
	for (usize n = 0; n < arlen; n++) {
		u8 *cut = malloc(n ? n : 1);
		usize off = 0;
		TarFile f;
		const char *why;
		int r;
		memcpy(cut, ar, n);
		while ((r = tarnext(cut, n, &off, &f, &why)) > 0)
			assert_true(f.data >= cut && f.data + f.size <= cut + n);
		assert_int_equal(r, n >= 5 * BLOCK ? 0 : -1);
		free(cut);
	}
}

static void
test_O3_noise(void **state)
{
	u64 seed = 11;

	(void)state;
	for (int i = 0; i < 4; i++)
		entry("", "name", '0', "some data of a file", 19);
	finish();
	u8 *copy = malloc(arlen);
	for (int round = 0; round < 30000; round++) {
		usize off = 0;
		TarFile f;
		const char *why;
		memcpy(copy, ar, arlen);
		for (int i = 0; i < 4; i++) {
			usize at = hostrand(&seed) % arlen;
			copy[at] = (u8)hostrand(&seed);
			if (round & 1)
				sum(copy + at / BLOCK * BLOCK);
		}
		while (tarnext(copy, arlen, &off, &f, &why) > 0) {
			assert_true(f.data >= copy && f.data + f.size <= copy + arlen);
			assert_in_range(strlen(f.name), 0, 256);
		}
	}
	free(copy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_O3_files_and_others, fresh),
	    cmocka_unit_test_setup(test_O3_longest_name, fresh),
	    cmocka_unit_test_setup(test_O3_1200_files, fresh),
	    cmocka_unit_test_setup(test_O3_bad_checksum_is_rejected, fresh),
	    cmocka_unit_test_setup(test_O3_bad_magic_and_numbers, fresh),
	    cmocka_unit_test_setup(test_O3_every_truncation, fresh),
	    cmocka_unit_test_setup(test_O3_noise, fresh),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	free(ar);
	return r;
}
