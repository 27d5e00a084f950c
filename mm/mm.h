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

/* --- xlat.c: the only translation between physical and kernel addresses (E1-E8) ------------------ */

#include "xlat.h"

/* --- bank.c: runs of free RAM, conf.mem (B4-B6) ---------------------------------------------------- */

struct Bank { /* one run of free RAM; the members behind npage change under the palloc lock */
	Paddr base;
	u64 npage;
	Paddr kbase, klimit; /* the front that xinit took for the kernel: [kbase, klimit) */
	Paddr lo, hi;	     /* [lo, hi) was never given to anyone: page.c takes 2 MiB at lo, runs at hi */
};
struct Conf {
	Bank *mem; /* nmem of them, address order; room for all that the ledger can give */
	u32 nmem, capmem;
	u64 npage;  /* all banks */
	u64 upages; /* npage less the kernel's ceiling (H1) */
	u32 nproc, nimage, nswap, nswppo;
	u32 nmach;
};
extern Conf conf;

enum { MaxMach = 128 }; /* Mach.machno lies below conf.nmach, and that is at most this */

/*
 * Keep [pa, pa + size) from every allocator: what of it is free, boot or loader becomes reserved.
 * Only before meminit. (B5)
 */
void memreserve(Ledger *l, Paddr pa, u64 size);
/* RAM that the direct map does not reach becomes reserved, aloud. Before all else of this file. */
void membound(Ledger *l);
/* Free ranges become banks: prints the conf.mem lines. The array comes out of the first range that holds it.
 */
void meminit(Ledger *l);
/*
 * The second step (B6): boot and unused loader memory become free in the ledger and go to the banks.
 * Only after pageinit, when nothing of the firmware is needed any more. Bytes gained.
 */
u64 memreclaim(Ledger *l);
/* A range of our own kind, parcel or fwmap say, has served: to the page allocator. False: no such range. */
bool memgive(Ledger *l, Paddr pa, u64 size, Kind was) MUSTUSE;
/* The bank that holds pa, or nil. Cost: a binary search. */
Bank *bankof(Paddr pa);
bool bankholds(Paddr pa, u64 size); /* all of it, in one bank */

/* For page.c and xalloc.c alone, under palloc: memory that nobody has touched yet. */
typedef struct BankRun BankRun;
struct BankRun {
	Paddr pa;
	Paddr rest; /* what lay above it and is now the caller's too: nrest pages */
	u64 nrest;
};
/* The next piece from the low ends: up to a multiple of 2 MiB, whole ones first. False: all are used up. */
bool bankstretch(Paddr *pa, u64 *npage) MUSTUSE;
/* npage contiguous pages at a multiple of align, from a high end. */
bool bankrun(u64 npage, u64 align, BankRun *run) MUSTUSE;
u64 bankfront(Bank *b, u64 npage); /* the front of an untouched bank is xalloc's: pages it got */
u64 bankfresh(void);		   /* pages not yet touched, all banks */
u64 bankfronts(void);		   /* pages in fronts */

/* What the boot configuration says of memory; 0: not given. */
typedef struct Confask Confask;
struct Confask {
	u64 kernelpercent; /* *kernelpercent */
	u64 imagemaxmb;	   /* *imagemaxmb */
	bool cpuserver;	   /* service=cpu */
};
/* nproc, nimage, the kernel's ceiling and the pools' limits; after meminit, before xinit. (H1) */
void confinit(const Confask *ask);

/* Write and read back patterns in [pa, pa + size): the first wrong address, or ~0. Destroys the content.
 * (B10) */
Paddr ramscan(Paddr pa, u64 size);

/* --- xalloc.c: 9front's holes with physical addresses (F1-F8) ------------------------------------ */

enum { Magichole = 0x484F4C45 }; /* "HOLE" */

/* Totals, in bytes: given == free + used, always. */
typedef struct Xstat Xstat;
struct Xstat {
	u64 given; /* fronts and runs */
	u64 front; /* of it, fronts of banks */
	u64 runs;  /* of it, runs from the page allocator */
	u64 free;  /* counted hole by hole */
	u64 used;  /* blocks with their headers, descriptors */
	u64 holes;
};

void xinit(void);      /* takes the first front, prints xsummary */
void *xalloc(usize n); /* zeroed, 8-byte aligned; nil when there is no memory */
void *xallocz(usize n, bool zero);
void *xspanalloc(usize n, usize align, u64 span); /* zeroed; never freed; panics when there is no memory */
void xfree(void *p);
int xmerge(void *p, void *q);	/* 1: q's block joined p's */
void xhole(Paddr pa, u64 size); /* give RAM of a bank to xalloc; panics on anything else (F7) */
void xtrim(void);		/* give whole free runs back to the page allocator */
Xstat xstat(void);
void xsummary(void);
bool xalloc_test(void); /* 200 blocks there and back: the summary is as before (F6) */

/* --- pool.c, malloc.c (G1-G6) ----------------------------------------------------------------------- */

typedef struct Poolstat Poolstat;
struct Poolstat { /* bytes; cur == nfree + nalloc */
	const char *name;
	u64 max; /* the pool may not grow beyond */
	u64 cur; /* arenas */
	u64 nfree, nalloc;
};

extern Pool *const mainmem, *const imagmem, *const secrmem;
Poolstat poolstat(Pool *p);
void poollimit(Pool *p, u64 max);
void *malloc(usize n); /* zeroed, as in 9front; nil when there is none */
void *mallocz(usize n, bool clr);
void *mallocalign(usize n, usize align, i64 offset,
		  usize span); /* zeroed; at offset modulo align, inside one span; 0: any */
void *smalloc(usize n);	       /* zeroed; waits; never nil; needs a process */
void *realloc(void *p, usize n);
void free(void *p);
usize msize(void *p);	 /* bytes that may be used at p */
void *secalloc(usize n); /* zeroed, waits; wiped when freed */
void secfree(void *p);
void poolsummary(void);
bool malloc_test(void); /* blocks there and back, totals printed: nothing is gone (G5) */

/*
 * The hook that the kernel gives, so that mm need not know a process: called with no lock held by one
 * who needs memory and found none. It reclaims, kills, or sleeps a while, and comes back. (H14)
 */
void memwait(const char *why);

/* --- page.c: every page that is not the kernel's front (H1-H15) ---------------------------------- */

enum Purpose {
	PgFree,	      /* on a free list, or inside a larger block */
	PgTable,      /* page table */
	PgKernel,     /* kernel data */
	PgUser,	      /* a process's */
	PgCustom,     /* whoever asked for it knows */
	PgXalloc,     /* a block lent to xalloc */
	PgCache,      /* free, in a processor's own list */
	PgQuarantine, /* written to after it was freed: never given out again */
	NPURPOSE
};
#define RefUnused (~0u)
enum { PgMod = 1, PgRef = 2, PgPriv = 4 };
enum { PgPoisoned = 1 }; /* Page.flags: filled with 0xDE when it was freed */
enum { MaxOrder = 18 };	 /* the largest block is 1 GiB */

struct Page {	 /* 64 bytes: the record of a frame, at PAGES + 64 * pfn; made on first use of its stretch */
	u32 ref; /* (a) RefUnused: free. 0: inside a block, its first page speaks for it */
	u8 purpose; /* enum Purpose */
	u8 order;   /* of the block that starts here */
	u8 modref;  /* PgMod PgRef PgPriv */
	u8 state;   /* ownership states, when that issue comes */
	u32 gen;    /* bumped at each allocation */
	u32 flags;
	Page *next; /* free list; the owner's while in use (image hash, list of tables) */
	Page *prev;
	u64 va; /* user address it was asked for */
	union {
		u64 daddr;	    /* offset in its image */
		struct {	    /* of a table page of a process (space.c) */
			u16 live;   /* valid entries */
			u16 lo, hi; /* entries touched since it was clean: [lo, hi] */
			u16 level;
		};
	};
	struct Image *image; /* cached for this image, or nil */
	u64 owner;	     /* pc of whoever took or freed it last */
};
_Static_assert(sizeof(Page) == 64, "one record is one cache line");

/* In pages. bank is the sum of the ten below it, with used[] counted one by one (membal.c). */
typedef struct Pagestat Pagestat;
struct Pagestat {
	u64 bank;      /* all banks */
	u64 front;     /* fronts of banks, in xalloc's hands */
	u64 fresh;     /* never given to anyone, no records yet */
	u64 raw;       /* runs without records, in xalloc's hands */
	u64 early;     /* table pages taken before pageinit, without records */
	u64 records;   /* hold Page records */
	u64 rectables; /* page tables of the PAGES window */
	u64 free;      /* on the free lists, counted by order */
	u64 cached;    /* free, in the processors' own lists */
	u64 used[NPURPOSE];
	u64 nfree[MaxOrder + 1]; /* free blocks by order */
	u64 highwater, headroom; /* H3: below highwater reclaim should start, and end at headroom */
};

/* Takes over: the early allocator is sealed (H15), H4's line is printed. After kernptab() works. */
void pageinit(void);
/* Fill freed pages with 0xDE and look when they are given out again (H8): conf `*poison=1`. */
void pagepoison(bool on);
/* A zeroed page for a user address, ref 1. Waits for memory. If that took a sleep and locked is given, it was
 * unlocked: nil. */
Page *newpage(Uva va, QLock *locked) MUSTUSE;
/* The same, not zeroed: for who fills every byte before anyone sees it. */
Page *newrawpage(Uva va, QLock *locked) MUSTUSE;
/* A page for the kernel, ref 1: never sleeps; nil: none. For PgTable zero is not optional (D4). */
Page *kpage(enum Purpose u, bool zero) MUSTUSE;
/* 2^order pages, contiguous and aligned, ref 1 at the first; not zeroed; nil: none. Order 0 to MaxOrder. */
Page *kpages(enum Purpose u, int order) MUSTUSE;
void kpagesfree(Page *p, int order);
/* Zero p, or copy a page into it (fillpage(p, 0), copypage). */
void fillpage(Page *p, int c);
void copypage(Page *from, Page *to);
void putpage(Page *p);	     /* drop a reference; the last one frees the page */
Page *deadpage(Page *p);     /* drop a reference; if it was the last: p, to be given to freepages */
void freepages(Page *head);  /* a list through next of pages from deadpage */
void incpage(Page *p);	     /* one reference more, of a page in use */
void zeroprivatepages(void); /* at shutdown: pages marked PgPriv, and all free ones that were */
/*
 * A zeroed page for a kernel table, from the day of meminit: out of a bank before pageinit, a PgTable
 * page later. pa 0: none. May take kernptlock (when records are made): never call it with that lock held.
 */
Paddr rampage(void);
Paddr earlypage(void); /* rampage's way before pageinit; panics afterwards (H15) */
void rampagefree(Paddr pa);
Page *pagefor(Paddr pa); /* record of a frame; nil if none was made. Any address. */
u64 freepagecount(void); /* pages that users may still have */
u64 userpagecount(void); /* pages that they have */
Pagestat pagestat(void);
Pagestat pagestatlocked(void); /* palloc held */
/* Walk every free list and look at each record: text of the first thing that is wrong, or nil. Slow. */
const char *pagecheck(void);
/* Write patterns to free pages, at most max of them: how many were tested; *bad is the first wrong one or ~0.
 */
u64 memtest(u64 max, Paddr *bad);
/* H11: "Frames: free/total (NMB usable)". */
void pagesummary(void);

/* The record of a frame that was given out: no question asked. */
static inline Page *
pagerec(Paddr pa)
{
	return (Page *)(uintptr)PAGES + (pabits(pa) >> PGSHIFT);
}
static inline Paddr
pagepa(const Page *p)
{
	return topaddr(((u64)(uintptr)p - PAGES) / sizeof(Page) << PGSHIFT);
}
/* Its place in the direct map (kmap). */
static inline void *
pageva(const Page *p)
{
	return kaddr(pagepa(p));
}

/* Between page.c and xalloc.c, bank.c; palloc is outside xlists. */
extern Lock palloc;
/* Lend a run of at least n bytes to xalloc (by xgive, under palloc). False: no memory, or the ceiling. */
bool pagelend(u64 n) MUSTUSE;
void pageback(Paddr pa, u64 size, int order); /* a run comes back whole; palloc held */
void pageopen(Paddr pa, u64 npage);	      /* make records for a run and free its pages; palloc held */
/* order: of the block lent, -1 for a raw run. palloc held. */
void xgive(Paddr pa, u64 size, int order);

/* --- ptab.c: walk, map, unmap: any table, portable (D1-D12, E7) ----------------------------------- */

enum MapErr {
	MapOk,
	MapAlready, /* something else is mapped there */
	MapAlign,   /* not whole pages */
	MapNoFrame, /* no page for a table */
	MapLevel,   /* no leaf of that level there, or none is possible */
	MapRange    /* empty, wraps, not canonical, or beyond the processor's address width */
};
const char *maperrtext(enum MapErr e);

/* How a table editor gets and reads table pages: the bridge has a pool, the kernel the page allocator. */
typedef struct Ptab Ptab;
struct Ptab {
	Paddr root;
	const PteFeat *feat;
	Paddr (*newtable)(Ptab *);	  /* a zeroed page; pa 0: none */
	void (*freetable)(Ptab *, Paddr); /* an empty one, unlinked but not yet flushed; nil: they stay */
	Pte64 *(*at)(Ptab *, Paddr);	  /* reach a table page; nil: by the direct map */
	u64 ntables;			  /* taken so far, less what was given back */
	bool trace;			  /* kmapbuild says each row as it is built (Q7) */
	void *aux;
};
/* Entry for va at level (0 is 4 KiB); nil: nothing there, or a large page above. create makes tables. */
Pte64 *mmuwalk(Ptab *t, u64 va, int level, bool create);
/*
 * Map [va, va+size) to pa with the largest pages that fit; all of it or nothing. ptunmap clears what is
 * mapped in its range, splits large pages that reach out of it, frees tables that become empty above
 * level 0 up to the root's own. ptsplit makes 512 leaves of the one at `level` that holds va. None of
 * them flushes: the caller knows who else may have the old entry.
 */
enum MapErr ptmap(Ptab *t, u64 va, Paddr pa, u64 size, u32 perm, enum Memtype mt) MUSTUSE;
enum MapErr ptunmap(Ptab *t, u64 va, u64 size) MUSTUSE;
enum MapErr ptsplit(Ptab *t, u64 va, int level) MUSTUSE;
struct Walk { /* what translate found */
	bool ok;
	int level;    /* of the leaf, or of the level where the walk stopped */
	Pte64 pte[5]; /* entries met, by level */
	Paddr pa;     /* of va itself */
	u32 perm;     /* of the leaf: no table above takes anything away */
	enum Memtype mt;
};
Walk translate(Ptab *t, u64 va);
/* Is every byte of [va, va+size) mapped to pa on, with exactly these rights and this type? */
bool ptmapped(Ptab *t, u64 va, Paddr pa, u64 size, u32 perm, enum Memtype mt);
bool canonical(const PteFeat *f, u64 va);

/* --- walk.c: the walker's page of text (Q6) ------------------------------------------------------- */

/* Levels, raw entries, flags, neighbours, the end and the ledger's class of it; bytes of text in d. */
usize walktext(Ptab *t, Ledger *l, u64 va, char *d, usize n);

/* --- kmap.c: the kernel's mappings as a table of rows; planned, built, proved -------------------- */

struct MapRow {
	const char *name;
	u64 va;
	Paddr pa;
	u64 size;
	u32 perm; /* 0: tables for its top-level slots and nothing else */
	enum Memtype mt;
};
/*
 * Rows of the kernel half, and the bridge's window, for this parcel and ledger, by rising va: how many;
 * more than max means that they did not fit. One for each stretch of RAM with equal rights, and 32.
 */
u32 kmaprows(const BootKeep *k, Ledger *l, const PteFeat *f, MapRow *rows, u32 max);
/* End of the highest RAM that the direct map holds: the window and the processor's width end it. */
Paddr kmaptop(Ledger *l, const PteFeat *f);
/* The dry run: table pages that kmapbuild will take, the root among them. */
enum MapErr kmapplan(const PteFeat *f, const MapRow *rows, u32 n, u32 *tables) MUSTUSE;
/* Make t an editor that takes its tables from the front of pool and reaches them 1:1 (first life). */
void kmappool(Ptab *t, const PteFeat *f, BootRun *pool);
enum MapErr kmapbuild(Ptab *t, const MapRow *rows, u32 n) MUSTUSE;
/* Walk every address that the switch will touch: names the first that fails, or nil; *done counts. */
const char *kmappreflight(Ptab *t, const Boot *b, u32 *done);

/* --- vmap.c, audit.c: the kernel half, while it runs ---------------------------------------------- */

extern Lock kernptlock; /* every edit of the kernel half (I1) */
/* First act of the kernel, after xlatinit: take over the tables that are live, empty their low half. */
void mmuenter(const BootKeep *k);
Ptab *kernptab(void); /* the kernel's own tables, after mmuenter */
/* Audit: text pages R-X, data RW-, violations 0 (D10); both views agree (D9); sweep of conf.mem (E4). */
void mmuinit(Ledger *l);
u64 kernelro(Ledger *l); /* the audit alone: rules broken */
u64 xlatsweep(void);	 /* the sweep alone: translations that do not come back */
/* Is every page of [pa, pa+size) in the direct map now? RAM is, and nothing else (E7). */
bool hhdmmapped(Paddr pa, u64 size);
void pmap(Paddr pa, u64 va, u64 size, u32 perm, enum Memtype mt); /* kernel only; panics on refusal (D6) */
void punmap(u64 va, u64 size);
void *vmap(Paddr pa, u64 size);	  /* device window, uncached; nil: refused (J2) */
void *vmapwc(Paddr pa, u64 size); /* framebuffer */
void vunmap(void *va, u64 size);
/* J1: a page's place in the direct map; 9front's names. */
void *kmap(Page *p);
void kunmap(void *va);
/* A kernel stack in KSTACKS with a guard page under it: its top; 0: no memory. Freed ones are reused. */
u64 kstackalloc(void);
void kstackfree(u64 top);

/* --- address spaces of processes --------------------------------------------------------------------- */

typedef struct Space Space;
struct Space { /* the user half of one process; the kernel half is shared for ever (C6) */
	Paddr root;
	Page *tables; /* list of its table pages, root not among them, through Page.next */
	u64 ntables;
	Page *leaf;  /* the level-0 table of the last page entered, or nil: the next is often its neighbour */
	Page *spare; /* clean table pages of its own, a few: no lock for each */
	u32 nspare;
};
bool spaceinit(Space *s) MUSTUSE; /* a root with the kernel's half */
void spacefree(Space *s);	  /* every table page and the root */
void spaceflush(Space *s);	  /* drop all user mappings (flushmmu); tables go back */
/* Enter one user page; only fault() calls this. false: no memory for a table. */
bool spaceput(Space *s, Uva va, Paddr pa, u32 perm, enum Memtype mt) MUSTUSE;
void spaceunmap(Space *s, Uva va, u64 size);
void spaceprotect(Space *s, Uva va, u64 size); /* writable mappings become read-only (copy on write) */
Walk spacewalk(Space *s, Uva va);
/* Table pages by level, the root at the end (N5). */
void spacecount(const Space *s, u32 n[4]);
/* checkmmu: do the records of the tables agree with what is in them? Text of the first lie, or nil. */
const char *spacecheck(Space *s);

/* --- membal.c: the conservation law (H13), and what users read of it --------------------------------- */

/* The ledger whose RAM must add up. */
void membalinit(Ledger *l);
Ledger *balledger(void);
/* Print "MEMBAL <phase> ram <bytes> = <kind> <bytes> + ... off <bytes> ok|BAD"; false if off is not 0. */
bool membal(const char *phase);
/* Text of /dev/swap into d[0..n) (M4, PLAN9-ABI 4.2); its length. */
usize swaptext(char *d, usize n);
/* H4's line: "%lldM memory: %lldM kernel data, %lldM user, %lldM swap". */
void memsummary(void);

/* --- selftest.c: asked by the user of the console ----------------------------------------------------------
 */

/* All self-tests and checks of the allocators: text of the first that failed, or nil. Needs a process. */
const char *memcheck(void);
/* "bench: <name> <n> instr" for each operation. */
void membench(void);
/* Break the promise of this name (memleak, memearly, memdoublefree...): most ways panic. False: no such. */
bool membreak(const char *word);
