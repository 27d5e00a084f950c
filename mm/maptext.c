/*
 * maptext.c: the ledger in 9front's words: the lines of memmapdump, the *e820 string both ways, and a
 * short table for people. Kernel and host; pure: text goes into the caller's buffer or function.
 * Kinds fold into 9front's few types, and neighbours that fold alike are shown as one.
 */
#include "ledger.h"
#include "lib.h"

enum { /* e820 types, as 9front's loader and kernel use them [ACPI 6.5 15] */
       E820RAM = 1,
       E820Reserved = 2,
       E820ACPI = 3,
       E820NVS = 4,
};
#define ALLOCATED 0x80000000u /* 9front's mark above the type */

static u32
memtype(const Range *r)
{
	return (u32)kindmemtype((Kind)r->kind) | (r->taken ? ALLOCATED : 0);
}

static u32
e820type(const Range *r)
{
	switch ((Kind)r->kind) {
	case KAcpi:
		return E820ACPI;
	case KNvs:
		return E820NVS;
	default:
		return kindisram((Kind)r->kind) ? E820RAM : E820Reserved;
	}
}

/* The next run of ranges that touch and fold to one type, from index *i on; false at the end. */
static bool
nextrun(Ledger *l, u32 (*fold)(const Range *), u32 *i, Range *run, u32 *type)
{
	if (*i >= l->n)
		return false;
	*run = l->r[*i];
	*type = fold(run);
	while (++*i < l->n && l->r[*i].start == run->end && fold(&l->r[*i]) == *type)
		run->end = l->r[*i].end;
	return true;
}

void
memmapdump(Ledger *l, void (*put)(void *aux, const char *s, usize n), void *aux)
{
	char line[64];
	u32 type;
	Range r;
	ledgersettle(l);
	for (u32 i = 0; nextrun(l, memtype, &i, &r, &type);)
		put(aux, line, snformat(line, sizeof(line), "%.16llx-%.16llx %x\n", r.start, r.end, type));
}

void
ledgertable(Ledger *l, void (*put)(void *aux, const char *s, usize n), void *aux)
{
	char line[80];
	for (u32 k = 0; k < NKIND; k++) {
		u64 bytes = ledgersum(l, (Kind)k);
		u32 ranges = 0;
		for (u32 i = 0; i < l->n; i++)
			ranges += l->r[i].kind == k;
		if (ranges > 0)
			put(aux, line,
			    snformat(line, sizeof(line), "%-11s %12llu KiB in %u range%s\n",
				     kindword((Kind)k), bytes / KiB, ranges, ranges > 1 ? "s" : ""));
	}
}

usize
e820text(Ledger *l, char *d, usize n)
{
	char entry[48];
	usize want = 0;
	u32 type;
	Range r;
	ledgersettle(l);
	if (n > 0)
		*d = 0;
	for (u32 i = 0; nextrun(l, e820type, &i, &r, &type);) {
		usize len = snformat(entry, sizeof(entry), "%x %.16llx %.16llx ", type, r.start, r.end);
		if (want + len < n)
			memcpy(d + want, entry, len + 1);
		want += len;
	}
	return want;
}

static const char *
blanks(const char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

/* One "[type ]base top": a first word of a single digit is a type. */
static bool
e820entry(const char **s, u64 *type, u64 *base, u64 *top)
{
	const char *p = *s;
	*type = E820RAM;
	if (p[0] != 0 && (p[1] == ' ' || p[1] == '\t')) {
		if (!parseu64(p, &p, 16, type))
			return false;
		p = blanks(p);
	}
	if (!parseu64(p, &p, 16, base))
		return false;
	p = blanks(p);
	if (!parseu64(p, &p, 16, top) || *base > *top || (*p != 0 && *p != ' ' && *p != '\t'))
		return false;
	*s = blanks(p);
	return true;
}

bool
e820parse(Ledger *l, const char *s)
{
	u64 type, base, top;
	for (s = blanks(s); *s != 0;) {
		if (!e820entry(&s, &type, &base, &top))
			return false;
		Kind k = type == E820RAM    ? KFree
			 : type == E820ACPI ? KAcpi
			 : type == E820NVS  ? KNvs
					    : KReserved;
		ledgeradd(l, base, top - base, k);
	}
	ledgersettle(l);
	return l->lost == 0;
}
