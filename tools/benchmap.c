/*
 * benchmap.c: what a conversion of N descriptors costs, for valgrind to count. Host; see tools/benchmap.sh.
 * usage: benchmap N sorted|shuffled. Only fwmapconvert() is counted; the map is the same each time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fwmap.h"
#include "layout.h"

static u64
next(u64 *s)
{
	*s = *s * 6364136223846793005ull + 1442695040888963407ull;
	return *s >> 33;
}

static void
descriptor(u8 *p, u64 start, u64 pages, u32 type)
{
	const u64 wb = 0xf;
	memcpy(p, &type, 4);
	memcpy(p + 8, &start, 8);
	memcpy(p + 24, &pages, 8);
	memcpy(p + 32, &wb, 8);
}

/* Neighbours of 1 to 50 pages in order, as firmware writes them; or anywhere, so that a third overlap. */
static u8 *
makemap(u32 n, bool shuffled)
{
	static const u32 types[] = {FwConventional, FwBootCode, FwBootData,   FwLoaderData,
				    FwReserved,	    FwNvs,	FwRuntimeData};
	u8 *raw = calloc(n, 48);
	u64 seed = 3, at = 0;
	for (u32 i = 0; i < n; i++) {
		u64 pages = 1 + next(&seed) % 50;
		u64 start = shuffled ? next(&seed) % (n * 60ull) * BY2PG : at;
		descriptor(raw + i * 48ull, start, pages, types[next(&seed) % nelem(types)]);
		at += pages * BY2PG;
	}
	return raw;
}

int
main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	u32 n = (u32)atoi(argv[1]);
	u8 *raw = makemap(n, strcmp(argv[2], "shuffled") == 0);
	void *scratch = malloc(fwmapneed(n));
	Range *space = malloc(fwmapranges(n) * sizeof(Range));
	Ledger l;
	Fwmap m = {.raw = raw, .bytes = n * 48ull, .stride = 48, .x86 = true};

	ledgerinit(&l, space, (u32)fwmapranges(n));
	const char *no = fwmapconvert(&m, &l, scratch, fwmapneed(n));
	printf("%u ranges, %llu overlaps, off %llu%s\n", l.n, m.anomalies[FaOverlap], m.off,
	       no != nil ? no : "");
	free(space);
	free(scratch);
	free(raw);
	return no != nil || m.off != 0;
}
