/*
 * pages.c: memory for the second life, taken while the firmware still gives it.
 *
 * First life only. Everything is LoaderData in whole pages (an OEM type hangs the exit on some
 * firmware), in pieces of at most 1 GiB, and every piece is entered in the parcel's list of own runs
 * with the kind that it gets in the ledger; what is in that list is what giveall() returns.
 */
#include "guest.h"

enum {
	LogBytes = 256 * KiB,
	LowLimit = 1 * MiB,
	TablesFirst = 64, /* table pages, before any map is seen: twice what a PC wants */
	MapSlack = 64,	  /* descriptors beyond the probe; twice as many each time that it did not do */
	SlackMax = 16384,
	RangeSlack = 128, /* ledger entries for our own runs, beyond what the map's conversion needs */
	PieceMax = 1 * GiB,
};

/* Enter a run in the list; a full list is a refusal. */
EFI_STATUS
ownrun(Guest *g, Kind kind, Paddr pa, u64 bytes)
{
	BootOnce *o = &g->boot->once;

	if (o->nown == BootOwn)
		return refuse(g, EFI_OUT_OF_RESOURCES, "the list of %u own runs is full", BootOwn);
	o->own[o->nown].run = (BootRun){pa, roundup(bytes, BY2PG)};
	o->own[o->nown++].kind = (u32)kind;
	return EFI_SUCCESS;
}

/*
 * Take whole pages for `bytes`, below physical address `below` (0: anywhere), not zeroed, and enter
 * them in the list of own runs. run->size stays as asked, not rounded.
 */
EFI_STATUS
takepages(Guest *g, Kind kind, u64 bytes, u64 below, const char *what, BootRun *run)
{
	EFI_PHYSICAL_ADDRESS pa = below - 1;
	EFI_STATUS s;

	if (bytes == 0 || bytes > PieceMax)
		return refuse(g, EFI_UNSUPPORTED, "%s: %llu bytes are no size for it", what, bytes);
	g->taken++;
	s = g->bs->AllocatePages(below != 0 ? AllocateMaxAddress : AllocateAnyPages, EfiLoaderData,
				 roundup(bytes, BY2PG) >> PGSHIFT, &pa);
	if (s != EFI_SUCCESS)
		return refuse(g, s, "%s: the firmware has no %llu bytes for it", what, bytes);
	*run = (BootRun){topaddr(pa), bytes};
	s = ownrun(g, kind, run->pa, bytes);
	if (s != EFI_SUCCESS)
		g->bs->FreePages(pa, roundup(bytes, BY2PG) >> PGSHIFT);
	return s;
}

/* Give one run back and strike it from the list. */
void
givepages(Guest *g, const BootRun *run)
{
	BootOnce *o = &g->boot->once;
	u32 i;

	for (i = 0; i < o->nown && !paeq(o->own[i].run.pa, run->pa); i++)
		;
	if (i == o->nown)
		return;
	g->bs->FreePages(pabits(run->pa), o->own[i].run.size >> PGSHIFT);
	memmove(&o->own[i], &o->own[i + 1], (o->nown - i - 1) * sizeof o->own[0]);
	o->nown--;
}

/* Give everything back, the parcel last, since the list is in it. The image is the firmware's to free. */
void
giveall(Guest *g)
{
	struct BootOwn own;
	u32 n;

	if (g->boot == nil)
		return;
	printlog(nil);
	for (n = g->boot->once.nown; n > 0; n--) {
		own = g->boot->once.own[n - 1];
		if (own.kind != KImage)
			g->bs->FreePages(pabits(own.run.pa), own.run.size >> PGSHIFT);
	}
	g->boot = nil;
}

/* The parcel, zeroed, first in its own list; then the log ring, so that print has a place to keep. */
EFI_STATUS
parceltake(Guest *g)
{
	static Boot seed; /* a place for the list until the parcel has one */
	BootKeep *k;
	BootRun run;
	EFI_STATUS s;

	memset(&seed, 0, sizeof seed);
	g->boot = &seed;
	s = takepages(g, KParcel, sizeof(Boot), 0, "parcel", &run);
	if (s != EFI_SUCCESS)
		return s;
	g->boot = (Boot *)(uintptr)pabits(run.pa);
	memcpy(g->boot, &seed, sizeof seed);
	k = &g->boot->keep;
	s = takepages(g, KLog, LogBytes, 0, "log", &k->log);
	if (s != EFI_SUCCESS)
		return s;
	loginit((Log *)(uintptr)pabits(k->log.pa), k->log.size);
	printlog((Log *)(uintptr)pabits(k->log.pa));
	return EFI_SUCCESS;
}

/* Bytes that the firmware wants for its map now, and the stride that it counts with. */
static EFI_STATUS
mapprobe(Guest *g, UINTN *bytes, UINTN *stride)
{
	UINTN key;
	UINT32 version;
	EFI_STATUS s;

	*bytes = *stride = 0;
	s = g->bs->GetMemoryMap(bytes, nil, &key, stride, &version);
	if (s != EFI_BUFFER_TOO_SMALL)
		return refuse(g, s != 0 ? s : EFI_DEVICE_ERROR, "the firmware does not tell its map's size");
	if (*stride < sizeof(EFI_MEMORY_DESCRIPTOR)) /* u-boot leaves it unset on this call */
		*stride = sizeof(EFI_MEMORY_DESCRIPTOR);
	return EFI_SUCCESS;
}

/*
 * A map buffer for what the probe says and some more, with the conversion's scratch and the ledger's
 * ranges to match; earlier ones go back. Called again only when a map outgrew them.
 */
EFI_STATUS
maptake(Guest *g)
{
	BootKeep *k = &g->boot->keep;
	BootOnce *o = &g->boot->once;
	UINTN bytes, stride;
	EFI_STATUS s;

	s = mapprobe(g, &bytes, &stride);
	if (s != EFI_SUCCESS)
		return s;
	g->slack = g->slack == 0 ? MapSlack : 2 * g->slack;
	if (g->slack > SlackMax)
		return refuse(g, EFI_OUT_OF_RESOURCES, "the memory map outgrows every buffer");
	givepages(g, &k->fwmap);
	givepages(g, &k->rtdesc);
	givepages(g, &o->ranges);
	givepages(g, &g->scratch);
	s = takepages(g, KFwmap, bytes + g->slack * stride, 0, "memory map", &k->fwmap);
	if (s != EFI_SUCCESS)
		return s;
	g->map.buf = (u8 *)(uintptr)pabits(k->fwmap.pa);
	g->map.cap = roundup(k->fwmap.size, BY2PG);
	g->maxentries = (u32)(g->map.cap / sizeof(EFI_MEMORY_DESCRIPTOR));
	o->caprange = (u32)fwmapranges(g->maxentries) + RangeSlack;
	s = takepages(g, KLedger, o->caprange * sizeof(Range), 0, "ledger", &o->ranges);
	if (s != EFI_SUCCESS)
		return s;
	s = takepages(g, KFwmap, runtimeneed(g), 0, "runtime map", &k->rtdesc);
	if (s != EFI_SUCCESS)
		return s;
	return takepages(g, KLoader, buildscratch(g->maxentries), 0, "scratch", &g->scratch);
}

/* So many pages for tables; a smaller earlier pool goes back. */
EFI_STATUS
tablestake(Guest *g, u32 pages)
{
	BootKeep *k = &g->boot->keep;

	givepages(g, &k->tables);
	g->pool = pages;
	return takepages(g, KTables, pages * BY2PG, 0, "page tables", &k->tables);
}

/* Stacks and the low page, which the kernel can do without: only starting processors needs it (A10). */
static EFI_STATUS
stackstake(Guest *g)
{
	BootKeep *k = &g->boot->keep;
	BootRun low;

	if (PORTPC && takepages(g, KLow, BY2PG, LowLimit, "low page", &low) == EFI_SUCCESS)
		k->lowpage = low.pa;
	print("efi: lowpage pa=%#llx\n", pabits(k->lowpage));
	return takepages(g, KStacks, NBOOTSTACK * KSTACK, 0, "first stacks", &k->stack);
}

/* Everything else that the second life starts with. A map that wants more tables gets them in leave(). */
EFI_STATUS
memorytake(Guest *g)
{
	EFI_STATUS s;

	if ((s = stackstake(g)) != EFI_SUCCESS || (s = tablestake(g, TablesFirst)) != EFI_SUCCESS)
		return s;
	return maptake(g);
}
