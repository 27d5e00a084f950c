/*
 * runtime.c: the firmware's runtime services, in an address space of their own.
 *
 * Second life. Takes the lists that the first life made (rtmap.c); gives the time, reset and power off.
 * The space has the kernel's half like every other, and below it the firmware's runtime memory twice:
 * 1:1 and at RTBASE + pa, the addresses that SetVirtualAddressMap is told, once, before boot-services
 * memory is reclaimed. Both stay, because there is firmware that crashes if the call never comes, and
 * firmware that goes on using its old addresses. While that call runs everything is writable and
 * executable, since drivers relocate themselves; from then on rights are those of the memory attributes
 * table. A fault inside any call ends the call and all runtime services; the kernel goes on without.
 *
 * rt.lock keeps calls apart; interrupts are off from the switch of address spaces to the switch back.
 */
#include "dat.h"
#include "runtime.h"

enum { /* bits of the runtime properties table [UEFI 2.10 4.6.2] */
       HasGetTime = 1 << 0,
       HasSetVirtual = 1 << 7,
       HasReset = 1 << 10,
};
#define RtFailed (1ull << 63) /* an EFI_STATUS with this bit is an error [UEFI 2.10 D] */

enum { MaxTouched = 64 }; /* pages of boot-services memory that we let it use */

typedef u64 Rtfn(u64, u64, u64, u64);
typedef struct Rtspace Rtspace;

struct Rtspace { /* the firmware below, the kernel above */
	Paddr root;
	Page *tables; /* root and all: linked through Page.next */
};

static struct {
	Lock lock;
	Rtspace space;	 /* (lock) */
	u64 fn[NRt];	 /* (lock) where to call; 0: not supported */
	bool calling;	 /* one call is under way, interrupts off: a trap now is the firmware's */
	bool relocating; /* ... and it is SetVirtualAddressMap */
	Label out;	 /* the way out of a call that faults */
	u32 touched;	 /* pages of boot-services memory that it used */
	Ledger *ledger;
	const BootKeep *keep;
} rt;

/* --- the address space ------------------------------------------------------------------------------- */

static Paddr
newtable(Ptab *t)
{
	Rtspace *s = t->aux;
	Page *p = kpage(PgTable, true);

	if (p == nil)
		return topaddr(0);
	p->next = s->tables;
	s->tables = p;
	return pagepa(p);
}

static Ptab
editor(Rtspace *s)
{
	return (Ptab){.root = s->root, .feat = kernptab()->feat, .newtable = newtable, .aux = s};
}

static void
spacedrop(Rtspace *s)
{
	Page *p, *next;

	for (p = s->tables; p != nil; p = next) {
		next = p->next;
		p->next = nil;
		kpagesfree(p, 0);
	}
	*s = (Rtspace){0};
}

/* One stretch at both of its addresses. */
static enum MapErr
mapboth(Ptab *t, const BootRt *r, u32 perm)
{
	enum Memtype mt = r->uncached != 0 ? MtUC : MtWB;
	enum MapErr e = ptmap(t, pabits(r->pa), r->pa, r->size, perm, mt);

	return e != MapOk ? e : ptmap(t, RTBASE + pabits(r->pa), r->pa, r->size, perm, mt);
}

/* The kernel's half, and all stretches; `all` gives every right. False, and nothing kept: it cannot be. */
static bool
spacebuild(Rtspace *s, const BootKeep *k, bool all)
{
	const BootRt *r = kaddr(k->rtmap.pa);
	enum MapErr e = MapOk;
	Ptab t;
	u64 i;

	*s = (Rtspace){0};
	t = editor(s);
	t.root = s->root = newtable(&t);
	if (pabits(s->root) == 0)
		return false;
	memcpy((u8 *)kaddr(s->root) + BY2PG / 2, (u8 *)kaddr(kernptab()->root) + BY2PG / 2, BY2PG / 2);
	for (i = 0; i < k->rtmap.size / sizeof(BootRt) && e == MapOk; i++)
		e = mapboth(&t, &r[i], all ? PermR | PermW | PermX : r[i].perm);
	if (e == MapOk)
		return true;
	print("runtime: no address space: %s at %#llx\n", maperrtext(e), pabits(r[i - 1].pa));
	spacedrop(s);
	return false;
}

/* --- calls ------------------------------------------------------------------------------------------- */

static void
disable(const char *why)
{
	print("runtime: disabled: %s\n", why);
	memset(rt.fn, 0, sizeof rt.fn);
}

/*
 * Call a service with interrupts off, in its own address space, the floating point lent to it. Its status;
 * all ones if it is not there or faulted. Arguments that are addresses are the kernel's, which the
 * space has too.
 */
static u64
callin(Rtfn *f, u64 a, u64 b, u64 c, u64 d)
{
	Paddr root = mmuroot();
	volatile u64 status = ~0ull;
	u32 s;

	s = splhi();
	fpborrow();
	if (setlabel(&rt.out) == 0) {
		rt.calling = true;
		mmuload(rt.space.root);
		status = f(a, b, c, d);
	}
	rt.calling = false;
	mmuload(root);
	fpreturn();
	splx(s); /* whatever the firmware did to the flag */
	return status;
}

/* The space with its final rights is made when the first call wants it. The lock is held. */
static u64
call(u32 which, u64 a, u64 b, u64 c, u64 d)
{
	Rtfn *f = (Rtfn *)(uintptr)rt.fn[which];

	if (f == nil)
		return ~0ull;
	if (pabits(rt.space.root) == 0 && !spacebuild(&rt.space, rt.keep, false)) {
		disable("no memory for its tables");
		return ~0ull;
	}
	return callin(f, a, b, c, d);
}

/* May the firmware use this page? Boot-services memory, while it moves to its virtual addresses. */
static bool
lendpage(u64 addr)
{
	const Range *r = ledgerfind(rt.ledger, addr);
	Ptab t = editor(&rt.space);
	u64 page = rounddown(addr, BY2PG);

	if (!rt.relocating || r == nil || r->kind != KBoot || rt.touched == MaxTouched)
		return false;
	if (ptmap(&t, page, topaddr(page), BY2PG, PermR | PermW | PermX, MtWB) != MapOk)
		return false;
	rt.touched++;
	return true;
}

/*
 * A trap in the kernel: if it is the firmware's, the call is over and so are all later ones; does not
 * return then. True: it was given what it wanted and goes on.
 */
bool
runtimetrap(const Ureg *u, bool fault, u64 addr)
{
	if (!rt.calling)
		return false;
	if (fault && lendpage(addr))
		return true;
	rt.calling = false;
	iprint("runtime: the firmware trapped at pc=%#llx addr=%#llx\n", uregpc(u), fault ? addr : 0);
	memset(rt.fn, 0, sizeof rt.fn);
	gotolabel(&rt.out);
}

/* --- life -------------------------------------------------------------------------------------------- */

/* Addresses of services that lie in memory which the firmware keeps, and are said to work. */
static void
findservices(const BootKeep *k)
{
	static const u32 bit[NRt] = {HasGetTime, HasSetVirtual, HasReset};
	const BootRt *r = kaddr(k->rtmap.pa);
	u64 i, f;

	for (f = 0; f < NRt; f++)
		for (i = 0; i < k->rtmap.size / sizeof(BootRt); i++)
			if ((k->rtsupported & bit[f]) != 0 && k->rtfn[f] - pabits(r[i].pa) < r[i].size &&
			    (r[i].perm & PermX) != 0)
				rt.fn[f] = k->rtfn[f];
}

/* Tell the firmware its virtual addresses; it answers once in a boot [UEFI 2.10 8.4]. */
static bool
govirtual(const BootKeep *k)
{
	u64 status;

	if (rt.fn[RtSetVirtual] == 0 || k->rtdescbytes == 0 || !spacebuild(&rt.space, k, true))
		return false;
	rt.relocating = true;
	status = call(RtSetVirtual, k->rtdescbytes, k->fwmapstride, k->fwmapversion,
		      (u64)(uintptr)kaddr(k->rtdesc.pa));
	rt.relocating = false;
	spacedrop(&rt.space);
	if (status != 0)
		print("runtime: SetVirtualAddressMap status %#llx\n", status);
	return status == 0;
}

/*
 * Find the services and tell the firmware where it will be. After this all calls go to RTBASE addresses,
 * or to the old ones if the firmware would not move.
 */
void
runtimeinit(const BootKeep *k, Ledger *l)
{
	const char *mode = getconf("*runtime");
	bool moved = false;
	u32 i;

	if (mode != nil && strcmp(mode, "off") == 0)
		return;
	rt.ledger = l;
	rt.keep = k;
	findservices(k);
	if (mode == nil || strcmp(mode, "physical") != 0)
		moved = govirtual(k);
	for (i = 0; i < NRt && moved; i++)
		if (rt.fn[i] != 0)
			rt.fn[i] += RTBASE;
	rt.fn[RtSetVirtual] = 0;
	print("runtime: %s, %llu stretches, time %s, reset %s, boot memory touched %u pages\n",
	      moved ? "virtual" : "1:1", k->rtmap.size / sizeof(BootRt), rt.fn[RtGetTime] != 0 ? "yes" : "no",
	      rt.fn[RtReset] != 0 ? "yes" : "no", rt.touched);
}

/* --- services ---------------------------------------------------------------------------------------- */

typedef struct Rttime Rttime;
struct Rttime { /* EFI_TIME [UEFI 2.10 8.3] */
	u16 year;
	u8 month, day, hour, minute, second, pad;
	u32 ns;
	i16 zone; /* minutes that UTC is ahead; 2047: not said */
	u8 daylight, pad2;
};
_Static_assert(sizeof(Rttime) == 16, "EFI_TIME");

bool
runtimeseconds(u64 *s)
{
	enum { NoZone = 2047, ZoneMax = 1440 };
	Rttime t = {0};
	u64 caps[2];
	i64 zone;

	ilock(&rt.lock);
	bool ok = call(RtGetTime, (u64)(uintptr)&t, (u64)(uintptr)caps, 0, 0) == 0;
	iunlock(&rt.lock);
	if (!ok || t.year < 1970 || t.month - 1u > 11 || t.day - 1u > 30 || t.hour > 23 || t.minute > 59 ||
	    t.second > 59)
		return false;
	zone = t.zone == NoZone || t.zone > ZoneMax || t.zone < -ZoneMax ? 0 : t.zone;
	*s = datedays(t.year, t.month, t.day) * 86400 + t.hour * 3600u + t.minute * 60u + t.second;
	*s += (u64)(zone * 60);
	return true;
}

void
runtimereset(u32 how)
{
	if (rt.fn[RtReset] == 0)
		return;
	uartpolled();
	call(RtReset, how, 0, 0, 0);
	print("runtime: ResetSystem came back\n");
}
