/*
 * rtmap.h: the pure half of rtmap.c, for the first life and the host tests.
 */
#pragma once

#include "boot.h"
#include "fwmap.h"

typedef struct Rtlist Rtlist;

struct Rtlist { /* stretches under way, and the attributes table that cuts them */
	BootRt *rt;
	u32 n, max;
	const u8 *mat;
	u32 matentries, matstride;
};

void rtstretch(Rtlist *l, const Fwdesc *d);
