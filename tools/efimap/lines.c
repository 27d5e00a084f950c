/*
 * lines.c: a file as lines of plain text. Host, efimap.
 * Takes any byte stream: UTF-8, UTF-16 of either order with or without a mark, CRLF, terminal escapes.
 * Gives one line at a time without them; holds no more than one line, whatever the size of the file.
 */
#include <string.h>
#include "efimap.h"
#include "log.h"

enum { Bytes, Utf16le, Utf16be };

/* Zeros in every second byte of the first ones tell UTF-16 apart, marked or not. */
static int
guess(const u8 *b, usize n)
{
	usize even = 0, odd = 0;
	for (usize i = 0; i + 1 < n; i += 2) {
		even += b[i] == 0;
		odd += b[i + 1] == 0;
	}
	if (n >= 2 && b[0] == 0xff && b[1] == 0xfe)
		return Utf16le;
	if (n >= 2 && b[0] == 0xfe && b[1] == 0xff)
		return Utf16be;
	if (odd > n / 4 && even < n / 16)
		return Utf16le;
	if (even > n / 4 && odd < n / 16)
		return Utf16be;
	return Bytes;
}

void
linesopen(Lines *l, FILE *f)
{
	*l = (Lines){.f = f};
	setvbuf(f, NULL, _IOFBF, 1 << 16);
	l->nhead = (u32)fread(l->head, 1, sizeof(l->head), f);
	l->coding = guess(l->head, l->nhead);
	if (l->coding != Bytes && (l->head[0] == 0xff || l->head[0] == 0xfe))
		l->at = 2;
	else if (l->nhead >= 3 && memcmp(l->head, "\xef\xbb\xbf", 3) == 0)
		l->at = 3;
}

static int
byte(Lines *l)
{
	return l->at < l->nhead ? l->head[l->at++] : getc_unlocked(l->f);
}

static int
next(Lines *l)
{
	int a = byte(l);
	if (l->coding == Bytes || a == EOF)
		return a;
	int b = byte(l);
	if (b == EOF)
		return EOF;
	int c = l->coding == Utf16le ? a | b << 8 : b | a << 8;
	return c < 128 ? c : '?';
}

void
sealbytes(Seal *s, const char *p, usize n)
{
	for (; n > 0; n--, p++) {
		if (*p == '\r')
			continue;
		s->part |= (u64)(u8)*p << 8 * (s->bytes % 8);
		if (++s->bytes % 8 != 0)
			continue;
		s->sum = ((s->sum ^ s->part) * SEALODD) ^ (s->sum >> 29);
		s->part = 0;
	}
}

u64
sealsum(const Seal *s)
{
	return ((s->sum ^ s->part) * SEALODD) ^ (s->sum >> 29);
}

/* The next character of a line. */
static int
fetch(Lines *l)
{
	int c = next(l);
	if (l->sealing && c != EOF) {
		char b = (char)c;
		sealbytes(&l->file, &b, 1);
		sealbytes(&l->log, &b, 1);
	}
	return c;
}

/* Behind an ESC: the whole sequence, up to its final byte [ECMA-48 5.4]. */
static int
escape(Lines *l)
{
	int c = fetch(l);
	if (c == '[')
		do
			c = fetch(l);
		while (c != EOF && c != '\n' && (c < 0x40 || c > 0x7e));
	else if (c == ']')
		do
			c = fetch(l);
		while (c != EOF && c != '\n' && c != 7 && c != 0x1b);
	return c == '\n' || c == EOF ? c : 0;
}

bool
linesnext(Lines *l)
{
	l->n = 0;
	l->filewas = l->file;
	l->logwas = l->log;
	l->longer = false;
	l->number++;
	int c;
	bool any = false;
	while ((c = fetch(l)) != EOF && c != '\n') {
		any = true;
		if (c == 0x1b && ((c = escape(l)) == '\n' || c == EOF))
			break;
		if (c == '\r' || c == 0)
			continue;
		if (l->n < LineMax)
			l->text[l->n++] = (char)(c == '\t' ? ' ' : c);
		else
			l->longer = true;
	}
	l->text[l->n] = 0;
	l->torn = c == EOF;
	return c == '\n' || any;
}
