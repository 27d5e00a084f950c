/*
 * power.c: off and reset by PSCI, the firmware below us. Second life (reset also from a panic). Both
 * return if there is none. The FADT says whether it listens to HVC or SMC. [PSCI DEN0022 5; ACPI 6.5 5.2.9.4]
 */
#include "machine/cpu.h"
#include "acpi.h"

#define PsciOff	  0x84000008ull
#define PsciReset 0x84000009ull

static void
psci(u64 function)
{
	register u64 x0 __asm__("x0") = function;

	if (!acpi()->psci)
		return;
	if (acpi()->psciviahvc)
		__asm__ volatile("hvc #0" : "+r"(x0) : : "x1", "x2", "x3", "memory");
	else
		__asm__ volatile("smc #0" : "+r"(x0) : : "x1", "x2", "x3", "memory");
}

void
machpoweroff(void)
{
	(void)splhi();
	uartpolled();
	psci(PsciOff);
}

void
machreset(void)
{
	(void)splhi();
	uartpolled();
	psci(PsciReset);
}
