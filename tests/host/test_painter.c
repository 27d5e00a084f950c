/*
 * The painter: the rules of the conversion written a second time, from their text alone and for one page
 * at a time, against the ledger over random maps. sources: efi/fwmap.c mm/ledger.c kernel/lib/kind.c
 */
#include <stdio.h>
#include "host.h"
#include "fwmap.h"

enum {
	MaxDesc = 40,
	Pages = 600, /* of the painted world: 2.4 MB, so that the first megabyte is in it */
	Maps = 20000,
};

typedef struct Desc Desc;
struct Desc {
	u32 type;
	u64 start, pages, attr;
};

/* --- random maps
 * -------------------------------------------------------------------------------------------- */

static u64 seed = 4;

static u64
below(u64 n)
{
	return hostrand(&seed) % n;
}

static const u64 attrs[] = {
    0xf, 0xf, 0xf, 0xf, 0, ~0ull, 0x800000000000000f, 0x4000f, 0x40007, 0x7, 0x8000000000000000, 8, 0x40008,
};
static const u32 oddtypes[] = {16, 0x6fffffff, 0x70000000, 0x7fffffff, 0x80000000, 0xffffffff};

static Desc
randomdesc(bool wild)
{
	Desc d = {.type = (u32)below(16), .attr = attrs[below(nelem(attrs))]};
	if (below(3) > 0)
		d.type = (u32[]){7, 7, 3, 4, 2, 1}[below(6)];
	d.start = below(Pages - 60) * 4096;
	d.pages = 1 + below(below(4) ? 12 : 60);
	if (!wild)
		return d;
	switch (below(12)) {
	case 0:
		d.type = oddtypes[below(nelem(oddtypes))];
		break;
	case 1:
		d.start += 1 + below(4095);
		break;
	case 2:
		d.pages = 0;
		break;
	case 3:
		d.pages = ~0ull >> below(20);
		break;
	case 4:
		d.start = ~0ull << below(16);
		break;
	}
	return d;
}

static u32
randommap(Desc *d)
{
	u32 n = (u32)below(MaxDesc + 1), wild = (u32)below(2);
	for (u32 i = 0; i < n; i++)
		d[i] = randomdesc(wild);
	if (below(2)) /* in order, as firmware likes it */
		for (u32 i = 1; i < n; i++)
			for (u32 j = i; j > 0 && d[j].start < d[j - 1].start; j--) {
				Desc t = d[j];
				d[j] = d[j - 1];
				d[j - 1] = t;
			}
	return n;
}

static u8 *
encode(const Desc *d, u32 n, u32 stride)
{
	u8 *raw = malloc((u64)n * stride + 1);
	for (u32 i = 0; i < n * stride; i++)
		raw[i] = (u8)hostrand(&seed);
	for (u32 i = 0; i < n; i++) {
		u8 *p = raw + i * stride;
		memcpy(p, &d[i].type, 4);
		memcpy(p + 8, &d[i].start, 8);
		memcpy(p + 24, &d[i].pages, 8);
		memcpy(p + 32, &d[i].attr, 8);
	}
	return raw;
}

/* --- the painter
 * ---------------------------------------------------------------------------------------------- */

static const char *const order[] = {
    "free", "boot",	"loader", "special", "unaccepted", "persistent", "acpi",
    "nvs",  "reserved", "mmio",	  "runtime", "bad",	   "low",
};
typedef struct Paint Paint;
struct Paint {
	bool kept[MaxDesc];
	u64 lo[MaxDesc], hi[MaxDesc]; /* pages, after rounding */
	int class[MaxDesc];
	int page[Pages]; /* class of each page, -1: nobody's */
	u64 described, overlap;
	char anoms[64 * 1024]; /* one line each */
};

static int
word(const char *w)
{
	for (int i = 0; i < (int)nelem(order); i++)
		if (strcmp(order[i], w) == 0)
			return i;
	abort();
}

static void
note(Paint *p, const char *kind, int a, int b)
{
	usize n = strlen(p->anoms);
	if (b >= 0)
		snprintf(p->anoms + n, sizeof(p->anoms) - n, "%s %d %d\n", kind, a, b);
	else if (a >= 0)
		snprintf(p->anoms + n, sizeof(p->anoms) - n, "%s %d\n", kind, a);
	else
		snprintf(p->anoms + n, sizeof(p->anoms) - n, "%s\n", kind);
}

static const char *
classword(Paint *p, const Desc *d, int i)
{
	bool mmio = d->type == 11 || d->type == 12;
	bool ram = (d->type >= 1 && d->type <= 4) || d->type == 7;
	if (d->type == 8)
		return "bad";
	if (mmio)
		return "mmio";
	if (d->type == 5 || d->type == 6 || d->attr >> 63)
		return "runtime";
	if (d->type == 0 || d->type == 13 || d->type >= 16) {
		if (d->type >= 16 && d->type <= 0x6fffffff)
			note(p, "unknown-type", i, -1);
		return "reserved";
	}
	if (d->type == 10)
		return "nvs";
	if (d->type == 9)
		return "acpi";
	if (d->type == 14)
		return "persistent";
	if (d->type == 15)
		return "unaccepted";
	if (ram && !(d->attr & 8)) {
		note(p, "not-wb", i, -1);
		return "reserved";
	}
	if (ram && (d->attr & 0x40000))
		return "special";
	return d->type <= 2 ? "loader" : d->type == 7 ? "free" : "boot";
}

/* Drop, class and round descriptor i, with numbers wide enough for any lie. */
static void
paintone(Paint *p, const Desc *d, int i)
{
	unsigned __int128 end = d->start + (unsigned __int128)4096 * d->pages;
	if (d->pages == 0) {
		note(p, "empty", i, -1);
		return;
	}
	if (end > (unsigned __int128)1 << 52) {
		note(p, "wraps", i, -1);
		return;
	}
	p->kept[i] = true;
	p->class[i] = word(classword(p, d, i));
	u64 lo = d->start / 4096, hi = (u64)(end / 4096);
	if (d->start % 4096 != 0) {
		note(p, "unaligned", i, -1);
		if (p->class[i] <= word("special"))
			lo++;
		else
			hi++;
	}
	p->lo[i] = lo;
	p->hi[i] = hi;
}

static bool
covers(const Paint *p, u32 i, u64 page)
{
	return p->kept[i] && p->lo[i] <= page && page < p->hi[i];
}

static void
paintpage(Paint *p, u32 n, u64 page)
{
	int depth = 0, c = -1;
	for (u32 i = 0; i < n; i++)
		if (covers(p, i, page)) {
			depth++;
			c = p->class[i] > c ? p->class[i] : c;
		}
	p->described += (u64)depth * 4096;
	p->overlap += depth > 1 ? (u64)(depth - 1) * 4096 : 0;
	p->page[page] = c;
}

static void
paintorder(Paint *p, u32 n)
{
	for (u32 i = 0; i < n; i++)
		for (u32 j = i + 1; j < n; j++)
			if (p->kept[i] && p->kept[j] && p->lo[j] < p->lo[i]) {
				note(p, "unsorted", -1, -1);
				return;
			}
}

static void
paintpairs(Paint *p, u32 n)
{
	for (u32 i = 0; i < n; i++)
		for (u32 j = i + 1; j < n; j++) {
			u64 lo = p->lo[i] > p->lo[j] ? p->lo[i] : p->lo[j];
			u64 hi = p->hi[i] < p->hi[j] ? p->hi[i] : p->hi[j];
			if (p->kept[i] && p->kept[j] && lo < hi)
				note(p, "overlap", (int)i, (int)j);
		}
}

static void
paintmachine(Paint *p, u32 n, bool x86)
{
	bool named[MaxDesc] = {0}, any = false;
	for (u64 g = 0; g < Pages; g++) {
		if (p->page[g] < 0 || p->page[g] > word("loader"))
			continue;
		if (g == 0)
			p->page[g] = word("reserved");
		else if (x86 && g >= 0xa0 && g < 0x100) {
			p->page[g] = word("reserved");
			for (u32 i = 0; i < n; i++)
				named[i] |= covers(p, i, g);
			any = true;
		} else if (x86 && g < 0xa0)
			p->page[g] = word("low");
	}
	if (!any)
		return;
	strcat(p->anoms, "legacy-hole");
	for (u32 i = 0; i < n; i++)
		if (named[i])
			sprintf(p->anoms + strlen(p->anoms), " %u", i);
	strcat(p->anoms, "\n");
}

static void
paint(Paint *p, const Desc *d, u32 n, bool x86)
{
	memset(p, 0, sizeof(*p));
	for (u32 i = 0; i < n; i++)
		paintone(p, &d[i], (int)i);
	for (u64 g = 0; g < Pages; g++)
		paintpage(p, n, g);
	paintorder(p, n);
	paintpairs(p, n);
	paintmachine(p, n, x86);
}

/* --- the comparison
 * --------------------------------------------------------------------------------------------- */

static int
bytext(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
sortlines(char *text)
{
	static char copy[64 * 1024];
	char *line[4096];
	usize n = 0;
	strcpy(copy, text);
	for (char *s = strtok(copy, "\n"); s != NULL; s = strtok(NULL, "\n"))
		line[n++] = s;
	qsort(line, n, sizeof(*line), bytext);
	*text = 0;
	for (usize i = 0; i < n; i++)
		text = stpcpy(stpcpy(text, line[i]), "\n");
}

static void
collect(void *aux, Fwanom kind, const u32 *e, u32 n)
{
	char *text = aux;
	text += strlen(text);
	text += sprintf(text, "%s", fwanomword(kind));
	for (u32 i = 0; i < n; i++)
		text += sprintf(text, " %u", e[i]);
	strcpy(text, "\n");
}

static void
comparepages(const Paint *p, Ledger *l)
{
	u64 sum[nelem(order)] = {0};
	assert_null(ledgercheck(l));
	for (u64 g = 0; g < Pages; g++) {
		const Range *r = ledgerfind(l, g * 4096);
		assert_int_equal(p->page[g], r != NULL ? word(kindword((Kind)r->kind)) : -1);
		if (r != NULL)
			sum[word(kindword((Kind)r->kind))] += 4096;
	}
	for (usize k = 0; k < nelem(order); k++)
		assert_int_equal(sum[word(kindword((Kind)k))], ledgersum(l, (Kind)k));
	for (u32 i = 0; i < l->n; i++)
		assert_true(l->r[i].end <= Pages * 4096ull);
}

/* The list of descriptors behind each range: all that cover any byte of it, ascending. */
static void
comparefrom(const Paint *p, const Fwmap *m)
{
	Fwcover c;
	fwcoverstart(&c, m);
	for (u32 j = 0; j < m->ledger->n; j++) {
		const Range *r = &m->ledger->r[j];
		i64 next = -1;
		fwcoverrange(&c, r->start, r->end);
		for (u32 i = 0; i < m->n; i++)
			if (p->kept[i] && p->lo[i] < p->hi[i] && p->lo[i] < r->end / 4096 &&
			    p->hi[i] > r->start / 4096)
				assert_int_equal(next = fwcovernext(&c, (u64)(next + 1)), i);
		assert_int_equal(fwcovernext(&c, (u64)(next + 1)), -1);
	}
}

static void
compare(const Desc *d, u32 n, u32 stride, bool x86)
{
	static Paint p;
	static char anoms[64 * 1024];
	u64 need = fwmapneed(n), cap = fwmapranges(n);
	u8 *raw = encode(d, n, stride);
	void *scratch = malloc(need + 1);
	Range *space = malloc(cap * sizeof(Range));
	Ledger l;
	Fwmap m = {.raw = raw, .bytes = (u64)n * stride, .stride = stride, .x86 = x86};

	ledgerinit(&l, space, (u32)cap);
	assert_null(fwmapconvert(&m, &l, scratch, need));
	paint(&p, d, n, x86);
	comparepages(&p, &l);
	assert_int_equal(m.described, p.described);
	assert_int_equal(m.overlap, p.overlap);
	assert_int_equal(m.off, 0);
	comparefrom(&p, &m);
	*anoms = 0;
	fwanomalies(&m, ~0ull, collect, anoms);
	u64 lines = 0;
	for (char *s = anoms; (s = strchr(s, '\n')) != NULL; s++)
		lines++;
	assert_int_equal(lines, m.nanomaly);
	sortlines(anoms);
	sortlines(p.anoms);
	assert_string_equal(anoms, p.anoms);
	free(space);
	free(scratch);
	free(raw);
}

static void
test_B1_T1_painter_over_random_maps(void **state)
{
	(void)state;
	static const u32 strides[] = {40, 48, 56, 64};
	for (int i = 0; i < Maps; i++) {
		Desc d[MaxDesc];
		u32 n = randommap(d);
		compare(d, n, strides[below(4)], below(4) > 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_B1_T1_painter_over_random_maps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
