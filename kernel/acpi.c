/*
 * acpi.c: the firmware's static tables: processors and interrupt controllers (MADT), power (FADT),
 * the sleep type for off (a byte scan of the DSDT, no interpreter). Second life and the host; pure:
 * memory comes through a function that may refuse. Each table must have its length inside what can be
 * read and a byte sum of 0, each record its length inside the table; what breaks a rule is left out
 * and counted. [ACPI 6.5 5.2]
 */
#include "acpi.h"
#include "lib.h"

typedef struct Src Src;
typedef struct Table Table;

struct Src {
	Acpi *a;
	const void *(*get)(Paddr pa, u64 n);
};

struct Table { /* a sound one: n bytes, header included */
	const u8 *p;
	u32 n;
};

enum {
	RsdpV1 = 20,
	RsdpV2 = 36,
	Header = 36,
	TableMax = 16 << 20, /* a longer one is a broken one */
	MadtHead = 44,
	MadtLapic = 0,
	MadtIoapic = 1,
	MadtOverride = 2,
	MadtLapicAddr = 5,
	MadtX2apic = 9,
	MadtGicc = 11,
	MadtGicd = 12,
	MadtGicr = 14,
	GtdtVirtual = 64,
	FadtArm = 129, /* boot flags of Arm machines */
	ArmPsci = 1,
	ArmHvc = 2,
	FadtMin = 116,	 /* what ACPI 1.0 has */
	FadtReset = 129, /* ends behind the reset value */
	FadtX = 244,	 /* ends behind the extended addresses */
	FadtFlagReset = 1 << 10,
	FadtFlagPm32 = 1 << 8,
	SpaceIo = 1,
	FpdtBasic = 0, /* record: where the boot's table is */
	FpdtBasicLen = 16,
	FbptHead = 8, /* "FBPT" and a length, no sum */
	FbptData = 2, /* record: the boot's times */
	FbptDataLen = 48,
};

/* The bytes of a table whose header is at pa; p nil if it breaks a rule. */
static Table
table(Src *s, u64 pa)
{
	Table none = {nil, 0};
	const u8 *p = pa == 0 ? nil : s->get(topaddr(pa), Header);
	u32 n;

	s->a->ntables++;
	n = p == nil ? 0 : le32(p + 4);
	if (n >= Header && n <= TableMax)
		p = s->get(topaddr(pa), n);
	if (n < Header || n > TableMax || p == nil || bytesum(p, n) != 0) {
		s->a->nbad++;
		return none;
	}
	return (Table){p, n};
}

static bool
is(const Table *t, const char *sig)
{
	return t->p != nil && memcmp(t->p, sig, 4) == 0;
}

static void
addcpu(Acpi *a, u32 id, u32 flags)
{
	if (a->ncpu == AcpiCpus)
		a->lost++;
	else
		a->cpu[a->ncpu++] = (AcpiCpu){id, flags};
}

static void
addioapic(Acpi *a, const u8 *r)
{
	if (a->nioapic == AcpiIoapics)
		a->lost++;
	else
		a->ioapic[a->nioapic++] = (AcpiIoapic){topaddr(le32(r + 4)), le32(r + 8), r[2]};
}

static void
addroute(Acpi *a, const u8 *r)
{
	if (a->nroute == AcpiRoutes)
		a->lost++;
	else
		a->route[a->nroute++] = (AcpiRoute){r[3], le32(r + 4), le16(r + 8)};
}

/* Arm's records [ACPI 6.5 5.2.12.14 and on]. */
static void
gicrecord(Acpi *a, const u8 *r, u32 n)
{
	if (r[0] == MadtGicc && n >= 40) {
		addcpu(a, le32(r + 8), le32(r + 12));
		a->gicc = topaddr(le64(r + 32));
	} else if (r[0] == MadtGicd && n >= 24) {
		a->gicd = topaddr(le64(r + 8));
	} else if (r[0] == MadtGicr && n >= 16 && pabits(a->gicr) == 0) {
		a->gicr = topaddr(le64(r + 4));
		a->gicrsize = le32(r + 12);
	}
}

/* One record of the MADT; n is its length, inside the table. */
static void
madtrecord(Acpi *a, const u8 *r, u32 n)
{
	if (r[0] >= MadtGicc)
		gicrecord(a, r, n);
	if (r[0] == MadtLapic && n >= 8)
		addcpu(a, r[3], le32(r + 4));
	else if (r[0] == MadtX2apic && n >= 16)
		addcpu(a, le32(r + 4), le32(r + 8));
	else if (r[0] == MadtIoapic && n >= 12)
		addioapic(a, r);
	else if (r[0] == MadtOverride && n >= 10)
		addroute(a, r);
	else if (r[0] == MadtLapicAddr && n >= 12)
		a->lapic = topaddr(le64(r + 4));
}

static void
madt(Acpi *a, const Table *t)
{
	u32 at, n;

	if (t->n < MadtHead) {
		a->nbad++;
		return;
	}
	a->madt = true;
	a->lapic = topaddr(le32(t->p + 36));
	a->pcat = le32(t->p + 40) & 1;
	for (at = MadtHead; at + 2 <= t->n; at += n) {
		n = t->p[at + 1];
		if (n < 2 || n > t->n - at) {
			a->nbad++;
			return;
		}
		madtrecord(a, t->p + at, n);
	}
}

/* Port of a register: the extended address if there is one in I/O space, else the old 32-bit port. */
static u16
reg(const Table *t, u32 old, u32 extended)
{
	u32 port = le32(t->p + old);

	if (t->n >= FadtX && t->p[extended] == SpaceIo && le64(t->p + extended + 4) != 0)
		port = le32(t->p + extended + 4);
	return port <= 0xffff ? (u16)port : 0;
}

/* Length of an AML package: one byte, or up to three more [ACPI 6.5 20.2.4]. Its own bytes. */
static u32
pkglength(u8 lead)
{
	return 1 + (lead >> 6);
}

/* A small integer of AML at p: its value and where it ends; nil if it is none. */
static const u8 *
amlbyte(const u8 *p, const u8 *end, u8 *v)
{
	enum { ZeroOp = 0, OneOp = 1, BytePrefix = 0x0a };

	if (p < end && (*p == ZeroOp || *p == OneOp)) {
		*v = *p;
		return p + 1;
	}
	if (end - p >= 2 && *p == BytePrefix) {
		*v = p[1];
		return p + 2;
	}
	return nil;
}

/* Name(_S5, Package(n){ a, b, ... }) at p, which is behind the name: the two sleep types. */
static bool
s5package(Acpi *a, const u8 *p, const u8 *end)
{
	enum { PackageOp = 0x12 };
	u8 ta, tb;

	if (end - p < 3 || *p != PackageOp)
		return false;
	p += 1 + pkglength(p[1]) + 1; /* operator, length, number of elements */
	p = p > end ? nil : amlbyte(p, end, &ta);
	if (p == nil || amlbyte(p, end, &tb) == nil)
		return false;
	a->s5a = ta & 7;
	a->s5b = tb & 7;
	return true;
}

static void
fadt(Src *s, const Table *t)
{
	Acpi *a = s->a;
	u64 pa;
	u32 flags;

	if (t->n < FadtMin) {
		a->nbad++;
		return;
	}
	a->fadt = true;
	flags = le32(t->p + 112);
	a->smicmd = (u16)le32(t->p + 48);
	a->acpienable = t->p[52];
	a->pm1a = reg(t, 64, 172);
	a->pm1b = reg(t, 68, 184);
	a->pmtimer = reg(t, 76, 208);
	a->pm32 = flags & FadtFlagPm32;
	if (t->n >= FadtReset && flags & FadtFlagReset) {
		a->hasreset = true;
		a->resetspace = t->p[116];
		a->resetaddr = le64(t->p + 120);
		a->resetvalue = t->p[128];
	}
	if (t->n >= FadtArm + 2) {
		a->psci = le16(t->p + FadtArm) & ArmPsci;
		a->psciviahvc = le16(t->p + FadtArm) & ArmHvc;
	}
	pa = t->n >= FadtX ? le64(t->p + 140) : 0;
	a->dsdt = topaddr(pa != 0 ? pa : le32(t->p + 40));
}

/* The firmware's table of the boot's times at pa: it has no sum, so its form is all the proof there is. */
static void
fbpt(Src *s, u64 pa)
{
	Acpi *a = s->a;
	const u8 *p = s->get(topaddr(pa), FbptHead), *r;
	u32 n = p != nil && memcmp(p, "FBPT", 4) == 0 ? le32(p + 4) : 0;

	if (n < FbptHead || n > TableMax || (p = s->get(topaddr(pa), n)) == nil) {
		a->nbad++;
		return;
	}
	for (u32 at = FbptHead; at + 4 <= n && p[at + 2] >= 4; at += p[at + 2]) {
		r = p + at;
		if (le16(r) != FbptData || r[2] < FbptDataLen || at + FbptDataLen > n)
			continue;
		a->fpdt = true;
		a->nsreset = le64(r + 8);
		a->nsload = le64(r + 16);
		a->nsstart = le64(r + 24);
		a->nsexit0 = le64(r + 32);
		a->nsexit1 = le64(r + 40);
	}
}

static void
fpdt(Src *s, const Table *t)
{
	for (u32 at = Header; at + 4 <= t->n && t->p[at + 2] >= 4; at += t->p[at + 2])
		if (le16(t->p + at) == FpdtBasic && t->p[at + 2] >= FpdtBasicLen && at + FpdtBasicLen <= t->n)
			fbpt(s, le64(t->p + at + 8));
}

/* The root table: addresses of 4 bytes (RSDT) or 8 (XSDT). */
static const char *
root(Src *s, u64 pa, u32 width)
{
	Table t = table(s, pa);

	if (!is(&t, width == 8 ? "XSDT" : "RSDT"))
		return "the root table is broken";
	s->a->ok = true;
	for (u32 at = Header; at + width <= t.n; at += width) {
		Table e = table(s, width == 8 ? le64(t.p + at) : le32(t.p + at));
		if (is(&e, "APIC") && !s->a->madt)
			madt(s->a, &e);
		if (is(&e, "FACP") && !s->a->fadt)
			fadt(s, &e);
		if (is(&e, "FPDT") && !s->a->fpdt)
			fpdt(s, &e);
		if (is(&e, "GTDT") && e.n >= GtdtVirtual + 4)
			s->a->vtimer = le32(e.p + GtdtVirtual);
	}
	return nil;
}

const char *
acpiparse(Acpi *a, Paddr rsdp, const void *(*get)(Paddr pa, u64 n))
{
	Src s = {a, get};
	const u8 *p;

	memset(a, 0, sizeof *a);
	p = pabits(rsdp) == 0 ? nil : get(rsdp, RsdpV1);
	if (p == nil)
		return "there is no RSDP";
	if (memcmp(p, "RSD PTR ", 8) != 0 || bytesum(p, RsdpV1) != 0)
		return "the RSDP is broken";
	a->revision = p[15];
	if (a->revision >= 2) {
		p = get(rsdp, RsdpV2);
		if (p == nil || bytesum(p, RsdpV2) != 0)
			return "the RSDP is broken";
		if (le64(p + 24) != 0 && root(&s, le64(p + 24), 8) == nil)
			return nil;
	}
	return root(&s, le32(p + 16), 4);
}

/* The usual scan: the name behind NameOp, with or without the root character. */
static void
dsdt(Acpi *a, const Table *t)
{
	enum { NameOp = 0x08 };
	const u8 *end = t->p + t->n;

	for (const u8 *p = t->p + Header; p + 4 <= end && !a->s5; p++) {
		bool named = p[-1] == NameOp || (p[-1] == '\\' && p[-2] == NameOp);
		if (named && memcmp(p, "_S5_", 4) == 0)
			a->s5 = s5package(a, p + 4, end);
	}
}

void
acpisleep(Acpi *a, const void *(*get)(Paddr pa, u64 n))
{
	Src s = {a, get};
	Table t = table(&s, pabits(a->dsdt));

	if (is(&t, "DSDT"))
		dsdt(a, &t);
}
