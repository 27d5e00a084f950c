/*
 * test_pool.c: pools and the heap: any size, aligned, apart, counted; what writes past its end is caught.
 * sources: tests/host/mmtest.c mm/ledger.c mm/bank.c mm/xalloc.c mm/buddy.c mm/page.c mm/membal.c mm/own.c
 * sources: mm/pool.c mm/malloc.c mm/ptab.c mm/xlat.c arch/host/pte.c arch/host/mem.c
 * sources: kernel/lib/kind.c kernel/lib/format.c kernel/lib/str.c
 */
#include "mmtest.h"
#include "pool.h"

#include <stdio.h>

static void
good(void)
{
	const char *why = poolcheck(mainmem);

	if (why == nil)
		why = poolcheck(imagmem);
	if (why == nil)
		why = poolcheck(secrmem);
	if (why != nil)
		fail_msg("poolcheck: %s", why);
	Poolstat s = poolstat(mainmem);
	assert_int_equal(s.cur, s.nfree + s.nalloc);
	assert_int_equal(hostlocks, 0);
}

static u64
inuse(void)
{
	return poolinuse(mainmem);
}

/* --- malloc and its sisters
 * --------------------------------------------------------------------------------- */

TEST(test_G2_malloc_is_zeroed_and_aligned)
{
	bootedmb(32);
	for (u32 round = 0; round < 2; round++)
		for (u32 n = 0; n < 3000; n += 1 + n / 20) {
			u8 *p = malloc(n);
			assert_non_null(p);
			assert_int_equal((uintptr)p % 16, 0);
			assert_true(zeroed(p, n));
			assert_int_equal(msize(p), n);
			memset(p, 0xff, n);
			if (n % 3 != 0)
				free(p);
		}
	good();
	sound();
}

TEST(test_G2_mallocz_may_leave_it)
{
	bootedmb(32);
	u8 *p = mallocz(1000, true);
	assert_true(zeroed(p, 1000));
	memset(p, 0x5a, 1000);
	free(p);
	u8 *q = mallocz(1000, false);
	assert_ptr_equal(p, q);
	assert_true(filled(q + 16, 900, 0x5a));
	free(q);
	q = mallocz(1000, true);
	assert_ptr_equal(p, q);
	assert_true(zeroed(q, 1000));
}

TEST(test_G2_free_of_nil_and_msize_of_nil)
{
	bootedmb(32);
	free(nil);
	secfree(nil);
	assert_int_equal(msize(nil), 0);
	good();
}

TEST(test_G2_sizes_that_cannot_be)
{
	bootedmb(32);
	assert_null(malloc(~0ull));
	assert_null(malloc(~0ull - 8));
	assert_null(malloc(1ull << 32));
	assert_null(malloc(~0u));
	assert_null(malloc(1u << 31));
	assert_null(mallocz(~0ull - 15, false));
	void *p = malloc(10);
	assert_null(realloc(p, ~0ull));
	assert_null(realloc(p, 1ull << 32));
	assert_null(realloc(p, 1u << 31));
	assert_int_equal(msize(p), 10);
	assert_null(mallocalign(~0ull, 64, 0, 0));
	assert_null(mallocalign(1u << 31, 64, 0, 0));
	good();
	sound();
}

TEST(test_G2_tags)
{
	bootedmb(32);
	u32 *p = malloc(100);
	assert_int_not_equal(p[-2], 0); /* who allocated */
	assert_int_equal(p[-1], 0);
	u32 was = p[-2];
	u32 *q = realloc(p, 5000);
	assert_int_equal(q[-2], was);
	assert_int_not_equal(q[-1], 0); /* who reallocated */
	u32 *r = realloc(nil, 10);
	assert_int_not_equal(r[-2], 0);
	assert_int_not_equal(r[-2], was);
}

TEST(test_G2_realloc_keeps_the_content)
{
	u64 seed = 5;

	bootedmb(64);
	u8 *p = realloc(nil, 1);
	u64 n = 1;
	p[0] = 0;
	for (u32 i = 0; i < 3000; i++) {
		u64 m = 1 + hostrand(&seed) % (i % 10 == 0 ? 100000 : 600), keep = n < m ? n : m;
		u8 *q = realloc(p, m);
		assert_non_null(q);
		assert_int_equal(msize(q), m);
		for (u64 k = 0; k < keep; k++)
			assert_int_equal(q[k], (u8)(k * 7));
		for (u64 k = 0; k < m; k++)
			q[k] = (u8)(k * 7);
		p = q;
		n = m;
		if (i % 100 == 0)
			good();
	}
	assert_null(realloc(p, 0));
	good();
	sound();
}

TEST(test_G2_realloc_in_place_where_it_fits)
{
	bootedmb(32);
	u8 *p = malloc(100);
	assert_ptr_equal(realloc(p, 101), p);
	assert_int_equal(msize(p), 101);
	assert_ptr_equal(realloc(p, 99), p);
	u64 was = inuse();
	p = realloc(p, 60000);
	assert_true(inuse() >= was + 59000);
	p = realloc(p, 100); /* a large block does not hide behind a small size */
	assert_int_equal(inuse(), was);
	free(p);
	good();
}

TEST(test_G2_realloc_that_fails_leaves_the_block)
{
	bootedmb(8);
	u8 *p = malloc(100);
	memset(p, 7, 100);
	u64 was = inuse();
	assert_null(realloc(p, 100 * MiB));
	assert_int_equal(inuse(), was);
	assert_true(filled(p, 100, 7));
	free(p);
	good();
}

TEST(test_G2_mallocalign)
{
	bootedmb(64);
	for (u64 align = 8; align <= 64 * KiB; align *= 2)
		for (i64 off = 0; off < (i64)align && off <= 64; off += 8)
			for (u32 n = 1; n < 3000; n = n * 5 + 3) {
				u8 *p = mallocalign(n, align, off, 0);
				assert_non_null(p);
				assert_int_equal(((u64)(uintptr)p - (u64)off) % align, 0);
				assert_true(zeroed(p, n));
				assert_int_equal(msize(p), n);
				memset(p, 0xff, n);
				if (n % 2)
					free(p);
			}
	good();
	sound();
}

TEST(test_G2_mallocalign_span)
{
	bootedmb(64);
	for (u64 span = 64; span <= 64 * KiB; span *= 4)
		for (u64 n = 1; n <= span; n = n * 2 + 1)
			for (u32 i = 0; i < 5; i++) {
				u64 at = (u64)(uintptr)mallocalign(n, 0, 0, span);
				assert_int_not_equal(at, 0);
				assert_int_equal(rounddown(at, span), rounddown(at + n - 1, span));
				at = (u64)(uintptr)mallocalign(n, 16, 0, span);
				assert_int_equal(at % 16, 0);
				assert_int_equal(rounddown(at, span), rounddown(at + n - 1, span));
			}
	good();
}

TEST(test_G2_mallocalign_refusals)
{
	bootedmb(32);
	assert_null(mallocalign(10, 24, 0, 0));
	assert_null(mallocalign(10, 16, 4, 0));
	assert_null(mallocalign(10, 16, 0, 48));
	assert_null(mallocalign(200, 16, 0, 128));
	assert_null(mallocalign(120, 64, 48, 64)); /* cannot lie at 48 and inside one */
	assert_null(mallocalign(10, 1ull << 40, 0, 0));
	good();
}

TEST(test_G2_random_against_a_model)
{
	enum { N = 400 };
	static struct {
		u8 *p;
		u32 n;
		u8 mark;
	} m[N];
	u64 seed = 99;

	bootedmb(64);
	free(malloc(10));
	u64 was = inuse();
	for (u32 step = 0; step < 60000; step++) {
		u32 i = hostrand(&seed) % N, kind = hostrand(&seed) % 8;
		if (m[i].p != nil) {
			assert_true(filled(m[i].p, m[i].n, m[i].mark));
			if (kind == 0) {
				u32 n = hostrand(&seed) % 3000;
				u8 *q = realloc(m[i].p, n + 1);
				assert_true(filled(q, n < m[i].n ? n : m[i].n, m[i].mark));
				m[i].p = q;
				m[i].n = n + 1;
				memset(q, m[i].mark, n + 1);
				continue;
			}
			free(m[i].p);
			m[i].p = nil;
			continue;
		}
		m[i].n = (u32)(hostrand(&seed) % (kind == 7 ? 40000 : 400));
		m[i].mark = (u8)(step | 1);
		m[i].p = kind == 1 ? mallocalign(m[i].n, 64, 0, 0) : malloc(m[i].n);
		if (m[i].p == nil)
			fail_msg("no memory for %u", m[i].n);
		memset(m[i].p, m[i].mark, m[i].n);
		if (step % 2000 == 0) {
			good();
			sound();
		}
	}
	for (u32 i = 0; i < N; i++)
		free(m[i].p);
	good();
	assert_int_equal(inuse(), was);
	sound();
}

/* --- what is caught
 * ---------------------------------------------------------------------------------------------- */

static u8 *
victim(u32 n)
{
	bootedmb(32);
	return malloc(n);
}

/* After a panic under the pool's lock the test's process ends. */
#define CAUGHT(text, ...)                                                                                    \
	do {                                                                                                 \
		assert_panics(text, __VA_ARGS__);                                                            \
		hostlocks = 0;                                                                               \
	} while (0)

TEST(test_G2_double_free_small)
{
	u8 *p = victim(100);
	free(p);
	CAUGHT("pool Main block", free(p));
	assert_non_null(strstr(hostpanictext, "freed twice"));
}
TEST(test_G2_double_free_large)
{
	u8 *p = victim(10000);
	free(p);
	CAUGHT("freed twice", free(p));
}
TEST(test_G2_double_free_after_joining)
{
	u8 *p = victim(10000), *q = malloc(10000), *r = malloc(10000);
	free(q);
	free(p); /* q lies inside it now */
	CAUGHT("pool Main block", free(q));
	(void)r;
}
TEST(test_G2_free_of_what_is_no_block)
{
	u8 *p = victim(100);
	CAUGHT("not a block in use", free(p + 32));
}
TEST(test_G2_free_of_an_odd_address)
{
	u8 *p = victim(100);
	CAUGHT("is no block", free(p + 4));
}
TEST(test_G2_free_into_another_pool)
{
	u8 *p = victim(100);
	(void)p;
	u8 *s = secalloc(100);
	secfree(s);
	CAUGHT("pool Secrets block", secfree(s));
}
TEST(test_G2_overflow_by_one_byte)
{
	u8 *p = victim(100);
	p[100] ^= 1;
	CAUGHT("slack overwritten", free(p));
}
TEST(test_G2_overflow_at_the_end_of_the_slack)
{
	u8 *p = victim(101);
	u32 n = 101;
	while (p[n] != 0xbe || p[n + 3] != 0xef)
		n++;
	p[n - 1] ^= 0x80;
	CAUGHT("slack overwritten", free(p));
}
TEST(test_G2_overflow_into_the_tail)
{
	u8 *p = victim(104);
	u32 n = 104;
	while (p[n] != 0xbe)
		n++;
	p[n] = 0;
	CAUGHT("tail overwritten", free(p));
}
TEST(test_G2_overflow_into_the_tails_size)
{
	u8 *p = victim(104);
	u32 n = 104;
	while (p[n] != 0xbe)
		n++;
	p[n + 4] ^= 0x20;
	CAUGHT("tail overwritten", free(p));
}
TEST(test_G2_tail_says_more_slack_than_there_is)
{
	u8 *p = victim(104);
	u32 n = 104;
	while (p[n] != 0xbe)
		n++;
	p[n + 1] = 0x7f;
	CAUGHT("tail overwritten", free(p));
}
TEST(test_G2_underflow_into_the_header)
{
	u32 *p = (u32 *)victim(104);
	p[-3] = 17; /* tags, then size */
	CAUGHT("bad size in header", free(p));
}
TEST(test_G2_underflow_into_the_magic)
{
	u32 *p = (u32 *)victim(104);
	p[-4] = 0;
	CAUGHT("not a block in use", free(p));
}
TEST(test_G2_write_after_free_to_a_parked_block)
{
	u32 *p = (u32 *)victim(104);
	free(p);
	p[-4] = 0;
	CAUGHT("parked block overwritten", (void)!malloc(104));
}
TEST(test_G2_msize_and_realloc_check_too)
{
	u8 *p = victim(100);
	p[100] ^= 1;
	CAUGHT("slack overwritten", msize(p));
}
TEST(test_poolcheck_sees_what_is_torn)
{
	u8 *p = victim(100);
	p[100] ^= 1;
	assert_string_equal(poolcheck(mainmem), "slack overwritten");
	p[100] ^= 1;
	assert_null(poolcheck(mainmem));
	((u32 *)p)[-3] += 32;
	assert_non_null(poolcheck(mainmem));
	((u32 *)p)[-3] -= 32;
	((u32 *)p)[-4] ^= 1;
	assert_string_equal(poolcheck(mainmem), "bad magic");
	((u32 *)p)[-4] ^= 1;
	mainmem->nfree++;
	assert_string_equal(poolcheck(mainmem), "counts are wrong");
}

/* --- pools
 * ------------------------------------------------------------------------------------------------------------
 */

TEST(test_G1_what_the_pools_are)
{
	Pool *p[] = {mainmem, imagmem, secrmem};
	const char *name[] = {"Main", "Image", "Secrets"};
	u64 max[] = {4 * MiB, 16 * MiB, 16 * MiB}, arena[] = {128 * KiB, 2 * MiB, 64 * KiB};

	for (u32 i = 0; i < 3; i++) {
		Poolstat s = poolstat(p[i]);
		assert_string_equal(s.name, name[i]);
		assert_int_equal(s.max, max[i]);
		assert_int_equal(p[i]->minarena, arena[i]);
		assert_int_equal(s.cur + s.nfree + s.nalloc, 0);
	}
}

TEST(test_G1_grows_by_arenas_and_merges_them)
{
	bootedmb(64);
	free(malloc(10));
	assert_int_equal(poolstat(mainmem).cur, 128 * KiB);
	void *p[8];
	for (u32 i = 0; i < 8; i++)
		assert_non_null(p[i] = malloc(60 * KiB));
	assert_true(poolstat(mainmem).cur >= 512 * KiB);
	for (u32 i = 0; i < 8; i++)
		free(p[i]);
	good();
	/* neighbours in xalloc's hands are one arena: a block larger than any of them fits without growth */
	u64 cur = poolstat(mainmem).cur;
	assert_non_null(p[0] = malloc(400 * KiB));
	assert_int_equal(poolstat(mainmem).cur, cur);
	free(p[0]);
	good();
	sound();
}

TEST(test_G1_the_limit_is_respected)
{
	u64 n = 0;

	bootedmb(64);
	poollimit(mainmem, 1 * MiB);
	while (malloc(10000) != nil)
		n++;
	assert_true(n > 90 && poolstat(mainmem).cur <= MiB);
	good();
	poollimit(mainmem, 2 * MiB);
	while (malloc(10000) != nil)
		n++;
	assert_true(n > 180 && poolstat(mainmem).cur <= 2 * MiB);
	good();
	sound();
}

TEST(test_G1_parked_blocks_are_joined_when_memory_runs_out)
{
	enum { N = 400 };
	static void *p[N];

	bootedmb(64);
	poollimit(mainmem, 128 * KiB);
	u32 n = 0;
	while (n < N && (p[n] = malloc(200)) != nil)
		n++;
	for (u32 i = 0; i < n; i++)
		free(p[i]);
	assert_true(mainmem->parked[0].bytes > 0);
	assert_non_null(malloc(100 * KiB));
	assert_int_equal(mainmem->parked[0].bytes, 0);
	good();
}

TEST(test_G1_a_rest_of_one_quantum_is_not_lost)
{
	bootedmb(32);
	void *p = malloc(2000), *wall = malloc(2000);
	u64 was = inuse();
	free(p);
	assert_int_equal(was - inuse(), 2048);
	assert_ptr_equal(malloc(1992), p);
	assert_int_equal(was - inuse(), 32);
	free(wall);
	good();
}

TEST(test_G1_parked_bytes_are_bounded)
{
	static void *p[2000];

	bootedmb(64);
	for (u32 i = 0; i < 2000; i++)
		p[i] = malloc(500);
	for (u32 i = 0; i < 2000; i++) {
		free(p[i]);
		assert_true(mainmem->parked[0].bytes <= PoolParked);
	}
	good();
}

TEST(test_G1_secrets_are_wiped)
{
	bootedmb(32);
	for (u32 n = 10; n < 5000; n *= 7) {
		u8 *p = secalloc(n);
		assert_true(zeroed(p, n));
		memset(p, 0x77, n);
		secfree(p);
		/* what the free lists wrote aside, nothing of it is left */
		for (u32 i = 0; i < n; i++)
			assert_int_not_equal(p[i], 0x77);
	}
	good();
	assert_int_equal(poolstat(secrmem).cur, 64 * KiB);
}

TEST(test_G3_summary_is_golden)
{
	char want[400];

	bootedmb(32);
	free(malloc(100));
	hostclear();
	poolsummary();
	Poolstat m = poolstat(mainmem);
	assert_int_equal(m.cur - m.nfree, m.nalloc);
	snprintf(
	    want, sizeof want,
	    "pool: Main max %llu cur %llu free %llu alloc %llu\npool: Image max %llu cur 0 free 0 alloc 0\n"
	    "pool: Secrets max 16777216 cur 0 free 0 alloc 0\n",
	    m.max, m.cur, m.nfree, m.nalloc, poolstat(imagmem).max);
	assert_string_equal(hostlog, want);
}

/* --- waiting
 * ------------------------------------------------------------------------------------------------------------
 */

static void *hoard[4096];
static u32 nhoard;

static void
release(void)
{
	if (waits < 3) /* not at once */
		return;
	for (u32 i = 0; i < 40 && nhoard > 0; i++)
		free(hoard[--nhoard]);
}

TEST(test_G4_smalloc_waits_and_succeeds)
{
	bootedmb(32);
	poollimit(mainmem, MiB);
	while ((hoard[nhoard] = malloc(1000)) != nil)
		nhoard++;
	onwait = release;
	u8 *p = smalloc(1000);
	assert_non_null(p);
	assert_true(zeroed(p, 1000));
	assert_int_equal(waits, 3);
	good();
}

static void
raise(void)
{
	poollimit(secrmem, MiB);
}

TEST(test_G4_secalloc_waits_and_succeeds)
{
	bootedmb(32);
	poollimit(secrmem, 0);
	onwait = raise;
	assert_non_null(secalloc(100));
	assert_int_equal(waits, 1);
}

TEST(test_G5_self_test)
{
	bootedmb(32);
	u64 was = inuse();
	assert_true(malloc_test());
	assert_true(hostsaid("pool: Heap after allocations: 200 blocks consumed "));
	assert_true(hostsaid(": ok\n"));
	assert_true(malloc_test());
	assert_int_equal(inuse(), was);
	good();
	sound();
}

/* --- each growth failing in turn
 * ---------------------------------------------------------------------------------------- */

/* On machines from hardly enough on: nothing panics, nothing is lost, nil is the answer. */
static u32 smallpages;

static void
smallmachine(void)
{
	Span s = {4 * MiB, smallpages * BY2PG, KFree};
	static void *p[3000];
	u32 n = 0, before = 0;

	booted(&s, 1);
	for (; n < nelem(p); n++) {
		p[n] = n % 5 == 0   ? xalloc(n % 3000)
		       : n % 5 == 1 ? mallocalign(n, 128, 0, 0)
				    : malloc(n * 3 % 5000);
		if (p[n] == nil && ++before > 20)
			break;
	}
	good();
	sound();
	for (u32 i = 0; i < n; i++)
		if (p[i] == nil)
			continue;
		else if (i % 5 == 0)
			xfree(p[i]);
		else
			free(p[i]);
	good();
	sound();
	while (kpage(PgCustom, true) != nil)
		continue;
	sound();
}

TEST(test_growth_fails_at_every_size)
{
	for (smallpages = 262; smallpages < 1400; smallpages += 37)
		forked(smallmachine);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_G2_malloc_is_zeroed_and_aligned),
	    cmocka_unit_test(test_G2_mallocz_may_leave_it),
	    cmocka_unit_test(test_G2_free_of_nil_and_msize_of_nil),
	    cmocka_unit_test(test_G2_sizes_that_cannot_be),
	    cmocka_unit_test(test_G2_tags),
	    cmocka_unit_test(test_G2_realloc_keeps_the_content),
	    cmocka_unit_test(test_G2_realloc_in_place_where_it_fits),
	    cmocka_unit_test(test_G2_realloc_that_fails_leaves_the_block),
	    cmocka_unit_test(test_G2_mallocalign),
	    cmocka_unit_test(test_G2_mallocalign_span),
	    cmocka_unit_test(test_G2_mallocalign_refusals),
	    cmocka_unit_test(test_G2_random_against_a_model),
	    cmocka_unit_test(test_G2_double_free_small),
	    cmocka_unit_test(test_G2_double_free_large),
	    cmocka_unit_test(test_G2_double_free_after_joining),
	    cmocka_unit_test(test_G2_free_of_what_is_no_block),
	    cmocka_unit_test(test_G2_free_of_an_odd_address),
	    cmocka_unit_test(test_G2_free_into_another_pool),
	    cmocka_unit_test(test_G2_overflow_by_one_byte),
	    cmocka_unit_test(test_G2_overflow_at_the_end_of_the_slack),
	    cmocka_unit_test(test_G2_overflow_into_the_tail),
	    cmocka_unit_test(test_G2_overflow_into_the_tails_size),
	    cmocka_unit_test(test_G2_tail_says_more_slack_than_there_is),
	    cmocka_unit_test(test_G2_underflow_into_the_header),
	    cmocka_unit_test(test_G2_underflow_into_the_magic),
	    cmocka_unit_test(test_G2_write_after_free_to_a_parked_block),
	    cmocka_unit_test(test_G2_msize_and_realloc_check_too),
	    cmocka_unit_test(test_poolcheck_sees_what_is_torn),
	    cmocka_unit_test(test_G1_what_the_pools_are),
	    cmocka_unit_test(test_G1_grows_by_arenas_and_merges_them),
	    cmocka_unit_test(test_G1_the_limit_is_respected),
	    cmocka_unit_test(test_G1_parked_blocks_are_joined_when_memory_runs_out),
	    cmocka_unit_test(test_G1_a_rest_of_one_quantum_is_not_lost),
	    cmocka_unit_test(test_G1_parked_bytes_are_bounded),
	    cmocka_unit_test(test_G1_secrets_are_wiped),
	    cmocka_unit_test(test_G3_summary_is_golden),
	    cmocka_unit_test(test_G4_smalloc_waits_and_succeeds),
	    cmocka_unit_test(test_G4_secalloc_waits_and_succeeds),
	    cmocka_unit_test(test_G5_self_test),
	    cmocka_unit_test(test_growth_fails_at_every_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
