/*
 * init.c: the first program out of the initrd: says that user mode is reached, runs the script
 * /boot/boot.rc if there is one, then keeps a shell on the console for ever. It never exits: the kernel
 * takes that for the end of the world.
 */
#include "user.h"

static bool
exists(const char *name)
{
	Dir d;

	return dirstat(name, &d) == 0;
}

/* Run a shell in a note group of its own, so that ^C does not mean init; wait for its end. */
static bool
runshell(char **argv, char *msg, usize n)
{
	int pid = fork(), got;

	if (pid == 0) {
		rfork(RFNOTEG);
		exec(argv[0], argv);
		fprint(2, "init: %s: %s\n", argv[0], lasterr());
		exits("exec");
	}
	if (pid < 0)
		return false;
	while ((got = waitpid(msg, n)) != pid)
		if (got < 0)
			return false;
	return true;
}

void
main(int argc, char **argv)
{
	char *script[] = {"/bin/sh", "/boot/boot.rc", nil}, *shell[] = {"/bin/sh", nil};
	char msg[ERRMAX];

	(void)argc, (void)argv;
	print("init: user mode reached, pid %d\n", getpid());
	if (exists(script[1]))
		runshell(script, msg, sizeof msg);
	for (;;) {
		msg[0] = 0;
		if (!runshell(shell, msg, sizeof msg))
			sleep(1000);
		print("init: shell ended%s%s; starting another\n", msg[0] ? ": " : "", msg);
	}
}
