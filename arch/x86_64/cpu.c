/*
 * cpu.c: what this processor is and how it is set up: the audit of the state that firmware left
 * (first life, printed in the second), features, the bits that the kernel wants on, table loads.
 * Both lives. Pinned bits are written once and looked at again on each later setup.
 * [SDM 3A 2.5, 4.1, 11.12; SDM 2A CPUID]
 */
#include "machine/cpu.h"
#include "machine/pte.h"
#include "lib.h"

CpuFeat cpufeat;
u8 usersmap;

enum { /* words of BootKeep.audit */
       AuCr0,
       AuCr3,
       AuCr4,
       AuEfer,
       AuPat,
       AuApicBase,
       AuId1,	 /* CPUID 1: ecx << 32 | edx */
       AuId7,	 /* CPUID 7.0: ecx << 32 | ebx */
       AuIdExt,	 /* CPUID 80000001: ecx << 32 | edx */
       AuWidth,	 /* CPUID 80000008: eax */
       AuVendor, /* two words: ebx, edx | ecx */
       AuVendor2,
       AuSign, /* CPUID 1: eax */
       AuGdt,
       AuIdt,
       AuFlags,
};

enum { /* features: bits of CPUID's words [SDM 2A CPUID] */
       Id1EdxPge = 1 << 13,
       Id1EdxTsc = 1 << 4,
       Id1EdxApic = 1 << 9,
       Id1EdxFxsr = 1 << 24,
       Id1EdxSse2 = 1 << 26,
       Id1EcxX2apic = 1 << 21,
       Id1EcxXsave = 1 << 26,
       Id7EbxSmep = 1 << 7,
       Id7EbxSmap = 1 << 20,
       Id7EcxUmip = 1 << 2,
       Id7EcxLa57 = 1 << 16,
       IdExtNx = 1 << 20,
       IdExtPage1g = 1 << 26,
       IdExtLong = 1 << 29,
       IdExtSyscall = 1 << 11,
       XsaveOpt = 1 << 0,
};
#define Id1EcxHypervisor 0x80000000u
#define LeafExt		 0x80000000u

static u64
pair(u32 hi, u32 lo)
{
	return (u64)hi << 32 | lo;
}

static Cpuid
leaf(u32 n, u32 sub)
{
	Cpuid none = {0, 0, 0, 0};

	return cpuid(n & LeafExt, 0).a >= n ? cpuid(n, sub) : none;
}

/* The state that firmware left us, raw. Before the exit; changes nothing. */
void
cpuaudit(u64 audit[16])
{
	Cpuid v = cpuid(0, 0), id1 = leaf(1, 0), id7 = leaf(7, 0), ext = leaf(LeafExt + 1, 0);
	struct PACKED {
		u16 limit;
		u64 base;
	} gdt, idt;

	__asm__ volatile("sgdt %0" : "=m"(gdt));
	__asm__ volatile("sidt %0" : "=m"(idt));
	audit[AuCr0] = getcr0();
	audit[AuCr3] = getcr3();
	audit[AuCr4] = getcr4();
	audit[AuEfer] = rdmsr(MsrEfer);
	audit[AuPat] = rdmsr(MsrPat);
	audit[AuApicBase] = rdmsr(MsrApicBase);
	audit[AuId1] = pair(id1.c, id1.d);
	audit[AuId7] = pair(id7.c, id7.b);
	audit[AuIdExt] = pair(ext.c, ext.d);
	audit[AuWidth] = leaf(LeafExt + 8, 0).a;
	audit[AuVendor] = pair(v.d, v.b);
	audit[AuVendor2] = v.c;
	audit[AuSign] = id1.a;
	audit[AuGdt] = gdt.base;
	audit[AuIdt] = idt.base;
	audit[AuFlags] = readflags();
}

static const char *
yes(u64 word, u64 bit)
{
	return word & bit ? "yes" : "no";
}

void
cpuauditprint(const u64 audit[16])
{
	char vendor[13] = {0};

	memcpy(vendor, &audit[AuVendor], 8);
	memcpy(vendor + 8, &audit[AuVendor2], 4);
	print("cpu: entry CR0=0x%llx CR3=0x%llx CR4=0x%llx EFER=0x%llx flags=0x%llx\n", audit[AuCr0],
	      audit[AuCr3], audit[AuCr4], audit[AuEfer], audit[AuFlags]);
	print("cpu: entry PAT=0x%llx APIC_BASE=0x%llx GDT=0x%llx IDT=0x%llx\n", audit[AuPat],
	      audit[AuApicBase], audit[AuGdt], audit[AuIdt]);
	print("cpu: %s signature 0x%llx width %llu NX %s 1GiB %s SMEP %s SMAP %s UMIP %s x2APIC %s "
	      "XSAVE %s LA57 %s/%s\n",
	      vendor, audit[AuSign], audit[AuWidth] & 0xff, yes(audit[AuIdExt], IdExtNx),
	      yes(audit[AuIdExt], IdExtPage1g), yes(audit[AuId7], Id7EbxSmep), yes(audit[AuId7], Id7EbxSmap),
	      yes(audit[AuId7] >> 32, Id7EcxUmip), yes(audit[AuId1] >> 32, Id1EcxX2apic),
	      yes(audit[AuId1] >> 32, Id1EcxXsave), yes(audit[AuId7] >> 32, Id7EcxLa57),
	      audit[AuCr4] & Cr4La57 ? "on" : "off");
	if (!(audit[AuIdExt] & IdExtNx))
		print("cpu: no NX: data stays executable on this processor\n");
}

/* Its own name, without the blanks that pad it; else the vendor's. */
void
cpuname(char *d, usize n)
{
	char text[49] = {0}, *s = text;
	Cpuid v = cpuid(0, 0);

	memcpy(text, &v.b, 4);
	memcpy(text + 4, &v.d, 4);
	memcpy(text + 8, &v.c, 4);
	for (u32 i = 0; i < 3 && leaf(LeafExt + 4, 0).a != 0; i++) {
		v = cpuid(LeafExt + 2 + i, 0);
		memcpy(text + (usize)16 * i, &v, sizeof v);
	}
	while (*s == ' ')
		s++;
	strecpy(d, n, s);
}

const char *
cpurefuse(const u64 audit[16])
{
	if (audit[AuCr4] & Cr4La57)
		return "the processor runs with five levels of tables (LA57): switch it off in the firmware";
	if (!(audit[AuIdExt] & IdExtSyscall))
		return "the processor has no SYSCALL instruction";
	if (!(audit[AuId1] & Id1EdxFxsr) || !(audit[AuId1] & Id1EdxSse2))
		return "the processor has no SSE2";
	if (!(audit[AuId1] & Id1EdxApic))
		return "the processor has no local APIC";
	return nil;
}

/* True from the first instruction at KZERO on. */
bool
cpuhigh(void)
{
	return (u64)(uintptr)&cpufeat >= KZERO;
}

static void
features(CpuFeat *f)
{
	Cpuid id1 = leaf(1, 0), id7 = leaf(7, 0), ext = leaf(LeafExt + 1, 0);

	f->nx = ext.d & IdExtNx;
	f->pge = id1.d & Id1EdxPge;
	f->x2apic = id1.c & Id1EcxX2apic;
	f->hypervisor = id1.c & Id1EcxHypervisor;
	f->smep = id7.b & Id7EbxSmep;
	f->smap = id7.b & Id7EbxSmap;
	f->umip = id7.c & Id7EcxUmip;
	f->xsave = id1.c & Id1EcxXsave;
	f->xsaveopt = f->xsave && leaf(0xd, 1).a & XsaveOpt;
}

/* Bits that only our own tables bear: firmware's may have user bits in them. */
static u64
highbits(const CpuFeat *f)
{
	return (f->pge ? Cr4Pge : 0) | (f->smep ? Cr4Smep : 0) | (f->smap ? Cr4Smap : 0) |
	       (f->umip ? Cr4Umip : 0);
}

/*
 * The switches that tables, traps and floating point rely on. CR4 is written whole: what firmware
 * had on and we do not name (PKE, CET, PCID, TSD...) goes off.
 */
void
cpuinit0(void)
{
	u64 cr4 = Cr4De | Cr4Pae | Cr4Mce | Cr4Osfxsr | Cr4Osxmmexcpt;

	features(&cpufeat);
	if (cpufeat.xsave)
		cr4 |= Cr4Osxsave;
	if (cpuhigh())
		cr4 |= highbits(&cpufeat);
	putcr4(cr4);
	putcr0((getcr0() | Cr0Mp | Cr0Ne | (cpuhigh() ? Cr0Wp : 0)) & ~(u64)(Cr0Em | Cr0Ts));
	if (cpufeat.nx)
		wrmsr(MsrEfer, rdmsr(MsrEfer) | EferNxe);
	usersmap = cpuhigh() && cpufeat.smap;
	wrmsr(MsrPat, PATVALUE);
	fpuinit0();
}

void
mmuload(Paddr root)
{
	machp()->root = root;
	putcr3(pabits(root));
}

Paddr
mmuroot(void)
{
	return topaddr(getcr3() & ~(BY2PG - 1));
}

void
tlbflushva(u64 va)
{
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

/* Global entries go when PGE changes [SDM 3A 4.10.4.1]. */
void
tlbflushall(void)
{
	u64 cr4 = getcr4();

	if (cr4 & Cr4Pge) {
		putcr4(cr4 & ~Cr4Pge);
		putcr4(cr4);
	} else {
		putcr3(getcr3());
	}
}

/* Interrupts off on entry; STI takes effect behind HLT, so no wakeup falls between the two. */
void
idle(void)
{
	__asm__ volatile("sti; hlt" : : : "memory");
}

void
machhalt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt" : : : "memory");
}
