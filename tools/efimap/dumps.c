/*
 * dumps.c: from the lines of a log to one dump of a map: where dumps begin and end, whether each is whole,
 * which one the user means. Host, efimap.
 * A dump is complete when its numbers follow each other from 0, when its head's promise is kept, and when
 * no line of it is damaged. Memory: two dumps at a time, of at most MaxEntries each.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "efimap.h"

struct Reader {
	Map *m;
	const Options *o;
	Lines *lines;
	Dump cur;	 /* being read */
	Facts facts;	 /* of the boot being read */
	Facts bestfacts; /* of the boot in which m->dump stood, once another one has begun */
	u32 boot;
	bool headed; /* a head was seen and no entry yet */
	bool noise;  /* other lines since the last entry */
	Text log;    /* --check: the lines behind this dump's head */
	bool sealed; /* --check: the first line of our log was seen */
};

static bool
strong(Source s)
{
	return s == SrcImago || s == SrcLinuxOld || s == SrcLinuxFlags || s == SrcShellSfo ||
	       s == SrcLinuxArm;
}

void
textadd(Text *t, const char *s, usize n)
{
	if (t->n + n + 1 > t->cap) {
		t->cap = 2 * (t->n + n + 1);
		t->s = realloc(t->s, t->cap);
	}
	memcpy(t->s + t->n, s, n);
	t->n += n;
	t->s[t->n] = 0;
}

#define damage(d, atline, ...)                                                                               \
	do {                                                                                                 \
		if ((d)->damage[0] == 0) {                                                                   \
			snprintf((d)->damage, sizeof((d)->damage), __VA_ARGS__);                             \
			(d)->damagedline = (atline);                                                         \
		}                                                                                            \
	} while (0)

/* --- dumps begin and end
 * ------------------------------------------------------------------------------------------ */

static void
take(Reader *r)
{
	Dump spare = r->m->dump;
	r->m->dump = r->cur;
	r->cur = spare;
	Text t = r->m->log;
	r->m->log = r->log;
	r->log = t;
	factsfree(&r->bestfacts);
}

/* Is cur the one that the user asked for? Without --nth: a complete one beats all before it. */
static bool
wanted(const Reader *r)
{
	if (r->o->nth != 0)
		return r->m->ndumps == r->o->nth;
	return r->cur.damage[0] == 0 || r->m->dump.source == SrcNone || r->m->dump.damage[0] != 0;
}

static void
finish(Reader *r)
{
	Dump *d = &r->cur;
	if (d->source != SrcNone && (d->n > 0 || d->declared >= 0)) {
		if (d->declared >= 0 && (i64)d->n < d->declared)
			damage(d, d->last + 1,
			       "the log ends after %u of %lld descriptors; expected efi: %03u", d->n,
			       d->declared, d->n);
		r->m->ndumps++;
		if (wanted(r))
			take(r);
		else if (r->o->nth == 0)
			snprintf(r->m->note, sizeof(r->m->note),
				 "a later dump at line %llu is not complete (line %llu: %s); this is the one "
				 "before it",
				 d->first, d->damagedline, d->damage);
	}
	d->n = 0;
	d->source = SrcNone;
	d->damage[0] = 0;
	d->declared = -1;
	d->lastwidth = 0;
	r->headed = false;
	r->log.n = 0;
}

static void
begin(Reader *r, Source s)
{
	finish(r);
	r->cur.source = s;
	r->cur.first = r->lines->number;
	r->cur.boot = r->boot;
	r->noise = false;
}

static bool
sameentry(const Entry *a, const Entry *b)
{
	return a->start == b->start && a->pages == b->pages && a->type == b->type && a->attr == b->attr;
}

/* Does this line begin another dump than the one being read? */
static bool
another(const Reader *r, const Found *f)
{
	const Dump *d = &r->cur;
	if (d->source != f->source)
		return true;
	if (f->index >= 0)
		return f->index == 0 && d->n > 0;
	return r->noise && d->n > 0 && sameentry(&f->e, &d->e[0]);
}

static bool
keep(Reader *r, const Entry *e)
{
	Dump *d = &r->cur;
	if (d->n == d->cap) {
		if (d->cap >= MaxEntries)
			return false;
		d->cap = d->cap ? 2 * d->cap : 256;
		d->e = realloc(d->e, d->cap * sizeof(Entry));
	}
	d->e[d->n++] = *e;
	return true;
}

/* --- one line
 * ----------------------------------------------------------------------------------------------------------
 */

static void
entryline(Reader *r, const Found *f)
{
	u64 line = r->lines->number;
	if (another(r, f))
		begin(r, f->source);
	Dump *d = &r->cur;
	if (f->index >= 0 && (u64)f->index != d->n)
		damage(d, line,
		       "descriptor %lld stands where %u was expected: lines are missing or out of order",
		       f->index, d->n);
	if (r->lines->torn && f->lastwidth != 0 && d->n > 0 && f->lastwidth < d->lastwidth)
		damage(d, line, "the file ends in the middle of the attributes: expected %u digits",
		       d->lastwidth);
	if (f->lastwidth != 0)
		d->lastwidth = f->lastwidth;
	if (d->declared >= 0 && (i64)d->n >= d->declared)
		damage(d, line, "one descriptor more than the %lld of `efi: map'", d->declared);
	if (!keep(r, &f->e))
		damage(d, line, "more than %u descriptors in one dump", MaxEntries);
	d->last = line;
	r->headed = false;
	r->noise = false;
}

/* Right behind the head or a descriptor: a line that seems to have been one makes the dump incomplete. */
static void
lostline(Reader *r)
{
	Dump *d = &r->cur;
	const char *expected = r->noise || d->source == SrcNone ? nil : formatlost(d->source, r->lines->text);
	if (expected != nil)
		damage(d, r->lines->number, "expected %s", expected);
}

static void
damagedline(Reader *r, const Found *f)
{
	/* the next number goes on with this dump, in whatever words the damage makes it seem to be */
	bool next = r->cur.n > 0 && f->index == r->cur.n;
	bool here = r->cur.source == f->source || next;
	if (!here && !strong(f->source)) {
		lostline(r);
		return;
	}
	if (!here || (f->index == 0 && r->cur.n > 0))
		begin(r, f->source);
	damage(&r->cur, r->lines->number, "column %u: expected %s%s", f->column, f->expected,
	       r->lines->torn ? "; the file ends in this line" : "");
	r->cur.last = r->lines->number;
	if (r->cur.n == 0)
		keep(r, &f->e); /* so that the dump counts, and is refused */
}

static void
headline(Reader *r, const Found *f)
{
	if (r->cur.source != f->source && r->cur.source != SrcNone && !strong(f->source))
		return;
	begin(r, f->source);
	r->cur.last = r->lines->number;
	if (f->source != SrcImago)
		return;
	r->cur.declared = f->index;
	r->m->stride = (u32)f->e.pages;
	r->m->version = f->e.type;
}

/* Lines that --check compares: those of our own rooms, from the head of the map on. */
static void
ownline(Reader *r)
{
	static const char *const rooms[] = {"efi: ", "ledger: ", "MEMBAL "};
	char head[24];
	for (usize i = 0; i < nelem(rooms); i++) {
		const char *s = strstr(r->lines->text, rooms[i]);
		if (s == nil || r->cur.source != SrcImago)
			continue;
		textadd(&r->log, head, (usize)snprintf(head, sizeof(head), "%llu ", r->lines->number));
		textadd(&r->log, s, strlen(s));
		textadd(&r->log, "\n", 1);
		return;
	}
}

/* "log: seal" is the kernel's, over all that it printed; "run: seal" the runner's, over the whole file. */
static void
sealline(Reader *r)
{
	Lines *l = r->lines;
	u64 sum, bytes;
	bool ours = sscanf(l->text, "log: seal %16llx bytes %llu", &sum, &bytes) == 2 && r->sealed;
	const Seal *s = ours ? &l->logwas : &l->filewas;
	if (strncmp(l->text, "BOOT: 00 ", 9) == 0) {
		r->sealed = true;
		r->m->seals = 0;
		r->m->brokenseal = 0;
		l->log = (Seal){0};
		sealbytes(&l->log, l->text, l->n);
		sealbytes(&l->log, "\n", 1);
	} else if (strcmp(l->text, "imago") == 0) /* the firmware's console, not ours, says that */
		l->log = l->logwas;
	if (!ours && sscanf(l->text, "run: seal %16llx bytes %llu", &sum, &bytes) != 2)
		return;
	if (sum == sealsum(s) && bytes == s->bytes)
		r->m->seals++;
	else if (r->m->brokenseal == 0)
		r->m->brokenseal = l->number;
}

static void
newboot(Reader *r)
{
	if (r->cur.source == SrcNone || r->cur.source == SrcImago)
		finish(r);
	if (r->m->dump.source != SrcNone && r->m->dump.boot == r->boot) {
		factsfree(&r->bestfacts);
		r->bestfacts = r->facts;
		r->facts = (Facts){.arm = r->facts.arm};
	} else
		factsfree(&r->facts);
	r->boot++;
}

static void
readline(Reader *r)
{
	Found f;
	if (strstr(r->lines->text, "Linux version ") != nil)
		newboot(r);
	switch (r->lines->longer ? LineOther : formatline(r->lines->text, &f)) {
	case LineEntry:
		entryline(r, &f);
		break;
	case LineDamaged:
		damagedline(r, &f);
		break;
	case LineHead:
		headline(r, &f);
		break;
	case LineOther:
		lostline(r);
		r->noise |= r->lines->n > 0;
		factsline(&r->facts, r->lines->text, r->lines->number);
		break;
	}
	if (r->o->mode != ModeCheck)
		return;
	ownline(r);
	sealline(r);
}

/* --- whole files
 * ----------------------------------------------------------------------------------------------------------
 */

static int
unusable(const Map *m, u64 line, const char *words)
{
	if (line != 0)
		fprintf(stderr, "efimap: %s:%llu: %s\n", m->name, line, words);
	else
		fprintf(stderr, "efimap: %s: %s\n", m->name, words);
	return ExitUnusable;
}

static int
readdump(Map *m, FILE *f, const Options *o)
{
	static Lines lines;
	char words[160];
	Reader r = {.m = m, .o = o, .lines = &lines, .cur.declared = -1};
	linesopen(&lines, f);
	lines.sealing = o->mode == ModeCheck;
	while (linesnext(&lines))
		readline(&r);
	finish(&r);
	if (m->dump.source != SrcNone && m->dump.boot != r.boot) {
		m->facts = r.bestfacts;
		factsfree(&r.facts);
	} else {
		m->facts = r.facts;
		factsfree(&r.bestfacts);
	}
	free(r.cur.e);
	free(r.log.s);
	if (ferror(f))
		return unusable(m, 0, strerror(errno));
	if (m->dump.source == SrcNone && o->nth != 0) {
		snprintf(words, sizeof(words), "there is no dump number %u: the file holds %u", o->nth,
			 m->ndumps);
		return unusable(m, 0, words);
	}
	if (m->dump.source == SrcNone)
		return unusable(
		    m, lines.number - 1,
		    "no memory map up to here: expected lines of Linux (efi=debug), the UEFI shell's memmap, "
		    "GRUB's lsefimmap, FreeBSD (boot -v), Xen or imago");
	if (m->dump.damage[0] != 0)
		return unusable(m, m->dump.damagedline, m->dump.damage);
	return ExitFine;
}

static int
readraw(Map *m, FILE *f, const Options *o)
{
	usize cap = (usize)MaxEntries * o->stride, n = 0, got;
	const char *no = fwmaprefuse(0, o->stride);
	char words[160];
	if (no != nil)
		return unusable(m, 0, no);
	m->stride = o->stride;
	do {
		m->raw = realloc(m->raw, n + (1 << 20));
		got = fread(m->raw + n, 1, 1 << 20, f);
		n += got;
	} while (got > 0 && n <= cap);
	if (ferror(f))
		return unusable(m, 0, strerror(errno));
	if (n > cap)
		return unusable(m, 0, "more than 1048576 descriptors");
	if (n % o->stride != 0) {
		snprintf(words, sizeof(words),
			 "%zu bytes are no multiple of the stride %u: %zu are left over", n, o->stride,
			 n % o->stride);
		return unusable(m, 0, words);
	}
	m->rawbytes = n;
	m->dump.source = SrcRaw;
	return ExitFine;
}

int
mapread(Map *m, const char *name, FILE *f, const Options *o)
{
	*m = (Map){.name = name, .stride = 48, .version = 1};
	return o->raw ? readraw(m, f, o) : readdump(m, f, o);
}

/* --- conversion
 * ----------------------------------------------------------------------------------------------------------------
 */

static void
encode(Map *m)
{
	m->rawbytes = (u64)m->dump.n * m->stride;
	m->raw = calloc(m->rawbytes + 1, 1);
	for (u32 i = 0; i < m->dump.n; i++) {
		u8 *p = m->raw + (u64)i * m->stride;
		memcpy(p, &m->dump.e[i].type, 4);
		memcpy(p + 8, &m->dump.e[i].start, 8);
		memcpy(p + 24, &m->dump.e[i].pages, 8);
		memcpy(p + 32, &m->dump.e[i].attr, 8);
	}
}

int
mapconvert(Map *m, const Options *o)
{
	const char *no = fwmaprefuse(0, m->stride);
	if (no != nil)
		return unusable(m, m->dump.first, no);
	if (m->dump.source != SrcRaw)
		encode(m);
	u64 n = m->rawbytes / m->stride;
	m->x86 = !(m->dump.source == SrcLinuxArm || m->facts.arm);
	if (o->arch != nil)
		m->x86 = strcmp(o->arch, "x86_64") == 0;
	m->m = (Fwmap){
	    .raw = m->raw, .bytes = m->rawbytes, .stride = m->stride, .version = m->version, .x86 = m->x86};
	m->scratch = malloc(fwmapneed(n) + 1);
	m->space = malloc(fwmapranges(n) * sizeof(Range));
	ledgerinit(&m->l, m->space, (u32)fwmapranges(n));
	no = fwmapconvert(&m->m, &m->l, m->scratch, fwmapneed(n));
	if (no == nil && m->m.sumwraps)
		no = "the descriptors describe more than 2^64 bytes: their sum has no number";
	return no != nil ? unusable(m, 0, no) : ExitFine;
}

void
mapfree(Map *m)
{
	free(m->dump.e);
	free(m->log.s);
	free(m->raw);
	free(m->scratch);
	free(m->space);
	factsfree(&m->facts);
}
