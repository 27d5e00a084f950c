/*
 * test_noteq.c: the rules of the note queue, the text of wait records, the arithmetic of priorities.
 *
 * sources: kernel/noteq.c kernel/prio.c kernel/lib/format.c kernel/lib/str.c
 */
#include "host.h"
#include "dat.h"

static Noteq q;

static int
fresh(void **state)
{
	(void)state;
	memset(&q, 0, sizeof q);
	return 0;
}

static void
test_O7_notes_come_in_order(void **state)
{
	Note n;

	(void)state;
	assert_true(noteqput(&q, "one", NUser, false));
	assert_true(noteqput(&q, "two", NDebug, false));
	assert_true(noteqtake(&q, &n));
	assert_string_equal(n.msg, "one");
	assert_int_equal(n.flag, NUser);
	assert_true(noteqtake(&q, &n));
	assert_string_equal(n.msg, "two");
	assert_int_equal(n.flag, NDebug);
	assert_false(noteqtake(&q, &n));
}

static void
test_O7_a_sixth_note_is_dropped(void **state)
{
	Note n;

	(void)state;
	for (u32 i = 0; i < NNOTE; i++)
		assert_true(noteqput(&q, "x", NUser, false));
	assert_false(noteqput(&q, "six", NUser, false));
	assert_false(noteqput(&q, "six", NDebug, false));
	assert_true(noteqtake(&q, &n));
	assert_true(noteqput(&q, "six", NUser, true));
	assert_int_equal(q.n, NNOTE);
}

static void
test_O7_a_fatal_note_clears_the_queue_of_the_busy(void **state)
{
	Note n;

	(void)state;
	noteqput(&q, "user", NUser, true);
	assert_true(noteqput(&q, "sys: trap", NDebug, true));
	assert_int_equal(q.n, 1);
	noteqput(&q, "user", NUser, true);
	assert_true(noteqput(&q, "kill", NExit, true));
	assert_int_equal(q.n, 1);
	noteqtake(&q, &n);
	assert_string_equal(n.msg, "kill");
	noteqput(&q, "user", NUser, false);
	noteqput(&q, "sys: trap", NDebug, false);
	assert_int_equal(q.n, 2);
}

static void
test_O7_a_long_note_is_cut(void **state)
{
	char s[400];
	Note n;

	(void)state;
	memset(s, 'a', sizeof s);
	s[399] = 0;
	noteqput(&q, s, NUser, false);
	noteqtake(&q, &n);
	assert_int_equal(strlen(n.msg), ERRMAX - 1);
}

/* --- wait records ----------------------------------------------------------------------------------------
 */

static char text[2 * ERRMAX];

static const char *
wait(u32 pid, u32 u, u32 s, u32 r, const char *msg)
{
	Waitq w = {.pid = pid, .time = {u, s, r}};

	strecpy(w.msg, sizeof w.msg, msg);
	assert_int_equal(waittext(&w, text, sizeof text), strlen(text));
	return text;
}

static void
test_O7_wait_text(void **state)
{
	(void)state;
	assert_string_equal(wait(17, 10, 20, 310, ""), "17 10 20 310 ''");
	assert_string_equal(wait(17, 0, 0, 52, "cat 17: no file"), "17 0 0 52 'cat 17: no file'");
	assert_string_equal(wait(1, 2, 3, 4, "short"), "1 2 3 4 short");
	assert_string_equal(wait(1, 2, 3, 4, "it's"), "1 2 3 4 'it''s'");
	assert_string_equal(wait(2147483647, ~0u, ~0u, ~0u, "a\tb"),
			    "2147483647 4294967295 4294967295 4294967295 'a\tb'");
}

static void
test_O7_wait_text_fits(void **state)
{
	char msg[ERRMAX], small[16];
	Waitq w = {.pid = 1};

	(void)state;
	memset(msg, '\'', sizeof msg);
	msg[ERRMAX - 1] = 0;
	wait(1, 2, 3, 4, msg);
	assert_true(strlen(text) < sizeof text);
	assert_int_equal(text[strlen(text) - 1], '\'');
	strecpy(w.msg, sizeof w.msg, "very long words here");
	for (usize n = 1; n <= sizeof small; n++) {
		memset(small, 'x', sizeof small);
		usize len = waittext(&w, small, n);
		assert_true(len < n);
		assert_int_equal(small[len], 0);
		for (usize i = n; i < sizeof small; i++)
			assert_int_equal(small[i], 'x');
	}
}

/* --- priorities ------------------------------------------------------------------------------------------
 */

static void
test_O6_a_share_grows_and_decays(void **state)
{
	u32 c, last;

	(void)state;
	assert_int_equal(cpushare(0, 3000, true), CpuUnit);
	assert_int_equal(cpushare(CpuUnit, 3000, false), 0);
	assert_int_equal(cpushare(CpuUnit, ~0ull, false), 0);
	assert_int_equal(cpushare(CpuUnit, 1000, true), CpuUnit);
	assert_int_equal(cpushare(0, 5, false), 0);
	c = 0;
	for (u32 i = 0; i < 3000; i++) {
		last = c;
		c = cpushare(c, 1, true);
		assert_true(c > last && c <= CpuUnit);
	}
	assert_in_range(c, CpuUnit / 100 * 62, CpuUnit / 100 * 64); /* 1 - 1/e */
	for (u32 i = 0; i < 3000; i++) {
		last = c;
		c = cpushare(c, 1, false);
		assert_true(c < last);
	}
	assert_in_range(c, CpuUnit / 100 * 22, CpuUnit / 100 * 24);
}

static void
test_O6_one_tick_counts(void **state)
{
	(void)state;
	assert_true(cpushare(0, 1, true) > 0);
	assert_true(cpushare(CpuUnit / 100, 1, false) < CpuUnit / 100);
}

static void
test_O6_priority_follows_the_fair_share(void **state)
{
	(void)state;
	assert_int_equal(cpupriority(0, PriNormal, 1, 1), PriNormal);
	assert_int_equal(cpupriority(CpuUnit, PriNormal, 1, 1), 1);
	assert_int_equal(cpupriority(CpuUnit, PriNormal, 10, 1), 0);
	assert_int_equal(cpupriority(CpuUnit / 10, PriNormal, 10, 1), 1);
	assert_int_equal(cpupriority(CpuUnit / 100, PriNormal, 10, 1), PriNormal);
	assert_int_equal(cpupriority(CpuUnit / 5, PriNormal, 1, 1), 5);
	assert_int_equal(cpupriority(CpuUnit, PriKproc, 1, 4), 1);
	assert_int_equal(cpupriority(1, 3, 1, 1), 3);
	for (u32 c = 0; c < CpuUnit; c += 1000)
		assert_true(cpupriority(c + 1000, PriNormal, 3, 1) <= cpupriority(c, PriNormal, 3, 1));
	assert_true(cpupriority(0, Npriq - 1, 1, 1) < Npriq);
}

#define T(f) cmocka_unit_test_setup(f, fresh)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_O7_notes_come_in_order),
	    T(test_O7_a_sixth_note_is_dropped),
	    T(test_O7_a_fatal_note_clears_the_queue_of_the_busy),
	    T(test_O7_a_long_note_is_cut),
	    T(test_O7_wait_text),
	    T(test_O7_wait_text_fits),
	    T(test_O6_a_share_grows_and_decays),
	    T(test_O6_one_tick_counts),
	    T(test_O6_priority_follows_the_fair_share),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
