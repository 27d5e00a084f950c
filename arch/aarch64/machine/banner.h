/*
 * banner.h: an abort in words. Pure: host tests hold it against golden text.
 */
#pragma once

#include "u.h"

typedef struct Banner Banner;
struct Banner {
	u64 esr, addr, pc;
	u64 sctlr, tcr, ttbr0, ttbr1;
	const void *proc;
	int el; /* it came from */
};
/* Lines "trap: ..." into d[0..n), NUL at the end; the length. */
usize faultbanner(const Banner *b, char *d, usize n);
/* Name of an exception class, as notes have it. */
const char *excname(u64 ec);
/* What a fault status code says: "translation fault", its level behind it or -1. */
const char *faultname(u32 fsc, int *level);
