/*
 * cow.c: copy on write: parent and child see their own data, bss, heap and stack (N3).
 */
#include "check.h"

enum { NPG = 64, SIZE = 4096 };

static char data[NPG * SIZE] = {1};
static char bss[NPG * SIZE];
static char *heap;

static void
fill(char *p, int v)
{
	for (int i = 0; i < NPG; i++)
		p[i * SIZE] = (char)(v + i);
}

static bool
holds(const char *p, int v)
{
	for (int i = 0; i < NPG; i++)
		if (p[i * SIZE] != (char)(v + i))
			return false;
	return true;
}

static void
childwrites(void)
{
	bool ok = holds(data, 10) && holds(bss, 20) && holds(heap, 30);

	fill(data, 40);
	fill(bss, 50);
	fill(heap, 60);
	exits(ok && holds(data, 40) && holds(bss, 50) && holds(heap, 60) ? nil : "child sees wrong data");
}

/* The parent writes while the child looks on. */
static void
parentwrites(void)
{
	char msg[ERRMAX];
	int fd[2], pid;
	char c;

	pipe(fd);
	pid = fork();
	if (pid == 0) {
		read(fd[0], &c, 1);
		exits(holds(data, 10) && holds(bss, 20) ? nil : "parent's writes show");
	}
	fill(data, 70);
	fill(bss, 80);
	write(fd[1], "x", 1);
	waitpid(msg, sizeof msg);
	check(!*msg, "N3_child_keeps_what_it_had", "%s", msg);
	close(fd[0]);
	close(fd[1]);
}

/* Each generation changes a page and forks the next. */
static void
chain(int depth)
{
	char msg[ERRMAX];
	int pid;

	if (depth == 0)
		return;
	bss[depth * SIZE] = (char)depth;
	pid = fork();
	if (pid == 0) {
		chain(depth - 1);
		exits(bss[depth * SIZE] == (char)depth ? nil : "lost a page");
	}
	if (waitpid(msg, sizeof msg) != pid || *msg)
		exits(msg);
}

static void
startchain(void)
{
	chain(12);
}

void
main(int argc, char **argv)
{
	i64 before, after;
	volatile int local = 5;
	char msg[ERRMAX];

	(void)argc, (void)argv;
	heap = malloc(sizeof data);
	fill(data, 10);
	fill(bss, 20);
	fill(heap, 30);
	checkend("N3_child_writes_its_own", childwrites, "");
	before = usedpages();
	checkend("N3_again", childwrites, "");
	after = usedpages();
	check(holds(data, 10) && holds(bss, 20) && holds(heap, 30), "N3_parent_keeps_its_own", "changed");
	check(before == after, "N3_pages_come_back", "%lld before, %lld after", before, after);
	if (fork() == 0) {
		local = 6;
		exits(nil);
	}
	waitpid(msg, sizeof msg);
	check(local == 5, "N3_stacks_are_apart", "%d", local);
	fill(data, 10);
	fill(bss, 20);
	parentwrites();
	checkend("N3_twelve_generations", startchain, "");
	testend();
}
