/*
 * clocks.c: short sleeps end when they should, by the kernel's own clock (L5).
 */
#include "check.h"

enum { Rounds = 15, Million = 1000000 };

/* How late a sleep of ms is, in ns: the least of some rounds, for the host may be busy; -1: too early. */
static i64
late(int ms)
{
	i64 least = Million * 1000;

	for (int i = 0; i < Rounds; i++) {
		i64 t = _nsec(nil);
		sleep(ms);
		t = _nsec(nil) - t - (i64)ms * Million;
		if (t < 0)
			return -1;
		if (t < least)
			least = t;
	}
	return least;
}

void
main(int argc, char **argv)
{
	static const int ms[] = {1, 2, 3, 7, 10, 15, 33};
	i64 worst = 0, last = 0, t;
	bool backward = false;

	(void)argc, (void)argv;
	for (u32 i = 0; i < sizeof ms / sizeof ms[0]; i++) {
		t = late(ms[i]);
		if (t < 0 || t > worst)
			worst = t;
		if (t < 0)
			break;
	}
	check(worst >= 0 && worst < Million, "L5_short_sleeps_are_exact_to_a_millisecond", "%lld ns off",
	      worst);
	for (int i = 0; i < 20000; i++) {
		t = _nsec(nil);
		backward |= t < last;
		last = t;
	}
	check(!backward, "L5_time_never_runs_backward", "it did");
	testend();
}
