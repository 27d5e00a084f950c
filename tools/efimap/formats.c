/*
 * formats.c: one line of somebody's log: is it a descriptor, and in whose words? And the same words
 * written again. Host, efimap; pure but for formatwrite.
 * Lines are read by token, wherever in the line a descriptor begins, so that any prefix may stand before
 * it. A line that begins as a descriptor and does not go on as one is damaged: the answer says what was
 * expected and at which column. Nothing is guessed.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "efimap.h"

const char *const sourcenames[NSOURCE] = {
    "none",	      "imago", "linux-old", "linux-flags", "linux-arm64", "uefi-shell",
    "uefi-shell-sfo", "grub",  "freebsd",   "xen",	   "raw",
};

Source
sourcebyname(const char *name)
{
	for (Source s = SrcImago; s < NSOURCE; s++)
		if (strcmp(name, sourcenames[s]) == 0)
			return s;
	return SrcNone;
}

/* --- names
 * ---------------------------------------------------------------------------------------------------- */

enum { NWriter = 6 };
/* By type: Linux (new), Linux (old), shell, shell -sfo, GRUB, FreeBSD. Each name reads everywhere. */
static const char *const names[NFWTYPE][NWriter] = {
    {"Reserved", "Reserved", "Reserved", "Reserved", "reserved", "Reserved"},
    {"Loader Code", "Loader Code", "LoaderCode", "LoaderCode", "ldr-code", "LoaderCode"},
    {"Loader Data", "Loader Data", "LoaderData", "LoaderData", "ldr-data", "LoaderData"},
    {"Boot Code", "Boot Code", "BS_Code", "BootServiceCode", "BS-code", "BootServicesCode"},
    {"Boot Data", "Boot Data", "BS_Data", "BootServiceData", "BS-data", "BootServicesData"},
    {"Runtime Code", "Runtime Code", "RT_Code", "RuntimeCode", "RT-code", "RuntimeServicesCode"},
    {"Runtime Data", "Runtime Data", "RT_Data", "RuntimeData", "RT-data", "RuntimeServicesData"},
    {"Conventional", "Conventional Memory", "Available", "Available", "conv-mem", "ConventionalMemory"},
    {"Unusable", "Unusable Memory", "Unusable", "UnusableMemory", "unusable", "UnusableMemory"},
    {"ACPI Reclaim", "ACPI Reclaim Memory", "ACPI_Recl", "ACPIReclaimMemory", "ACPI-rec",
     "ACPIReclaimMemory"},
    {"ACPI Mem NVS", "ACPI Memory NVS", "ACPI_NVS", "ACPIMemoryNVS", "ACPI-nvs", "ACPIMemoryNVS"},
    {"MMIO", "Memory Mapped I/O", "MMIO", "MemoryMappedIO", "MMIO", "MemoryMappedIO"},
    {"MMIO Port", "MMIO Port Space", "MMIO_Port", "MemoryMappedIOPortSpace", "IO-ports",
     "MemoryMappedIOPortSpace"},
    {"PAL Code", "PAL Code", "PalCode", "PalCode", "PAL-code", "PalCode"},
    {"Persistent", "Persistent Memory", "Persistent", "Persistent", "persist", "PersistentMemory"},
    {"Unaccepted", "Unaccepted", "Unaccepted", "Unaccepted", "unaccepted", "Unaccepted"},
};
static const struct { /* that nobody above writes */
	const char *name;
	u32 type;
} othernames[] = {
    {"BootServicesCode", 3}, {"BootServicesData", 4},  {"ACPIRec", 9},		{"ACPINVS", 10},
    {"MMIOPort", 12},	     {"UnacceptedMemory", 15}, {"BootService Code", 3},
};

/* Equal but for case and whatever is neither letter nor digit. */
static bool
samename(const char *a, const char *b, usize n)
{
	const char *end = b + n;
	for (;; a++, b++) {
		while (*a != 0 && !isalnum((u8)*a))
			a++;
		while (b < end && !isalnum((u8)*b))
			b++;
		if (*a == 0 || b == end)
			return *a == 0 && b == end;
		if (tolower((u8)*a) != tolower((u8)*b))
			return false;
	}
}

static bool
typebyname(const char *s, usize n, u32 *type)
{
	for (u32 t = 0; t < NFWTYPE; t++)
		for (u32 w = 0; w < NWriter; w++)
			if (samename(names[t][w], s, n)) {
				*type = t;
				return true;
			}
	for (usize i = 0; i < nelem(othernames); i++)
		if (samename(othernames[i].name, s, n)) {
			*type = othernames[i].type;
			return true;
		}
	return false;
}

/* Attribute tokens, highest bit first, as Linux's columns stand; then other people's words for them. */
static const struct {
	const char *word;
	int bit;
} attrs[] = {
    {"RUN", 63}, {"HP", 20}, {"CC", 19}, {"SP", 18}, {"NV", 15},      {"XP", 14},
    {"RP", 13},	 {"WP", 12}, {"RO", 17}, {"MR", 16}, {"UCE", 4},      {"WB", 3},
    {"WT", 2},	 {"WC", 1},  {"UC", 0},	 {"RT", 63}, {"RUNTIME", 63}, {"MORE_RELIABLE", 16},
};
enum { LinuxAttrs = 15 };

static bool
attrbyname(const char *s, usize n, u64 *attr)
{
	for (usize i = 0; i < nelem(attrs); i++)
		if (strlen(attrs[i].word) == n && memcmp(attrs[i].word, s, n) == 0) {
			*attr |= 1ull << attrs[i].bit;
			return true;
		}
	return false;
}

void
attrwords(u64 attr, char *d, usize n)
{
	usize at = 0;
	d[0] = 0;
	for (int i = 0; i < LinuxAttrs; i++)
		if (attr >> attrs[i].bit & 1) {
			at += (usize)snprintf(d + at, n - at, "%s%s", at > 0 ? " " : "", attrs[i].word);
			attr &= ~(1ull << attrs[i].bit);
		}
	if (attr != 0)
		snprintf(d + at, n - at, "%s0x%llx", at > 0 ? " " : "", attr);
}

/* --- reading by token
 * -------------------------------------------------------------------------------------------- */

/*
 * A cursor that remembers the first thing it missed: every step after a miss does nothing, so a format is
 * written as the plain sequence of what it expects.
 */
typedef struct Cur Cur;
struct Cur {
	const char *line, *p;
	const char *missed;
};

static bool
miss(Cur *c, const char *what)
{
	if (c->missed == nil)
		c->missed = what;
	return false;
}

static void
blanks(Cur *c)
{
	while (c->missed == nil && *c->p == ' ')
		c->p++;
}

static bool
accept(Cur *c, const char *s)
{
	usize n = strlen(s);
	if (c->missed != nil || strncmp(c->p, s, n) != 0)
		return false;
	c->p += n;
	return true;
}

static void
expect(Cur *c, const char *s, const char *what)
{
	if (c->missed == nil && !accept(c, s))
		miss(c, what);
}

static int
digitof(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	ch = (char)(ch | 0x20);
	return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : 16;
}

/* Digits to a number; more than 64 bits is a miss. */
static u64
number(Cur *c, u32 base, const char *what)
{
	u64 v = 0;
	u32 n = 0;
	if (c->missed != nil)
		return 0;
	for (; (u32)digitof(*c->p) < base; c->p++, n++)
		if (__builtin_mul_overflow(v, (u64)base, &v) ||
		    __builtin_add_overflow(v, (u64)digitof(*c->p), &v)) {
			miss(c, "a number of at most 64 bits");
			return 0;
		}
	if (n == 0)
		miss(c, what);
	return v;
}

static u64
hex(Cur *c, const char *what)
{
	return number(c, 16, what);
}

static u64
hex0x(Cur *c, const char *what)
{
	expect(c, "0x", what);
	return number(c, 16, what);
}

static void
ended(Cur *c)
{
	blanks(c);
	if (c->missed == nil && *c->p != 0)
		miss(c, "the end of the line");
}

static Verdict
verdict(const Cur *c, Found *f)
{
	if (c->missed == nil)
		return LineEntry;
	f->expected = c->missed;
	f->column = (u32)(c->p - c->line) + 1;
	return LineDamaged;
}

/* floor((end - start) mod 2^64 / 4096), the end exclusive. */
static u64
pagesof(u64 start, u64 end)
{
	return (end - start) / BY2PG;
}

/* A line that gives both an end and a number of pages was written with one of them from the other. */
static void
agree(Cur *c, const Entry *e, u64 last)
{
	if (c->missed == nil && pagesof(e->start, last + 1) != e->pages % (1ull << 52))
		miss(c, "an end address that agrees with the number of pages");
}

/* --- Linux
 * ----------------------------------------------------------------------------------------------------------
 */

/* "(12MB)" behind a range, or "(invalid)", which means no pages. */
static void
linuxsize(Cur *c, Entry *e)
{
	blanks(c);
	if (!accept(c, "("))
		return;
	if (accept(c, "invalid"))
		e->pages = 0;
	else {
		number(c, 10, "a size in MB");
		expect(c, "MB", "MB");
	}
	expect(c, ")", "`)' behind the size");
}

static void
linuxrange(Cur *c, Entry *e)
{
	blanks(c);
	expect(c, "range=[", "range=[");
	e->start = hex0x(c, "a start address 0x...");
	expect(c, "-", "`-' and an end address");
	u64 end = hex0x(c, "an end address 0x...");
	if (accept(c, "]"))
		end++;
	else
		expect(c, ")", "`)' or `]' behind the range");
	e->pages = pagesof(e->start, end);
	linuxsize(c, e);
}

static void
linuxold(Cur *c, Entry *e)
{
	u64 type = number(c, 10, "a type number");
	if (type > 0xffffffff)
		miss(c, "a type of 32 bits");
	e->type = (u32)type;
	expect(c, ", attr=", ", attr=");
	e->attr = hex0x(c, "attributes 0x...");
	expect(c, ",", "`,' behind the attributes");
	linuxrange(c, e);
}

/* One field between bars: the type's name or number, an attribute's token, or blanks. */
static void
linuxfield(Cur *c, Entry *e, bool first)
{
	blanks(c);
	const char *s = c->p, *end = s + strcspn(s, "|]");
	usize n = (usize)(end - s);
	if (*end == 0) {
		c->p = end;
		miss(c, "`]' behind the attributes");
		return;
	}
	while (n > 0 && s[n - 1] == ' ')
		n--;
	if (first && accept(c, "type=")) {
		u64 type = accept(c, "0x") ? hex(c, "a type") : number(c, 10, "a type");
		e->type = (u32)type;
		if (type > 0xffffffff)
			miss(c, "a type of 32 bits");
	} else if (first && !typebyname(s, n, &e->type))
		miss(c, "the name of a memory type");
	else if (!first && accept(c, "attr="))
		e->attr |= hex0x(c, "attributes 0x...");
	else if (!first && n > 0 && !attrbyname(s, n, &e->attr))
		miss(c, "an attribute: RUN HP MR CC SP NV XP RP WP RO UCE WB WT WC UC");
	if (c->missed == nil)
		c->p = end;
}

static void
linuxfields(Cur *c, Entry *e)
{
	linuxfield(c, e, true);
	while (accept(c, "|"))
		linuxfield(c, e, false);
	expect(c, "]", "`]' behind the attributes");
}

/* s begins with what t begins with, and ends before t does: a line cut in the middle of t. */
static bool
cutin(const char *s, const char *t)
{
	while (*s == ' ')
		s++;
	return strncmp(s, t, strlen(s)) == 0;
}

/* "memNN: type=..." or "memNN: [...]" */
static Verdict
linuxline(const char *s, Found *f)
{
	const char *p = s;
	bool efi = false;
	for (; (p = strstr(p, "mem")) != nil; p++)
		if ((p == s || p[-1] == ' ' || p[-1] == ':') && isdigit((u8)p[3]) &&
		    p[3 + strspn(p + 3, "0123456789")] == ':')
			break;
	if (p == nil)
		return LineOther;
	for (const char *q = p; q > s && q[-1] == ' ';)
		efi = --q - s >= 4 && (strncmp(q - 4, "efi:", 4) == 0 || strncmp(q - 4, "EFI:", 4) == 0);
	Cur c = {.line = s, .p = p + 3};
	f->index = (i64)number(&c, 10, "an index");
	expect(&c, ":", "`:'");
	blanks(&c);
	if (accept(&c, "type=")) {
		f->source = SrcLinuxOld;
		linuxold(&c, &f->e);
	} else if (accept(&c, "[")) {
		f->source = SrcLinuxFlags;
		linuxfields(&c, &f->e);
		linuxrange(&c, &f->e);
	} else if (efi && cutin(c.p, "type=")) {
		f->source = SrcLinuxOld;
		miss(&c, "type= or [");
	} else
		return LineOther;
	return verdict(&c, f);
}

/* "efi:   0x...-0x... [Conventional|...]" */
static Verdict
armline(const char *s, Found *f)
{
	const char *p = strstr(s, "efi:");
	if (p == nil)
		return LineOther;
	Cur c = {.line = s, .p = p + 4};
	blanks(&c);
	if (strncmp(c.p, "0x", 2) != 0 || !isxdigit((u8)c.p[2]))
		return LineOther;
	f->source = SrcLinuxArm;
	f->e.start = hex0x(&c, "a start address");
	expect(&c, "-", "`-' and an end address");
	u64 end = hex0x(&c, "an end address 0x...");
	f->e.pages = pagesof(f->e.start, end + 1);
	blanks(&c);
	expect(&c, "[", "`[' and a memory type");
	linuxfields(&c, &f->e);
	return verdict(&c, f);
}

/* --- imago
 * ------------------------------------------------------------------------------------------------------------
 */

static Verdict
imagohead(Cur *c, Found *f)
{
	f->index = (i64)number(c, 10, "a number of entries");
	expect(c, " entries stride ", "` entries stride '");
	f->e.pages = number(c, 10, "a stride");
	expect(c, " version ", "` version '");
	f->e.type = (u32)number(c, 10, "a version");
	ended(c);
	return c->missed == nil ? LineHead : verdict(c, f);
}

static Verdict
imagoline(const char *s, Found *f)
{
	const char *p = strstr(s, "efi: ");
	if (p == nil)
		return LineOther;
	Cur c = {.line = s, .p = p + 5};
	f->source = SrcImago;
	if (accept(&c, "map "))
		return imagohead(&c, f);
	usize n = strspn(c.p, "0123456789"), digits = n + strspn(c.p + n, " ");
	usize addr = strspn(c.p + digits, "0123456789abcdef");
	if (n < 3 || (c.p[n] != ' ' && c.p[n] != 0) || (c.p[digits + addr] != '-' && c.p[digits + addr] != 0))
		return LineOther; /* a number in other words of that room */
	f->index = (i64)number(&c, 10, "an index");
	expect(&c, " ", "a start address");
	f->e.start = hex(&c, "a start address");
	expect(&c, "-", "`-' and an end address");
	f->e.pages = pagesof(f->e.start, hex(&c, "an end address"));
	expect(&c, " ", "a type number");
	u64 type = number(&c, 10, "a type number");
	f->e.type = (u32)type;
	expect(&c, " ", "attributes");
	f->e.attr = hex(&c, "attributes");
	expect(&c, " ", "the name of the type");
	char want[32];
	const char *name = fwtypename((u32)type);
	snprintf(want, sizeof(want), "type-0x%x", (u32)type);
	expect(&c, name != nil ? name : want, "the name that belongs to the type's number");
	ended(&c);
	return verdict(&c, f);
}

/* --- Xen
 * ----------------------------------------------------------------------------------------------------------------
 */

static Verdict
xenline(const char *s, Found *f)
{
	const char *p = strstr(s, " type=");
	if (p == nil)
		return LineOther;
	const char *b = p;
	while (b > s && (isxdigit((u8)b[-1]) || b[-1] == '-'))
		b--;
	if (b == p || memchr(b, '-', (usize)(p - b)) == nil || strncmp(b, "mem", 3) == 0)
		return LineOther;
	Cur c = {.line = s, .p = b};
	f->source = SrcXen;
	f->e.start = hex(&c, "a start address");
	expect(&c, "-", "`-' and an end address");
	f->e.pages = pagesof(f->e.start, hex(&c, "an end address") + 1);
	expect(&c, " type=", "type=");
	u64 type = number(&c, 10, "a type number");
	f->e.type = (u32)type;
	if (type > 0xffffffff)
		miss(&c, "a type of 32 bits");
	expect(&c, " attr=", "attr=");
	const char *a = c.p;
	f->e.attr = hex(&c, "attributes");
	f->lastwidth = (u32)(c.p - a);
	ended(&c);
	return verdict(&c, f);
}

/* --- the shell
 * ------------------------------------------------------------------------------------------------------------
 */

static u64
quotedhex(Cur *c, const char *what)
{
	expect(c, ",\"", what);
	u64 v = hex(c, what);
	expect(c, "\"", "`\"' behind a number");
	return v;
}

/* Types that have no name are numbers: at least so many hex digits, at most eight. */
static bool
typebyhex(const char *s, usize n, usize least, u32 *type)
{
	if (n < least || n > 8 || strspn(s, "0123456789abcdefABCDEF") < n)
		return false;
	*type = (u32)strtoul(s, nil, 16);
	return true;
}

static Verdict
sfoline(const char *s, Found *f)
{
	const char *p = strstr(s, "MemoryMap,");
	f->source = SrcShellSfo;
	if (strstr(s, "ShellCommand,\"memmap\"") != nil)
		return LineHead;
	if (p == nil)
		return LineOther;
	Cur c = {.line = s, .p = p + strlen("MemoryMap,")};
	expect(&c, "\"", "`\"' and the name of a memory type");
	usize n = strcspn(c.p, "\"");
	if (!typebyname(c.p, n, &f->e.type) && !typebyhex(c.p, n, 8, &f->e.type))
		miss(&c, "the name of a memory type");
	else
		c.p += n;
	expect(&c, "\"", "`\"' behind the type");
	f->e.start = quotedhex(&c, "a start address");
	u64 end = quotedhex(&c, "an end address");
	f->e.pages = quotedhex(&c, "a number of pages");
	f->e.attr = quotedhex(&c, "attributes");
	ended(&c);
	agree(&c, &f->e, end);
	return verdict(&c, f);
}

/* The word that ends at end, not before s: its length. */
static usize
wordbefore(const char *s, const char *end)
{
	usize n = 0;
	while (end - n > s && end[-(intptr)n - 1] != ' ')
		n++;
	return n;
}

/* Eight hex digits or "Unk xx": types that have no name. */
static bool
typeby(const char *s, const char *end, u32 *type, bool *unknown)
{
	usize n = wordbefore(s, end);
	const char *w = end - n;
	*unknown = false;
	if (n > 0 && typebyname(w, n, type))
		return true;
	if (n == 9 && memcmp(w, "<INVALID>", 9) == 0) { /* FreeBSD's word for what it cannot name */
		*type = NFWTYPE;
		return true;
	}
	const char *before = w;
	while (before > s && before[-1] == ' ')
		before--;
	bool unk = before - s >= 3 && strncmp(before - 3, "Unk", 3) == 0;
	*unknown = true;
	return typebyhex(w, n, unk ? 1 : 8, type);
}

/* Behind GRUB's page count: "7168KiB UC WC WT WB". */
static void
grubtail(Cur *c, Entry *e)
{
	blanks(c);
	c->p += strspn(c->p, "0123456789.");
	blanks(c);
	if (*c->p != 0 && strchr("KMGTPE", *c->p) != nil)
		c->p++;
	expect(c, accept(c, "i") ? "B" : "B", "a size in KiB, MiB, GiB or TiB");
	for (;;) {
		blanks(c);
		usize n = strcspn(c->p, " ");
		if (c->missed != nil || n == 0)
			return;
		if (!attrbyname(c->p, n, &e->attr))
			miss(c, "an attribute: RT UC WC WT WB UCE WP RP XP NV MR RO");
		else
			c->p += n;
	}
}

/*
 * Is the rest of a range line GRUB's? It has a size with a unit where the shell has attributes, whose 16
 * digits may also end in "B".
 */
static bool
isgrub(const char *p)
{
	p += strspn(p, " ");
	p += strspn(p, "0123456789abcdefABCDEF");
	p += strspn(p, " ");
	usize n = strspn(p, "0123456789.");
	bool attributes = n > 13 || (p[0] == '0' && n > 1);
	p += n;
	p += strspn(p, " ");
	p += *p != 0 && strchr("KMGTPE", *p) != nil;
	if (*p == 'i')
		return n > 0 && p[1] == 'B';
	return n > 0 && !attributes && *p == 'B' && (p[1] == ' ' || p[1] == 0);
}

/* "Name  start-end pages attributes" of the shell, or GRUB's with a size behind the pages. */
static Verdict
rangeline(const char *s, const char *range, u32 type, Found *f)
{
	Cur c = {.line = s, .p = range};
	f->e.type = type;
	f->e.start = hex(&c, "a start address");
	expect(&c, "-", "`-' and an end address");
	u64 end = hex(&c, "an end address");
	blanks(&c);
	f->source = isgrub(c.p) ? SrcGrub : SrcShell;
	f->e.pages = hex(&c, "a number of pages");
	blanks(&c);
	if (f->source == SrcGrub)
		grubtail(&c, &f->e);
	else {
		const char *a = c.p;
		f->e.attr = hex(&c, "attributes");
		f->lastwidth = (u32)(c.p - a);
	}
	ended(&c);
	agree(&c, &f->e, end);
	return verdict(&c, f);
}

/* "Name physical virtual pages FLAGS" */
static Verdict
freebsdline(const char *s, const char *phys, u32 type, Found *f)
{
	Cur c = {.line = s, .p = phys};
	f->source = SrcFreebsd;
	f->e.type = type;
	f->e.start = hex(&c, "a physical address");
	blanks(&c);
	accept(&c, "0x");
	hex(&c, "a virtual address");
	blanks(&c);
	f->e.pages = hex(&c, "a number of pages");
	for (;;) {
		blanks(&c);
		usize n = strcspn(c.p, " ");
		if (c.missed != nil || n == 0)
			break;
		if (!attrbyname(c.p, n, &f->e.attr))
			miss(&c, "an attribute: UC WC WT WB UCE WP RP XP NV MORE_RELIABLE RO RUNTIME");
		else
			c.p += n;
	}
	return verdict(&c, f);
}

/* Lines whose descriptor begins with the name of a type and an address; a short address must go on well. */
static Verdict
namedline(const char *s, Found *f)
{
	for (const char *p = s; (p = strchr(p, ' ')) != nil;) {
		const char *nameend = p;
		p += strspn(p, " ");
		usize n = strspn(p, "0123456789abcdefABCDEF");
		u32 type;
		bool unknown;
		Verdict v = LineOther;
		if (n == 0 || !typeby(s, nameend, &type, &unknown))
			continue;
		if (p[n] == '-')
			v = rangeline(s, p, type, f);
		else if (n >= 8 && (p[n] == 0 || (p[n] == ' ' && !unknown)))
			v = freebsdline(s, p, type, f);
		if (v == LineEntry || (v == LineDamaged && n >= 8))
			return v;
	}
	return LineOther;
}

/* --- heads
 * ------------------------------------------------------------------------------------------------------------------
 */

static Verdict
headline(const char *s, Found *f)
{
	static const struct {
		const char *a, *b;
		Source source;
	} heads[] = {
	    {"Type       Start", "# Pages", SrcShell}, {"Type     Physical", "#Pages", SrcFreebsd},
	    {"Physical start", "#Pages", SrcGrub},     {"Processing EFI memory map", "", SrcLinuxArm},
	    {"(XEN) EFI memory map:", "", SrcXen},
	};
	for (usize i = 0; i < nelem(heads); i++)
		if (strstr(s, heads[i].a) != nil && strstr(s, heads[i].b) != nil) {
			f->source = heads[i].source;
			return LineHead;
		}
	return LineOther;
}

/* Has s a dash with an address of eight digits or more on one side of it? */
static bool
hasrange(const char *s)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	for (const char *p = s; (p = strchr(p, '-')) != nil; p++) {
		usize before = 0;
		while (p - before > s && isxdigit((u8)p[-(intptr)before - 1]))
			before++;
		if (before >= 8 || strspn(p + 1, digits) >= 8)
			return true;
	}
	return false;
}

/* Words that begin with eight hex digits or more. */
static u32
addresses(const char *s)
{
	u32 n = 0;
	for (usize len; *s != 0; s += len + (s[len] != 0)) {
		len = strcspn(s, " ");
		n += strspn(s, "0123456789abcdefABCDEF") >= 8;
	}
	return n;
}

const char *
formatlost(Source dump, const char *s)
{
	bool lost = false;
	switch (dump) {
	case SrcShell:
	case SrcGrub:
		lost =
		    (hasrange(s) || addresses(s) >= 2) && strstr(s, "[0x") == nil && strstr(s, " 0x") == nil;
		break;
	case SrcShellSfo:
		lost = strstr(s, "\",\"") != nil;
		break;
	case SrcFreebsd:
		lost = addresses(s) >= 2;
		break;
	case SrcLinuxArm:
		lost = strstr(s, "|  ") != nil;
		break;
	case SrcXen:
		lost = strstr(s, "type=") != nil || strstr(s, "attr=") != nil;
		break;
	default: /* descriptors have numbers: one that is missing shows */
		break;
	}
	return lost ? "a descriptor like those above" : nil;
}

Verdict
formatline(const char *s, Found *f)
{
	static Verdict (*const formats[])(const char *, Found *) = {
	    linuxline, imagoline, armline, xenline, sfoline, namedline, headline,
	};
	if (*s == '#') /* a comment, which may quote a log */
		return LineOther;
	for (usize i = 0; i < nelem(formats); i++) {
		*f = (Found){.index = -1};
		Verdict v = formats[i](s, f);
		if (v != LineOther)
			return v;
	}
	return LineOther;
}

/* --- writing
 * ------------------------------------------------------------------------------------------------------------------
 */

static const char *
nameof(u32 type, int writer, char *d, const char *otherwise)
{
	if (type < NFWTYPE)
		return names[type][writer];
	sprintf(d, otherwise, type);
	return d;
}

static void
writeflags(FILE *f, const Entry *e, int writer)
{
	static const int linuxorder[] = {63, 20, 16, 19, 18, 15, 14, 13, 12, 17, 4, 3, 2, 1, 0};
	u64 known = 0;
	char d[32];
	fprintf(f, "[%-*s|", writer == 0 ? 12 : 19, nameof(e->type, writer, d, "type=0x%x"));
	for (usize i = 0; i < nelem(linuxorder); i++)
		known |= 1ull << linuxorder[i];
	if (e->attr & ~known) {
		fprintf(f, "attr=0x%016llx]", e->attr);
		return;
	}
	for (usize i = 0; i < nelem(linuxorder); i++) {
		const char *w = "";
		for (int a = 0; a < LinuxAttrs; a++)
			if (attrs[a].bit == linuxorder[i] && (e->attr >> linuxorder[i] & 1))
				w = attrs[a].word;
		bool wide = linuxorder[i] == 63 || linuxorder[i] == 4;
		fprintf(f, "%*s%s", wide ? 3 : 2, w, i + 1 < nelem(linuxorder) ? "|" : "]");
	}
}

static void
writewords(FILE *f, u64 attr, const char *run, const char *mr)
{
	for (int bit = 0; bit < 64; bit++)
		for (int a = 0; a < LinuxAttrs; a++)
			if (attrs[a].bit == bit && (attr >> bit & 1))
				fprintf(f, "%s ", bit == 63 ? run : bit == 16 ? mr : attrs[a].word);
}

static void
writelinux(FILE *f, Source s, u32 i, const Entry *e)
{
	u64 end = e->start + e->pages * BY2PG;
	if (s == SrcLinuxArm) {
		fprintf(f, "efi:   0x%012llx-0x%012llx ", e->start, end - 1);
		writeflags(f, e, 0);
		fputc('\n', f);
		return;
	}
	fprintf(f, "efi: mem%02u: ", i);
	if (s == SrcLinuxOld)
		fprintf(f, "type=%u, attr=0x%llx, range=[0x%016llx-0x%016llx) (%lluMB)\n", e->type, e->attr,
			e->start, end, e->pages >> 8);
	else {
		writeflags(f, e, 1);
		fprintf(f, " range=[0x%016llx-0x%016llx] (%lluMB)\n", e->start, end - 1, e->pages >> 8);
	}
}

void
formathead(FILE *f, Source s, u32 n)
{
	switch (s) {
	case SrcImago:
		fprintf(f, "efi: map %u entries stride 48 version 1\n", n);
		break;
	case SrcShell:
		fputs("Type       Start            End              # Pages          Attributes\n", f);
		break;
	case SrcShellSfo:
		fputs("ShellCommand,\"memmap\"\n", f);
		break;
	case SrcGrub:
		fputs("Type      Physical start  - end             #Pages        Size Attributes\n", f);
		break;
	case SrcFreebsd:
		fputs("                   Type     Physical      Virtual   #Pages Attr\n", f);
		break;
	case SrcXen:
		fputs("(XEN) EFI memory map:\n", f);
		break;
	default:
		break;
	}
}

void
formatwrite(FILE *f, Source s, u32 i, const Entry *e)
{
	char d[32];
	u64 end = e->start + e->pages * BY2PG;
	switch (s) {
	case SrcShell:
		fprintf(f, "%-10s %016llX-%016llX %016llX %016llX\n", nameof(e->type, 2, d, "%08x"), e->start,
			end - 1, e->pages, e->attr);
		break;
	case SrcShellSfo:
		fprintf(f, "MemoryMap,\"%s\",\"%llX\",\"%llX\",\"%llX\",\"%llX\"\n",
			nameof(e->type, 3, d, "%08x"), e->start, end - 1, e->pages, e->attr);
		break;
	case SrcGrub:
		fprintf(f, "%-9s %016llx-%016llx %08llx %7lluKiB ", nameof(e->type, 4, d, "Unk %x"), e->start,
			end - 1, e->pages, e->pages * 4);
		writewords(f, e->attr, "RT", "MR");
		fputc('\n', f);
		break;
	case SrcFreebsd:
		fprintf(f, "%23s %012llx %012llx %08llx ", nameof(e->type, 5, d, "<INVALID>"), e->start,
			e->start, e->pages);
		writewords(f, e->attr, "RUNTIME", "MORE_RELIABLE");
		fputc('\n', f);
		break;
	case SrcXen:
		fprintf(f, "(XEN)  %013llx-%013llx type=%u attr=%016llx\n", e->start, end - 1, e->type,
			e->attr);
		break;
	case SrcImago:
		fprintf(f, "efi: %03u %016llx-%016llx %u %016llx %s\n", i, e->start, end, e->type, e->attr,
			fwtypename(e->type) != nil ? fwtypename(e->type)
						   : (sprintf(d, "type-0x%x", e->type), d));
		break;
	default:
		writelinux(f, s, i, e);
		break;
	}
}
