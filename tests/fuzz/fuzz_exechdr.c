/*
 * fuzz_exechdr.c: any bytes as an executable or as a first line: what execparse accepts keeps its promises,
 * and the words of a #! line lie inside it. sources: kernel/exechdr.c
 */
#include <stdlib.h>
#include <string.h>
#include "dat.h"

#define must(x) ((x) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const u8 *data, usize size);

static bool
overlap(const Execseg *a, const Execseg *b)
{
	return a->base < a->top && b->base < b->top && a->base < b->top && b->base < a->top;
}

static void
executable(const u8 *data, usize size)
{
	Exec e;

	if (!execparse(data, size, &e))
		return;
	must(e.nseg <= Nexecseg);
	for (u32 i = 0; i < e.nseg; i++) {
		const Execseg *s = &e.seg[i];
		must(s->base % BY2PG == 0 && s->top % BY2PG == 0);
		must(s->base >= UTZERO && s->base <= s->top && s->top <= USTKTOP - USTKSIZE);
		must(s->fstart + s->flen >= s->fstart && s->slot < NSEG);
		for (u32 j = 0; j < i; j++)
			must(s->slot != e.seg[j].slot && !overlap(s, &e.seg[j]));
	}
}

static void
script(const u8 *data, usize size)
{
	char line[ScriptLine], *word[ScriptWords];

	if (size > sizeof line)
		size = sizeof line;
	memcpy(line, data, size);
	u32 n = scriptparse(line, size, word);
	must(n <= ScriptWords);
	for (u32 i = 0; i < n; i++)
		must(word[i] >= line + 2 && word[i] + strlen(word[i]) < line + size);
}

int
LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	executable(data, size);
	script(data, size);
	return 0;
}
