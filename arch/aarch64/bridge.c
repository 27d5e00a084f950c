/*
 * bridge.c: the bridge between the lives, as far as C can build it; enter.S goes over it.
 *
 * Last acts of the first life, after the exit, and bridgewindow() in both lives. The code in enter.S
 * lies within one page; the new tables map that page 1:1 until the kernel drops their lower half.
 * Firmware runs us at EL1 or EL2; the kernel always runs at EL1: from EL2 the step down is the switch.
 */
#include "machine/cpu.h"

/* enter.S: registers are loaded in the order of the arguments; never back. */
NORETURN void bridgecross(Paddr root, u64 kmainva, u64 stacktop, u64 parcelva, u64 tcr, u64 mair, u64 sctlr);

/* The firmware's tables let us write our constants: nothing to open but the interrupts' door. */
void
bridgeopen(void)
{
	splhi();
}

void
bridgeenter(Paddr root, u64 kmainva, u64 stacktop, u64 parcelva)
{
	bridgecross(root, kmainva, stacktop, parcelva, tcrvalue(), MAIRVALUE, sctlrvalue());
}

BootRun
bridgewindow(const BootKeep *k)
{
	u64 rva = (u64)(uintptr)bridgecross - (u64)(uintptr)__ImageBase;

	return (BootRun){paadd(k->image.pa, rounddown(rva, BY2PG)), BY2PG};
}
