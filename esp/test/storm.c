/*
 * storm.c: 10000 times fork, exec, exit, wait: pages in use are as before (O8). An argument gives another
 * count.
 */
#include "check.h"

static bool
once(void)
{
	char *argv[] = {"/bin/echo", "-n", nil};
	char msg[ERRMAX];
	int pid = fork();

	if (pid == 0) {
		exec(argv[0], argv);
		exits("no exec");
	}
	return pid > 0 && waitpid(msg, sizeof msg) == pid && !*msg;
}

void
main(int argc, char **argv)
{
	i64 want = argc > 1 ? atoi64(argv[1]) : 10000, n, before, after;

	once();
	before = usedpages();
	for (n = 0; n < want && once(); n++)
		;
	after = usedpages();
	check(n == want, "O8_10000_fork_exec_exit", "stopped at %lld: %s", n, lasterr());
	check(before == after, "O8_pages_as_before", "%lld pages before, %lld after", before, after);
	testend();
}
