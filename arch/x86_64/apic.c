/*
 * apic.c: the local interrupt controller of this processor, by its page or by MSRs as firmware left
 * it (x2APIC cannot always be left), and its timer as a one-shot. Second life.
 * The timer's frequency is not waited for: apicinit() starts it counting, apiccalibrate() compares
 * what it and the cycle counter have counted by then. [SDM 3A 11.4, 11.5, 11.12]
 */
#include "machine/apic.h"

enum { /* registers: offsets in the page */
       Id = 0x20,
       Version = 0x30,
       Tpr = 0x80,
       Eoi = 0xb0,
       Spurious = 0xf0,
       Esr = 0x280,
       LvtTimer = 0x320,
       LvtThermal = 0x330,
       LvtPerf = 0x340,
       LvtLint0 = 0x350,
       LvtLint1 = 0x360,
       LvtError = 0x370,
       TimerInit = 0x380,
       TimerNow = 0x390,
       TimerDivide = 0x3e0,

       SpuriousOn = 0x100,
       Masked = 1 << 16,
       ModeNmi = 4 << 8,
       ModeExtint = 7 << 8,
       DivideBy1 = 0xb,
       PageSize = 4096,
       IdShift = 24,
       LvtsShift = 16, /* of Version: highest entry of the local vector table */
       LvtThermalNo = 5,
       LvtPerfNo = 4,
};

static struct {
	bool x2;
	volatile u8 *page;
	u64 hz;
	u64 start; /* cycle counter when the timer was started */
} apic;

static u32
rd(u32 r)
{
	return apic.x2 ? (u32)rdmsr(MsrX2apic + r / 16) : *(volatile u32 *)(apic.page + r);
}

static void
wr(u32 r, u32 v)
{
	if (apic.x2)
		wrmsr(MsrX2apic + r / 16, v);
	else
		*(volatile u32 *)(apic.page + r) = v;
}

u32
apicid(void)
{
	return apic.x2 ? rd(Id) : rd(Id) >> IdShift;
}

void
apiceoi(void)
{
	wr(Eoi, 0);
}

/* All local sources silent but the NMI pin. */
static void
mask(void)
{
	u32 last = rd(Version) >> LvtsShift & 0xff;

	wr(LvtTimer, Masked);
	wr(LvtLint0, Masked);
	wr(LvtLint1, ModeNmi);
	wr(LvtError, Masked);
	if (last >= LvtPerfNo)
		wr(LvtPerf, Masked);
	if (last >= LvtThermalNo)
		wr(LvtThermal, Masked);
}

void
apicinit(void)
{
	u64 base = rdmsr(MsrApicBase), pa = base & ~(u64)(PageSize - 1) & ((1ull << 52) - 1);

	apic.x2 = base & ApicBaseX2;
	if (!(base & ApicBaseOn))
		wrmsr(MsrApicBase, base | ApicBaseOn);
	if (!apic.x2) {
		apic.page = vmap(topaddr(pa), PageSize);
		if (apic.page == nil)
			panic("apicinit: no window for the local APIC at 0x%llx", pa);
	}
	mask();
	wr(Tpr, 0);
	wr(Esr, 0);
	wr(Spurious, SpuriousOn | VecSpurious);
	apiceoi();
	wr(TimerDivide, DivideBy1);
	apic.start = cycles();
	wr(TimerInit, ~0u);
	((Cpu *)machp()->port)->apicid = apicid();
	print("LAPIC: %08llx 0x%llx %s id %u\n", pa, (u64)(uintptr)apic.page, apic.x2 ? "x2apic" : "xapic",
	      apicid());
}

void
apiccalibrate(u64 cyclehz)
{
	u64 gone, counts;

	do { /* on a machine that is very fast to get here: some 20 microseconds are enough */
		gone = cycles() - apic.start;
		counts = ~0u - rd(TimerNow);
	} while (gone < cyclehz / 50000);
	apic.hz = muldiv(counts, cyclehz, gone);
	if (apic.hz == 0)
		panic("apiccalibrate: the timer of the local APIC does not count");
	wr(TimerInit, 0);
	wr(LvtTimer, VecTimer);
}

u64
apichz(void)
{
	return apic.hz;
}

void
apicarm(u32 count)
{
	wr(TimerInit, count);
}

void
apicextint(void)
{
	wr(LvtLint0, ModeExtint);
}
