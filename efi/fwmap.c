/*
 * fwmap.c: the firmware's words become kinds. Each descriptor is judged alone (dropped, classed,
 * rounded), all go into the ledger, where the higher class wins byte by byte, then the rules of the
 * machine take page zero and the first megabyte of a PC.
 * Runs in the first life, after the last GetMemoryMap, and on the host inside efimap. Takes raw bytes
 * and the caller's memory; gives the ledger, sums and anomalies. Trusts nothing in the map.
 * Always holds: described - overlap - the ledger's sums = 0, where described and overlap are computed
 * here from the descriptors and the sums from what the ledger made of them. No locks, no state.
 */
#include "fwmap.h"
#include "layout.h"
#include "lib.h"

#define HOLEPAGES ((LEGACYEND - LEGACYHOLE) / BY2PG)
#define MEMORY	  (1u << KFree | 1u << KBoot | 1u << KLoader) /* what the machine rules may take */

#define A(name, word, text) {word, text},
static const struct {
	const char *word, *text;
} anoms[] = {FWANOMS(A)};
#undef A

const char *
fwanomword(Fwanom a)
{
	return anoms[a].word;
}

const char *
fwanomtext(Fwanom a)
{
	return anoms[a].text;
}

static const char *const typenames[NFWTYPE] = {
    "Reserved",
    "LoaderCode",
    "LoaderData",
    "BootServicesCode",
    "BootServicesData",
    "RuntimeServicesCode",
    "RuntimeServicesData",
    "Conventional",
    "Unusable",
    "ACPIReclaim",
    "ACPINVS",
    "MMIO",
    "MMIOPort",
    "PalCode",
    "Persistent",
    "Unaccepted",
};

const char *
fwtypename(u32 type)
{
	return type < NFWTYPE ? typenames[type] : nil;
}

Fwdesc
fwdesc(const Fwmap *m, u32 i)
{
	const u8 *p = m->raw + (u64)i * m->stride;
	return (Fwdesc){.type = le32(p), .start = le64(p + 8), .pages = le64(p + 24), .attr = le64(p + 32)};
}

/* --- one descriptor alone ------------------------------------------------------------------------------ */

static const u8 typeclass[NFWTYPE] = {
    [FwReserved] = KReserved,
    [FwLoaderCode] = KLoader,
    [FwLoaderData] = KLoader,
    [FwBootCode] = KBoot,
    [FwBootData] = KBoot,
    [FwRuntimeCode] = KRuntime,
    [FwRuntimeData] = KRuntime,
    [FwConventional] = KFree,
    [FwUnusable] = KBad,
    [FwAcpi] = KAcpi,
    [FwNvs] = KNvs,
    [FwMmio] = KMmio,
    [FwMmioPort] = KMmio,
    [FwPal] = KReserved,
    [FwPersistent] = KPersistent,
    [FwUnaccepted] = KUnaccepted,
};

/* The rules in order, the first that fits; an anomaly belongs to the rule that gave the class. */
static Kind
classof(const Fwdesc *d, u32 *anom)
{
	Kind k = d->type < NFWTYPE ? (Kind)typeclass[d->type] : KReserved;
	if (k == KBad || k == KMmio)
		return k;
	if (d->attr & FwRUNTIME)
		return KRuntime;
	if (d->type >= NFWTYPE && d->type < FwOem)
		*anom |= 1u << FaUnknown;
	if (k > KLoader)
		return k;
	if (!(d->attr & FwWB)) {
		*anom |= 1u << FaNotwb;
		return KReserved;
	}
	return d->attr & FwSP ? KSpecial : k;
}

/* No anomaly of ours lets a descriptor shrink memory that is somebody else's: only ours round inward. */
static void
roundfate(Fwfate *f)
{
	if (f->start % BY2PG == 0)
		return;
	f->anoms |= 1u << FaUnaligned;
	bool inward = f->class <= KSpecial;
	f->start = inward ? roundup(f->start, BY2PG) : rounddown(f->start, BY2PG);
	f->end = inward ? rounddown(f->end, BY2PG) : roundup(f->end, BY2PG);
}

Fwfate
fwfate(const Fwdesc *d)
{
	Fwfate f = {.kept = false};
	if (d->pages == 0) {
		f.anoms = 1u << FaEmpty;
		return f;
	}
	if (d->start > PHYSTOP || d->pages > (PHYSTOP - d->start) / BY2PG) {
		f.anoms = 1u << FaWraps;
		return f;
	}
	f.kept = true;
	f.start = d->start;
	f.end = d->start + d->pages * BY2PG;
	f.class = classof(d, &f.anoms);
	roundfate(&f);
	return f;
}

/* --- the whole map ----------------------------------------------------------------------------------------
 */

const char *
fwmaprefuse(u64 bytes, u32 stride)
{
	if (stride < FwMinStride)
		return "descriptor size below 40 bytes";
	if (stride % 8 != 0)
		return "descriptor size is no multiple of 8";
	if (bytes / stride > FwMaxEntries)
		return "more than 16777216 descriptors";
	return nil;
}

static u64
words(u64 bits)
{
	return (bits + 63) / 64;
}

u64
fwmapneed(u64 entries)
{
	return entries * (sizeof(Range) + 2 * sizeof(u32)) + (words(entries) + words(words(entries))) * 8;
}

/* Twice the entries settle any overlap; the rest is room for the machine rules and for our own runs. */
u64
fwmapranges(u64 entries)
{
	return 2 * entries + 128;
}

static void
layout(Fwmap *m, void *scratch)
{
	m->set = scratch;
	m->summary = m->set + words(m->n);
	m->kept = (Range *)(void *)(m->summary + words(words(m->n)));
	m->pos = (u32 *)(void *)(m->kept + m->n);
	m->list = m->pos + m->n;
}

static void
countanoms(Fwmap *m, u32 bits)
{
	for (u32 a = 0; bits >> a != 0; a++)
		m->anomalies[a] += bits >> a & 1;
}

/* Judge every descriptor; keep those that have bytes. */
static void
judge(Fwmap *m)
{
	u64 highest = 0;
	for (u32 i = 0; i < m->n; i++) {
		Fwdesc d = fwdesc(m, i);
		Fwfate f = fwfate(&d);
		countanoms(m, f.anoms);
		m->pos[i] = ~0u;
		if (!f.kept)
			continue;
		if (f.start < highest)
			m->anomalies[FaUnsorted] = 1;
		else
			highest = f.start;
		if (f.start >= f.end)
			continue;
		m->kept[m->nkept++] = (Range){.start = f.start, .end = f.end, .kind = (u8)f.class, .src = i};
		m->described += f.end - f.start;
		m->sumwraps |= m->described < f.end - f.start;
	}
	rangesort(m->kept, m->nkept);
	for (u32 j = 0; j < m->nkept; j++)
		m->pos[m->kept[j].src] = j;
}

/* First of kept[from..nkept) that starts at or above addr. */
static u32
firstfrom(const Fwmap *m, u32 from, u64 addr)
{
	u32 lo = from, hi = m->nkept;
	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;
		if (m->kept[mid].start < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Bytes described more than once: all that is described, less what it covers. Pairs are counted alone. */
static void
overlaps(Fwmap *m)
{
	u64 covered = 0, top = 0;
	for (u32 j = 0; j < m->nkept; j++) {
		const Range *r = &m->kept[j];
		u64 start = r->start > top ? r->start : top;
		if (r->end <= start)
			continue;
		covered += r->end - start;
		top = r->end;
	}
	m->overlap = m->described - covered;
	if (m->overlap == 0 && !m->sumwraps)
		return;
	for (u32 j = 0; j < m->nkept; j++)
		m->anomalies[FaOverlap] += firstfrom(m, j + 1, m->kept[j].end) - j - 1;
}

/* Note the pages of the legacy hole that came out as memory. */
static void
legacyhole(Fwmap *m)
{
	Ledger *l = m->ledger;
	for (i32 i = ledgernext(l, LEGACYHOLE, NKIND); i >= 0 && (u32)i < l->n; i++) {
		const Range *r = &l->r[i];
		if (r->start >= LEGACYEND)
			break;
		if (!(MEMORY >> r->kind & 1))
			continue;
		u64 first = r->start > LEGACYHOLE ? (r->start - LEGACYHOLE) / BY2PG : 0;
		u64 last = r->end < LEGACYEND ? (r->end - LEGACYHOLE) / BY2PG : HOLEPAGES;
		for (u64 p = first; p < last; p++)
			m->legacy[p / 64] |= 1ull << p % 64;
		m->anomalies[FaLegacy] = 1;
	}
}

static bool
machinerules(Fwmap *m)
{
	Ledger *l = m->ledger;
	if (!ledgerturn(l, 0, ZEROEND, MEMORY, KReserved, WhyZero))
		return false;
	if (!m->x86)
		return true;
	legacyhole(m);
	return ledgerturn(l, LEGACYHOLE, LEGACYEND - LEGACYHOLE, MEMORY, KReserved, WhyLegacy) &&
	       ledgerturn(l, ZEROEND, LEGACYHOLE - ZEROEND, MEMORY, KLow, WhyLow);
}

static void
sums(Fwmap *m)
{
	const Ledger *l = m->ledger;
	m->off = m->described - m->overlap;
	for (u32 i = 0; i < l->n; i++) {
		u64 size = l->r[i].end - l->r[i].start;
		m->sum[l->r[i].kind] += size;
		m->off -= size;
	}
	for (u32 a = 0; a < NFWANOM; a++)
		m->nanomaly += m->anomalies[a];
}

const char *
fwmapconvert(Fwmap *m, Ledger *l, void *scratch, u64 nscratch)
{
	*m = (Fwmap){
	    .raw = m->raw, .bytes = m->bytes, .stride = m->stride, .version = m->version, .x86 = m->x86};
	const char *no = fwmaprefuse(m->bytes, m->stride);
	if (no != nil)
		return no;
	m->n = (u32)(m->bytes / m->stride);
	m->ledger = l;
	if (nscratch < fwmapneed(m->n))
		return "too little scratch for this many descriptors";
	layout(m, scratch);
	judge(m);
	overlaps(m);
	for (u32 j = 0; j < m->nkept; j++)
		ledgeradd(l, m->kept[j].start, m->kept[j].end - m->kept[j].start, (Kind)m->kept[j].kind);
	ledgersettle(l);
	if (!machinerules(m) || l->lost != 0)
		return "too little room for the ledger";
	sums(m);
	return nil;
}

/* --- who covers what -------------------------------------------------------------------------------------
 */

void
fwcoverstart(Fwcover *c, const Fwmap *m)
{
	*c = (Fwcover){.m = m};
	memset(m->set, 0, (words(m->n) + words(words(m->n))) * 8);
}

static void
enter(const Fwmap *m, u32 i)
{
	m->set[i / 64] |= 1ull << i % 64;
	m->summary[i / 4096] |= 1ull << i / 64 % 64;
}

static void
leave(const Fwmap *m, u32 i)
{
	m->set[i / 64] &= ~(1ull << i % 64);
	if (m->set[i / 64] == 0)
		m->summary[i / 4096] &= ~(1ull << i / 64 % 64);
}

void
fwcoverrange(Fwcover *c, u64 start, u64 end)
{
	const Fwmap *m = c->m;
	c->start = start;
	c->end = end;
	for (; c->in < m->nkept && m->kept[c->in].start < end; c->in++)
		enter(m, m->kept[c->in].src);
}

/* The first bit at or above `from` in b[0..nbits); nbits if there is none. */
static u64
nextbit(const u64 *b, u64 nbits, u64 from)
{
	for (u64 w = from / 64; w < words(nbits); w++) {
		u64 v = b[w];
		if (w == from / 64)
			v &= ~0ull << from % 64;
		if (v != 0)
			return w * 64 + (u64)__builtin_ctzll(v);
	}
	return nbits;
}

static u64
nextmember(const Fwmap *m, u64 from)
{
	u64 w = from / 64;
	u64 v = from < m->n ? m->set[w] & ~0ull << from % 64 : 0;
	if (v == 0) {
		w = nextbit(m->summary, words(m->n), w + 1);
		if (w >= words(m->n))
			return m->n;
		v = m->set[w];
	}
	return w * 64 + (u64)__builtin_ctzll(v);
}

/* Members that ended below the range leave the set when they are met: each is met once. */
i64
fwcovernext(Fwcover *c, u64 from)
{
	const Fwmap *m = c->m;
	for (u64 i; (i = nextmember(m, from)) < m->n; from = i + 1) {
		if (m->kept[m->pos[i]].end > c->start)
			return (i64)i;
		leave(m, (u32)i);
	}
	return -1;
}

/* --- anomalies --------------------------------------------------------------------------------------------
 */

/* Each overlapping pair once: as descriptors begin, the ones that still reach here. */
static void
pairwalk(const Fwmap *m, u64 pairs, Fwanomfn *f, void *aux)
{
	Fwcover c;
	fwcoverstart(&c, m);
	for (u32 j = 0; j < m->nkept; j++) {
		u32 me = m->kept[j].src;
		c.start = m->kept[j].start;
		for (i64 i = fwcovernext(&c, 0); i >= 0; i = fwcovernext(&c, (u64)i + 1)) {
			if (pairs-- == 0)
				return;
			u32 o = (u32)i, e[2] = {o < me ? o : me, o < me ? me : o};
			f(aux, FaOverlap, e, 2);
		}
		enter(m, me);
	}
}

/* Does r cover a page of the legacy hole that came out as memory? */
static bool
inhole(const Fwmap *m, const Range *r)
{
	u64 first = r->start > LEGACYHOLE ? (r->start - LEGACYHOLE) / BY2PG : 0;
	return r->end > LEGACYHOLE && first < HOLEPAGES &&
	       nextbit(m->legacy, HOLEPAGES, first) * BY2PG + LEGACYHOLE <
		   (r->end < LEGACYEND ? r->end : LEGACYEND);
}

static void
holewalk(const Fwmap *m, Fwanomfn *f, void *aux)
{
	Fwcover c;
	u32 n = 0;
	fwcoverstart(&c, m);
	fwcoverrange(&c, LEGACYHOLE, LEGACYEND);
	for (i64 i = fwcovernext(&c, 0); i >= 0; i = fwcovernext(&c, (u64)i + 1))
		if (inhole(m, &m->kept[m->pos[i]]))
			m->list[n++] = (u32)i;
	f(aux, FaLegacy, m->list, n);
}

void
fwanomalies(const Fwmap *m, u64 pairs, Fwanomfn *f, void *aux)
{
	u64 alone = 0; /* anomalies of single descriptors: none is the usual case */
	for (u32 a = 0; a <= FaUnaligned; a++)
		alone += m->anomalies[a];
	for (u32 i = 0; alone > 0 && i < m->n; i++) {
		Fwdesc d = fwdesc(m, i);
		u32 bits = fwfate(&d).anoms;
		for (u32 a = 0; bits >> a != 0; a++)
			if (bits >> a & 1)
				f(aux, (Fwanom)a, &i, 1);
	}
	if (m->anomalies[FaUnsorted])
		f(aux, FaUnsorted, nil, 0);
	if (m->anomalies[FaOverlap])
		pairwalk(m, pairs, f, aux);
	if (m->anomalies[FaLegacy])
		holewalk(m, f, aux);
}
