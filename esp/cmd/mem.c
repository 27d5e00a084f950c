/*
 * mem.c: how memory stands: /dev/swap's text, and the kernel's balance on the console.
 */
#include "user.h"

void
main(int argc, char **argv)
{
	char *s = readfile("/dev/swap", nil);

	(void)argc, (void)argv;
	if (!s)
		fatal("/dev/swap: %s", lasterr());
	print("%s", s);
	kcommand("membal");
}
