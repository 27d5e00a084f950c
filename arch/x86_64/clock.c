/*
 * clock.c: time from the cycle counter, ticks and timeouts from the local APIC's one-shot timer, the
 * battery clock. Both lives for nanosec(): it is 0 until someone knows the counter's frequency.
 * The frequency comes from two readings of the ACPI timer, the first taken in the first life, so
 * that nobody waits. One Clk state; written at boot, then only by this processor's interrupt.
 * [ACPI 6.5 4.8.3.3; SDM 3A 10.5.4, 17.17]
 */
#include "machine/apic.h"
#include "machine/ports.h"
#include "lib.h"

enum {
	PmHz = 3579545,
	PmEnough = 1000, /* ticks between the readings: some 0.3 ms */
	PitHz = 1193182,
	PitMode = 0xb0, /* counter 2, both bytes, mode 0 */
	PitGate = 0x61,
	PitWait = 10, /* ms */
	CmosSec = 0x00,
	CmosMin = 0x02,
	CmosHour = 0x04,
	CmosDay = 0x07,
	CmosMonth = 0x08,
	CmosYear = 0x09,
	CmosStatA = 0x0a,
	CmosStatB = 0x0b,
	Updating = 0x80,
	Binary = 4,
	Hour24 = 2,
	Pm = 0x80,
};
#define NS    1000000000ull
#define TICK  (NS / HZ)
#define NEVER (~0ull)

static struct {
	u64 start; /* cycle counter at entry */
	u64 hz;
	u64 scale; /* nanoseconds of a cycle, 32 bits behind the point */
	u64 tick;  /* nanosec() of the next tick */
	u64 want;  /* of the next timeout, NEVER: none */
	u64 armed; /* what the timer is set for */
} clk;

void
phaseclock(u64 tentry, u64 hz)
{
	clk.start = tentry;
	clk.hz = hz;
	clk.scale = hz == 0 ? 0 : (NS << 32) / hz;
}

u64
cycles2ns(u64 c)
{
	return (u64)((unsigned __int128)c * clk.scale >> 32);
}

u64
nanosec(void)
{
	return cycles2ns(cycles() - clk.start);
}

/* Cycles a second by the ACPI timer since the first life looked at it; 0: there is none. */
static u64
bypmtimer(const BootKeep *k)
{
	u64 mask = k->pmbits == 32 ? 0xffffffff : 0xffffff, ticks, c;

	if (k->pmport == 0)
		return 0;
	do {
		c = cycles();
		ticks = (inl((u16)k->pmport) - k->pm0) & mask;
	} while (ticks < PmEnough && c - k->pmtick0 < ~0u); /* a timer that stands still ends it */
	if (ticks < PmEnough)
		return 0;
	return muldiv(c - k->pmtick0, PmHz, ticks);
}

/* The last resort waits: counter 2 of the old timer runs out once. */
static u64
bypit(void)
{
	u32 count = PitHz / 1000 * PitWait;
	u8 gate = inb(PitGate);
	u64 c, tries = 0;

	outb(PitGate, (u8)((gate & ~2u) | 1)); /* gate on, speaker off */
	outb(PortPitMode, PitMode);
	outb(PortPit0 + 2, (u8)count);
	outb(PortPit0 + 2, (u8)(count >> 8));
	c = cycles();
	while ((inb(PitGate) & 0x20) == 0 && ++tries < 10000000)
		continue;
	c = cycles() - c;
	outb(PitGate, gate);
	return c * 1000 / PitWait;
}

/* Set the timer for the nearer of tick and timeout; interrupts off. */
static void
arm(void)
{
	u64 when = clk.tick < clk.want ? clk.tick : clk.want, now = nanosec();
	u64 ns = when > now ? when - now : 0;
	u64 count = muldiv(ns, apichz(), NS) + 1;

	clk.armed = when;
	apicarm(count > ~0u ? ~0u : (u32)count);
}

static void
interrupt(Ureg *u, void *arg)
{
	u64 now = nanosec();

	(void)arg;
	if (now >= clk.want) {
		clk.want = NEVER;
		timercheck();
	}
	if (now >= clk.tick) {
		clk.tick += TICK;
		if (clk.tick <= now)
			clk.tick = now + TICK; /* late by more than a tick: do not run after them */
		hzclock(u);
	}
	arm();
}

void
clockarm(u64 when)
{
	u32 s = splhi();

	if (when < clk.want)
		clk.want = when;
	if (clk.want < clk.armed && clk.tick != 0)
		arm();
	splx(s);
}

void
clockinit(const Boot *b)
{
	const BootKeep *k = &b->keep;
	const char *by = "acpi timer";
	u64 hz = bypmtimer(k);

	if (hz == 0) {
		by = "firmware";
		hz = k->hz0;
	}
	if (hz == 0) {
		by = "8254";
		hz = bypit();
	}
	if (hz == 0)
		panic("clockinit: the cycle counter stands still");
	phaseclock(k->tentry, hz);
	machp()->cyclehz = hz;
	print("cpu%u: cycle counter %lluHz by %s, first life %lluHz\n", machp()->machno, hz, by, k->hz0);
	if (k->hz0 != 0 && (hz > k->hz0 ? hz - k->hz0 : k->hz0 - hz) > hz / 50)
		print("cpu%u: the two differ by more than 2 %%: %s is believed\n", machp()->machno, by);
	apiccalibrate(hz);
	print("cpu%u: lapic clock at %lluMHz\n", machp()->machno, (apichz() + 500000) / 1000000);
	trapenable(VecTimer, interrupt, nil, "clock");
	clk.want = NEVER;
	clk.tick = nanosec() + TICK;
	arm();
}

static u32
cmos(u8 r)
{
	outb(PortCmos, r);
	return inb(PortCmos + 1);
}

static u32
frombcd(u32 v, bool binary)
{
	return binary ? v : (v >> 4) * 10 + (v & 15);
}

u64
rtcseconds(void)
{
	u32 b = cmos(CmosStatB), raw, hour, min, sec, day, month, year;
	bool binary = b & Binary;

	for (u32 i = 0; i < 100000 && (cmos(CmosStatA) & Updating); i++)
		continue;
	sec = frombcd(cmos(CmosSec), binary);
	min = frombcd(cmos(CmosMin), binary);
	raw = cmos(CmosHour);
	hour = frombcd(raw & ~(u32)Pm, binary);
	if (!(b & Hour24))
		hour = hour % 12 + (raw & Pm ? 12 : 0);
	day = frombcd(cmos(CmosDay), binary);
	month = frombcd(cmos(CmosMonth), binary);
	year = 2000 + frombcd(cmos(CmosYear), binary);
	if (sec > 59 || min > 59 || hour > 23 || day < 1 || day > 31 || month < 1 || month > 12 ||
	    year > 2099)
		return 0;
	return datedays(year, month, day) * 86400 + (u64)hour * 3600 + min * 60 + sec;
}
