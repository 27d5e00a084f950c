/*
 * build.c: the near bank of the bridge: is this map one that we can live with, and then the tables.
 *
 * First life. considermap() is arithmetic alone, called between GetMemoryMap and ExitBootServices:
 * it converts the map, carves our own runs out of it, proves that all we carry over lies in ranges that
 * stay ours, and counts the table pages by a dry run; so a map that cannot carry us is refused while
 * the firmware can still show words. buildtables() runs after the exit and can only succeed.
 */
#include "guest.h"
#include "options.h"
#include "mm.h"

void kmain(Boot *b);

enum {
	RowSlack = 64,	   /* rows of the mapper that are not ranges of the ledger */
	MinRam = 16 * MiB, /* usable RAM below which no second life fits */
};

#define RAMFREE (1u << KFree | 1u << KBoot | 1u << KLoader | 1u << KLow)

static u64
rangecap(u32 entries)
{
	return fwmapranges(entries);
}

/* Bytes of scratch for maps of so many descriptors: the conversion's, its ledger, the mapper's rows. */
u64
buildscratch(u32 entries)
{
	return fwmapneed(entries) + rangecap(entries) * sizeof(Range) +
	       (2 * rangecap(entries) + RowSlack) * sizeof(MapRow);
}

static u8 *
scratchat(Guest *g, u64 offset)
{
	return (u8 *)(uintptr)pabits(g->scratch.pa) + offset;
}

static MapRow *
rowspace(Guest *g)
{
	return (MapRow *)scratchat(g, fwmapneed(g->maxentries) + rangecap(g->maxentries) * sizeof(Range));
}

/* Bytes of map into the plain ledger. */
static EFI_STATUS
convert(Guest *g)
{
	GuestMap *m = &g->map;
	const char *why;

	if (m->entries > g->maxentries)
		return refuse(g, EFI_COMPROMISED_DATA, "the memory map has %u entries", m->entries);
	why = m->stride > ~0u ? "its stride is wild" : fwmaprefuse(m->bytes, (u32)m->stride);
	if (why != nil)
		return refuse(g, EFI_COMPROMISED_DATA, "the memory map cannot be read: %s", why);
	g->fw = (Fwmap){
	    .raw = m->buf, .bytes = m->bytes, .stride = (u32)m->stride, .version = m->version, .x86 = PORTPC};
	ledgerinit(&g->plain, (Range *)scratchat(g, fwmapneed(g->maxentries)), (u32)rangecap(g->maxentries));
	why = fwmapconvert(&g->fw, &g->plain, scratchat(g, 0), fwmapneed(g->maxentries));
	if (why != nil)
		return refuse(g, EFI_COMPROMISED_DATA, "the memory map cannot be read: %s", why);
	return EFI_SUCCESS;
}

/* Our own runs, the image among them, become kinds of their own in a copy of the plain ledger. */
static EFI_STATUS
carve(Guest *g)
{
	BootOnce *o = &g->boot->once;
	const struct BootOwn *own;
	u32 i;

	if (g->plain.n > o->caprange)
		return refuse(g, EFI_COMPROMISED_DATA, "the memory map has %u ranges", g->plain.n);
	ledgerinit(&g->ledger, (Range *)(uintptr)pabits(o->ranges.pa), o->caprange);
	memcpy(g->ledger.r, g->plain.r, g->plain.n * sizeof(Range));
	g->ledger.n = g->ledger.high = g->plain.n;
	for (i = 0; i < o->nown; i++) {
		own = &o->own[i];
		if (own->kind == KLoader || own->kind == KLow)
			continue; /* scratch is left behind; low memory is kept as it is */
		if (!ledgercarve(&g->ledger, pabits(own->run.pa), own->run.size, RAMFREE, (Kind)own->kind))
			return refuse(g, EFI_COMPROMISED_DATA, "the memory map denies us our %s at %#llx",
				      kindword((Kind)own->kind), pabits(own->run.pa));
	}
	return EFI_SUCCESS;
}

/* Kind of the range that holds [pa, pa+size), NKIND if it is described by none or by several. */
static Kind
kindof(Guest *g, u64 pa, u64 size)
{
	const Range *r = ledgerfind(&g->ledger, pa);

	return r != nil && size <= r->end - pa ? (Kind)r->kind : NKIND;
}

/* Bytes at or above limit of ranges whose kind is in the mask. */
static u64
sumfrom(Ledger *l, u64 limit, u32 mask)
{
	u64 sum = 0;
	u32 i;

	for (i = l->n; i > 0 && l->r[i - 1].end > limit; i--)
		if ((mask & 1u << l->r[i - 1].kind) != 0)
			sum += l->r[i - 1].end - (l->r[i - 1].start > limit ? l->r[i - 1].start : limit);
	return sum;
}

/*
 * RAM where neither the processor's address lines nor the direct map reach is no RAM for us: it becomes
 * reserved, so that no allocator ever sees it.
 */
static EFI_STATUS
cutunreachable(Guest *g, const PteFeat *f)
{
	u64 limit = 1ull << f->pabits < HHDMSIZE ? 1ull << f->pabits : HHDMSIZE;

	g->unreachable = sumfrom(&g->ledger, limit, RAMFREE);
	if (g->unreachable == 0 || ledgerturn(&g->ledger, limit, PHYSTOP - limit, RAMFREE, KReserved, 0))
		return EFI_SUCCESS;
	return refuse(g, EFI_COMPROMISED_DATA, "the memory map has %u ranges", g->ledger.n);
}

/* The RSDP may lie in any type of memory: if the allocators could get it, its page is kept as ACPI's. */
static EFI_STATUS
keeprsdp(Guest *g)
{
	u64 pa = pabits(g->boot->keep.rsdp);
	u64 page = rounddown(pa, BY2PG);
	u64 size = roundup(pa + 36, BY2PG) - page; /* revision 2 has 36 bytes [ACPI 6.5 5.2.5.3] */
	Kind k = kindof(g, pa, 1);

	if (pa == 0 || (k != KFree && k != KBoot && k != KLoader))
		return EFI_SUCCESS;
	if (!ledgercarve(&g->ledger, page, size, RAMFREE | 1u << KAcpi, KAcpi))
		return refuse(g, EFI_COMPROMISED_DATA, "acpi: the RSDP at %#llx cannot be kept", pa);
	return EFI_SUCCESS;
}

/* A framebuffer over RAM would let every pixel write into somebody's page: go on without a screen. */
static void
checkscreen(Guest *g)
{
	BootFb *fb = &g->boot->keep.fb;
	u64 at = pabits(fb->pa), end = at + fb->size;
	i32 i;

	if (fb->size == 0)
		return;
	for (i = ledgernext(&g->ledger, at, NKIND); i >= 0 && (u32)i < g->ledger.n; i++) {
		if (g->ledger.r[i].start >= end)
			break;
		if (g->ledger.r[i].end <= at || !kindisram((Kind)g->ledger.r[i].kind))
			continue;
		*fb = (BootFb){0};
		g->fbgone = "the framebuffer lies over RAM";
		return;
	}
}

/* Does a run that has a kind of its own lie in one range of that kind? Others are the firmware's word. */
static bool
iskept(Guest *g, const struct BootOwn *own)
{
	if (own->kind == KLoader)
		return true; /* scratch: left behind on purpose */
	return kindof(g, pabits(own->run.pa), own->run.size) == (Kind)own->kind;
}

/* T4: what we carry over the bridge lies in ranges that no allocator will be given. */
static EFI_STATUS
provekept(Guest *g)
{
	const BootOnce *o = &g->boot->once;
	const BootKeep *k = &g->boot->keep;
	u32 rsdp = 1u << kindof(g, pabits(k->rsdp), 1);

	for (g->proved = 0; g->proved < o->nown; g->proved++)
		if (!iskept(g, &o->own[g->proved]))
			return refuse(g, EFI_COMPROMISED_DATA, "the %s at %#llx does not lie in kept memory",
				      kindword((Kind)o->own[g->proved].kind),
				      pabits(o->own[g->proved].run.pa));
	if (pabits(k->rsdp) != 0 && (rsdp & (1u << KFree | 1u << KBoot | 1u << KLoader)) != 0)
		return refuse(g, EFI_COMPROMISED_DATA, "the RSDP does not lie in kept memory");
	g->proved += (pabits(k->rsdp) != 0) + (k->fb.size != 0); /* the screen: checkscreen() */
	return EFI_SUCCESS;
}

/* The mapper's rows for the ledger as it stands; how many there are, 0 with words if it cannot be. */
static u32
rowsfor(Guest *g, const PteFeat *f)
{
	u32 max = (u32)(2 * rangecap(g->maxentries)) + RowSlack, n;

	n = kmaprows(&g->boot->keep, &g->ledger, f, rowspace(g), max);
	if (n > max) {
		(void)refuse(g, EFI_OUT_OF_RESOURCES, "page tables: more than %u rows", max);
		return 0;
	}
	return n;
}

/* Of the pool, what the plan wants is kept; the rest goes the way of all loader memory. */
static EFI_STATUS
trimpool(Guest *g)
{
	BootKeep *k = &g->boot->keep;
	u64 end = pabits(k->tables.pa) + g->pool * BY2PG;

	k->tablesplanned = g->tables;
	if (g->tables > g->pool)
		return refuse(g, EFI_BUFFER_TOO_SMALL, "page tables: %u wanted", g->tables);
	k->tables.size = g->tables * BY2PG;
	if (g->tables < g->pool && !ledgerturn(&g->ledger, end - (g->pool - g->tables) * BY2PG,
					       (g->pool - g->tables) * BY2PG, 1u << KTables, KLoader, 0))
		return refuse(g, EFI_COMPROMISED_DATA, "the memory map has %u ranges", g->ledger.n);
	return EFI_SUCCESS;
}

static EFI_STATUS
plantables(Guest *g, const PteFeat *f)
{
	enum MapErr e;
	u32 n;

	n = rowsfor(g, f);
	if (n == 0)
		return EFI_OUT_OF_RESOURCES;
	e = kmapplan(f, rowspace(g), n, &g->tables);
	if (e != MapOk)
		return refuse(g, EFI_COMPROMISED_DATA, "page tables: %s", maperrtext(e));
	return trimpool(g);
}

/*
 * Weigh the map in g->map. EFI_SUCCESS: it can carry us, g->ledger is what the parcel gets.
 * EFI_BUFFER_TOO_SMALL: it could with g->tables table pages. Else refused in words.
 */
EFI_STATUS
considermap(Guest *g)
{
	PteFeat f;
	u64 ram;
	EFI_STATUS s;

	ptefeat(&f);
	s = convert(g);
	if (s != EFI_SUCCESS)
		return s;
	ram = g->fw.sum[KFree] + g->fw.sum[KBoot] + g->fw.sum[KLoader];
	if (ram < MinRam)
		return refuse(g, EFI_OUT_OF_RESOURCES, "the memory map has only %llu bytes of RAM for us",
			      ram);
	if ((s = carve(g)) != EFI_SUCCESS || (s = cutunreachable(g, &f)) != EFI_SUCCESS ||
	    (s = keeprsdp(g)) != EFI_SUCCESS)
		return s;
	checkscreen(g);
	s = provekept(g);
	if (s != EFI_SUCCESS)
		return s;
	return plantables(g, &f);
}

/* Does the conf text ask for this, by "=1"? */
static bool
asked(const BootKeep *k, const char *name)
{
	usize n = 0;
	const char *v =
	    k->conf.size == 0 ? nil : confvalue((const char *)(uintptr)pabits(k->conf.pa), name, &n);

	return v != nil && n == 1 && v[0] == '1';
}

/* After the exit: build the tables out of the pool, walk what the switch will touch, finish the parcel. */
void
buildtables(Guest *g)
{
	BootKeep *k = &g->boot->keep;
	const char *why;
	enum MapErr e;
	u32 n, done;
	PteFeat f;
	Ptab t;

	ptefeat(&f);
	n = rowsfor(g, &f);
	kmappool(&t, &f, &k->tables);
	t.trace = asked(k, "*mmutrace");
	e = kmapbuild(&t, rowspace(g), n);
	k->root = t.root;
	k->tablesused = (u32)t.ntables;
	if (e != MapOk || k->tablesused != k->tablesplanned)
		panic("page tables: %s, planned %u used %u", maperrtext(e), k->tablesplanned, k->tablesused);
	phase(PhBuilt, "planned %u used %u", k->tablesplanned, k->tablesused);
	why = kmappreflight(&t, g->boot, &done);
	if (why != nil)
		panic("preflight: %s after %u", why, done);
	phase(PhPreflight, "%u/%u ok", done, done);
}

/*
 * The last act of the first life: the image's pointers move to KZERO, the parcel is sealed, the bridge
 * crossed. From relocate() on nothing may use a pointer that lies in the image: print, phase and panic
 * are such users.
 */
void
enterkernel(Guest *g)
{
	BootKeep *k = &g->boot->keep;
	u64 base = pabits(k->image.pa);
	u8 *image = (u8 *)(uintptr)base;
	u64 entry = imageva((u64)(uintptr)kmain - base);
	Moved m;

	bridgeopen();
	relocate(image, g->loadedsize, g->relocrva, g->relocsize, base, imageva(0), true, &m);
	k->relocmoved = m.moved;
	k->relocleft = m.left;
	k->relocbad = m.bad;
	k->tjump = cycles();
	bootseal(g->boot);
	bridgeenter(k->root, entry, KSTACKTOP(0), hhdmva(topaddr((uintptr)g->boot)));
}
