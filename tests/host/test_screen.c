/*
 * test_screen.c: the framebuffer console on a framebuffer made of malloc: glyphs at their place in each
 * pixel format, scrolling, UTF-8, the passes of the clock, descriptions that make no sense.
 *
 * sources: kernel/screen.c kernel/lib/format.c
 */
#include "host.h"
#include "mm.h"
#include "log.h"
#include "../../kernel/screen.h"
#include "font.h"

enum { Width = 320, Height = 160, Cols = Width / 8, Rows = Height / 16, Pitch = Width * 4 + 64 };

static u8 *fb;
static void *grids[2];
static u32 ngrids;
static u64 now;
static bool dying;
static const char *replayed;

void *
mallocz(usize n, bool clr)
{
	(void)clr;
	free(grids[ngrids % 2]); /* those of the screen before */
	return grids[ngrids++ % 2] = calloc(1, n);
}

void *
vmapwc(Paddr pa, u64 size)
{
	(void)pa;
	free(fb);
	fb = malloc(size); /* exactly: a pixel outside is caught */
	memset(fb, 0x77, size);
	return fb;
}

u64
nanosec(void)
{
	return now;
}

bool
panicking(void)
{
	return dying;
}

usize
printread(u64 *from, char *d, usize n)
{
	usize len = strlen(replayed) - *from;

	if (len > n)
		len = n;
	memcpy(d, replayed + *from, len);
	*from += len;
	return len;
}

static BootFb
rgbx(void)
{
	return (BootFb){.pa = topaddr(0x80000000),
			.size = (u64)Pitch * Height,
			.width = Width,
			.height = Height,
			.pitch = Pitch,
			.depth = 32,
			.red = 0xff,
			.green = 0xff00,
			.blue = 0xff0000};
}

static int
fresh(void **state)
{
	BootFb f = rgbx();

	(void)state;
	dying = false;
	replayed = "";
	now += 1000000000;
	screeninit(&f);
	now += 1000000000;
	return 0;
}

static u32
pixel(u32 x, u32 y, u32 pitch, u32 bytes)
{
	u32 v = 0;

	for (u32 i = 0; i < bytes; i++)
		v |= (u32)fb[y * pitch + x * bytes + i] << 8 * i;
	return v;
}

/* The glyph that stands in a cell, by its pixels; -1: none of the font's. */
static int
at(u32 col, u32 line, u32 ink)
{
	for (u32 g = 0; g < FontGlyphs; g++) {
		bool same = true;
		for (u32 y = 0; same && y < FontHeight; y++)
			for (u32 x = 0; same && x < 8; x++)
				same = pixel(col * 8 + x, line * 16 + y, Pitch, 4) ==
				       (fontbits[g][y] >> (7 - x) & 1 ? ink : 0);
		if (same)
			return fontcode[g];
	}
	return -1;
}

static void
say(const char *s)
{
	now += 1000000000;
	screenputs(s, strlen(s));
}

/* The text of a line of the screen, as far as it is ASCII, without blanks at the end. */
static void
looks(u32 line, const char *want)
{
	char got[Cols + 1];
	usize n = 0;

	for (u32 i = 0; i < Cols; i++) {
		int c = at(i, line, 0xd0d0d0);
		got[i] = c < 0x20 || c > 0x7e ? '_' : (char)c;
		if (got[i] != ' ')
			n = i + 1;
	}
	got[n] = 0;
	assert_string_equal(got, want);
}

static void
test_T10_text_stands_where_it_should(void **state)
{
	(void)state;
	say("Hello, {world}\n  2nd\tx\r#\n");
	looks(0, "Hello, {world}");
	looks(1, "# 2nd   x");
	looks(2, "_"); /* the cursor is no glyph: it is inverse */
	assert_int_equal(pixel(0, 2 * 16, Pitch, 4), 0xd0d0d0);
	for (usize i = 0; i < Height; i++) /* behind the width nothing is drawn */
		for (usize k = Width * 4; k < Pitch; k++)
			assert_int_equal(fb[i * Pitch + k], 0);
}

static void
test_T10_lines_wrap_and_scroll(void **state)
{
	char line[16];

	(void)state;
	for (int i = 0; i < 25; i++) {
		snformat(line, sizeof line, "line %d\n", i);
		say(line);
	}
	for (u32 i = 0; i + 1 < Rows; i++) {
		snformat(line, sizeof line, "line %d", 25 - (int)Rows + 1 + (int)i);
		looks(i, line);
	}
	say("0123456789012345678901234567890123456789ab\b\bx\n");
	looks(Rows - 3, "0123456789012345678901234567890123456789");
	looks(Rows - 2, "xb");
}

static void
test_T10_characters_beyond_ascii(void **state)
{
	(void)state;
	say("\xc3\xa4\xe2\x94\x80\xf0\x9f\x98\x80|\xff|\xc3|\xe2\x94|");
	assert_int_equal(at(0, 0, 0xd0d0d0), 0xe4);
	assert_int_equal(at(1, 0, 0xd0d0d0), 0x2500);
	assert_int_equal(at(2, 0, 0xd0d0d0), '?'); /* not in the font */
	assert_int_equal(at(4, 0, 0xd0d0d0), '?'); /* no such byte */
	assert_int_equal(at(3, 0, 0xd0d0d0), '|');
	assert_int_equal(at(6, 0, 0xd0d0d0), '|'); /* a character cut short takes no place */
}

static void
test_T10_log_so_far_comes_first(void **state)
{
	BootFb f = rgbx();

	(void)state;
	replayed = "BOOT: 00\nBOOT: 01\n";
	screeninit(&f);
	looks(0, "BOOT: 00");
	looks(1, "BOOT: 01");
}

static void
test_T10_passes_are_the_clocks(void **state)
{
	(void)state;
	say("a");
	screenputs("b", 1); /* too soon for a pass */
	assert_int_not_equal(at(1, 0, 0xd0d0d0), 'b');
	screentick();
	assert_int_not_equal(at(1, 0, 0xd0d0d0), 'b');
	now += 40000000;
	screentick();
	assert_int_equal(at(1, 0, 0xd0d0d0), 'b');
	screenputs("c", 1);
	assert_int_not_equal(at(2, 0, 0xd0d0d0), 'c');
	dying = true; /* a panic does not wait */
	screenputs("d", 1);
	assert_int_equal(at(2, 0, 0xd0d0d0), 'c');
	assert_int_equal(at(3, 0, 0xd0d0d0), 'd');
}

static void
test_A6_other_pixel_formats(void **state)
{
	static const struct {
		u32 depth, red, green, blue, ink;
	} t[] = {
	    {32, 0xff0000, 0xff00, 0xff, 0xd0d0d0},			    /* BGRX */
	    {24, 0xff0000, 0xff00, 0xff, 0xd0d0d0},			    /* three bytes */
	    {16, 0xf800, 0x7e0, 0x1f, 25 << 11 | 51 << 5 | 25},		    /* 5-6-5 */
	    {32, 0x3ff00000, 0xffc00, 0x3ff, 834u << 20 | 834 << 10 | 834}, /* ten bits each */
	};

	(void)state;
	for (u32 i = 0; i < nelem(t); i++) {
		u32 bytes = t[i].depth / 8;
		BootFb f = rgbx();
		f.depth = t[i].depth;
		f.pitch = Width * bytes;
		f.red = t[i].red;
		f.green = t[i].green;
		f.blue = t[i].blue;
		replayed = "#";
		screeninit(&f);
		for (u32 y = 0; y < FontHeight; y++)
			for (u32 x = 0; x < 8; x++)
				assert_int_equal(pixel(x, y, f.pitch, bytes),
						 fontbits['#' - ' '][y] >> (7 - x) & 1 ? t[i].ink : 0);
	}
}

static void
test_A6_descriptions_that_make_no_sense(void **state)
{
	BootFb f;

	(void)state;
#define REFUSED(change, text)                                                                                \
	do {                                                                                                 \
		f = rgbx();                                                                                  \
		change;                                                                                      \
		hostclear();                                                                                 \
		screeninit(&f);                                                                              \
		assert_true(hostsaid("screen: none (" text));                                                \
	} while (0)
	REFUSED(f.size = 0, "none");
	REFUSED(f.depth = 8, "pixels of unknown depth");
	REFUSED(f.depth = 64, "pixels of unknown depth");
	REFUSED(f.pitch = Width * 4 - 4, "a pitch that does not hold the width");
	REFUSED(f.pitch = Width * 4 + 2, "a pitch that does not hold the width");
	REFUSED(f.width = ~0u, "a pitch that does not hold the width");
	REFUSED(f.height = Height + 1, "less memory than the picture needs");
	REFUSED(f.width = 100; f.pitch = 400, "too small for text");
	REFUSED(f.height = 70, "too small for text");
}

static int
gone(void **state)
{
	(void)state;
	free(fb);
	free(grids[0]);
	free(grids[1]);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_T10_text_stands_where_it_should, fresh),
	    cmocka_unit_test_setup(test_T10_lines_wrap_and_scroll, fresh),
	    cmocka_unit_test_setup(test_T10_characters_beyond_ascii, fresh),
	    cmocka_unit_test_setup(test_T10_log_so_far_comes_first, fresh),
	    cmocka_unit_test_setup(test_T10_passes_are_the_clocks, fresh),
	    cmocka_unit_test_setup(test_A6_other_pixel_formats, fresh),
	    cmocka_unit_test_setup(test_A6_descriptions_that_make_no_sense, fresh),
	};
	return cmocka_run_group_tests(tests, NULL, gone);
}
