/*
 * test_pipeq.c: the ring of a pipe: records, wrapping, growing, limits, bad buffers, a model beside it.
 *
 * sources: kernel/pipeq.c kernel/chan.c kernel/path.c kernel/error.c tests/host/filefake.c
 * sources: kernel/lib/format.c kernel/lib/str.c
 */
#include "filefake.h"
#include "pipeq.h"

Dev *const devtab[] = {NULL};

void
mheadclose(Mhead *mh)
{
	(void)mh;
}

static Pipeq q;

static int
fresh(void **state)
{
	(void)state;
	fakeup();
	memset(&q, 0, sizeof q);
	return 0;
}

static int
gone(void **state)
{
	(void)state;
	pqfree(&q);
	fakedown();
	return 0;
}

static void
put(const char *s)
{
	assert_true(pqroom(&q, (u32)strlen(s)));
	assert_int_equal(pqput(&q, ckbuf(s), 0, (u32)strlen(s)), 0);
}

static void
get(u32 n, const char *want)
{
	char d[64];

	assert_false(pqempty(&q));
	assert_int_equal(pqget(&q, kbuf(d), n), strlen(want));
	assert_memory_equal(d, want, strlen(want));
}

static void
test_O7_records_stay_apart(void **state)
{
	(void)state;
	put("one");
	put("three");
	assert_int_equal(pqbytes(&q), 8);
	get(10, "one");
	get(2, "th");
	assert_int_equal(pqbytes(&q), 3);
	get(10, "ree");
	assert_true(pqempty(&q));
}

static void
test_O7_empty_record(void **state)
{
	(void)state;
	put("");
	put("x");
	get(5, "");
	get(5, "x");
	assert_true(pqempty(&q));
}

static void
test_O7_fills_to_its_limit(void **state)
{
	static char big[PQATOMIC];
	u32 n = 0;

	(void)state;
	while (pqroom(&q, PQATOMIC)) {
		assert_int_equal(pqput(&q, ckbuf(big), 0, PQATOMIC), 0);
		n++;
	}
	assert_int_equal(n, PQMAX / (PQATOMIC + PQHDR));
	assert_int_equal(q.size, PQMAX);
	assert_int_equal(pqbytes(&q), n * PQATOMIC);
	while (!pqempty(&q))
		assert_int_equal(pqget(&q, kbuf(big), PQATOMIC), PQATOMIC);
}

static void
test_O7_small_pipes_stay_small(void **state)
{
	(void)state;
	for (int i = 0; i < 10000; i++) {
		put("x");
		get(1, "x");
	}
	assert_int_equal(q.size, PQMIN);
}

static void
test_N6_bad_user_memory_changes_nothing(void **state)
{
	char d[8];

	(void)state;
	put("keep");
	assert_int_equal(pqput(&q, ubuf(touva(BADUSER)), 0, 10), PqBad);
	assert_int_equal(pqbytes(&q), 4);
	assert_int_equal(pqget(&q, ubuf(touva(BADUSER)), 10), PqBad);
	assert_int_equal(pqget(&q, kbuf(d), 8), 4);
	assert_memory_equal(d, "keep", 4);
}

/* Against a plain list of records, with the counters about to wrap. */
static void
test_O7_model(void **state)
{
	enum { MAXREC = 3000, NREC = 512 };
	static u8 rec[NREC][MAXREC], buf[MAXREC];
	u32 len[NREC], head = 0, tail = 0, at = 0;
	u64 seed = 5;

	(void)state;
	q.rd = q.wr = 0xffffff00u;
	for (int round = 0; round < 60000; round++) {
		u32 n = (u32)hostrand(&seed) % (round % 7 ? 100 : MAXREC);
		if ((hostrand(&seed) & 1) && tail - head < NREC && pqroom(&q, n)) {
			u8 *r = rec[tail % NREC];
			for (u32 i = 0; i < n; i++)
				r[i] = (u8)hostrand(&seed);
			len[tail++ % NREC] = n;
			assert_int_equal(pqput(&q, ckbuf(r), 0, n), 0);
		} else if (!pqempty(&q)) {
			u32 want = len[head % NREC] - at;
			u32 ask = n + 1;
			i64 got = pqget(&q, kbuf(buf), ask);
			assert_int_equal(got, want < ask ? want : ask);
			assert_memory_equal(buf, rec[head % NREC] + at, (usize)got);
			at += (u32)got;
			if (at == len[head % NREC]) {
				head++;
				at = 0;
			}
		} else
			assert_int_equal(head, tail);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_O7_records_stay_apart, fresh, gone),
	    cmocka_unit_test_setup_teardown(test_O7_empty_record, fresh, gone),
	    cmocka_unit_test_setup_teardown(test_O7_fills_to_its_limit, fresh, gone),
	    cmocka_unit_test_setup_teardown(test_O7_small_pipes_stay_small, fresh, gone),
	    cmocka_unit_test_setup_teardown(test_N6_bad_user_memory_changes_nothing, fresh, gone),
	    cmocka_unit_test_setup_teardown(test_O7_model, fresh, gone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
