/*
 * pool.h: what malloc.c and the tests know of pool.c.
 */
#pragma once

#include "mm.h"

#ifdef IMAGO_HOST /* where these names are the C library's */
#define malloc	kmalloc
#define free	kfree
#define realloc krealloc
void *malloc(usize n);
void free(void *p);
void *realloc(void *p, usize n);
#endif

typedef struct Arena Arena;
typedef struct Bhdr Bhdr;
typedef struct Btail Btail;
typedef struct Fit Fit;
typedef struct Free Free;
typedef struct Parked Parked;

/* 9front's magics, so that a dump reads the same [PLAN9-ABI 5.6]. */
#define ArenaMagic     0xC0A1E5CFu
#define ArenaTailMagic 0xEC5E1A0Du
#define FreeMagic      0xBA5EBA11u
#define AllocMagic     0x0A110C09u
#define ParkedMagic    0xCAB00D1Fu /* on a quick list: free, and not to be joined */
#define AlignMagic     0xA1F1D1C1u /* filler between a header and aligned data */

enum {
	PoolQuantum = 32,
	PoolExact = 64,		       /* bins of one size: 32, 64, ... 2048 bytes */
	PoolBins = PoolExact + 21 * 4, /* then four for each power of two */
	PoolQuick = 32,		       /* quick lists: blocks up to 1 KiB */
	PoolParked = 64 << 10,	       /* bytes on quick lists before they are joined */
};
enum { PoolAntagonism = 1 }; /* wipe what is freed */

struct Parked { /* one for each processor, with interrupts off; others only read the counts */
	Free *list[PoolQuick];
	u64 bytes;  /* on the lists */
	i64 nalloc; /* bytes taken from them less bytes put there: only the sum over processors means anything
		     */
} ALIGNED(64);
struct Pool {
	const char *name;
	u64 maxsize; /* (lk) */
	u64 minarena;
	u32 flags;
	Parked *parked; /* MaxMach of them, or nil: no quick lists */
	Lock lk;
	u64 cur, nfree, nalloc, words;	/* (lk) bytes, what is parked and what came from there not counted */
	Free *bin[PoolBins];		/* (lk) */
	u64 some[(PoolBins + 63) / 64]; /* (lk) bit set: the bin is not empty */
	Arena *arenas;			/* (lk) by address */
};

/* dsize bytes, not zeroed, 8 below a multiple of 16; nil: the pool is full or memory is. */
void *poolalloc(Pool *p, u64 dsize);
/* The same, data + skip equal to offset modulo align, and what follows not crossing a multiple of span. */
struct Fit {
	u64 dsize, skip;   /* skip <= dsize */
	u64 align, offset; /* of two's powers and multiples of 8; 0: any */
	u64 span;	   /* a power of two; 0: any */
};
void *poolallocalign(Pool *p, Fit f);
void poolfree(Pool *p, void *v);
/* Make the block dsize bytes long where it lies. False: it does not fit. */
bool poolresize(Pool *p, void *v, u64 dsize) MUSTUSE;
u64 poolmsize(Pool *p, void *v); /* its dsize */
u64 poolinuse(Pool *p);		 /* bytes of blocks in use, without the arenas' words */
/* Walk all of it: text of the first thing that is wrong, or nil. Slow. */
const char *poolcheck(Pool *p);
