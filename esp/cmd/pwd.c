/*
 * pwd.c: the working directory's name.
 */
#include "user.h"

void
main(int argc, char **argv)
{
	char name[1024];
	int fd = open(".", OREAD);

	(void)argc, (void)argv;
	if (fd < 0 || fd2path(fd, name, sizeof name) < 0)
		fatal("%s", lasterr());
	print("%s\n", name);
}
