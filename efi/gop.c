/*
 * gop.c: the screen, as far as it is plain memory.
 *
 * First life. The graphics output on the console's own handle is preferred, else the first that has a
 * linear framebuffer is taken; one that was never started gets its mode 0. The parcel gets base, size,
 * pitch and colour masks. No screen is no reason to refuse: we go on without.
 */
#include "guest.h"

enum { MaxSide = 1 << 15 }; /* pixels: more is a lie */

/* Colour masks of a pixel format into *fb; false: pixels cannot be written to memory [UEFI 2.10 12.9.2]. */
static bool
pixelformat(const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *i, BootFb *fb)
{
	fb->depth = 32;
	switch (i->PixelFormat) {
	case PixelRedGreenBlueReserved8BitPerColor:
		fb->red = 0xff;
		fb->green = 0xff00;
		fb->blue = 0xff0000;
		return true;
	case PixelBlueGreenRedReserved8BitPerColor:
		fb->red = 0xff0000;
		fb->green = 0xff00;
		fb->blue = 0xff;
		return true;
	case PixelBitMask:
		fb->red = i->PixelInformation.RedMask;
		fb->green = i->PixelInformation.GreenMask;
		fb->blue = i->PixelInformation.BlueMask;
		return fb->red != 0 && fb->green != 0 && fb->blue != 0 && (fb->red & fb->green) == 0 &&
		       ((fb->red | fb->green) & fb->blue) == 0;
	default:
		return false;
	}
}

/* Why this mode gives no screen, or nil and *fb filled in. */
const char *
fbfrommode(const EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE *m, BootFb *fb)
{
	const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *i;
	u64 end;

	*fb = (BootFb){0};
	if (m == nil || m->Info == nil)
		return "no mode";
	i = m->Info;
	if (!pixelformat(i, fb))
		return "no pixels in memory";
	if (i->HorizontalResolution == 0 || i->VerticalResolution == 0 || i->HorizontalResolution > MaxSide ||
	    i->VerticalResolution > MaxSide)
		return "odd resolution";
	if (i->PixelsPerScanLine < i->HorizontalResolution || i->PixelsPerScanLine > 2 * MaxSide)
		return "pitch smaller than a line";
	fb->width = i->HorizontalResolution;
	fb->height = i->VerticalResolution;
	fb->pitch = i->PixelsPerScanLine * (fb->depth / 8);
	fb->pa = topaddr(m->FrameBufferBase);
	fb->size = roundup((u64)fb->pitch * fb->height, BY2PG);
	if (pabits(fb->pa) == 0 || pabits(fb->pa) % BY2PG != 0 ||
	    __builtin_add_overflow(pabits(fb->pa), fb->size, &end) || end > PHYSTOP)
		return "odd base";
	if (m->FrameBufferSize < (u64)fb->pitch * fb->height)
		return "framebuffer smaller than the screen";
	return nil;
}

/* Look at one GOP, starting it if nobody has; true: *fb is a screen. */
static bool
tryscreen(Guest *g, EFI_HANDLE h, BootFb *fb)
{
	EFI_GUID guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
	EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *info;
	EFI_GRAPHICS_OUTPUT_PROTOCOL *gop;
	const char *why;
	UINTN n;
	EFI_STATUS s;

	if (h == nil || g->bs->HandleProtocol(h, &guid, (void **)&gop) != EFI_SUCCESS)
		return false;
	s = gop->QueryMode(gop, gop->Mode == nil ? 0 : gop->Mode->Mode, &n, &info);
	if (s == EFI_SUCCESS)
		g->bs->FreePool(info);
	else if (s == EFI_NOT_STARTED)
		gop->SetMode(gop, 0);
	why = fbfrommode(gop->Mode, fb);
	if (why == nil)
		return true;
	print("efi: gop refused: %s\n", why);
	*fb = (BootFb){0};
	return false;
}

EFI_STATUS
screenfind(Guest *g)
{
	EFI_GUID guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
	BootFb *fb = &g->boot->keep.fb;
	EFI_HANDLE *h;
	UINTN n = 0, i;
	bool found;

	found = tryscreen(g, g->st->ConsoleOutHandle, fb);
	if (!found && g->bs->LocateHandleBuffer(ByProtocol, &guid, nil, &n, &h) == EFI_SUCCESS) {
		for (i = 0; i < n && !found; i++)
			found = tryscreen(g, h[i], fb);
		g->bs->FreePool(h);
	}
	if (found)
		phase(PhGop, "fb %ux%u stride=%u red=%#x green=%#x blue=%#x pa=%#llx", fb->width, fb->height,
		      fb->pitch, fb->red, fb->green, fb->blue, pabits(fb->pa));
	else
		phase(PhGop, "none");
	return EFI_SUCCESS;
}
