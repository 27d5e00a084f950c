/*
 * forks.c: rfork, exits, await: records, flags, many children (O5, O7, O8).
 */
#include "check.h"

static int shared = 1;

static void
status(void)
{
	exits("seven");
}

static void
longstatus(void)
{
	static char s[400];

	memset(s, 'x', sizeof s - 1);
	exits(s);
}

static void
badstatus(void)
{
	exits((char *)0xffffffff80000000ull);
}

static void
records(void)
{
	char buf[512], msg[ERRMAX];
	int pid;

	check(await(buf, sizeof buf) < 0 && errhas("no living children"), "O5_await_without_children", "%s",
	      lasterr());
	pid = fork();
	if (pid == 0)
		exits(nil);
	i64 n = await(buf, sizeof buf - 1);
	buf[n > 0 ? n : 0] = 0;
	check(n > 0 && atoi64(buf) == pid && strstr(buf, " ''"), "O5_await_record_of_success", "'%s'", buf);
	checkend("O5_exit_status_reaches_the_parent", status, ": seven");
	inchild(longstatus, msg, sizeof msg);
	check(strlen(msg) == ERRMAX - 1 || strlen(msg) > 100, "O5_long_status_is_cut", "%zu bytes",
	      strlen(msg));
	checkend("O5_unreadable_status", badstatus, "invalid exit string");
}

static void
threads(void)
{
	char msg[ERRMAX];
	volatile int *p = &shared;
	int local = 1, pid;

	pid = rfork(RFPROC | RFMEM);
	if (pid == 0) {
		*p = 42;
		*(volatile int *)&local = 9;
		exits(nil);
	}
	waitpid(msg, sizeof msg);
	check(*p == 42, "O5_rfmem_shares_data", "%d", *p);
	check(*(volatile int *)&local == 1, "O5_rfmem_keeps_stacks_apart", "%d", local);
}

static void
flags(void)
{
	char msg[ERRMAX];

	check(rfork(RFFDG | RFCFDG) < 0 && errhas("bad arg"), "O5_rfork_copy_and_clean", "%s", lasterr());
	check(rfork(RFMEM) < 0, "O5_rfmem_needs_rfproc", "it did not fail");
	if (rfork(RFPROC | RFNOWAIT) == 0)
		exits("nobody reads this");
	check(waitpid(msg, sizeof msg) < 0, "O5_rfnowait_leaves_no_record", "%s", msg);
	check(getpid() > 1, "O5_pid_in_tos", "%d", getpid());
	int pid = fork();
	if (pid == 0)
		exits(getpid() > 1 && (int)_tos->pid != 0 ? nil : "no pid");
	check(waitpid(msg, sizeof msg) == pid && !*msg, "O5_child_has_its_own_pid", "%s", msg);
}

/* Reparenting: a grandchild outlives its parent. */
static void
orphan(void)
{
	if (fork() == 0) {
		sleep(50);
		exits("orphan");
	}
}

static void
many(void)
{
	char msg[ERRMAX];
	int n;

	for (n = 0; n < 300; n++) {
		int pid = fork();
		if (pid == 0)
			exits(nil);
		if (pid < 0 || waitpid(msg, sizeof msg) != pid || *msg)
			break;
	}
	check(n == 300, "O5_300_forks", "stopped at %d: %s", n, lasterr());
}

/* Children all alive at once, none lost. */
static void
crowd(void)
{
	char msg[ERRMAX];
	int n, seen = 0;

	for (n = 0; n < 60; n++) {
		int pid = fork();
		if (pid == 0) {
			sleep(20);
			exits(nil);
		}
		if (pid < 0)
			break;
	}
	while (waitpid(msg, sizeof msg) > 0)
		seen++;
	check(seen == n && n == 60, "O5_60_at_once", "%d of %d", seen, n);
}

void
main(int argc, char **argv)
{
	(void)argc, (void)argv;
	records();
	threads();
	flags();
	checkend("O5_orphans_are_nobodys", orphan, "");
	sleep(100);
	many();
	crowd();
	testend();
}
