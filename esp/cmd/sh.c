/*
 * sh.c: a small shell after rc: words, 'quotes', $name, | > >> < >[2] & ; # comments, name=value,
 * cd, exit, exec, wait, and $status, which is "" for success. Reads lines from the console or from a script
 * (sh FILE, sh -c TEXT). Variables are files in /env, as in Plan 9. At the console it survives interrupts;
 * what it runs does not.
 */
#include "user.h"

enum { MAXWORD = 1024, MAXCMD = 32, LINESIZE = 8192, TEXTSIZE = 65536 };

enum Token { Tend, Tword, Tpipe, Tout, Tappend, Tin, Terr, Tamp, Tsemi };

typedef struct Cmd Cmd;
struct Cmd {	     /* one program of a pipeline */
	char **argv; /* nil at the end */
	int argc;
	char *in, *out, *err; /* redirections, or nil */
	bool append;
};

static char status[ERRMAX];
static bool interactive;
static int infd; /* where lines come from */

static struct { /* a line being cut into tokens; words live until the next line */
	const char *s;
	char text[TEXTSIZE];
	usize used;
	char *words[MAXWORD];
	int nword;
	bool given;	 /* the word has something in it, if only quotes: else it vanishes */
	const char *bad; /* why the line is not run, or nil */
} lex;

static struct { /* a pipeline being put together */
	Cmd cmd[MAXCMD];
	int n;
} pl;

/* --- words ------------------------------------------------------------------------------------ */

static void
putch(char c)
{
	if (lex.used + 1 < sizeof lex.text)
		lex.text[lex.used++] = c;
	else
		lex.bad = "line too long";
}

static void
putstr(const char *s)
{
	while (*s)
		putch(*s++);
}

static bool
namechar(int c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* $name at lex.s: its value, lists with blanks between. */
static void
variable(void)
{
	char file[128] = "/env/";
	usize n = strlen(file), len;
	char *v;

	while (namechar(*lex.s) && n + 1 < sizeof file)
		file[n++] = *lex.s++;
	file[n] = 0;
	if (strcmp(file + 5, "status") == 0) {
		lex.given = true;
		putstr(status);
		return;
	}
	if (n == 5 || !(v = readfile(file, &len)))
		return;
	while (len > 0 && v[len - 1] == 0)
		len--;
	for (usize i = 0; i < len; i++)
		putch(v[i] ? v[i] : ' ');
	free(v);
}

static void
quoted(void)
{
	for (lex.s++; *lex.s; lex.s++) {
		if (*lex.s == '\'') {
			if (lex.s[1] != '\'') {
				lex.s++;
				return;
			}
			lex.s++;
		}
		putch(*lex.s);
	}
	lex.bad = "quote not closed";
}

static char *
word(void)
{
	char *w = lex.text + lex.used;

	lex.given = false;
	while (*lex.s && !strchr(" \t\r\n|<>&;", *lex.s)) {
		if (*lex.s == '\'') {
			lex.given = true;
			quoted();
		} else if (*lex.s == '$') {
			lex.s++;
			variable();
		} else
			putch(*lex.s++);
	}
	if (lex.text + lex.used > w)
		lex.given = true;
	putch(0);
	return w;
}

static enum Token
operator(void) {
	switch (*lex.s++){
		case '|' : return Tpipe; case '<' : return Tin; case '&' : return Tamp;
		case ';' : case '\n' : return Tsemi;
	}
if (*lex.s == '>')
{
	lex.s++;
	return Tappend;
}
if (strncmp(lex.s, "[2]", 3) == 0) {
	lex.s += 3;
	return Terr;
}
return Tout;
}

static void
blanks(void)
{
	while (*lex.s && strchr(" \t\r", *lex.s))
		lex.s++;
}

static enum Token
token(char **w)
{
	blanks();
	if (*lex.s == '#')
		while (*lex.s && *lex.s != '\n')
			lex.s++;
	if (!*lex.s)
		return Tend;
	if (strchr("|<>&;\n", *lex.s))
		return operator();
	*w = word();
	return Tword;
}

/* --- running ---------------------------------------------------------------------------------- */

static void
setstatus(const char *s)
{
	strecpy(status, sizeof status, s);
}

/* Descriptor fd becomes the file; a process that cannot have it ends. */
static void
redirect(int fd, const char *name, int mode, bool append)
{
	int new;

	if (mode == OREAD)
		new = open(name, OREAD);
	else if (append && (new = open(name, OWRITE)) >= 0)
		seek(new, 0, 2);
	else
		new = create(name, mode, 0666);
	if (new < 0)
		fatal("%s: %s", name, lasterr());
	if (new != fd) {
		dup(new, fd);
		close(new);
	}
}

static void
doexec(char **argv)
{
	char path[256];

	if (strchr(argv[0], '/') || argv[0][0] == '#')
		strecpy(path, sizeof path, argv[0]);
	else
		snformat(path, sizeof path, "/bin/%s", argv[0]);
	exec(path, argv);
	fprint(2, "sh: %s: %s\n", argv[0], lasterr());
	exits("not found");
}

static void
cd(char **argv, int argc)
{
	const char *dir = argc > 1 ? argv[1] : "/";

	if (chdir(dir) < 0) {
		fprint(2, "sh: cd: %s\n", lasterr());
		setstatus("can't cd");
	} else
		setstatus("");
}

static void
assign(char *w)
{
	char file[128];
	char *eq = strchr(w, '=');
	int fd;

	*eq++ = 0;
	snformat(file, sizeof file, "/env/%s", w);
	fd = create(file, OWRITE, 0666);
	if (fd < 0 || write(fd, eq, (u32)strlen(eq)) < 0)
		fprint(2, "sh: %s: %s\n", w, lasterr());
	close(fd);
	setstatus("");
}

static bool
isassign(const char *w)
{
	const char *s = w;

	while (namechar(*s))
		s++;
	return s > w && *s == '=';
}

static void
waitall(void)
{
	char msg[ERRMAX];

	while (waitpid(msg, sizeof msg) > 0)
		;
}

/* What the shell does itself; false: it is a program. */
static bool
builtin(Cmd *c)
{
	char *name = c->argv[0];

	if (strcmp(name, "cd") == 0)
		cd(c->argv, c->argc);
	else if (strcmp(name, "exit") == 0)
		exits(c->argc > 1 ? c->argv[1] : status);
	else if (strcmp(name, "exec") == 0 && c->argc > 1)
		doexec(c->argv + 1);
	else if (strcmp(name, "wait") == 0)
		waitall();
	else if (isassign(name) && c->argc == 1)
		assign(name);
	else
		return false;
	return true;
}

/* One program of a pipeline, in a process of its own: in and out are its ends, -1: the shell's. */
static NORETURN void
child(Cmd *c, int in, int out, bool background)
{
	atnotify(nil);
	if (background) {
		rfork(RFNOTEG);
		if (in < 0)
			redirect(0, "/dev/null", OREAD, false);
	}
	if (in >= 0)
		dup(in, 0);
	if (out >= 0)
		dup(out, 1);
	for (int fd = 3; fd < 20; fd++)
		close(fd);
	if (c->in)
		redirect(0, c->in, OREAD, false);
	if (c->out)
		redirect(1, c->out, OWRITE, c->append);
	if (c->err)
		redirect(2, c->err, OWRITE, false);
	if (c->argc == 0 || builtin(c))
		exits(status);
	doexec(c->argv);
	exits("exec");
}

/* Wait for the n processes; the last one's message becomes $status. */
static void
waitfor(int *pids, int n)
{
	char msg[ERRMAX];
	int left = n, last = pids[n - 1], pid;

	while (left > 0) {
		pid = waitpid(msg, sizeof msg);
		if (pid < 0) {
			if (strcmp(lasterr(), "interrupted") == 0)
				continue;
			return;
		}
		for (int i = 0; i < n; i++)
			if (pids[i] == pid)
				left--;
		if (pid == last)
			setstatus(msg);
	}
}

static void
runpipeline(bool background)
{
	int pids[MAXCMD], in = -1, fd[2];

	for (int i = 0; i < pl.n; i++) {
		bool last = i == pl.n - 1;
		fd[0] = fd[1] = -1;
		if (!last && pipe(fd) < 0)
			break;
		pids[i] = fork();
		if (pids[i] < 0) {
			fprint(2, "sh: fork: %s\n", lasterr());
			setstatus("no fork");
			return;
		}
		if (pids[i] == 0)
			child(&pl.cmd[i], in, fd[1], background);
		if (in >= 0)
			close(in);
		if (fd[1] >= 0)
			close(fd[1]);
		in = fd[0];
	}
	if (background)
		setstatus("");
	else
		waitfor(pids, pl.n);
}

static void
runcommands(bool background)
{
	Cmd *c = &pl.cmd[0];

	if (pl.n == 1 && c->argc == 0 && !c->in && !c->out && !c->err)
		return;
	if (pl.n == 1 && !background && c->argc > 0 && !c->in && !c->out && !c->err && builtin(c))
		return;
	runpipeline(background);
}

/* --- lines ------------------------------------------------------------------------------------ */

static Cmd *
newcmd(void)
{
	Cmd *c;

	if (pl.n == MAXCMD) {
		lex.bad = "too many commands in a pipeline";
		return &pl.cmd[0];
	}
	c = &pl.cmd[pl.n++];
	*c = (Cmd){.argv = &lex.words[lex.nword]};
	return c;
}

static void
addword(Cmd *c, char *w)
{
	if (lex.nword + MAXCMD >= MAXWORD) {
		lex.bad = "too many words";
		return;
	}
	lex.words[lex.nword++] = w;
	c->argc++;
}

static void
endcmd(Cmd *c)
{
	(void)c;
	lex.words[lex.nword++] = nil;
}

static void
filename(char **slot)
{
	char *w;

	if (token(&w) != Tword)
		lex.bad = "file name expected";
	else
		*slot = w;
}

/* Read one pipeline off the line: the token that ended it. */
static enum Token
pipeline(void)
{
	char *w;
	Cmd *c;

	pl.n = 0;
	c = newcmd();
	for (;;) {
		enum Token t = token(&w);
		switch (t) {
		case Tword:
			if (lex.given)
				addword(c, w);
			break;
		case Tpipe:
			endcmd(c);
			c = newcmd();
			break;
		case Tappend:
		case Tout:
			c->append = t == Tappend;
			filename(&c->out);
			break;
		case Tin:
			filename(&c->in);
			break;
		case Terr:
			filename(&c->err);
			break;
		default:
			endcmd(c);
			return t;
		}
		if (lex.bad)
			return Tend;
	}
}

static void
runline(const char *s)
{
	enum Token t;

	lex.s = s;
	do {
		lex.used = 0;
		lex.nword = 0;
		lex.bad = nil;
		t = pipeline();
		if (lex.bad) {
			fprint(2, "sh: %s\n", lex.bad);
			setstatus("syntax");
			return;
		}
		runcommands(t == Tamp);
	} while (t != Tend);
}

/* A line without its newline into buf; -1 at the end of input. Interrupted: an empty line. */
static int
getline(char *buf, usize size)
{
	usize n = 0;
	char c;

	for (;;) {
		i64 got = read(infd, &c, 1);
		if (got < 0 && interactive && strcmp(lasterr(), "interrupted") == 0) {
			buf[0] = 0;
			return 0;
		}
		if (got <= 0)
			return n > 0 ? (int)n : -1;
		if (c == '\n')
			break;
		if (n + 1 < size)
			buf[n++] = c;
		buf[n] = 0;
	}
	buf[n] = 0;
	return (int)n;
}

static void
onnote(Ureg *u, char *note)
{
	(void)u;
	noted(strcmp(note, "interrupt") == 0 ? NCONT : NDFLT);
}

void
main(int argc, char **argv)
{
	static char line[LINESIZE];

	if (argc > 2 && strcmp(argv[1], "-c") == 0) {
		runline(argv[2]);
		exits(status);
	}
	if (argc > 1) {
		infd = open(argv[1], OREAD | OCEXEC);
		if (infd < 0)
			fatal("%s: %s", argv[1], lasterr());
	} else {
		interactive = true;
		atnotify(onnote);
	}
	for (;;) {
		line[0] = 0;
		if (interactive)
			print("%% ");
		if (getline(line, sizeof line) < 0)
			break;
		runline(line);
	}
	exits(status);
}
