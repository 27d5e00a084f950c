/*
 * test_vmap.c: the kernel's half while it runs: taking over, pmap and its refusals, device windows, kernel
 * stacks and their guards, translation at every boundary, the audit with each rule broken once, the walker.
 * sources: mm/vmap.c mm/kstack.c mm/audit.c mm/walk.c mm/kmap.c mm/ptab.c mm/xlat.c mm/ledger.c
 * sources: arch/host/mem.c arch/host/pte.c kernel/lib/kind.c kernel/lib/format.c kernel/lib/str.c
 */
#include "kernelfake.h"

#define RW   (PermR | PermW)
#define MMIO 0xfee00000ull

static void
fresh(void)
{
	/* vmap.c and kstack.c keep state: what a test maps it unmaps */
	static bool up;

	if (!up)
		kernelup();
	up = true;
	hostclear();
	budget = nheap;
}

static Walk
at(u64 va)
{
	return translate(kernptab(), va);
}

/* --- taking over -----------------------------------------------------------------------------------------
 */

static void
test_C4_low_half_is_empty(void **st)
{
	const Pte64 *root;

	(void)st;
	fresh();
	root = kaddr(kernptab()->root);
	for (u64 i = 0; i < PTLX(HHDM, 3); i++)
		assert_int_equal(root[i], 0);
	assert_false(at(0).ok);
	assert_false(at(IMAGEPA + BY2PG).ok);
	assert_true(hostcount.load >= 2); /* and the processor forgot */
	/* three tables of the window wait for the next who needs one */
	assert_int_equal(kernptab()->ntables, builder.ntables - 3);
}

/* --- xlat ------------------------------------------------------------------------------------------------
 */

static void
test_E2_kaddr_bounds(void **st)
{
	(void)st;
	fresh();
	assert_ptr_equal(kaddr(topaddr(0)), (void *)HHDM);
	assert_ptr_equal(kaddr(topaddr(RAMBASE + RAMSIZE - 1)), (void *)(HHDM + RAMBASE + RAMSIZE - 1));
	assert_panics("kaddr: pa=0x4100000 is not in the direct map", kaddr(topaddr(RAMBASE + RAMSIZE)));
	assert_panics("kaddr: pa=0xfee00000", kaddr(topaddr(MMIO)));
	assert_panics("pc=", kaddr(topaddr(~0ull)));
	xlat.strict = &led;
	assert_ptr_equal(kaddr(topaddr(RAMBASE)), (void *)(HHDM + RAMBASE));
	assert_panics("kaddr: pa=0x0", kaddr(topaddr(0))); /* a hole */
	assert_panics("kaddr: pa=0xfffff", kaddr(topaddr(RAMBASE - 1)));
	xlat.strict = NULL;
}

static void
test_E2_kaddr_before_there_is_a_direct_map(void **st)
{
	Xlat old = xlat;

	(void)st;
	fresh();
	xlat.top = 0;
	assert_panics("kaddr: no direct map yet", kaddr(topaddr(RAMBASE)));
	assert_panics("paddr: va=", paddr((void *)(HHDM + RAMBASE)));
	assert_panics("paddr: va=", paddr((void *)(VMAP + MMIO)));
	assert_int_equal(cankaddr(topaddr(0)), 0);
	xlat = old;
	assert_panics("top", xlatinit(topaddr(0), boot.keep.image));
	assert_panics("HHDMSIZE", xlatinit(topaddr(HHDMSIZE + 1), boot.keep.image));
	assert_panics("KIMAGEMAX", xlatinit(topaddr(GiB), (BootRun){topaddr(0), KIMAGEMAX + 1}));
}

static void
test_E3_paddr_windows_and_their_ends(void **st)
{
	static const struct {
		u64 va;
		u64 pa; /* ~0: refused */
	} c[] = {
	    {HHDM - 1, ~0ull},
	    {HHDM, 0},
	    {HHDM + 1, 1},
	    {HHDM + RAMBASE + RAMSIZE - 1, RAMBASE + RAMSIZE - 1},
	    {HHDM + RAMBASE + RAMSIZE, ~0ull},
	    {KZERO - 1, ~0ull},
	    {KZERO, IMAGEPA},
	    {KZERO + 4 * BY2PG - 1, IMAGEPA + 4 * BY2PG - 1},
	    {KZERO + 4 * BY2PG, ~0ull},
	    {VMAP - 1, ~0ull},
	    {VMAP, 0},
	    {VMAP + MMIO, MMIO},
	    {VMAP + VMAPSIZE - 1, VMAPSIZE - 1},
	    {VMAP + VMAPSIZE, ~0ull},
	    {0, ~0ull},
	    {~0ull, ~0ull},
	    {USTKTOP - 1, ~0ull},
	    {KSTACKS + BY2PG, ~0ull},
	    {KMAP, ~0ull},
	    {VMALLOC, ~0ull},
	};

	(void)st;
	fresh();
	for (u32 i = 0; i < nelem(c); i++) {
		if (c[i].pa == ~0ull)
			assert_panics("paddr: va=", paddr((void *)c[i].va));
		else
			assert_int_equal(pabits(paddr((void *)c[i].va)), c[i].pa);
	}
}

static void
test_E8_both_views_of_the_image_agree(void **st)
{
	(void)st;
	fresh();
	for (u64 off = 0; off < 4 * BY2PG; off += 512) {
		Paddr a = paddr((void *)(KZERO + off)), b = paddr(kaddr(a));
		assert_true(paeq(a, b));
		assert_true(paeq(at(KZERO + off).pa, a) && paeq(at((uintptr)kaddr(a)).pa, a));
	}
	assert_true(ishhdm(kaddr(topaddr(IMAGEPA))));
	assert_false(ishhdm((void *)KZERO));
	assert_false(ishhdm((void *)(HHDM - 1)));
	assert_false(ishhdm((void *)(HHDM + RAMBASE + RAMSIZE)));
}

static void
test_E6_cankaddr(void **st)
{
	(void)st;
	fresh();
	assert_int_equal(cankaddr(topaddr(0)), RAMBASE + RAMSIZE);
	assert_int_equal(cankaddr(topaddr(RAMBASE + RAMSIZE - 1)), 1);
	assert_int_equal(cankaddr(topaddr(RAMBASE + RAMSIZE)), 0);
	assert_int_equal(cankaddr(topaddr(~0ull)), 0);
}

static void
test_E7_direct_map_by_range(void **st)
{
	(void)st;
	fresh();
	assert_true(hhdmmapped(topaddr(RAMBASE), RAMSIZE));
	assert_true(hhdmmapped(topaddr(IMAGEPA), BY2PG));
	assert_false(hhdmmapped(topaddr(RAMBASE - BY2PG), BY2PG));
	assert_false(hhdmmapped(topaddr(RAMBASE - BY2PG), 2 * BY2PG));
	assert_false(hhdmmapped(topaddr(RAMBASE), RAMSIZE + BY2PG));
	assert_false(hhdmmapped(topaddr(MMIO), BY2PG));
	assert_false(hhdmmapped(topaddr(~0ull), 1));
}

/* --- pmap ------------------------------------------------------------------------------------------------
 */

static void
test_D6_pmap_refusals(void **st)
{
	(void)st;
	fresh();
	assert_panics("pmap: pa=0x400000 va=0x200000", pmap(topaddr(HEAPPA), 0x200000, BY2PG, RW, MtWB));
	assert_panics("address out of range", pmap(topaddr(HEAPPA), HHDM - BY2PG, BY2PG, RW, MtWB));
	assert_panics("not whole pages", pmap(topaddr(HEAPPA), VMALLOC + 1, BY2PG, RW, MtWB));
	assert_panics("not whole pages", pmap(topaddr(HEAPPA + 1), VMALLOC, BY2PG, RW, MtWB));
	assert_panics("not whole pages", pmap(topaddr(HEAPPA), VMALLOC, 1, RW, MtWB));
	assert_panics("address out of range", pmap(topaddr(HEAPPA), VMALLOC, 0, RW, MtWB));
	assert_panics("address out of range", pmap(topaddr(1ull << 40), VMALLOC, BY2PG, RW, MtWB));
	pmap(topaddr(HEAPPA), VMALLOC, BY2PG, RW, MtWB);
	pmap(topaddr(HEAPPA), VMALLOC, BY2PG, RW, MtWB); /* the very same: fine */
	assert_panics("already mapped", pmap(topaddr(HEAPPA + BY2PG), VMALLOC, BY2PG, RW, MtWB));
	assert_panics("already mapped", pmap(topaddr(HEAPPA), VMALLOC, BY2PG, RW | PermX, MtWB));
	assert_panics("already mapped", pmap(topaddr(HEAPPA), VMALLOC, BY2PG, PermR, MtWB));
	assert_panics("already mapped", pmap(topaddr(HEAPPA), VMALLOC, BY2PG, RW, MtUC));
	assert_panics("already mapped", pmap(topaddr(HEAPPA), VMALLOC, 2 * BY2PG, RW, MtWB));
	assert_panics("pc=", pmap(topaddr(HEAPPA + BY2PG), VMALLOC, BY2PG, RW, MtWB));
	assert_false(at(VMALLOC + BY2PG).ok);
	punmap(VMALLOC, BY2PG);
	assert_panics("punmap: va=0x200000", punmap(0x200000, BY2PG));
	assert_int_equal(kernptlock.key, 0);
}

static void
test_D6_pmap_is_global_and_kernel_only(void **st)
{
	(void)st;
	fresh();
	pmap(topaddr(HEAPPA), VMALLOC, 4 * BY2PG, RW, MtWB);
	assert_int_equal(at(VMALLOC + 5000).perm, RW | PermG);
	assert_int_equal(pabits(at(VMALLOC + 5000).pa), HEAPPA + 5000);
	punmap(VMALLOC, 4 * BY2PG);
	assert_false(at(VMALLOC).ok);
}

static void
test_D12_unmap_flushes_and_map_does_not(void **st)
{
	(void)st;
	fresh();
	Hostcount before = hostcount;
	pmap(topaddr(HEAPPA), VMALLOC, 3 * BY2PG, RW, MtWB);
	assert_int_equal(hostcount.flushva, before.flushva);
	assert_int_equal(hostcount.flushall, before.flushall);
	punmap(VMALLOC, 3 * BY2PG);
	assert_int_equal(hostcount.flushva, before.flushva + 3);
	pmap(topaddr(HEAPPA), VMALLOC, 64 * BY2PG, RW, MtWB);
	punmap(VMALLOC, 64 * BY2PG);
	assert_int_equal(hostcount.flushall, before.flushall + 1);
}

static void
test_D12_map_and_unmap_cost_no_pages(void **st)
{
	u64 tables;
	u32 frames;

	(void)st;
	fresh();
	pmap(topaddr(HEAPPA), VMALLOC, BY2PG, RW, MtWB);
	punmap(VMALLOC, BY2PG);
	tables = kernptab()->ntables;
	frames = nheap;
	for (u32 i = 0; i < 100000; i++) {
		u64 va = VMALLOC + (u64)i * 5 * MiB % (512 * GiB);
		pmap(topaddr(HEAPPA), va, 2 * BY2PG, RW, MtWB);
		punmap(va, 2 * BY2PG);
	}
	assert_int_equal(kernptab()->ntables, tables);
	assert_in_range(frames - nheap, 0, 4); /* kept, clean, for the next map */
}

static void
test_C6_no_top_level_entry_ever_changes(void **st)
{
	Pte64 before[512];

	(void)st;
	fresh();
	memcpy(before, kaddr(kernptab()->root), sizeof before);
	pmap(topaddr(HEAPPA), VMALLOC + VMALLOCSIZE - BY2PG, BY2PG, RW, MtWB);
	pmap(topaddr(HEAPPA), VMALLOC, BY2PG, RW, MtWB);
	void *v = vmap(topaddr(MMIO), BY2PG);
	assert_non_null(v);
	assert_memory_equal(before, kaddr(kernptab()->root), sizeof before);
	punmap(VMALLOC, BY2PG);
	punmap(VMALLOC + VMALLOCSIZE - BY2PG, BY2PG);
	vunmap(v, BY2PG);
	assert_memory_equal(before, kaddr(kernptab()->root), sizeof before);
}

static void
test_I1_no_lock_is_left(void **st)
{
	(void)st;
	fresh();
	pmap(topaddr(HEAPPA), VMALLOC, BY2PG, RW, MtWB);
	punmap(VMALLOC, BY2PG);
	assert_int_equal(kernptlock.key, 0);
	assert_null(vmap(topaddr(HEAPPA), BY2PG));
	assert_int_equal(kernptlock.key, 0);
}

/* --- vmap ------------------------------------------------------------------------------------------------
 */

static void
refused(u64 pa, u64 size, const char *why)
{
	hostclear();
	assert_null(vmap(topaddr(pa), size));
	assert_true(hostsaid("vmap: refused"));
	assert_true(hostsaid(why));
}

static void
test_J2_vmap_refusals(void **st)
{
	(void)st;
	fresh();
	refused(0, BY2PG, "page zero");
	refused(BY2PG - 1, 1, "page zero");
	refused(MMIO, 0, "empty or wraps");
	refused(~0ull - 10, 100, "empty or wraps");
	refused(VMAPSIZE, BY2PG, "beyond the window");
	refused(VMAPSIZE - BY2PG, 2 * BY2PG, "beyond the window");
	refused(RAMBASE, BY2PG, "RAM");
	refused(RAMBASE + RAMSIZE - 1, 1, "RAM");
	refused(RAMBASE - BY2PG, 2 * BY2PG, "RAM");
	refused(BY2PG, 4 * GiB, "RAM");
	refused(RAMBASE - 1, 2, "RAM");
	hostfeat.pabits = 40;
	((PteFeat *)kernptab()->feat)->pabits = 39;
	refused((1ull << 39) - BY2PG, 2 * BY2PG, "address width");
	((PteFeat *)kernptab()->feat)->pabits = 40;
	void *v = vmap(topaddr(MMIO), BY2PG);
	hostclear();
	assert_null(vmapwc(topaddr(MMIO), BY2PG));
	assert_true(hostsaid("another memory type"));
	vunmap(v, BY2PG);
}

static void
test_J2_vmap_is_uncached_and_never_code(void **st)
{
	(void)st;
	fresh();
	u8 *v = vmap(topaddr(MMIO + 0x320), 4);
	assert_ptr_equal(v, (void *)(VMAP + MMIO + 0x320));
	Walk w = at((uintptr)v);
	assert_int_equal(w.mt, MtUC);
	assert_int_equal(w.perm, RW | PermG);
	assert_int_equal(pabits(w.pa), MMIO + 0x320);
	assert_int_equal(pabits(paddr(v)), MMIO + 0x320);
	assert_false(at(VMAP + MMIO + BY2PG).ok);
	vunmap(v, 4);
	assert_false(at(VMAP + MMIO).ok);
}

static void
test_J3_framebuffer_is_write_combining(void **st)
{
	(void)st;
	fresh();
	void *v = vmapwc(topaddr(0x80000000), 1280 * 800 * 4);
	Walk w = at((uintptr)v);
	assert_int_equal(w.mt, MtWC);
	assert_int_equal(w.level, 1); /* large pages: few entries */
	assert_true(ptmapped(kernptab(), (uintptr)v, topaddr(0x80000000), 1280 * 800 * 4, RW | PermG, MtWC));
	vunmap(v, 1280 * 800 * 4);
	assert_false(at((uintptr)v).ok);
}

static void
test_J2_windows_share_pages(void **st)
{
	u64 tables;

	(void)st;
	fresh();
	tables = kernptab()->ntables;
	void *a = vmap(topaddr(MMIO), 2 * BY2PG), *b = vmap(topaddr(MMIO + BY2PG), 2 * BY2PG);
	void *c = vmap(topaddr(MMIO), 2 * BY2PG), *d = vmap(topaddr(MMIO + 8), 16);
	assert_ptr_equal(a, c);
	vunmap(a, 2 * BY2PG); /* c still has it */
	assert_true(at(VMAP + MMIO).ok && at(VMAP + MMIO + BY2PG).ok);
	vunmap(c, 2 * BY2PG); /* the first page is d's, the second b's */
	assert_true(at(VMAP + MMIO).ok && at(VMAP + MMIO + BY2PG).ok && at(VMAP + MMIO + 2 * BY2PG).ok);
	vunmap(d, 16);
	assert_false(at(VMAP + MMIO).ok);
	assert_true(at(VMAP + MMIO + BY2PG).ok);
	vunmap(b, 2 * BY2PG);
	assert_false(at(VMAP + MMIO + BY2PG).ok || at(VMAP + MMIO + 2 * BY2PG).ok);
	assert_int_equal(kernptab()->ntables, tables);
	assert_panics("vunmap: no window", vunmap(a, 2 * BY2PG));
	kernptlock.key = 0;
	assert_panics("vunmap: va=", vunmap((void *)(HHDM + RAMBASE), BY2PG));
}

static void
test_J2_a_full_table_of_windows_is_said(void **st)
{
	void *v[128];

	(void)st;
	fresh();
	for (u64 i = 0; i < 128; i++)
		assert_non_null(v[i] = vmap(topaddr(0xc0000000 + i * 2 * BY2PG), BY2PG));
	refused(0xc0000000 + 128 * 2 * BY2PG, BY2PG, "all 128 windows");
	for (u64 i = 0; i < 128; i++)
		vunmap(v[i], BY2PG);
}

static void
test_J2_no_page_for_a_table(void **st)
{
	void *v[128];
	u32 n = 0;

	(void)st;
	fresh();
	/* the kernel keeps a few clean tables: use them up, each window in a stretch of its own */
	for (budget = 0; n < nelem(v); n++)
		if ((v[n] = vmap(topaddr((n + 5) * GiB), BY2PG)) == NULL)
			break;
	assert_true(n < nelem(v));
	assert_true(hostsaid("no page for a table"));
	assert_panics("no page for a table", pmap(topaddr(HEAPPA), VMALLOC + 100 * GiB, BY2PG, RW, MtWB));
	assert_false(at(VMAP + (n + 5) * GiB).ok || at(VMALLOC + 100 * GiB).ok);
	budget = nheap;
	while (n > 0) {
		n--;
		vunmap(v[n], BY2PG);
	}
}

static void
test_J1_kmap_is_the_direct_map(void **st)
{
	(void)st;
	fresh();
	Page *p = kpage(PgKernel, true);
	assert_ptr_equal(kmap(p), kaddr(pagepa(p)));
	kunmap(kmap(p));
	kpagesfree(p, 0);
}

/* --- stacks ----------------------------------------------------------------------------------------------
 */

static void
test_C5_every_stack_has_a_guard(void **st)
{
	u64 top[100];

	(void)st;
	fresh();
	for (u32 i = 0; i < nelem(top); i++) {
		top[i] = kstackalloc();
		assert_true(top[i] != 0 && top[i] > KSTACKTOP(NBOOTSTACK - 1) && top[i] % 16 == 0);
		for (u32 k = 0; k < i; k++)
			assert_int_not_equal(top[k], top[i]);
	}
	for (u32 i = 0; i < nelem(top); i++) {
		for (u64 off = BY2PG; off <= KSTACK; off += BY2PG)
			assert_int_equal(at(top[i] - off).perm, RW | PermG);
		assert_false(at(top[i] - KSTACK - 1).ok);
		assert_false(at(top[i] - KSTACKSTRIDE).ok);
	}
	u32 blocksused = blocksout;
	for (u32 i = 0; i < nelem(top); i++)
		kstackfree(top[i]);
	assert_int_equal(blocksout, blocksused - (nelem(top) - 32)); /* 32 stay ready */
	u64 again = kstackalloc();
	assert_int_equal(blocksout, 32); /* reuse costs no page */
	kstackfree(again);
}

static void
test_C5_bad_frees(void **st)
{
	(void)st;
	fresh();
	u64 top = kstackalloc();
	kstackfree(top);
	static const i64 off[] = {0, 8, -8, 16384, -16384, 20480 * 5000};
	for (u32 i = 0; i < nelem(off); i++) {
		assert_panics("is no stack in use", kstackfree(top + (u64)off[i]));
	}
	assert_panics("is no stack in use", kstackfree(KSTACK0TOP));
	assert_panics("is no stack in use", kstackfree(0));
	assert_panics("is no stack in use", kstackfree(~0ull));
}

static void
test_C5_out_of_memory_and_slots(void **st)
{
	u64 top[40];
	u32 n = 0;

	(void)st;
	fresh();
	for (u32 i = 0; i < 40; i++)
		top[i] = kstackalloc();
	budget = 0;
	assert_int_equal(kstackalloc(), 0);
	assert_int_equal(kstackalloc(), 0); /* and the slot is not lost */
	budget = nheap;
	u64 next = kstackalloc();
	assert_int_equal(next, top[39] + KSTACKSTRIDE);
	kstackfree(next);
	while (n < 40)
		kstackfree(top[n++]);
}

/* --- rules between rooms ---------------------------------------------------------------------------------
 */

static bool deaflock; /* a lock that does not lock */

void
ilock(Lock *l)
{
	if (l->key != 0)
		panic("ilock: taken twice");
	l->key = deaflock ? 0 : 1;
}

void
iunlock(Lock *l)
{
	l->key = 0;
}

static void
test_I1_setters_want_the_lock(void **st)
{
	(void)st;
	fresh();
	deaflock = true;
	assert_panics("edited without kernptlock", pmap(topaddr(HEAPPA), VMALLOC, BY2PG, RW, MtWB));
	deaflock = false;
	pmap(topaddr(HEAPPA), VMALLOC, BY2PG, RW, MtWB);
	deaflock = true;
	assert_panics("edited without kernptlock", punmap(VMALLOC, BY2PG));
	deaflock = false;
	assert_true(at(VMALLOC).ok);
	punmap(VMALLOC, BY2PG);
}

/* The last one: it begins anew. */
static void
test_C4_something_left_in_the_low_half_is_a_panic(void **st)
{
	(void)st;
	fresh();
	Pte64 *root = kaddr(kernptab()->root);
	MapRow w = {"bridge", IMAGEPA + BY2PG, topaddr(IMAGEPA + BY2PG), BY2PG, PermR | PermX, MtWB};
	assert_int_equal(kmapbuild(&builder, &w, 1), MapOk);
	root[3] = root[0];
	assert_panics("low half not empty: slot 3", mmuenter(&boot.keep));
	root[3] = 0;
}

/* --- the audit -------------------------------------------------------------------------------------------
 */

static void
test_D10_audit_of_a_sound_kernel(void **st)
{
	(void)st;
	fresh();
	assert_int_equal(kernelro(&led), 0);
	assert_true(hostsaid("kernelro: marked 1 text pages R-X, "));
	assert_true(hostsaid("data pages RW- violations=0\n"));
	assert_int_equal(xlatsweep(), 0);
	assert_true(hostsaid("mmu: xlat sweep n="));
	assert_true(hostsaid("bad=0\n"));
}

static void
broken(u64 va, u32 perm, u64 pa, const char *why)
{
	fresh();
	Walk w = at(va);
	Pte64 *e = mmuwalk(kernptab(), va, w.ok ? w.level : 0, true), old = *e;
	*e = pteleaf(kernptab()->feat, w.ok ? w.level : 0, topaddr(pa), perm, MtWB);
	assert_true(kernelro(&led) > 0);
	assert_true(hostsaid(why));
	assert_false(hostsaid("violations=0"));
	*e = old;
	hostclear();
	assert_int_equal(kernelro(&led), 0);
}

static void
test_D10_each_rule_broken_once(void **st)
{
	u64 text = KZERO + BY2PG, last = HHDM + RAMBASE + RAMSIZE - BY2PG;

	(void)st;
	broken(text, RW | PermX | PermG, IMAGEPA + BY2PG, "is writable and executable");
	broken(text, PermR | PermX | PermU | PermG, IMAGEPA + BY2PG, "is open to user mode");
	broken(text, PermR | PermX, IMAGEPA + BY2PG, "is not global");
	broken(last, RW | PermX | PermG, RAMBASE + RAMSIZE - BY2PG, "is code outside of the image");
	broken(KSTACK0TOP - 1, PermR | PermX | PermG, STACKPA, "is code outside of the image");
	broken(HHDM + IMAGEPA, RW | PermG, IMAGEPA, "makes image or firmware tables writable");
	broken(HHDM + HEAPPA - 2 * BY2PG, RW | PermG, RAMBASE, "is not at its place in the direct map");
	broken(KZERO + 16 * BY2PG, PermR | PermG, IMAGEPA, "is past the end of the image");
}

static void
test_C2_direct_map_and_ledger_must_agree(void **st)
{
	(void)st;
	fresh();
	/* a page of RAM that is not mapped */
	Walk w = at(HHDM + RAMBASE);
	Pte64 *e = mmuwalk(kernptab(), HHDM + RAMBASE, w.level, false), old = *e;
	*e = 0;
	assert_int_equal(kernelro(&led), 1);
	assert_true(hostsaid("kernelro: direct map has"));
	*e = old;
	/* a mapped page that is no RAM any more */
	hostclear();
	assert_true(ledgercarve(&led, RAMBASE, BY2PG, 1u << KFree, KReserved));
	assert_true(kernelro(&led) > 0);
	assert_true(hostsaid("maps what is not RAM"));
	assert_true(ledgercarve(&led, RAMBASE, BY2PG, 1u << KReserved, KFree));
	assert_int_equal(kernelro(&led), 0);
}

static void
test_D10_garbage_and_user_tables(void **st)
{
	(void)st;
	fresh();
	Pte64 *e = mmuwalk(kernptab(), VMALLOC, 2, false);
	assert_int_equal(*e, 0);
	*e = 1ull << 63;
	assert_int_equal(kernelro(&led), 1);
	assert_true(hostsaid("is garbage"));
	Paddr pa = rampage();
	*e = ptetable(kernptab()->feat, pa, true);
	hostclear();
	assert_int_equal(kernelro(&led), 1);
	assert_true(hostsaid("is a table open to user mode"));
	*e = 0;
	frameput(pa);
}

static void
test_D10_no_nx(void **st)
{
	(void)st;
	fresh();
	((PteFeat *)kernptab()->feat)->nx = false;
	assert_int_equal(kernelro(&led), 0);
	assert_true(hostsaid("kernelro: no NX"));
	((PteFeat *)kernptab()->feat)->nx = true;
}

static void
test_E4_sweep_finds_a_hole(void **st)
{
	(void)st;
	fresh();
	u64 va = HHDM + HEAPPA + 2 * MiB;
	Walk w = at(va);
	assert_int_equal(w.level, 1);
	Pte64 *e = mmuwalk(kernptab(), va, 1, false), old = *e;
	*e = 0;
	assert_int_equal(xlatsweep(), 1);
	*e = pteleaf(kernptab()->feat, 1, topaddr(HEAPPA), RW | PermG, MtWB);
	assert_int_equal(xlatsweep(), 1);
	*e = old;
	assert_int_equal(xlatsweep(), 0);
}

/* --- the walker ------------------------------------------------------------------------------------------
 */

static void
test_Q6_walk_text(void **st)
{
	static char d[4096], want[80];

	(void)st;
	fresh();
	usize n = walktext(kernptab(), &led, KZERO + BY2PG + 0x123, d, sizeof d);
	assert_int_equal(n, strlen(d));
	assert_non_null(strstr(d, "walk: va=ffffffff80001123 root="));
	assert_non_null(strstr(d, "walk: > L3 [511] "));
	assert_non_null(strstr(d, "walk: > L2 [510] "));
	assert_non_null(strstr(d, "walk: > L1 [  0] "));
	snformat(want, sizeof want, "walk: = L0 [  1] %016llx ", at(KZERO + BY2PG).pte[0]);
	assert_non_null(strstr(d, want));
	for (int l = 1; l <= 3; l++) {
		snformat(want, sizeof want, " %016llx TABLE", at(KZERO + BY2PG).pte[l]);
		assert_non_null(strstr(d, want));
	}
	assert_non_null(strstr(d, "walk:   L0 [  0] ")); /* neighbours */
	assert_non_null(strstr(d, "walk:   L0 [  3] "));
	assert_null(strstr(d, "L0 [  4] "));
	assert_non_null(strstr(d, "walk: pa=0000000000201123 (4 KiB page + 0x123) class image\n"));
	walktext(kernptab(), &led, HHDM + HEAPPA + 5, d, sizeof d);
	assert_non_null(strstr(d, "walk: = L1 [  2] "));
	assert_non_null(strstr(d, "(2 MiB page + 0x5) class free"));
	walktext(kernptab(), &led, 0, d, sizeof d);
	assert_non_null(strstr(d, "walk: = L3 [  0] 0000000000000000 -\n"));
	assert_non_null(strstr(d, "walk: STOP at L3: nothing is mapped\n"));
	walktext(kernptab(), &led, VMAP + 0x12345000, d, sizeof d);
	assert_non_null(strstr(d, "walk: STOP at L2"));
	n = walktext(kernptab(), &led, 1ull << 60, d, sizeof d);
	assert_int_equal(n, strlen(d));
	assert_non_null(strstr(d, "walk: STOP not a canonical address\n"));
	walktext(kernptab(), NULL, KZERO, d, sizeof d);
	assert_non_null(strstr(d, "class undescribed"));
}

static void
test_Q6_walk_text_never_runs_over(void **st)
{
	static char d[4096];

	(void)st;
	fresh();
	for (usize n = 0; n < 600; n++) {
		memset(d, '!', sizeof d);
		usize len = walktext(kernptab(), &led, KZERO, d, n);
		assert_true(n == 0 || (len < n && d[len] == 0));
		assert_int_equal(d[n], '!');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_C4_low_half_is_empty),
	    cmocka_unit_test(test_E2_kaddr_bounds),
	    cmocka_unit_test(test_E2_kaddr_before_there_is_a_direct_map),
	    cmocka_unit_test(test_E3_paddr_windows_and_their_ends),
	    cmocka_unit_test(test_E8_both_views_of_the_image_agree),
	    cmocka_unit_test(test_E6_cankaddr),
	    cmocka_unit_test(test_E7_direct_map_by_range),
	    cmocka_unit_test(test_D6_pmap_refusals),
	    cmocka_unit_test(test_D6_pmap_is_global_and_kernel_only),
	    cmocka_unit_test(test_D12_unmap_flushes_and_map_does_not),
	    cmocka_unit_test(test_D12_map_and_unmap_cost_no_pages),
	    cmocka_unit_test(test_C6_no_top_level_entry_ever_changes),
	    cmocka_unit_test(test_I1_no_lock_is_left),
	    cmocka_unit_test(test_J2_vmap_refusals),
	    cmocka_unit_test(test_J2_vmap_is_uncached_and_never_code),
	    cmocka_unit_test(test_J3_framebuffer_is_write_combining),
	    cmocka_unit_test(test_J2_windows_share_pages),
	    cmocka_unit_test(test_J2_a_full_table_of_windows_is_said),
	    cmocka_unit_test(test_J2_no_page_for_a_table),
	    cmocka_unit_test(test_J1_kmap_is_the_direct_map),
	    cmocka_unit_test(test_C5_every_stack_has_a_guard),
	    cmocka_unit_test(test_C5_bad_frees),
	    cmocka_unit_test(test_C5_out_of_memory_and_slots),
	    cmocka_unit_test(test_D10_audit_of_a_sound_kernel),
	    cmocka_unit_test(test_D10_each_rule_broken_once),
	    cmocka_unit_test(test_C2_direct_map_and_ledger_must_agree),
	    cmocka_unit_test(test_D10_garbage_and_user_tables),
	    cmocka_unit_test(test_D10_no_nx),
	    cmocka_unit_test(test_E4_sweep_finds_a_hole),
	    cmocka_unit_test(test_Q6_walk_text),
	    cmocka_unit_test(test_Q6_walk_text_never_runs_over),
	    cmocka_unit_test(test_I1_setters_want_the_lock),
	    cmocka_unit_test(test_C4_something_left_in_the_low_half_is_a_panic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
