/*
 * archinit.c: which description of the machine we go by: ACPI, else what every PC has. Second life,
 * once, before the interrupt controllers. Keeps the numbers that acpi.c took out of the tables; the
 * tables themselves are not looked at again.
 */
#include "acpi.h"
#include "log.h"
#include "mm.h"

static Acpi tables;

/* Is every page of it in the direct map? Tables may lie in memory of any type. */
static bool
mapped(Paddr pa, u64 n)
{
	for (u64 at = rounddown(pabits(pa), BY2PG); at < pabits(pa) + n; at += BY2PG)
		if (cankaddr(topaddr(at)) == 0 || !translate(kernptab(), (u64)(uintptr)kaddr(topaddr(at))).ok)
			return false;
	return true;
}

/* Bytes of a table: in the direct map where they are RAM of ours, else through a window. */
static const void *
fetch(Paddr pa, u64 n)
{
	if (pabits(pa) + n < pabits(pa))
		return nil;
	return mapped(pa, n) ? kaddr(pa) : vmap(pa, n);
}

const Acpi *
acpi(void)
{
	return &tables;
}

const Acpi *
acpioff(void)
{
	if (!tables.s5 && pabits(tables.dsdt) != 0)
		acpisleep(&tables, fetch);
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
	print("arch: acpi processors %u ioapics %u overrides %u lost %u\n", tables.ncpu, tables.nioapic,
	      tables.nroute, tables.lost);
	if (tables.fpdt)
		print("arch: fpdt reset %llu load %llu start %llu exit %llu-%llu ns\n", tables.nsreset,
		      tables.nsload, tables.nsstart, tables.nsexit0, tables.nsexit1);
}
