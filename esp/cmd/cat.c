/*
 * cat.c: copy files, or standard input, to standard output.
 */
#include "user.h"

static void
cat(int fd, const char *name)
{
	static char buf[8192];
	i64 n;

	while ((n = read(fd, buf, sizeof buf)) > 0)
		if (write(1, buf, (u32)n) != n)
			fatal("write error copying %s: %s", name, lasterr());
	if (n < 0)
		fatal("error reading %s: %s", name, lasterr());
}

void
main(int argc, char **argv)
{
	if (argc == 1)
		cat(0, "<stdin>");
	for (int i = 1; i < argc; i++) {
		int fd = open(argv[i], OREAD);
		if (fd < 0)
			fatal("can't open %s: %s", argv[i], lasterr());
		cat(fd, argv[i]);
		close(fd);
	}
}
