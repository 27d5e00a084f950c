/*
 * hostmem.h: what a host test may ask of the pretended machine: how much physical memory there is and
 * where, what its paging can do, how often it was told to forget translations.
 */
#pragma once

#include "arch.h"

extern PteFeat hostfeat;

/*
 * A machine without memory; the one before is forgotten. hostram gives it RAM at [pa, pa+size), all
 * bytes `fill`: from then on HHDM + pa is ordinary memory. Physical addresses end at HOSTPHYS.
 */
#define HOSTPHYS (256 * GiB)
void hostmemory(void);
void hostram(u64 pa, u64 size, u8 fill);

/*
 * The tables that mmuload() named are alive in PAGES and in a stretch of user addresses: a first touch of a
 * mapped address is answered by walking them and, like a real TLB, remembered until it is flushed. Touching
 * what is not mapped is a segmentation fault.
 */
#define HOSTUSER     0x20000000ull
#define HOSTUSERSIZE (64 * MiB)
bool hostmmuwindow(u64 va);	    /* is it an address that the pretended MMU answers for? */
bool hosttouch(u64 va, bool write); /* can this address be read (or written) now? never faults */

typedef struct Hostcount Hostcount;
struct Hostcount {
	u64 flushva, flushall, load, fill;
};
extern Hostcount hostcount;
