/*
 * selftest.c: the allocators asked from inside the running kernel: do they still add up, what does an
 * operation cost, and does a broken promise end as it should? Second life, in a process, on request by
 * /dev/command; nothing here runs by itself. Takes and gives back only what it says. No locks of its own.
 */
#include "buddy.h"
#include "pool.h"
#include "lib.h"
#include "log.h"

enum { TestPages = 2000, Rounds = 5, Times = 200 };

const char *
memcheck(void)
{
	const char *why;
	Paddr bad;

	if (!xalloc_test())
		return "xalloc_test failed";
	if (!malloc_test())
		return "malloc_test failed";
	if (memtest(TestPages, &bad) == 0 || pabits(bad) != ~0ull)
		return "memtest found bad memory";
	if ((why = pagecheck()) != nil)
		return why;
	Pool *p[] = {mainmem, imagmem, secrmem};
	for (u32 i = 0; i < nelem(p); i++)
		if ((why = poolcheck(p[i])) != nil)
			return why;
	return membal("check") ? nil : "memory does not add up";
}

/* --- what it costs
 * ------------------------------------------------------------------------------------------ */

static void
onepage(void)
{
	Page *p = kpage(PgKernel, false);
	if (p != nil)
		putpage(p);
}

static void
onelarge(void)
{
	Page *p = kpages(PgCustom, 9);
	if (p != nil)
		kpagesfree(p, 9);
}

static void
onexalloc(void)
{
	void *p = xalloc(64);
	if (p != nil)
		xfree(p);
}

static void
malloc64(void)
{
	free(malloc(64));
}

static void
malloc4k(void)
{
	free(malloc(4096));
}

static void
law(void)
{
	freepagecount();
}

/* Cycles of one call, the least of five rounds; under the counting emulator they are instructions. */
static void
measure(const char *name, void (*f)(void))
{
	u64 least = ~0ull;

	f();
	for (u32 r = 0; r < Rounds; r++) {
		u32 s = splhi();
		u64 t = cycles();
		for (u32 i = 0; i < Times; i++)
			f();
		t = cycles() - t;
		splx(s);
		if (t < least)
			least = t;
	}
	print("bench: %s %llu instr\n", name, least / Times);
}

void
membench(void)
{
	measure("page_alloc_free", onepage);
	measure("page_alloc_free_2m", onelarge);
	measure("xalloc_free_64", onexalloc);
	measure("malloc_free_64", malloc64);
	measure("malloc_free_4k", malloc4k);
	measure("page_count", law);
}

/* --- broken promises
 * ------------------------------------------------------------------------------------------ */

static void
leak(void)
{
	ilock(&palloc);
	Page *p = blocktake(0); /* and nobody has it */
	iunlock(&palloc);
	(void)p;
	membal("leak");
}

static void
early(void)
{
	print("earlypage 0x%llx\n", pabits(earlypage()));
}

static void
doublefree(void)
{
	Page *p = kpage(PgKernel, false);
	putpage(p);
	putpage(p);
}

static void
foreign(void)
{
	putpage(pagefor(paadd(conf.mem[0].base, 0)));
}

static void
overflow(void)
{
	u8 *p = malloc(100);
	p[100] ^= 1;
	free(p);
}

static void
header(void)
{
	u32 *p = xalloc(100);
	p[-1] = 0;
	xfree(p);
}

bool
membreak(const char *word)
{
	static const struct {
		const char *name;
		void (*f)(void);
	} ways[] = {
	    {"memleak", leak},	     {"memearly", early},	{"memdoublefree", doublefree},
	    {"memforeign", foreign}, {"memoverflow", overflow}, {"memheader", header},
	};

	for (u32 i = 0; i < nelem(ways); i++)
		if (strcmp(word, ways[i].name) == 0) {
			ways[i].f();
			return true;
		}
	return false;
}
