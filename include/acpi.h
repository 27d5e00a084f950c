/*
 * acpi.h: what the kernel takes from the firmware's ACPI tables, in words of its own. No pointers
 * into the tables: acpiinit() copies the few numbers out, and the tables may go. Fixed arrays with a
 * count of what was too much (never silent).
 */
#pragma once

#include "addr.h"

typedef struct Acpi Acpi;
typedef struct AcpiIoapic AcpiIoapic;
typedef struct AcpiRoute AcpiRoute;
typedef struct AcpiCpu AcpiCpu;

enum {
	AcpiCpus = 256,
	AcpiIoapics = 16,
	AcpiRoutes = 32,
};

struct AcpiCpu {
	u32 apicid;
	u32 flags; /* 1 enabled, 2 may be enabled [ACPI 6.5 5.2.12.2] */
};
struct AcpiIoapic {
	Paddr pa;
	u32 gsi; /* first global interrupt number */
	u32 id;
};
struct AcpiRoute { /* an ISA interrupt that does not go where its number says */
	u32 irq, gsi;
	u16 flags; /* polarity in bits 0-1, trigger in bits 2-3 */
};
struct Acpi {
	bool ok; /* RSDP and root table are sound */
	u8 revision;
	u32 ntables, nbad; /* tables seen; with a bad sum, length or address */
	/* MADT [ACPI 6.5 5.2.12] */
	bool madt;
	Paddr lapic;
	bool pcat;		/* the old controllers are there too */
	Paddr gicd, gicc, gicr; /* of Arm machines: distributor, interfaces, redistributors; 0: absent */
	u32 gicrsize;
	u32 vtimer; /* interrupt line of the virtual timer (GTDT); 0: not told */
	u32 ncpu, nioapic, nroute, lost;
	AcpiCpu cpu[AcpiCpus];
	AcpiIoapic ioapic[AcpiIoapics];
	AcpiRoute route[AcpiRoutes];
	/* FADT [ACPI 6.5 5.2.9] */
	bool fadt;
	u16 pm1a, pm1b; /* ports of the control registers; 0: absent */
	u16 pmtimer;	/* port; 0: absent */
	bool pm32;	/* the timer has 32 bits */
	u16 smicmd;
	u8 acpienable;
	bool hasreset;
	u8 resetvalue;
	u8 resetspace; /* 0 memory, 1 I/O, 2 PCI configuration */
	u64 resetaddr;
	bool psci, psciviahvc; /* Arm's power interface, and its way in */
	Paddr dsdt;	       /* checked when someone needs it; 0: none */
	/* FPDT: when the firmware did what, ns since the machine was reset [ACPI 6.5 5.2.24] */
	bool fpdt;
	u64 nsreset, nsload, nsstart, nsexit0,
	    nsexit1; /* reset ended; image loaded, started; exit begun, done */
	bool s5;     /* acpisleep() found \_S5 */
	u8 s5a, s5b; /* sleep types for pm1a, pm1b */
};

/*
 * Read everything that starts at the RSDP. get(pa, n) gives the bytes [pa, pa+n) of physical memory
 * or nil if they are no RAM that may be read: nothing else of the tables is trusted. Text of what was
 * wrong with the root, or nil; single bad tables are counted and left out.
 */
const char *acpiparse(Acpi *a, Paddr rsdp, const void *(*get)(Paddr pa, u64 n));
/* Look for the sleep types of "off" in the DSDT; a->s5 says whether they are there. Not at boot: it is long.
 */
void acpisleep(Acpi *a, const void *(*get)(Paddr pa, u64 n));

/* archinit.c: read the tables once, say what was chosen (L6), and what they said from then on. */
void archinit(Paddr rsdp);
const Acpi *acpi(void);
const Acpi *acpioff(void); /* the same, with the sleep types looked for */
