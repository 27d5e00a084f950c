/*
 * devaudit.c: how the firmware left the devices: who may still write into memory by itself, who still
 * owns the USB controllers. Prints, and changes nothing.
 *
 * First life, after the exit, on the firmware's 1:1 mapping; the walk itself is pure over a way to read
 * configuration space, and has host tests. Takes what PCI configuration space says; numbers in it come
 * from devices and are bounded here. [PCI 3.0 3.2.2.3, 6.1, 6.2; EHCI 1.0 2.1.7; xHCI 1.1 7.1.1]
 */
#include "arch.h"
#include "lib.h"
#include "machine/devaudit.h"
#include "machine/ports.h"

enum { /* configuration space */
       RegId = 0x00,
       RegCommand = 0x04,
       RegClass = 0x08,
       RegHeader = 0x0c,
       RegBar0 = 0x10,
       RegBus = 0x18, /* of a bridge: primary, secondary, subordinate */
       HeaderMulti = 0x80,
       HeaderBridge = 1,
       CmdMemory = 2,
       CmdMaster = 4,
       ClassUsb = 0x0c03,
       ProgEhci = 0x20,
       ProgXhci = 0x30,
       /* controllers' own registers, by their memory window */
       HccEhci = 0x08,
       HccXhci = 0x10,
       LegacyCap = 1,
       BiosOwns = 1 << 16,
       OsOwns = 1 << 24,
       CapsMax = 64,
};
#define BELOW4G (1ull << 32)

static u32
config(u32 bus, u32 dev, u32 fn, u32 reg)
{
	outl(PortPciAddr, 1u << 31 | bus << 16 | dev << 11 | fn << 8 | (reg & 0xfc));
	return inl(PortPciData);
}

/* A word of a device's memory; only called below 4 GiB, where the firmware maps everything. */
static u32
window(u64 at)
{
	return *(volatile u32 *)(uintptr)at;
}

/* Words for the legacy-support register of a controller. */
static const char *
owner(u32 v)
{
	return (v & BiosOwns) != 0 ? "firmware" : (v & OsOwns) != 0 ? "system" : "nobody";
}

/* EHCI keeps it in configuration space, at an offset that its window tells. */
static const char *
ehciowner(const Devaudit *a, u32 bus, u32 dev, u32 fn, u64 base)
{
	u32 at = a->window(base + HccEhci) >> 8 & 0xff;

	return at < 0x40 ? "nobody" : owner(a->config(bus, dev, fn, at));
}

/* xHCI has a list of capabilities in its window. */
static const char *
xhciowner(const Devaudit *a, u64 base)
{
	u32 step = a->window(base + HccXhci) >> 16, v, i;
	u64 at = base;

	for (i = 0; i < CapsMax && step != 0; i++) {
		at += (u64)step << 2;
		if (at >= BELOW4G - 4)
			break;
		v = a->window(at);
		if ((v & 0xff) == LegacyCap)
			return owner(v);
		step = v >> 8 & 0xff;
	}
	return "nobody";
}

/* Who owns this USB controller; nil if its kind has no such notion. */
static const char *
usbowner(const Devaudit *a, u32 bus, u32 dev, u32 fn, u32 prog)
{
	u32 bar = a->config(bus, dev, fn, RegBar0);
	u64 base = bar & ~15u;

	if (prog != ProgEhci && prog != ProgXhci)
		return nil;
	if ((bar & 1) != 0 || base == 0 || (a->config(bus, dev, fn, RegCommand) & CmdMemory) == 0)
		return "unknown";
	if ((bar & 6) == 4 && a->config(bus, dev, fn, RegBar0 + 4) != 0)
		return "unknown"; /* its window lies above 4 GiB, where nothing may be mapped */
	return prog == ProgEhci ? ehciowner(a, bus, dev, fn, base) : xhciowner(a, base);
}

static void
function(Devaudit *a, u32 bus, u32 dev, u32 fn)
{
	u32 id = a->config(bus, dev, fn, RegId), class = a->config(bus, dev, fn, RegClass);
	bool master = (a->config(bus, dev, fn, RegCommand) & CmdMaster) != 0;
	const char *usb = nil;

	a->functions++;
	if (class >> 16 == ClassUsb)
		usb = usbowner(a, bus, dev, fn, class >> 8 & 0xff);
	if (!master && usb == nil)
		return;
	a->masters += master;
	print("pci: %02x:%02x.%u %04x:%04x class %06x%s%s%s\n", bus, dev, fn, id & 0xffff, id >> 16,
	      class >> 8, master ? " bus master" : "", usb != nil ? " usb owner " : "",
	      usb != nil ? usb : "");
}

/* All functions of a device; the bus behind it, if it is a bridge, is left for the walk. */
static void
device(Devaudit *a, u32 bus, u32 dev)
{
	u32 head = a->config(bus, dev, 0, RegHeader) >> 16, n = (head & HeaderMulti) != 0 ? 8 : 1, fn, next;

	for (fn = 0; fn < n; fn++) {
		if ((a->config(bus, dev, fn, RegId) & 0xffff) == 0xffff)
			continue;
		function(a, bus, dev, fn);
		head = a->config(bus, dev, fn, RegHeader) >> 16;
		next = a->config(bus, dev, fn, RegBus) >> 8 & 0xff;
		if ((head & 0x7f) == HeaderBridge && next > bus)
			a->todo[next / 64] |= 1ull << next % 64;
	}
}

/* Every bus that bridges lead to, each once and in rising order: bridges only lead up. */
void
pciwalk(Devaudit *a)
{
	u32 bus, dev;

	a->todo[0] |= 1;
	for (bus = 0; bus < 256; bus++)
		for (dev = 0; dev < 32 && (a->todo[bus / 64] >> bus % 64 & 1) != 0; dev++)
			if ((a->config(bus, dev, 0, RegId) & 0xffff) != 0xffff)
				device(a, bus, dev);
}

void
devaudit(void)
{
	Devaudit a = {.config = config, .window = window};

	if (config(0, 0, 0, RegId) == ~0u) {
		print("pci: none\n");
		return;
	}
	pciwalk(&a);
	print("pci: functions %u, bus masters alive %u\n", a.functions, a.masters);
}
