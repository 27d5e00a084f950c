/*
 * aouthello.c (helper of execs): the program that tools/mkaout turns into Plan 9's a.out: text, data and bss
 * must all be where the header says (O4).
 */
#include "user.h"

static int data = 42;
static int bss[2000];

void
main(int argc, char **argv)
{
	bool ok = data == 42;

	for (usize i = 0; i < nelem(bss); i++)
		ok = ok && bss[i] == 0;
	bss[1999] = data;
	data = 7;
	print("aouthello: %s %d args, last %s\n", ok && bss[1999] == 42 ? "ok" : "BAD", argc, argv[argc - 1]);
	if (!ok)
		exits("bad data");
}
