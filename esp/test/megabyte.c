/*
 * megabyte.c (helper of tests/boot/test_console.py): prints 1 MiB in 16384 numbered lines of 64 bytes (M5).
 */
#include "user.h"

void
main(int argc, char **argv)
{
	char line[80];

	(void)argc, (void)argv;
	for (int i = 0; i < 16384; i++) {
		usize n = snformat(line, sizeof line,
				   "line %6d 0123456789abcdef0123456789abcdef0123456789abcdefabc\n", i);
		if (write(1, line, (u32)n) != (i64)n)
			fatal("%s", lasterr());
	}
}
