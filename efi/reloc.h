/*
 * reloc.h: base relocations of a PE image [PE/COFF 5.6]. Pure; first life and host tests.
 */
#pragma once

#include "u.h"

typedef struct Moved Moved;

struct Moved {
	u32 moved; /* words that pointed into the image and were moved */
	u32 left;  /* words whose value points elsewhere: changed since the firmware relocated them */
	u32 bad;   /* entries that no rule allows: odd types, offsets outside the image */
};

/*
 * Walk the relocation blocks at image[rva..rva+bytes). Each 64-bit word they name whose value lies in
 * [from, from+size] gets to - from added, if `apply`; otherwise only counted. A block that lies about
 * its size ends the walk with a count in bad.
 */
void relocate(u8 *image, u64 size, u32 rva, u32 bytes, u64 from, u64 to, bool apply, Moved *m);
