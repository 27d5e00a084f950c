/*
 * kind.h: a word for every use of RAM, from the firmware's map to the last page of a process.
 * The first thirteen are the classes of the conversion, lowest precedence first: where descriptors
 * overlap the higher wins, byte by byte. The others are our own uses, carved later out of what the
 * firmware left us (free, boot, loader). `low` is made by a machine rule, after the overlaps.
 */
#pragma once

#include "u.h"

/*     name         word          9front's type   RAM (in the direct map)   colour in pictures */
#define KINDS(K)                                                                                             \
	K(KFree, "free", MemRAM, true, 0x7bc96f)                                                             \
	K(KBoot, "boot", MemRAM, true, 0xb8e6a3)                                                             \
	K(KLoader, "loader", MemRAM, true, 0x5fc0b7)                                                         \
	K(KSpecial, "special", MemReserved, false, 0xf2b56b)                                                 \
	K(KUnaccepted, "unaccepted", MemReserved, false, 0xe8a5c4)                                           \
	K(KPersistent, "persistent", MemReserved, false, 0x79b8ff)                                           \
	K(KAcpi, "acpi", MemACPI, true, 0x6b8fd6)                                                            \
	K(KNvs, "nvs", MemReserved, false, 0x4a63a8)                                                         \
	K(KReserved, "reserved", MemReserved, false, 0xa3a9b1)                                               \
	K(KMmio, "mmio", MemUPA, false, 0xc39be0)                                                            \
	K(KRuntime, "runtime", MemReserved, false, 0xe07a5f)                                                 \
	K(KBad, "bad", MemReserved, false, 0xd1242f)                                                         \
	K(KLow, "low", MemUMB, true, 0xd9d07a)                                                               \
	/* our own */                                                                                        \
	K(KImage, "image", MemRAM, true, 0xffffff)                                                           \
	K(KTables, "tables", MemRAM, true, 0xf6c945)                                                         \
	K(KStacks, "stacks", MemRAM, true, 0xff9e3d)                                                         \
	K(KParcel, "parcel", MemRAM, true, 0xc2e812)                                                         \
	K(KLedger, "ledger", MemRAM, true, 0xe2f0cb)                                                         \
	K(KFwmap, "fwmap", MemRAM, true, 0xb0a090)                                                           \
	K(KLog, "log", MemRAM, true, 0x8fd3f4)                                                               \
	K(KInitrd, "initrd", MemRAM, true, 0xd4a5ff)                                                         \
	K(KConf, "conf", MemRAM, true, 0xffc2d1)

enum MemType { /* 9front's words, where its texts are shown */
	       MemUPA,
	       MemUMB,
	       MemRAM,
	       MemACPI,
	       MemReserved,
};

#define K(name, word, type, ram, color) name,
typedef enum Kind { KINDS(K) NKIND } Kind;
#undef K

#define NCLASS (KLow + 1) /* kinds that a conversion can give */

/* The word of a kind, as the log and efimap print it. */
const char *kindword(Kind k);
/* Is it RAM: does the direct map cover it? (acpi only for reading) */
bool kindisram(Kind k);
enum MemType kindmemtype(Kind k);
/* Its colour in pictures of the memory, 0xrrggbb. */
u32 kindcolor(Kind k);
