/*
 * bench.c: what the kernel's operations cost in cycles, which under the counting emulator are
 * instructions. For each name the least of five rounds: "bench: NAME N instr". The emulator's clock is the
 * cycle counter, read here without a system call.
 */
#include "user.h"

enum { Rounds = 5 };

static char *helper = "/boot/bench"; /* ourselves: with -n it ends at once */

/* The least of five rounds of f(n), an operation each time, after one that warms up. */
static void
measure(const char *name, void (*f)(u32), u32 n)
{
	u64 least = ~0ull;

	f(n);
	for (int i = 0; i < Rounds; i++) {
		u64 t = rdtsc();
		f(n);
		t = (rdtsc() - t) / n;
		if (t < least)
			least = t;
	}
	print("bench: %s %llu instr\n", name, least);
}

static void
null(u32 n)
{
	while (n-- > 0)
		sysr1();
}

static void
reap(void)
{
	char buf[256];

	if (await(buf, sizeof buf) < 0)
		fatal("await: %s", lasterr());
}

static void
forkexit(u32 n)
{
	while (n-- > 0) {
		if (fork() == 0)
			exits(nil);
		reap();
	}
}

static void
forkexec(u32 n)
{
	char *argv[] = {helper, "-n", nil};

	while (n-- > 0) {
		if (fork() == 0) {
			exec(helper, argv);
			exits("exec");
		}
		reap();
	}
}

/* --- two processes ---------------------------------------------------------------------------- */

static int to[2], from[2];
static char block[65536];

/* The other side: answers a byte for each n bytes until the pipe closes. */
static void
echo(u32 n)
{
	u32 got = 0;
	i64 r;

	close(to[0]);
	close(from[1]);
	while ((r = read(to[1], block, n)) > 0) {
		got += (u32)r;
		if (got == n) {
			write(from[0], block, 1);
			got = 0;
		}
	}
	exits(nil);
}

static void
startecho(u32 n)
{
	if (pipe(to) < 0 || pipe(from) < 0)
		fatal("pipe: %s", lasterr());
	if (fork() == 0)
		echo(n);
	close(to[1]);
	close(from[0]);
}

static void
stopecho(void)
{
	close(to[0]);
	close(from[1]);
	reap();
}

static void
pingpong(u32 n)
{
	while (n-- > 0) {
		write(to[0], block, 1);
		read(from[1], block, 1);
	}
}

static void
bulk(u32 n)
{
	char c;

	while (n-- > 0) {
		write(to[0], block, sizeof block);
		read(from[1], &c, 1);
	}
}

static i32 *sems; /* two words that both processes see */

static void
handoff(u32 n)
{
	while (n-- > 0) {
		semrelease(&sems[0], 1);
		semacquire(&sems[1], 1);
	}
}

static void
answer(u32 n)
{
	while (n-- > 0) {
		semacquire(&sems[0], 1);
		semrelease(&sems[1], 1);
	}
	exits(nil);
}

static volatile i32 stop;

/* n switches: each call is one there and one back. */
static void
yields(u32 n)
{
	for (; n >= 2; n -= 2)
		sleep(0);
}

static void
yieldbench(void)
{
	stop = 0;
	if (rfork(RFPROC | RFMEM | RFFDG) == 0) {
		while (!stop)
			sleep(0);
		exits(nil);
	}
	measure("yield", yields, 2000);
	stop = 1;
	reap();
}

static void
sembench(void)
{
	enum { N = 1000 };

	sems = malloc(2 * sizeof *sems);
	if (rfork(RFPROC | RFMEM | RFFDG) == 0)
		answer(N * (Rounds + 1));
	measure("sem_handoff", handoff, N);
	reap();
}

/* --- memory ----------------------------------------------------------------------------------- */

static void
zerofill(u32 n)
{
	char *p = sbrk((i64)n * 4096);

	for (u32 i = 0; i < n; i++)
		p[(u64)i * 4096] = 1;
}

static u64
touch(char *p, u32 n)
{
	u64 t = rdtsc();

	for (u32 i = 0; i < n; i++)
		p[(u64)i * 4096] = 2;
	return (rdtsc() - t) / n;
}

/* In a child whose parent still has the pages: each write copies. Then again in the parent, alone: none does.
 */
static void
cowbench(void)
{
	enum { N = 200 };
	u64 least = ~0ull, sole = ~0ull, t;
	int fd[2];

	char *p = sbrk(N * 4096);
	touch(p, N);
	if (pipe(fd) < 0)
		fatal("pipe: %s", lasterr());
	for (int i = 0; i < Rounds; i++) {
		if (fork() == 0) {
			t = touch(p, N);
			write(fd[0], &t, sizeof t);
			exits(nil);
		}
		read(fd[1], &t, sizeof t);
		reap();
		if (t < least)
			least = t;
		t = touch(p, N);
		if (t < sole)
			sole = t;
	}
	print("bench: fault_cow %llu instr\nbench: fault_cow_sole %llu instr\n", least, sole);
	close(fd[0]);
	close(fd[1]);
}

static void *
attached(u64 size)
{
	void *p = (void *)segattach(0, "memory", nil, size);

	if (p == (void *)-1)
		fatal("segattach: %s", lasterr());
	return p;
}

static void
maptouch(u32 n)
{
	while (n-- > 0) {
		char *p = attached(4096);
		*p = 1;
		segdetach(p);
	}
}

static void
attach64m(u32 n)
{
	while (n-- > 0)
		segdetach(attached(64 * MiB));
}

/* --- notes ------------------------------------------------------------------------------------ */

static int notefd;

static void
caught(Ureg *u, char *note)
{
	(void)u, (void)note;
	noted(NCONT);
}

static void
noteself(u32 n)
{
	while (n-- > 0)
		write(notefd, "bench", 5);
}

static void
notebench(void)
{
	char name[32];

	snformat(name, sizeof name, "/proc/%d/note", getpid());
	notefd = open(name, OWRITE);
	if (notefd < 0 || atnotify(caught) < 0)
		fatal("%s: %s", name, lasterr());
	measure("note_self", noteself, 500);
	close(notefd);
	atnotify(nil);
}

static void
nullbench(void)
{
	measure("syscall_null", null, 10000);
}

static void
forkbench(void)
{
	measure("fork_exit_wait", forkexit, 100);
}

static void
execbench(void)
{
	measure("fork_exec_wait", forkexec, 50);
}

static void
pipebench(void)
{
	startecho(1);
	measure("pipe_roundtrip", pingpong, 500);
	stopecho();
}

static void
bulkbench(void)
{
	startecho(sizeof block);
	measure("pipe_64k", bulk, 20);
	stopecho();
}

static void
zerobench(void)
{
	measure("fault_zero", zerofill, 500);
}

static void
attachbench(void)
{
	measure("map_touch_unmap_4k", maptouch, 100);
	measure("segattach_detach_64m", attach64m, 100);
}

static const struct {
	const char *name;
	void (*run)(void);
} benches[] = {
    {"null", nullbench}, {"fork", forkbench}, {"exec", execbench},     {"pipe", pipebench},
    {"bulk", bulkbench}, {"sem", sembench},   {"yield", yieldbench},   {"zero", zerobench},
    {"cow", cowbench},	 {"note", notebench}, {"attach", attachbench},
};

/* bench: all of them; bench -r NAME: one, again and again, for a profile. */
void
main(int argc, char **argv)
{
	u32 i;

	if (argc > 1 && strcmp(argv[1], "-n") == 0)
		exits(nil);
	for (i = 0; i < nelem(benches); i++) {
		if (argc < 3)
			benches[i].run();
		while (argc == 3 && strcmp(argv[2], benches[i].name) == 0)
			benches[i].run();
	}
	exits(nil);
}
