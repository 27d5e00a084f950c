/*
 * test_line.c: the console's line discipline: echo, editing, ends, interrupts.
 *
 * sources: kernel/line.c
 */
#include "host.h"
#include "line.h"

static Line l;
static Echo e;
static char shown[4096];

static int
fresh(void **state)
{
	(void)state;
	memset(&l, 0, sizeof l);
	shown[0] = 0;
	return 0;
}

/* Type s; the event of its last character. */
static enum LineEvent
type(const char *s)
{
	enum LineEvent ev = LineMore;

	for (; *s; s++) {
		ev = linechar(&l, (u8)*s, &e);
		assert_in_range(e.n, 0, sizeof e.text);
		strncat(shown, e.text, e.n);
	}
	return ev;
}

static void
has(const char *text)
{
	assert_int_equal(l.n, strlen(text));
	assert_memory_equal(l.text, text, l.n);
}

static void
test_M3_a_line_is_echoed_and_ends(void **state)
{
	(void)state;
	assert_int_equal(type("ls /dev\n"), LineDone);
	has("ls /dev\n");
	assert_string_equal(shown, "ls /dev\n");
}

static void
test_M3_return_is_newline(void **state)
{
	(void)state;
	assert_int_equal(type("x\r"), LineDone);
	has("x\n");
}

static void
test_M3_backspace_and_del_erase(void **state)
{
	(void)state;
	type("abc\b");
	has("ab");
	assert_string_equal(shown, "abc\b \b");
	type("\x7f");
	has("a");
	type("\b\b\b");
	has("");
}

static void
test_M3_a_utf8_character_is_erased_whole(void **state)
{
	(void)state;
	type("a\xc3\xa4\b");
	has("a");
	type("\xe2\x82\xac\b");
	has("a");
}

static void
test_M3_kill_takes_the_line(void **state)
{
	(void)state;
	type("hello\x15");
	has("");
	assert_int_equal(type("x\n"), LineDone);
	has("x\n");
}

static void
test_M3_kill_of_a_long_line(void **state)
{
	(void)state;
	for (int i = 0; i < LINEMAX - 1; i++)
		linechar(&l, 'x', &e);
	linechar(&l, 0x15, &e);
	has("");
	assert_in_range(e.n, 1, sizeof e.text);
}

static void
test_M3_control_d_ends_without_newline(void **state)
{
	(void)state;
	assert_int_equal(type("ab\x04"), LineEof);
	has("ab");
	l.n = 0;
	assert_int_equal(type("\x04"), LineEof);
	has("");
}

static void
test_M3_interrupts(void **state)
{
	(void)state;
	assert_int_equal(type("ab\x03"), LineIntr);
	has("");
	assert_int_equal(type("\x7f"), LineIntr);
	assert_int_equal(type("a\x7f"), LineMore);
	has("");
}

static void
test_M3_a_full_line_rings_and_still_ends(void **state)
{
	(void)state;
	for (int i = 0; i < 2 * LINEMAX; i++)
		assert_int_equal(linechar(&l, 'x', &e), LineMore);
	assert_int_equal(l.n, LINEMAX - 1);
	assert_int_equal(e.text[0], 7);
	assert_int_equal(linechar(&l, '\n', &e), LineDone);
	assert_int_equal(l.n, LINEMAX);
	assert_int_equal(l.text[LINEMAX - 1], '\n');
}

static void
test_M3_control_characters_are_dropped(void **state)
{
	(void)state;
	type("a\x01\x1b"
	     "b\tc");
	has("ab\tc");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_M3_a_line_is_echoed_and_ends, fresh),
	    cmocka_unit_test_setup(test_M3_return_is_newline, fresh),
	    cmocka_unit_test_setup(test_M3_backspace_and_del_erase, fresh),
	    cmocka_unit_test_setup(test_M3_a_utf8_character_is_erased_whole, fresh),
	    cmocka_unit_test_setup(test_M3_kill_takes_the_line, fresh),
	    cmocka_unit_test_setup(test_M3_kill_of_a_long_line, fresh),
	    cmocka_unit_test_setup(test_M3_control_d_ends_without_newline, fresh),
	    cmocka_unit_test_setup(test_M3_interrupts, fresh),
	    cmocka_unit_test_setup(test_M3_a_full_line_rings_and_still_ends, fresh),
	    cmocka_unit_test_setup(test_M3_control_characters_are_dropped, fresh),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
