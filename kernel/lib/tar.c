/*
 * tar.c: a walk over a ustar archive in memory. Pure; both lives and the host.
 *
 * The archive is a file from outside: every header has its checksum proved, every number is bounded by
 * the archive's size, names are cut nowhere. Only regular files are given; directories and the
 * rest are stepped over.
 */
#include "lib.h"
#include "tar.h"

enum { /* offsets in a header of one block */
       Block = 512,
       Name = 0,
       NameLen = 100,
       Mode = 100,
       Size = 124,
       Sum = 148,
       SumLen = 8,
       Type = 156,
       Magic = 257,
       Prefix = 345,
       PrefixLen = 155,
};

/* An octal field, ended by a NUL or a blank; false: no digit, or something else in it. */
static bool
octal(const u8 *p, usize n, u64 *v)
{
	usize i = 0;

	while (i < n && p[i] == ' ')
		i++;
	if (i == n || p[i] < '0' || p[i] > '7')
		return false;
	for (*v = 0; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		*v = *v << 3 | (u64)(p[i] - '0');
	return i == n || p[i] == 0 || p[i] == ' ';
}

/* The sum of a header's bytes with the sum's own field as blanks. */
static u64
headersum(const u8 *h)
{
	const u64 lanes = 0x00ff00ff00ff00ffull;
	u64 acc = 0, sum = 0, w; /* acc: four sums of 128 bytes each */
	usize i;

	for (i = 0; i < Block; i += 8) {
		w = le64(h + i);
		acc += (w & lanes) + (w >> 8 & lanes);
	}
	for (i = 0; i < 64; i += 16)
		sum += acc >> i & 0xffff;
	for (i = Sum; i < Sum + SumLen; i++)
		sum += (u64)' ' - h[i];
	return sum;
}

/* Text of the rule that a header breaks, or nil and its size and mode. */
static const char *
header(const u8 *h, u64 *size, u64 *mode)
{
	u64 sum;

	if (memcmp(h + Magic, "ustar", 5) != 0)
		return "no ustar header";
	if (!octal(h + Sum, SumLen, &sum) || sum != headersum(h))
		return "header checksum";
	if (!octal(h + Size, 12, size) || !octal(h + Mode, 8, mode))
		return "header numbers";
	return nil;
}

/* Bytes of a field that ends at a NUL or at its full length. */
static usize
fieldlen(const u8 *p, usize n)
{
	usize i;

	for (i = 0; i < n && p[i] != 0; i++)
		;
	return i;
}

static void
filename(const u8 *h, char *d)
{
	usize prefix = fieldlen(h + Prefix, PrefixLen), name = fieldlen(h + Name, NameLen);
	char all[PrefixLen + 1 + NameLen + 1];
	const char *s = all;

	memcpy(all, h + Prefix, prefix);
	if (prefix != 0)
		all[prefix++] = '/';
	memcpy(all + prefix, h + Name, name);
	all[prefix + name] = 0;
	while (*s == '/' || (s[0] == '.' && s[1] == '/'))
		s++;
	memcpy(d, s, strlen(s) + 1);
}

static bool
allzero(const u8 *p, usize n)
{
	usize i;

	for (i = 0; i < n && p[i] == 0; i++)
		;
	return i == n;
}

int
tarnext(const u8 *p, usize n, usize *off, TarFile *f, const char **why)
{
	const u8 *h;
	u64 size = 0, mode = 0;

	for (;;) {
		if (n < Block || *off > n - Block) {
			*why = "ends without its last block";
			return -1;
		}
		h = p + *off;
		if (allzero(h, Block))
			return 0;
		*why = header(h, &size, &mode);
		if (*why != nil)
			return -1;
		*off += Block;
		if (size > n - *off) {
			*why = "a file ends behind the archive";
			return -1;
		}
		f->data = p + *off;
		*off += roundup(size, Block) < n - *off ? roundup(size, Block) : n - *off;
		if (h[Type] == '0' || h[Type] == 0)
			break;
	}
	filename(h, f->name);
	f->size = size;
	f->mode = (u32)mode & 0777;
	return 1;
}
