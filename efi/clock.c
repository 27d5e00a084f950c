/*
 * clock.c: what the firmware's time can tell us for nearly nothing.
 *
 * First life. Gives the parcel the cycle counter's frequency by two short stalls (the difference
 * cancels what a call costs), and one reading of the ACPI PM timer with the cycle counter beside it: a
 * second reading, a boot later, gives the frequency without any wait. Both may be absent.
 */
#include "guest.h"
#include "acpi1.h"

/* Microseconds: as short as 1% allows with a clock that ticks 3.58 times in one. */
enum {
	ShortStall = 10,
	LongStall = 210,
	Rounds = 4,
};

static u64
stallcycles(Guest *g, UINTN us)
{
	u64 t = cycles();

	g->bs->Stall(us);
	return cycles() - t;
}

/*
 * Frequency by the difference of two stalls; 0 if the counter or the stall is of no use. An interrupt, or a
 * call that runs the first time, makes one of them long: then they are repeated, a few times.
 */
static u64
stallhz(Guest *g)
{
	u64 a, b;
	u32 i;

	(void)stallcycles(g, 1);
	for (i = 0; i < Rounds; i++) {
		a = stallcycles(g, ShortStall);
		b = stallcycles(g, LongStall);
		if (b > 2 * a)
			return (b - a) * (1000000 / (LongStall - ShortStall));
	}
	return 0;
}

/* Bytes from pa on that the last map describes: what lies elsewhere must not be touched. */
static u64
described(Guest *g, u64 pa)
{
	const Range *r = ledgerfind(&g->plain, pa);

	return r == nil || r->kind == KMmio || r->kind == KBad ? 0 : r->end - pa;
}

/* A table's bytes if it is sound and at least `least` long, else nil. */
static const u8 *
sound(Guest *g, u64 pa, const char *sig, u32 least)
{
	const u8 *p = (const u8 *)(uintptr)pa;
	u64 reach = described(g, pa);

	if (pa == 0 || reach < SdtHead || memcmp(p, sig, 4) != 0 || le32(p + SdtLength) < least ||
	    le32(p + SdtLength) > reach || bytesum(p, le32(p + SdtLength)) != 0)
		return nil;
	return p;
}

/* The FADT through the XSDT, or through the RSDT of an old machine. */
static const u8 *
fadt(Guest *g, const u8 *rsdp)
{
	bool wide = rsdp[RsdpRevision] >= 2 && le64(rsdp + RsdpXsdt) != 0;
	u32 step = wide ? 8 : 4, i, len;
	const u8 *root = wide ? sound(g, le64(rsdp + RsdpXsdt), "XSDT", SdtHead)
			      : sound(g, le32(rsdp + RsdpRsdt), "RSDT", SdtHead);
	const u8 *p;

	if (root == nil)
		return nil;
	len = le32(root + SdtLength);
	for (i = SdtHead; i + step <= len; i += step) {
		p = sound(g, wide ? le64(root + i) : le32(root + i), "FACP", FadtBytes1);
		if (p != nil)
			return p;
	}
	return nil;
}

/* I/O port of the PM timer, 0 if there is none [ACPI 6.5 4.8.3.3]. */
static u32
pmtimerport(const u8 *f)
{
	const u8 *x = f + FadtXPmTimer;

	if (le32(f + SdtLength) >= FadtBytesX && x[0] == GasSystemIo && le64(x + GasAddress) != 0)
		return (u16)le64(x + GasAddress);
	return (u16)le32(f + FadtPmTimer);
}

/*
 * The PM timer's port and width into the parcel, and the first of two readings. After the exit, when the
 * last map tells which addresses may be touched.
 */
void
pmtimerfind(Guest *g)
{
	BootKeep *k = &g->boot->keep;
	const u8 *f = pabits(k->rsdp) == 0 ? nil : fadt(g, (const u8 *)(uintptr)pabits(k->rsdp));

	if (f == nil || !PORTPC)
		return;
	k->pmport = pmtimerport(f);
	if (k->pmport == 0)
		return;
	k->pmbits = (le32(f + FadtFlags) & FadtTimer32) != 0 ? 32 : 24;
	k->pm0 = pmtimer((u16)k->pmport);
	k->pmtick0 = cycles();
	print("efi: clock pmtimer port=%#x bits=%u\n", k->pmport, k->pmbits);
}

/* Fill in the parcel's clock members; never a reason to refuse. */
EFI_STATUS
clocktake(Guest *g)
{
	BootKeep *k = &g->boot->keep;

	k->hz0 = stallhz(g);
	phaseclock(k->tentry, k->hz0);
	print("efi: clock stall=%llu Hz\n", k->hz0);
	return EFI_SUCCESS;
}

/* Sixteen bytes that nobody can guess, from the firmware's generator or, failing that, from time. */
EFI_STATUS
cookietake(Guest *g)
{
	EFI_GUID guid = EFI_RNG_PROTOCOL_GUID;
	u8 *c = g->boot->keep.cookie;
	EFI_RNG_PROTOCOL *rng;
	u64 x;

	if (g->bs->LocateProtocol(&guid, nil, (void **)&rng) == EFI_SUCCESS &&
	    rng->GetRNG(rng, nil, sizeof g->boot->keep.cookie, c) == EFI_SUCCESS)
		return EFI_SUCCESS;
	for (u32 i = 0; i < sizeof g->boot->keep.cookie;
	     i++) { /* splitmix64's last rounds over the counter */
		x = cycles() + i;
		x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
		x = (x ^ x >> 27) * 0x94d049bb133111ebull;
		c[i] = (u8)(x >> 32);
	}
	return EFI_SUCCESS;
}
