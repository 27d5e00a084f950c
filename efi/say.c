/*
 * say.c: words for the user while the firmware's console still lives, and the way back.
 *
 * First life only. The log and the serial port get everything through print; ConOut gets a banner
 * and, when we refuse to go on, one line that says why: output there can change the memory map, so
 * nothing else is ever sent to it. No locks: one processor, and the firmware's timer calls none of this.
 */
#include "guest.h"

enum {
	Columns = 200,	       /* longest line that conout sends */
	Uefi29 = 2 << 16 | 90, /* a revision of the specification, as tables say it */
};

/* One line of ASCII to the firmware's console, if there is one [UEFI 2.10 12.4.3]. */
static void
conout(Guest *g, const char *s)
{
	SIMPLE_TEXT_OUTPUT_INTERFACE *out = g->st->ConOut;
	CHAR16 line[Columns + 3];
	usize n;

	if (out == nil)
		return;
	for (n = 0; n < Columns && s[n] != 0; n++)
		line[n] = (CHAR16)(u8)s[n];
	line[n++] = '\r';
	line[n++] = '\n';
	line[n] = 0;
	out->OutputString(out, line);
}

/* First words: who is starting. */
void
saybanner(Guest *g)
{
	conout(g, "imago");
}

/* Put a refusal into words and pass the status on; the words are spoken by giveup(). */
EFI_STATUS
refuse(Guest *g, EFI_STATUS status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnformat(g->why, sizeof g->why, fmt, ap);
	va_end(ap);
	return status;
}

/*
 * The end of a first life that does not become a second: words to log, serial port and ConOut, every
 * page back to the firmware, and the status for it to show. Before UEFI 2.9 nothing but the map and
 * the exit may be called once an exit was tried: then the pages stay taken [UEFI 2.10 7.4.6].
 */
EFI_STATUS
giveup(Guest *g, EFI_STATUS status)
{
	char line[Columns];

	snformat(line, sizeof line, "imago: cannot start: %s (status %#llx)", g->why, (u64)status);
	print("BOOT: refused: %s (status %#llx)\n", g->why, (u64)status);
	conout(g, line);
	if (!g->exiting || g->st->Hdr.Revision >= Uefi29)
		giveall(g);
	return status;
}
