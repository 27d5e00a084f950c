/*
 * tar.h: the files of a ustar archive in memory [POSIX.1-2017 pax, "ustar Interchange Format"]. Pure; the
 * first life proves the initrd with it, the second serves files from it.
 */
#pragma once

#include "u.h"

typedef struct TarFile TarFile;

struct TarFile {
	char name[257]; /* prefix/name without a leading "./" or "/" */
	const u8 *data; /* in the archive */
	usize size;
	u32 mode; /* permission bits */
};

/*
 * The next regular file at *off (0 at first), which moves past it: 1. 0 at the end of the archive. -1
 * and *why: a header is damaged, or a file ends behind the archive.
 */
int tarnext(const u8 *p, usize n, usize *off, TarFile *f, const char **why) MUSTUSE;
