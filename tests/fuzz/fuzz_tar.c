/*
 * fuzz_tar.c: any bytes as an initrd (O3): every file that is given lies inside the archive, its name ends,
 * the walk comes to an end. First byte odd: checksums are made right first, so that what lies behind them is
 * met. sources: kernel/lib/tar.c
 */
#include <stdlib.h>
#include "tar.h"
#include "lib.h"

enum { Block = 512, Sum = 148 };

int LLVMFuzzerTestOneInput(const u8 *data, usize size);

/* The checksum of the header at h as six octal digits. */
static void
seal(u8 *h)
{
	u32 sum = 0;

	memset(h + Sum, ' ', 8);
	for (int i = 0; i < Block; i++)
		sum += h[i];
	for (int i = 5; i >= 0; i--, sum >>= 3)
		h[Sum + i] = (u8)('0' + (sum & 7));
	h[Sum + 6] = 0;
}

int
LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	const char *why;
	usize off = 0, n = size > 0 ? size - 1 : 0;
	u8 *p = malloc(n ? n : 1);
	TarFile f;

	if (n > 0)
		memcpy(p, data + 1, n);
	if (size > 0 && (data[0] & 1))
		for (usize at = 0; at + Block <= n; at += Block)
			if (p[at] != 0)
				seal(p + at);
	for (usize last = 0; tarnext(p, n, &off, &f, &why) > 0; last = off)
		if (off <= last || off > n || f.data < p || f.size > (usize)(p + n - f.data) ||
		    strlen(f.name) > 256)
			abort();
	free(p);
	return 0;
}
