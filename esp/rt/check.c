/*
 * check.c: the lines of test programs: ok, not ok, and the end of children.
 */
#include "check.h"

static int passed, failed;

bool
check(bool good, const char *name, const char *why, ...)
{
	char text[256];
	va_list ap;

	if (good) {
		passed++;
		print("ok %s\n", name);
		return true;
	}
	failed++;
	va_start(ap, why);
	vsnformat(text, sizeof text, why, ap);
	va_end(ap);
	print("not ok %s: %s\n", name, text);
	return false;
}

void
testend(void)
{
	print("%d passed, %d failed\ndone\n", passed, failed);
	exits(failed ? "failed" : nil);
}

const char *
inchild(void (*f)(void), char *msg, usize n)
{
	int pid = fork(), got;

	if (pid == 0) {
		int null = open("/dev/null", OWRITE);
		dup(null, 2);
		f();
		exits(nil);
	}
	strecpy(msg, n, "no wait record");
	if (pid < 0)
		return strecpy(msg, n, "no fork"), msg;
	while ((got = waitpid(msg, n)) != pid && got > 0)
		;
	return msg;
}

void
checkend(const char *name, void (*f)(void), const char *want)
{
	char msg[ERRMAX];

	inchild(f, msg, sizeof msg);
	check(*want ? strstr(msg, want) != nil : *msg == 0, name, "ended with '%s', not '%s'", msg, want);
}

bool
errhas(const char *want)
{
	return strstr(lasterr(), want) != nil;
}

i64
usedpages(void)
{
	char *s = readfile("/dev/swap", nil), *p;
	i64 n = -1;

	if (s && (p = strstr(s, " user\n"))) {
		while (p > s && p[-1] != '\n')
			p--;
		n = atoi64(p);
	}
	free(s);
	return n;
}
