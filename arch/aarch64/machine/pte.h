/*
 * pte.h: the bits of a stage 1 descriptor with 4 KiB granules [ARM ARM D8.3]. Private to the port:
 * portable code asks pte.c.
 */
#pragma once

#include "u.h"

#define PteValid       (1ull << 0)
#define PteTable       (1ull << 1) /* above level 0: a table; at level 0: always */
#define PteAttr	       2	   /* index into MAIR: enum Memtype */
#define PteUser	       (1ull << 6)
#define PteReadonly    (1ull << 7)
#define PteInner       (3ull << 8) /* inner shareable */
#define PteAccessed    (1ull << 10)
#define PteNotglobal   (1ull << 11)
#define PtePxn	       (1ull << 53)
#define PteUxn	       (1ull << 54)
#define PteTableUxn    (1ull << 60) /* of a table: users run nothing below */
#define PteTableNouser (1ull << 61) /* ... and have no access */
#define PteAddr	       0x0000fffffffff000ull
