/*
 * ledger.h: every byte of described memory once, with a kind. 9front's memmap grown up.
 * Normal form: sorted, disjoint, no empty range, neighbours that touch differ in kind or in mark.
 * The caller owns the array of ranges; nothing here allocates. Pure; both lives and the host.
 */
#pragma once

#include "addr.h"
#include "kind.h"

typedef struct Range Range;
typedef struct Ledger Ledger;

struct Range {
	u64 start; /* bytes, page aligned */
	u64 end;   /* exclusive */
	u8 kind;   /* Kind */
	u8 taken;  /* allocated mark: handed out early (9front's Allocated bit) */
	u16 why;   /* enum Why: rules that made it what it is */
	u32 src;   /* for who fills the table: which entry it came from; the ledger keeps none */
};
enum Why {
	WhyZero = 1,   /* page zero is nobody's */
	WhyLegacy = 2, /* [0xa0000, 0x100000) of a PC */
	WhyLow = 4,    /* [0x1000, 0xa0000) of a PC */
};
_Static_assert(sizeof(Range) == 24, "the parcel carries an array of these");

/*
 * The table. `n` leading entries are in normal form, `tail` more behind them are not yet merged.
 * An entry that finds no room is counted in `lost`, with its bytes: never dropped in silence.
 */
struct Ledger {
	Range *r;
	u32 cap;
	u32 n;
	u32 tail;
	u32 high; /* most entries ever in use */
	u64 lost; /* entries that found no room */
	u64 lostbytes;
};

void ledgerinit(Ledger *l, Range *space, u32 cap);
/* Enter [start, start+size) with a kind; overlaps settle on the next look: the higher kind wins. */
void ledgeradd(Ledger *l, u64 start, u64 size, Kind k);
/* Sort, merge, normal form. Every call below does it by itself when it must. */
void ledgersettle(Ledger *l);
/* Sort ranges by start, then by src, in place: n log n, and n when they are sorted already. */
void rangesort(Range *r, u32 n);
/* Index of the first range with this kind and a byte at or above `from`; -1 if none. NKIND means any. */
i32 ledgernext(Ledger *l, u64 from, Kind k);
/* The range that holds this byte, or nil. Cost: a binary search. */
const Range *ledgerfind(Ledger *l, u64 addr);
/* Bytes from addr (rounded up to align) to the end of the range that holds it; 0 outside. */
u64 ledgersize(Ledger *l, u64 addr, u64 align);
/* Sum of the bytes of one kind. */
u64 ledgersum(Ledger *l, Kind k);
/*
 * Change the kind of [start, start+size), which must lie inside ranges whose kind is in the mask
 * `from` (bit = 1 << Kind). False, and nothing changed, if it does not or the table is full.
 */
bool ledgercarve(Ledger *l, u64 start, u64 size, u32 from, Kind to) MUSTUSE;
/*
 * The same for those bytes of [start, start+size) whose kind is in the mask; the others stay as they
 * are. `why` is added to what changes. False, and nothing changed, only if the table is full.
 */
bool ledgerturn(Ledger *l, u64 start, u64 size, u32 from, Kind to, u16 why) MUSTUSE;
/*
 * Take size bytes at a multiple of align out of ranges of kind `from`, lowest first fit at or above
 * `min` and below `max`; they become kind `to` and marked taken. ~0 if there is no such place.
 */
u64 ledgeralloc(Ledger *l, u64 size, u64 align, u64 min, u64 max, Kind from, Kind to) MUSTUSE;
/* Give back what ledgeralloc took: all of it must be marked taken. False: it is not, or no room. */
bool ledgerfree(Ledger *l, u64 start, u64 size, Kind to) MUSTUSE;
/*
 * 9front's upaalloc: a window for a device where nothing is described: the lowest gap of size bytes at a
 * multiple of align, at or above `min` and below `max`; it becomes kind mmio, marked taken. ~0: no gap, no
 * room.
 */
u64 upaalloc(Ledger *l, u64 size, u64 align, u64 min, u64 max) MUSTUSE;
/* Make it a gap again; all of it must be upaalloc's. False: it is not, or no room. */
bool upafree(Ledger *l, u64 start, u64 size) MUSTUSE;
/* Does the table keep its normal form? Text of the first rule that broke, or nil. */
const char *ledgercheck(Ledger *l);

/* --- maptext.c: in 9front's words ---------------------------------------------------------------------- */

/* A line for each run of ranges of one 9front type: "<start>-<end> <type>", 16 hex digits, end exclusive. */
void memmapdump(Ledger *l, void (*put)(void *aux, const char *s, usize n), void *aux);
/* A line for each kind that has memory: word, KiB, number of ranges. */
void ledgertable(Ledger *l, void (*put)(void *aux, const char *s, usize n), void *aux);
/*
 * The value of *e820: "<type> <base> <top> " for each run. The length it wants; with n no more than that
 * only whole entries that fit are written.
 */
usize e820text(Ledger *l, char *d, usize n);
/* Enter such a string, "[type ]base top" each, hex, type 1 when absent. False: not such a string, or full. */
bool e820parse(Ledger *l, const char *s) MUSTUSE;
