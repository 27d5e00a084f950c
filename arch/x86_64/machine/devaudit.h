/*
 * devaudit.h: the walk over PCI functions, for devaudit.c and its host test.
 */
#pragma once

#include "u.h"

typedef struct Devaudit Devaudit;

struct Devaudit {
	u32 (*config)(u32 bus, u32 dev, u32 fn, u32 reg);
	u32 (*window)(u64 at); /* a word of device memory */
	u64 todo[4];	       /* bit = bus that a bridge leads to */
	u32 functions, masters;
};

void pciwalk(Devaudit *a);
