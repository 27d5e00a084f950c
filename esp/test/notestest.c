/*
 * notestest.c: notes: handlers, noted's answers, nesting, groups, interrupted calls, alarms (O7).
 */
#include "check.h"

static volatile int got;
static char last[ERRMAX];

static void
post(int pid, const char *file, const char *text)
{
	char name[64];

	snformat(name, sizeof name, "/proc/%d/%s", pid, file);
	int fd = open(name, OWRITE);
	write(fd, text, (u32)strlen(text));
	close(fd);
}

static void
keep(Ureg *u, char *note)
{
	(void)u;
	got++;
	strecpy(last, sizeof last, note);
	noted(NCONT);
}

static void
skip(Ureg *u, char *note)
{
	got++;
	strecpy(last, sizeof last, note);
	u->pc += UNDEFINEDSIZE;
	noted(NCONT);
}

static void
giveup(Ureg *u, char *note)
{
	(void)u, (void)note;
	noted(NDFLT);
}

static void
selfnote(void)
{
	atnotify(keep);
	post(getpid(), "note", "hello there");
	exits(got == 1 && strcmp(last, "hello there") == 0 ? nil : "no note");
}

/* NSAVE: out of the handler, on its frame, where the frame's pc says; the registers are the frame's. */
__asm__(SAVEDIN);
void saved(void);
void savedin(Ureg *u, char *note, u64 kept, u64 below);

void
savedin(Ureg *u, char *note, u64 kept, u64 below)
{
	if (u->pc != (u64)saved || strcmp(note, "save me") != 0 || kept != 0x5a5a5a || below != 160)
		exits("the frame is another");
	post(getpid(), "note", "again"); /* the handler is free for a next one */
	exits(got == 2 ? nil : "no second note");
}

static void
savehandler(Ureg *u, char *note)
{
	got++;
	if (strcmp(note, "again") == 0)
		noted(NCONT);
	u->pc = (u64)saved;
	u->KEPT = 0x5a5a5a;
	noted(NSAVE);
}

static void
nsave(void)
{
	atnotify(savehandler);
	post(getpid(), "note", "save me");
	exits("came back");
}

static void
nohandler(void)
{
	post(getpid(), "note", "go away");
	sleep(1000);
}

static void
dflt(void)
{
	atnotify(giveup);
	post(getpid(), "note", "fatal one");
	sleep(1000);
}

static void
edit(void)
{
	atnotify(skip);
	UNDEFINED();
	exits(got == 1 && strstr(last, "invalid opcode pc=0x") ? nil : "handler did not see it");
}

/* Every register comes back from a note. */
static void
registers(void)
{
	u64 a = 1, b = 2, c = 3, d = 4;

	atnotify(skip);
	FOURREGISTERS(a, b, c, d);
	exits(a == 0x1111 && b == 0x2222 && c == 0x3333 && d == 0x4444 ? nil : "a register was lost");
}

static void
faultinhandler(Ureg *u, char *note)
{
	(void)u, (void)note;
	UNDEFINED();
}

static void
doublefault(void)
{
	atnotify(faultinhandler);
	UNDEFINED();
}

static void
notnotified(void)
{
	noted(NCONT);
}

static void
badhandler(void)
{
	notify((void (*)(void *, char *))0x1000);
	post(getpid(), "note", "x");
}

static void
kernelhandler(void)
{
	notify((void (*)(void *, char *))0xffffffff80000000ull);
	post(getpid(), "note", "x");
}

static void
badpc(Ureg *u, char *note)
{
	(void)note;
	u->pc = 0xffffffff80000000ull;
	u->sp = 0xffffffff80000000ull;
	noted(NCONT);
}

static void
evilureg(void)
{
	atnotify(badpc);
	post(getpid(), "note", "x");
	exits(nil);
}

static void
evilflags(Ureg *u, char *note)
{
	(void)note;
	EVILFLAGS(u);
	noted(NCONT);
}

static void
flagsafe(void)
{
	atnotify(evilflags);
	post(getpid(), "note", "x");
	exits(flagsclean() ? nil : "privileged flags came back");
}

static void
breaksleep(void)
{
	int pid = getpid();

	atnotify(keep);
	if (fork() == 0) {
		sleep(30);
		post(pid, "note", "wake up");
		exits(nil);
	}
	int r = sleep(20000);
	exits(r < 0 && errhas("interrupted") && got == 1 ? nil : "sleep went on");
}

static void
breakread(void)
{
	int pid = getpid(), fd[2];
	char c;

	atnotify(keep);
	pipe(fd);
	if (fork() == 0) {
		sleep(30);
		post(pid, "note", "wake up");
		exits(nil);
	}
	i64 r = read(fd[0], &c, 1);
	exits(r < 0 && errhas("interrupted") ? nil : "read went on");
}

static void
alarms(void)
{
	atnotify(keep);
	if (alarm(10000) != 0)
		exits("an alarm was there");
	i64 left = alarm(30);
	if (left <= 0 || left > 10000)
		exits("the first alarm's rest is wrong");
	sleep(5000);
	exits(got == 1 && strcmp(last, "alarm") == 0 ? nil : "no alarm");
}

static void
group(void)
{
	char msg[ERRMAX];
	int n = 0;

	rfork(RFNOTEG);
	atnotify(keep);
	for (int i = 0; i < 3; i++)
		if (fork() == 0) {
			atnotify(nil);
			sleep(20000);
			exits("slept on");
		}
	sleep(50);
	post(getpid(), "notepg", "all of you");
	while (waitpid(msg, sizeof msg) > 0)
		n += strstr(msg, "all of you") != nil;
	exits(n == 3 ? nil : "not all got it");
}

static void
execclears(void)
{
	char *argv[] = {"/bin/notestest", "wait", nil};
	char msg[ERRMAX];
	int pid = fork();

	if (pid == 0) {
		atnotify(keep);
		exec(argv[0], argv);
	}
	sleep(100);
	post(pid, "note", "no handler now");
	waitpid(msg, sizeof msg);
	exits(strstr(msg, "no handler now") ? nil : "exec kept the handler");
}

void
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "wait") == 0) {
		sleep(20000);
		exits("slept on");
	}
	checkend("O7_note_to_oneself", selfnote, "");
	checkend("O7_note_without_handler", nohandler, "go away");
	checkend("O7_noted_default", dflt, "fatal one");
	checkend("O7_handler_edits_pc", edit, "");
	checkend("O7_registers_come_back", registers, "");
	checkend("O7_nsave_goes_on_at_the_frames_pc", nsave, "");
	checkend("O7_fault_in_handler", doublefault, "invalid opcode");
	checkend("O7_noted_out_of_place", notnotified, "uicide");
	checkend("O7_handler_address_bad", badhandler, ": ");
	checkend("O7_handler_in_the_kernel", kernelhandler, ": ");
	checkend("O7_ureg_points_into_the_kernel", evilureg, ": ");
	checkend("O7_ureg_flags_are_made_safe", flagsafe, "");
	checkend("O7_note_breaks_sleep", breaksleep, "");
	checkend("O7_note_breaks_read", breakread, "");
	checkend("O7_alarm", alarms, "");
	checkend("O7_note_group", group, "");
	checkend("O7_exec_clears_the_handler", execclears, "");
	testend();
}
