/*
 * boot.h: the parcel, the one thing that the first life hands to the second.
 * No pointers: physical addresses, sizes and inline arrays. `keep` stays for the life of the kernel;
 * `once` is poisoned by bootdone(). bootcheck() knows every rule of it and names the one that broke.
 */
#pragma once

#include "addr.h"
#include "kind.h"

typedef struct Boot Boot;
typedef struct BootRun BootRun;
typedef struct BootTry BootTry;
typedef struct BootFb BootFb;
typedef struct BootSect BootSect;
typedef struct BootRt BootRt;
typedef struct BootKeep BootKeep;
typedef struct BootOnce BootOnce;

#define BOOTMAGIC   0x6f67616d69746f42ull /* "Botimago" */
#define BOOTVERSION 1

enum {
	BootTries = 16, /* calls of ExitBootServices before we give up */
	BootSects = 16, /* PE sections */
	BootOwn = 24,	/* runs of memory that the first life took for us */
};

enum Perm { /* rights of a mapping */
	    PermR = 1,
	    PermW = 2,
	    PermX = 4,
	    PermU = 8, /* user mode too */
	    PermG = 16 /* global: the same in every address space */
};

enum { RtGetTime, RtSetVirtual, RtReset, NRt }; /* runtime services that we call [UEFI 2.10 8] */

/* A run of physical memory: bytes, page aligned unless it says otherwise. size 0: absent. */
struct BootRun {
	Paddr pa;
	u64 size;
};

/* The screen as GOP described it; pa absent (size 0) when there is none [UEFI 2.10 12.9]. */
struct BootFb {
	Paddr pa;
	u64 size;
	u32 width, height;    /* pixels */
	u32 pitch;	      /* bytes from one line to the next */
	u32 depth;	      /* bits of a pixel: 32, or less for a bitmask format */
	u32 red, green, blue; /* masks in a pixel */
	u32 pad;
};

/* One section of the image as it is mapped; the headers are the first, under the name "headers". */
struct BootSect {
	char name[8]; /* NUL-padded, not terminated when it has 8 letters [PE/COFF 4] */
	u32 rva;      /* page aligned */
	u32 size;     /* bytes, whole pages */
	u32 perm;     /* enum Perm */
	u32 pad;
};

/* A stretch of the firmware's runtime memory, as the runtime services' own address space maps it. */
struct BootRt {
	Paddr pa;
	u64 size;
	u32 perm; /* enum Perm */
	u32 uncached;
};

/* One try of leaving: what GetMemoryMap gave, what ExitBootServices answered. */
struct BootTry {
	u64 key;
	u64 status;
	u32 entries;
	u32 sum; /* checksum of the map's bytes: two maps differ when theirs do */
};

/* What stays true for the life of the kernel. */
struct BootKeep {
	BootRun image; /* where firmware loaded us, up to the last section that we map */
	u32 nsect, pad;
	BootSect sect[BootSects];
	BootFb fb;
	Paddr rsdp;   /* 0: none */
	BootRun uart; /* registers of the console, whole pages; absent where the port knows by itself */
	u32 uartirq, uartpad;
	Paddr smbios;
	u64 rtsupported; /* EFI_RT_PROPERTIES_TABLE's mask; all ones if there is no table */
	u64 rtfn[NRt];	 /* runtime services as they run 1:1; 0: none */
	BootRun rtdesc;	 /* descriptors for SetVirtualAddressMap, raw; in the same run the next */
	u32 rtdescbytes; /* bytes of them in use */
	u32 rtpad;
	BootRun rtmap;	/* struct BootRt array, whole */
	BootRun initrd; /* size in bytes, not rounded */
	u8 initrdsha[32];
	BootRun conf;	   /* text, name=value lines, NUL-terminated; size in bytes */
	BootRun log;	   /* struct Log */
	BootRun stack;	   /* the first kernel stack, without its guard */
	BootRun tables;	   /* the pool of table pages, as taken before the exit */
	u32 tablesplanned; /* pages that the dry run over the last map wanted */
	u32 tablesused;	   /* pages that the builder took: the same, or we never got here */
	Paddr root;	   /* top-level table */
	Paddr lowpage;	   /* one page below 1 MiB for starting processors; 0: none */
	BootRun fwmap;	   /* the firmware's last map, raw */
	u32 fwmapstride, fwmapversion;
	u32 fwmapbytes; /* bytes of it in use */
	u32 relocmoved, relocleft, relocbad;
	u64 hz0;     /* cycle counter frequency by Stall(), 0 unknown */
	u64 tentry;  /* cycle counter: efimain */
	u64 texit0;  /* before the last GetMemoryMap */
	u64 texit1;  /* after ExitBootServices */
	u64 tjump;   /* before the bridge */
	u64 pmtick0; /* cycle counter when pm0 was read: with a later pair it gives the frequency, no wait */
	u32 pm0;     /* ACPI PM timer at that moment */
	u32 pmport;  /* its I/O port; 0: none */
	u32 pmbits;  /* 24 or 32 */
	u32 ntries;
	BootTry tries[BootTries];
	u64 audit[16]; /* the port's entry audit: raw control registers, see the port */
	u8 cookie[16]; /* random bytes from the firmware or the cycle counter */
};

/* What the kernel copies or uses up before bootdone(). */
struct BootOnce {
	BootRun ranges; /* struct Range array of the ledger: Ledger.n = nranges */
	u32 nranges, caprange;
	u64 described, overlap; /* bytes, of the conversion */
	u32 nanomaly;
	u32 nown;
	struct BootOwn {
		BootRun run;
		u32 kind; /* Kind */
		u32 pad;
	} own[BootOwn]; /* what the first life took: to be carved out of the ledger */
};

struct Boot {
	u64 magic;
	u32 version;
	u32 size; /* sizeof(Boot) */
	u32 crc;  /* CRC-32 of the whole with this field 0 */
	u32 pad;
	BootKeep keep;
	BootOnce once;
};

/* Seal: fill in magic, version, size and crc. */
void bootseal(Boot *b);
/* Text of the first rule that b breaks, or nil: magic, size, crc, alignment, overlap, bounds. */
const char *bootcheck(const Boot *b);
