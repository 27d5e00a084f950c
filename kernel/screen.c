/*
 * screen.c: the framebuffer as a console: UTF-8 text in Terminus, newest line at the bottom. Second
 * life; nothing happens before screeninit() or without a screen.
 * Text goes into a grid of cells, which costs a few instructions a character; drawing compares the
 * grid with what was drawn last and touches only cells that differ, so scrolling reads no video
 * memory and many lines cost one pass. Passes come from the clock, 25 a second, and before there is a
 * clock from print itself when the last one is 40 ms old; a panic draws at once. Lock: `busy`, one
 * flag taken without waiting by the clock and with waiting by print (interrupts off there).
 */
#include "mm.h"
#include "lib.h"
#include "log.h"
#include "font.h"
#include "screen.h"

enum {
	Period = 40 * 1000 * 1000, /* nanoseconds between passes */
	Tab = 8,
	Inverse = 1 << 15, /* in a cell: the cursor */
	Big = 2400,	   /* pixels of width from which on glyphs are doubled */
	Roomy = 400,	   /* pixels of height, before scaling, from which on there is room for a margin */
	MinCols = 20,
	MinRows = 5,
	Foreground = 0xd0, /* of 255 */
};

static struct {
	volatile u8 *fb;  /* nil: no screen */
	u32 pitch, bytes; /* of a line, of a pixel */
	u32 scale;
	u32 cols, rows;
	u32 ink, paper;	      /* pixels */
	u32 width, margin;    /* of the screen, and above the text */
	u32 red, green, blue; /* masks */
	u16 *grid;	      /* rows * cols glyph numbers; the top line is row `top` */
	u16 *drawn;	      /* what the screen shows, as seen */
	u32 top, x, y;
	u32 code, more; /* a UTF-8 character so far, bytes still to come */
	bool dirty;
	u64 last; /* nanosec() of the last pass */
	u32 busy;
} scr;

/* A channel's full value at the place of its mask. */
static u32
channel(u32 mask, u32 value)
{
	u32 shift, max;

	if (mask == 0)
		return 0;
	shift = (u32)__builtin_ctz(mask);
	max = mask >> shift;
	return (u32)((u64)max * value / 255) << shift;
}

/* Glyph of a character; the question mark's if the font has none. */
static u16
glyph(u32 code)
{
	u32 lo = 0, hi = FontGlyphs;

	if (code - ' ' < 0x5f)
		return (u16)(code - ' ');
	while (lo < hi) {
		u32 mid = (lo + hi) / 2;
		if (fontcode[mid] == code)
			return (u16)mid;
		if (fontcode[mid] < code)
			lo = mid + 1;
		else
			hi = mid;
	}
	return '?' - ' ';
}

static u16 *
row(u32 y)
{
	return scr.grid + (usize)((scr.top + y) % scr.rows) * scr.cols;
}

static void
clearrow(u32 y)
{
	memset(row(y), 0, scr.cols * sizeof *scr.grid); /* glyph 0 is the blank */
}

static void
newline(void)
{
	scr.x = 0;
	if (scr.y + 1 < scr.rows) {
		scr.y++;
		return;
	}
	scr.top = (scr.top + 1) % scr.rows;
	clearrow(scr.rows - 1);
}

static void
putcode(u32 code)
{
	if (scr.x == scr.cols)
		newline();
	row(scr.y)[scr.x++] = glyph(code);
}

static void
control(u8 c)
{
	switch (c) {
	case '\n':
		newline();
		break;
	case '\r':
		scr.x = 0;
		break;
	case '\b':
		scr.x -= scr.x > 0;
		break;
	case '\t':
		do
			putcode(' ');
		while (scr.x % Tab != 0);
		break;
	default:
		break; /* no glyph, no movement */
	}
}

/* One byte of UTF-8; what is no character comes out as a question mark. */
static void
putbyte(u8 c)
{
	if ((c & 0xc0) == 0x80 && scr.more > 0) {
		scr.code = scr.code << 6 | (c & 0x3f);
		if (--scr.more == 0)
			putcode(scr.code);
		return;
	}
	scr.more = 0;
	if (c < ' ' || c == 0x7f) {
		control(c);
	} else if (c < 0x80) {
		putcode(c);
	} else if (c >= 0xc2 && c < 0xf5) {
		scr.more = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
		scr.code = c & (0x3fu >> scr.more);
	} else {
		putcode('?');
	}
}

/* One pixel, at most 32 bits, little-endian whatever its size. */
static void
pixel(volatile u8 *p, u32 v)
{
	if (scr.bytes == 4) {
		*(volatile u32 *)p = v;
		return;
	}
	for (u32 i = 0; i < scr.bytes; i++)
		p[i] = (u8)(v >> 8 * i);
}

/* A line of a glyph, `scale` pixels for each bit. */
static void
drawline(volatile u8 *p, u8 bits, u32 ink, u32 paper)
{
	for (u32 i = 0; i < FontWidth; i++, bits = (u8)(bits << 1))
		for (u32 s = 0; s < scr.scale; s++, p += scr.bytes)
			pixel(p, bits & 0x80 ? ink : paper);
}

static void
drawcell(u32 x, u32 y, u16 cell)
{
	const u8 *bits = fontbits[cell & ~(u32)Inverse];
	u32 ink = cell & Inverse ? scr.paper : scr.ink, paper = cell & Inverse ? scr.ink : scr.paper;
	volatile u8 *p = scr.fb + (usize)(scr.margin + y * FontHeight * scr.scale) * scr.pitch +
			 (usize)x * FontWidth * scr.scale * scr.bytes;

	for (u32 i = 0; i < FontHeight * scr.scale; i++, p += scr.pitch)
		drawline(p, bits[i / scr.scale], ink, paper);
}

static void
drawrow(u32 y)
{
	const u16 *want = row(y);
	u16 *have = scr.drawn + (usize)y * scr.cols;

	for (u32 x = 0; x < scr.cols; x++) {
		u16 cell = want[x];
		if (y == scr.y && x == scr.x)
			cell |= Inverse;
		if (cell == have[x])
			continue;
		have[x] = cell;
		drawcell(x, y, cell);
	}
}

/* One pass: the screen shows the grid. */
static void
draw(void)
{
	for (u32 y = 0; y < scr.rows; y++)
		drawrow(y);
	scr.dirty = false;
	scr.last = nanosec();
}

static bool
take(bool wait)
{
	while (__atomic_exchange_n(&scr.busy, 1, __ATOMIC_ACQUIRE) != 0)
		if (panicking())
			return true;
		else if (!wait)
			return false;
	return true;
}

static void
give(void)
{
	__atomic_store_n(&scr.busy, 0, __ATOMIC_RELEASE);
}

void
screenputs(const char *s, usize n)
{
	if (scr.fb == nil || !take(true))
		return;
	for (usize i = 0; i < n; i++)
		putbyte((u8)s[i]);
	scr.dirty = true;
	if (panicking() || nanosec() - scr.last >= Period)
		draw();
	give();
}

void
screentick(void)
{
	if (!scr.dirty || nanosec() - scr.last < Period || !take(false))
		return;
	draw();
	give();
}

/* Everything that the log still has, as if it had been printed here. */
static void
replay(void)
{
	char part[256];
	u64 from = 0;
	usize n;

	while ((n = printread(&from, part, sizeof part)) > 0)
		for (usize i = 0; i < n; i++)
			putbyte((u8)part[i]);
	draw();
}

/* Does the description make sense? Firmware has been seen to say less pitch than width. */
static const char *
refuse(const BootFb *f)
{
	u32 bytes = (f->depth + 7) / 8;

	if (f->size == 0)
		return "none";
	if (bytes < 2 || bytes > 4)
		return "pixels of unknown depth";
	if (f->width > 1 << 16 || f->height > 1 << 16 || f->pitch < (u64)f->width * bytes ||
	    f->pitch % bytes != 0)
		return "a pitch that does not hold the width";
	if ((u64)f->pitch * f->height > f->size)
		return "less memory than the picture needs";
	if (f->width < MinCols * FontWidth || f->height < MinRows * FontHeight)
		return "too small for text";
	return nil;
}

static void
describe(const BootFb *f)
{
	memset(&scr, 0, sizeof scr);
	scr.pitch = f->pitch;
	scr.bytes = (f->depth + 7) / 8;
	scr.scale = f->width >= Big ? 2 : 1;
	scr.cols = f->width / (FontWidth * scr.scale);
	scr.margin = f->height >= Roomy * scr.scale ? ScreenMargin * scr.scale : 0;
	scr.rows = (f->height - scr.margin) / (FontHeight * scr.scale);
	scr.ink = channel(f->red, Foreground) | channel(f->green, Foreground) | channel(f->blue, Foreground);
	scr.paper = 0; /* black in every format */
	scr.width = f->width;
	scr.red = f->red;
	scr.green = f->green;
	scr.blue = f->blue;
}

void
screeninit(const BootFb *f)
{
	const char *why = refuse(f);
	usize bytes;
	u8 *fb;

	if (why != nil) {
		print("screen: none (%s)\n", why);
		return;
	}
	describe(f);
	bytes = (usize)scr.rows * scr.cols * sizeof *scr.grid;
	scr.grid = mallocz(bytes, true);
	scr.drawn = mallocz(bytes, true);
	fb = vmapwc(f->pa, (u64)f->pitch * f->height);
	if (scr.grid == nil || scr.drawn == nil || fb == nil) {
		free(scr.grid);
		free(scr.drawn);
		print("screen: none (no memory or no window)\n");
		return;
	}
	memset(fb, 0,
	       (usize)f->pitch * f->height); /* what firmware drew goes, at the edges too: black is 0 */
	print("screen: %ux%u pitch %u at 0x%016llx, %u columns %u lines of text\n", f->width, f->height,
	      f->pitch, pabits(f->pa), scr.cols, scr.rows);
	scr.fb = fb;
	replay();
}

/* --- the margin --------------------------------------------------------------------------------------------
 */

u32
screenmargin(u32 *scale)
{
	*scale = scr.scale;
	return scr.fb != nil && scr.margin != 0 ? scr.width : 0;
}

void
screenbox(u32 x, u32 y, u32 w, u32 h, u32 rgb)
{
	u32 v = channel(scr.red, rgb >> 16 & 255) | channel(scr.green, rgb >> 8 & 255) |
		channel(scr.blue, rgb & 255);

	for (u32 j = y; j < y + h && j < scr.margin; j++)
		for (u32 i = x; i < x + w && i < scr.width; i++)
			pixel(scr.fb + (usize)j * scr.pitch + (usize)i * scr.bytes, v);
}

u32
screenglyph(void)
{
	return FontWidth * scr.scale;
}

void
screenlabel(u32 x, u32 y, const char *text)
{
	if (y + FontHeight * scr.scale > scr.margin)
		return;
	for (; *text != 0 && x + screenglyph() <= scr.width; text++, x += screenglyph()) {
		const u8 *bits = fontbits[glyph((u8)*text)];
		volatile u8 *p = scr.fb + (usize)y * scr.pitch + (usize)x * scr.bytes;
		for (u32 i = 0; i < FontHeight * scr.scale; i++, p += scr.pitch)
			drawline(p, bits[i / scr.scale], scr.ink, scr.paper);
	}
}
