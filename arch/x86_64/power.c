/*
 * power.c: off and reset by the machine's own means, best first. Second life (reset also from a
 * panic). Each way is tried and, if the machine still runs, the next; both return if none works.
 * The ports of emulators are only touched under a hypervisor. [ACPI 6.5 4.8.3.2, 4.8.3.6, 16.1]
 */
#include "machine/cpu.h"
#include "machine/ports.h"
#include "acpi.h"

enum {
	SleepTypeShift = 10,
	SleepTypeMask = 7 << SleepTypeShift,
	SleepEnable = 1 << 13,
	SciEnable = 1,
	Patience = 1 << 20,
	Moment = 300 * 1000 * 1000, /* nanoseconds */
	SpaceMemory = 0,
	SpaceIo = 1,
	ResetCold = 0x06, /* of PortReset: full reset, after 2: prepare */
	ResetPrepare = 0x02,
	KbdPulse = 0xfe,
	KbdBusy = 2,
};

/* The sleep registers work only in ACPI mode, which firmware switches to on request. */
static void
acpimode(const Acpi *a)
{
	if (a->smicmd == 0 || a->acpienable == 0 || inw(a->pm1a) & SciEnable)
		return;
	outb(a->smicmd, a->acpienable);
	for (u32 i = 0; i < Patience && !(inw(a->pm1a) & SciEnable); i++)
		continue;
}

/* Boards, and emulators too, need a moment to act while we run on. */
static void
moment(void)
{
	u64 start = nanosec();

	for (u32 i = 0; i < Patience && nanosec() - start < Moment; i++)
		(void)inb(PortPost);
}

static void
sleep(u16 port, u8 type)
{
	if (port != 0)
		outw(port,
		     (u16)((inw(port) & ~(u32)SleepTypeMask) | (u32)type << SleepTypeShift | SleepEnable));
}

void
machpoweroff(void)
{
	const Acpi *a = acpioff();

	(void)splhi();
	uartpolled();
	if (a->s5 && a->pm1a != 0) {
		acpimode(a);
		sleep(a->pm1a, a->s5a);
		sleep(a->pm1b, a->s5b);
		moment();
	}
	if (cpufeat.hypervisor) {
		outw(PortQemuOff, SleepEnable);
		outw(PortBochsOff, SleepEnable);
		moment();
	}
}

static void
resetregister(const Acpi *a)
{
	volatile u8 *p;

	if (a->resetspace == SpaceIo && a->resetaddr <= 0xffff)
		outb((u16)a->resetaddr, a->resetvalue);
	if (a->resetspace == SpaceMemory) {
		p = vmap(topaddr(a->resetaddr), 1);
		if (p != nil)
			*p = a->resetvalue;
	}
}

/* No gates and a breakpoint: the processor shuts down, and boards answer that by a reset. */
static void
triplefault(void)
{
	struct PACKED {
		u16 limit;
		u64 base;
	} none = {0, 0};

	__asm__ volatile("lidt %0; int3" : : "m"(none));
}

void
machreset(void)
{
	(void)splhi();
	uartpolled();
	if (acpi()->hasreset) {
		resetregister(acpi());
		moment();
	}
	outb(PortReset, ResetPrepare);
	outb(PortReset, ResetCold);
	moment();
	for (u32 i = 0; i < Patience && (inb(PortKbdStat) & KbdBusy); i++)
		continue;
	outb(PortKbdStat, KbdPulse);
	moment();
	triplefault();
}
