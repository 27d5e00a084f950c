/*
 * eater.c: memory: a heap of many pages keeps what is written to it and comes back at the end (N3, S-7);
 * -a: all there is, until the call fails or the kernel chooses a victim (H14).
 */
#include "check.h"

static u64 want = 128 * MiB;

/* Touch n bytes at p with a pattern and read it back. */
static bool
pattern(char *p, u64 n)
{
	for (u64 i = 0; i < n; i += 4096)
		*(u64 *)(p + i) = (u64)(uintptr)p ^ (i * 0x9e3779b97f4a7c15ull);
	for (u64 i = 0; i < n; i += 4096)
		if (*(u64 *)(p + i) != ((u64)(uintptr)p ^ (i * 0x9e3779b97f4a7c15ull)))
			return false;
	return true;
}

static void
eat(void)
{
	char *p = sbrk((i64)want);

	if (!p)
		exits(lasterr());
	exits(pattern(p, want) ? nil : "memory forgot");
}

static void
zeroes(void)
{
	char *p = sbrk(8 * MiB);

	for (u64 i = 0; i < 8 * MiB; i += 8)
		if (*(u64 *)(p + i) != 0)
			exits("not zero");
}

/* Sparse: a gigabyte of address space costs the pages touched. */
static void
sparse(void)
{
	i64 before = usedpages(), after;
	char *p = sbrk((i64)GiB);

	if (!p)
		exits(lasterr());
	for (u64 i = 0; i < GiB; i += 64 * MiB)
		p[i] = 1;
	after = usedpages();
	exits(after - before < 64 ? nil : "a sparse heap is not sparse");
}

static void
toolarge(void)
{
	if (sbrk(65ll * (i64)GiB))
		exits("65 GiB were promised");
	exits(errhas("virtual memory allocation failed") ? nil : lasterr());
}

static void
shrink(void)
{
	i64 before = usedpages(), after;
	char *p = sbrk(4 * MiB);

	pattern(p, 4 * MiB);
	sbrk(-(i64)(4 * MiB));
	after = usedpages();
	exits(after - before < 16 ? nil : "brk down keeps pages");
}

static void
all(void)
{
	for (;;) {
		char *p = sbrk(MiB);
		if (!p)
			exits("brk");
		pattern(p, MiB);
	}
}

void
main(int argc, char **argv)
{
	i64 before, after;
	char msg[ERRMAX];

	checkend("N3_brk_down_gives_back", shrink, ""); /* and heap and stack are as large as they get */
	usedpages();
	before = usedpages();
	if (argc > 1 && strcmp(argv[1], "-a") == 0) {
		inchild(all, msg, sizeof msg);
		check(*msg != 0, "H14_all_memory", "%s", "it ended well");
		print("eater: %s\n", msg);
	} else {
		checkend("N3_128_MiB_keep_their_pattern", eat, "");
		checkend("N3_heap_begins_with_zeroes", zeroes, "");
		checkend("N3_sparse_heap", sparse, "");
		checkend("N3_more_than_a_segment_holds", toolarge, "");
	}
	after = usedpages();
	check(after == before || (argc > 1 && after < before), "H13_pages_come_back",
	      "%lld before, %lld after", before, after);
	testend();
}
