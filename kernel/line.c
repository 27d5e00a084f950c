/*
 * line.c: the console's line discipline: characters typed become lines, with echo and editing. Pure: state
 * in, state and echo out; devcons.c calls it with its lock held. Backspace takes a character back (a whole
 * UTF-8 one), ^U the line, newline or return ends it, ^D ends it without a newline (an empty one: end of
 * file), ^C interrupts. DEL, which terminals send for their backspace key and Plan 9 for interrupt, is the
 * first while there is a line and the second when there is none.
 */
#include "line.h"

enum { BS = 8, BEL = 7, ETX = 3, EOT = 4, NAK = 21, DEL = 127 };

static const char rubout[] = "\b \b";

static void
say(Echo *e, const char *s)
{
	for (; *s && e->n < sizeof e->text; s++)
		e->text[e->n++] = *s;
}

/* Take the last character off: the continuation bytes of UTF-8 with their head, one place on the screen. */
static void
erase(Line *l, Echo *e)
{
	if (l->n == 0)
		return;
	while (l->n > 1 && (l->text[l->n - 1] & 0xc0) == 0x80)
		l->n--;
	l->n--;
	say(e, rubout);
}

static enum LineEvent
add(Line *l, char c, Echo *e)
{
	/* one byte stays free for the newline */
	if (c != '\n' && l->n >= sizeof l->text - 1) {
		say(e, (char[]){BEL, 0});
		return LineMore;
	}
	l->text[l->n++] = (u8)c;
	say(e, (char[]){c, 0});
	return c == '\n' ? LineDone : LineMore;
}

enum LineEvent
linechar(Line *l, int c, Echo *e)
{
	e->n = 0;
	switch (c) {
	case '\r':
	case '\n':
		return add(l, '\n', e);
	case BS:
		erase(l, e);
		return LineMore;
	case NAK:
		while (l->n > 0 && e->n + 3 <= sizeof e->text)
			erase(l, e);
		l->n = 0;
		return LineMore;
	case EOT:
		return LineEof;
	case DEL:
		if (l->n > 0) {
			erase(l, e);
			return LineMore;
		}
		return LineIntr;
	case ETX:
		l->n = 0;
		say(e, "^C\n");
		return LineIntr;
	}
	if (c < ' ' && c != '\t')
		return LineMore;
	return add(l, (char)c, e);
}
