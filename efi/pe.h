/*
 * pe.h: byte offsets of the PE32+ fields that we read of ourselves [PE/COFF 3]. No state.
 */
#pragma once

#define PeMz	0x5a4d	   /* "MZ" */
#define PeMagic 0x00004550 /* "PE\0\0" */
#define PePlus	0x20b	   /* magic of the optional header with 64-bit addresses */

enum {
	PeOffset = 0x3c, /* in the DOS header: where the PE header is */
	/* from the PE header on */
	PeNsect = 6,
	PeOptionalSize = 20,
	PeOptional = 24,
	PeHeadBytes = PeOptional + 160, /* up to and with the relocation directory */
	/* from the optional header on */
	PeImageSize = 56,
	PeRelocDir = 152, /* address and size of the base relocation table */
	/* a row of the section table */
	PeSectVirtualSize = 8,
	PeSectRva = 12,
	PeSectRawSize = 16,
	PeSectFlags = 36,
	PeSectBytes = 40,
};

#define PeDiscard 0x02000000u /* debug sections, and the relocation table */
#define PeExec	  0x20000000u
#define PeRead	  0x40000000u
#define PeWrite	  0x80000000u
