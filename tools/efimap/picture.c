/*
 * picture.c: the address space drawn: a still picture (SVG) and a page to look around in (HTML).
 * Host, efimap. Both fold the address space: each stretch between two edges is as wide as the logarithm of
 * its size, so that a page and a terabyte can both be seen. The page itself is page.html, held in the
 * program; it gets the map as JSON and needs no network.
 */
#include <stdlib.h>
#include <string.h>
#include "efimap.h"

extern const char pagestart[], pageend[]; /* page.S */

static const Kind order[NCLASS] = {KFree, KBoot, KLoader,   KLow,  KSpecial, KUnaccepted, KPersistent,
				   KAcpi, KNvs,	 KReserved, KMmio, KRuntime, KBad};

/* --- the fold
 * ---------------------------------------------------------------------------------------------------- */

typedef struct Fold Fold;
struct Fold {
	u64 *edge;
	double *at;
	u32 n;
};

static int
byvalue(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;
	return x < y ? -1 : x > y;
}

static double
width(Map *m, u64 a, u64 b)
{
	double w = 1;
	if (ledgerfind(&m->l, a) == nil)
		return 1.5;
	for (u64 pages = (b - a) / BY2PG; pages > 1; pages >>= 1)
		w += 1;
	return w;
}

static Fold
foldmap(Map *m)
{
	Fold f = {.edge = malloc((2 * (m->m.nkept + m->l.n) + 1) * sizeof(u64))};
	u32 n = 0;
	f.edge[n++] = 0;
	for (u32 i = 0; i < m->m.nkept; i++) {
		f.edge[n++] = m->m.kept[i].start;
		f.edge[n++] = m->m.kept[i].end;
	}
	for (u32 i = 0; i < m->l.n; i++) {
		f.edge[n++] = m->l.r[i].start;
		f.edge[n++] = m->l.r[i].end;
	}
	qsort(f.edge, n, sizeof(u64), byvalue);
	for (u32 i = 0; i < n; i++)
		if (f.n == 0 || f.edge[f.n - 1] != f.edge[i])
			f.edge[f.n++] = f.edge[i];
	f.at = calloc(f.n, sizeof(double));
	for (u32 i = 1; i < f.n; i++)
		f.at[i] = f.at[i - 1] + width(m, f.edge[i - 1], f.edge[i]);
	return f;
}

/* The place of an edge, in parts of the whole. */
static double
placeof(const Fold *f, u64 addr)
{
	u64 *e = bsearch(&addr, f->edge, f->n, sizeof(u64), byvalue);
	double whole = f->at[f->n - 1];
	return e != nil && whole > 0 ? f->at[e - f->edge] / whole : 0;
}

/* --- SVG
 * ---------------------------------------------------------------------------------------------------------
 */

enum {
	Left = 20,
	Wide = 1160,
	DescTop = 64,
	Band = 64,
	LedgerTop = DescTop + Band + 8,
	FootTop = LedgerTop + Band + 14,
	LegendTop = FootTop + 34,
	MaxLanes = 6,
};

static void
xml(FILE *f, const char *s)
{
	for (; *s != 0; s++)
		switch (*s) {
		case '<':
			fputs("&lt;", f);
			break;
		case '&':
			fputs("&amp;", f);
			break;
		default:
			fputc((u8)*s < 0x20 ? ' ' : *s, f);
		}
}

static void
svgbox(FILE *f, const Fold *fold, const Range *r, double y, double h, const char *label, const char *title)
{
	double a = Left + Wide * placeof(fold, r->start), b = Left + Wide * placeof(fold, r->end);
	fprintf(f,
		"<g><title>%s [0x%llx, 0x%llx)</title><rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" "
		"height=\"%.1f\" fill=\"#%06x\"/>",
		title, r->start, r->end, a, y, b - a > 0.6 ? b - a : 0.6, h, kindcolor((Kind)r->kind));
	if (b - a > 8.2 * (double)strlen(label) + 8)
		fprintf(f, "<text x=\"%.1f\" y=\"%.1f\">%s</text>", a + 4, y + h / 2 + 4, label);
	fputs("</g>\n", f);
}

/* Descriptors in as many lanes as overlap, at most MaxLanes. */
static void
svgdescs(FILE *f, Map *m, const Fold *fold)
{
	u64 reach[MaxLanes] = {0};
	u8 *lane = calloc(m->m.nkept + 1, 1);
	u32 lanes = 1;
	char title[64];
	for (u32 i = 0; i < m->m.nkept; i++) {
		u32 k = 0;
		while (k + 1 < MaxLanes && reach[k] > m->m.kept[i].start)
			k++;
		reach[k] = m->m.kept[i].end;
		lane[i] = (u8)k;
		lanes = k + 1 > lanes ? k + 1 : lanes;
	}
	double h = (double)Band / lanes;
	for (u32 i = 0; i < m->m.nkept; i++) {
		const Range *r = &m->m.kept[i];
		Fwdesc d = fwdesc(&m->m, r->src);
		const char *name = fwtypename(d.type);
		snprintf(title, sizeof(title), "#%u %s", r->src, name != nil ? name : "unknown type");
		svgbox(f, fold, r, DescTop + lane[i] * h, h - 1, name != nil ? name : "?", title);
	}
	free(lane);
}

static void
svgfoot(FILE *f, const Fold *fold)
{
	double last = -1000;
	for (u32 i = 0; i < fold->n; i++) {
		double x = Left + Wide * placeof(fold, fold->edge[i]);
		if (x - last < 118 || x > Left + Wide - 60)
			continue;
		last = x;
		fprintf(f,
			"<path d=\"M%.1f %d v6\" stroke=\"#8b949e\"/><text class=\"a\" x=\"%.1f\" "
			"y=\"%d\">%012llx</text>\n",
			x, FootTop - 8, x, FootTop + 10, fold->edge[i]);
	}
}

static u32
svglegend(FILE *f, const Map *m)
{
	char h[24];
	u32 n = 0;
	for (u32 i = 0; i < NCLASS; i++) {
		Kind k = order[i];
		if (m->m.sum[k] == 0)
			continue;
		u32 x = Left + n % 6 * 192, y = LegendTop + n / 6 * 24;
		fprintf(f,
			"<rect x=\"%u\" y=\"%u\" width=\"14\" height=\"14\" fill=\"#%06x\"/><text x=\"%u\" "
			"y=\"%u\">%s  %s</text>\n",
			x, y, kindcolor(k), x + 20, y + 11, kindword(k), human(m->m.sum[k], h));
		n++;
	}
	return LegendTop + (n + 5) / 6 * 24;
}

void
svgwrite(FILE *f, Map *m)
{
	char h[24];
	Fold fold = foldmap(m);
	u32 legendrows = 0;
	for (u32 k = 0; k < NCLASS; k++)
		legendrows += m->m.sum[k] != 0;
	fprintf(
	    f,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%u\" viewBox=\"0 0 %d %u\">\n"
	    "<style>text{font:12px system-ui,sans-serif;fill:#1b1f24}.a{font:11px "
	    "ui-monospace,monospace;fill:#57606a}"
	    ".t{font-size:16px;font-weight:600}.d{fill:#57606a}</style>\n"
	    "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
	    Wide + 2 * Left, LegendTop + (legendrows + 5) / 6 * 24 + 12, Wide + 2 * Left,
	    LegendTop + (legendrows + 5) / 6 * 24 + 12);
	fprintf(f, "<text class=\"t\" x=\"%d\" y=\"26\">", Left);
	const char *slash = strrchr(m->name, '/');
	xml(f, slash != nil ? slash + 1 : m->name);
	fprintf(f, "</text><text class=\"d\" x=\"%d\" y=\"46\">", Left);
	xml(f, m->facts.firmware);
	fprintf(f, "%s%u descriptors above, what becomes of them below; %s for an operating system</text>\n",
		m->facts.firmware[0] ? "; " : "", m->m.n,
		human(m->m.sum[KFree] + m->m.sum[KBoot] + m->m.sum[KLoader], h));
	svgdescs(f, m, &fold);
	for (u32 i = 0; i < m->l.n; i++) {
		const char *word = kindword((Kind)m->l.r[i].kind);
		svgbox(f, &fold, &m->l.r[i], LedgerTop, Band, word, word);
	}
	svgfoot(f, &fold);
	svglegend(f, m);
	fputs("</svg>\n", f);
	free(fold.edge);
	free(fold.at);
}

/* --- HTML
 * -------------------------------------------------------------------------------------------------------- */

typedef struct Listing Listing;
struct Listing {
	FILE *f;
	const char *sep;
};

static void
htmlfact(void *aux, const char *grade, const char *words)
{
	Listing *l = aux;
	fprintf(l->f, "%s{\"grade\":\"%s\",\"words\":", l->sep, grade);
	jsonstring(l->f, words);
	fputs("}", l->f);
	l->sep = ",";
}

static void
htmlchange(void *aux, u64 start, u64 end, const char *was, const char *is)
{
	Listing *l = aux;
	fprintf(l->f, "%s{\"start\":%llu,\"end\":%llu,\"was\":\"%s\",\"is\":\"%s\"}", l->sep, start, end,
		*was == '-' ? "" : was, *is == '-' ? "" : is);
	l->sep = ",";
}

/* What the page shows of descriptor i beside its numbers, which JavaScript would round: name, class, flags.
 */
static void
htmldesc(FILE *f, const Map *m, u32 i)
{
	char attr[80], number[24];
	Fwdesc d = fwdesc(&m->m, i);
	Fwfate fate = fwfate(&d);
	const char *name = fwtypename(d.type);
	snprintf(number, sizeof(number), "type-0x%x", d.type);
	attrwords(d.attr, attr, sizeof(attr));
	fprintf(f, "%s[\"%s\",\"%s\",\"%s\"]", i ? "," : "", name != nil ? name : number,
		fate.kept ? kindword(fate.class) : "", attr);
}

/* The map's own JSON, with its name and the other facts spread around it. */
static int
htmlmap(FILE *f, Map *m)
{
	Listing l = {.f = f, .sep = ""};
	const char *slash = strrchr(m->name, '/');
	fputs("Object.assign(", f);
	int r = jsonwrite(f, m);
	fputs(",{\"name\":", f);
	jsonstring(f, slash != nil ? slash + 1 : m->name);
	fputs(",\"firmware\":", f);
	jsonstring(f, m->facts.firmware);
	fputs(",\"words\":[", f);
	for (u32 i = 0; i < m->m.n; i++)
		htmldesc(f, m, i);
	fputs("],\"facts\":[", f);
	judgefacts(m, htmlfact, &l);
	fputs("]})", f);
	return r;
}

static int
htmldata(FILE *f, Map *a, Map *b)
{
	Listing l = {.f = f, .sep = ""};
	fputs("{color:{", f);
	for (u32 i = 0; i < NCLASS; i++)
		fprintf(f, "%s\"%s\":\"#%06x\"", i ? "," : "", kindword(order[i]), kindcolor(order[i]));
	fputs("},anomaly:{", f);
	for (u32 k = 0; k < NFWANOM; k++)
		fprintf(f, "%s\"%s\":\"%s\"", k ? "," : "", fwanomword((Fwanom)k), fwanomtext((Fwanom)k));
	fputs("},maps:[", f);
	int r = htmlmap(f, a);
	if (b != nil && r == ExitFine) {
		fputs(",", f);
		r = htmlmap(f, b);
	}
	fputs("]", f);
	if (b != nil) {
		fputs(",changes:[", f);
		diffwalk(a, b, htmlchange, &l);
		fputs("]", f);
	}
	fputs("}", f);
	return r;
}

int
htmlwrite(FILE *f, Map *a, Map *b)
{
	static const char mark[] = "/*DATA*/null";
	const char *at = strstr(pagestart, mark);
	if (jsontoolong(a) || (b != nil && jsontoolong(b)))
		return ExitUnusable;
	fwrite(pagestart, 1, (usize)(at - pagestart), f);
	int r = htmldata(f, a, b);
	fwrite(at + strlen(mark), 1, (usize)(pageend - at) - strlen(mark), f);
	return r;
}
