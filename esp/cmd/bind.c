/*
 * bind.c: mount one name upon another: bind [-a | -b] [-c] new old. The shell must run it by exec or share
 * its name space, which it does.
 */
#include "user.h"

void
main(int argc, char **argv)
{
	int flag = MREPL, i = 1;

	for (; i < argc && argv[i][0] == '-'; i++)
		for (const char *s = argv[i] + 1; *s; s++)
			flag |= *s == 'a' ? MAFTER : *s == 'b' ? MBEFORE : *s == 'c' ? MCREATE : 0;
	if (argc - i != 2)
		fatal("usage: bind [-abc] new old");
	if (bind(argv[i], argv[i + 1], flag) < 0)
		fatal("%s", lasterr());
}
