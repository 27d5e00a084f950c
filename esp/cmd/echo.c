/*
 * echo.c: print the arguments; -n: without a newline.
 */
#include "user.h"

void
main(int argc, char **argv)
{
	bool newline = !(argc > 1 && strcmp(argv[1], "-n") == 0);
	usize n = 1;
	char *s, *p;

	for (int i = 1; i < argc; i++)
		n += strlen(argv[i]) + 1;
	p = s = malloc(n + 1);
	for (int i = newline ? 1 : 2; i < argc; i++) {
		usize len = strlen(argv[i]);
		memcpy(p, argv[i], len);
		p += len;
		if (i + 1 < argc)
			*p++ = ' ';
	}
	if (newline)
		*p++ = '\n';
	if (write(1, s, (u32)(p - s)) != (i64)(p - s))
		fatal("write: %s", lasterr());
}
