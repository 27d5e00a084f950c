/*
 * fuzz_efimap.c: any bytes as a log: read, converted, shown in every dress, or refused in words.
 * First byte: how to show it.
 * sources: tools/efimap/lines.c tools/efimap/formats.c tools/efimap/facts.c tools/efimap/dumps.c
 * sources: tools/efimap/out.c tools/efimap/picture.c tools/efimap/page.S efi/fwmap.c efi/fwtext.c mm/ledger.c
 * sources: mm/maptext.c kernel/lib/kind.c kernel/lib/format.c kernel/lib/number.c kernel/lib/str.c
 */
#include <stdlib.h>
#include "efimap.h"

static FILE *null;

static void
show(Map *m, const Options *o)
{
	switch (o->mode) {
	case ModeJson:
		jsonwrite(null, m);
		break;
	case ModeSvg:
		svgwrite(null, m);
		break;
	case ModeHtml:
		htmlwrite(null, m, nil);
		break;
	case ModeCheck:
		checkwrite(null, m);
		break;
	case ModeAs:
		for (Source s = SrcNone; s < NSOURCE; s++)
			aswrite(null, m, s);
		break;
	default:
		tablewrite(null, m, o);
		break;
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, usize size);

int
LLVMFuzzerTestOneInput(const u8 *data, usize size)
{
	if (size < 2 || size > 1 << 16)
		return 0;
	if (null == nil)
		null = fopen("/dev/null", "w");
	FILE *said = stderr, *f = fmemopen((void *)(data + 1), size - 1, "r");
	Options o = {.mode = (enum Mode)(data[0] % 6), .stride = 48, .nth = data[0] / 64};
	Map m;

	stderr = null; /* refusals are its ordinary answer here */
	if (mapread(&m, "input", f, &o) == ExitFine && mapconvert(&m, &o) == ExitFine)
		show(&m, &o);
	mapfree(&m);
	stderr = said;
	fclose(f);
	return 0;
}
