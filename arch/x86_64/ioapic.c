/*
 * ioapic.c: from device interrupts to vectors: I/O APICs as the MADT describes them, with its
 * overrides; without a MADT the old 8259 pair. Second life. Everything starts masked; intrenable()
 * opens one line at a time, to the boot processor. Lock: one, for the index/data register pairs.
 * [ACPI 6.5 5.2.12; 82093AA 3; 8259A]
 */
#include "machine/apic.h"
#include "machine/ports.h"
#include "acpi.h"

enum {
	Select = 0x00, /* registers of the I/O APIC's page */
	Window = 0x10,
	RegVersion = 0x01,
	RegRoute = 0x10, /* two words for each line */
	LinesShift = 16,
	Masked = 1 << 16,
	Level = 1 << 15,
	Low = 1 << 13,
	DestShift = 24,
	PageSize = 4096,

	PolarityMask = 3, /* of an override's flags [ACPI 6.5 5.2.12.5] */
	PolarityLow = 3,
	TriggerMask = 12,
	TriggerLevel = 12,

	PicInit = 0x11,
	Pic8086 = 1,
	PicEoi = 0x20,
	PicCascade = 2,
	PicLines = 16,
};

typedef struct Ioapic Ioapic;
struct Ioapic {
	volatile u8 *page;
	u32 gsi, lines;
};

static struct {
	Lock lock;
	Ioapic chip[AcpiIoapics];
	u32 n;
	u16 picmask;
} io;

static u32
rd(const Ioapic *c, u32 r)
{
	*(volatile u32 *)(c->page + Select) = r;
	return *(volatile u32 *)(c->page + Window);
}

static void
wr(const Ioapic *c, u32 r, u32 v)
{
	*(volatile u32 *)(c->page + Select) = r;
	*(volatile u32 *)(c->page + Window) = v;
}

/* The old pair: away from the exceptions' vectors, all lines masked. */
static void
picinit(void)
{
	outb(PortPic1, PicInit);
	outb(PortPic2, PicInit);
	outb(PortPic1 + 1, VecPic);
	outb(PortPic2 + 1, VecPic + 8);
	outb(PortPic1 + 1, 1 << PicCascade);
	outb(PortPic2 + 1, PicCascade);
	outb(PortPic1 + 1, Pic8086);
	outb(PortPic2 + 1, Pic8086);
	io.picmask = 0xffff;
	outb(PortPic1 + 1, 0xff);
	outb(PortPic2 + 1, 0xff);
}

static void
chipinit(const AcpiIoapic *a)
{
	Ioapic *c = &io.chip[io.n];

	c->page = vmap(a->pa, PageSize);
	if (c->page == nil) {
		print("ioapic: no window for 0x%016llx\n", pabits(a->pa));
		return;
	}
	c->gsi = a->gsi;
	c->lines = (rd(c, RegVersion) >> LinesShift & 0xff) + 1;
	for (u32 i = 0; i < c->lines; i++)
		wr(c, RegRoute + 2 * i, Masked);
	print("ioapic: id %u at 0x%016llx interrupts [%u, %u)\n", a->id, pabits(a->pa), c->gsi,
	      c->gsi + c->lines);
	io.n++;
}

void
ioapicinit(void)
{
	picinit();
	for (u32 i = 0; i < acpi()->nioapic; i++)
		chipinit(&acpi()->ioapic[i]);
	if (io.n == 0) {
		print("ioapic: none; the old controllers serve\n");
		apicextint();
	}
}

/* Handlers end by the local controller's EOI; the old pair wants its own. */
static void
piceoi(u32 irq)
{
	if (irq >= 8)
		outb(PortPic2, PicEoi);
	outb(PortPic1, PicEoi);
}

static Intrfn *pichandler[PicLines];
static void *picarg[PicLines];

static void
picinterrupt(Ureg *u, void *arg)
{
	u32 irq = (u32)(u->type - VecPic);

	(void)arg;
	pichandler[irq](u, picarg[irq]);
	piceoi(irq);
}

static int
picenable(u32 irq, Intrfn *f, void *arg, const char *name)
{
	if (irq >= PicLines)
		return -1;
	pichandler[irq] = f;
	picarg[irq] = arg;
	trapenable(VecPic + irq, picinterrupt, nil, name);
	io.picmask &= (u16) ~(1u << irq | 1u << PicCascade);
	outb(PortPic1 + 1, (u8)io.picmask);
	outb(PortPic2 + 1, (u8)(io.picmask >> 8));
	return 0;
}

/* Where an ISA interrupt goes: edge and high at its own number, unless an override says otherwise. */
static u32
route(u32 irq, u32 *mode)
{
	const Acpi *a = acpi();

	*mode = 0;
	for (u32 i = 0; i < a->nroute; i++) {
		if (a->route[i].irq != irq)
			continue;
		if ((a->route[i].flags & PolarityMask) == PolarityLow)
			*mode |= Low;
		if ((a->route[i].flags & TriggerMask) == TriggerLevel)
			*mode |= Level;
		return a->route[i].gsi;
	}
	return irq;
}

int
intrenable(int irq, Intrfn *f, void *arg, const char *name)
{
	u32 mode, gsi;

	if (irq < 0)
		return -1;
	if (io.n == 0)
		return picenable((u32)irq, f, arg, name);
	gsi = route((u32)irq, &mode);
	for (u32 i = 0; i < io.n; i++) {
		Ioapic *c = &io.chip[i];
		if (gsi < c->gsi || gsi - c->gsi >= c->lines || VecIoapic + gsi >= VecSpurious)
			continue;
		trapenable(VecIoapic + gsi, f, arg, name);
		ilock(&io.lock);
		wr(c, RegRoute + 2 * (gsi - c->gsi) + 1, apicid() << DestShift);
		wr(c, RegRoute + 2 * (gsi - c->gsi), (VecIoapic + gsi) | mode);
		iunlock(&io.lock);
		return 0;
	}
	print("ioapic: no line for interrupt %d (%s)\n", irq, name);
	return -1;
}
