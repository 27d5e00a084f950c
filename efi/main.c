/*
 * main.c: the first life on a page. We are a guest of the firmware: look around, take what we need,
 * leave boot services, cross the bridge. A step that fails has put its reason into words; the user sees
 * them and the firmware gets its status and its memory back.
 */
#include "guest.h"
#include "options.h"

EFI_STATUS EFIAPI efimain(EFI_HANDLE self, EFI_SYSTEM_TABLE *st);

/* Before the first static variable is written: who called us, and is our memory as C wants it? */
static EFI_STATUS
begin(Guest *g, EFI_HANDLE self, EFI_SYSTEM_TABLE *st, u64 tentry, u64 nonzero)
{
	EFI_STATUS s;

	*g = (Guest){.self = self, .st = st, .bs = st->BootServices};
	uartinit();
	phaseclock(tentry, 0);
	g->bs->SetWatchdogTimer(0, 0, 0, nil); /* Hyper-V's would strike later [UEFI 2.10 7.5] */
	s = parceltake(g);
	if (s != EFI_SUCCESS)
		return s;
	g->boot->keep.tentry = tentry;
	phase(PhEntry, "uefi %u.%u firmware %#x", st->Hdr.Revision >> 16, (st->Hdr.Revision & 0xffff) / 10,
	      st->FirmwareRevision);
	saybanner(g);
	print("efi: .bss nonzero=%llu\n", nonzero);
	if (nonzero != 0)
		return refuse(g, EFI_LOAD_ERROR, "image: .bss nonzero=%llu, not loaded as it should be",
			      nonzero);
	return EFI_SUCCESS;
}

/* What the processor is and how the firmware left it; a mode that cannot carry us is refused now. */
static EFI_STATUS
audit(Guest *g)
{
	BootKeep *k = &g->boot->keep;
	const char *why;

	cpuaudit(k->audit);
	cpuauditprint(k->audit);
	why = cpurefuse(k->audit);
	return why != nil ? refuse(g, EFI_UNSUPPORTED, "processor: %s", why) : EFI_SUCCESS;
}

static void
fwput(void *aux, const char *s, usize n)
{
	(void)aux;
	printtext(s, n);
}

/* The log of the leaving: the firmware's map, each try, and what became of every descriptor. */
static void
report(Guest *g)
{
	const BootKeep *k = &g->boot->keep;
	Fwlog log;
	u32 i;

	fwlogstart(&log, fwput, nil);
	fwlogmap(&log, &g->fw);
	for (i = 0; i < k->ntries; i++)
		print("efi: exit try %u key %llx entries %u status %llx\n", i + 1, k->tries[i].key,
		      k->tries[i].entries, k->tries[i].status);
	fwlogdescs(&log, &g->fw);
	fwlogledger(&log, &g->fw);
	print("efi: kept %u runs proved, allocations between map and exit %u\n", g->proved, g->taken);
	print("efi: time entry to map %llu exit %llu cycles\n", k->texit0 - k->tentry, k->texit1 - k->texit0);
	if (g->unreachable != 0)
		print("efi: %llu bytes of RAM lie beyond the direct map: reserved\n", g->unreachable);
	if (g->fbgone != nil)
		print("efi: gop dropped: %s\n", g->fbgone);
}

/* The parcel's last members, taken from the Guest, which stays behind. */
static void
pack(Guest *g)
{
	BootKeep *k = &g->boot->keep;
	BootOnce *o = &g->boot->once;

	k->fwmapstride = (u32)g->map.stride;
	k->fwmapversion = g->map.version;
	k->fwmapbytes = (u32)g->map.bytes;
	o->nranges = g->ledger.n;
	o->described = g->fw.described;
	o->overlap = g->fw.overlap;
	o->nanomaly = (u32)g->fw.nanomaly;
}

/* A test wants a fault at some phase from here on: *panicat=K5:stack. The kernel says so if it is none. */
static void
faults(Guest *g)
{
	char where[16];
	usize n = 0;
	const char *conf = (const char *)(uintptr)pabits(g->boot->keep.conf.pa);
	const char *v = confvalue(conf, "*panicat", &n);

	if (v == nil || n >= sizeof where)
		return;
	memcpy(where, v, n);
	where[n] = 0;
	(void)phaseinject(where);
}

/* After the exit: vectors of our own, the log, tables, and over the bridge. */
static NORETURN void
cross(Guest *g)
{
	trapinit0();
	phase(PhPlanned, "%u of %llu", g->tables, g->pool);
	faults(g);
	phase(PhExit, "tries %u", g->boot->keep.ntries);
	report(g);
	devaudit();
	pmtimerfind(g);
	buildtables(g);
	pack(g);
	runtimepack(g);
	enterkernel(g);
}

EFI_STATUS EFIAPI
efimain(EFI_HANDLE self, EFI_SYSTEM_TABLE *st)
{
	static Guest guest;
	Guest *g = &guest;
	u64 tentry = cycles(), nonzero = bssnonzero();
	EFI_STATUS s;

	if ((s = begin(g, self, st, tentry, nonzero)) || /* parcel, log, first words */
	    (s = audit(g)) ||				 /* the processor can carry us */
	    (s = imagecheck(g)) ||			 /* where we are, our sections */
	    (s = screenfind(g)) ||			 /* graphics output, if any */
	    (s = configfind(g)) ||			 /* ACPI, SMBIOS */
	    (s = runtimefind(g)) ||			 /* services that stay */
	    (s = optionsread(g)) ||			 /* boot.cfg and load options */
	    (s = initrdread(g)) ||			 /* the first programs */
	    (s = memorytake(g)) ||			 /* stacks, map, ledger, tables */
	    (s = clocktake(g)) ||			 /* cycles against the firmware's time */
	    (s = cookietake(g)) ||			 /* randomness for canaries */
	    (s = leave(g)))				 /* last map, bounded tries */
		return giveup(g, s);
	cross(g);
}
