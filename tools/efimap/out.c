/*
 * out.c: a converted map as JSON, as a table for people, in other programs' words; the comparison with our
 * own boot log; the difference of two maps. Host, efimap.
 * All decisions are the kernel's (efi/fwmap.c, efi/fwtext.c): here is only their dress. JSON is a promise:
 * its keys and their order do not change.
 */
#include <stdlib.h>
#include <string.h>
#include "efimap.h"

const char *
human(u64 bytes, char *d)
{
	static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	u32 u = 0;
	u64 whole = bytes;
	while (u + 1 < nelem(unit) && whole >= 1024) {
		whole /= 1024;
		u++;
	}
	u64 one = 1ull << 10 * u, tenth = bytes % one / (one / 10 + (u == 0));
	if (u == 0 || tenth == 0 || whole >= 1000)
		sprintf(d, "%llu %s", whole, unit[u]);
	else
		sprintf(d, "%llu.%llu %s", whole, tenth > 9 ? 9 : tenth, unit[u]);
	return d;
}

static const Kind sumorder[NCLASS] = {KFree, KBoot, KLoader,   KLow,  KSpecial, KUnaccepted, KPersistent,
				      KAcpi, KNvs,  KReserved, KMmio, KRuntime, KBad};

/* --- JSON
 * -------------------------------------------------------------------------------------------------------- */

void
jsonstring(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s != 0; s++)
		if ((u8)*s < 0x20)
			fprintf(f, "\\u%04x", (u8)*s);
		else if (*s == '<')
			fputs("\\u003c", f); /* so that a page can hold it */
		else
			fprintf(f, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
	fputc('"', f);
}

/* Big maps become megabytes of JSON: text is gathered here, without printf. */
typedef struct Out Out;
struct Out {
	FILE *f;
	usize n;
	const char *sep; /* of the list being written */
	char b[1 << 14];
};

static void
outflush(Out *o)
{
	fwrite(o->b, 1, o->n, o->f);
	o->n = 0;
}

/* s has at most 256 bytes. */
static inline void
outtext(Out *o, const char *s, usize n)
{
	if (o->n + n > sizeof(o->b))
		outflush(o);
	memcpy(o->b + o->n, s, n);
	o->n += n;
}
#define outwords(o, literal) outtext(o, literal, sizeof(literal) - 1)

static void
outstring(Out *o, const char *s)
{
	outtext(o, s, strlen(s));
}

/* Digits of v at p, two at a time; gives the place behind them. Writes 20 bytes, which no call does as fast.
 */
static char *
putnumber(char *p, u64 v)
{
	static const char pairs[] = "0001020304050607080910111213141516171819"
				    "2021222324252627282930313233343536373839"
				    "4041424344454647484950515253545556575859"
				    "6061626364656667686970717273747576777879"
				    "8081828384858687888990919293949596979899";
	enum { Most = 20 };
	char t[2 * Most];
	u32 at = Most;
	for (; v >= 10; v /= 100) {
		at -= 2;
		memcpy(t + at, pairs + 2 * (v % 100), 2);
	}
	if (v > 0 || at == Most)
		t[--at] = (char)('0' + v);
	memcpy(p, t + at, Most);
	return p + Most - at;
}

static void
outnumber(Out *o, u64 v)
{
	char t[20];
	outtext(o, t, (usize)(putnumber(t, v) - t));
}

static void
outnext(Out *o)
{
	outstring(o, o->sep);
	o->sep = ",";
}

/* A key and its number at p. */
#define putfield(p, key, v) putnumber((char *)memcpy(p, key, sizeof(key) - 1) + sizeof(key) - 1, v)

static void
jsonentries(Out *o, const Map *m)
{
	o->sep = "";
	for (u32 i = 0; i < m->m.n; i++) {
		Fwdesc d = fwdesc(&m->m, i);
		char t[160], *p = t;
		p = putfield(p, "{\"i\":", i);
		p = putfield(p, ",\"type\":", d.type);
		p = putfield(p, ",\"start\":", d.start);
		p = putfield(p, ",\"pages\":", d.pages);
		p = putfield(p, ",\"attribute\":", d.attr);
		*p++ = '}';
		outnext(o);
		outtext(o, t, (usize)(p - t));
	}
}

static void
jsonrange(Out *o, const Map *m, Fwcover *c, const Range *r)
{
	char words[256];
	Fwwhy w = {0};
	outwords(o, "{\"start\":");
	outnumber(o, r->start);
	outwords(o, ",\"end\":");
	outnumber(o, r->end);
	outwords(o, ",\"class\":\"");
	outstring(o, kindword((Kind)r->kind));
	outwords(o, "\",\"from\":[");
	o->sep = "";
	fwcoverrange(c, r->start, r->end);
	for (i64 i = fwcovernext(c, 0); i >= 0; i = fwcovernext(c, (u64)i + 1)) {
		fwwhyadd(&w, &m->m, r, (u32)i);
		outnext(o);
		outnumber(o, (u64)i);
	}
	outwords(o, "],\"reason\":\"");
	outtext(o, words, fwwhytext(&w, r, words, sizeof(words)));
	outwords(o, "\"}");
}

static void
jsonledger(Out *o, const Map *m)
{
	Fwcover c;
	fwcoverstart(&c, &m->m);
	for (u32 j = 0; j < m->l.n; j++) {
		if (j > 0)
			outwords(o, ",");
		jsonrange(o, m, &c, &m->l.r[j]);
	}
}

static void
jsonsums(Out *o, const Map *m)
{
	outwords(o, "{\"described\":");
	outnumber(o, m->m.described);
	for (u32 k = 0; k < NCLASS; k++) {
		outwords(o, ",\"");
		outstring(o, kindword(sumorder[k]));
		outwords(o, "\":");
		outnumber(o, m->m.sum[sumorder[k]]);
	}
	outwords(o, ",\"overlap\":");
	outnumber(o, m->m.overlap);
	outwords(o, ",\"off\":");
	outnumber(o, m->m.off);
	outwords(o, "}");
}

static void
jsonanomaly(void *aux, Fwanom kind, const u32 *e, u32 n)
{
	Out *o = aux;
	outnext(o);
	outwords(o, "{\"kind\":\"");
	outstring(o, fwanomword(kind));
	outwords(o, "\",\"entries\":[");
	for (u32 i = 0; i < n; i++) {
		if (i > 0)
			outwords(o, ",");
		outnumber(o, e[i]);
	}
	outwords(o, "]}");
}

static bool
toomany(const Map *m)
{
	u64 total = 0;
	Fwcover c;
	if (m->m.anomalies[FaOverlap] == 0) /* then each is named by few ranges */
		return false;
	if (m->m.anomalies[FaOverlap] > MaxPairs)
		return true;
	fwcoverstart(&c, &m->m);
	for (u32 j = 0; j < m->l.n; j++) {
		fwcoverrange(&c, m->l.r[j].start, m->l.r[j].end);
		for (i64 i = fwcovernext(&c, 0); i >= 0; i = fwcovernext(&c, (u64)i + 1))
			if (++total > MaxFrom)
				return true;
	}
	return false;
}

bool
jsontoolong(const Map *m)
{
	if (!toomany(m))
		return false;
	fprintf(stderr, "efimap: %s: %llu pairs of descriptors overlap: too many to list each\n", m->name,
		m->m.anomalies[FaOverlap]);
	return true;
}

int
jsonwrite(FILE *f, Map *m)
{
	static Out o;
	if (jsontoolong(m))
		return ExitUnusable;
	o.f = f;
	o.n = 0;
	outwords(&o, "{\"source\":\"");
	outstring(&o, sourcenames[m->dump.source]);
	outwords(&o, "\",\"machine_arch\":\"");
	outstring(&o, m->x86 ? "x86_64" : "aarch64");
	outwords(&o, "\",\"entries\":[");
	jsonentries(&o, m);
	outwords(&o, "],\"ledger\":[");
	jsonledger(&o, m);
	outwords(&o, "],\"sums\":");
	jsonsums(&o, m);
	outwords(&o, ",\"anomalies\":[");
	o.sep = "";
	fwanomalies(&m->m, ~0ull, jsonanomaly, &o);
	outwords(&o, "]}\n");
	outflush(&o);
	return ExitFine;
}

/* --- table
 * ---------------------------------------------------------------------------------------------------------
 */

typedef struct Listing Listing;
struct Listing {
	FILE *f;
	const char *sep;
	const Options *o;
};

/* Terminal colours: what an OS gets is green, what it gets later or in part is yellow, the rest by use. */
static const char *
colorof(Kind k)
{
	static const char *const color[NCLASS] = {
	    [KFree] = "32",	  [KBoot] = "92",	[KLoader] = "36", [KLow] = "33", [KSpecial] = "93",
	    [KUnaccepted] = "93", [KPersistent] = "96", [KAcpi] = "94",	  [KNvs] = "34", [KReserved] = "90",
	    [KMmio] = "35",	  [KRuntime] = "95",	[KBad] = "31",
	};
	return color[k];
}

static void
paint(FILE *f, const Options *o, const char *color, const char *text, int width)
{
	if (o->color)
		fprintf(f, "\033[%sm%-*s\033[0m", color, width, text);
	else
		fprintf(f, "%-*s", width, text);
}

static void
title(FILE *f, const Options *o, const char *text)
{
	fputc('\n', f);
	paint(f, o, "1", text, 0);
	fputc('\n', f);
}

static void
tabledescs(FILE *f, Map *m, const Options *o)
{
	char h[24], attr[80], name[24];
	title(f, o, "What the firmware says");
	fprintf(f, "  %4s  %-16s %-16s %10s  %-19s %s\n", "#", "start", "end (exclusive)", "size", "type",
		"attributes");
	for (u32 i = 0; i < m->m.n; i++) {
		Fwdesc d = fwdesc(&m->m, i);
		Fwfate fate = fwfate(&d);
		const char *type = fwtypename(d.type);
		snprintf(name, sizeof(name), "type-0x%x", d.type);
		attrwords(d.attr, attr, sizeof(attr));
		fprintf(f, "  %4u  %016llx %016llx %10s  ", i, d.start, d.start + d.pages * BY2PG,
			d.pages >> 52 ? "?" : human(d.pages * BY2PG, h));
		paint(f, o, fate.kept ? colorof(fate.class) : "31", type != nil ? type : name, 19);
		fprintf(f, " %s%s\n", attr, fate.kept ? "" : "  (dropped)");
	}
}

/* Why range r is what it is, and the descriptors that say so: each if they are few. */
static void
tablewhy(FILE *f, const Map *m, Fwcover *c, const Range *r)
{
	enum { Few = 6 };
	char words[256];
	i64 e[Few], last = -1;
	u32 n = 0;
	Fwwhy w = {0};
	fwcoverrange(c, r->start, r->end);
	for (i64 i = fwcovernext(c, 0); i >= 0; last = i, i = fwcovernext(c, (u64)i + 1), n++) {
		fwwhyadd(&w, &m->m, r, (u32)i);
		if (n < Few)
			e[n] = i;
	}
	fwwhytext(&w, r, words, sizeof(words));
	fprintf(f, " %s (", words);
	for (u32 k = 0; k < n && n <= Few; k++)
		fprintf(f, "%s#%lld", k > 0 ? " " : "", e[k]);
	if (n > Few)
		fprintf(f, "%u descriptors from #%lld to #%lld", n, e[0], last);
	fputs(")\n", f);
}

static void
tableledger(FILE *f, Map *m, const Options *o)
{
	Fwcover c;
	char h[24];
	title(f, o, "What becomes of it");
	fprintf(f, "  %-16s %-16s %10s  %-11s %s\n", "start", "end (exclusive)", "size", "class", "because");
	fwcoverstart(&c, &m->m);
	for (u32 j = 0; j < m->l.n; j++) {
		const Range *r = &m->l.r[j];
		if (j > 0 && r[-1].end < r->start)
			fprintf(f, "  %-33s %10s  not described\n", "", human(r->start - r[-1].end, h));
		fprintf(f, "  %016llx %016llx %10s  ", r->start, r->end, human(r->end - r->start, h));
		paint(f, o, colorof((Kind)r->kind), kindword((Kind)r->kind), 11);
		tablewhy(f, m, &c, r);
	}
}

static void
tableanomaly(void *aux, Fwanom kind, const u32 *e, u32 n)
{
	Listing *a = aux;
	fputs("  ", a->f);
	paint(a->f, a->o, "33", fwanomword(kind), 13);
	fprintf(a->f, " %s", fwanomtext(kind));
	for (u32 i = 0; i < n; i++)
		fprintf(a->f, "%s#%u", i ? ", " : " (", e[i]);
	fputs(n ? ")\n" : "\n", a->f);
}

static void
tablesums(FILE *f, Map *m, const Options *o)
{
	char h[24];
	static const char *const meaning[NCLASS] = {
	    [KFree] = "free from the start",
	    [KBoot] = "the firmware's until ExitBootServices, then free",
	    [KLoader] = "the loader's, free once it is done with",
	    [KLow] = "first 640 KiB: kept for starting processors",
	    [KSpecial] = "special purpose: for drivers that ask for it",
	    [KUnaccepted] = "must be accepted from the hypervisor first",
	    [KPersistent] = "persistent memory",
	    [KAcpi] = "ACPI tables: free once they are parsed",
	    [KNvs] = "the firmware's across sleep: never touched",
	    [KReserved] = "never touched",
	    [KMmio] = "devices, not memory",
	    [KRuntime] = "runtime services: never touched",
	    [KBad] = "broken memory",
	};
	title(f, o, "Sums");
	for (u32 i = 0; i < NCLASS; i++) {
		Kind k = sumorder[i];
		if (m->m.sum[k] == 0)
			continue;
		fputs("  ", f);
		paint(f, o, colorof(k), kindword(k), 12);
		fprintf(f, "%10s  %20llu  %s\n", human(m->m.sum[k], h), m->m.sum[k], meaning[k]);
	}
	if (m->m.overlap > 0)
		fprintf(f, "  %-12s%10s  %20llu  described more than once\n", "overlap",
			human(m->m.overlap, h), m->m.overlap);
	fprintf(f, "  %-12s%10s  %20llu  by the descriptors; off by %llu\n", "described",
		human(m->m.described, h), m->m.described, m->m.off);
	fprintf(f, "  An operating system gets %s.\n",
		human(m->m.sum[KFree] + m->m.sum[KBoot] + m->m.sum[KLoader], h));
}

static void
tablefact(void *aux, const char *grade, const char *words)
{
	Listing *a = aux;
	if (*a->sep == 0)
		title(a->f, a->o, "What else the log says");
	a->sep = " ";
	fputs("  ", a->f);
	paint(a->f, a->o, *grade == 'B' ? "1;31" : *grade == 'n' ? "33" : "32", grade, 5);
	fprintf(a->f, "%s\n", words);
}

void
tablewrite(FILE *f, Map *m, const Options *o)
{
	Listing a = {.f = f, .sep = "", .o = o};
	paint(f, o, "1", m->name, 0);
	fprintf(f, ": %u descriptors in the words of %s", m->m.n, sourcenames[m->dump.source]);
	if (m->dump.first > 0)
		fprintf(f, ", lines %llu to %llu", m->dump.first, m->dump.last);
	if (m->ndumps > 1)
		fprintf(f, " (%u dumps in this file; --nth N chooses)", m->ndumps);
	fprintf(f, "; rules of %s\n", m->x86 ? "x86_64" : "aarch64");
	if (m->facts.firmware[0] != 0)
		fprintf(f, "firmware: %s\n", m->facts.firmware);
	tabledescs(f, m, o);
	tableledger(f, m, o);
	title(f, o, m->m.nanomaly > 0 ? "Anomalies" : "No anomalies");
	fwanomalies(&m->m, MaxPairs, tableanomaly, &a);
	if (m->m.anomalies[FaOverlap] > MaxPairs)
		fprintf(f, "  and %llu overlapping pairs more\n", m->m.anomalies[FaOverlap] - MaxPairs);
	judgefacts(m, tablefact, &a);
	tablesums(f, m, o);
}

/* --- other words
 * ------------------------------------------------------------------------------------------------------ */

static void
putfile(void *aux, const char *s, usize n)
{
	fwrite(s, 1, n, aux);
}

static void
e820write(FILE *f, Map *m)
{
	usize n = e820text(&m->l, nil, 0);
	char *s = malloc(n + 1);
	e820text(&m->l, s, n + 1);
	fprintf(f, "*e820=%s\n", s);
	free(s);
}

/* The descriptors in another program's words; imago's are the whole log of the conversion. */
void
aswrite(FILE *f, Map *m, Source as)
{
	if (as == SrcRaw) {
		fwrite(m->raw, 1, m->rawbytes, f);
		return;
	}
	if (as == SrcImago) {
		Fwlog o;
		fwlogstart(&o, putfile, f);
		fwlogmap(&o, &m->m);
		fwlogdescs(&o, &m->m);
		fwlogledger(&o, &m->m);
		return;
	}
	if (as == SrcNone) {
		e820write(f, m);
		return;
	}
	formathead(f, as, m->m.n);
	for (u32 i = 0; i < m->m.n; i++) {
		Fwdesc d = fwdesc(&m->m, i);
		formatwrite(f, as, i,
			    &(Entry){.start = d.start, .pages = d.pages, .attr = d.attr, .type = d.type});
	}
}

/* --- differences
 * ------------------------------------------------------------------------------------------------------- */

static const char *
classat(Map *m, u64 addr, u64 *edge)
{
	i32 i = m != nil ? ledgernext(&m->l, addr, NKIND) : -1;
	if (i < 0)
		return "-";
	const Range *r = &m->l.r[i];
	u64 e = r->start > addr ? r->start : r->end;
	*edge = e < *edge ? e : *edge;
	return r->start > addr ? "-" : kindword((Kind)r->kind);
}

bool
diffwalk(Map *a, Map *b, Difffn *f, void *aux)
{
	bool any = false;
	u64 start = 0, end;
	const char *was = nil, *is = nil;
	for (u64 at = 0;; at = end) {
		end = ~0ull;
		const char *x = classat(a, at, &end), *y = classat(b, at, &end);
		if (was != nil && (x != was || y != is || end == ~0ull)) {
			if (was != is) {
				f(aux, start, at, was, is);
				any = true;
			}
			was = nil;
		}
		if (end == ~0ull)
			return any;
		if (was == nil) {
			start = at;
			was = x;
			is = y;
		}
	}
}

static void
tablediff(void *aux, u64 start, u64 end, const char *was, const char *is)
{
	Listing *l = aux;
	char h[24];
	if (*l->sep == 0)
		fprintf(l->f, "  %-16s %-16s %10s  %-11s    %s\n", "start", "end (exclusive)", "size", "was",
			"is");
	l->sep = " ";
	fprintf(l->f, "  %016llx %016llx %10s  ", start, end, human(end - start, h));
	paint(l->f, l->o, "31", was, 11);
	fputs(" -> ", l->f);
	paint(l->f, l->o, "32", is, 0);
	fputc('\n', l->f);
}

static void
jsondiff(void *aux, u64 start, u64 end, const char *was, const char *is)
{
	Listing *l = aux;
	fprintf(l->f, "%s{\"start\":%llu,\"end\":%llu,\"was\":", l->sep, start, end);
	fprintf(l->f, *was == '-' ? "null" : "\"%s\"", was);
	fprintf(l->f, *is == '-' ? ",\"is\":null}" : ",\"is\":\"%s\"}", is);
	l->sep = ",";
}

static void
diffsums(FILE *f, const Map *a, const Map *b)
{
	char h[24], g[24];
	for (u32 i = 0; i < NCLASS; i++) {
		Kind k = sumorder[i];
		u64 x = a->m.sum[k], y = b->m.sum[k];
		if (x != y)
			fprintf(f, "  %-12s %10s -> %-10s  %c%llu bytes\n", kindword(k), human(x, h),
				human(y, g), y > x ? '+' : '-', y > x ? y - x : x - y);
	}
}

int
diffwrite(FILE *f, Map *a, Map *b, const Options *o)
{
	Listing l = {.f = f, .sep = "", .o = o};
	bool differ;
	if (o->mode == ModeJson) {
		fputs("{\"was\":", f);
		jsonstring(f, a->name);
		fputs(",\"is\":", f);
		jsonstring(f, b->name);
		fputs(",\"changes\":[", f);
		differ = diffwalk(a, b, jsondiff, &l);
		fputs("],\"sums\":{", f);
		for (u32 i = 0; i < NCLASS; i++)
			fprintf(f, "%s\"%s\":[%llu,%llu]", i ? "," : "", kindword(sumorder[i]),
				a->m.sum[sumorder[i]], b->m.sum[sumorder[i]]);
		fputs("}}\n", f);
	} else {
		fprintf(f, "%s -> %s\n", a->name, b->name);
		differ = diffwalk(a, b, tablediff, &l);
		if (differ)
			title(f, o, "By class");
		else
			fputs("  every byte has the same class\n", f);
		diffsums(f, a, b);
	}
	return differ ? ExitDiffers : ExitFine;
}

/* --- our own log against itself
 * ------------------------------------------------------------------------------------------ */

typedef struct Check Check;
struct Check {
	Map *m;
	FILE *f;
	Text want;
	u64 ram; /* by the ledger: what each MEMBAL must have */
	u32 membals, wrong;
};

static void
complain(Check *c, u64 line, const char *words, const char *want, const char *have)
{
	c->wrong++;
	fprintf(c->f, "%s:%llu: %s\n", c->m->name, line, words);
	if (want != nil)
		fprintf(c->f, "  expected: %s\n", want);
	if (have != nil)
		fprintf(c->f, "  found:    %s\n", have);
}

static void
puttext(void *aux, const char *s, usize n)
{
	textadd(aux, s, n);
}

/* "MEMBAL <phase> ram <n> = <kind> <n> + ... off <n> ok": the sum, and the firmware's RAM. */
static void
checkmembal(Check *c, u64 line, const char *s)
{
	u64 ram = 0, sum = 0, off = 1, n;
	char word[32], *end;
	const char *p = s + strlen("MEMBAL ");
	c->membals++;
	p += strcspn(p, " ");
	while (sscanf(p, " %31[^ ] ", word) == 1) {
		p += strspn(p, " ");
		p += strlen(word);
		if (strcmp(word, "=") == 0 || strcmp(word, "+") == 0)
			continue;
		if (strcmp(word, "ok") == 0 && *p == 0)
			break;
		n = strtoull(p, &end, 10);
		if (end == p) {
			complain(c, line, "not a line of MEMBAL's grammar", nil, s);
			return;
		}
		p = end;
		if (strcmp(word, "ram") == 0)
			ram = n;
		else if (strcmp(word, "off") == 0)
			off = n;
		else
			sum += n;
	}
	if (off != 0 || strcmp(word, "ok") != 0)
		complain(c, line, "memory is not conserved", nil, s);
	else if (sum != ram)
		complain(c, line, "the kinds do not add up to ram", nil, s);
	else if (ram != c->ram)
		complain(c, line, "ram is not what the map describes as RAM", nil, s);
}

/* A descriptor of 2^52 pages or more looks shorter in the log, where ends are modulo 2^64: its anomaly tells.
 */
static void
restorewraps(Map *m)
{
	const char *mark = "ledger: anomaly wraps ";
	for (const char *s = m->log.s; s != nil && (s = strstr(s, mark)) != nil; s++) {
		u64 i = strtoull(s + strlen(mark), nil, 10);
		if (i >= m->dump.n)
			continue;
		Entry *e = &m->dump.e[i];
		Fwdesc d = {.type = e->type, .start = e->start, .pages = e->pages, .attr = e->attr};
		if (!(fwfate(&d).anoms & 1u << FaWraps))
			e->pages += 1ull << 52;
	}
}

static void
checkline(Check *c, char **want, u64 line, const char *have)
{
	if (strncmp(have, "MEMBAL ", 7) == 0) {
		checkmembal(c, line, have);
		return;
	}
	u64 n;
	int matched = 0;
	if (sscanf(have, "efi: %llu bytes of RAM lie beyond the direct map%n", &n, &matched) == 1 &&
	    matched > 0) {
		c->ram -= n; /* the kernel keeps out of what it cannot reach */
		return;
	}
	if (strncmp(have, "efi: exit ", 10) == 0)
		return;
	if (*want == nil || **want == 0) {
		if (strncmp(have, "ledger: ", 8) == 0 && strstr(have, "capacity") == nil)
			complain(c, line, "a line more than the conversion gives", nil, have);
		return;
	}
	char *end = strchr(*want, '\n');
	*end = 0;
	if (strcmp(*want, have) == 0) {
		*want = end + 1;
		return;
	}
	/* other words of the first life may stand between the map and the descriptors */
	if (strncmp(have, "efi: ", 5) == 0 && !(have[5] >= '0' && have[5] <= '9')) {
		*end = '\n';
		return;
	}
	complain(c, line, "this line is not what the descriptors give", *want, have);
	*want = end + 1;
}

int
checkwrite(FILE *f, Map *m)
{
	Check c = {.m = m, .f = f};
	static const Options plain = {.mode = ModeCheck};
	if (m->dump.source != SrcImago) {
		fprintf(stderr, "efimap: %s: --check reads imago's own boot log; this is %s\n", m->name,
			sourcenames[m->dump.source]);
		return ExitUnusable;
	}
	restorewraps(m);
	free(m->raw);
	free(m->scratch);
	free(m->space);
	if (mapconvert(m, &plain) != ExitFine)
		return ExitUnusable;
	for (u32 k = 0; k < NCLASS; k++)
		c.ram += kindisram((Kind)k) ? m->m.sum[k] : 0;
	Fwlog o;
	fwlogstart(&o, puttext, &c.want);
	fwlogmap(&o, &m->m);
	fwlogdescs(&o, &m->m);
	fwlogledger(&o, &m->m);
	char *want = c.want.s;
	for (char *s = m->log.s; s != nil && *s != 0 && c.wrong < 20;) {
		char *have, *end = strchr(s, '\n');
		*end = 0;
		u64 line = strtoull(s, &have, 10);
		checkline(&c, &want, line, have + 1);
		s = end + 1;
	}
	if (c.wrong == 0 && *want != 0)
		complain(&c, m->dump.last,
			 "the log ends before the ledger does; missing:", strtok(want, "\n"), nil);
	if (c.wrong == 0 && m->m.off != 0)
		complain(&c, m->dump.last, "the sum is off", nil, nil);
	if (m->brokenseal != 0)
		complain(&c, m->brokenseal,
			 "the log above this line is not as it was written: its seal does not fit", nil, nil);
	if (c.wrong == 0)
		fprintf(f,
			"%s: %u descriptors, %u ranges and %u MEMBAL lines are as the map gives them; %u "
			"seals hold\n",
			m->name, m->m.n, m->l.n, c.membals, m->seals);
	free(c.want.s);
	return c.wrong == 0 ? ExitFine : ExitDiffers;
}
