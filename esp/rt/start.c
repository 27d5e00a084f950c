/*
 * start.c: what a program needs around its main: the first C function, processes, notes.
 * _tos points at the kernel's words at the top of the stack [PLAN9-ABI 1.4].
 */
#include "user.h"

void main(int argc, char **argv);
NORETURN void start(int argc, char **argv);
void notetramp(void *, char *);
NORETURN void notehandler(Ureg *u, char *note);

Tos *_tos;
const char *argv0;
static void (*onnote)(Ureg *, char *);

void
start(int argc, char **argv)
{
	const char *slash = nil;

	argv0 = argc > 0 ? argv[0] : "program";
	for (const char *s = argv0; *s; s++)
		if (*s == '/')
			slash = s;
	if (slash)
		argv0 = slash + 1;
	main(argc, argv);
	exits(nil);
}

void
notehandler(Ureg *u, char *note)
{
	onnote(u, note);
	noted(NCONT);
	exits("noted came back");
}

int
atnotify(void (*f)(Ureg *, char *))
{
	onnote = f;
	return notify(f ? notetramp : nil);
}

int
fork(void)
{
	return rfork(RFPROC | RFFDG | RFREND);
}

int
getpid(void)
{
	return (int)_tos->pid;
}

/* A record of await: pid, three times, quoted message. */
int
waitpid(char *msg, usize n)
{
	char rec[512], *w[5];
	i64 len = await(rec, sizeof rec - 1);

	if (len < 0)
		return -1;
	rec[len] = 0;
	if (tokenize(rec, w, 5) != 5)
		return -1;
	if (n > 0)
		strecpy(msg, n, w[4]);
	return (int)atoi64(w[0]);
}

int
run(char *const *argv, char *msg, usize n)
{
	int pid = fork(), got;

	if (pid < 0)
		return -1;
	if (pid == 0) {
		exec(argv[0], argv);
		fprint(2, "%s: %s\n", argv[0], lasterr());
		exits("exec failed");
	}
	while ((got = waitpid(msg, n)) != pid)
		if (got < 0)
			return -1;
	return 0;
}
