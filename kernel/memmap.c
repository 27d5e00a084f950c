/*
 * memmap.c: what the firmware left, in 9front's words: the settings *e820, *acpi and *bootscreen, which its
 * loader would have given (readers of getconf() expect them), and the memmap command's report. Second life,
 * behind malloc. Takes the ledger and the parcel; keeps a pointer to the ledger. Written once, no locks.
 */
#include "dat.h"
#include "memmap.h"

static Ledger *map;

static void
addconf(const char *name, char *(*make)(const void *), const void *from)
{
	char *value = make(from), *line;
	usize n;

	if (value == nil)
		return;
	n = strlen(name) + strlen(value) + 2;
	line = malloc(n);
	if (line != nil) {
		snformat(line, n, "%s=%s", name, value);
		confown(line);
	}
	free(value);
}

static char *
e820value(const void *l)
{
	usize n = e820text((Ledger *)(uintptr)l, nil, 0) + 1;
	char *s = malloc(n);

	if (s != nil)
		e820text((Ledger *)(uintptr)l, s, n);
	return s;
}

static char *
acpivalue(const void *k)
{
	u64 pa = pabits(((const BootKeep *)k)->rsdp);
	char *s = pa != 0 ? malloc(24) : nil;

	if (s != nil)
		snformat(s, 24, "0x%llx", pa);
	return s;
}

/* The letter of the channel that owns this bit of a pixel. */
static char
channel(const BootFb *f, u32 bit)
{
	if (f->red >> bit & 1)
		return 'r';
	if (f->green >> bit & 1)
		return 'g';
	return f->blue >> bit & 1 ? 'b' : 'x';
}

/* A pixel as Plan 9 writes it, from the top bit down: x8r8g8b8. */
usize
fbchan(const BootFb *f, char *d, usize n)
{
	usize len = 0;

	*d = 0;
	for (u32 top = f->depth, bit; top > 0; top = bit) {
		char c = channel(f, top - 1);
		for (bit = top - 1; bit > 0 && channel(f, bit - 1) == c; bit--)
			continue;
		len += snformat(d + len, n - len, "%c%u", c, top - bit);
	}
	return len;
}

static char *
screenvalue(const void *k)
{
	enum { Room = 96 };
	const BootFb *f = &((const BootKeep *)k)->fb;
	char chan[40], *s;
	u32 bytes = (f->depth + 7) / 8;

	if (f->size == 0 || bytes == 0 || f->depth > 32)
		return nil;
	s = malloc(Room);
	fbchan(f, chan, sizeof chan);
	if (s != nil)
		snformat(s, Room, "%ux%ux%u %s 0x%llx", f->pitch / bytes, f->height, f->depth, chan,
			 pabits(f->pa));
	return s;
}

void
memmapinit(Ledger *l, const BootKeep *k)
{
	map = l;
	addconf("*e820", e820value, l);
	addconf("*acpi", acpivalue, k);
	addconf("*bootscreen", screenvalue, k);
}

static void
say(void *aux, const char *s, usize n)
{
	(void)aux;
	print("%.*s", (int)n, s);
}

void
memmapsummary(void)
{
	if (map == nil)
		return;
	memmapdump(map, say, nil);
	ledgertable(map, say, nil);
	print("memmap: %u ranges of %u, most %u, LOST %llu (%llu bytes)\n", map->n, map->cap, map->high,
	      map->lost, map->lostbytes);
}
