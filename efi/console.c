/*
 * console.c: where the serial console is, on machines whose port cannot know: the firmware's SPCR table.
 *
 * First life, once the RSDP is proved. Takes the RSDP out of the parcel; gives the registers' page and the
 * interrupt line in the parcel, and the port a voice, which says again what was printed before it had one.
 * No table, or one that breaks a rule: no console but the firmware's, and no refusal. [ACPI 6.5 5.2.6; SPCR
 * 2]
 */
#include "guest.h"
#include "acpi1.h"

enum { /* of the SPCR */
       SpcrType = 36,
       SpcrSpace = 40,
       SpcrBase = 44,
       SpcrGsi = 54,
       SpcrBytes = 58,
       TypePl011 = 3,
       TypeSbsa = 14,
       SpaceMemory = 0,
       TableMax = 1 << 20,
};

static bool
sound(const u8 *p, const char *sig, u32 least)
{
	u32 n;

	if (p == nil || memcmp(p, sig, 4) != 0)
		return false;
	n = le32(p + SdtLength);
	return n >= least && n <= TableMax && bytesum(p, n) == 0;
}

static const u8 *
at(u64 pa)
{
	return (const u8 *)(uintptr)pa;
}

static const u8 *
spcr(const u8 *rsdp)
{
	const u8 *root;
	u32 i;

	if (rsdp[RsdpRevision] < 2)
		return nil;
	root = at(le64(rsdp + RsdpXsdt));
	if (!sound(root, "XSDT", SdtHead))
		return nil;
	for (i = SdtHead; i + 8 <= le32(root + SdtLength); i += 8)
		if (sound(at(le64(root + i)), "SPCR", SpcrBytes))
			return at(le64(root + i));
	return nil;
}

static void
replay(void)
{
	char text[256];
	u64 from = 0;
	usize n;

	while ((n = printread(&from, text, sizeof text)) > 0)
		uartputs(text, n);
}

void
consolefind(Guest *g)
{
	BootKeep *k = &g->boot->keep;
	const u8 *p;

	if (PORTPC || pabits(k->rsdp) == 0)
		return;
	p = spcr(at(pabits(k->rsdp)));
	if (p == nil || (p[SpcrType] != TypePl011 && p[SpcrType] != TypeSbsa) ||
	    p[SpcrSpace] != SpaceMemory || le64(p + SpcrBase) % BY2PG != 0 ||
	    le64(p + SpcrBase) - BY2PG >= VMAPSIZE - 2 * BY2PG) {
		print("efi: no serial console in the SPCR table\n");
		return;
	}
	k->uart = (BootRun){topaddr(le64(p + SpcrBase)), BY2PG};
	k->uartirq = le32(p + SpcrGsi);
	uartat(k->uart.pa, k->uartirq);
	if (uartinit())
		replay();
	print("efi: uart pl011 pa=%#llx line %u\n", pabits(k->uart.pa), k->uartirq);
}
