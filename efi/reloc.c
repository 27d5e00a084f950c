/*
 * reloc.c: the mover: it makes an image that runs where the firmware put it into one that runs at KZERO.
 *
 * First life, after the exit, and host tests; pure. Takes the image's bytes and the range it was
 * linked or moved to last; changes only words that the relocation table names and whose present value
 * points into that range. A word that the first life has changed to point elsewhere is left and
 * counted. Nothing it calls or reads may itself need a relocated pointer: from the first moved word
 * on, tables of pointers in the image point at KZERO, where nothing is mapped yet.
 */
#include "lib.h"
#include "reloc.h"

enum {			/* [PE/COFF 5.6.2] */
       RelAbsolute = 0, /* padding */
       RelDir64 = 10,
       BlockHead = 8, /* page's address and block's size before the entries */
};

static void
moveword(u8 *word, u64 from, u64 size, u64 to, bool apply, Moved *m)
{
	u64 v = le64(word);

	if (v < from || v - from > size) {
		m->left++;
		return;
	}
	m->moved++;
	if (!apply)
		return;
	v += to - from;
	for (int i = 0; i < 8; i++)
		word[i] = (u8)(v >> 8 * i);
}

static void
moveblock(u8 *image, u64 size, const u8 *block, u32 bytes, u64 from, u64 to, bool apply, Moved *m)
{
	u32 page = le32(block);
	u32 i, entry, type;
	u64 at;

	for (i = BlockHead; i + 2 <= bytes; i += 2) {
		entry = le16(block + i);
		type = entry >> 12;
		at = (u64)page + (entry & 0xfff);
		if (type == RelAbsolute)
			continue;
		if (type != RelDir64 || size < 8 || at > size - 8)
			m->bad++;
		else
			moveword(image + at, from, size, to, apply, m);
	}
}

void
relocate(u8 *image, u64 size, u32 rva, u32 bytes, u64 from, u64 to, bool apply, Moved *m)
{
	u32 done, len;

	*m = (Moved){0};
	if (rva > size || bytes > size - rva) {
		m->bad++;
		return;
	}
	for (done = 0; bytes - done >= BlockHead; done += len) {
		len = le32(image + rva + done + 4);
		if (len < BlockHead || len > bytes - done) {
			m->bad++;
			return;
		}
		moveblock(image, size, image + rva + done, len, from, to, apply, m);
	}
}
