/*
 * crc32.c: the CRC-32 of IEEE 802.3, reflected, as UEFI's tables and our parcel use it
 * [UEFI 2.10 4.2], and the byte sum of ACPI. Both lives and the host; pure. Four bits a step: its
 * table of 16 words fits one cache line.
 */
#include "lib.h"

static const u32 nibble[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

u32
crc32(u32 crc, const void *p, usize n)
{
	const u8 *b = p;

	crc = ~crc;
	for (usize i = 0; i < n; i++) {
		crc ^= b[i];
		crc = crc >> 4 ^ nibble[crc & 15];
		crc = crc >> 4 ^ nibble[crc & 15];
	}
	return ~crc;
}

/*
 * Eight bytes a step, summed in four lanes of 16 bits. Only the low byte of a lane counts in the end,
 * so its carries are dropped at each step and never reach the neighbour.
 */
u8
bytesum(const void *p, usize n)
{
	const u64 even = 0x00ff00ff00ff00ffull;
	const u8 *b = p;
	u64 lanes = 0;
	u8 sum = 0;

	for (; n >= 8; n -= 8, b += 8) {
		u64 w = le64(b);
		lanes = (lanes & even) + (w & even) + (w >> 8 & even);
	}
	for (; lanes != 0; lanes >>= 16)
		sum = (u8)(sum + lanes);
	while (n-- > 0)
		sum = (u8)(sum + *b++);
	return sum;
}
