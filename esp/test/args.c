/*
 * args.c: arguments through exec: 0, 1, 6, 100, long ones, too many (O4, P17). Called with "count" it is the
 * other side: it checks what it got.
 */
#include "check.h"

enum { MANY = 100, LONG = 5000 };

/* argv: args count N word...: N words, each its number. */
static void
count(int argc, char **argv)
{
	char want[16];
	int n = (int)atoi64(argv[2]);

	if (argc != n + 3 || argv[argc])
		exits("wrong count");
	for (int i = 0; i < n; i++) {
		snformat(want, sizeof want, "w%d", i);
		if (strcmp(argv[i + 3], want) != 0)
			exits("wrong word");
	}
	exits(nil);
}

static void
withwords(int n, const char *name)
{
	char text[MANY][16], num[16], msg[ERRMAX];
	char *argv[MANY + 4] = {"/bin/args", "count", num};

	snformat(num, sizeof num, "%d", n);
	for (int i = 0; i < n; i++) {
		snformat(text[i], sizeof text[i], "w%d", i);
		argv[i + 3] = text[i];
	}
	argv[n + 3] = nil;
	check(run(argv, msg, sizeof msg) == 0 && !*msg, name, "%s", msg);
}

static void
noargv(void)
{
	char *argv[] = {nil};

	if (exec("/bin/echo", argv) < 0 && errhas("bad arg"))
		exits(nil);
	exits(lasterr());
}

static void
badargv(void)
{
	char *argv[] = {"echo", (char *)0x1000, nil};

	atnotify(nil);
	exec("/bin/echo", argv);
	exits(lasterr());
}

static void
toomuch(void)
{
	static char *argv[40];
	char *big = malloc(1 * MiB);

	memset(big, 'x', 1 * MiB - 1);
	for (int i = 0; i < 39; i++)
		argv[i] = big;
	if (exec("/bin/echo", argv) < 0)
		exits(nil);
}

static void
longarg(void)
{
	static char big[LONG + 1];
	char num[16], *argv[] = {"/bin/args", "len", num, big, nil};

	memset(big, 'y', LONG);
	snformat(num, sizeof num, "%d", LONG);
	exec(argv[0], argv);
	exits(lasterr());
}

void
main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "count") == 0)
		count(argc, argv);
	if (argc > 3 && strcmp(argv[1], "len") == 0)
		exits(strlen(argv[3]) == (usize)atoi64(argv[2]) ? nil : "wrong length");
	withwords(0, "O4_argv_0");
	withwords(1, "O4_argv_1");
	withwords(6, "O4_argv_6");
	withwords(100, "O4_argv_100");
	checkend("O4_argv_needs_a_word", noargv, "");
	checkend("N6_argv_with_a_bad_pointer", badargv, "sys: bad address in syscall");
	checkend("O4_arguments_beyond_the_stack", toomuch, "");
	checkend("O4_long_argument", longarg, "");
	check(((uintptr)_tos & 7) == 0 && (u64)(uintptr)_tos == USTKTOP - sizeof(Tos), "O4_tos_at_the_top",
	      "%p", (void *)_tos);
	check(_tos->cyclefreq > 0, "O4_tos_cyclefreq", "0");
	testend();
}
