/*
 * fwtext.c: the lines of the boot log that tell what became of each descriptor, and why.
 * First life, after the exit, and efimap on the host. Takes a converted map, gives text to a function.
 * The grammar is a promise to tools: addresses 16 hex digits, ends exclusive, indices of three digits
 * or more, other numbers decimal. Nothing here allocates; lines of any length go out in pieces, so no
 * list is cut. Digits are written by hand: these lines are a good part of a boot's instructions.
 */
#include "fwtext.h"
#include "layout.h"
#include "lib.h"
#include "log.h"

/* --- one line at a time ------------------------------------------------------------------------------------
 */

void
fwlogstart(Fwlog *o, void (*put)(void *, const char *, usize), void *aux)
{
	o->put = put;
	o->aux = aux;
	o->seal = 0;
	o->n = 0;
}

/* A word of the text at a time; each step can be undone, so no changed digit goes unseen. */
static u64
advance(u64 seal, const char *line, usize n)
{
	for (; n >= 8; n -= 8, line += 8)
		seal = ((seal ^ le64(line)) * SEALODD) ^ (seal >> 29);
	u64 rest = n; /* below 8: one byte of the eight */
	for (usize i = 0; i < n; i++)
		rest = rest << 8 | (u8)line[i];
	return (seal ^ rest) * SEALODD;
}

static void
flush(Fwlog *o)
{
	o->seal = advance(o->seal, o->b, o->n);
	o->put(o->aux, o->b, o->n);
	o->n = 0;
}

static void
room(Fwlog *o, u32 n)
{
	if (o->n + n > sizeof(o->b))
		flush(o);
}

static void
ch(Fwlog *o, char c)
{
	room(o, 1);
	o->b[o->n++] = c;
}

static void
str(Fwlog *o, const char *s)
{
	while (*s != 0) {
		room(o, 1);
		u32 n = o->n;
		while (*s != 0 && n < sizeof(o->b))
			o->b[n++] = *s++;
		o->n = n;
	}
}

/* Eight hex digits at a time: nibbles spread to bytes, the first digit lowest. */
static u64
hex8(u32 v)
{
	u64 x = (v & 0xffff) | (u64)(v >> 16) << 32;
	x = (x | x << 8) & 0x00ff00ff00ff00ffull;
	x = (x | x << 4) & 0x0f0f0f0f0f0f0f0full;
	u64 letters = (x + 0x0606060606060606ull) >> 4 & 0x0101010101010101ull;
	return __builtin_bswap64(x + 0x3030303030303030ull + letters * ('a' - '0' - 10));
}

static void
hex16(Fwlog *o, u64 v)
{
	u64 t[2] = {hex8((u32)(v >> 32)), hex8((u32)v)};
	room(o, sizeof(t));
	__builtin_memcpy(o->b + o->n, t, sizeof(t));
	o->n += sizeof(t);
}

/* Decimal, with zeros in front up to `width` digits. */
static void
dec(Fwlog *o, u64 v, u32 width)
{
	char t[20];
	u32 n = 0;
	do {
		t[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0 || n < width);
	room(o, n);
	while (n > 0)
		o->b[o->n++] = t[--n];
}

static void
endline(Fwlog *o)
{
	ch(o, '\n');
	flush(o);
}

static void
span(Fwlog *o, u64 start, u64 end)
{
	hex16(o, start);
	ch(o, '-');
	hex16(o, end);
	ch(o, ' ');
}

/* --- descriptors
 * --------------------------------------------------------------------------------------------- */

void
fwlogmap(Fwlog *o, const Fwmap *m)
{
	str(o, "efi: map ");
	dec(o, m->n, 1);
	str(o, " entries stride ");
	dec(o, m->stride, 1);
	str(o, " version ");
	dec(o, m->version, 1);
	endline(o);
}

static void typename(Fwlog *o, u32 type)
{
	const char *s = fwtypename(type);
	if (s != nil) {
		str(o, s);
		return;
	}
	str(o, "type-0x");
	u32 digits = 1;
	while (digits < 8 && type >> 4 * digits != 0)
		digits++;
	while (digits-- > 0)
		ch(o, "0123456789abcdef"[type >> 4 * digits & 15]);
}

void
fwlogdescs(Fwlog *o, const Fwmap *m)
{
	for (u32 i = 0; i < m->n; i++) {
		Fwdesc d = fwdesc(m, i);
		str(o, "efi: ");
		dec(o, i, 3);
		ch(o, ' ');
		span(o, d.start, d.start + d.pages * BY2PG);
		dec(o, d.type, 1);
		ch(o, ' ');
		hex16(o, d.attr);
		ch(o, ' ');
		typename(o, d.type);
		endline(o);
	}
}

/* --- reasons
 * ------------------------------------------------------------------------------------------------- */

enum { /* Fwwhy.flags */
       WfOem = 1,
       WfUnknown = 2,
       WfNotwb = 4,
       WfRuntime = 8, /* by the attribute, not by the type */
       WfSpecial = 16,
       WfRounded = 32,
};

static u32
flagsof(const Fwdesc *d, const Fwfate *f)
{
	u32 w = 0;
	if (d->type >= NFWTYPE)
		w |= d->type >= FwOem ? WfOem : WfUnknown;
	if (f->class == KRuntime && d->type != FwRuntimeCode && d->type != FwRuntimeData)
		w |= WfRuntime;
	if (f->class == KSpecial)
		w |= WfSpecial;
	if (f->anoms & 1u << FaNotwb)
		w |= WfNotwb;
	if (f->anoms & 1u << FaUnaligned)
		w |= WfRounded;
	return w;
}

void
fwwhyadd(Fwwhy *w, const Fwmap *m, const Range *r, u32 i)
{
	Fwdesc d = fwdesc(m, i);
	Fwfate f = fwfate(&d);
	if (f.class == (Kind)r->kind) {
		w->flags |= flagsof(&d, &f);
		w->types |= d.type < NFWTYPE ? 1u << d.type : 0;
	} else if (r->why == 0)
		w->beaten |= 1u << f.class;
}

typedef struct Words Words;
struct Words {
	char *d;
	usize n, room;
};

static void
say(Words *s, const char *sep, const char *text)
{
	if (s->n > 0)
		s->n += strecpy(s->d + s->n, s->room - s->n, sep);
	s->n += strecpy(s->d + s->n, s->room - s->n, text);
}

usize
fwwhytext(const Fwwhy *w, const Range *r, char *d, usize n)
{
	static const char *const rules[] = {"page zero", "legacy hole", "kept for starting processors"};
	static const char *const flags[] = {"OEM type",		 "unknown type",    "not write-back",
					    "runtime attribute", "special purpose", "rounded to pages"};
	Words s = {.d = d, .room = n};
	*d = 0;
	for (u32 y = r->why; y != 0; y &= y - 1)
		say(&s, ", ", rules[__builtin_ctz(y)]);
	const char *sep = ", ";
	for (u32 t = w->types; t != 0; t &= t - 1, sep = " ")
		say(&s, sep, fwtypename((u32)__builtin_ctz(t)));
	for (u32 f = w->flags; f != 0; f &= f - 1)
		say(&s, ", ", flags[__builtin_ctz(f)]);
	sep = ", over ";
	for (u32 k = w->beaten; k != 0; k &= k - 1, sep = " ")
		say(&s, sep, kindword((Kind)__builtin_ctz(k)));
	return s.n;
}

/* --- the ledger
 * ------------------------------------------------------------------------------------------------ */

static void
logrange(Fwlog *o, const Fwmap *m, Fwcover *c, const Range *r)
{
	Fwwhy w = {0};
	char words[256], sep = ' ';
	str(o, "ledger: ");
	span(o, r->start, r->end);
	str(o, kindword((Kind)r->kind));
	fwcoverrange(c, r->start, r->end);
	for (i64 i = fwcovernext(c, 0); i >= 0; i = fwcovernext(c, (u64)i + 1)) {
		fwwhyadd(&w, m, r, (u32)i);
		ch(o, sep);
		dec(o, (u64)i, 3);
		sep = ',';
	}
	ch(o, ' ');
	fwwhytext(&w, r, words, sizeof(words));
	str(o, words);
	endline(o);
}

static void
loganomaly(void *aux, Fwanom kind, const u32 *e, u32 n)
{
	Fwlog *o = aux;
	str(o, "ledger: anomaly ");
	str(o, fwanomword(kind));
	for (u32 i = 0; i < n; i++) {
		ch(o, i == 0 ? ' ' : ',');
		dec(o, e[i], 3);
	}
	ch(o, ' ');
	str(o, fwanomtext(kind));
	endline(o);
}

static void
logmore(Fwlog *o, const Fwmap *m)
{
	if (m->anomalies[FaOverlap] <= FwlogPairs)
		return;
	str(o, "ledger: anomaly more and ");
	dec(o, m->anomalies[FaOverlap] - FwlogPairs, 1);
	str(o, " overlap pairs that are counted and not listed");
	endline(o);
}

/* The order in which sums are told: memory for us, memory kept, memory of others. */
static const u8 sumorder[NCLASS] = {KFree, KBoot, KLoader,   KLow,  KSpecial, KUnaccepted, KPersistent,
				    KAcpi, KNvs,  KReserved, KMmio, KRuntime, KBad};

static void
logsum(Fwlog *o, const Fwmap *m)
{
	str(o, "ledger: sum described ");
	dec(o, m->described, 1);
	for (u32 k = 0; k < NCLASS; k++) {
		str(o, k == 0 ? " = " : " + ");
		str(o, kindword((Kind)sumorder[k]));
		ch(o, ' ');
		dec(o, m->sum[sumorder[k]], 1);
	}
	str(o, " + overlap ");
	dec(o, m->overlap, 1);
	str(o, " off ");
	dec(o, m->off, 1);
	endline(o);
	if (m->off != 0 || m->sumwraps) {
		str(o, m->off != 0 ? "ledger: THE SUM IS OFF" : "ledger: sums are modulo 2^64");
		endline(o);
	}
}

void
fwlogledger(Fwlog *o, const Fwmap *m)
{
	Fwcover c;
	fwcoverstart(&c, m);
	for (u32 i = 0; i < m->ledger->n; i++)
		logrange(o, m, &c, &m->ledger->r[i]);
	fwanomalies(m, FwlogPairs, loganomaly, o);
	logmore(o, m);
	logsum(o, m);
	u64 seal = o->seal;
	str(o, "ledger: seal ");
	hex16(o, seal);
	endline(o);
}
