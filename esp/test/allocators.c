/*
 * allocators.c: the kernel's allocators test themselves, and memory adds up before and after.
 */
#include "check.h"

/* Write a word to /dev/command: true if the kernel had nothing to say against it. */
static bool
asked(const char *word)
{
	int fd = open("/dev/command", OWRITE);
	bool ok = fd >= 0 && write(fd, word, (u32)strlen(word)) > 0;

	close(fd);
	return ok;
}

void
main(int argc, char **argv)
{
	(void)argc, (void)argv;
	i64 before = usedpages();
	check(asked("memcheck"), "F6_G5_H11_H13_B10_memcheck", "%s", lasterr());
	check(asked("memcheck"), "F6_G5_H11_H13_B10_memcheck_again", "%s", lasterr());
	check(usedpages() == before, "H13_users_pages_unchanged", "%lld, were %lld", usedpages(), before);
	testend();
}
