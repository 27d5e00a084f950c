/*
 * config.c: what the firmware's configuration tables say: ACPI, SMBIOS, runtime properties.
 *
 * First life. Takes the system table; gives physical addresses in the parcel. The RSDP is taken from
 * its table alone, ACPI 2.0's first, with its checksum proved; memory is never searched. A table that
 * breaks a rule is as good as none: said in the log, and we go on without.
 */
#include "guest.h"
#include "acpi1.h"

/* The vendor's table with this GUID, or nil [UEFI 2.10 4.6]. */
void *
configtable(Guest *g, EFI_GUID guid)
{
	EFI_CONFIGURATION_TABLE *t = g->st->ConfigurationTable;
	UINTN i;

	for (i = 0; t != nil && i < g->st->NumberOfTableEntries; i++)
		if (memcmp(&t[i].VendorGuid, &guid, sizeof guid) == 0)
			return t[i].VendorTable;
	return nil;
}

/* Text of the rule that an RSDP breaks, or nil [ACPI 6.5 5.2.5.3]. */
const char *
rsdpcheck(const u8 *p)
{
	u32 len;

	if (p == nil)
		return "absent";
	if (memcmp(p, "RSD PTR ", 8) != 0)
		return "signature";
	if (bytesum(p, RsdpBytes1) != 0)
		return "checksum";
	if (p[RsdpRevision] < 2)
		return nil;
	len = le32(p + RsdpLength);
	if (len < RsdpBytes2 || len > BY2PG)
		return "length";
	return bytesum(p, len) != 0 ? "extended checksum" : nil;
}

static void
rsdpfind(Guest *g)
{
	const EFI_GUID guids[] = {ACPI_20_TABLE_GUID, ACPI_TABLE_GUID};
	const u8 *p;
	const char *why = "absent";
	usize i;

	for (i = 0; i < nelem(guids); i++) {
		p = configtable(g, guids[i]);
		why = rsdpcheck(p);
		if (why == nil) {
			g->boot->keep.rsdp = topaddr((uintptr)p);
			phase(PhRsdp, "pa=%#llx rev=%u sum=ok", (u64)(uintptr)p, p[RsdpRevision]);
			return;
		}
		if (p != nil)
			print("efi: acpi rsdp pa=%#llx refused: %s\n", (u64)(uintptr)p, why);
	}
	phase(PhRsdp, "none: %s", why);
}

EFI_STATUS
configfind(Guest *g)
{
	BootKeep *k = &g->boot->keep;
	void *smbios;

	rsdpfind(g);
	consolefind(g);
	smbios = configtable(g, (EFI_GUID)SMBIOS3_TABLE_GUID);
	if (smbios == nil)
		smbios = configtable(g, (EFI_GUID)SMBIOS_TABLE_GUID);
	k->smbios = topaddr((uintptr)smbios);
	return EFI_SUCCESS;
}
