/*
 * image.c: where are we? Our own PE image as the firmware loaded it.
 *
 * First life. Takes the LoadedImage protocol and the headers in memory; gives the parcel the image's
 * place and its sections with their rights, and the mover its table. The headers were written by our
 * own linker, but whoever loaded us may have damaged them: every number is bounded by SizeOfImage.
 */
#include "guest.h"
#include "pe.h"

extern const u8 __ImageBase[]; /* the linker's name for our first byte, reached relative to RIP */

static u32
sectperm(u32 flags)
{
	return ((flags & PeRead) != 0 ? PermR : 0u) | ((flags & PeWrite) != 0 ? PermW : 0u) |
	       ((flags & PeExec) != 0 ? PermX : 0u);
}

/* One row of the section table into *s; text of the rule that it breaks, or nil. */
static const char *
section(const u8 *row, u64 size, BootSect *s)
{
	u32 bytes = le32(row + PeSectVirtualSize);

	memcpy(s->name, row, sizeof s->name);
	s->rva = le32(row + PeSectRva);
	s->size = (u32)roundup(bytes, BY2PG);
	s->perm = sectperm(le32(row + PeSectFlags));
	if (bytes == 0 || s->rva % BY2PG != 0)
		return "a section is empty or not page aligned";
	if (s->rva > size || roundup(bytes, BY2PG) > size - s->rva)
		return "a section leaves the image";
	if ((s->perm & PermW) != 0 && (s->perm & PermX) != 0)
		return "a section is writable and executable";
	return nil;
}

/*
 * Read the headers of the image at p[0..size): sections into k->sect, the headers themselves first,
 * and the relocation table's place. Debug sections, which lie last, are for debuggers alone: they are
 * not mapped, k->image ends before them, and their pages go the way of all loader memory. Text of the
 * first rule broken, or nil.
 */
const char *
peread(const u8 *p, u64 size, BootKeep *k, u32 *relocrva, u32 *relocsize)
{
	const u8 *row;
	u32 pe, rows, n;
	const char *why;
	BootSect s;

	if (size < BY2PG || size > KIMAGEMAX || size % BY2PG != 0)
		return "its size is odd";
	pe = le32(p + PeOffset);
	if (le16(p) != PeMz || pe > BY2PG - PeHeadBytes || le32(p + pe) != PeMagic ||
	    le16(p + pe + PeOptional) != PePlus)
		return "no PE32+ headers";
	n = le16(p + pe + PeNsect);
	rows = pe + PeOptional + le16(p + pe + PeOptionalSize);
	if (rows + n * PeSectBytes > BY2PG)
		return "too many sections";
	*relocrva = le32(p + pe + PeOptional + PeRelocDir);
	*relocsize = le32(p + pe + PeOptional + PeRelocDir + 4);
	k->sect[0] = (BootSect){.name = "headers", .size = BY2PG, .perm = PermR};
	k->nsect = 1;
	for (row = p + rows; n > 0; n--, row += PeSectBytes) {
		if ((le32(row + PeSectFlags) & PeDiscard) != 0 && le32(row + PeSectRva) != *relocrva)
			continue;
		why = section(row, size, &s);
		if (why == nil && k->nsect == BootSects)
			why = "too many sections";
		if (why != nil)
			return why;
		k->sect[k->nsect++] = s;
		k->image.size = s.rva + s.size;
	}
	return nil;
}

/* Words of p[0..n) that are not zero. Eight at a step: nearly all are, and there are many. */
static u64
nonzerowords(const u64 *p, u64 n)
{
	u64 found = 0, i, j;

	for (i = 0; i + 8 <= n; i += 8) {
		if ((p[i] | p[i + 1] | p[i + 2] | p[i + 3] | p[i + 4] | p[i + 5] | p[i + 6] | p[i + 7]) == 0)
			continue;
		for (j = i; j < i + 8; j++)
			found += p[j] != 0;
	}
	for (; i < n; i++)
		found += p[i] != 0;
	return found;
}

/* ... in the part of a section that no byte of the file fills. */
static u64
nonzerotail(const u8 *base, const u8 *row, u64 size)
{
	u64 raw = roundup(le32(row + PeSectRawSize), sizeof(u64)), end = le32(row + PeSectVirtualSize);
	u32 rva = le32(row + PeSectRva);

	if (rva > size || end > size - rva || raw >= end)
		return 0; /* peread() will say so, or the file fills it all */
	return nonzerowords((const u64 *)(base + rva + raw), (end - raw) / sizeof(u64));
}

/*
 * Words that are not zero where C counts on zeroes (A17). Called before the first store to a static
 * variable, so before headers can be refused in words: odd ones count as 0.
 */
u64
bssnonzero(void)
{
	const u8 *p = __ImageBase, *row;
	u32 pe = le32(p + PeOffset), i;
	u64 n = 0;

	if (pe > BY2PG - PeHeadBytes || le32(p + pe) != PeMagic)
		return 0;
	row = p + pe + PeOptional + le16(p + pe + PeOptionalSize);
	for (i = le16(p + pe + PeNsect); i > 0; i--, row += PeSectBytes)
		n += nonzerotail(p, row, le32(p + pe + PeOptional + PeImageSize));
	return n;
}

/* The LoadedImage protocol's word for where we are, which must be where we run. */
EFI_STATUS
imagecheck(Guest *g)
{
	BootKeep *k = &g->boot->keep;
	EFI_GUID guid = LOADED_IMAGE_PROTOCOL;
	const char *why;
	EFI_STATUS s;
	Moved m;

	s = g->bs->HandleProtocol(g->self, &guid, (void **)&g->loaded);
	if (s != EFI_SUCCESS)
		return refuse(g, s, "image: the firmware does not say where it loaded us");
	if (g->loaded->ImageBase != (void *)(uintptr)__ImageBase)
		return refuse(g, EFI_LOAD_ERROR, "image: loaded at %p but running at %p",
			      g->loaded->ImageBase, (const void *)__ImageBase);
	g->image = __ImageBase;
	k->image.pa = topaddr((uintptr)__ImageBase);
	g->loadedsize = g->loaded->ImageSize;
	if (pabits(k->image.pa) % BY2PG != 0)
		return refuse(g, EFI_LOAD_ERROR, "image: loaded at %p, not on a page", g->loaded->ImageBase);
	why = peread(g->image, g->loadedsize, k, &g->relocrva, &g->relocsize);
	if (why != nil)
		return refuse(g, EFI_LOAD_ERROR, "image: %s", why);
	relocate((u8 *)(uintptr)g->image, g->loadedsize, g->relocrva, g->relocsize, pabits(k->image.pa), 0,
		 false, &m);
	if (m.bad != 0 || m.moved == 0)
		return refuse(g, EFI_LOAD_ERROR, "image: relocations moved %u bad %u", m.moved, m.bad);
	print("efi: image pa=%#llx size=%llu sections=%u relocations=%u\n", pabits(k->image.pa),
	      k->image.size, k->nsect, m.moved + m.left);
	return ownrun(g, KImage, k->image.pa, k->image.size);
}
