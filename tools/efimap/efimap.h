/*
 * efimap.h: the words of the host tool: lines of a log, dumps found in them, facts beside the dumps, and
 * a map converted by the kernel's own files. Host only; one thread.
 */
#pragma once

#include <stdio.h>
#include "fwtext.h"
#include "layout.h"

typedef struct Claim Claim;
typedef struct Dump Dump;
typedef struct E820 E820;
typedef struct Entry Entry;
typedef struct Facts Facts;
typedef struct Found Found;
typedef struct Lines Lines;
typedef struct Map Map;
typedef struct Options Options;
typedef struct Reader Reader;
typedef struct Seal Seal;
typedef struct Text Text;

enum {
	ExitFine = 0,
	ExitDiffers = 1,
	ExitUnusable = 2,
	MaxEntries = 1 << 20, /* of one dump: more is refused, so that memory stays bounded */
	MaxPairs = 4 << 20,   /* overlaps that JSON lists: more is refused, not cut */
	MaxFrom = 16 << 20,   /* indices in all from lists together */
	LineMax = 4096,	      /* of a line; what is longer is no line of a dump */
};

/* --- lines.c: a file as lines of plain text, in constant memory -------------------------------------------
 */

struct Seal { /* a checksum as our log has it [log.h] */
	u64 sum, part, bytes;
};
struct Lines {
	FILE *f;
	int coding;   /* how bytes become characters: see lines.c */
	u8 head[256]; /* the first bytes, read to find that out; at: those given so far */
	u32 nhead, at;
	u64 number;  /* of the line in text, from 1 */
	bool torn;   /* the line had no newline: the file ends in it */
	bool longer; /* the line had more than LineMax characters */
	usize n;
	char text[LineMax + 1];
	bool sealing;	      /* --check: seal what is read */
	Seal file, log;	      /* all of the file; our log in it (its reader sets that) */
	Seal filewas, logwas; /* the same before this line */
};
/* n bytes more, without carriage returns. */
void sealbytes(Seal *s, const char *p, usize n);
/* What the kernel would print as <sum>. */
u64 sealsum(const Seal *s);
void linesopen(Lines *l, FILE *f);
bool linesnext(Lines *l);

/* --- formats.c: is this line a descriptor, and in whose words? ---------------------------------------------
 */

typedef enum Source {
	SrcNone,
	SrcImago,
	SrcLinuxOld,
	SrcLinuxFlags,
	SrcLinuxArm,
	SrcShell,
	SrcShellSfo,
	SrcGrub,
	SrcFreebsd,
	SrcXen,
	SrcRaw,
	NSOURCE,
} Source;
extern const char *const sourcenames[NSOURCE];

struct Entry {
	u64 start, pages, attr;
	u32 type;
};
typedef enum Verdict { LineOther, LineEntry, LineHead, LineDamaged } Verdict;
struct Found {
	Source source;
	i64 index; /* as the line numbers it; -1: it does not. Of a head: how many entries, -1 unknown */
	Entry e;
	u32 lastwidth;	      /* characters of the last field, where they are always the same; else 0 */
	const char *expected; /* damaged: what should have stood here */
	u32 column;	      /* and where, from 1 */
};
Verdict formatline(const char *s, Found *f);
/*
 * A line in the midst of a dump that is no descriptor and no damaged one: if it looks as if it had been one
 * (its type's name or its first address is spoilt), what was expected; else nil.
 */
const char *formatlost(Source dump, const char *s);
/* Write e in the words of a format, as its program would; i is its number. */
void formatwrite(FILE *f, Source s, u32 i, const Entry *e);
void formathead(FILE *f, Source s, u32 n);
Source sourcebyname(const char *name);
/* Flags in Linux's tokens, blank separated, and what has no token in hex; 80 bytes hold all. */
void attrwords(u64 attr, char *d, usize n);

/* --- facts.c: what else a log tells
 * ----------------------------------------------------------------------------- */

struct E820 {
	u64 start, end; /* exclusive */
	char type[24];
};
typedef enum Want {
	WantTable,  /* a firmware table: must not lie in memory that we would give away */
	WantNotRam, /* a device: no byte of it may be RAM */
	WantRam,    /* RAM by another witness */
} Want;
struct Claim {
	char what[56];
	u64 start, end;
	Want want;
	u64 line;
};
struct Facts {
	char firmware[128]; /* "EFI v2.70 by Lenovo" */
	bool arm;
	E820 *e820;
	u32 ne820, cape820;
	Claim *claim;
	u32 nclaim, capclaim;
	u64 more; /* claims and e820 lines that found no room */
	char mtrrdefault[32];
	struct Mtrr {
		u64 base, size;
		char type[20];
	} mtrr[32];
	u32 nmtrr;
};
void factsline(Facts *f, const char *s, u64 line);
void factsfree(Facts *f);

/* --- dumps.c: from lines to one dump
 * ----------------------------------------------------------------------------- */

struct Dump {
	Source source;
	Entry *e;
	u32 n, cap;
	i64 declared;	 /* entries that its head promises; -1: none */
	u64 first, last; /* lines */
	u32 boot;
	u32 lastwidth;
	char damage[256]; /* why it is not complete; empty: it is */
	u64 damagedline;
};
struct Text { /* growing text */
	char *s;
	usize n, cap;
};
struct Map { /* an input and all that came of it */
	const char *name;
	Dump dump;
	Facts facts;
	u32 ndumps;
	char note[320]; /* something the user should know of the choice of dump; empty: nothing */
	Text log;	/* --check: lines to compare, each "<number> <text>\n" */
	u32 seals;	/* --check: lines of `log: seal' that were true */
	u64 brokenseal; /* and the first line that was not */
	bool x86;
	u8 *raw;
	u32 stride, version;
	u64 rawbytes;
	Fwmap m;
	Ledger l;
	void *scratch;
	Range *space;
};
struct Options {
	enum Mode { ModeTable, ModeJson, ModeSvg, ModeHtml, ModeCheck, ModeAs } mode;
	bool diff, raw, strict, color;
	u32 stride;
	u32 nth;	  /* 0: the last complete one */
	const char *arch; /* nil: as the log says */
	Source as;
};
/* Read and convert one input. 0, or ExitUnusable with a message on standard error. */
int mapread(Map *m, const char *name, FILE *f, const Options *o);
int mapconvert(Map *m, const Options *o);
void mapfree(Map *m);
void textadd(Text *t, const char *s, usize n);

/* --- what comes out
 * ------------------------------------------------------------------------------------------------ */

int jsonwrite(FILE *f, Map *m);
/* Would its lists be too long to be of use? Then the map is refused with a message, not cut. */
bool jsontoolong(const Map *m);
void jsonstring(FILE *f, const char *s);
void tablewrite(FILE *f, Map *m, const Options *o);
void svgwrite(FILE *f, Map *m);
int htmlwrite(FILE *f, Map *a, Map *b);
int checkwrite(FILE *f, Map *m);
int diffwrite(FILE *f, Map *a, Map *b, const Options *o);
void aswrite(FILE *f, Map *m, Source as);
/* "12.3 GiB": bytes for people; d has room for 24. */
const char *human(u64 bytes, char *d);
/* Checks of the facts against the ledger: calls f with a grade ("ok", "note", "BAD") and words. */
typedef void Judgefn(void *aux, const char *grade, const char *words);
void judgefacts(Map *m, Judgefn *f, void *aux);
/* Walk the stretches in which two maps differ (or, with b nil, the ranges of a). */
typedef void Difffn(void *aux, u64 start, u64 end, const char *was, const char *is);
bool diffwalk(Map *a, Map *b, Difffn *f, void *aux);
