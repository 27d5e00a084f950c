/*
 * banner.h: a page fault in words. Pure: host tests hold all 32 error codes against golden text.
 */
#pragma once

#include "u.h"

typedef struct Banner Banner;
struct Banner {
	u64 error, addr, pc;
	u64 cr0, cr2, cr3, cr4;
	const void *proc;
	int cpl;
};
/* Lines "trap: ..." into d[0..n), NUL at the end; the length. */
usize faultbanner(const Banner *b, char *d, usize n);
/* Name of an exception below 32, as Plan 9's notes have it. */
const char *excname(u64 vec);
