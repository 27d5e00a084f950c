/*
 * fwmap.h: from the firmware's memory map to the ledger. Pure: the map is bytes, stepped by its own
 * stride, and no header of the firmware's is needed; the first life and tools/efimap link the same file.
 * The caller owns all memory; fwmapneed() and fwmapranges() tell how much, so that it can be allocated
 * before the exit.
 */
#pragma once

#include "ledger.h"

typedef struct Fwdesc Fwdesc;
typedef struct Fwfate Fwfate;
typedef struct Fwmap Fwmap;
typedef struct Fwcover Fwcover;

enum { /* EFI_MEMORY_TYPE [UEFI 2.10 7.2.1] */
       FwReserved,
       FwLoaderCode,
       FwLoaderData,
       FwBootCode,
       FwBootData,
       FwRuntimeCode,
       FwRuntimeData,
       FwConventional,
       FwUnusable,
       FwAcpi,
       FwNvs,
       FwMmio,
       FwMmioPort,
       FwPal,
       FwPersistent,
       FwUnaccepted,
       NFWTYPE,
       FwOem = 0x70000000, /* from here on OEM and OS loader types */
};

#define FwWB	  (1ull << 3)
#define FwSP	  (1ull << 18)
#define FwRUNTIME (1ull << 63)

enum {
	FwMinStride = 40,	/* bytes that a descriptor has at least */
	FwMaxEntries = 1 << 24, /* more than any address space can be asked to hold */
};

struct Fwdesc { /* one descriptor as the firmware wrote it [UEFI 2.10 7.2.3] */
	u32 type;
	u64 start;
	u64 pages;
	u64 attr;
};

/* Kinds of anomaly, in the order in which they are reported. */
#define FWANOMS(A)                                                                                           \
	A(FaEmpty, "empty", "no pages: dropped")                                                             \
	A(FaWraps, "wraps", "ends above 2^52: dropped")                                                      \
	A(FaUnknown, "unknown-type", "a type that no specification names: reserved")                         \
	A(FaNotwb, "not-wb", "memory that cannot be cached write-back: reserved")                            \
	A(FaUnaligned, "unaligned", "start is no multiple of 4096: rounded")                                 \
	A(FaUnsorted, "unsorted", "descriptors are not in order of address")                                 \
	A(FaOverlap, "overlap", "both describe the same bytes: the higher class wins")                       \
	A(FaLegacy, "legacy-hole", "memory claimed between 0xa0000 and 0x100000: reserved")
#define A(name, word, text) name,
typedef enum Fwanom { FWANOMS(A) NFWANOM } Fwanom;
#undef A
const char *fwanomword(Fwanom a);
const char *fwanomtext(Fwanom a);

/*
 * One map and its conversion. The caller fills raw, bytes, stride, version and x86; the rest is
 * fwmapconvert's. Everything points into the caller's memory and lives as long as that.
 */
struct Fwmap {
	const u8 *raw;
	u64 bytes;
	u32 stride, version;
	bool x86; /* the machine rules of a PC apply */

	u32 n;		/* descriptors */
	Ledger *ledger; /* what came out: settled, in normal form */
	Range *kept;	/* nkept descriptors that have bytes, after rounding, by start; src: index */
	u32 nkept;
	u32 *pos;      /* place in kept of each descriptor; ~0: has none */
	u32 *list;     /* scratch: indices that one anomaly names */
	u64 *set;      /* scratch of a walk over covering descriptors: a bit for each, */
	u64 *summary;  /* and one for each word of those bits */
	u64 described; /* bytes of the kept ones after rounding */
	u64 overlap;   /* bytes described more than once, as often as they are */
	u64 sum[NCLASS];
	u64 off;       /* described - overlap - all sums: 0 */
	bool sumwraps; /* described passed 2^64: the sums are modulo 2^64 */
	u64 anomalies[NFWANOM];
	u64 nanomaly;  /* all of them */
	u64 legacy[2]; /* bit = page of the legacy hole that came out as memory */
};

/* Text why a map with these measures cannot be read, or nil. Good before the exit. */
const char *fwmaprefuse(u64 bytes, u32 stride);
/* Bytes of scratch (8-byte aligned) and ranges of ledger that a map of so many entries needs. */
u64 fwmapneed(u64 entries);
u64 fwmapranges(u64 entries);
/*
 * Convert m into the (empty) ledger l, with scratch of fwmapneed() bytes. nil, or text why not.
 * Cost: n when the map is in order, n log n otherwise; no recursion, frames below 1 KiB.
 */
const char *fwmapconvert(Fwmap *m, Ledger *l, void *scratch, u64 nscratch) MUSTUSE;

/* Descriptor i < m->n. */
Fwdesc fwdesc(const Fwmap *m, u32 i);
/* What becomes of one descriptor, looked at alone: drop, class, rounding. */
struct Fwfate {
	bool kept;
	Kind class;
	u64 start, end; /* after rounding; start == end: nothing is left of it */
	u32 anoms;	/* bit = Fwanom */
};
Fwfate fwfate(const Fwdesc *d);
/* Name of a type as the specification writes it, or nil: say type-0x... */
const char *fwtypename(u32 type);

/*
 * A walk over the descriptors that cover ever higher ranges: fwcoverstart(), then for each range
 * fwcoverrange() and fwcovernext() until it says -1: indices in ascending order. One at a time for a map.
 */
struct Fwcover {
	const Fwmap *m;
	u32 in;		/* next of kept to enter the set */
	u64 start, end; /* the range */
};
void fwcoverstart(Fwcover *c, const Fwmap *m);
void fwcoverrange(Fwcover *c, u64 start, u64 end);
/* The first covering descriptor with an index of at least `from`. */
i64 fwcovernext(Fwcover *c, u64 from);

/*
 * Call f for every anomaly: kind, the descriptors it names (e[0..n)); at most `pairs` overlaps (the
 * count in m->anomalies tells of more). The legacy hole's list comes in one call.
 */
typedef void Fwanomfn(void *aux, Fwanom kind, const u32 *e, u32 n);
void fwanomalies(const Fwmap *m, u64 pairs, Fwanomfn *f, void *aux);
