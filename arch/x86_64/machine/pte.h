/*
 * pte.h: the bits of a table entry and the order of the page attribute table [SDM 3A 4.5, 12.12].
 * Private to the port: portable code asks pte.c. Offsets are those of a 64-bit entry of four-level
 * paging; PteLargePat is where a leaf above level 0 keeps the bit that PteSize took from it.
 */
#pragma once

#include "u.h"

#define PteValid    (1ull << 0)
#define PteWrite    (1ull << 1)
#define PteUser	    (1ull << 2)
#define PtePwt	    (1ull << 3)
#define PtePcd	    (1ull << 4)
#define PteAccessed (1ull << 5)
#define PteDirty    (1ull << 6)
#define PteSize	    (1ull << 7)
#define PtePat	    (1ull << 7)
#define PteGlobal   (1ull << 8)
#define PteLargePat (1ull << 12)
#define PteNx	    (1ull << 63)
#define PteAddr	    0x000ffffffffff000ull

/* The attribute table: the first four as after reset, write combining at 7 as in 9front. */
enum { PatUC = 0, PatWC = 1, PatWT = 4, PatWB = 6, PatUCminus = 7 };
enum { PatIxWB = 0, PatIxWT = 1, PatIxUC = 3, PatIxWC = 7 };
#define PATBYTE(i, type) ((u64)(type) << 8 * (i))
#define PATVALUE                                                                                             \
	(PATBYTE(0, PatWB) | PATBYTE(1, PatWT) | PATBYTE(2, PatUCminus) | PATBYTE(3, PatUC) |                \
	 PATBYTE(4, PatWB) | PATBYTE(5, PatWT) | PATBYTE(6, PatUCminus) | PATBYTE(7, PatWC))
_Static_assert(PATVALUE == 0x0107040600070406ull, "PAT: only entry 7 differs from reset");
