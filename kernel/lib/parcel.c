/*
 * parcel.c: the seal and the rules of the parcel (boot.h). Pure; both lives and the host.
 *
 * The first life seals last of all, the second checks first of all: a parcel that breaks a rule was
 * written by another build, or overwritten on the way.
 */
#include "layout.h"
#include "boot.h"
#include "lib.h"

void
bootseal(Boot *b)
{
	b->magic = BOOTMAGIC;
	b->version = BOOTVERSION;
	b->size = sizeof(Boot);
	b->crc = 0;
	b->crc = crc32(0, b, sizeof(Boot));
}

/* The checksum as bootseal computed it, without touching b: as if its crc member were 0. */
static u32
sealof(const Boot *b)
{
	static const u32 zero;
	const u8 *p = (const u8 *)b;
	u32 crc;

	crc = crc32(0, p, offsetof(Boot, crc));
	crc = crc32(crc, &zero, sizeof zero);
	return crc32(crc, p + offsetof(Boot, pad), sizeof(Boot) - offsetof(Boot, pad));
}

static bool
aligned(const BootRun *r)
{
	return pabits(r->pa) % BY2PG == 0;
}

/* Half-open, on whole pages, inside what a processor can address. */
static bool
runok(const BootRun *r)
{
	u64 end;

	return aligned(r) && r->size != 0 && !__builtin_add_overflow(pabits(r->pa), r->size, &end) &&
	       end <= PHYSTOP;
}

static bool
overlap(const BootRun *a, const BootRun *b)
{
	return pabits(a->pa) < pabits(b->pa) + roundup(b->size, BY2PG) &&
	       pabits(b->pa) < pabits(a->pa) + roundup(a->size, BY2PG);
}

static const char *
checkowns(const BootOnce *o)
{
	u32 i, j;

	if (o->nown == 0 || o->nown > BootOwn)
		return "own runs: count";
	for (i = 0; i < o->nown; i++) {
		if (o->own[i].kind >= NKIND || !runok(&o->own[i].run) || o->own[i].run.size % BY2PG != 0)
			return "own runs: bounds";
		for (j = 0; j < i; j++)
			if (overlap(&o->own[i].run, &o->own[j].run))
				return "own runs: overlap";
	}
	return nil;
}

static const char *
checksects(const BootKeep *k)
{
	const BootSect *s;
	u32 i;

	if (k->nsect < 2 || k->nsect > BootSects)
		return "sections: count";
	for (i = 0; i < k->nsect; i++) {
		s = &k->sect[i];
		if (s->size == 0 || s->rva % BY2PG != 0 || s->size % BY2PG != 0 || s->rva > k->image.size ||
		    s->size > k->image.size - s->rva)
			return "sections: bounds";
		if ((s->perm & PermW) != 0 && (s->perm & PermX) != 0)
			return "sections: writable and executable";
		if (i > 0 && s->rva < s[-1].rva + s[-1].size)
			return "sections: overlap";
	}
	return nil;
}

/* Runs that must be there. */
static const char *
checkruns(const BootKeep *k)
{
	if (!runok(&k->image) || k->image.size > KIMAGEMAX)
		return "image";
	if (!runok(&k->initrd))
		return "initrd";
	if (!runok(&k->conf))
		return "conf";
	if (!runok(&k->log))
		return "log";
	if (!runok(&k->stack) || k->stack.size != NBOOTSTACK * KSTACK)
		return "stack";
	if (!runok(&k->tables) || k->tablesused > k->tables.size / BY2PG || k->tablesused != k->tablesplanned)
		return "tables";
	if (pabits(k->root) < pabits(k->tables.pa) ||
	    pabits(k->root) >= pabits(k->tables.pa) + k->tables.size)
		return "root";
	return nil;
}

static const char *
checkmap(const BootKeep *k, const BootOnce *o)
{
	if (!runok(&k->fwmap) || k->fwmapbytes > roundup(k->fwmap.size, BY2PG))
		return "fwmap: bounds";
	if (k->fwmapstride < 40 || k->fwmapstride % 8 != 0)
		return "fwmap: stride";
	if (!runok(&o->ranges) || o->nranges == 0 || o->nranges > o->caprange)
		return "ranges";
	if (k->ntries == 0 || k->ntries > BootTries || k->tries[k->ntries - 1].status != 0)
		return "exit history";
	return nil;
}

static const char *
checkscreen(const BootFb *fb)
{
	if (fb->size == 0)
		return nil;
	if (pabits(fb->pa) % BY2PG != 0 || fb->depth < 8 || fb->depth > 32 || fb->width == 0 ||
	    fb->pitch / (fb->depth / 8) < fb->width || (u64)fb->pitch * fb->height > fb->size)
		return "framebuffer";
	return nil;
}

/* Text of the first rule that b breaks, or nil. */
const char *
bootcheck(const Boot *b)
{
	const char *why;

	if (b->magic != BOOTMAGIC)
		return "magic";
	if (b->version != BOOTVERSION)
		return "version";
	if (b->size != sizeof(Boot))
		return "size";
	if (b->crc != sealof(b))
		return "crc";
	if ((why = checkowns(&b->once)) != nil || (why = checksects(&b->keep)) != nil ||
	    (why = checkruns(&b->keep)) != nil || (why = checkmap(&b->keep, &b->once)) != nil)
		return why;
	return checkscreen(&b->keep.fb);
}
