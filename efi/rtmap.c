/*
 * rtmap.c: what the second life needs to call the firmware's runtime services.
 *
 * First life. Before the exit it notes the services' addresses and finds the memory attributes table;
 * after the exit, out of the last map, it writes two lists into pages of their own: the descriptors that
 * SetVirtualAddressMap wants, each with its virtual address filled in, and the stretches of runtime
 * memory with the rights that they are mapped with. The attributes table is a promise about sections of
 * the firmware's drivers, and is taken only where it keeps the specification's rules [UEFI 2.10 4.6.4].
 */
#include "guest.h"
#include "rtmap.h"

enum { /* the memory attributes table, and the bits of a descriptor that are rights */
       MatVersion = 0,
       MatEntries = 4,
       MatStride = 8,
       MatHead = 16,
       MatMax = 4096, /* entries: more is a lie */
};
#define FwRO (1ull << 17)
#define FwXP (1ull << 14)

/* The mask of runtime services that work; all of them without a table [UEFI 2.10 4.6.2]. */
static u64
runtimemask(Guest *g)
{
	static const EFI_GUID guid = {
	    0xeb66918a, 0x7eef, 0x402a, {0x84, 0x2e, 0x93, 0x1d, 0x21, 0xc3, 0x8a, 0xe9}};
	const u8 *p = configtable(g, guid);

	if (p == nil || le16(p) != 1 || le16(p + 2) < 8) /* version, length, then the mask */
		return ~0ull;
	return le32(p + 4);
}

/* Before the exit: where services and attributes are. A table of odd measures counts as none. */
EFI_STATUS
runtimefind(Guest *g)
{
	static const EFI_GUID guid = {
	    0xdcfa911d, 0x26eb, 0x469f, {0xa2, 0x20, 0x38, 0xb7, 0xdc, 0x46, 0x12, 0x20}};
	BootKeep *k = &g->boot->keep;
	const EFI_RUNTIME_SERVICES *rt = g->st->RuntimeServices;
	const u8 *mat = configtable(g, guid);

	k->rtsupported = runtimemask(g);
	if (rt != nil) {
		k->rtfn[RtGetTime] = (u64)(uintptr)(rt->GetTime);
		k->rtfn[RtSetVirtual] = (u64)(uintptr)(rt->SetVirtualAddressMap);
		k->rtfn[RtReset] = (u64)(uintptr)(rt->ResetSystem);
	}
	if (mat == nil || le32(mat + MatVersion) < 1 || le32(mat + MatVersion) > 2 ||
	    le32(mat + MatStride) < FwMinStride || le32(mat + MatEntries) > MatMax)
		return EFI_SUCCESS;
	g->mat = mat + MatHead;
	g->matentries = le32(mat + MatEntries);
	g->matstride = le32(mat + MatStride);
	return EFI_SUCCESS;
}

/* Bytes that the two lists need for maps of so many entries. */
u64
runtimeneed(Guest *g)
{
	return roundup(g->map.cap, 8) + (g->maxentries + 2 * (u64)g->matentries) * sizeof(BootRt);
}

/* --- the lists ----------------------------------------------------------------------------------------- */

static void
addrt(Rtlist *l, u64 start, u64 end, u32 perm, bool uncached)
{
	if (start < end && l->n < l->max)
		l->rt[l->n++] = (BootRt){topaddr(start), end - start, perm, uncached};
}

static u32
matperm(u64 attr)
{
	return PermR | ((attr & FwRO) != 0 ? 0u : PermW) | ((attr & FwXP) != 0 ? 0u : PermX);
}

/* Entry i of the attributes table, if it keeps the rules and lies in [start, end). */
static bool
matentry(const Rtlist *l, u32 i, u64 start, u64 end, Fwdesc *d)
{
	const u8 *p = l->mat + (u64)i * l->matstride;

	*d = (Fwdesc){.type = le32(p), .start = le64(p + 8), .pages = le64(p + 24), .attr = le64(p + 32)};
	return (d->type == FwRuntimeCode || d->type == FwRuntimeData) && (d->attr & (FwRO | FwXP)) != 0 &&
	       d->start % BY2PG == 0 && d->pages != 0 && d->start >= start && d->start < end &&
	       d->pages <= (end - d->start) >> PGSHIFT;
}

/*
 * One stretch of runtime memory: cut where the attributes table gives rights of their own to parts, in
 * rising order; what it leaves out, or gives out of order, keeps what its type says.
 */
void
rtstretch(Rtlist *l, const Fwdesc *d)
{
	u64 at = d->start, end = d->start + (d->pages << PGSHIFT);
	u32 perm = PermR | PermW | (d->type == FwRuntimeCode ? (u32)PermX : 0);
	bool uncached = (d->attr & FwWB) == 0;
	Fwdesc m;
	u32 i;

	for (i = 0; i < l->matentries; i++)
		if (matentry(l, i, at, end, &m)) {
			addrt(l, at, m.start, perm, uncached);
			at = m.start + (m.pages << PGSHIFT);
			addrt(l, m.start, at, matperm(m.attr), uncached);
		}
	addrt(l, at, end, perm, uncached);
}

/* Can it be mapped at both of its addresses? Odd ones were told as anomalies of the map. */
static bool
mappable(const Fwdesc *d)
{
	return d->pages != 0 && d->start % BY2PG == 0 && d->start < HHDMSIZE &&
	       d->pages <= (HHDMSIZE - d->start) >> PGSHIFT;
}

/* A descriptor as it came, with the address that it will have, for SetVirtualAddressMap. */
static void
adddesc(BootKeep *k, const u8 *raw, const Fwdesc *d)
{
	u8 *to = (u8 *)(uintptr)pabits(k->rtdesc.pa) + k->rtdescbytes;
	u64 va = RTBASE + d->start;

	memcpy(to, raw, k->fwmapstride);
	memcpy(to + 16, &va, sizeof va);
	k->rtdescbytes += k->fwmapstride;
}

/* After the exit: both lists out of the last map, which considermap() has converted. */
void
runtimepack(Guest *g)
{
	BootKeep *k = &g->boot->keep;
	Rtlist l = {.mat = g->mat, .matentries = g->matentries, .matstride = g->matstride};
	Fwdesc d;
	u32 i;

	k->rtmap = (BootRun){paadd(k->rtdesc.pa, roundup(g->map.cap, 8)), 0};
	l.rt = (BootRt *)(uintptr)pabits(k->rtmap.pa);
	l.max = g->maxentries + 2 * g->matentries;
	for (i = 0; i < g->fw.n; i++) {
		d = fwdesc(&g->fw, i);
		if (!mappable(&d))
			continue;
		if (d.type == FwRuntimeCode || d.type == FwRuntimeData || (d.attr & FwRUNTIME) != 0)
			rtstretch(&l, &d);
		if ((d.attr & FwRUNTIME) != 0)
			adddesc(k, g->map.buf + (u64)i * g->map.stride, &d);
	}
	k->rtmap.size = l.n * sizeof(BootRt);
}
