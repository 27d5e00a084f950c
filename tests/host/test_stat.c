/*
 * test_stat.c: 9P stat records: the bytes themselves, round trips, short buffers, damage, renaming.
 *
 * sources: kernel/stat.c
 */
#include "host.h"
#include "dat.h"

static const Dir dir = {
    .type = 'M',
    .dev = 7,
    .qid = {.path = 0x1122334455667788ull, .vers = 9, .type = QTDIR},
    .mode = DMDIR | 0755,
    .atime = 100,
    .mtime = 200,
    .length = 0x0102030405060708ull,
    .name = "file",
    .uid = "glenda",
    .gid = "sys",
    .muid = "",
};

static void
test_O5_record_layout(void **state)
{
	u8 b[128];
	usize n = convD2M(&dir, b, sizeof b);

	(void)state;
	assert_int_equal(n, 49 + 4 + 6 + 3);
	assert_int_equal(le16(b), n - 2);
	assert_int_equal(le16(b + 2), 'M');
	assert_int_equal(le32(b + 4), 7);
	assert_int_equal(b[8], QTDIR);
	assert_int_equal(le32(b + 9), 9);
	assert_true(le64(b + 13) == dir.qid.path);
	assert_int_equal(le32(b + 21), DMDIR | 0755);
	assert_int_equal(le32(b + 25), 100);
	assert_int_equal(le32(b + 29), 200);
	assert_true(le64(b + 33) == dir.length);
	assert_int_equal(le16(b + 41), 4);
	assert_memory_equal(b + 43, "file", 4);
	assert_memory_equal(b + 49, "glenda", 6);
}

static void
test_O5_round_trip(void **state)
{
	u8 b[128];
	char s[128];
	Dir d;
	usize n = convD2M(&dir, b, sizeof b);

	(void)state;
	assert_int_equal(convM2D(b, n, &d, s), n);
	assert_true(d.qid.path == dir.qid.path && d.length == dir.length);
	assert_int_equal(d.mode, dir.mode);
	assert_string_equal(d.name, "file");
	assert_string_equal(d.uid, "glenda");
	assert_string_equal(d.gid, "sys");
	assert_string_equal(d.muid, "");
}

static void
test_O5_short_buffers(void **state)
{
	usize want = sizeD2M(&dir);

	(void)state;
	for (usize n = 0; n <= want; n++) {
		u8 *b = malloc(n + 1); /* the sanitizer watches its end */
		usize got = convD2M(&dir, b, n);
		assert_int_equal(got, n < 2 ? 0 : n < want ? 2 : want);
		if (n >= 2)
			assert_int_equal(le16(b), want - 2);
		free(b);
	}
}

static void
test_O5_damaged_records(void **state)
{
	u8 good[128], *b;
	char s[256];
	Dir d;
	usize n = convD2M(&dir, good, sizeof good);
	u64 seed = 3;

	(void)state;
	for (usize k = 0; k < n; k++) {
		b = malloc(k + 1);
		memcpy(b, good, k);
		assert_int_equal(convM2D(b, k, &d, s), 0);
		free(b);
	}
	for (int round = 0; round < 100000; round++) {
		b = malloc(n);
		memcpy(b, good, n);
		for (int i = 0; i < 3; i++)
			b[hostrand(&seed) % n] = (u8)hostrand(&seed);
		usize got = convM2D(b, n, &d, s);
		assert_true(got == 0 || got <= n);
		free(b);
	}
	good[41] = 3; /* a name one byte shorter: the sizes no longer fit together */
	assert_int_equal(convM2D(good, n, &d, s), 0);
}

static void
test_O5_rename(void **state)
{
	u8 b[128];
	char s[128];
	Dir d;
	usize n = convD2M(&dir, b, sizeof b);

	(void)state;
	n = statrename(b, n, sizeof b, "/");
	assert_int_equal(convM2D(b, n, &d, s), n);
	assert_string_equal(d.name, "/");
	assert_string_equal(d.uid, "glenda");
	n = statrename(b, n, sizeof b, "a longer name than before");
	assert_int_equal(convM2D(b, n, &d, s), n);
	assert_string_equal(d.name, "a longer name than before");
	assert_string_equal(d.gid, "sys");
	assert_int_equal(statrename(b, n, n, "a longer name than before!"), 2);
	assert_int_equal(le16(b), n + 1 - 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_O5_record_layout), cmocka_unit_test(test_O5_round_trip),
	    cmocka_unit_test(test_O5_short_buffers), cmocka_unit_test(test_O5_damaged_records),
	    cmocka_unit_test(test_O5_rename),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
