/*
 * segment.h: what a process may see. A Segment is a range of user addresses with one kind of content,
 * shared by reference; an Image is one executable file with the pages of it that are in memory.
 * Nothing here touches page tables: entries are made by fault() and dropped by the spaces.
 * Lock letters: (q) the segment's q, (l) the struct's own Lock, (a) atomic, (-) set once.
 */
#pragma once

#include "mm.h"

typedef struct Chan Chan;
typedef struct Image Image;
typedef struct Imageid Imageid;
typedef struct Physseg Physseg;
typedef struct Pte Pte;
typedef struct Segment Segment;
typedef struct Sema Sema;

enum { SSEG, TSEG, DSEG, BSEG, ESEG, LSEG, SEG1, SEG2, SEG3, SEG4, NSEG };
enum {
	SG_TYPE = 07,
	SG_TEXT = 0,
	SG_DATA = 1,
	SG_BSS = 2,
	SG_STACK = 3,
	SG_SHARED = 4,
	SG_PHYSICAL = 5,
	SG_FIXED = 6,
	SG_STICKY = 7,
	SG_RONLY = 040,
	SG_CEXEC = 0100,
	SG_FAULT = 0200,
	SG_CACHED = 0400,
	SG_DEVICE = 01000,
	SG_NOEXEC = 02000,
};
enum {
	PTEPERTAB = 256,	      /* pages in one Pte */
	PTEMAPMEM = PTEPERTAB * 4096, /* bytes: 1 MiB */
	SEGMAPSIZE = 65536,	      /* Ptes of the largest segment: 64 GiB */
	SSEGMAPSIZE = 16,	      /* Ptes reached without a map of their own: 16 MiB */
};
_Static_assert(SSEGMAPSIZE *PTEMAPMEM >= USTKSIZE, "a stack needs no map of its own");

struct Pte { /* 1 MiB of a segment; free ones are all nil */
	Page *pages[PTEPERTAB];
	u16 first, last; /* pages that are not nil lie in [first, last]; empty: first > last */
	Pte *next;	 /* free list */
};
struct Sema { /* one waiter for a semaphore word */
	Rendez r;
	u64 addr;
	bool waiting;
	Sema *next, *prev;
};
struct Segment {
	Ref ref;
	QLock q;
	u32 type;	  /* (-) SG_* */
	u64 base, top;	  /* (q) */
	u64 fstart, flen; /* (-) the part of the file that stands at base */
	Image *image;	  /* (-) one reference, dropped with the segment; or nil */
	bool exec;	  /* (q) pages may be fetched: text, or after segflush */
	Pte **map;	  /* (q) mapsize of them; a nil entry was never touched */
	u32 mapsize;	  /* (q) */
	Pte *ssegmap[SSEGMAPSIZE];
	Paddr pa; /* (-) SG_PHYSICAL */
	Lock semalock;
	Sema *sema;    /* (semalock) waiters, oldest first */
	Segment *next; /* free list */
};

struct Physseg { /* a class of segments that users attach by name; once listed it stays */
	const char *name;
	u32 attr;      /* SG_* that each has */
	Paddr pa;      /* SG_PHYSICAL: where it begins */
	u64 size;      /* bytes of the largest */
	Physseg *next; /* (physsegs) */
};

/* --- segment.c: no error(): nil, false or a text say what is wrong ----------------------------------- */

/* A segment [base, base + npage pages), one reference; nil: no memory or too large. */
Segment *newseg(u32 type, u64 base, u64 npage) MUSTUSE;
/* Drop a reference; the last one gives pages, map and image back. */
void putseg(Segment *s);
/*
 * The child's segment for rfork: the same one with a reference more (text, shared, physical, fixed,
 * sticky; data and bss if share) or a copy whose pages are shared copy-on-write. *cow tells the caller
 * that writable mappings of s, in every space that has them, must become read-only before anyone
 * runs on. nil: no memory. Caller holds s->q.
 */
Segment *dupseg(Segment *s, bool share, bool *cow) MUSTUSE;
/* Enter a page (at p->va) in the segment, nothing in any table. Takes the page's reference. False: no memory.
 */
bool segpage(Segment *s, Page *p) MUSTUSE;
/* Where the page of addr is or would be recorded; nil: never touched (create false) or no memory. (q) */
Page **segslot(Segment *s, u64 addr, bool create);
/* Drop the pages of [start, start + npage pages) of s; the caller has taken them out of all tables. (q) */
void mfreeseg(Segment *s, u64 start, u64 npage);
/* Let s end at top, rounded up to a page, larger or smaller: pages above are dropped. False: no memory, too
 * large. (q) */
bool segresize(Segment *s, u64 top) MUSTUSE;
/* Touched pages of s. (q) */
u64 segpages(const Segment *s);
/* Call f for every run of touched pages: [addr, addr + size). (q) */
void segruns(Segment *s, void (*f)(void *arg, u64 addr, u64 size), void *arg);
/* The one of segs[0..n) that overlaps [base, top), not counting `but`; nil: none. */
Segment *segoverlap(Segment **segs, u32 n, u64 base, u64 top, const Segment *but);
/* The one of segs[0..n) that holds addr, or nil. */
Segment *segof(Segment **segs, u32 n, u64 addr);
/* The highest base below top where len bytes, whole pages, overlap none of segs[0..n); 0: no room. */
u64 seghole(Segment **segs, u32 n, u64 top, u64 len);
/* List a class, beside "shared" and "memory" which are always there. False: the name is taken. */
bool physsegadd(Physseg *ps) MUSTUSE;
/* The class of this name, or nil. */
const Physseg *physsegfind(const char *name);
u64 segcount(void); /* segments in use: for tests of leaks */

/* --- image.c ----------------------------------------------------------------------------------------- */

struct Imageid { /* which file: two opens with equal ids see the same bytes */
	u64 qidpath;
	u32 qidvers, dev;
	u16 type;
};
struct Image {
	Ref ref;
	Lock l;
	Chan *c; /* (-) open for reading; the image's own reference */
	Imageid id;
	Segment *s;	 /* (imagealloc) its text in use, without a reference; nil: none */
	Image *hash;	 /* (imagealloc) */
	Page *cache[64]; /* (l) pages of the file, by key; each holds one reference of its page */
	u32 ncached;	 /* (l) */
};
/*
 * The image of a file, one reference more. It takes the caller's reference of c, which it keeps if the
 * file was not known yet. nil: no memory, c is still the caller's.
 */
Image *attachimage(Chan *c, Imageid id) MUSTUSE;
void putimage(Image *i);
/* The text segment of the image with this shape, one reference more; nil: none is in use. */
Segment *imagetext(Image *i, u64 base, u64 top, u64 fstart, u64 flen);
void setimagetext(Image *i, Segment *s);
/* Drop a reference of a text segment, with its image's lock held; was it the last? */
bool imageputtext(Segment *s);
/* The n bytes at off, padded with zeroes to a page: one reference more, or nil. */
Page *lookpage(Image *i, u64 off, u32 n);
/* Keep p as the n bytes at off. If someone was faster his page is returned, one reference more, and p
 * dropped. */
Page *cachepage(Image *i, Page *p, u64 off, u32 n);
/* Give up to want cached pages that nobody maps back to the page allocator; how many it gave. */
u64 imagereclaim(u64 want);
u32 imagecount(void);
void cclose(Chan *c); /* kernel/chan.c: the one word from above */
