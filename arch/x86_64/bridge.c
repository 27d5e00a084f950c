/*
 * bridge.c: the bridge between the lives, as far as C can build it; enter.S goes over it.
 *
 * Last acts of the first life, after the exit, and bridgewindow() in both lives. The code in enter.S
 * lies within one page; the new tables map that page 1:1 until the kernel drops their lower half.
 */
#include "arch.h"
#include "machine/creg.h"

extern const u8 __ImageBase[]; /* the linker's name for the image's first byte, reached relative to RIP */

/*
 * Ready for the mover and for the new tables. Shadow stacks go first: with them on, clearing CR0.WP
 * faults. PCIDs and global pages go, so that loading CR3 leaves no translation of the firmware's
 * alive [SDM 3A 2.5, 4.10.4.1]. No-execute comes on where the processor has it.
 */
void
bridgeopen(void)
{
	PteFeat f;

	splhi();
	ptefeat(&f);
	putcr4(getcr4() & ~(u64)(Cr4Cet | Cr4Pcide | Cr4Pge));
	putcr0(getcr0() & ~(u64)Cr0Wp);
	if (f.nx)
		wrmsr(MsrEfer, rdmsr(MsrEfer) | EferNxe);
}

BootRun
bridgewindow(const BootKeep *k)
{
	u64 rva = (u64)(uintptr)bridgeenter - (u64)(uintptr)__ImageBase;

	return (BootRun){paadd(k->image.pa, rounddown(rva, BY2PG)), BY2PG};
}
