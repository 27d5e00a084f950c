/*
 * initrd.c: the archive of programs that the first life read from the ESP: each regular file of it becomes
 * /boot/<name> (M6). The file's bytes stay where the firmware's pages hold them; nothing is copied. The
 * archive is walked by kernel/lib/tar.c, which trusts nothing (O3). Second life, once, before there are
 * processes; no locks.
 */
#include "dat.h"
#include "tar.h"

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
