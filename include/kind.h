/*
 * kind.h: a word for every use of RAM, from the firmware's map to the last page of a process.
 * The first thirteen are the classes of the conversion, lowest precedence first: where descriptors
 * overlap the higher wins, byte by byte. The others are our own uses, carved later out of what the
 * firmware left us (free, boot, loader). `low` is made by a machine rule, after the overlaps.
 */
#pragma once

#include "u.h"

/*     name         word          9front's type   RAM (has a place in the direct map) */
#define KINDS(K)                                                                                             \
	K(KFree, "free", MemRAM, true)                                                                       \
	K(KBoot, "boot", MemRAM, true)                                                                       \
	K(KLoader, "loader", MemRAM, true)                                                                   \
	K(KSpecial, "special", MemReserved, false)                                                           \
	K(KUnaccepted, "unaccepted", MemReserved, false)                                                     \
	K(KPersistent, "persistent", MemReserved, false)                                                     \
	K(KAcpi, "acpi", MemACPI, true)                                                                      \
	K(KNvs, "nvs", MemReserved, false)                                                                   \
	K(KReserved, "reserved", MemReserved, false)                                                         \
	K(KMmio, "mmio", MemUPA, false)                                                                      \
	K(KRuntime, "runtime", MemReserved, false)                                                           \
	K(KBad, "bad", MemReserved, false)                                                                   \
	K(KLow, "low", MemUMB, true)                                                                         \
	/* our own */                                                                                        \
	K(KImage, "image", MemRAM, true)                                                                     \
	K(KTables, "tables", MemRAM, true)                                                                   \
	K(KStacks, "stacks", MemRAM, true)                                                                   \
	K(KParcel, "parcel", MemRAM, true)                                                                   \
	K(KLedger, "ledger", MemRAM, true)                                                                   \
	K(KFwmap, "fwmap", MemRAM, true)                                                                     \
	K(KLog, "log", MemRAM, true)                                                                         \
	K(KInitrd, "initrd", MemRAM, true)                                                                   \
	K(KConf, "conf", MemRAM, true)

enum MemType { /* 9front's words, where its texts are shown */
	MemUPA,
	MemUMB,
	MemRAM,
	MemACPI,
	MemReserved,
};

#define K(name, word, type, ram) name,
typedef enum Kind { KINDS(K) NKIND } Kind;
#undef K

#define NCLASS (KLow + 1) /* kinds that a conversion can give */

/* The word of a kind, as the log and efimap print it. */
const char *kindword(Kind k);
/* Is it RAM: does the direct map cover it? (acpi only for reading) */
bool kindisram(Kind k);
enum MemType kindmemtype(Kind k);
