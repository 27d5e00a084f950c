/*
 * buddy.h: what page.c knows of buddy.c: blocks of 2^order pages, all under palloc.
 */
#pragma once

#include "mm.h"

enum { SmallOrder = 8 }; /* up to here every page of a block has a record; above, the first one alone */

typedef struct Buddystat Buddystat;
struct Buddystat {
	u64 nfree[MaxOrder + 1]; /* blocks on the lists */
	u64 free;		 /* pages on them */
	u64 records;		 /* pages that hold records */
	u64 rectables;		 /* page tables that lead to those */
};
extern Buddystat buddy;

/*
 * Who looks for a free buddy under palloc may read these two of a page that another processor is taking
 * or freeing without it. It joins only what is RefUnused and PgFree, and PgFree comes and goes under palloc.
 */
static inline u32
pageref(const Page *p)
{
	return __atomic_load_n(&p->ref, __ATOMIC_RELAXED);
}
static inline void
setpageref(Page *p, u32 ref)
{
	__atomic_store_n(&p->ref, ref, __ATOMIC_RELAXED);
}
static inline u8
purposeof(const Page *p)
{
	return __atomic_load_n(&p->purpose, __ATOMIC_RELAXED);
}
static inline void
setpurpose(Page *p, enum Purpose u)
{
	__atomic_store_n(&p->purpose, (u8)u, __ATOMIC_RELAXED);
}

/* A block that is on no list any more, ref RefUnused; nil: there is none. */
Page *blocktake(int order);
/* It goes back, joins its free buddies. The first page's record is all it needs. */
void blockfree(Page *p, int order);
/* Look at every list: text of the first thing that is wrong, or nil. */
const char *buddycheck(void);
