/*
 * kill.c: end processes by number; -i: post them an interrupt instead.
 */
#include "user.h"

void
main(int argc, char **argv)
{
	bool iflag = argc > 1 && strcmp(argv[1], "-i") == 0;
	const char *cmd = iflag ? "interrupt" : "kill";

	if (argc < 2 + iflag)
		fatal("usage: kill [-i] pid...");
	for (int i = 1 + iflag; i < argc; i++) {
		char file[64];
		int fd;
		snformat(file, sizeof file, "/proc/%s/ctl", argv[i]);
		fd = open(file, OWRITE);
		if (fd < 0 || write(fd, cmd, (u32)strlen(cmd)) < 0)
			fatal("%s: %s", argv[i], lasterr());
		close(fd);
	}
}
