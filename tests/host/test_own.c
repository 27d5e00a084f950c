/*
 * test_own.c: ownership as a state machine: every transition, every error, and a model that plays with random
 * owners and borrowers.
 *
 * sources: mm/own.c kernel/lib/format.c kernel/lib/str.c
 * links: -Wl,--wrap=malloc
 */
#include "host.h"
#include "own.h"

static Page page[4];
static bool nomemory;

/* The heap, which can be empty. */
void *__real_malloc(usize n);
void *__wrap_malloc(usize n);

void *
__wrap_malloc(usize n)
{
	return nomemory ? nil : __real_malloc(n);
}

static int
fresh(void **state)
{
	(void)state;
	for (u32 pid = 1; pid < 10; pid++)
		borrow_cleanup(pid);
	borrow_cleanup(OwnerKernel);
	memset(page, 0, sizeof page);
	borrowinit();
	return 0;
}

static void
test_P1_acquire_makes_exclusive_and_release_makes_free(void **state)
{
	(void)state;
	assert_int_equal(borrow_owner(&page[0]).state, BORROW_FREE);
	assert_int_equal(borrow_acquire(1, &page[0]), BORROW_OK);
	assert_int_equal(page[0].state, BORROW_EXCLUSIVE);
	assert_int_equal(borrow_owner(&page[0]).owner, 1);
	assert_int_equal(borrow_release(1, &page[0]), BORROW_OK);
	assert_int_equal(page[0].state, BORROW_FREE);
	assert_int_equal(borrow_owner(&page[0]).owner, OwnerNone);
}

static void
test_P1_readers_share_and_the_last_return_makes_exclusive(void **state)
{
	(void)state;
	assert_int_equal(borrow_acquire(1, &page[0]), BORROW_OK);
	assert_int_equal(borrow_borrow_shared(1, 2, &page[0]), BORROW_OK);
	assert_int_equal(borrow_borrow_shared(1, 3, &page[0]), BORROW_OK);
	assert_int_equal(page[0].state, BORROW_SHARED_OWNED);
	assert_int_equal(borrow_owner(&page[0]).nshared, 2);
	assert_int_equal(borrow_return_shared(2, &page[0]), BORROW_OK);
	assert_int_equal(page[0].state, BORROW_SHARED_OWNED);
	assert_int_equal(borrow_return_shared(3, &page[0]), BORROW_OK);
	assert_int_equal(page[0].state, BORROW_EXCLUSIVE);
}

static void
test_P1_a_writer_is_alone(void **state)
{
	(void)state;
	assert_int_equal(borrow_acquire(1, &page[0]), BORROW_OK);
	assert_int_equal(borrow_borrow_mut(1, 2, &page[0]), BORROW_OK);
	assert_int_equal(page[0].state, BORROW_MUT_LENT);
	assert_int_equal(borrow_owner(&page[0]).writer, 2);
	assert_false(borrow_can_borrow_shared(1, &page[0]));
	assert_false(borrow_can_borrow_mut(1, &page[0]));
	assert_int_equal(borrow_return_mut(2, &page[0]), BORROW_OK);
	assert_int_equal(page[0].state, BORROW_EXCLUSIVE);
	assert_true(borrow_can_borrow_mut(1, &page[0]));
}

static void
test_P1_a_transfer_moves(void **state)
{
	(void)state;
	assert_int_equal(borrow_acquire(OwnerKernel, &page[0]), BORROW_OK);
	assert_int_equal(borrow_transfer(OwnerKernel, 2, &page[0]), BORROW_OK);
	assert_int_equal(borrow_owner(&page[0]).owner, 2);
	assert_int_equal(borrow_release(OwnerKernel, &page[0]), BORROW_ENOTOWNER);
	assert_int_equal(borrow_release(2, &page[0]), BORROW_OK);
}

static void
test_P2_each_error(void **state)
{
	(void)state;
	assert_int_equal(borrow_acquire(OwnerNone, &page[0]), BORROW_EINVAL);
	assert_int_equal(borrow_acquire(1, nil), BORROW_EINVAL);
	assert_int_equal(borrow_transfer(1, OwnerNone, &page[0]), BORROW_EINVAL);
	assert_int_equal(borrow_borrow_shared(1, OwnerNone, &page[0]), BORROW_EINVAL);
	assert_int_equal(borrow_release(1, &page[0]), BORROW_ENOTFOUND);
	assert_int_equal(borrow_transfer(1, 2, &page[0]), BORROW_ENOTFOUND);
	assert_int_equal(borrow_return_mut(1, &page[0]), BORROW_ENOTFOUND);
	assert_int_equal(borrow_acquire(1, &page[0]), BORROW_OK);
	assert_int_equal(borrow_acquire(1, &page[0]), BORROW_EALREADY);
	assert_int_equal(borrow_acquire(2, &page[0]), BORROW_EALREADY);
	assert_int_equal(borrow_release(2, &page[0]), BORROW_ENOTOWNER);
	assert_int_equal(borrow_borrow_mut(2, 3, &page[0]), BORROW_ENOTOWNER);
	assert_int_equal(borrow_return_shared(2, &page[0]), BORROW_ENOTBORROWED);
	assert_int_equal(borrow_borrow_shared(1, 2, &page[0]), BORROW_OK);
	assert_int_equal(borrow_borrow_shared(1, 2, &page[0]), BORROW_EALREADY);
	assert_int_equal(borrow_borrow_mut(1, 3, &page[0]), BORROW_ESHAREDBORROW);
	assert_int_equal(borrow_release(1, &page[0]), BORROW_EBORROWED);
	assert_int_equal(borrow_transfer(1, 3, &page[0]), BORROW_EBORROWED);
	assert_int_equal(borrow_return_shared(2, &page[0]), BORROW_OK);
	assert_int_equal(borrow_borrow_mut(1, 2, &page[0]), BORROW_OK);
	assert_int_equal(borrow_borrow_shared(1, 3, &page[0]), BORROW_EMUTBORROW);
	assert_int_equal(borrow_return_shared(2, &page[0]), BORROW_ENOTBORROWED);
	assert_int_equal(borrow_return_mut(3, &page[0]), BORROW_ENOTBORROWED);
}

static void
test_P2_no_memory_changes_nothing(void **state)
{
	u32 owned, loans;

	(void)state;
	nomemory = true;
	assert_int_equal(borrow_acquire(1, &page[0]), BORROW_ENOMEM);
	nomemory = false;
	assert_int_equal(page[0].state, BORROW_FREE);
	assert_int_equal(borrow_acquire(1, &page[0]), BORROW_OK);
	nomemory = true;
	assert_int_equal(borrow_borrow_mut(1, 2, &page[0]), BORROW_ENOMEM);
	nomemory = false;
	assert_int_equal(page[0].state, BORROW_EXCLUSIVE);
	borrow_count(&owned, &loans);
	assert_int_equal(owned, 1);
	assert_int_equal(loans, 0);
}

static void
test_P2_every_code_has_words(void **state)
{
	(void)state;
	for (int e = 0; e < NBORROW; e++) {
		assert_non_null(borrowtext((enum Borrow)e));
		for (int f = 0; f < e; f++)
			assert_string_not_equal(borrowtext((enum Borrow)e), borrowtext((enum Borrow)f));
	}
	assert_string_equal(borrowtext((enum Borrow)99), "unknown");
}

static void
test_P4_the_end_of_a_process_returns_everything(void **state)
{
	u32 owned, loans;

	(void)state;
	assert_int_equal(borrow_acquire(1, &page[0]), BORROW_OK);
	assert_int_equal(borrow_acquire(2, &page[1]), BORROW_OK);
	assert_int_equal(borrow_borrow_shared(1, 2, &page[0]), BORROW_OK);
	assert_int_equal(borrow_borrow_mut(2, 1, &page[1]), BORROW_OK);
	assert_int_equal(borrow_cleanup(1), 3); /* its loan of page 1, its page 0, and 2's loan of that */
	assert_int_equal(page[0].state, BORROW_FREE);
	assert_int_equal(page[1].state, BORROW_EXCLUSIVE);
	assert_int_equal(borrow_cleanup(1), 0);
	assert_int_equal(borrow_cleanup(OwnerNone), 0);
	borrow_count(&owned, &loans);
	assert_int_equal(owned, 1);
	assert_int_equal(loans, 0);
}

/* The same rules said another way: a matrix of who holds what. */
typedef struct Model Model;
struct Model {
	u32 owner[4], writer[4];
	bool reader[4][6];
};

static u32
readers(const Model *mo, u32 i)
{
	u32 n = 0;
	for (u32 q = 0; q < 6; q++)
		n += mo->reader[i][q];
	return n;
}

static enum Borrow
modelled(Model *mo, u32 op, u32 a, u32 b, u32 i)
{
	bool lent = readers(mo, i) != 0 || mo->writer[i] != 0;

	if (op == 0)
		return mo->owner[i] ? BORROW_EALREADY : (mo->owner[i] = a, BORROW_OK);
	if (mo->owner[i] == 0)
		return BORROW_ENOTFOUND;
	if (op == 5)
		return mo->reader[i][a] ? (mo->reader[i][a] = false, BORROW_OK) : BORROW_ENOTBORROWED;
	if (op == 6)
		return mo->writer[i] == a ? (mo->writer[i] = 0, BORROW_OK) : BORROW_ENOTBORROWED;
	if (mo->owner[i] != a)
		return BORROW_ENOTOWNER;
	if (op == 1)
		return lent ? BORROW_EBORROWED : (mo->owner[i] = 0, BORROW_OK);
	if (op == 2)
		return lent ? BORROW_EBORROWED : (mo->owner[i] = b, BORROW_OK);
	if (mo->writer[i] != 0)
		return BORROW_EMUTBORROW;
	if (op == 3)
		return mo->reader[i][b] ? BORROW_EALREADY : (mo->reader[i][b] = true, BORROW_OK);
	return readers(mo, i) ? BORROW_ESHAREDBORROW : (mo->writer[i] = b, BORROW_OK);
}

static enum Borrow
real(u32 op, u32 a, u32 b, Page *p)
{
	switch (op) {
	case 0:
		return borrow_acquire(a, p);
	case 1:
		return borrow_release(a, p);
	case 2:
		return borrow_transfer(a, b, p);
	case 3:
		return borrow_borrow_shared(a, b, p);
	case 4:
		return borrow_borrow_mut(a, b, p);
	case 5:
		return borrow_return_shared(a, p);
	default:
		return borrow_return_mut(a, p);
	}
}

static void
test_P1_P2_random_play_agrees_with_the_model(void **state)
{
	Model mo = {0};
	u64 seed = 20261120;

	(void)state;
	for (u32 n = 0; n < 50000; n++) {
		u32 op = (u32)(hostrand(&seed) % 7), a = 1 + (u32)(hostrand(&seed) % 5),
		    b = 1 + (u32)(hostrand(&seed) % 5), i = (u32)(hostrand(&seed) % 4);
		assert_int_equal(real(op, a, b, &page[i]), modelled(&mo, op, a, b, i));
		Owner o = borrow_owner(&page[i]);
		assert_int_equal(o.owner, mo.owner[i]);
		assert_int_equal(o.writer, mo.writer[i]);
		assert_int_equal(o.nshared, readers(&mo, i));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_P1_acquire_makes_exclusive_and_release_makes_free, fresh),
	    cmocka_unit_test_setup(test_P1_readers_share_and_the_last_return_makes_exclusive, fresh),
	    cmocka_unit_test_setup(test_P1_a_writer_is_alone, fresh),
	    cmocka_unit_test_setup(test_P1_a_transfer_moves, fresh),
	    cmocka_unit_test_setup(test_P2_each_error, fresh),
	    cmocka_unit_test_setup(test_P2_no_memory_changes_nothing, fresh),
	    cmocka_unit_test_setup(test_P2_every_code_has_words, fresh),
	    cmocka_unit_test_setup(test_P4_the_end_of_a_process_returns_everything, fresh),
	    cmocka_unit_test_setup(test_P1_P2_random_play_agrees_with_the_model, fresh),
	};
	return cmocka_run_group_tests(tests, nil, nil);
}
