/*
 * test_voice.c: the ring log, print over the border between the lives, phases and their crumbs.
 *
 * sources: kernel/log.c kernel/print.c kernel/phase.c kernel/lib/format.c
 *
 * sources: mm/xlat.c mm/ledger.c kernel/lib/kind.c
 */
#include "host.h"
#include "mm.h"
#include "phase.h"

enum { RingBytes = 256 };

static union {
	Log log;
	u8 space[sizeof(Log) + RingBytes];
} ring;
static char uart[1 << 16], crumbs[256];
static usize nuart, ncrumbs;
static bool dying;
Lock kernptlock;

void
uartputs(const char *s, usize n)
{
	memcpy(uart + nuart, s, n);
	nuart += n;
	uart[nuart] = 0;
}

void
screenputs(const char *s, usize n)
{
	(void)s, (void)n;
}

void
crumbputc(int c)
{
	crumbs[ncrumbs++] = (char)c;
}

u64
nanosec(void)
{
	return 12 * 1000000 + 999999;
}

bool
panicking(void)
{
	return dying;
}

static usize
readall(Log *l, u64 *from, char *d, usize n)
{
	usize got = logread(l, from, d, n - 1);

	d[got] = 0;
	return got;
}

static int
fresh(void **state)
{
	(void)state;
	loginit(&ring.log, sizeof ring);
	nuart = ncrumbs = 0;
	uart[0] = 0;
	return 0;
}

static void
test_Q3_ring_keeps_the_newest(void **state)
{
	char line[32], all[RingBytes + 1], want[2 * RingBytes] = "";
	u64 from = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		snformat(line, sizeof line, "line %d\n", i);
		logwrite(&ring.log, line, strlen(line));
	}
	assert_int_equal(readall(&ring.log, &from, all, sizeof all), RingBytes);
	for (int i = 60; i < 100; i++) {
		snformat(line, sizeof line, "line %d\n", i);
		strcat(want, line);
	}
	assert_string_equal(all, want + strlen(want) - RingBytes);
	assert_int_equal(from, ring.log.head);
	assert_int_equal(readall(&ring.log, &from, all, sizeof all), 0);
}

static void
test_Q3_ring_in_pieces_and_more_than_it_holds(void **state)
{
	char big[3 * RingBytes], part[8];
	u64 from = 0, seed = 5;
	usize at = 0;

	(void)state;
	for (usize i = 0; i < sizeof big; i++)
		big[i] = (char)('a' + hostrand(&seed) % 26);
	logwrite(&ring.log, big, sizeof big);
	assert_int_equal(ring.log.head, sizeof big);
	for (usize n; (n = logread(&ring.log, &from, part, sizeof part)) > 0; at += n)
		assert_memory_equal(part, big + sizeof big - RingBytes + at, n);
	assert_int_equal(at, RingBytes);
	from = ~0ull; /* a position that never was: from the oldest on */
	assert_int_equal(logread(&ring.log, &from, part, sizeof part), sizeof part);
	assert_memory_equal(part, big + sizeof big - RingBytes, sizeof part);
}

static void
test_Q3_early_text_reaches_the_ring(void **state)
{
	char all[RingBytes + 1];
	u64 from = 0;

	(void)state;
	printlog(nil);
	print("before %d\n", 1);
	printlog(&ring.log);
	print("after\n");
	readall(&ring.log, &from, all, sizeof all);
	assert_string_equal(all, "before 1\nafter\n");
	assert_string_equal(uart, "before 1\nafter\n");
	printlog(nil);
	print("detached\n");
	printlog(&ring.log);
	readall(&ring.log, &from, all, sizeof all);
	assert_string_equal(all, "detached\n");
}

static void
test_M3_programs_text_is_not_in_the_ring(void **state)
{
	(void)state;
	printlog(&ring.log);
	printbytes("user\n", 5);
	assert_string_equal(uart, "user\n");
	assert_int_equal(ring.log.head, 0);
}

static void
test_B3_long_text_says_that_it_was_cut(void **state)
{
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = 0;
	printlog(&ring.log);
	assert_int_equal(print("%s", text), strlen(uart));
	assert_string_equal(uart + strlen(uart) - 6, "[cut]\n");
}

static void
test_Q1_Q2_words_and_crumbs_are_unique(void **state)
{
	(void)state;
#define P(id, crumb, prefix, text) crumb,
	static const char *const c[] = {PHASES(P)};
#undef P
	for (u32 i = 0; i < NPHASE; i++) {
		assert_int_equal(strlen(c[i]), 2);
		for (u32 j = 0; j < i; j++) {
			assert_string_not_equal(c[i], c[j]);
			assert_string_not_equal(phasetext((Phase)i), phasetext((Phase)j));
		}
	}
}

/* One test, because phases only go forward. */
static void
test_Q1_phases_in_order(void **state)
{
	char want[512];

	(void)state;
	printlog(&ring.log);
	assert_int_equal(phasenow(), NPHASE);
	phase(PhEntry, "pa %#x", 0x1000);
	assert_string_equal(uart, "BOOT: 00 +12ms efi entry pa 0x1000\n");
	assert_memory_equal(crumbs, "E0", 2);
	nuart = 0;
	phase(PhXinit, "%s", "");
	snformat(want, sizeof want, "BOOT: %02u +12ms xinit complete\n", (u32)PhXinit);
	assert_string_equal(uart, want);
	assert_int_equal(ring.log.phase, PhXinit);
	assert_int_equal(phasenow(), PhXinit);
	assert_panics("own tables live at KZERO after xinit complete", phase(PhLive, "%s", ""));
	assert_panics("xinit complete after xinit complete", phase(PhXinit, "%s", ""));
	nuart = 0;
	phase(PhUser, "%s", "");
	assert_true(strncmp(uart, "BOOT[init0]: ", 13) == 0);
}

static void
test_Q4_places_for_a_fault(void **state)
{
	(void)state;
	assert_true(phaseinject("K5"));
	assert_true(phaseinject("X1:stack"));
	assert_false(phaseinject("K5:nonsense"));
	assert_false(phaseinject("zz"));
	assert_false(phaseinject(""));
	assert_false(phaseinject("K5stack"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_Q3_ring_keeps_the_newest, fresh),
	    cmocka_unit_test_setup(test_Q3_ring_in_pieces_and_more_than_it_holds, fresh),
	    cmocka_unit_test_setup(test_Q3_early_text_reaches_the_ring, fresh),
	    cmocka_unit_test_setup(test_M3_programs_text_is_not_in_the_ring, fresh),
	    cmocka_unit_test_setup(test_B3_long_text_says_that_it_was_cut, fresh),
	    cmocka_unit_test_setup(test_Q1_Q2_words_and_crumbs_are_unique, fresh),
	    cmocka_unit_test_setup(test_Q1_phases_in_order, fresh),
	    cmocka_unit_test_setup(test_Q4_places_for_a_fault, fresh),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
