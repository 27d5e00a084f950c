/*
 * gic.c: Arm's generic interrupt controllers, version 2 (memory) and 3 (system registers), as the MADT
 * names them. Second life: everything is masked and in group 1; intrenable() opens one line. Handlers are
 * entered once, at boot; interrupts off. Only this processor gets interrupts. [GIC IHI0048, IHI0069]
 */
#include "machine/cpu.h"
#include "acpi.h"
#include "lib.h"

enum { /* distributor, by word */
       DistCtl = 0x000,
       DistType = 0x004,
       DistGroup = 0x080,
       DistOn = 0x100,
       DistOff = 0x180,
       DistUnpend = 0x280,
       DistPrio = 0x400,
       DistTarget = 0x800,
       DistConfig = 0xc00,
       DistRoute = 0x6000,
       CtlOn = 1,
       CtlGroup1 = 2,
       CtlAffinity = 1 << 4,

       CpuCtl = 0x00, /* version 2's processor interface */
       CpuMask = 0x04,
       CpuAck = 0x0c,
       CpuEoi = 0x10,

       RedistWaker = 0x14, /* version 3's redistributor; its second page has the private lines */
       RedistType = 0x08,
       RedistPrivate = 0x10000,
       RedistStride = 0x20000,
       RedistStrideV4 = 0x40000,
       WakerSleep = 1 << 1,
       WakerAsleep = 1 << 2,
       TypeVirtual = 1 << 1,
       TypeLast = 1 << 4,

       DistSize = 0x10000,
       CpuSize = 0x2000,
       Private = 32, /* lines below are a processor's own */
       MaxLine = 1020,
       Spurious = 1020,
       Priority = 0xa0,
       MaskAll = 0xff,
       Patience = 1 << 20,
};
#define CtlBusy	 0x80000000u /* a write is on its way */
#define AFFINITY 0xff00ffffffull

typedef struct Handler Handler;
struct Handler {
	Intrfn *f;
	void *arg;
	const char *name;
	u64 count;
};

static struct {
	u32 version;
	u32 nlines;
	u8 *dist, *cpu, *redist; /* windows */
	Handler handler[MaxLine];
} gic;

static volatile u32 *
word(u8 *base, u32 off)
{
	return (volatile u32 *)(uintptr)(base + off);
}

static void
settle(void)
{
	for (u32 i = 0; i < Patience && *word(gic.dist, DistCtl) & CtlBusy; i++)
		continue;
}

/* All shared lines off, group 1, one priority, level triggered. */
static void
distinit(void)
{
	u32 type = *word(gic.dist, DistType);

	gic.nlines = 32 * ((type & 31) + 1);
	if (gic.nlines > MaxLine)
		gic.nlines = MaxLine;
	*word(gic.dist, DistCtl) = 0;
	settle();
	for (u32 i = Private; i < gic.nlines; i += 32) {
		*word(gic.dist, DistOff + i / 8) = ~0u;
		*word(gic.dist, DistUnpend + i / 8) = ~0u;
		if (gic.version == 3)
			*word(gic.dist, DistGroup + i / 8) = ~0u;
	}
	for (u32 i = Private; i < gic.nlines; i += 4)
		*word(gic.dist, DistPrio + i) = Priority * 0x01010101u;
}

static void
privateinit(u8 *base)
{
	*word(base, DistOff) = ~0u;
	*word(base, DistUnpend) = ~0u;
	if (gic.version == 3)
		*word(base, DistGroup) = ~0u;
	for (u32 i = 0; i < Private; i += 4)
		*word(base, DistPrio + i) = Priority * 0x01010101u;
}

/* This processor's redistributor: the one that carries its affinity. */
static u8 *
findredist(const Acpi *a)
{
	u64 me = get_mpidr_el1() & AFFINITY, want = (me & 0xffffff) | (me >> 32) << 24;
	u8 *base = vmap(a->gicr, a->gicrsize);
	u64 at, type;

	for (at = 0; base != nil && at + RedistStride <= a->gicrsize;
	     at += type & TypeVirtual ? RedistStrideV4 : RedistStride) {
		type = *(volatile u64 *)(uintptr)(base + at + RedistType);
		if (type >> 32 == want)
			return base + at;
		if (type & TypeLast)
			break;
	}
	return nil;
}

static bool
v3init(const Acpi *a)
{
	gic.redist = findredist(a);
	if (gic.redist == nil)
		return false;
	distinit();
	*word(gic.dist, DistCtl) = CtlAffinity | CtlGroup1 | CtlOn;
	settle();
	*word(gic.redist, RedistWaker) &= ~(u32)WakerSleep;
	for (u32 i = 0; i < Patience && *word(gic.redist, RedistWaker) & WakerAsleep; i++)
		continue;
	privateinit(gic.redist + RedistPrivate);
	__asm__ volatile("msr s3_0_c12_c12_5, %0\n\tisb\n\t" /* ICC_SRE_EL1 */
			 "msr s3_0_c4_c6_0, %1\n\t"	     /* ICC_PMR_EL1 */
			 "msr s3_0_c12_c12_3, xzr\n\t"	     /* ICC_BPR1_EL1 */
			 "msr s3_0_c12_c12_7, %2\n\tisb"     /* ICC_IGRPEN1_EL1 */
			 :
			 : "r"(7ull), "r"((u64)MaskAll), "r"(1ull)
			 : "memory");
	return true;
}

static bool
v2init(const Acpi *a)
{
	gic.cpu = vmap(a->gicc, CpuSize);
	if (gic.cpu == nil)
		return false;
	distinit();
	privateinit(gic.dist);
	for (u32 i = Private; i < gic.nlines; i += 4)
		*word(gic.dist, DistTarget + i) = 0x01010101;
	*word(gic.dist, DistCtl) = CtlOn;
	*word(gic.cpu, CpuMask) = MaskAll;
	*word(gic.cpu, CpuCtl) = CtlOn;
	return true;
}

void
gicinit(void)
{
	const Acpi *a = acpi();
	bool ok = false;

	if (pabits(a->gicd) == 0)
		panic("gic: the firmware's tables name no interrupt controller");
	gic.dist = vmap(a->gicd, DistSize);
	gic.version = pabits(a->gicr) != 0 ? 3 : 2;
	if (gic.dist != nil)
		ok = gic.version == 3 ? v3init(a) : v2init(a);
	if (!ok)
		panic("gic: version %u does not answer: distributor 0x%llx", gic.version, pabits(a->gicd));
	print("gic: version %u distributor 0x%llx lines %u\n", gic.version, pabits(a->gicd), gic.nlines);
}

/* Open a line: its own page for private ones, this processor for shared ones. */
bool
gicenable(u32 id, bool edge)
{
	u8 *base = gic.version == 3 && id < Private ? gic.redist + RedistPrivate : gic.dist;
	u32 shift = 2 * (id % 16) + 1;
	volatile u32 *config = word(base, DistConfig + id / 16 * 4);

	if (id >= gic.nlines)
		return false;
	if (id >= Private / 2) /* the first sixteen are always edges */
		*config = (*config & ~(1u << shift)) | (u32)edge << shift;
	if (gic.version == 3 && id >= Private)
		*(volatile u64 *)(uintptr)(gic.dist + DistRoute + (u64)id * 8) = get_mpidr_el1() & AFFINITY;
	*word(base, DistOn + id / 32 * 4) = 1u << id % 32;
	return true;
}

int
intrenable(int irq, Intrfn *f, void *arg, const char *name)
{
	if (irq < 0 || (u32)irq >= gic.nlines || gic.handler[irq].f != nil)
		return -1;
	gic.handler[irq] = (Handler){.f = f, .arg = arg, .name = name};
	return gicenable((u32)irq, false) ? 0 : -1;
}

static u32
acknowledge(void)
{
	u64 id;

	if (gic.version == 2)
		return *word(gic.cpu, CpuAck);
	__asm__ volatile("mrs %0, s3_0_c12_c12_0\n\tdsb sy" : "=r"(id) : : "memory"); /* ICC_IAR1_EL1 */
	return (u32)id;
}

static void
finish(u32 ack)
{
	if (gic.version == 2)
		*word(gic.cpu, CpuEoi) = ack;
	else
		__asm__ volatile("msr s3_0_c12_c12_1, %0\n\tisb" : : "r"((u64)ack) : "memory"); /* EOIR1 */
}

/* The interrupt at hand, to its handler; another process runs only behind trapexit(). */
void
gicinterrupt(Ureg *u)
{
	Mach *m = machp();
	u32 ack = acknowledge(), id = ack & 0x3ff;
	Handler *h = &gic.handler[id < MaxLine ? id : 0];

	m->intr++;
	if (id >= Spurious || h->f == nil) {
		m->spuriousintr++;
		if (id < Spurious)
			finish(ack);
		return;
	}
	h->count++;
	h->f(u, h->arg);
	finish(ack);
}
