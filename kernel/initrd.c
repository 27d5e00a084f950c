/*
 * initrd.c: the archive of programs that the first life read from the ESP: POSIX ustar, each regular file
 * becomes /boot/<name> (M6). The file's bytes stay where the firmware's pages hold them; nothing is copied.
 * tarnext is pure and trusts nothing: any bytes may stand in the archive (O3). Second life, once, before
 * there are processes; no locks.
 */
#include "dat.h"

enum { /* a ustar header: offsets and sizes of fields [POSIX.1-1988 10.1.1] */
       TarBlock = 512,
       TarName = 0,
       TarNamesize = 100,
       TarSize = 124,
       TarSizesize = 12,
       TarSum = 148,
       TarSumsize = 8,
       TarType = 156,
       TarMagic = 257,
       TarPrefix = 345,
       TarPrefixsize = 155,
};

/* An octal field of n bytes, blanks before, blank or NUL behind; false: something else, or too big. */
static bool
octal(const u8 *p, usize n, u64 *v)
{
	usize i = 0, digits = 0;

	*v = 0;
	while (i < n && p[i] == ' ')
		i++;
	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++, digits++)
		*v = *v << 3 | (u64)(p[i] - '0');
	for (; i < n; i++)
		if (p[i] != ' ' && p[i] != 0)
			return false;
	return digits > 0;
}

/* The header's own sum: its bytes, the sum field taken as blanks. */
static bool
sumok(const u8 *h)
{
	u64 want, sum = 0;

	for (usize i = 0; i < TarBlock; i++)
		sum += i >= TarSum && i < TarSum + TarSumsize ? ' ' : h[i];
	return octal(h + TarSum, TarSumsize, &want) && want == sum;
}

static usize
fieldlen(const u8 *p, usize n)
{
	usize i = 0;

	while (i < n && p[i])
		i++;
	return i;
}

/* prefix/name without leading ./ and / into f->name; false: empty. */
static bool
tarname(const u8 *h, TarFile *f)
{
	usize np = fieldlen(h + TarPrefix, TarPrefixsize), nn = fieldlen(h + TarName, TarNamesize), n = 0;
	const char *s = f->name;

	_Static_assert(TarPrefixsize + 1 + TarNamesize < TARNAME, "a tar name fits");
	memcpy(f->name, h + TarPrefix, np);
	n = np;
	if (np > 0)
		f->name[n++] = '/';
	memcpy(f->name + n, h + TarName, nn);
	f->name[n + nn] = 0;
	while (s[0] == '/' || (s[0] == '.' && (s[1] == '/' || !s[1])))
		s++;
	memmove(f->name, s, strlen(s) + 1);
	return f->name[0] != 0;
}

static bool
zeroblock(const u8 *h)
{
	for (usize i = 0; i < TarBlock; i++)
		if (h[i])
			return false;
	return true;
}

/* One header at *off and the data behind it: 1 a regular file, 2 something else, 0 the end, -1 bad. */
static int
tarheader(const u8 *p, usize n, usize *off, TarFile *f, const char **why)
{
	const u8 *h = p + *off;
	u64 size;

	*why = "cut short";
	if (n - *off < TarBlock)
		return -1;
	if (zeroblock(h))
		return 0;
	*why = "not ustar";
	if (memcmp(h + TarMagic,
		   "ustar\0"
		   "00",
		   8) != 0 &&
	    memcmp(h + TarMagic, "ustar  ", 8) != 0)
		return -1;
	*why = "bad checksum";
	if (!sumok(h))
		return -1;
	*why = "bad size";
	if (!octal(h + TarSize, TarSizesize, &size))
		return -1;
	*why = "file cut short";
	if (size > n - *off - TarBlock)
		return -1;
	f->data = h + TarBlock;
	f->size = (usize)size;
	size = roundup(size, TarBlock) + TarBlock;
	*off = size > n - *off ? n : *off + (usize)size;
	return (h[TarType] == '0' || h[TarType] == 0) && tarname(h, f) ? 1 : 2;
}

int
tarnext(const u8 *p, usize n, usize *off, TarFile *f, const char **why)
{
	int r;

	do {
		*why = "no end mark";
		if (*off >= n)
			return *off == 0 || n == 0 ? 0 : -1;
		r = tarheader(p, n, off, f, why);
	} while (r == 2);
	return r;
}

int
initrdregister(const u8 *p, usize n)
{
	TarFile f;
	const char *why;
	usize off = 0;
	int nfile = 0, r;

	while ((r = tarnext(p, n, &off, &f, &why)) > 0) {
		if (strchr(f.name, '/')) {
			print("initrd: %s: in a directory, left out\n", f.name);
			continue;
		}
		addbootfile(f.name, f.data, f.size);
		nfile++;
	}
	if (r < 0)
		print("initrd: ends at byte %zu of %zu: %s\n", off, n, why);
	return nfile;
}

/* The digest of the archive, if the first life was asked to take it (*initrdsum). */
static void
initrdsum(const BootKeep *k, const char *when)
{
	u8 d[32];
	char hex[2 * sizeof d + 1];

	if (!getconf("*initrdsum"))
		return;
	sha256(kaddr(k->initrd.pa), k->initrd.size, d);
	for (usize i = 0; i < sizeof d; i++)
		snformat(hex + 2 * i, 3, "%02x", d[i]);
	print("initrd: sha256 %s %s\n", hex, when);
	if (memcmp(d, k->initrdsha, sizeof d) != 0)
		panic("initrd: its bytes changed since the firmware read it");
}

void
initrdinit(const BootKeep *k)
{
	int n = 0;

	if (k->initrd.size > 0) {
		initrdsum(k, "registered");
		n = initrdregister(kaddr(k->initrd.pa), k->initrd.size);
	}
	phase(PhRegistered, "(%d files)", n);
}

void
initrdcheck(const BootKeep *k)
{
	if (k->initrd.size > 0)
		initrdsum(k, "after pageinit");
}
