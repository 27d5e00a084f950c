/*
 * test_bannerarm.c: aborts of aarch64 in words, held against golden text for all 64 status codes.
 *
 * sources: arch/aarch64/banner.c kernel/lib/format.c
 */
#include "host.h"
#include "../../arch/aarch64/machine/banner.h"

#include <stdio.h>

/* Written down by hand from [ARM ARM D17.2.37, ISS encoding of a data abort]; others are unknown. */
static const struct {
	u32 fsc;
	const char *text;
} golden[] = {
    {0x00, "address size fault, level 0"},
    {0x01, "address size fault, level 1"},
    {0x02, "address size fault, level 2"},
    {0x03, "address size fault, level 3"},
    {0x04, "translation fault, level 0"},
    {0x05, "translation fault, level 1"},
    {0x06, "translation fault, level 2"},
    {0x07, "translation fault, level 3"},
    {0x08, "access flag fault, level 0"},
    {0x09, "access flag fault, level 1"},
    {0x0a, "access flag fault, level 2"},
    {0x0b, "access flag fault, level 3"},
    {0x0c, "permission fault, level 0"},
    {0x0d, "permission fault, level 1"},
    {0x0e, "permission fault, level 2"},
    {0x0f, "permission fault, level 3"},
    {0x10, "external abort"},
    {0x11, "tag check fault"},
    {0x14, "external abort on a table, level 0"},
    {0x15, "external abort on a table, level 1"},
    {0x16, "external abort on a table, level 2"},
    {0x17, "external abort on a table, level 3"},
    {0x18, "parity error"},
    {0x21, "alignment fault"},
    {0x30, "conflict in the TLB"},
    {0x34, "locked down"},
    {0x35, "exclusive access not supported"},
};

static const char *
expected(u32 fsc)
{
	for (usize i = 0; i < nelem(golden); i++)
		if (golden[i].fsc == fsc)
			return golden[i].text;
	return "unknown status";
}

static void
test_Q10_W2_every_status(void **state)
{
	char text[600], want[200];

	(void)state;
	for (u32 fsc = 0; fsc < 64; fsc++) {
		Banner b = {.esr = 0x25ull << 26 | fsc, .addr = 0x1234, .pc = 0xffffffff80001000, .el = 1};
		usize n = faultbanner(&b, text, sizeof text);
		assert_int_equal(n, strlen(text));
		snprintf(want, sizeof want, "class 0x25 status 0x%02x: %s\n", fsc, expected(fsc));
		assert_non_null(strstr(text, want));
	}
}

static void
test_Q10_W2_access_and_origin(void **state)
{
	char text[600];
	Banner b = {.esr = 0x24ull << 26 | 1 << 6 | 7, .addr = 8, .pc = 0x200010, .el = 0};

	(void)state;
	faultbanner(&b, text, sizeof text);
	assert_non_null(strstr(text, "trap: data abort from EL0: write at 0x8 pc 0x200010\n"));
	b.esr = 0x25ull << 26 | 1 << 10 | 0x10;
	b.el = 2;
	faultbanner(&b, text, sizeof text);
	assert_non_null(strstr(text, "trap: data abort from EL2: read at"));
	assert_non_null(strstr(text, "external abort, address not valid\n"));
	b.esr = 0x21ull << 26 | 1 << 6 | 0xf;
	faultbanner(&b, text, sizeof text);
	assert_non_null(strstr(text, "trap: instruction abort from EL2: fetch at"));
}

static void
test_Q10_short_buffer(void **state)
{
	char text[20] = "xxxxxxxxxxxxxxxxxxx";
	Banner b = {.esr = 0x25ull << 26};

	(void)state;
	faultbanner(&b, text, 10);
	assert_int_equal(text[9], 0);
	assert_int_equal(text[10], 'x');
}

static void
test_W2_every_class_has_a_word(void **state)
{
	(void)state;
	assert_string_equal(excname(0x00), "invalid opcode");
	assert_string_equal(excname(0x18), "general protection violation");
	assert_string_equal(excname(0x22), "misaligned pc");
	assert_string_equal(excname(0x26), "misaligned stack pointer");
	assert_string_equal(excname(0x2f), "system error");
	assert_string_equal(excname(0x3c), "breakpoint");
	assert_string_equal(excname(0x3f), "unknown exception");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_Q10_W2_every_status),
	    cmocka_unit_test(test_Q10_W2_access_and_origin),
	    cmocka_unit_test(test_Q10_short_buffer),
	    cmocka_unit_test(test_W2_every_class_has_a_word),
	};

	return cmocka_run_group_tests(tests, nil, nil);
}
