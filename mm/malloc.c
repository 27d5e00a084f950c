/*
 * malloc.c: the kernel's heap by 9front's names, over three pools: Main for everything, Image for
 * graphics, Secrets for keys, which are wiped when they are freed. Second life and host.
 * Every block begins with two words for whoever reads a dump: the pc that allocated it, and the pc that
 * reallocated it. malloc zeroes, as in 9front; smalloc and secalloc wait until there is memory.
 * Locks: the pools'.
 */
#include "pool.h"
#include "lib.h"
#include "log.h"

typedef struct Tags Tags;
struct Tags { /* the low words of program counters */
	u32 malloc, realloc;
};

static Parked parked[MaxMach];
static Pool pmainmem = {.name = "Main", .maxsize = 4 * MiB, .minarena = 128 * KiB, .parked = parked};
static Pool pimagmem = {.name = "Image", .maxsize = 16 * MiB, .minarena = 2 * MiB};
static Pool psecrmem = {
    .name = "Secrets", .maxsize = 16 * MiB, .minarena = 64 * KiB, .flags = PoolAntagonism};

Pool *const mainmem = &pmainmem;
Pool *const imagmem = &pimagmem;
Pool *const secrmem = &psecrmem;

#define CALLER ((u32)(uintptr)__builtin_return_address(0))

/* Tag a fresh block of n bytes and tags; nil stays nil. */
static inline void *
tagged(Tags *t, usize n, bool clr, u32 pc)
{
	if (t == nil)
		return nil;
	*t = (Tags){.malloc = pc};
	if (clr)
		memset(t + 1, 0, n);
	return t + 1;
}

static inline void *
take(Pool *p, usize n, bool clr, u32 pc)
{
	if (n > ~0u)
		return nil;
	return tagged(poolalloc(p, n + sizeof(Tags)), n, clr, pc);
}

static inline Tags *
tagsof(void *p)
{
	return (Tags *)p - 1;
}

void *
malloc(usize n)
{
	return take(mainmem, n, true, CALLER);
}

void *
mallocz(usize n, bool clr)
{
	return take(mainmem, n, clr, CALLER);
}

void *
mallocalign(usize n, usize align, i64 offset, usize span)
{
	if (n > ~0u)
		return nil;
	Fit f = {.dsize = n + sizeof(Tags),
		 .skip = sizeof(Tags),
		 .align = align,
		 .offset = (u64)offset,
		 .span = span};
	Tags *t = poolallocalign(mainmem, f);
	return tagged(t, n, true, CALLER);
}

void *
smalloc(usize n)
{
	void *p;

	while ((p = take(mainmem, n, true, CALLER)) == nil)
		memwait("smalloc");
	return p;
}

void
free(void *p)
{
	if (p != nil)
		poolfree(mainmem, tagsof(p));
}

usize
msize(void *p)
{
	return p != nil ? poolmsize(mainmem, tagsof(p)) - sizeof(Tags) : 0;
}

void *
realloc(void *p, usize n)
{
	if (p == nil)
		return take(mainmem, n, false, CALLER);
	if (n == 0) {
		free(p);
		return nil;
	}
	u32 was = tagsof(p)->malloc;
	void *q = p;
	if (n > ~0u)
		return nil;
	if (!poolresize(mainmem, tagsof(p), n + sizeof(Tags))) {
		usize have = msize(p);
		if ((q = take(mainmem, n, false, was)) == nil)
			return nil;
		memcpy(q, p, have < n ? have : n);
		free(p);
	}
	tagsof(q)->realloc = CALLER;
	return q;
}

void *
secalloc(usize n)
{
	void *p;

	while ((p = take(secrmem, n, true, CALLER)) == nil)
		memwait("secalloc");
	return p;
}

void
secfree(void *p)
{
	if (p != nil)
		poolfree(secrmem, tagsof(p));
}

static void
summary(Pool *p)
{
	Poolstat s = poolstat(p);

	print("pool: %s max %llu cur %llu free %llu alloc %llu\n", s.name, s.max, s.cur, s.nfree, s.nalloc);
}

void
poolsummary(void)
{
	summary(mainmem);
	summary(imagmem);
	summary(secrmem);
}

enum { TestBlocks = 200 };

bool
malloc_test(void)
{
	u64 was = poolinuse(mainmem), consumed;
	void *list = nil, *p;
	u32 n = 0;

	for (; n < TestBlocks && (p = malloc(sizeof(void *) + n * 11)) != nil; n++) {
		memset(p, 0xa5, sizeof(void *) + n * 11);
		*(void **)p = list;
		list = p;
	}
	consumed = poolinuse(mainmem) - was;
	for (; list != nil; list = p) {
		p = *(void **)list;
		free(list);
	}
	u64 is = poolinuse(mainmem);
	const char *why = poolcheck(mainmem);
	bool ok = n == TestBlocks && is == was && why == nil;
	print("pool: Heap after allocations: %u blocks consumed %llu bytes; alloc %llu before, %llu after: "
	      "%s\n",
	      n, consumed, was, is,
	      ok	   ? "ok"
	      : why != nil ? why
			   : "BAD");
	return ok;
}
