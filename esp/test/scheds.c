/*
 * scheds.c: the scheduler: shares of the processor, waking up among those who never sleep, wakeups that must
 * not be lost, address spaces that must not be mixed up, rendezvous (O6, I6). Time is counted: see
 * test_user.py.
 */
#include "check.h"

enum { Hogs = 8, Milliseconds = 8000 };

static u64
now(void)
{
	u64 unused;

	return (u64)_nsec(&unused) / 1000000;
}

static i32 *word; /* shared with children made by RFMEM */

static int
thread(void (*f)(int), int arg)
{
	int pid = rfork(RFPROC | RFMEM | RFFDG);

	if (pid == 0) {
		f(arg);
		exits(nil);
	}
	return pid;
}

static void
reap(int n)
{
	char msg[ERRMAX];

	while (n-- > 0)
		waitpid(msg, sizeof msg);
}

/* --- shares -------------------------------------------------------------------------------------------- */

static volatile bool go, over;

static void
hog(int i)
{
	(void)i;
	while (!go)
		sleep(0);
	while (!over)
		;
}

/* Milliseconds that the next child to end has run, by its wait record: ticks, whatever the host is doing. */
static u64
ranfor(void)
{
	char buf[256], *f[5];
	i64 n = await(buf, sizeof buf - 1);

	if (n < 0)
		return 0;
	buf[n] = 0;
	return tokenize(buf, f, nelem(f)) >= 3 ? (u64)(atoi64(f[1]) + atoi64(f[2])) : 0;
}

static void
shares(void)
{
	u64 sum = 0, least = ~0ull, most = 0, t, late = 0;

	go = over = false;
	for (int i = 0; i < Hogs; i++)
		thread(hog, i);
	go = true;
	for (u64 end = now() + Milliseconds; now() < end;) {
		t = now();
		sleep(50);
		t = now() - t;
		if (t > late)
			late = t;
	}
	over = true;
	for (int i = 0; i < Hogs; i++) {
		t = ranfor();
		sum += t;
		if (t < least)
			least = t;
		if (t > most)
			most = t;
	}
	u64 share = sum / Hogs, slack = share / 2;
	check(least + slack >= share && most <= share + slack, "O6_no_hog_starves",
	      "least %llu ms, most %llu of %llu", least, most, sum);
	check(late < 300, "O6_who_sleeps_wakes_in_time", "50 ms took %llu", late);
}

/* --- wakeups ------------------------------------------------------------------------------------------- */

enum { Handoffs = 20000 };

static void
pong(int arg)
{
	(void)arg;
	for (int i = 0; i < Handoffs; i++) {
		semacquire(&word[0], 1);
		semrelease(&word[1], 1);
	}
}

static void
handoffs(void)
{
	int i;

	word[0] = word[1] = 0;
	thread(pong, 0);
	for (i = 0; i < Handoffs; i++) {
		semrelease(&word[0], 1);
		if (tsemacquire(&word[1], 5000) != 1)
			break;
	}
	check(i == Handoffs, "O6_no_wakeup_is_lost", "the %dth", i);
	reap(1);
}

/* --- spaces -------------------------------------------------------------------------------------------- */

static volatile u32 mine;

/* Two processes with the same addresses and other contents, taking turns. */
static bool
turns(u32 id)
{
	mine = id;
	for (u32 i = 0; i < 10000; i++) {
		sleep(0);
		if (mine != id + i)
			return false;
		mine++;
	}
	return true;
}

static void
spaces(void)
{
	char msg[ERRMAX];
	int pid = fork();

	if (pid == 0)
		exits(turns(1000000) ? nil : "saw the other's memory");
	bool good = turns(5000000);
	waitpid(msg, sizeof msg);
	check(good && *msg == 0, "I6_10000_switches_keep_spaces_apart", "%s", msg);
}

/* --- rendezvous ---------------------------------------------------------------------------------------- */

static volatile u64 got;

static void
partner(int tag)
{
	got = rendezvous((u64)tag, 77);
}

static void
rendez(void)
{
	got = 0;
	thread(partner, 42);
	u64 v = rendezvous(42, 99);
	reap(1);
	check(v == 77 && got == 99, "O5_rendezvous_swaps_values", "%llu and %llu", v, got);
}

static void
lonely(int tag)
{
	got = rendezvous((u64)tag, 1);
}

static void
interrupted(void)
{
	char file[64];
	int pid = thread(lonely, 43);

	sleep(20);
	snformat(file, sizeof file, "/proc/%d/note", pid);
	int fd = open(file, OWRITE);
	write(fd, "interrupt", 9);
	close(fd);
	char msg[ERRMAX];
	check(waitpid(msg, sizeof msg) == pid && strstr(msg, "interrupt") != nil,
	      "O5_rendezvous_can_be_interrupted", "'%s'", msg);
}

void
main(int argc, char **argv)
{
	(void)argc, (void)argv;
	word = malloc(2 * sizeof *word);
	shares(); /* first: who has run much wakes late */
	rendez();
	interrupted();
	handoffs();
	spaces();
	testend();
}
