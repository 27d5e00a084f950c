/*
 * line.h: the words of line.c, the console's line discipline.
 */
#pragma once

#include "u.h"

enum { LINEMAX = 1024 };
enum LineEvent { LineMore, LineDone, LineEof, LineIntr };

typedef struct Line Line;
struct Line { /* being typed; LineDone and LineEof: whole, the caller takes it and sets n to 0 */
	u32 n;
	u8 text[LINEMAX];
};
typedef struct Echo Echo;
struct Echo { /* what to show for one character */
	u32 n;
	char text[3 * 128];
};
enum LineEvent linechar(Line *l, int c, Echo *e);
