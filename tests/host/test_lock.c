/*
 * test_lock.c: locks, counts, and locks whose waiters sleep, on one pretended processor: sched() is a script
 * that plays the others until the sleeper is made ready.
 *
 * sources: kernel/lock.c
 */
#include "host.h"
#include "dat.h"

static Proc a, b, c;
static Proc *readied[8];
static u32 nready, nsched;
static void (*script)(void); /* what the others do while someone sleeps */

bool
panicking(void)
{
	return false;
}

void
ready(Proc *p)
{
	readied[nready++] = p;
	p->state = Ready;
}

static void
become(Proc *p)
{
	hostmach.proc = p;
}

void
sched(void)
{
	Proc *self = up;

	assert_int_equal(self->nlocks, 0);
	nsched++;
	script();
	become(self);
}

static int
setup(void **state)
{
	(void)state;
	memset(&a, 0, sizeof a);
	memset(&b, 0, sizeof b);
	memset(&c, 0, sizeof c);
	a.pid = 1, b.pid = 2, c.pid = 3;
	nready = nsched = 0;
	script = nil;
	lockowners();
	become(&a);
	return 0;
}

/* --- spin locks, counts ------------------------------------------------------------------------------- */

static void
test_Q8_a_lock_counts_for_who_holds_it(void **state)
{
	Lock l = {0};

	(void)state;
	lock(&l);
	assert_int_equal(a.nlocks, 1);
	assert_ptr_equal(l.p, &a);
	assert_true(l.pc != 0);
	assert_false(canlock(&l));
	assert_int_equal(a.nlocks, 1);
	unlock(&l);
	assert_int_equal(a.nlocks, 0);
	assert_true(canlock(&l));
	assert_int_equal(a.nlocks, 1);
	unlock(&l);
	ilock(&l);
	assert_int_equal(a.nlocks, 1);
	iunlock(&l);
	assert_int_equal(a.nlocks, 0);
}

static void
test_Q8_unlock_of_a_free_lock_is_a_panic(void **state)
{
	Lock l = {0};

	(void)state;
	assert_panics("not locked", unlock(&l));
	assert_panics("not locked", iunlock(&l));
}

static void
test_Q8_without_a_process_nobody_is_counted(void **state)
{
	Lock l = {0};

	(void)state;
	become(nil);
	lock(&l);
	assert_null(l.p);
	become(&a);
	unlock(&l);
	assert_int_equal(a.nlocks, 0);
}

static void
test_Q8_a_lock_held_for_ever_names_its_holder(void **state)
{
	Lock l = {0};

	(void)state;
	lock(&l);
	hostclear();
	assert_panics("lock loop", lock(&l));
	assert_true(hostsaid("loop key 0x1 pc"));
	assert_true(hostsaid("held by pc"));
	assert_true(hostsaid("proc 1\n"));
}

static void
test_O7_counts_do_not_wrap(void **state)
{
	Ref r = {1};

	(void)state;
	assert_int_equal(incref(&r), 2);
	assert_int_equal(decref(&r), 1);
	assert_int_equal(decref(&r), 0);
	assert_panics("below zero", decref(&r));
	r.ref = ~0u;
	assert_panics("overflow", incref(&r));
}

/* --- QLock ---------------------------------------------------------------------------------------------- */

static QLock q;

static void
agives(void)
{
	become(&a);
	qunlock(&q);
}

static void
test_O6_qlock_is_handed_to_who_waits(void **state)
{
	(void)state;
	memset(&q, 0, sizeof q);
	qlock(&q);
	assert_ptr_equal(q.owner, &a);
	assert_false(canqlock(&q));
	script = agives;
	become(&b);
	qlock(&q);
	assert_int_equal(nsched, 1);
	assert_int_equal(nready, 1);
	assert_ptr_equal(readied[0], &b);
	assert_ptr_equal(q.owner, &b);
	assert_false(canqlock(&q));
	qunlock(&q);
	assert_true(canqlock(&q));
	qunlock(&q);
	assert_int_equal(a.nlocks + b.nlocks, 0);
}

static void
bwaitsthenagives(void)
{
	script = agives; /* b's own wait */
	become(&c);
	qlock(&q);
	/* c came second: b must have had it first */
	assert_ptr_equal(readied[0], &b);
}

static void
test_O6_qlock_first_come_first_served(void **state)
{
	(void)state;
	memset(&q, 0, sizeof q);
	become(&a);
	qlock(&q);
	script = bwaitsthenagives;
	become(&b);
	qlock(&q);
	assert_ptr_equal(q.owner, &b);
	assert_ptr_equal(q.head, &c);
	qunlock(&q);
	assert_ptr_equal(readied[1], &c);
	assert_ptr_equal(q.owner, &c);
	become(&c);
	qunlock(&q);
	assert_true(canqlock(&q));
}

static void
test_O6_qlock_twice_by_one_is_a_panic(void **state)
{
	(void)state;
	memset(&q, 0, sizeof q);
	qlock(&q);
	assert_panics("already ours", qlock(&q));
	memset(&q, 0, sizeof q);
	assert_panics("not locked", qunlock(&q));
	q.locked = 1;
	become(nil);
	assert_panics("no process to wait", qlock(&q));
}

static void
notecomes(void)
{
	b.interrupted = true;
	eqlockabort(&b);
}

static void
test_O7_eqlock_is_given_up_for_a_note(void **state)
{
	(void)state;
	memset(&q, 0, sizeof q);
	qlock(&q);
	script = notecomes;
	become(&b);
	assert_false(eqlock(&q));
	assert_false(b.interrupted);
	assert_ptr_equal(q.owner, &a);
	assert_null(q.head);
	b.interrupted = true;
	assert_false(eqlock(&q));
	assert_int_equal(nsched, 1);
	script = agives;
	assert_true(eqlock(&q));
	assert_ptr_equal(q.owner, &b);
	eqlockabort(&b);
	assert_ptr_equal(q.owner, &b);
	qunlock(&q);
}

/* --- RWlock --------------------------------------------------------------------------------------------- */

static RWlock w;

static void
areads(void)
{
	become(&a);
	runlock(&w);
}

static void
test_O6_a_writer_waits_for_readers(void **state)
{
	(void)state;
	memset(&w, 0, sizeof w);
	rlock(&w);
	rlock(&w);
	runlock(&w);
	script = areads;
	become(&b);
	wlock(&w);
	assert_int_equal(nsched, 1);
	assert_true(w.writer);
	assert_ptr_equal(w.wproc, &b);
	wunlock(&w);
	assert_false(w.writer);
}

static void
bwrites(void)
{
	become(&b);
	wunlock(&w);
}

static void
test_O6_readers_behind_a_writer_wait(void **state)
{
	(void)state;
	memset(&w, 0, sizeof w);
	become(&b);
	wlock(&w);
	script = bwrites;
	become(&a);
	rlock(&w);
	assert_int_equal(nsched, 1);
	assert_int_equal(w.readers, 1);
	rlock(&w);
	assert_int_equal(w.readers, 2);
	runlock(&w);
	runlock(&w);
	assert_panics("no readers", runlock(&w));
	memset(&w, 0, sizeof w);
	assert_panics("no writer", wunlock(&w));
}

#define T(f) cmocka_unit_test_setup(f, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_Q8_a_lock_counts_for_who_holds_it),
	    T(test_Q8_unlock_of_a_free_lock_is_a_panic),
	    T(test_Q8_without_a_process_nobody_is_counted),
	    T(test_Q8_a_lock_held_for_ever_names_its_holder),
	    T(test_O7_counts_do_not_wrap),
	    T(test_O6_qlock_is_handed_to_who_waits),
	    T(test_O6_qlock_first_come_first_served),
	    T(test_O6_qlock_twice_by_one_is_a_panic),
	    T(test_O7_eqlock_is_given_up_for_a_note),
	    T(test_O6_a_writer_waits_for_readers),
	    T(test_O6_readers_behind_a_writer_wait),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
