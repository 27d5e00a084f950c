/*
 * The picture of the memory, drawn onto a screen that remembers one line of pixels and the labels.
 * sources: kernel/mapview.c mm/ledger.c kernel/lib/kind.c kernel/lib/format.c
 */
#include "host.h"
#include "mapview.h"
#include "screen.h"

static u32 width, scalenow;
static u32 line[4096]; /* colours of the bar */
static char labels[4096];
static u32 swatches;

u32
screenmargin(u32 *scale)
{
	*scale = scalenow;
	return width;
}

void
screenbox(u32 x, u32 y, u32 w, u32 h, u32 rgb)
{
	assert_true(w > 0 && h > 0 && y + h <= ScreenMargin * scalenow && x + w <= width);
	if (y > 10 * scalenow) {
		swatches++;
		return;
	}
	for (u32 i = x; i < x + w; i++)
		line[i] = rgb;
}

void
screenlabel(u32 x, u32 y, const char *text)
{
	assert_true(x + strlen(text) * screenglyph() <= width && y < ScreenMargin * scalenow);
	strcat(strcat(labels, text), "|");
}

u32
screenglyph(void)
{
	return 8 * scalenow;
}

static void
draw(Ledger *l, u32 w, u32 s)
{
	width = w;
	scalenow = s;
	memset(line, 0, sizeof(line));
	*labels = 0;
	swatches = 0;
	mapview(l);
}

static Range space[9000];

static void
test_T10_every_range_has_its_share(void **state)
{
	(void)state;
	Ledger l;
	ledgerinit(&l, space, nelem(space));
	ledgeradd(&l, 0, 0x1000, KReserved);
	ledgeradd(&l, 0x1000, 0x9f000, KLow);
	ledgeradd(&l, 0x100000, 64 * GiB, KFree);
	ledgeradd(&l, TiB, 0x1000, KMmio);
	draw(&l, 1280, 1);
	assert_string_equal(labels, "free 64G|reserved 4K|mmio 4K|low 636K|");
	assert_int_equal(swatches, 4);
	assert_int_equal(line[0], kindcolor(KReserved));
	assert_int_equal(line[1279], kindcolor(KMmio));
	u32 n[NKIND] = {0}, none = 0;
	for (u32 i = 0; i < 1280; i++) {
		if (line[i] == 0)
			none++;
		for (u32 k = 0; k < NKIND; k++)
			n[k] += line[i] == kindcolor((Kind)k);
	}
	assert_true(n[KFree] > n[KLow] && n[KLow] > n[KReserved] && n[KReserved] >= 20 && none > 20);
	assert_in_range(n[KMmio], n[KReserved] - 1,
			n[KReserved] + 1); /* a page is a page, wherever it lies */
}

static void
test_T10_narrow_screens_and_many_ranges(void **state)
{
	(void)state;
	Ledger l;
	ledgerinit(&l, space, nelem(space));
	for (u64 i = 0; i < 4000; i++)
		ledgeradd(&l, i * 0x3000, 0x1000, (Kind)(i % NKIND));
	draw(&l, 320, 1);
	assert_non_null(strstr(labels, "...|")); /* what has no room is not left out in silence */
	draw(&l, 3840, 2);
	draw(&l, 0, 1);
	assert_string_equal(labels, "");
	ledgerinit(&l, space, nelem(space));
	draw(&l, 640, 1);
	assert_string_equal(labels, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_T10_every_range_has_its_share),
	    cmocka_unit_test(test_T10_narrow_screens_and_many_ranges),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
