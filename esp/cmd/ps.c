/*
 * ps.c: the processes: pid, state, user and system milliseconds, memory, name. -a: the arguments too.
 */
#include "user.h"

static void
ps(const char *pid, bool aflag)
{
	char file[64], *w[16];
	char *s, *args = nil;

	snformat(file, sizeof file, "/proc/%s/status", pid);
	if (!(s = readfile(file, nil)))
		return; /* gone meanwhile */
	snformat(file, sizeof file, "/proc/%s/args", pid);
	if (aflag)
		args = readfile(file, nil);
	if (tokenize(s, w, 16) >= 12)
		print("%-8s %6s %7s %7s %8sK %-12s %s %s\n", w[1], pid, w[3], w[4], w[9], w[2], w[0],
		      args ? args : "");
	free(args);
	free(s);
}

void
main(int argc, char **argv)
{
	static u8 buf[8192];
	bool aflag = argc > 1 && strcmp(argv[1], "-a") == 0;
	int fd = open("/proc", OREAD);
	usize used, len;
	Dir d;
	i64 n;

	if (fd < 0)
		fatal("/proc: %s", lasterr());
	while ((n = read(fd, buf, sizeof buf)) > 0)
		for (used = 0; (len = dirunpack(buf + used, (usize)n - used, &d)) > 0; used += len)
			ps(d.name, aflag);
}
