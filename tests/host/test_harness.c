/*
 * test_harness.c: the harness tests itself: a panic is caught with its text, locks are counted, and
 * the pure words of include/ do what their sentences say.
 * sources:
 */
#include "host.h"
#include "mm.h"

static void
test_R1_panic_is_caught_with_its_text(void **state)
{
	(void)state;
	assert_panics("pa=0x1000", panic("kaddr: pa=%#x", 0x1000));
}

static void
test_R1_lock_taken_twice_is_seen(void **state)
{
	Lock l = {0};

	(void)state;
	lock(&l);
	assert_false(canlock(&l));
	assert_panics("taken twice", lock(&l));
	unlock(&l);
	assert_int_equal(hostlocks, 0);
	assert_panics("not locked", unlock(&l));
}

static void
test_A17_rounding_at_the_edges(void **state)
{
	(void)state;
	assert_true(roundup(0, BY2PG) == 0);
	assert_true(roundup(1, BY2PG) == BY2PG);
	assert_true(roundup(BY2PG, BY2PG) == BY2PG);
	assert_true(rounddown(BY2PG - 1, BY2PG) == 0);
	assert_true(rounddown(~0ull, BY2PG) == 0xfffffffffffff000ull);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_R1_panic_is_caught_with_its_text),
	    cmocka_unit_test(test_R1_lock_taken_twice_is_seen),
	    cmocka_unit_test(test_A17_rounding_at_the_edges),
	};
	return cmocka_run_group_tests_name("harness", tests, NULL, NULL);
}
