/*
 * ptabtest.h: the tests of the table editor, for whichever port is linked: a pool of frames that come
 * poisoned, and a reference that knows nothing of tables: a sorted list of what is mapped where.
 */
#include "host.h"
#include "mm.h"

enum { NFRAME = 20000, PoolBase = 0x7000000 };

static Pte64 (*frame)[512];
static u32 freeframes[NFRAME], nfreeframes;
static u32 budget;	 /* frames that may still be taken */
static bool dirtyframes; /* an allocator that forgets to zero */

static Paddr
frameget(Ptab *t)
{
	(void)t;
	if (nfreeframes == 0 || budget == 0)
		return topaddr(0);
	budget--;
	u32 i = freeframes[--nfreeframes];
	if (!dirtyframes)
		memset(frame[i], 0, sizeof frame[i]);
	return topaddr(PoolBase + i * BY2PG);
}

static void
frameput(Ptab *t, Paddr pa)
{
	u32 i = (u32)((pabits(pa) - PoolBase) / BY2PG);

	(void)t;
	assert_true(i < NFRAME);
	memset(frame[i], 0xDE, sizeof frame[i]);
	freeframes[nfreeframes++] = i;
	budget++;
}

static Pte64 *
frameat(Ptab *t, Paddr pa)
{
	u64 i = (pabits(pa) - PoolBase) / BY2PG;

	(void)t;
	assert_true(pabits(pa) >= PoolBase && i < NFRAME);
	return frame[i];
}

static const PteFeat full = {.levels = 4, .maxleaf = 2, .pabits = 40, .nx = true};
static const PteFeat no1g = {.levels = 4, .maxleaf = 1, .pabits = 40, .nx = true};

static Ptab
fresh(const PteFeat *f)
{
	Ptab t = {.feat = f, .newtable = frameget, .freetable = frameput, .at = frameat};

	if (frame == NULL)
		frame = malloc(sizeof *frame * NFRAME);
	memset(frame, 0xDE, sizeof *frame * 64);
	nfreeframes = 0;
	for (u32 i = NFRAME; i > 0; i--)
		freeframes[nfreeframes++] = i - 1;
	budget = NFRAME;
	dirtyframes = false;
	t.root = frameget(&t);
	t.ntables = 1;
	return t;
}

#define RW   (PermR | PermW)
#define HIGH 0xffff900000000000ull

/* --- one thing each ----------------------------------------------------------------------------------- */

static void
test_D5_walk_finds_and_creates(void **st)
{
	Ptab t = fresh(&full);

	(void)st;
	for (int l = 0; l < 3; l++)
		assert_null(mmuwalk(&t, HIGH, l, false));
	assert_non_null(mmuwalk(&t, HIGH, 3, false));
	assert_int_equal(t.ntables, 1);
	assert_non_null(mmuwalk(&t, HIGH, 2, true));
	assert_int_equal(t.ntables, 2);
	assert_non_null(mmuwalk(&t, HIGH, 0, true));
	assert_int_equal(t.ntables, 4);
	/* each level has its own entry; neighbours share the table */
	Pte64 *e = mmuwalk(&t, HIGH, 0, false);
	assert_ptr_equal(mmuwalk(&t, HIGH + BY2PG, 0, false), e + 1);
	assert_ptr_not_equal(mmuwalk(&t, HIGH, 1, false), e);
}

static void
test_D5_walk_stops_above_a_large_page(void **st)
{
	Ptab t = fresh(&full);

	(void)st;
	assert_int_equal(ptmap(&t, HIGH, topaddr(0), 2 * MiB, RW, MtWB), MapOk);
	assert_null(mmuwalk(&t, HIGH, 0, false));
	assert_null(mmuwalk(&t, HIGH, 0, true));
	assert_non_null(mmuwalk(&t, HIGH, 1, false));
}

static void
test_D4_user_bit_only_in_the_user_half(void **st)
{
	Ptab t = fresh(&full);

	(void)st;
	assert_non_null(mmuwalk(&t, HIGH, 0, true));
	assert_non_null(mmuwalk(&t, 0x400000, 0, true));
	for (int l = 1; l <= 3; l++) {
		assert_false(pteperm(l, *mmuwalk(&t, HIGH, l, false)) & PermU);
		assert_true(pteperm(l, *mmuwalk(&t, 0x400000, l, false)) & PermU);
	}
}

static int
leaflevel(Ptab *t, u64 va)
{
	Walk w = translate(t, va);

	return w.ok ? w.level : -1;
}

static void
test_D2_largest_page_that_fits(void **st)
{
	static const struct {
		u64 va, pa, size;
		int level[2]; /* at the first byte: full, without 1 GiB pages */
		u64 leaves[2];
	} c[] = {
	    {HIGH, 0, BY2PG, {0, 0}, {1, 1}},
	    {HIGH, 0, 2 * MiB - BY2PG, {0, 0}, {511, 511}},
	    {HIGH, 0, 2 * MiB, {1, 1}, {1, 1}},
	    {HIGH, 0, 2 * MiB + BY2PG, {1, 1}, {2, 2}},
	    {HIGH, 0, 1 * GiB - 2 * MiB, {1, 1}, {511, 511}},
	    {HIGH, 0, 1 * GiB, {2, 1}, {1, 512}},
	    {HIGH, 0, 1 * GiB + BY2PG, {2, 1}, {2, 513}},
	    {HIGH, 3 * GiB, 2 * GiB, {2, 1}, {2, 1024}},
	    {HIGH, BY2PG, 2 * MiB, {0, 0}, {512, 512}},
	    {HIGH + BY2PG, BY2PG, 4 * MiB - BY2PG, {0, 0}, {512, 512}},
	    {HIGH + 2 * MiB, 0, 1 * GiB, {1, 1}, {512, 512}},
	    {HIGH + 2 * MiB, 2 * MiB, 2 * GiB - 2 * MiB, {1, 1}, {512, 1023}},
	    {HIGH + GiB - BY2PG, GiB - BY2PG, GiB + 2 * BY2PG, {0, 0}, {3, 514}},
	};

	(void)st;
	for (u32 k = 0; k < 2; k++)
		for (u32 i = 0; i < nelem(c); i++) {
			Ptab t = fresh(k == 0 ? &full : &no1g);
			assert_int_equal(ptmap(&t, c[i].va, topaddr(c[i].pa), c[i].size, RW, MtWB), MapOk);
			assert_int_equal(leaflevel(&t, c[i].va), c[i].level[k]);
			u64 leaves = 0, off = 0;
			while (off < c[i].size) {
				Walk w = translate(&t, c[i].va + off);
				assert_true(w.ok && pabits(w.pa) == c[i].pa + off);
				off += PGLSZ(w.level);
				leaves++;
			}
			assert_int_equal(off, c[i].size);
			assert_int_equal(leaves, c[i].leaves[k]);
			assert_false(translate(&t, c[i].va - 1).ok);
			assert_false(translate(&t, c[i].va + c[i].size).ok);
		}
}

static void
test_D11_each_error_once(void **st)
{
	Ptab t = fresh(&full);

	(void)st;
	assert_int_equal(ptmap(&t, HIGH, topaddr(0), BY2PG, RW, MtWB), MapOk);
	assert_int_equal(ptmap(&t, HIGH, topaddr(0), BY2PG, RW, MtWB), MapAlready);
	assert_int_equal(ptmap(&t, HIGH + 1, topaddr(0), BY2PG, RW, MtWB), MapAlign);
	assert_int_equal(ptmap(&t, HIGH + BY2PG, topaddr(1), BY2PG, RW, MtWB), MapAlign);
	assert_int_equal(ptmap(&t, HIGH + BY2PG, topaddr(0), BY2PG + 1, RW, MtWB), MapAlign);
	assert_int_equal(ptmap(&t, HIGH, topaddr(0), 0, RW, MtWB), MapRange);
	budget = 0;
	assert_int_equal(ptmap(&t, HIGH + GiB, topaddr(0), BY2PG, RW, MtWB), MapNoFrame);
	budget = NFRAME;
	assert_int_equal(ptsplit(&t, HIGH, 0), MapLevel);
	assert_int_equal(ptsplit(&t, HIGH, 1), MapLevel);
	assert_int_equal(ptsplit(&t, HIGH + 8 * GiB, 1), MapLevel);
	assert_int_equal(ptsplit(&t, HIGH, 3), MapLevel);
	assert_int_equal(ptsplit(&t, 0x0000800000000000ull, 1), MapLevel);
	for (int e = MapOk; e <= MapRange; e++)
		for (int o = MapOk; o < e; o++)
			assert_string_not_equal(maperrtext((enum MapErr)e), maperrtext((enum MapErr)o));
	assert_string_equal(maperrtext((enum MapErr)99), "unknown map error");
}

static void
test_D11_ranges_that_cannot_be(void **st)
{
	static const struct {
		u64 va, pa, size;
	} c[] = {
	    {0x0000800000000000ull, 0, BY2PG}, /* not canonical */
	    {0xffff7ffffffff000ull, 0, BY2PG},
	    {0x00007ffffffff000ull, 0, 2 * BY2PG}, /* runs into the hole */
	    {0xfffffffffffff000ull, 0, 2 * BY2PG}, /* wraps */
	    {0x1000, 0, ~0ull & ~(BY2PG - 1)},
	    {0x00007ffffffff000ull, 0, 0xffff000000002000ull}, /* both ends canonical, the hole between */
	    {HIGH, 1ull << 40, BY2PG},			       /* beyond the width */
	    {HIGH, (1ull << 40) - BY2PG, 2 * BY2PG},
	    {HIGH, ~0ull & ~(BY2PG - 1), 2 * BY2PG}, /* physical wrap */
	};
	Ptab t = fresh(&full);

	(void)st;
	for (u32 i = 0; i < nelem(c); i++)
		assert_int_equal(ptmap(&t, c[i].va, topaddr(c[i].pa), c[i].size, RW, MtWB), MapRange);
	for (u32 i = 0; i < 6; i++)
		assert_int_equal(ptunmap(&t, c[i].va, c[i].size), MapRange);
	assert_int_equal(t.ntables, 1);
	/* the last pages on either side are fine */
	assert_int_equal(ptmap(&t, 0xfffffffffffff000ull, topaddr((1ull << 40) - BY2PG), BY2PG, RW, MtWB),
			 MapOk);
	assert_int_equal(ptmap(&t, 0x00007ffffffff000ull, topaddr(0), BY2PG, RW, MtWB), MapOk);
	assert_true(translate(&t, ~0ull).ok);
	assert_int_equal(pabits(translate(&t, ~0ull).pa), (1ull << 40) - 1);
	assert_int_equal(ptunmap(&t, 0xfffffffffffff000ull, BY2PG), MapOk);
	assert_false(translate(&t, ~0ull).ok);
}

static void
test_D11_a_failed_map_leaves_nothing(void **st)
{
	(void)st;
	/* every number of frames, until it fits: what was mapped before stays, nothing else */
	for (u32 n = 0;; n++) {
		Ptab t = fresh(&no1g);
		assert_int_equal(ptmap(&t, HIGH + 5 * GiB, topaddr(0x123000), BY2PG, RW, MtWB), MapOk);
		u64 before = t.ntables;
		budget = n;
		enum MapErr err = ptmap(&t, HIGH + 2 * MiB - BY2PG, topaddr(BY2PG), 2 * GiB, RW, MtWB);
		if (err == MapOk) {
			assert_in_range(n, 1000, 1100);
			break;
		}
		assert_int_equal(err, MapNoFrame);
		assert_int_equal(t.ntables, before);
		assert_false(translate(&t, HIGH + 2 * MiB - BY2PG).ok);
		assert_true(translate(&t, HIGH + 5 * GiB).ok);
		if (n == 20)
			n = 1000;
	}
	/* something in the way: in the middle, at the end */
	for (u64 at = 0; at < 3; at++) {
		Ptab t = fresh(&full);
		u64 there = HIGH + GiB + at * 512 * MiB;
		assert_int_equal(ptmap(&t, there, topaddr(0), BY2PG, PermR, MtWB), MapOk);
		u64 before = t.ntables;
		assert_int_equal(ptmap(&t, HIGH, topaddr(0), 2 * GiB + BY2PG, RW, MtWB), MapAlready);
		assert_int_equal(t.ntables, before);
		assert_false(translate(&t, HIGH).ok);
		assert_int_equal(translate(&t, there).perm, PermR);
	}
}

static void
test_D11_smaller_pages_around_a_table_in_the_way(void **st)
{
	Ptab t = fresh(&full);

	(void)st;
	/* an empty table below: the map is not refused, it uses it */
	assert_non_null(mmuwalk(&t, HIGH, 0, true));
	assert_int_equal(ptmap(&t, HIGH, topaddr(0), GiB, RW, MtWB), MapOk);
	assert_int_equal(leaflevel(&t, HIGH), 0);
	assert_int_equal(leaflevel(&t, HIGH + 2 * MiB), 1);
	assert_true(ptmapped(&t, HIGH, topaddr(0), GiB, RW, MtWB));
}

static void
test_D5_split_keeps_the_translation(void **st)
{
	static const enum Memtype mts[] = {MtWB, MtWC, MtUC, MtWT};

	(void)st;
	for (u32 perm = 1; perm < 32; perm += 2)
		for (u32 m = 0; m < nelem(mts); m++) {
			Ptab t = fresh(&full);
			assert_int_equal(ptmap(&t, HIGH, topaddr(3 * GiB), GiB, perm, mts[m]), MapOk);
			assert_int_equal(ptsplit(&t, HIGH + 77 * MiB, 1), MapLevel);
			assert_int_equal(ptsplit(&t, HIGH + 77 * MiB, 2), MapOk);
			assert_int_equal(ptsplit(&t, HIGH + 77 * MiB, 1), MapOk);
			for (u64 off = 0; off < GiB; off += PGLSZ(translate(&t, HIGH + off).level)) {
				Walk w = translate(&t, HIGH + off + 0xabc);
				assert_int_equal(w.level, off >= 76 * MiB && off < 78 * MiB ? 0 : 1);
				assert_int_equal(pabits(w.pa), 3 * GiB + off + 0xabc);
				assert_int_equal(w.perm, perm);
				assert_int_equal(w.mt, mts[m]);
			}
			budget = 0;
			assert_int_equal(ptsplit(&t, HIGH, 1), MapNoFrame);
			assert_true(translate(&t, HIGH).ok);
		}
}

static void
test_D5_unmap_of_a_part(void **st)
{
	Ptab t = fresh(&full);

	(void)st;
	assert_int_equal(ptmap(&t, HIGH, topaddr(0), 2 * GiB, RW, MtWB), MapOk);
	assert_int_equal(ptunmap(&t, HIGH + 3 * BY2PG, GiB), MapOk);
	assert_true(translate(&t, HIGH + 3 * BY2PG - 1).ok);
	assert_false(translate(&t, HIGH + 3 * BY2PG).ok);
	assert_false(translate(&t, HIGH + GiB + 3 * BY2PG - 1).ok);
	assert_int_equal(pabits(translate(&t, HIGH + GiB + 3 * BY2PG).pa), GiB + 3 * BY2PG);
	assert_int_equal(leaflevel(&t, HIGH + GiB + 2 * MiB), 1);
	/* no frame to split with: nothing is unmapped */
	Ptab u = fresh(&full);
	assert_int_equal(ptmap(&u, HIGH, topaddr(0), 2 * GiB, RW, MtWB), MapOk);
	budget = 3; /* 4 are needed */
	assert_int_equal(ptunmap(&u, HIGH + 3 * BY2PG, GiB), MapNoFrame);
	assert_true(ptmapped(&u, HIGH, topaddr(0), 2 * GiB, RW, MtWB));
}

static void
test_D5_unmap_of_nothing(void **st)
{
	Ptab t = fresh(&full);

	(void)st;
	assert_int_equal(ptunmap(&t, HIGH, 512 * GiB), MapOk);
	assert_int_equal(ptunmap(&t, BY2PG, 64 * TiB), MapOk);
	assert_int_equal(t.ntables, 1);
	assert_int_equal(ptunmap(&t, HIGH + 1, BY2PG), MapAlign);
	assert_int_equal(ptunmap(&t, HIGH, 0), MapRange);
}

static void
test_D12_tables_stay_constant(void **st)
{
	Ptab t = fresh(&full);
	u64 seed = 12, base = 0;

	(void)st;
	for (u32 i = 0; i < 100000; i++) {
		u64 va = HIGH + (hostrand(&seed) % (4 * GiB) & ~(BY2PG - 1));
		u64 size = (1 + hostrand(&seed) % 8) * BY2PG;
		assert_int_equal(ptmap(&t, va, topaddr(0x10000), size, RW, MtWB), MapOk);
		assert_int_equal(ptunmap(&t, va, size), MapOk);
		if (i == 0)
			base = t.ntables;
		assert_int_equal(t.ntables, base);
	}
	assert_int_equal(base, 2); /* the root and the table right below it, which stays (C6) */
	assert_int_equal(nfreeframes, NFRAME - 2);
}

static void
test_D12_without_freetable_tables_stay(void **st)
{
	Ptab t = fresh(&full);

	(void)st;
	t.freetable = NULL;
	assert_int_equal(ptmap(&t, HIGH, topaddr(0), BY2PG, RW, MtWB), MapOk);
	assert_int_equal(ptunmap(&t, HIGH, BY2PG), MapOk);
	assert_int_equal(t.ntables, 4);
}

static void
test_D4_a_dirty_table_is_never_linked(void **st)
{
	Ptab t = fresh(&full);

	(void)st;
	dirtyframes = true;
	memset(frame, 0xDE, sizeof *frame * NFRAME);
	memset(frameat(&t, t.root), 0, BY2PG);
	assert_panics("e[i] == 0", (void)mmuwalk(&t, HIGH, 0, true));
}

static void
test_E7_translate_tells_where_it_stopped(void **st)
{
	Ptab t = fresh(&full);
	Walk w;

	(void)st;
	w = translate(&t, HIGH);
	assert_true(!w.ok && w.level == 3);
	assert_int_equal(ptmap(&t, HIGH, topaddr(0x5000), BY2PG, RW, MtUC), MapOk);
	w = translate(&t, HIGH + BY2PG);
	assert_true(!w.ok && w.level == 0);
	w = translate(&t, HIGH + 2 * MiB);
	assert_true(!w.ok && w.level == 1);
	w = translate(&t, HIGH + GiB);
	assert_true(!w.ok && w.level == 2);
	w = translate(&t, HIGH + 0xfff);
	assert_true(w.ok && w.level == 0 && pabits(w.pa) == 0x5fff && w.mt == MtUC && w.perm == RW);
	for (int l = 0; l <= 3; l++)
		assert_int_equal(w.pte[l], *mmuwalk(&t, HIGH, l, false));
	w = translate(&t, 0x0001000000000000ull);
	assert_false(w.ok);
}

static void
test_E7_mapped_range(void **st)
{
	Ptab t = fresh(&full);

	(void)st;
	assert_int_equal(ptmap(&t, HIGH + BY2PG, topaddr(BY2PG), GiB, RW, MtWB), MapOk);
	assert_false(ptmapped(&t, HIGH + BY2PG, topaddr(BY2PG), GiB, PermR, MtWB));
	assert_true(ptmapped(&t, HIGH + BY2PG, topaddr(BY2PG), GiB, RW, MtWB));
	assert_false(ptmapped(&t, HIGH + BY2PG, topaddr(BY2PG), GiB, PermR | PermX, MtWB));
	assert_false(ptmapped(&t, HIGH + BY2PG, topaddr(BY2PG), GiB, RW, MtUC));
	assert_false(ptmapped(&t, HIGH + BY2PG, topaddr(2 * BY2PG), GiB, RW, MtWB));
	assert_false(ptmapped(&t, HIGH + BY2PG, topaddr(BY2PG), GiB + BY2PG, RW, MtWB));
	assert_false(ptmapped(&t, HIGH, topaddr(0), GiB, RW, MtWB));
	assert_int_equal(ptunmap(&t, HIGH + 512 * MiB, BY2PG), MapOk);
	assert_false(ptmapped(&t, HIGH + BY2PG, topaddr(BY2PG), GiB, RW, MtWB));
}

static void
test_D3_canonical(void **st)
{
	static const struct {
		u64 va;
		bool yes;
	} c[] = {{0, true},
		 {0x7fffffffffff, true},
		 {0x800000000000, false},
		 {0xffff7fffffffffff, false},
		 {0xffff800000000000, true},
		 {~0ull, true},
		 {1ull << 63, false},
		 {1ull << 48, false}};

	(void)st;
	for (u32 i = 0; i < nelem(c); i++)
		assert_int_equal(canonical(&full, c[i].va), c[i].yes);
}

/* --- against a reference ------------------------------------------------------------------------------- */

typedef struct {
	u64 va, end, pa;
	u32 perm;
	enum Memtype mt;
} Seg;
static Seg seg[4096];
static u32 nseg;

static bool
segfree(u64 va, u64 end)
{
	for (u32 i = 0; i < nseg; i++)
		if (va < seg[i].end && seg[i].va < end)
			return false;
	return true;
}

static void
segcut(u64 va, u64 end)
{
	for (u32 i = 0; i < nseg; i++) {
		Seg s = seg[i];
		if (va >= s.end || s.va >= end)
			continue;
		seg[i--] = seg[--nseg];
		if (s.va < va)
			seg[nseg++] = (Seg){s.va, va, s.pa, s.perm, s.mt};
		if (end < s.end)
			seg[nseg++] = (Seg){end, s.end, s.pa + (end - s.va), s.perm, s.mt};
		if (s.va < va || end < s.end)
			return segcut(va, end);
	}
}

static void
probe(Ptab *t, u64 va)
{
	Walk w = translate(t, va);

	for (u32 i = 0; i < nseg; i++)
		if (va >= seg[i].va && va < seg[i].end) {
			assert_true(w.ok);
			assert_int_equal(pabits(w.pa), seg[i].pa + (va - seg[i].va));
			assert_int_equal(w.perm, seg[i].perm);
			assert_int_equal(w.mt, seg[i].mt);
			return;
		}
	assert_false(w.ok);
}

static u64
randomva(u64 *seed)
{
	static const u64 base[] = {HIGH, HIGH + 511 * GiB, 0, 0x7f8000000000ull};
	u64 r = hostrand(seed), grain = r & 1 ? BY2PG : r & 2 ? 2 * MiB : GiB;

	return base[r >> 2 & 3] + GiB + (hostrand(seed) % (4 * GiB) & ~(grain - 1));
}

static u64
randomsize(u64 *seed)
{
	u64 r = hostrand(seed);

	switch (r & 7) {
	case 0:
		return ((r >> 8) % 3 + 1) * GiB;
	case 1:
	case 2:
		return ((r >> 8) % 600 + 1) * 2 * MiB;
	default:
		return ((r >> 8) % 1500 + 1) * BY2PG;
	}
}

static void
step(Ptab *t, u64 *seed)
{
	u64 va = randomva(seed), size = randomsize(seed), r = hostrand(seed);
	u64 pa = (r & 7 ? (va & (GiB - 1)) + (r >> 40) % 64 * GiB : (r >> 20) % (64 * GiB) & ~(BY2PG - 1));

	if (r >> 8 & 1) {
		if (segfree(va, va + size) && nseg < 2000) {
			u32 perm = PermR | (r >> 16 & 31);
			enum Memtype mt = (enum Memtype)(r >> 12 & 3);
			assert_int_equal(ptmap(t, va, topaddr(pa), size, perm, mt), MapOk);
			seg[nseg++] = (Seg){va, va + size, pa, perm, mt};
		} else if (nseg < 2000) {
			assert_int_equal(ptmap(t, va, topaddr(pa), size, RW, MtWB), MapAlready);
		}
	} else if (r >> 9 & 1) {
		assert_int_equal(ptunmap(t, va, size), MapOk);
		segcut(va, va + size);
	} else {
		Walk w = translate(t, va);
		if (w.ok)
			assert_int_equal(ptsplit(t, va, w.level), w.level > 0 ? MapOk : MapLevel);
	}
	probe(t, va - 1);
	probe(t, va);
	probe(t, va + size - 1);
	probe(t, va + size);
	for (int i = 0; i < 8; i++)
		probe(t, randomva(seed) + (hostrand(seed) & 0xfff));
}

static void
reference(const PteFeat *f, u64 seed, u32 steps)
{
	Ptab t = fresh(f);

	nseg = 0;
	for (u32 i = 0; i < steps; i++)
		step(&t, &seed);
	while (nseg > 0) {
		u64 va = seg[0].va, size = seg[0].end - va;
		assert_int_equal(ptunmap(&t, va, size), MapOk);
		segcut(va, va + size);
	}
	assert_in_range(t.ntables, 1, 1 + 5); /* what stays is right under the root */
	assert_int_equal(t.ntables, NFRAME - nfreeframes);
}

static void
test_D5_random_against_reference(void **st)
{
	(void)st;
	for (u64 seed = 1; seed <= 12; seed++)
		reference(&full, seed, 400);
}

static void
test_D5_random_against_reference_no1g(void **st)
{
	(void)st;
	for (u64 seed = 1; seed <= 6; seed++)
		reference(&no1g, seed * 77, 300);
}

/* --- there and back, as often as one likes -------------------------------------------------------------- */

static void
roundtrip(Ptab *t, u64 *seed)
{
	static const u64 grain[] = {BY2PG, 2 * MiB, GiB};
	u64 r = hostrand(seed), alike = r >> 26 & 1, g = grain[r % 3];
	/* large pages only where both addresses allow them: else it is a row of small ones */
	u64 size = ((r >> 8) % 6 + 1) * BY2PG + (alike ? (r >> 16) % 3 * g : 0);
	u64 va = HIGH + (hostrand(seed) % (64 * GiB) & ~(g - 1)) + ((r >> 24) & 1) * BY2PG;
	u64 pa = (hostrand(seed) % (1ull << 39) & ~(g - 1)) + ((r >> 24 ^ !alike) & 1) * BY2PG;
	u32 perm = PermR | (r >> 32 & 31);
	enum Memtype mt = (enum Memtype)(r >> 40 & 3);

	assert_int_equal(ptmap(t, va, topaddr(pa), size, perm, mt), MapOk);
	assert_true(ptmapped(t, va, topaddr(pa), size, perm, mt));
	assert_false(translate(t, va - 1).ok || translate(t, va + size).ok);
	assert_int_equal(ptunmap(t, va, size), MapOk);
	assert_false(translate(t, va).ok || translate(t, va + size - 1).ok);
}

/* ROUNDS in the environment asks for more: a million take some seconds. */
static void
test_E7_random_there_and_back(void **st)
{
	const char *rounds = getenv("ROUNDS");
	Ptab t = fresh(&full);
	u64 seed = 2026;

	(void)st;
	for (long n = rounds != NULL ? atol(rounds) : 5000; n > 0; n--)
		roundtrip(&t, &seed);
	assert_int_equal(t.ntables, 2);
}
