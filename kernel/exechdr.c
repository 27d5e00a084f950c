/*
 * exechdr.c: executable headers: Plan 9's a.out [PLAN9-ABI 1.1, 1.2], static ELF64 [gABI 4, 5], and #! lines.
 * Pure: takes the first bytes of a file, which may be anything, and gives the segments they ask for.
 *
 * Always, when execparse says true: segments are page aligned, inside [UTZERO, USTKTOP - USTKSIZE), do not
 * overlap, none is both writable and executable, and entry lies in an executable one.
 */
#include "dat.h"

enum { /* a.out: ten big-endian words, then a 64-bit entry */
       AoutHdr = 40,
       DataAlign = 2 * 1024 * 1024,
};

enum { /* ELF64, little-endian */
       ElfHdr = 64,
       ElfPhdr = 56,
       ElfType = 16,
       ElfMachine = 18,
       ElfVersion = 20,
       ElfEntry = 24,
       ElfPhoff = 32,
       ElfPhentsize = 54,
       ElfPhnum = 56,
       EtExec = 2,
       PtLoad = 1,
       PtDynamic = 2,
       PtInterp = 3,
       PfX = 1,
       PfW = 2,
};

static const u64 limit = USTKTOP - USTKSIZE;

static void
add(Exec *e, u32 slot, u32 type, u64 base, u64 top, u64 fstart, u64 flen)
{
	e->seg[e->nseg++] = (Execseg){slot, type, base, top, fstart, flen};
}

static bool
aout(const u8 *h, Exec *e)
{
	u64 text, data, bss, textend, t, d, b;

	text = be32(h + 4);
	data = be32(h + 8);
	bss = be32(h + 12);
	e->entry = be64(h + 32);
	textend = UTZERO + AoutHdr + text;
	t = roundup(textend, DataAlign);
	d = roundup(t + data, BY2PG);
	b = roundup(t + data + bss, BY2PG);
	if (e->entry < UTZERO + AoutHdr || e->entry >= textend || b >= limit)
		return false;
	add(e, TSEG, SG_TEXT | SG_RONLY, UTZERO, t, 0, AoutHdr + text);
	add(e, DSEG, SG_DATA | SG_NOEXEC, t, d, AoutHdr + text, data);
	add(e, BSEG, SG_BSS | SG_NOEXEC, d, b, 0, 0);
	return true;
}

/* --- ELF ----------------------------------------------------------------------------------------------- */

typedef struct Load Load;
struct Load { /* one PT_LOAD: [va, va + memsz) of which filesz come from off; page aligned ends */
	u32 flags;
	u64 va, off, filesz, memsz;
	u64 base, filetop, top;
};

/* Take a program header apart. False: it asks for what cannot be. */
static bool
load(const u8 *p, Load *l)
{
	l->flags = le32(p + 4);
	l->off = le64(p + 8);
	l->va = le64(p + 16);
	l->filesz = le64(p + 32);
	l->memsz = le64(p + 40);
	if (l->filesz > l->memsz || l->va < UTZERO || l->va >= limit || l->memsz >= limit - l->va)
		return false;
	if (l->off >= limit || (l->off - l->va) % BY2PG != 0 || (l->flags & (PfW | PfX)) == (PfW | PfX))
		return false;
	l->base = rounddown(l->va, BY2PG);
	l->filetop = l->filesz == 0 ? l->base : roundup(l->va + l->filesz, BY2PG);
	l->top = roundup(l->va + l->memsz, BY2PG);
	return true;
}

static bool
ehdrok(const u8 *h, usize n)
{
	static const u8 ident[7] = {0x7f, 'E', 'L', 'F', 2, 1, 1}; /* 64 bits, little-endian, version 1 */
	u64 phoff, phnum;

	if (n < ElfHdr || memcmp(h, ident, sizeof ident) != 0)
		return false;
	if (le16(h + ElfType) != EtExec || le16(h + ElfMachine) != ElfMachineHere ||
	    le32(h + ElfVersion) != 1)
		return false;
	phoff = le64(h + ElfPhoff);
	phnum = le16(h + ElfPhnum);
	return le16(h + ElfPhentsize) == ElfPhdr && phnum > 0 && phoff >= ElfHdr && phoff <= n &&
	       phnum * ElfPhdr <= n - phoff;
}

/* The slot of a loaded range: the first executable one is the text, the last writable one the data. */
static u32
slotfor(const Load *l, bool lastw, bool *text, u32 *extra)
{
	static const u32 others[] = {LSEG, SEG1, SEG2, SEG3, SEG4};

	if ((l->flags & PfX) != 0 && !*text) {
		*text = true;
		return TSEG;
	}
	if (lastw)
		return DSEG;
	return *extra < nelem(others) ? others[(*extra)++] : NSEG;
}

static bool
addload(Exec *e, const Load *l, u32 slot)
{
	u64 pad;
	u32 cexec;

	pad = l->va - l->base;
	cexec = slot >= LSEG ? SG_CEXEC : 0; /* goes with the program */
	if (slot == NSEG)
		return false;
	if ((l->flags & PfW) == 0)
		add(e, slot, SG_TEXT | SG_RONLY | cexec | ((l->flags & PfX) == 0 ? SG_NOEXEC : 0), l->base,
		    l->top, l->off - pad, l->filesz + pad);
	else if (slot != DSEG)
		add(e, slot, SG_DATA | SG_NOEXEC | cexec, l->base, l->top, l->off - pad, l->filesz + pad);
	else {
		add(e, DSEG, SG_DATA | SG_NOEXEC, l->base, l->filetop, l->off - pad, l->filesz + pad);
		add(e, BSEG, SG_BSS | SG_NOEXEC, l->filetop, l->top, 0, 0);
	}
	return true;
}

/* Index of the last writable PT_LOAD, or phnum. False: a header that we do not load. */
static bool
lastwritable(const u8 *ph, u32 phnum, u32 *last)
{
	u32 i, type;

	*last = phnum;
	for (i = 0; i < phnum; i++) {
		type = le32(ph + i * ElfPhdr);
		if (type == PtDynamic || type == PtInterp)
			return false;
		if (type == PtLoad && (le32(ph + i * ElfPhdr + 4) & PfW) != 0 &&
		    le64(ph + i * ElfPhdr + 40) != 0)
			*last = i;
	}
	return true;
}

static bool
elf(const u8 *h, Exec *e)
{
	const u8 *ph;
	Load l;
	u32 i, phnum, lastw, extra;
	u64 end;
	bool text, entryok;

	ph = h + le64(h + ElfPhoff);
	phnum = le16(h + ElfPhnum);
	e->entry = le64(h + ElfEntry);
	if (!lastwritable(ph, phnum, &lastw))
		return false;
	end = 0;
	extra = 0;
	text = entryok = false;
	for (i = 0; i < phnum; i++) {
		if (le32(ph + i * ElfPhdr) != PtLoad || le64(ph + i * ElfPhdr + 40) == 0)
			continue;
		if (!load(ph + i * ElfPhdr, &l) || l.base < end)
			return false;
		if (!addload(e, &l, slotfor(&l, i == lastw, &text, &extra)))
			return false;
		if ((l.flags & PfX) != 0 && e->entry >= l.va && e->entry - l.va < l.filesz)
			entryok = true;
		end = l.top;
	}
	if (lastw == phnum) {
		add(e, DSEG, SG_DATA | SG_NOEXEC, end, end, 0, 0);
		add(e, BSEG, SG_BSS | SG_NOEXEC, end, end, 0, 0);
	}
	return entryok;
}

bool
execparse(const u8 *h, usize n, Exec *e)
{
	e->nseg = 0;
	if (n >= AoutHdr && be32(h) == AoutMagicHere)
		return aout(h, e);
	return ehdrok(h, n) && elf(h, e);
}

/* --- #! ----------------------------------------------------------------------------------------------------
 */

/* Cut one word at *s off, quotes taken away ('' inside them is a quote); nil: no more. */
static char *
nextword(char **s)
{
	char *p, *d, *w;
	bool quoted;

	for (p = *s; *p == ' ' || *p == '\t' || *p == '\r'; p++)
		;
	if (*p == 0)
		return nil;
	w = d = p;
	quoted = false;
	for (; *p != 0 && (quoted || (*p != ' ' && *p != '\t' && *p != '\r')); p++) {
		if (*p != '\'')
			*d++ = *p;
		else if (quoted && p[1] == '\'')
			*d++ = *p++;
		else
			quoted = !quoted;
	}
	*s = *p != 0 ? p + 1 : p;
	*d = 0;
	return w;
}

u32
scriptparse(char *line, usize n, char **word)
{
	usize i;
	u32 nword;
	char *s, *w;

	if (n < 3 || line[0] != '#' || line[1] != '!')
		return 0;
	for (i = 2; i < n && line[i] != '\n' && line[i] != 0; i++)
		;
	if (i == n || line[i] != '\n')
		return 0;
	line[i] = 0;
	s = line + 2;
	for (nword = 0; nword < ScriptWords && (w = nextword(&s)) != nil; nword++)
		word[nword] = w;
	return nword;
}
