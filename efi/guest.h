/*
 * guest.h: the first life's one struct of state, and the steps of efimain in their order.
 *
 * Every step takes the Guest and gives an EFI_STATUS: 0, or the refusal that it has put into words
 * (refuse()). A step that fails leaves nothing undone: efimain speaks the words, gives back all pages
 * and returns the status to the firmware. Only this room knows EFI words.
 */
#pragma once

#include <efi.h>
#undef __attribute__ /* gnu-efi hides it where it takes the compiler for Microsoft's */

#include "arch.h"
#include "boot.h"
#include "ledger.h"
#include "lib.h"
#include "log.h"
#include "phase.h"
#include "fwmap.h"
#include "fwtext.h"
#include "reloc.h"

typedef struct Guest Guest;
typedef struct GuestMap GuestMap;

/* The buffer of GetMemoryMap and what the last good call said. */
struct GuestMap {
	u8 *buf;
	u64 cap;   /* bytes of buf, always passed whole */
	u64 bytes; /* of the map in it */
	u64 stride;
	u64 key;
	u32 version;
	u32 entries;
};

struct Guest {
	EFI_HANDLE self;
	EFI_SYSTEM_TABLE *st;
	EFI_BOOT_SERVICES *bs;
	EFI_LOADED_IMAGE *loaded;
	Boot *boot;	 /* the parcel, in pages of its own: all that the second life gets */
	const u8 *image; /* our first byte */
	u64 loadedsize;	 /* SizeOfImage: with the debug sections, which we leave behind */
	u32 relocrva, relocsize;
	GuestMap map;
	const u8 *mat; /* entries of the memory attributes table, or nil */
	u32 matentries, matstride;
	u32 slack;	    /* descriptors that the buffer holds beyond what the last probe asked for */
	u32 maxentries;	    /* descriptors that the buffers below can hold */
	BootRun scratch;    /* one run for: the conversion's scratch, its ledger, the rows of the mapper */
	Fwmap fw;	    /* the last map, converted */
	Ledger plain;	    /* what came out of it */
	Ledger ledger;	    /* the same with our own pages carved out: goes into the parcel */
	u32 tables;	    /* table pages that it wants */
	u64 pool;	    /* table pages taken */
	u64 unreachable;    /* bytes of RAM that the direct map cannot hold */
	const char *fbgone; /* why the last map took the screen away, or nil */
	u32 taken;	    /* allocations since the last map: not 0 at the exit makes its key stale */
	u32 proved;	    /* runs that were shown to lie in kept ranges */
	bool exiting;	    /* ExitBootServices was called: only it and GetMemoryMap are left to us */
	char why[160];	    /* words of the refusal */
};

/* say.c */
void saybanner(Guest *g);
/* Put a refusal into words; returns status, for `return refuse(...)`. */
EFI_STATUS refuse(Guest *g, EFI_STATUS status, const char *fmt, ...) PRINTF(3, 4);
/* Speak the words on every console, give back what was taken; returns status. */
EFI_STATUS giveup(Guest *g, EFI_STATUS status);

/* pages.c: every allocation of the first life, each in the list of own runs */
EFI_STATUS ownrun(Guest *g, Kind kind, Paddr pa, u64 bytes) MUSTUSE;
EFI_STATUS takepages(Guest *g, Kind kind, u64 bytes, u64 below, const char *what, BootRun *run) MUSTUSE;
void givepages(Guest *g, const BootRun *run);
void giveall(Guest *g);
EFI_STATUS parceltake(Guest *g) MUSTUSE;
EFI_STATUS memorytake(Guest *g) MUSTUSE;
EFI_STATUS maptake(Guest *g) MUSTUSE;
EFI_STATUS tablestake(Guest *g, u32 pages) MUSTUSE;

/* image.c */
u64 bssnonzero(void);
EFI_STATUS imagecheck(Guest *g) MUSTUSE;
const char *peread(const u8 *p, u64 size, BootKeep *k, u32 *relocrva, u32 *relocsize);

/* console.c */
void consolefind(Guest *g);

/* config.c */
EFI_STATUS configfind(Guest *g) MUSTUSE;
void *configtable(Guest *g, EFI_GUID guid);

/* rtmap.c */
EFI_STATUS runtimefind(Guest *g) MUSTUSE;
u64 runtimeneed(Guest *g);
void runtimepack(Guest *g);

/* options.c */
EFI_STATUS optionsread(Guest *g) MUSTUSE;

/* file.c */
EFI_STATUS fileread(Guest *g, const CHAR16 *path, Kind kind, const char *what, BootRun *run) MUSTUSE;
EFI_STATUS initrdread(Guest *g) MUSTUSE;

/* gop.c */
EFI_STATUS screenfind(Guest *g) MUSTUSE;
/* Why this mode gives no screen, or nil and *fb filled in. */
const char *fbfrommode(const EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE *m, BootFb *fb);

/* clock.c */
EFI_STATUS clocktake(Guest *g) MUSTUSE;
void pmtimerfind(Guest *g);
EFI_STATUS cookietake(Guest *g) MUSTUSE;

/* build.c: the one file of this room that sees mm.h; pure until the exit */
u64 buildscratch(u32 entries);
EFI_STATUS considermap(Guest *g) MUSTUSE;
void buildtables(Guest *g);
NORETURN void enterkernel(Guest *g);

/* exit.c */
EFI_STATUS mapready(Guest *g) MUSTUSE;
EFI_STATUS leave(Guest *g) MUSTUSE;
