/*
 * mapview.c: the address space drawn as a bar at the top of the screen, a legend under it: the same fold
 * and colours as efimap's pictures. Second life, once, behind screeninit(); costs nothing without a screen.
 * Takes the ledger; draws by the screen's two calls, screenbox() and screenlabel(). Every range gets its
 * share of the width, as wide as its size has binary digits, so that a page beside a terabyte is seen; where
 * ranges outnumber pixels, neighbours share one and the last one drawn shows. No state, no locks.
 */
#include "layout.h"
#include "lib.h"
#include "mapview.h"
#include "screen.h"

enum {
	BarTop = 4, /* pixels, before scaling */
	BarHeight = 22,
	LegendTop = BarTop + BarHeight + 4,
	LegendHeight = 16,
	Gap = 3, /* weight of undescribed space, whatever its size: halves of a digit */
	Swatch = 10,
};
_Static_assert(LegendTop + LegendHeight <= ScreenMargin, "the picture fits its margin");

/* The weight of a range: halves of a binary digit of its size in pages. */
static u32
weight(u64 bytes)
{
	return 2 + 2 * (63 - (u32)__builtin_clzll(bytes / BY2PG | 1));
}

static u64
total(const Ledger *l)
{
	u64 sum = 0;
	for (u32 i = 0; i < l->n; i++) {
		sum += weight(l->r[i].end - l->r[i].start);
		if (i > 0 && l->r[i - 1].end < l->r[i].start)
			sum += Gap;
	}
	return sum;
}

static void
bar(const Ledger *l, u32 width, u32 scale)
{
	u64 all = total(l), at = 0;
	for (u32 i = 0; i < l->n; i++) {
		const Range *r = &l->r[i];
		if (i > 0 && r[-1].end < r->start)
			at += Gap;
		u32 x0 = (u32)(at * width / all);
		at += weight(r->end - r->start);
		u32 x1 = (u32)(at * width / all);
		screenbox(x0, BarTop * scale, x1 > x0 ? x1 - x0 : 1, BarHeight * scale,
			  kindcolor((Kind)r->kind));
	}
}

/* "free 463M": the word and the size in the largest unit that leaves two digits or more. */
static usize
label(char *d, usize n, Kind k, u64 bytes)
{
	static const char unit[] = "KMGT";
	u32 u = 0;
	u64 v = bytes / KiB;
	while (v >= 10 * 1024 && u + 1 < sizeof(unit) - 1) {
		v /= 1024;
		u++;
	}
	return snformat(d, n, "%s %llu%c", kindword(k), v, unit[u]);
}

/* Kinds that have memory, in their order; what finds no room is told by three dots. */
static void
legend(Ledger *l, u32 width, u32 scale)
{
	char text[40];
	u32 glyph = screenglyph(), x = 0;
	for (u32 k = 0; k < NKIND; k++) {
		u64 bytes = ledgersum(l, (Kind)k);
		if (bytes == 0)
			continue;
		u32 w = (Swatch + 4) * scale + (u32)(label(text, sizeof(text), (Kind)k, bytes) + 1) * glyph;
		if (x + w + 3 * glyph > width) {
			screenlabel(x, LegendTop * scale, "...");
			return;
		}
		screenbox(x, (LegendTop + 3) * scale, Swatch * scale, Swatch * scale, kindcolor((Kind)k));
		screenlabel(x + (Swatch + 4) * scale, LegendTop * scale, text);
		x += w;
	}
}

void
mapview(Ledger *l)
{
	u32 scale, width = screenmargin(&scale);
	ledgersettle(l);
	if (width == 0 || l->n == 0)
		return;
	bar(l, width, scale);
	legend(l, width, scale);
}
