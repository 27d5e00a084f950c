/*
 * acpi1.h: the few ACPI offsets that the first life reads: the RSDP, and of the FADT the PM timer.
 * [ACPI 6.5 5.2.5.3, 5.2.6, 5.2.9]. No state.
 */
#pragma once

#include "u.h"

enum {
	RsdpRevision = 15,
	RsdpRsdt = 16,
	RsdpBytes1 = 20, /* what revision 0 has, under the first checksum */
	RsdpLength = 20,
	RsdpXsdt = 24,
	RsdpBytes2 = 36,

	SdtLength = 4,
	SdtHead = 36, /* bytes before a table's own content */

	FadtPmTimer = 76,
	FadtFlags = 112,
	FadtXPmTimer = 208, /* generic address: space, width, offset, access, then the address */
	FadtBytes1 = 116,
	FadtBytesX = 220,
	GasAddress = 4,
	GasSystemIo = 1,
	FadtTimer32 = 1 << 8, /* flag: the timer has 32 bits, not 24 */
};

/* Text of the rule that an RSDP breaks, or nil. */
const char *rsdpcheck(const u8 *p);
