/*
 * unwind.h: one step up the stack by the unwind tables of a PE image. Pure; the host tests compile
 * unwind.c with images of their own.
 */
#pragma once

#include "u.h"

typedef struct Unwind Unwind;
struct Unwind { /* where a function is: registers by number (RSP is 4), then pc */
	u64 reg[16];
	u64 pc;
};
enum { RegSp = 4 };

typedef struct Image Image;
struct Image { /* what to unwind in; the numbers come from headers and are not trusted */
	const u8 *base;
	u64 size;
	bool (*read)(u64 va, u64 *v); /* a word of the stack, which may not be there */
};

/* To the caller; false: pc is not in the image, or tables or stack make no sense. */
bool unwindstep(const Image *im, Unwind *w);
