/*
 * layout.h: where everything lies. No address is written anywhere else.
 *
 *   0x0000000000000000  nothing, ever
 *   0x0000000000200000  UTZERO    user text, data, bss, attached segments
 *   0x00007fffffffefff  ... USTKTOP: the user stack, 16 MiB, grows down
 *         --- hole of non-canonical addresses ---
 *   0xffff800000000000  HHDM      all RAM at HHDM + pa, never executable, up to 64 TiB
 *   0xffffc00000000000  PAGES     struct Page, one for each frame of 64 TiB, sparse
 *   0xffffd00000000000  VMALLOC   virtually contiguous kernel memory, guard pages between
 *   0xfffffd0000000000  KSTACKS   kernel stacks, each above an unmapped guard page
 *   0xfffffe0000000000  KMAP      2 MiB
 *   0xfffffe8000000000  VMAP      1 TiB of device windows: VMAP + pa
 *   0xffffffff80000000  KZERO     the image, section by section
 *
 * aarch64 draws the same picture through TTBR0 and TTBR1; the host port moves HHDM and PAGES to
 * addresses a process can map.
 */
#pragma once

#include "u.h"

#define PGSHIFT	    12
#define BY2PG	    4096ull
#define PTSHIFT	    9					/* bits of index for each level of tables */
#define PGLSZ(l)    (1ull << (PGSHIFT + PTSHIFT * (l))) /* bytes under one entry of level l; 0 is 4 KiB */
#define PTLX(va, l) (((va) >> (PGSHIFT + PTSHIFT * (l))) & 511)

/* Physical: the top that any processor could have, page zero, and the first megabyte of a PC. */
#define PHYSTOP	   (1ull << 52)
#define ZEROEND	   BY2PG
#define LEGACYHOLE 0x00000000000a0000ull
#define LEGACYEND  0x0000000000100000ull

#define UTZERO	 0x0000000000200000ull
#define USTKSIZE (16 * MiB)

#ifdef IMAGO_HOST /* users below HHDM; room for 341 GiB below a program's own text, records above it */
#define HHDM 0x0000550000000000ull
#ifndef HOSTPAGES /* ThreadSanitizer keeps other addresses for itself */
#define HOSTPAGES 0x0000568000000000ull
#endif
#define PAGES	HOSTPAGES
#define USTKTOP 0x00004ffffffff000ull
#else
#define HHDM	0xffff800000000000ull
#define PAGES	0xffffc00000000000ull
#define USTKTOP 0x00007ffffffff000ull
#endif
#define HHDMSIZE (64 * TiB)

/* In the runtime services' own address space: what the firmware keeps, 1:1 and once more at RTBASE + pa. */
#define RTBASE	  0x0000400000000000ull
#define PAGESSIZE (1 * TiB) /* 64 bytes a frame */

#define VMALLOC	    0xffffd00000000000ull
#define VMALLOCSIZE (1 * TiB)

#define KSTACKS	     0xfffffd0000000000ull
#define KSTACKSSIZE  (512 * GiB)
#define KSTACK	     (16 * KiB)	      /* mapped bytes of one kernel stack */
#define KSTACKSTRIDE (KSTACK + BY2PG) /* with the guard page under it */
#define KSTACKTOP(i) (KSTACKS + ((u64)(i) + 1) * KSTACKSTRIDE)
#define KSTACK0TOP   KSTACKTOP(0) /* the first one: the boot processor's */
#define NBOOTSTACK   4 /* there from the first instruction: kmain, then double fault, NMI, machine check */

#define KMAP	 0xfffffe0000000000ull
#define KMAPSIZE (2 * MiB)
#define VMAP	 0xfffffe8000000000ull
#define VMAPSIZE (1 * TiB)

#define KZERO	  0xffffffff80000000ull
#define KIMAGEMAX (1 * GiB)

#ifndef IMAGO_HOST
_Static_assert(HHDM + HHDMSIZE <= PAGES, "HHDM runs into PAGES");
_Static_assert(PAGES + PAGESSIZE <= VMALLOC, "PAGES runs into VMALLOC");
#endif
_Static_assert(VMALLOC + VMALLOCSIZE <= KSTACKS, "VMALLOC runs into KSTACKS");
_Static_assert(KSTACKS + KSTACKSSIZE <= KMAP, "KSTACKS runs into KMAP");
_Static_assert(KMAP + KMAPSIZE <= VMAP, "KMAP runs into VMAP");
_Static_assert(VMAP + VMAPSIZE <= KZERO, "VMAP runs into KZERO");
_Static_assert((HHDM | PAGES | VMALLOC | KSTACKS | KMAP | VMAP) % PGLSZ(3) == 0,
	       "windows begin with a top-level slot");
_Static_assert(RTBASE >= HHDMSIZE && RTBASE + HHDMSIZE <= 1ull << 47, "both views are in the low half");
_Static_assert(HHDMSIZE / BY2PG * 64 <= PAGESSIZE, "PAGES has a record for each frame of HHDM");
_Static_assert(USTKTOP % BY2PG == 0 && UTZERO % PGLSZ(1) == 0, "user ends are aligned");
