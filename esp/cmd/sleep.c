/*
 * sleep.c: wait for some seconds.
 */
#include "user.h"

void
main(int argc, char **argv)
{
	if (argc != 2)
		fatal("usage: sleep seconds");
	if (sleep((int)atoi64(argv[1]) * 1000) < 0)
		fatal("%s", lasterr());
}
