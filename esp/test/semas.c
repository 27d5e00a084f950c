/*
 * semas.c: semaphores and rendezvous between processes that share memory (O7).
 */
#include "check.h"

enum { ROUNDS = 2000 };

static i32 sem, ping, pong, counter;
static volatile int total;

static void
simple(void)
{
	check(semrelease(&sem, 2) == 2 && sem == 2, "O7_semrelease_adds", "%d", sem);
	check(semacquire(&sem, 0) == 1 && semacquire(&sem, 0) == 1, "O7_semacquire_takes", "%d", sem);
	check(semacquire(&sem, 0) == 0 && sem == 0, "O7_semacquire_would_block", "%d", sem);
	check(semrelease(&sem, -1) < 0, "O7_negative_release", "it did not fail");
	check(tsemacquire(&sem, 20) == 0, "O7_tsemacquire_times_out", "%s", lasterr());
	sem = -5;
	check(semacquire(&sem, 0) < 0 && errhas("bad arg"), "O7_negative_value", "%s", lasterr());
	sem = 0;
}

/* Back and forth, each waiting for the other. */
static void
handoff(void)
{
	char msg[ERRMAX];

	if (rfork(RFPROC | RFMEM) == 0) {
		for (int i = 0; i < ROUNDS; i++) {
			semacquire(&ping, 1);
			total++;
			semrelease(&pong, 1);
		}
		exits(nil);
	}
	for (int i = 0; i < ROUNDS; i++) {
		semrelease(&ping, 1);
		semacquire(&pong, 1);
	}
	waitpid(msg, sizeof msg);
	check(total == ROUNDS && ping == 0 && pong == 0, "O6_2000_hand_offs", "%d", total);
}

/* A semaphore as a lock: eight processes, nothing lost. */
static void
mutex(void)
{
	char msg[ERRMAX];
	i32 *lock = &sem;

	*lock = 1;
	counter = 0;
	for (int p = 0; p < 8; p++)
		if (rfork(RFPROC | RFMEM) == 0) {
			for (int i = 0; i < 200; i++) {
				semacquire(lock, 1);
				i32 v = *(volatile i32 *)&counter;
				if (i % 16 == 0)
					sleep(0);
				*(volatile i32 *)&counter = v + 1;
				semrelease(lock, 1);
			}
			exits(nil);
		}
	while (waitpid(msg, sizeof msg) > 0)
		;
	check(counter == 1600, "O6_semaphore_as_lock", "%d", counter);
	*lock = 0;
}

static void
keep(Ureg *u, char *note)
{
	(void)u, (void)note;
	noted(NCONT);
}

static void
interrupted(void)
{
	char file[64];
	int pid = getpid();

	atnotify(keep);
	if (fork() == 0) {
		sleep(30);
		snformat(file, sizeof file, "/proc/%d/note", pid);
		write(open(file, OWRITE), "x", 1);
		exits(nil);
	}
	exits(semacquire(&sem, 1) < 0 && errhas("interrupted") ? nil : lasterr());
}

static void
meet(void)
{
	char msg[ERRMAX];

	if (rfork(RFPROC | RFMEM) == 0)
		exits(rendezvous(77, 1234) == 4321 ? nil : "wrong value");
	u64 v = rendezvous(77, 4321);
	waitpid(msg, sizeof msg);
	check(v == 1234 && !*msg, "O7_rendezvous", "%llu %s", v, msg);
}

void
main(int argc, char **argv)
{
	(void)argc, (void)argv;
	simple();
	handoff();
	mutex();
	checkend("O7_note_breaks_semacquire", interrupted, "");
	meet();
	testend();
}
