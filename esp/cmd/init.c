/*
 * init.c: the first program out of the initrd: says that user mode is reached, runs the script
 * /boot/boot.rc if there is one, then keeps a shell on the console for ever. It collects what
 * orphans leave. It never exits: the kernel takes that for the end of the world.
 */
#include "user.h"

static bool
exists(const char *name)
{
	Dir d;

	return dirstat(name, &d) == 0;
}

void
main(int argc, char **argv)
{
	char *script[] = {"/bin/sh", "/boot/boot.rc", nil}, *shell[] = {"/bin/sh", nil};
	char msg[ERRMAX];

	(void)argc, (void)argv;
	print("init: user mode reached, pid %d\n", getpid());
	if (exists(script[1]))
		run(script, msg, sizeof msg);
	for (;;) {
		msg[0] = 0;
		if (run(shell, msg, sizeof msg) < 0)
			sleep(1000);
		print("init: shell ended%s%s; starting another\n", msg[0] ? ": " : "", msg);
	}
}
