/*
 * cpu.c: what this processor is and how it is set up: the audit of the state that firmware left
 * (first life, printed in the second), the bits that the kernel wants on, table loads. Both lives.
 * Translation control, memory types and caches are set by the bridge; cpuinit0() sets them again at
 * KZERO to the same values, and the rest. [ARM ARM D8, D17]
 */
#include "machine/cpu.h"
#include "lib.h"

u8 userpan;

enum { /* words of BootKeep.audit */
       AuEl,
       AuSctlr,
       AuTcr,
       AuMair,
       AuTtbr0,
       AuHcr,
       AuMidr,
       AuMpidr,
       AuPfr0,
       AuMmfr0,
       AuMmfr1,
       AuCtr,
       AuFreq,
       AuVbar,
       AuDaif,
};

/* The state that firmware left us, raw. Before the exit; changes nothing. */
void
cpuaudit(u64 audit[16])
{
	bool el2 = currentel() == 2;

	audit[AuEl] = (u64)currentel();
	audit[AuSctlr] = el2 ? get_sctlr_el2() : get_sctlr_el1();
	audit[AuTcr] = el2 ? get_tcr_el2() : get_tcr_el1();
	audit[AuMair] = el2 ? get_mair_el2() : get_mair_el1();
	audit[AuTtbr0] = el2 ? get_ttbr0_el2() : get_ttbr0_el1();
	audit[AuHcr] = el2 ? get_hcr_el2() : 0;
	audit[AuVbar] = el2 ? get_vbar_el2() : get_vbar_el1();
	audit[AuMidr] = get_midr_el1();
	audit[AuMpidr] = get_mpidr_el1();
	audit[AuPfr0] = get_id_aa64pfr0_el1();
	audit[AuMmfr0] = get_id_aa64mmfr0_el1();
	audit[AuMmfr1] = get_id_aa64mmfr1_el1();
	audit[AuCtr] = get_ctr_el0();
	audit[AuFreq] = get_cntfrq_el0();
	audit[AuDaif] = readdaif();
}

void
cpuauditprint(const u64 audit[16])
{
	PteFeat f;

	ptefeat(&f);
	print("cpu: entry EL%llu SCTLR=0x%llx TCR=0x%llx MAIR=0x%llx TTBR0=0x%llx VBAR=0x%llx DAIF=0x%llx\n",
	      audit[AuEl], audit[AuSctlr], audit[AuTcr], audit[AuMair], audit[AuTtbr0], audit[AuVbar],
	      audit[AuDaif]);
	print("cpu: entry MMU %s caches %s HCR=0x%llx\n", audit[AuSctlr] & SctlrM ? "on" : "off",
	      audit[AuSctlr] & SctlrC ? "on" : "off", audit[AuHcr]);
	print("cpu: MIDR=0x%llx MPIDR=0x%llx width %u ASID %s PAN %s GIC registers %s counter %lluHz\n",
	      audit[AuMidr], audit[AuMpidr], f.pabits,
	      idfield(audit[AuMmfr0], Mmfr0AsidBits) != 0 ? "16" : "8",
	      idfield(audit[AuMmfr1], Mmfr1Pan) != 0 ? "yes" : "no",
	      idfield(audit[AuPfr0], Pfr0Gic) != 0 ? "yes" : "no", audit[AuFreq]);
}

/* Processors by implementer and part number [ARM ARM D17.2.102, Arm's technical manuals]. */
void
cpuname(char *d, usize n)
{
	static const struct {
		u32 part;
		const char *name;
	} arm[] = {{0xd03, "Cortex-A53"},  {0xd04, "Cortex-A35"}, {0xd05, "Cortex-A55"},
		   {0xd07, "Cortex-A57"},  {0xd08, "Cortex-A72"}, {0xd09, "Cortex-A73"},
		   {0xd0a, "Cortex-A75"},  {0xd0b, "Cortex-A76"}, {0xd0c, "Neoverse-N1"},
		   {0xd40, "Neoverse-V1"}, {0xd41, "Cortex-A78"}};
	u64 id = get_midr_el1();
	u32 part = (u32)(id >> 4 & 0xfff);

	for (u32 i = 0; i < nelem(arm) && id >> 24 == 'A'; i++)
		if (arm[i].part == part) {
			strecpy(d, n, arm[i].name);
			return;
		}
	snformat(d, n, "aarch64 %02llx-%03x", id >> 24, part);
}

const char *
cpurefuse(const u64 audit[16])
{
	if (audit[AuEl] != 1 && audit[AuEl] != 2)
		return "the firmware runs us at neither EL1 nor EL2";
	if (audit[AuEl] == 2 && audit[AuHcr] & HCRE2H)
		return "the firmware runs EL2 as a host (HCR_EL2.E2H)";
	if (idfield(audit[AuMmfr0], Mmfr0Tgran4) == IdNone)
		return "the processor has no pages of 4 KiB";
	if (idfield(audit[AuPfr0], Pfr0Fp) == IdNone || idfield(audit[AuPfr0], Pfr0Simd) == IdNone)
		return "the processor has no floating point";
	if (audit[AuFreq] == 0)
		return "the firmware has not told the counter's frequency (CNTFRQ_EL0)";
	return nil;
}

/* True from the first instruction at KZERO on. */
bool
cpuhigh(void)
{
	return (u64)(uintptr)&userpan >= KZERO;
}

static bool
haspan(void)
{
	return idfield(get_id_aa64mmfr1_el1(), Mmfr1Pan) != 0;
}

/* Two halves of 47 bits, 4 KiB granules, the physical width that the processor has. */
u64
tcrvalue(void)
{
	u64 width = idfield(get_id_aa64mmfr0_el1(), Mmfr0PaRange);

	return TCRVALUE | (width < TcrIpsMax ? width : TcrIpsMax) << TcrIpsShift;
}

/* Stacks of programs are aligned to 8, as Plan 9's are (no SA0). MMU and caches on; what can be written
 * cannot be executed, whatever the entry says. */
u64
sctlrvalue(void)
{
	u64 v = SctlrM | SctlrC | SctlrI | SctlrSa | SctlrWxn | SctlrDze | SctlrUct | SctlrUci | SctlrEos |
		SctlrEis | SctlrTscxt | SctlrNtlsmd | SctlrLsmaoe;

	return haspan() ? v : v | SctlrSpan;
}

static Cpu cpu0;

/* The switches that tables, traps and floating point rely on, as far as this life bears them. */
void
cpuinit0(void)
{
	Mach *m = &cpu0.mach;

	m->self = m;
	m->port = &cpu0;
	cpu0.mpidr = get_mpidr_el1();
	put_tpidr_el1((u64)(uintptr)m);
	if (currentel() == 2) {
		put_vbar_el2((u64)(uintptr)vectors);
		isb();
		return;
	}
	put_vbar_el1((u64)(uintptr)vectors);
	if (cpuhigh()) {
		put_sctlr_el1(sctlrvalue());
		put_cntkctl_el1(KctlVct);
		put_cpacr_el1(FpenNone);
		userpan = haspan();
		if (userpan)
			__asm__ volatile(".inst 0xd500419f" : : : "memory"); /* msr pan, #1 */
	}
	isb();
}

/*
 * One root serves both halves. Entries of users are those of ASID 0, which is emptied; the kernel's are
 * global and stay.
 */
void
mmuload(Paddr root)
{
	machp()->root = root;
	ptesync();
	put_ttbr0_el1(pabits(root));
	put_ttbr1_el1(pabits(root) + TTBR1OFFSET);
	__asm__ volatile("isb\n\ttlbi aside1, xzr\n\tdsb nsh\n\tisb" : : : "memory");
}

Paddr
mmuroot(void)
{
	return topaddr(get_ttbr0_el1() & 0x0000fffffffff000ull);
}

void
tlbflushva(u64 va)
{
	__asm__ volatile("dsb ishst\n\ttlbi vaae1, %0\n\tdsb nsh\n\tisb" : : "r"(va << 8 >> 20) : "memory");
}

void
tlbflushall(void)
{
	__asm__ volatile("dsb ishst\n\ttlbi vmalle1\n\tdsb nsh\n\tisb" : : : "memory");
}

/* Data to the point of unification, then the instruction caches forget what they had. */
void
textsync(const void *p, usize n)
{
	u64 ctr = get_ctr_el0(), line = 4ull << (ctr >> 16 & 15), iline = 4ull << (ctr & 15);
	u64 start = (u64)(uintptr)p, end = start + n;

	for (u64 a = rounddown(start, line); a < end; a += line)
		__asm__ volatile("dc cvau, %0" : : "r"(a) : "memory");
	__asm__ volatile("dsb ish" : : : "memory");
	for (u64 a = rounddown(start, iline); a < end; a += iline)
		__asm__ volatile("ic ivau, %0" : : "r"(a) : "memory");
	__asm__ volatile("dsb ish\n\tisb" : : : "memory");
}

/* Interrupts off on entry: a pending one ends the wait all the same, so no wakeup falls in between. */
void
idle(void)
{
	__asm__ volatile("dsb sy\n\twfi" : : : "memory");
	spllo();
}

void
machhalt(void)
{
	for (;;)
		__asm__ volatile("msr daifset, #15\n\twfi" : : : "memory");
}
