/*
 * facts.c: what a log tells beside the map: firmware's name, e820 lines, addresses of tables, devices'
 * windows, memory types; and what these say of the ledger. Host, efimap.
 * Takes lines; keeps each fact with the line it stood in. Memory is bounded: what finds no room is counted.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "efimap.h"

enum { MaxFacts = 8192 };

static void
fact(Facts *f, Want want, u64 start, u64 end, u64 line, const char *what)
{
	if (f->nclaim == f->capclaim) {
		if (f->capclaim >= MaxFacts) {
			f->more++;
			return;
		}
		f->capclaim = f->capclaim ? 2 * f->capclaim : 64;
		f->claim = realloc(f->claim, f->capclaim * sizeof(Claim));
	}
	Claim *c = &f->claim[f->nclaim++];
	*c = (Claim){.start = start, .end = end, .want = want, .line = line};
	snprintf(c->what, sizeof(c->what), "%s", what);
}

void
factsfree(Facts *f)
{
	free(f->claim);
	free(f->e820);
	*f = (Facts){0};
}

/* --- one kind of line each
 * ------------------------------------------------------------------------------------ */

/* "0x1000-0x1fff" behind p: the end as written. */
static bool
hexpair(const char *p, u64 *a, u64 *b)
{
	char *e;
	*a = strtoull(p, &e, 16);
	if (e == p)
		return false;
	p = e + strspn(e, " ");
	if (*p++ != '-')
		return false;
	p += strspn(p, " ");
	*b = strtoull(p, &e, 16);
	return e != p;
}

/* "BIOS-e820: [mem 0x0-0xfff] usable" or, before 3.5, "BIOS-e820: 0000 - 1000 (usable)". */
static void
e820line(Facts *f, const char *p)
{
	u64 a, b;
	const char *type;
	p += strspn(p, " ");
	bool mem = strncmp(p, "[mem ", 5) == 0;
	if (!hexpair(mem ? p + 5 : p, &a, &b) || (type = strchr(p, mem ? ']' : '(')) == nil)
		return;
	type += strspn(type, "]( ");
	if (f->ne820 == f->cape820) {
		if (f->cape820 >= MaxFacts) {
			f->more++;
			return;
		}
		f->cape820 = f->cape820 ? 2 * f->cape820 : 64;
		f->e820 = realloc(f->e820, f->cape820 * sizeof(E820));
	}
	E820 *e = &f->e820[f->ne820++];
	*e = (E820){.start = a, .end = mem ? b + 1 : b};
	snprintf(e->type, sizeof(e->type), "%.*s", (int)strcspn(type, ")"), type);
}

/* "efi:  ACPI=0x... ACPI 2.0=0x... SMBIOS=0x..." */
static void
tablesline(Facts *f, const char *p, u64 line)
{
	static const char *const names[] = {"ACPI 2.0",	  "ACPI",   "SMBIOS 3.0", "SMBIOS",	 "MPS",
					    "MEMATTR",	  "ESRT",   "RTPROP",	  "TPMEventLog", "RNG",
					    "MEMRESERVE", "INITRD", "MOKvar"};
	for (; (p = strchr(p, '=')) != nil; p++) {
		if (strncmp(p, "=0x", 3) != 0)
			continue;
		for (usize i = 0; i < nelem(names); i++) {
			usize n = strlen(names[i]);
			if (strncmp(p - n, names[i], n) != 0)
				continue;
			u64 a = strtoull(p + 1, nil, 16);
			fact(f, WantTable, a, a + 1, line, names[i]);
			break;
		}
	}
}

static void
window(Facts *f, const char *s, Want want, u64 line, const char *what)
{
	u64 a, b;
	const char *p = strstr(s, "[mem ");
	if (p != nil && hexpair(p + 5, &a, &b) && b >= a && b != ~0ull)
		fact(f, want, a, b + 1, line, what);
}

/* "pci 0000:00:02.0: reg 0x10: [mem ...]" and, since 6.7, "... BAR 0 [mem ...]". */
static void
pciline(Facts *f, const char *s, const char *pci, u64 line)
{
	char what[56];
	if (strstr(s, "root bus resource") != nil || strstr(s, "bridge window") != nil)
		return; /* windows that are handed out, not used */
	if (strstr(s, " reg 0x") == nil && strstr(s, " BAR ") == nil)
		return;
	if (strstr(s, "disabled") != nil || strstr(s, "can't") != nil || strstr(s, "assign") != nil)
		return; /* not where the firmware left it */
	snprintf(what, sizeof(what), "PCI BAR of %.12s", pci + 4);
	window(f, s, WantNotRam, line, what);
}

static void
mtrrline(Facts *f, const char *s)
{
	u64 base, mask;
	char *e;
	const char *p = strstr(s, " base ");
	if (f->nmtrr == nelem(f->mtrr) || p == nil)
		return;
	base = strtoull(p + 6, &e, 16);
	if (strncmp(e, " mask ", 6) != 0)
		return;
	mask = strtoull(e + 6, &e, 16);
	if (mask == 0)
		return;
	struct Mtrr *m = &f->mtrr[f->nmtrr++];
	m->base = base;
	m->size = mask & -mask; /* masks are contiguous from here up [SDM 3A 12.11.2.3] */
	snprintf(m->type, sizeof(m->type), "%.*s", (int)sizeof(m->type) - 1, e + strspn(e, " "));
}

static void
efiline(Facts *f, const char *p, u64 line)
{
	const char *v = p + strspn(p, " ");
	usize name = strcspn(v, "="), blank = strcspn(v, " ");
	if (strncmp(v, "EFI v", 5) == 0 || strncmp(v, "UEFI v", 6) == 0)
		snprintf(f->firmware, sizeof(f->firmware), "%s", v);
	else if (isupper((u8)*v) && name < 16 &&
		 (blank > name || strncmp(v, "ACPI", 4) == 0 || strncmp(v, "SMBIOS", 6) == 0))
		tablesline(f, p, line);
}

static void
archline(Facts *f, const char *s)
{
	if (*s == '#' || strstr(s, "Linux version ") != nil || strstr(s, "Machine model:") != nil)
		f->arm |= strstr(s, "aarch64") != nil || strstr(s, "arm64") != nil;
}

void
factsline(Facts *f, const char *s, u64 line)
{
	const char *p;
	if ((p = strstr(s, "BIOS-e820:")) != nil)
		e820line(f, p + 10);
	else if ((p = strstr(s, "efi:")) != nil || (p = strstr(s, "EFI:")) != nil)
		efiline(f, p + 4, line);
	else if (strncmp(s, "EFI v", 5) == 0)
		efiline(f, s, line);
	else if ((p = strstr(s, "framebuffer at 0x")) != nil) {
		u64 a = strtoull(p + 15, nil, 16);
		fact(f, WantNotRam, a, a + BY2PG, line, "framebuffer");
	} else if (strstr(s, "MMCONFIG for domain") != nil || strstr(s, "PCI: ECAM") != nil)
		window(f, s, WantNotRam, line, "PCI configuration space (MCFG)");
	else if (strstr(s, "SRAT: Node") != nil)
		window(f, s, WantRam, line, "memory of a node (SRAT)");
	else if (strstr(s, " mask ") != nil)
		mtrrline(f, s);
	else if ((p = strstr(s, "MTRR default type:")) != nil)
		snprintf(f->mtrrdefault, sizeof(f->mtrrdefault), "%.31s", p + 19);
	else if ((p = strstr(s, "pci 0000:")) != nil)
		pciline(f, s, p, line);
	archline(f, s);
}

/* --- what they say of the ledger
 * ------------------------------------------------------------------------------- */

static bool
ours(Kind k)
{
	return k == KFree || k == KBoot || k == KLoader || k == KLow;
}

typedef struct Judge Judge;
struct Judge {
	Map *m;
	Judgefn *f;
	void *aux;
	char words[320];
};
#define judged(j, grade, ...)                                                                                \
	(snprintf((j)->words, sizeof((j)->words), __VA_ARGS__), (j)->f((j)->aux, grade, (j)->words))

/* Where the claim's bytes lie: the class at its start, and the bytes of it that are memory for an OS. */
static u64
memorywithin(Ledger *l, u64 start, u64 end)
{
	u64 sum = 0;
	for (i32 i = ledgernext(l, start, NKIND); i >= 0 && (u32)i < l->n && l->r[i].start < end; i++) {
		u64 a = l->r[i].start > start ? l->r[i].start : start;
		u64 b = l->r[i].end < end ? l->r[i].end : end;
		sum += ours((Kind)l->r[i].kind) ? b - a : 0;
	}
	return sum;
}

/* A table in free memory is lost; in the firmware's or loader's memory it lasts until an OS takes that. */
static void
judgetable(Judge *j, const Claim *c, const Range *r)
{
	const char *class = r != nil ? kindword((Kind)r->kind) : "undescribed", *grade = "ok", *more = "";
	if (r != nil && (r->kind == KFree || r->kind == KLow)) {
		grade = "BAD";
		more = ", which an operating system will overwrite";
	} else if (r != nil && (r->kind == KBoot || r->kind == KLoader)) {
		grade = "note";
		more = ": an operating system must copy or keep it before it reuses that";
	}
	judged(j, grade, "%s at 0x%llx lies in %s memory%s", c->what, c->start, class, more);
}

static void
judgeclaim(Judge *j, const Claim *c)
{
	char h[24];
	const Range *r = ledgerfind(&j->m->l, c->start);
	const char *class = r != nil ? kindword((Kind)r->kind) : "undescribed";
	u64 memory = memorywithin(&j->m->l, c->start, c->end);
	switch (c->want) {
	case WantTable:
		judgetable(j, c, r);
		break;
	case WantNotRam:
		judged(j, memory > 0 ? "BAD" : "ok", "%s [0x%llx, 0x%llx) begins in %s space%s%s", c->what,
		       c->start, c->end, class, memory > 0 ? " and overlaps memory by " : "",
		       memory > 0 ? human(memory, h) : "");
		break;
	case WantRam:
		judged(j, "ok", "%s [0x%llx, 0x%llx): %s of it is memory", c->what, c->start, c->end,
		       human(memory, h));
		break;
	}
}

/* Memory of an OS outside every node of the SRAT has no node: Linux drops it or guesses. */
static void
judgesrat(Judge *j)
{
	char h[24];
	u64 within = 0, all = 0, srat = 0;
	for (u32 i = 0; i < j->m->facts.nclaim; i++) {
		const Claim *c = &j->m->facts.claim[i];
		if (c->want == WantRam) {
			srat++;
			within += memorywithin(&j->m->l, c->start, c->end);
		}
	}
	all = memorywithin(&j->m->l, 0, ~0ull);
	if (srat > 0 && within < all)
		judged(j, "note", "%s of memory lies in no node of the SRAT", human(all - within, h));
}

static void
judgemtrr(Judge *j)
{
	char h[24];
	const Facts *f = &j->m->facts;
	for (u32 i = 0; i < f->nmtrr; i++) {
		u64 end = f->mtrr[i].base + f->mtrr[i].size;
		if (strncmp(f->mtrr[i].type, "uncachable", 10) != 0)
			continue;
		u64 memory = memorywithin(&j->m->l, f->mtrr[i].base, end);
		judged(j, memory > 0 ? "BAD" : "ok",
		       "MTRR [0x%llx, 0x%llx) is uncachable: %s of it is described as memory",
		       f->mtrr[i].base, end, human(memory, h));
	}
}

/* --- e820
 * -------------------------------------------------------------------------------------------------------- */

/* What Linux made of our class, in e820's words; nil: nothing is described. */
static const char *
linuxword(const Range *r)
{
	if (r == nil)
		return "nothing";
	switch ((Kind)r->kind) {
	case KFree:
	case KBoot:
	case KLoader:
	case KLow:
		return "usable";
	case KAcpi:
		return "ACPI data";
	case KNvs:
		return "ACPI NVS";
	case KBad:
		return "unusable";
	case KPersistent:
		return "persistent (type 7)";
	case KSpecial:
		return "soft reserved";
	default:
		return r->why ? "usable" : "reserved"; /* Linux takes page zero and the hole later */
	}
}

static const E820 *
e820at(const Facts *f, u64 addr)
{
	const E820 *hit = nil;
	for (u32 i = 0; i < f->ne820; i++)
		if (f->e820[i].start <= addr && addr < f->e820[i].end)
			hit = &f->e820[i];
	return hit;
}

/* The next address above addr at which either list changes. */
static u64
nextedge(Map *m, u64 addr)
{
	u64 edge = ~0ull;
	for (u32 i = 0; i < m->facts.ne820; i++) {
		const E820 *e = &m->facts.e820[i];
		if (e->start > addr && e->start < edge)
			edge = e->start;
		if (e->end > addr && e->end < edge)
			edge = e->end;
	}
	i32 i = ledgernext(&m->l, addr, NKIND);
	if (i >= 0) {
		const Range *r = &m->l.r[i];
		u64 e = r->start > addr ? r->start : r->end;
		edge = e < edge ? e : edge;
	}
	return edge;
}

static bool
usable(const E820 *e)
{
	return e != nil && strcmp(e->type, "usable") == 0;
}

/* Bytes that Linux calls usable, and of those what our classes call memory; each difference told once. */
static void
judgee820(Judge *j)
{
	Facts *f = &j->m->facts;
	char h[24], g[24];
	u64 theirs = 0, diffs = 0, agreed = 0;
	if (f->ne820 == 0)
		return;
	for (u64 a = 0, b; (b = nextedge(j->m, a)) != ~0ull; a = b) {
		const E820 *e = e820at(f, a);
		const Range *r = ledgerfind(&j->m->l, a);
		bool mine = r != nil && (ours((Kind)r->kind) || r->why != 0);
		theirs += usable(e) ? b - a : 0;
		agreed += usable(e) && mine ? b - a : 0;
		if (usable(e) == mine)
			continue;
		diffs++;
		judged(j, "note", "[0x%llx, 0x%llx) %s: e820 says %s, the map gives %s%s%s", a, b,
		       human(b - a, h), e != nil ? e->type : "nothing", linuxword(r),
		       r != nil ? " of class " : "", r != nil ? kindword((Kind)r->kind) : "");
	}
	u64 ram = memorywithin(&j->m->l, 0, ~0ull);
	if (diffs == 0)
		judged(j, "ok",
		       "e820: Linux's %s of usable memory are the map's memory, page zero and legacy hole "
		       "among them",
		       human(theirs, h));
	else
		judged(j, "note",
		       "e820: %s usable, %s of it memory by the map, which has %llu KiB more (an e820 list "
		       "may be cut)",
		       human(theirs, h), human(agreed, g), ram > agreed ? (ram - agreed) / KiB : 0);
}

void
judgefacts(Map *m, Judgefn *fn, void *aux)
{
	Judge j = {.m = m, .f = fn, .aux = aux};
	for (u32 i = 0; i < m->facts.nclaim; i++)
		judgeclaim(&j, &m->facts.claim[i]);
	judgesrat(&j);
	judgemtrr(&j);
	judgee820(&j);
	if (m->facts.more > 0)
		judged(&j, "note", "%llu more lines of e820, PCI or SRAT were not kept", m->facts.more);
}
