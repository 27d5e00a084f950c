/*
 * flood.c: a helper of tests/boot/test_machine.py: numbered lines of 64 bytes, as many as asked for.
 */
#include "user.h"

enum { Line = 64 };

void
main(int argc, char **argv)
{
	char line[Line + 1];
	int n = argc > 1 ? (int)atoi64(argv[1]) : 1;

	for (int i = 0; i < n; i++) {
		snformat(line, sizeof line, "flood %08d %049d", i, i);
		line[Line - 1] = '\n';
		write(1, line, Line);
	}
}
