/*
 * bomb.c: processes until there are no more: the call fails with words, nobody is lost, and everything is as
 * before when they are gone (O7).
 */
#include "check.h"

static void
live(void)
{
	for (;;)
		sleep(1000);
}

void
main(int argc, char **argv)
{
	static int pids[20000];
	char msg[ERRMAX], why[ERRMAX] = "";
	int n, killed = 0;
	char file[64];

	(void)argc, (void)argv;
	for (n = 0; n < (int)nelem(pids); n++) {
		pids[n] = rfork(RFPROC | RFFDG | RFNOTEG);
		if (pids[n] == 0)
			live();
		if (pids[n] < 0) {
			strecpy(why, sizeof why, lasterr());
			break;
		}
	}
	check(n > 10 && *why, "O7_bomb_ends_in_words", "%d processes, '%s'", n, why);
	for (int i = 0; i < n; i++) {
		snformat(file, sizeof file, "/proc/%d/ctl", pids[i]);
		int fd = open(file, OWRITE);
		if (fd >= 0 && write(fd, "kill", 4) == 4)
			killed++;
		close(fd);
	}
	check(killed == n, "O7_all_can_be_killed", "%d of %d", killed, n);
	for (killed = 0; waitpid(msg, sizeof msg) > 0; killed++)
		;
	check(killed > 0 && killed <= n, "O7_all_are_gone", "%d of %d", killed, n);
	int pid = fork();
	if (pid == 0)
		exits(nil);
	check(pid > 0 && waitpid(msg, sizeof msg) == pid, "O7_fork_works_again", "%s", lasterr());
	testend();
}
