/*
 * fwtext.h: what a conversion says of itself, in the boot log's grammar. The first life prints these
 * lines after the exit; efimap writes and checks the very same ones.
 */
#pragma once

#include "fwmap.h"

typedef struct Fwlog Fwlog;
typedef struct Fwwhy Fwwhy;

enum {
	FwlogPairs = 16384, /* overlapping pairs that a log lists; of more it tells the number */
};

/*
 * A log under way. put gets text in pieces, whole lines as a rule. `seal` is a checksum of every line
 * that went through here; the last line prints it, so that a changed digit in a saved log is found.
 */
struct Fwlog {
	void (*put)(void *aux, const char *s, usize n);
	void *aux;
	u64 seal;
	u32 n;
	char b[240];
};
void fwlogstart(Fwlog *o, void (*put)(void *, const char *, usize), void *aux);
void fwlogmap(Fwlog *o, const Fwmap *m);    /* efi: map ... */
void fwlogdescs(Fwlog *o, const Fwmap *m);  /* efi: <iii> ..., one for each descriptor */
void fwlogledger(Fwlog *o, const Fwmap *m); /* ledger: ranges, anomalies, sum, seal */

/* Why a range is what it is: collected over the descriptors that cover it, then told in words. */
struct Fwwhy {
	u32 types;  /* bit = type, of those that have the range's class */
	u32 flags;  /* what else is to be said of those */
	u32 beaten; /* bit = lower class that lies under it */
};
void fwwhyadd(Fwwhy *w, const Fwmap *m, const Range *r, u32 i);
/* The words into d[0..n); their length. 256 bytes hold any. */
usize fwwhytext(const Fwwhy *w, const Range *r, char *d, usize n);
