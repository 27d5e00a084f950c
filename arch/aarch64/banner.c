/*
 * banner.c: exception syndromes in words: classes, fault status codes with their levels. Both lives and
 * the host tests; pure: takes raw registers, any value of them, gives text. [ARM ARM D17.2.37]
 */
#include "machine/banner.h"
#include "machine/sysreg.h"
#include "lib.h"

const char *
excname(u64 ec)
{
	switch (ec) {
	case EcUnknown:
		return "invalid opcode";
	case EcFp:
		return "floating point access";
	case EcIllegal:
		return "illegal execution state";
	case EcSvc:
		return "system call";
	case EcWfx: /* what only the kernel may: the PC's word for it, in notes of both ports */
	case EcSysreg:
		return "general protection violation";
	case EcIabtUser:
	case EcIabt:
		return "instruction abort";
	case EcPcAlign:
		return "misaligned pc";
	case EcDabtUser:
	case EcDabt:
		return "data abort";
	case EcSpAlign:
		return "misaligned stack pointer";
	case EcFpExc:
		return "floating point exception";
	case EcSerror:
		return "system error";
	case EcBreakUser:
	case EcBreak:
	case EcStepUser:
	case EcStep:
	case EcWatchUser:
	case EcWatch:
		return "debug exception";
	case EcBrk:
		return "breakpoint";
	default:
		return "unknown exception";
	}
}

const char *
faultname(u32 fsc, int *level)
{
	static const char *const kinds[] = {"address size fault", "translation fault", "access flag fault",
					    "permission fault"};

	*level = -1;
	fsc &= EsrFsc;
	if (fsc < 16) {
		*level = (int)(fsc & 3);
		return kinds[fsc >> 2];
	}
	switch (fsc) {
	case 0x10:
		return "external abort";
	case 0x11:
		return "tag check fault";
	case 0x14:
	case 0x15:
	case 0x16:
	case 0x17:
		*level = (int)(fsc & 3);
		return "external abort on a table";
	case 0x18:
		return "parity error";
	case 0x21:
		return "alignment fault";
	case 0x30:
		return "conflict in the TLB";
	case 0x34:
		return "locked down";
	case 0x35:
		return "exclusive access not supported";
	default:
		return "unknown status";
	}
}

usize
faultbanner(const Banner *b, char *d, usize n)
{
	u32 ec = (u32)(b->esr >> EsrEcShift & 63), fsc = (u32)(b->esr & EsrFsc);
	bool fetch = ec == EcIabt || ec == EcIabtUser;
	const char *how = fetch ? "fetch" : b->esr & EsrWrite ? "write" : "read";
	char levels[16] = "";
	int level;
	const char *what = faultname(fsc, &level);

	if (level >= 0)
		snformat(levels, sizeof levels, ", level %d", level);
	return snformat(d, n,
			"trap: %s from EL%d: %s at 0x%llx pc 0x%llx\n"
			"trap: ESR=0x%llx class 0x%02x status 0x%02x: %s%s%s\n"
			"trap: SCTLR=0x%llx TCR=0x%llx TTBR0=0x%llx TTBR1=0x%llx up=%p\n",
			excname(ec), b->el, how, b->addr, b->pc, b->esr, ec, fsc, what, levels,
			b->esr & EsrFnv ? ", address not valid" : "", b->sctlr, b->tcr, b->ttbr0, b->ttbr1,
			b->proc);
}
