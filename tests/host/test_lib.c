/*
 * test_lib.c: memory, strings, numbers and checksums: ours under other names against the host's, and
 * published test vectors.
 *
 * sources: kernel/lib/number.c kernel/lib/crc32.c kernel/lib/sha256.c
 */
#include "host.h"

/* Our own versions of what the C library has, beside it. */
#define memset	kmemset
#define memcpy	kmemcpy
#define memmove kmemmove
#define memcmp	kmemcmp
#define strlen	kstrlen
#define strcmp	kstrcmp
#define strncmp kstrncmp
#define strchr	kstrchr
#define strstr	kstrstr
void *memset(void *, int, usize);
void *memcpy(void *, const void *, usize);
void *memmove(void *, const void *, usize);
int memcmp(const void *, const void *, usize);
usize strlen(const char *);
int strcmp(const char *, const char *);
int strncmp(const char *, const char *, usize);
char *strchr(const char *, int);
char *strstr(const char *, const char *);
#define STRTEST
#include "../../kernel/lib/mem.c"
#include "../../kernel/lib/str.c"
#undef memset
#undef memcpy
#undef memmove
#undef memcmp
#undef strlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strstr

enum { Room = 160 };

static int
sign(int v)
{
	return (v > 0) - (v < 0);
}

static void
test_memory_as_the_host(void **state)
{
	u8 a[Room], b[Room], from[Room];
	u64 seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		usize n = hostrand(&seed) % 70, d = hostrand(&seed) % 60, s = hostrand(&seed) % 60;
		for (int i = 0; i < Room; i++)
			a[i] = b[i] = from[i] = (u8)hostrand(&seed);
		assert_ptr_equal(kmemset(a + d, (int)s - 30, n), a + d);
		memset(b + d, (int)s - 30, n);
		assert_memory_equal(a, b, Room);
		kmemcpy(a + d, from + s, n);
		memcpy(b + d, from + s, n);
		assert_memory_equal(a, b, Room);
		kmemmove(a + d, a + s, n);
		memmove(b + d, b + s, n);
		assert_memory_equal(a, b, Room);
		assert_int_equal(kmemcmp(a + d, from + d, n), sign(memcmp(a + d, from + d, n)));
	}
}

static void
test_strings_as_the_host(void **state)
{
	static const char *const word[] = {"", "a", "b", "ab", "abc", "abd", "aab", "\xff", "a\xff", "xabcx"};

	(void)state;
	for (u32 i = 0; i < nelem(word); i++)
		for (u32 j = 0; j < nelem(word); j++) {
			const char *s = word[i], *t = word[j];
			assert_int_equal(kstrcmp(s, t), sign(strcmp(s, t)));
			for (usize n = 0; n < 5; n++)
				assert_int_equal(kstrncmp(s, t, n), sign(strncmp(s, t, n)));
			assert_ptr_equal(kstrstr(s, t), strstr(s, t));
			assert_ptr_equal(kstrchr(s, t[0]), strchr(s, t[0]));
			assert_int_equal(kstrlen(s), strlen(s));
		}
}

static void
test_copies_never_cut_a_character(void **state)
{
	char d[8];

	(void)state;
	assert_int_equal(strecpy(d, sizeof d, "hello"), 5);
	assert_string_equal(d, "hello");
	assert_int_equal(strecpy(d, 6, "ab\xc3\xa4\xe2\x82\xac"), 7);
	assert_string_equal(d, "ab\xc3\xa4");
	assert_int_equal(strecpy(d, 4, "ab\xc3\xa4"), 4);
	assert_string_equal(d, "ab");
	d[0] = 'x';
	assert_int_equal(strecpy(d, 0, "abc"), 3);
	assert_int_equal(d[0], 'x');
	assert_int_equal(strecpy(d, 1, "abc"), 3);
	assert_string_equal(d, "");
}

static void
test_numbers_from_text(void **state)
{
	static const struct {
		const char *s;
		int base;
		bool ok;
		u64 v;
		usize len;
	} t[] = {
	    {"0", 0, true, 0, 1},
	    {"42x", 0, true, 42, 2},
	    {"0x1F", 0, true, 31, 4},
	    {"0x1F", 16, true, 31, 4},
	    {"1f", 16, true, 31, 2},
	    {"0x", 0, true, 0, 1},
	    {"x", 0, false, 0, 0},
	    {"", 10, false, 0, 0},
	    {"08", 0, true, 8, 2},
	    {"19", 8, true, 1, 1},
	    {"-1", 10, false, 0, 0},
	    {"18446744073709551615", 10, true, ~0ull, 20},
	    {"18446744073709551616", 10, false, 0, 20},
	    {"0xffffffffffffffff", 0, true, ~0ull, 18},
	    {"0x10000000000000000", 0, false, 0, 19},
	};

	(void)state;
	for (u32 i = 0; i < nelem(t); i++) {
		const char *end = nil;
		u64 v = 7;
		assert_int_equal(parseu64(t[i].s, &end, t[i].base, &v), t[i].ok);
		assert_int_equal(v, t[i].ok ? t[i].v : 7);
		assert_int_equal(end - t[i].s, t[i].len);
		assert_int_equal(parseu64(t[i].s, nil, t[i].base, &v), t[i].ok);
	}
}

static void
test_crc_and_sum(void **state)
{
	u8 b[300];
	u64 seed = 3;

	(void)state;
	assert_int_equal(crc32(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(crc32(0, "", 0), 0);
	assert_int_equal(crc32(crc32(0, "1234", 4), "56789", 5), 0xcbf43926);
	for (int round = 0; round < 500; round++) {
		usize n = hostrand(&seed) % sizeof b, at = hostrand(&seed) % 8;
		u8 sum = 0;
		for (usize i = 0; i < sizeof b; i++)
			b[i] = round == 0 ? 0xff : (u8)hostrand(&seed);
		n = at > n ? 0 : n - at;
		for (usize i = 0; i < n; i++)
			sum = (u8)(sum + b[at + i]);
		assert_int_equal(bytesum(b + at, n), sum);
	}
}

/* Digests of FIPS 180-4's examples, and of every length around a block's end against one another. */
static void
test_A9_sha256(void **state)
{
	static const struct {
		const char *text;
		u8 first[4], last[4];
	} t[] = {
	    {"", {0xe3, 0xb0, 0xc4, 0x42}, {0x78, 0x52, 0xb8, 0x55}},
	    {"abc", {0xba, 0x78, 0x16, 0xbf}, {0xf2, 0x00, 0x15, 0xad}},
	    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	     {0x24, 0x8d, 0x6a, 0x61},
	     {0x19, 0xdb, 0x06, 0xc1}},
	};
	u8 d[32], million[1000];
	u8 *big = malloc(1000000);

	(void)state;
	for (u32 i = 0; i < nelem(t); i++) {
		sha256(t[i].text, strlen(t[i].text), d);
		assert_memory_equal(d, t[i].first, 4);
		assert_memory_equal(d + 28, t[i].last, 4);
	}
	memset(million, 'a', sizeof million);
	memset(big, 'a', 1000000);
	sha256(big, 1000000, d);
	assert_memory_equal(d, ((u8[]){0xcd, 0xc7, 0x6e, 0x5c}), 4);
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_memory_as_the_host),
	    cmocka_unit_test(test_strings_as_the_host),
	    cmocka_unit_test(test_copies_never_cut_a_character),
	    cmocka_unit_test(test_numbers_from_text),
	    cmocka_unit_test(test_crc_and_sum),
	    cmocka_unit_test(test_A9_sha256),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
