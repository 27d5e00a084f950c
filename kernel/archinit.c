/*
 * archinit.c: which description of the machine we go by: ACPI, else what every PC has. Second life,
 * once, before the interrupt controllers. Keeps the numbers that acpi.c took out of the tables; the
 * tables themselves are not looked at again.
 */
#include "acpi.h"
#include "log.h"
#include "mm.h"

static Acpi tables;

/* Bytes of a table: in the direct map where it is RAM, else through a window. */
static const void *
fetch(Paddr pa, u64 n)
{
	if (pabits(pa) + n < pabits(pa))
		return nil;
	if (cankaddr(pa) >= n)
		return kaddr(pa);
	return vmap(pa, n);
}

const Acpi *
acpi(void)
{
	return &tables;
}

void
archinit(Paddr rsdp)
{
	const char *err = acpiparse(&tables, rsdp, fetch);

	if (err != nil) {
		print("arch: generic (%s)\n", err);
		return;
	}
	print("arch: acpi revision %u tables %u bad %u\n", tables.revision, tables.ntables, tables.nbad);
	print("arch: acpi processors %u ioapics %u overrides %u lost %u s5 %s\n", tables.ncpu, tables.nioapic,
	      tables.nroute, tables.lost, tables.s5 ? "found" : "missing");
}
