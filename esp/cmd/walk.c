/*
 * walk.c: the page-table walk of addresses (hexadecimal), as the processor would do it.
 */
#include "user.h"

static void
walk(const char *addr)
{
	static char text[4096];
	i64 n;
	int fd = open("/dev/walk", ORDWR);

	if (fd < 0 || write(fd, addr, (u32)strlen(addr)) < 0)
		fatal("%s: %s", addr, lasterr());
	n = pread(fd, text, sizeof text, 0);
	if (n < 0)
		fatal("/dev/walk: %s", lasterr());
	write(1, text, (u32)n);
	close(fd);
}

void
main(int argc, char **argv)
{
	if (argc < 2)
		fatal("usage: walk address...");
	for (int i = 1; i < argc; i++)
		walk(strncmp(argv[i], "0x", 2) == 0 ? argv[i] + 2 : argv[i]);
}
