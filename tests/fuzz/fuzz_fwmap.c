/*
 * fuzz_fwmap.c: any bytes as a raw map: the conversion keeps its promises whatever they say.
 * First byte: stride and machine; the rest: descriptors.
 * sources: efi/fwmap.c efi/fwtext.c mm/ledger.c kernel/lib/kind.c kernel/lib/str.c
 */
#include <stdlib.h>
#include <string.h>
#include "fwtext.h"
#include "layout.h"

#define must(x) ((x) ? (void)0 : abort())

static void
count(void *aux, Fwanom kind, const u32 *e, u32 n)
{
	u64 *seen = aux;
	seen[kind]++;
	for (u32 i = 1; i < n; i++)
		must(e[i - 1] < e[i]);
}

static void
swallow(void *aux, const char *s, usize n)
{
	u64 *bytes = aux;
	must(n > 0 && memchr(s, 0, n) == nil);
	*bytes += n;
}

static void
judge(Fwmap *m)
{
	u64 seen[NFWANOM] = {0}, bytes = 0, covered = 0;
	Fwcover c;
	Fwlog o;

	must(m->off == 0 && ledgercheck(m->ledger) == nil);
	fwanomalies(m, ~0ull, count, seen);
	must(memcmp(seen, m->anomalies, sizeof(seen)) == 0);
	fwcoverstart(&c, m);
	for (u32 i = 0; i < m->ledger->n; i++) {
		const Range *r = &m->ledger->r[i];
		must(r->start % BY2PG == 0 && r->end % BY2PG == 0 && r->end <= PHYSTOP && r->kind < NCLASS);
		covered += r->end - r->start;
		fwcoverrange(&c, r->start, r->end);
		must(fwcovernext(&c, 0) >= 0); /* nothing comes from nowhere */
	}
	must(m->sumwraps || covered == m->described - m->overlap);
	fwlogstart(&o, swallow, &bytes);
	fwlogmap(&o, m);
	fwlogdescs(&o, m);
	fwlogledger(&o, m);
}

int LLVMFuzzerTestOneInput(const u8 *data, usize size);

int
LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	if (size == 0 || size > 40 * 600)
		return 0;
	u32 stride = 40 + 8 * (data[0] & 3), n = (u32)((size - 1) / stride);
	u8 *raw = malloc(size);
	void *scratch = malloc(fwmapneed(n) + 1);
	Range *space = malloc(fwmapranges(n) * sizeof(Range));
	Ledger l;
	Fwmap m = {.raw = raw, .bytes = size - 1, .stride = stride, .x86 = data[0] >> 7};

	memcpy(raw, data + 1, size - 1);
	ledgerinit(&l, space, (u32)fwmapranges(n));
	must(fwmapconvert(&m, &l, scratch, fwmapneed(n)) == nil);
	judge(&m);
	free(space);
	free(scratch);
	free(raw);
	return 0;
}
