/*
 * prio.c: the arithmetic of priorities: how much of a processor a process has had of late, and what
 * priority that leaves it. Pure; the scheduler and the host tests use the same numbers.
 *
 * A share is in units of 1/CpuUnit of a processor. It moves towards all (running) or nothing (not running)
 * with a time constant of Schedgain seconds.
 */
#include "dat.h"

enum { Schedgain = 30, Window = Schedgain * HZ };

/* The share after n more ticks spent running, or not. */
u32
cpushare(u32 cpu, u64 n, bool running)
{
	u64 d;

	if (n >= Window)
		return running ? CpuUnit : 0;
	if (!running)
		return (u32)(cpu - cpu * n / Window);
	d = cpu >= CpuUnit ? 0 : CpuUnit - cpu;
	return (u32)(cpu + d * n / Window);
}

/*
 * Priority of a process with this share when `load` processes want nproc processors: base as long as it takes
 * less than its fair share by that factor, less when it takes more; never above base.
 */
u32
cpupriority(u32 cpu, u32 base, u32 load, u32 nproc)
{
	u64 fair, ratio;

	if (load < nproc)
		load = nproc;
	fair = (u64)CpuUnit * nproc / load;
	if (cpu == 0)
		return base;
	ratio = (fair + cpu / 2) / cpu;
	return ratio < base ? (u32)ratio : base;
}
