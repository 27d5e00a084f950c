/*
 * test_format.c: formatted text against the host's own snprintf: each verb with each flag, width,
 * precision and size, the borders of the buffer, and what is no verb at all.
 *
 * sources: kernel/lib/format.c
 */
#include "host.h"

#include <stdio.h>

static const u64 values[] = {0,		 1,   7,	  8,	      9,	  10,	 15,
			     16,	 127, 128,	  255,	      256,	  99999, 0x7fffffff,
			     0x80000000, ~0u, 1ull << 32, 1ull << 63, ~0ull >> 1, ~0ull};

/* One conversion of one value, ours against the host's. */
static void
same(const char *fmt, u64 v, bool wide)
{
	char ours[256], theirs[256];
	usize n;
	int m;

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat-nonliteral"
	if (wide) {
		n = snformat(ours, sizeof ours, fmt, v);
		m = snprintf(theirs, sizeof theirs, fmt, v);
	} else {
		n = snformat(ours, sizeof ours, fmt, (u32)v);
		m = snprintf(theirs, sizeof theirs, fmt, (u32)v);
	}
#pragma clang diagnostic pop
	if (strcmp(ours, theirs) != 0)
		fail_msg("\"%s\" of %#llx: \"%s\", not \"%s\"", fmt, v, ours, theirs);
	assert_int_equal(n, m);
}

static void
test_numbers_as_the_host(void **state)
{
	static const char *const flags[] = {"", "-", "0", "#", "+", " ", "-#", "0#", "-0", "+0", "#0"};
	static const char *const sizes[] = {"", "h", "hh", "ll", "z", "j"};
	static const char *const fields[] = {"", "1", "5", "20", ".0", ".1", ".7", "9.4", "4.9"};
	char fmt[32];

	(void)state;
	for (u32 f = 0; f < nelem(flags); f++)
		for (u32 w = 0; w < nelem(fields); w++)
			for (u32 s = 0; s < nelem(sizes); s++)
				for (const char *c = "diuxXo"; *c != 0; c++)
					for (u32 v = 0; v < nelem(values); v++) {
						snprintf(fmt, sizeof fmt, "<%%%s%s%s%c>", flags[f], fields[w],
							 sizes[s], *c);
						same(fmt, values[v], s >= 3);
					}
}

static void
test_strings_and_characters(void **state)
{
	char a[64], b[64];

	(void)state;
#define BOTH(...)                                                                                            \
	do {                                                                                                 \
		assert_int_equal(snformat(a, sizeof a, __VA_ARGS__), snprintf(b, sizeof b, __VA_ARGS__));    \
		assert_string_equal(a, b);                                                                   \
	} while (0)
	BOTH("plain");
	BOTH("%s|%10s|%-10s|%.2s|%-6.1s|%.0s", "abc", "abc", "abc", "abc", "abc", "abc");
	BOTH("%c|%5c|%-5c|", 'x', 'y', 'z');
	BOTH("100%%|%*d|%-*d|%.*s", 7, 42, -7, 42, 2, "abc");
	BOTH("%*d", -7, 42);
	BOTH("%p", (void *)0x1234);
	BOTH("%ld %lu %lx", -5L, 5UL, 255UL);
#undef BOTH
	snformat(a, sizeof a, "%s %p", (const char *)nil, nil);
	assert_string_equal(a, "<nil> 0x0");
}

static void
test_text_is_cut_and_terminated(void **state)
{
	char buf[16];

	(void)state;
	for (usize n = 0; n <= 12; n++) {
		memset(buf, 0x55, sizeof buf);
		usize got = snformat(buf, n, "%s-%d", "hello", 12345);
		assert_int_equal(got, n == 0 ? 0 : n - 1 < 11 ? n - 1 : 11);
		if (n > 0)
			assert_int_equal(buf[got], 0);
		assert_memory_equal(buf, "hello-12345", got);
		for (usize i = n; i < sizeof buf; i++)
			assert_int_equal(buf[i], 0x55);
	}
}

static void
test_slips_show(void **state)
{
	char a[64];

	(void)state;
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat"
	snformat(a, sizeof a, "%y %-5.3Q");
	assert_string_equal(a, "%y %-5.3Q");
	snformat(a, sizeof a, "end %");
	assert_string_equal(a, "end %");
	snformat(a, sizeof a, "end %08ll");
	assert_string_equal(a, "end %08ll");
#pragma clang diagnostic pop
	snformat(a, sizeof a, "%999999999999d", 1);
	assert_int_equal(strlen(a), sizeof a - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_numbers_as_the_host),
	    cmocka_unit_test(test_strings_and_characters),
	    cmocka_unit_test(test_text_is_cut_and_terminated),
	    cmocka_unit_test(test_slips_show),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
