/*
 * mm.h: the river bed's words for the kernel: from the ledger's free ranges to single pages.
 * The order of first use is the order of this page. Portable; the host tests compile the same files.
 */
#pragma once

#include "arch.h"
#include "ledger.h"
#include "sync.h"

typedef struct Bank Bank;
typedef struct Conf Conf;
typedef struct Page Page;
typedef struct Pool Pool;
typedef struct MapRow MapRow;
typedef struct Walk Walk;

/* panic: a broken promise between our own rooms. Values in the text; phase and caller are added. */
NORETURN void panic(const char *fmt, ...) PRINTF(1, 2);
#define assert(x) ((x) ? (void)0 : panic("assert: %s (%s:%d)", #x, __FILE_NAME__, __LINE__))
#ifndef __FILE_NAME__
#define __FILE_NAME__ __FILE__
#endif

/* --- xlat.c: the only translation between physical and kernel addresses (E1-E8) ------------------ */

/* Set once the tables that hold the direct map are live: top = end of the highest RAM range. */
void xlatinit(Paddr top, BootRun image);
void *kaddr(Paddr pa);            /* panics on an address that the direct map cannot hold */
Paddr paddr(const void *va);      /* HHDM, KZERO (image only), VMAP; panics elsewhere */
u64 cankaddr(Paddr pa);           /* bytes reachable from pa through the direct map; 0: none */
bool ishhdm(const void *va);

/* --- bank.c: runs of free RAM, conf.mem (B4) ----------------------------------------------------- */

struct Bank {
	Paddr base;
	u64 npage;
	Paddr kbase, klimit; /* the front that xinit took for the kernel: [kbase, klimit) */
	u64 fresh;           /* pages from the end of the front that never had a Page record: see page.c */
};
struct Conf {
	Bank *mem;  /* nmem of them, address order; grows: no fixed limit loses RAM */
	u32 nmem, capmem;
	u64 npage;  /* all banks */
	u64 upages; /* npage less the kernel's ceiling (H1) */
	u32 nproc, nimage, nswap, nswppo;
	u32 nmach;
};
extern Conf conf;

void meminit(Ledger *l);    /* free ranges become banks: prints conf.mem lines */
void memreclaim(Ledger *l); /* boot and unused loader memory: more banks, second step (B6) */
void memreserve(Paddr pa, u64 size); /* only before meminit (B5) */
void confinit(void);        /* nproc, nimage, the ceiling; getconf *kernelpercent */

/* --- xalloc.c: 9front's holes with physical addresses (F1-F8) ------------------------------------ */

void xinit(void);
void *xalloc(usize n);                 /* zeroed; nil when there is no hole */
void *xallocz(usize n, bool zero);
void *xspanalloc(usize n, usize align, u64 span);
void xfree(void *p);
int xmerge(void *p, void *q);          /* 1: q's block joined p's */
void xhole(Paddr pa, u64 size);        /* give RAM to xalloc; refuses what is not RAM */
void xsummary(void);

/* --- pool.c, malloc.c (G1-G6) ----------------------------------------------------------------------- */

extern Pool *const mainmem, *const imagmem, *const secrmem;
void *malloc(usize n);                 /* zeroed, as in 9front; nil when there is none */
void *mallocz(usize n, bool clr);
void *mallocalign(usize n, usize align, i64 offset, usize span);
void *smalloc(usize n);                /* waits; never nil; needs a process */
void *realloc(void *p, usize n);
void free(void *p);
usize msize(void *p);
void *secalloc(usize n);
void secfree(void *p);
void poolsummary(void);

/* --- page.c: every page that is not the kernel's front (H1-H15) ---------------------------------- */

enum Purpose { PgFree, PgTable, PgKernel, PgUser, PgCustom };
enum { RefUnused = ~0u };
enum { PgMod = 1, PgRef = 2, PgPriv = 4 };

struct Page { /* 64 bytes: the record of a frame, at PAGES + 64 * pfn; made on first use of its stretch */
	u32 ref;      /* RefUnused when free */
	u8 purpose;   /* enum Purpose */
	u8 order;     /* of a free block head */
	u8 modref;    /* PgMod PgRef PgPriv */
	u8 state;     /* ownership states, when that issue comes */
	u32 gen;      /* bumped at each allocation */
	u32 flags;
	Page *next;   /* free list, image hash */
	Page *prev;
	u64 va;       /* user address it was asked for */
	u64 daddr;    /* offset in its image */
	struct Image *image; /* cached for this image, or nil */
	u64 spare;
};
_Static_assert(sizeof(Page) == 64, "one record is one cache line");

void pageinit(void);                   /* takes over from xalloc; early allocator sealed (H15) */
/* A page for a user address: zeroed; ref 1; waits for memory like 9front. locked: see H5. nil: it slept. */
Page *newpage(Uva va, QLock *locked);
/* A page for the kernel: never sleeps; nil: none. zero is not optional for PgTable (D4). */
Page *kpage(enum Purpose u, bool zero);
Page *kpages(enum Purpose u, int order); /* 2^order pages, contiguous and aligned; not zeroed */
void kpagesfree(Page *p, int order);
void putpage(Page *p);                 /* drop a reference; free at 0 unless cached */
void incpage(Page *p);
void copypage(Page *from, Page *to);
Paddr pagepa(const Page *p);
Page *pagefor(Paddr pa);               /* record of a frame given out or free; nil if none was made */
void *pageva(const Page *p);           /* its place in the direct map (kmap) */
u64 freepagecount(void);
u64 userpagecount(void);

/* --- ptab.c: walk, map, unmap: any table, portable (D1-D12, E7) ----------------------------------- */

enum MapErr { MapOk, MapAlready, MapAlign, MapNoFrame, MapLevel, MapRange };
const char *maperrtext(enum MapErr e);

/* How a table editor gets and reads table pages: the bridge has a pool, the kernel the page allocator. */
typedef struct Ptab Ptab;
struct Ptab {
	Paddr root;
	const PteFeat *feat;
	Paddr (*newtable)(Ptab *);         /* a zeroed page; pa 0: none */
	void (*freetable)(Ptab *, Paddr);  /* nil: empty tables stay */
	Pte64 *(*at)(Ptab *, Paddr);       /* reach a table page */
	u64 ntables;                       /* taken so far */
	void *aux;
};
/* Entry for va at level (0 is 4 KiB); nil: nothing there, or a large page above. create makes tables. */
Pte64 *mmuwalk(Ptab *t, u64 va, int level, bool create);
/* Map [va, va+size) to pa with the largest pages that fit. */
enum MapErr ptmap(Ptab *t, u64 va, Paddr pa, u64 size, u32 perm, enum Memtype mt) MUSTUSE;
enum MapErr ptunmap(Ptab *t, u64 va, u64 size) MUSTUSE;
enum MapErr ptsplit(Ptab *t, u64 va, int level) MUSTUSE;
/* Tables that ptmap would take for this range beside what is there: the dry run (D1). */
struct Walk { /* what translate found */
	bool ok;
	int level;      /* of the leaf, or of the level where the walk stopped */
	Pte64 pte[5];   /* entries met, by level */
	Paddr pa;       /* of va itself */
	u32 perm;
	enum Memtype mt;
};
Walk translate(Ptab *t, u64 va);
void mmuprintwalk(u64 va); /* Q6: the walker's full page of text, with the ledger's class of the end */

/* --- kmap.c: the kernel's mappings as a table of rows; planned, built, proved -------------------- */

struct MapRow {
	const char *name;
	u64 va;
	Paddr pa;
	u64 size;
	u32 perm;
	enum Memtype mt;
};
/* Rows of the kernel half for this parcel and ledger: how many; more than max is a refusal (returns > max). */
u32 kmaprows(const BootKeep *k, Ledger *l, MapRow *rows, u32 max);
u32 kmapplan(const PteFeat *f, const MapRow *rows, u32 n, u32 *tables); /* the dry run */
enum MapErr kmapbuild(Ptab *t, const MapRow *rows, u32 n) MUSTUSE;
/* Walk every address that the switch will touch: names the first that fails, or nil; *done counts. */
const char *kmappreflight(Ptab *t, const Boot *b, u32 *done);

extern Lock kernptlock; /* every edit of the kernel half */
Ptab *kernptab(void);   /* the kernel's own tables, after mmuinit */
void mmuinit(Ledger *l);  /* audit: text pages R-X, data RW-, violations 0 (D10); drop the low half */
void pmap(Paddr pa, u64 va, u64 size, u32 perm, enum Memtype mt); /* kernel only; panics on refusal (D6) */
void punmap(u64 va, u64 size);
void *vmap(Paddr pa, u64 size);        /* device window, uncached; nil: refused (J2) */
void *vmapwc(Paddr pa, u64 size);      /* framebuffer */
void vunmap(void *va, u64 size);
/* A kernel stack in KSTACKS with a guard page under it: its top; 0: no memory. Freed ones are reused. */
u64 kstackalloc(void);
void kstackfree(u64 top);

/* --- address spaces of processes --------------------------------------------------------------------- */

typedef struct Space Space;
struct Space { /* the user half of one process; the kernel half is shared for ever (C6) */
	Paddr root;
	Page *tables; /* list of its table pages, root not among them, through Page.next */
	u64 ntables;
};
bool spaceinit(Space *s) MUSTUSE;      /* a root with the kernel's half */
void spacefree(Space *s);              /* every table page and the root */
void spaceflush(Space *s);             /* drop all user mappings (flushmmu); tables go back */
/* Enter one user page; only fault() calls this. false: no memory for a table. */
bool spaceput(Space *s, Uva va, Paddr pa, u32 perm, enum Memtype mt) MUSTUSE;
void spaceunmap(Space *s, Uva va, u64 size);
void spaceprotect(Space *s, Uva va, u64 size); /* writable mappings become read-only (copy on write) */
Walk spacewalk(Space *s, Uva va);

/* --- membal.c: the conservation law (H13) ------------------------------------------------------------ */

/* Print "MEMBAL <phase> ram <bytes> = <kind> <bytes> + ... off <bytes> ok|BAD"; false if off is not 0. */
bool membal(const char *phase);
void membalinit(Ledger *l);
