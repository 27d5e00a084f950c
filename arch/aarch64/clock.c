/*
 * clock.c: time from the virtual counter, whose frequency the firmware has told; ticks and timeouts from
 * its timer. Both lives for nanosec(): it is 0 until someone knows the frequency. One Clk state; written at
 * boot, then only by this processor's interrupt. [ARM ARM D11]
 */
#include "machine/cpu.h"
#include "acpi.h"

enum { VirtualTimer = 27 }; /* private line by convention; GTDT may say otherwise [BSA 3.8] */
#define NS    1000000000ull
#define TICK  (NS / HZ)
#define NEVER (~0ull)

static struct {
	u64 start; /* counter at entry */
	u64 scale; /* nanoseconds of a count, 32 bits behind the point */
	u64 rate;  /* counts of a nanosecond, 32 bits behind the point */
	u64 tick;  /* nanosec() of the next tick */
	u64 want;  /* of the next timeout, NEVER: none */
	u64 armed; /* what the timer is set for */
} clk;

void
phaseclock(u64 tentry, u64 hz)
{
	clk.start = tentry;
	clk.scale = hz == 0 ? 0 : (NS << 32) / hz;
	clk.rate = (hz << 32) / NS;
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

/* Set the timer for the nearer of tick and timeout; interrupts off. One count later is never too early. */
static void
arm(void)
{
	u64 when = clk.tick < clk.want ? clk.tick : clk.want;

	clk.armed = when;
	put_cntv_cval_el0(clk.start + (u64)((unsigned __int128)when * clk.rate >> 32) + 1);
	put_cntv_ctl_el0(TimerOn);
	isb();
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
	u64 hz = get_cntfrq_el0();
	u32 line = acpi()->vtimer != 0 ? acpi()->vtimer : VirtualTimer;

	phaseclock(b->keep.tentry, hz);
	machp()->cyclehz = hz;
	print("cpu%u: counter %lluHz by the firmware, first life %lluHz, timer line %u\n", machp()->machno,
	      hz, b->keep.hz0, line);
	if (intrenable((int)line, interrupt, nil, "clock") < 0)
		panic("clockinit: no interrupt line %u", line);
	clk.want = NEVER;
	clk.tick = nanosec() + TICK;
	arm();
}

/* No clock of our own that runs on a battery. */
u64
rtcseconds(void)
{
	return 0;
}
