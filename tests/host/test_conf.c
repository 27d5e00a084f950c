/*
 * test_conf.c: settings: lines, comments, blanks, case, later lines, damage.
 *
 * sources: kernel/conf.c kernel/lib/number.c mm/xlat.c mm/ledger.c kernel/lib/kind.c
 */
#include "host.h"
#include "dat.h"

static char text[1024];

static void
given(const char *s)
{
	strcpy(text, s);
	confset(text, strlen(s) + 1);
}

static void
test_A8_later_lines_win(void **state)
{
	(void)state;
	given("a=1\nb=2\na=3\n");
	assert_string_equal(getconf("a"), "3");
	assert_string_equal(getconf("b"), "2");
	assert_null(getconf("c"));
}

static void
test_A8_names_are_without_case(void **state)
{
	(void)state;
	given("*KernelPercent=40\n");
	assert_string_equal(getconf("*kernelpercent"), "40");
	assert_int_equal(getconfnum("*KERNELPERCENT", 7), 40);
	assert_null(getconf("*kernelpercen"));
	assert_null(getconf("*kernelpercents"));
}

static void
test_A8_what_sets_nothing_is_told(void **state)
{
	(void)state;
	given("# fine\n\n a=1 \nnoequalsign\n=x\nb=banana\n");
	assert_true(hostsaid("conf: line 4 sets nothing (name=value): noequalsign\n"));
	assert_true(hostsaid("conf: line 5 sets nothing (name=value): =x\n"));
	assert_false(hostsaid("line 1 "));
	assert_false(hostsaid("line 2 "));
	assert_false(hostsaid("line 3 "));
	assert_int_equal(getconfnum("b", 7), 7);
	assert_true(hostsaid("conf: b=banana is no number: 7 stands\n"));
}

static void
test_A8_blanks_comments_and_empty_values(void **state)
{
	(void)state;
	given("  # no=thing\n\n name =  two words \r\nempty=\n=5\nnothing\nlast=1");
	assert_string_equal(getconf("name"), "two words");
	assert_string_equal(getconf("empty"), "");
	assert_null(getconf("no"));
	assert_null(getconf("nothing"));
	assert_string_equal(getconf("last"), "1");
	assert_string_equal(confline(0), "name=two words");
	assert_string_equal(confline(2), "last=1");
	assert_null(confline(3));
}

static void
test_A8_numbers(void **state)
{
	(void)state;
	given("a=0x10\nb=12x\nc=\nd=-1\n");
	assert_int_equal(getconfnum("a", 1), 16);
	assert_int_equal(getconfnum("b", 1), 1);
	assert_int_equal(getconfnum("c", 2), 2);
	assert_int_equal(getconfnum("d", 3), 3);
	assert_int_equal(getconfnum("e", 4), 4);
}

static void
test_A8_nothing_at_all(void **state)
{
	(void)state;
	given("");
	assert_null(getconf("a"));
	assert_null(confline(0));
	confset(text, 0);
	assert_null(getconf("a"));
}

/* Text without an end is not run over: its last, unfinished line is not taken. */
static void
test_A8_text_without_an_end(void **state)
{
	char *t = malloc(7);

	(void)state;
	memcpy(t, "a=1\nb=2", 7);
	confset(t, 7);
	assert_string_equal(getconf("a"), "1");
	assert_null(getconf("b"));
	free(t);
}

static void
test_A8_noise(void **state)
{
	u64 seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		usize n = hostrand(&seed) % 60;
		char *t = malloc(n + 1);
		for (usize i = 0; i < n; i++)
			t[i] = "ab= #\n\r\t*\0x1"[hostrand(&seed) % 12];
		t[n] = 0;
		confset(t, n + 1);
		for (u32 i = 0; confline(i); i++)
			assert_non_null(strchr(confline(i), '='));
		getconf("a");
		getconf("");
		free(t);
	}
}

static void
test_A8_B9_the_kernels_own_settings_win(void **state)
{
	(void)state;
	given("*e820=9 0 1\nlast=1\n");
	confown("*e820=1 0000000000001000 00000000000a0000 ");
	assert_string_equal(getconf("*E820"), "1 0000000000001000 00000000000a0000 ");
	assert_string_equal(getconf("last"), "1");
	assert_string_equal(confline(1), "last=1");
	assert_string_equal(confline(2), "*e820=1 0000000000001000 00000000000a0000 ");
	assert_null(confline(3));
	given("");
	assert_non_null(getconf("*e820"));
	assert_panics("assert", confown("no setting"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_A8_later_lines_win),
	    cmocka_unit_test(test_A8_names_are_without_case),
	    cmocka_unit_test(test_A8_what_sets_nothing_is_told),
	    cmocka_unit_test(test_A8_blanks_comments_and_empty_values),
	    cmocka_unit_test(test_A8_numbers),
	    cmocka_unit_test(test_A8_nothing_at_all),
	    cmocka_unit_test(test_A8_text_without_an_end),
	    cmocka_unit_test(test_A8_noise),
	    cmocka_unit_test(test_A8_B9_the_kernels_own_settings_win),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
