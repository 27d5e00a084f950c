/*
 * test_space.c: address spaces of processes: the shared kernel's half, tables that come and go with what
 * is mapped, what is flushed and what need not be (on memory that goes stale like a TLB), counts that
 * stay constant over many processes, memory that runs out at every step.
 * sources: mm/space.c mm/vmap.c mm/kmap.c mm/ptab.c mm/xlat.c mm/ledger.c arch/host/mem.c arch/host/pte.c
 * sources: kernel/lib/kind.c kernel/lib/format.c kernel/lib/str.c
 */
#include "kernelfake.h"

#define RW  (PermR | PermW)
#define RX  (PermR | PermX)
#define USR HOSTUSER

static u32 framesout;

static void
fresh(void)
{
	static bool up;

	if (!up)
		kernelup();
	up = true;
	hostclear();
	budget = nheap;
	mmuload(kernptab()->root);
	memset(&hostcount, 0, sizeof hostcount);
}

static Space
newspace(void)
{
	Space s;

	assert_true(spaceinit(&s));
	return s;
}

static bool
put(Space *s, u64 va, u64 pa, u32 perm)
{
	return spaceput(s, touva(va), topaddr(pa), perm, MtWB);
}

static Walk
at(Space *s, u64 va)
{
	return spacewalk(s, touva(va));
}

/* A page of memory with a word in it. */
static u64
page(u64 word)
{
	Paddr pa = frameget(true);

	*(u64 *)kaddr(pa) = word;
	return pabits(pa);
}

static volatile u64 *
user(u64 va)
{
	return (volatile u64 *)va;
}

/* --- what a space is ---------------------------------------------------------------------------------------
 */

static void
test_C6_kernel_half_is_shared(void **st)
{
	Space s[100];
	u64 from = PTLX(HHDM, 3);
	const Pte64 *kern;

	(void)st;
	fresh();
	kern = kaddr(kernptab()->root);
	for (u32 i = 0; i < nelem(s); i++)
		s[i] = newspace();
	pmap(topaddr(HEAPPA), VMALLOC, BY2PG, RW, MtWB); /* growth is seen by all */
	for (u32 i = 0; i < nelem(s); i++) {
		const Pte64 *root = kaddr(s[i].root);
		assert_memory_equal(root + from, kern + from, (512 - from) * 8);
		for (u64 k = 0; k < from; k++)
			assert_int_equal(root[k], 0);
		assert_true(at(&s[i], VMALLOC).ok);
		assert_null(spacecheck(&s[i]));
	}
	punmap(VMALLOC, BY2PG);
	for (u32 i = 0; i < nelem(s); i++)
		spacefree(&s[i]);
}

static void
test_C6_used_spaces_come_back_clean(void **st)
{
	u64 from = PTLX(HHDM, 3);
	const Pte64 *kern = kaddr(kernptab()->root);

	(void)st;
	fresh();
	for (u32 round = 0; round < 50; round++) {
		Space s = newspace();
		const Pte64 *root = kaddr(s.root);
		for (u64 k = 0; k < from; k++)
			assert_int_equal(root[k], 0);
		assert_memory_equal(root + from, kern + from, (512 - from) * 8);
		for (u64 k = 0; k < 40; k++)
			assert_true(put(&s, UTZERO + k * 37 * MiB * (round + 1), HEAPPA, RW));
		spacefree(&s);
		spacefree(&s); /* a second time: nothing */
	}
}

static void
test_N5_put_and_walk(void **st)
{
	Space s;
	u32 n[4];

	(void)st;
	fresh();
	s = newspace();
	assert_true(put(&s, UTZERO, HEAPPA, RX));
	assert_true(put(&s, USTKTOP - BY2PG, HEAPPA + BY2PG, RW));
	Walk w = at(&s, UTZERO + 7);
	assert_true(w.ok && pabits(w.pa) == HEAPPA + 7 && w.perm == (RX | PermU) && w.level == 0);
	w = at(&s, USTKTOP - 1);
	assert_true(w.ok && pabits(w.pa) == HEAPPA + 2 * BY2PG - 1 && w.perm == (RW | PermU));
	assert_false(at(&s, UTZERO + BY2PG).ok);
	assert_false(at(&s, 0).ok);
	spacecount(&s, n);
	assert_int_equal(n[0], 2);
	assert_int_equal(n[1], 2);
	assert_int_equal(n[2], 2);
	assert_int_equal(n[3], 1);
	assert_int_equal(s.ntables, 6);
	assert_null(spacecheck(&s));
	spacefree(&s);
}

static void
test_N5_user_pages_are_never_global_always_user(void **st)
{
	Space s;

	(void)st;
	fresh();
	s = newspace();
	for (u32 perm = 0; perm < 32; perm++) {
		assert_true(put(&s, UTZERO, HEAPPA, perm | PermR));
		assert_int_equal(at(&s, UTZERO).perm, ((perm | PermR | PermU) & ~(u32)PermG));
	}
	assert_true(spaceput(&s, touva(UTZERO), topaddr(0xfd000000), RW, MtUC));
	assert_int_equal(at(&s, UTZERO).mt, MtUC);
	assert_null(spacecheck(&s));
	spacefree(&s);
}

static void
test_N5_kernel_addresses_are_refused(void **st)
{
	Space s;

	(void)st;
	fresh();
	s = newspace();
	assert_panics("USTKTOP", put(&s, KZERO, HEAPPA, RW));
	assert_panics("USTKTOP", put(&s, USTKTOP, HEAPPA, RW));
	assert_panics("USTKTOP", put(&s, ~0ull, HEAPPA, RW));
	assert_panics("BY2PG", put(&s, 0, HEAPPA, RW));
	assert_panics("BY2PG", put(&s, BY2PG - 1, HEAPPA, RW));
	assert_panics("USTKTOP", spaceunmap(&s, touva(USTKTOP - BY2PG), 2 * BY2PG));
	assert_panics("BY2PG", spaceunmap(&s, touva(UTZERO + 1), BY2PG));
	assert_panics("USTKTOP", spaceprotect(&s, touva(USTKTOP), BY2PG));
	assert_panics("USTKTOP", spaceunmap(&s, touva(UTZERO), 0ull - BY2PG));
	assert_int_equal(s.ntables, 0);
	spacefree(&s);
}

/* --- flushing ----------------------------------------------------------------------------------------------
 */

static void
test_D12_nothing_new_is_flushed(void **st)
{
	Space s;

	(void)st;
	fresh();
	s = newspace();
	mmuload(s.root);
	Hostcount c = hostcount;
	for (u64 i = 0; i < 100; i++)
		assert_true(put(&s, USR + i * BY2PG, HEAPPA, RW));
	assert_true(put(&s, USR, HEAPPA, RW)); /* the same again */
	assert_int_equal(hostcount.flushva, c.flushva);
	assert_int_equal(hostcount.load, c.load);
	spacefree(&s);
}

static void
test_D12_replaced_page_is_seen_at_once(void **st)
{
	Space s;
	u64 a, b;

	(void)st;
	fresh();
	a = page(0xaaaa);
	b = page(0xbbbb);
	s = newspace();
	mmuload(s.root);
	assert_true(put(&s, USR, a, RW));
	assert_int_equal(*user(USR), 0xaaaa);
	*user(USR) = 0xa5a5;
	assert_int_equal(*(u64 *)kaddr(topaddr(a)), 0xa5a5);
	assert_true(put(&s, USR, b, RW)); /* copy on write gives another page */
	assert_int_equal(*user(USR), 0xbbbb);
	assert_int_equal(hostcount.flushva, 1);
	spacefree(&s);
	frameput(topaddr(a));
	frameput(topaddr(b));
}

static void
test_D12_unmapped_pages_are_gone(void **st)
{
	u64 pa[40];
	Space s;

	(void)st;
	fresh();
	for (u32 few = 0; few < 2; few++) {
		u32 n = few ? 3 : 40;
		s = newspace();
		mmuload(s.root);
		for (u64 i = 0; i < n; i++) {
			pa[i] = page(i);
			assert_true(put(&s, USR + i * BY2PG, pa[i], RW));
			assert_int_equal(*user(USR + i * BY2PG), i);
		}
		u64 loads = hostcount.load;
		spaceunmap(&s, touva(USR), n * BY2PG);
		assert_int_equal(hostcount.load, few ? loads : loads + 1);
		for (u64 i = 0; i < n; i++) {
			assert_false(hosttouch(USR + i * BY2PG, false));
			/* another page at the same place: no stale one is seen */
			u64 other = page(1000 + i);
			assert_true(put(&s, USR + i * BY2PG, other, RW));
			assert_int_equal(*user(USR + i * BY2PG), 1000 + i);
			frameput(topaddr(pa[i]));
			pa[i] = other;
		}
		spacefree(&s);
		for (u64 i = 0; i < n; i++)
			frameput(topaddr(pa[i]));
	}
}

static void
test_D12_protect_takes_the_right_to_write(void **st)
{
	Space s;
	u64 a;

	(void)st;
	fresh();
	a = page(7);
	s = newspace();
	mmuload(s.root);
	assert_true(put(&s, USR, a, RW));
	assert_true(put(&s, USR + BY2PG, a, RX));
	*user(USR) = 8;
	Hostcount c = hostcount;
	spaceprotect(&s, touva(USR), 2 * BY2PG);
	assert_int_equal(hostcount.flushva, c.flushva + 1); /* the other one did not change */
	assert_true(hosttouch(USR, false));
	assert_false(hosttouch(USR, true));
	assert_int_equal(*user(USR), 8);
	assert_int_equal(at(&s, USR).perm, PermR | PermU);
	assert_int_equal(at(&s, USR + BY2PG).perm, RX | PermU);
	spaceprotect(&s, touva(USR), 2 * BY2PG);
	assert_int_equal(hostcount.flushva, c.flushva + 1);
	assert_null(spacecheck(&s));
	spacefree(&s);
	frameput(topaddr(a));
}

static void
test_D12_other_spaces_need_no_flush(void **st)
{
	Space s, other;

	(void)st;
	fresh();
	s = newspace();
	other = newspace();
	mmuload(other.root);
	assert_true(put(&s, USR, HEAPPA, RW));
	Hostcount c = hostcount;
	assert_true(put(&s, USR, HEAPPA + BY2PG, RW));
	spaceprotect(&s, touva(USR), BY2PG);
	spaceunmap(&s, touva(USR), BY2PG);
	spaceflush(&s);
	spacefree(&s);
	assert_int_equal(hostcount.flushva, c.flushva);
	assert_int_equal(hostcount.load, c.load);
	assert_true(paeq(mmuroot(), other.root));
	spacefree(&other);
	assert_true(paeq(mmuroot(), kernptab()->root)); /* nobody stays on a root that is free */
}

static void
test_D12_flush_of_everything(void **st)
{
	Space s;
	u64 a;

	(void)st;
	fresh();
	a = page(1);
	s = newspace();
	mmuload(s.root);
	u64 loads = hostcount.load;
	spaceflush(&s); /* empty: nothing to do */
	assert_int_equal(hostcount.load, loads);
	for (u64 i = 0; i < 30; i++)
		assert_true(put(&s, USR + i * MiB, a, RW));
	assert_int_equal(*user(USR + 3 * MiB), 1);
	spaceflush(&s);
	assert_int_equal(hostcount.load, loads + 1);
	assert_int_equal(s.ntables, 0);
	for (u64 i = 0; i < 30; i++)
		assert_false(at(&s, USR + i * MiB).ok);
	assert_null(spacecheck(&s));
	spacefree(&s);
	frameput(topaddr(a));
}

/* --- tables that come and go
 * --------------------------------------------------------------------------------- */

static void
test_D12_empty_tables_go_back(void **st)
{
	Space s;

	(void)st;
	fresh();
	s = newspace();
	assert_true(put(&s, UTZERO, HEAPPA, RX));
	assert_int_equal(s.ntables, 3);
	for (u32 i = 0; i < 100000; i++) {
		u64 va = UTZERO + (1 + (u64)i * 7919 % 60000) * 2 * MiB;
		assert_true(put(&s, va, HEAPPA, RW));
		assert_true(put(&s, va + BY2PG, HEAPPA, RW));
		spaceunmap(&s, touva(va), 2 * BY2PG);
		assert_int_equal(s.ntables, 3);
	}
	assert_null(spacecheck(&s));
	assert_true(at(&s, UTZERO).ok);
	spaceunmap(&s, touva(UTZERO), BY2PG);
	assert_int_equal(s.ntables, 0);
	spacefree(&s);
}

static void
test_D12_unmap_of_wide_and_empty_ranges(void **st)
{
	Space s;

	(void)st;
	fresh();
	s = newspace();
	spaceunmap(&s, touva(BY2PG), USTKTOP - BY2PG);
	assert_true(put(&s, UTZERO, HEAPPA, RW));
	assert_true(put(&s, 3 * GiB - BY2PG, HEAPPA, RW));
	assert_true(put(&s, 3 * GiB, HEAPPA, RW));
	assert_true(put(&s, 512 * GiB, HEAPPA, RW));
	assert_true(put(&s, USTKTOP - BY2PG, HEAPPA, RW));
	spaceunmap(&s, touva(3 * GiB), 509 * GiB);
	assert_true(at(&s, 3 * GiB - 1).ok && at(&s, 512 * GiB).ok && !at(&s, 3 * GiB).ok);
	assert_null(spacecheck(&s));
	spaceunmap(&s, touva(BY2PG), USTKTOP - BY2PG);
	assert_int_equal(s.ntables, 0);
	assert_null(spacecheck(&s));
	spacefree(&s);
}

static void
test_D5_random_space_against_a_dictionary(void **st)
{
	enum { N = 4096 };
	static struct {
		u64 pa;
		u32 perm;
	} ref[N];
	static const u64 base[4] = {UTZERO, GiB - 512 * BY2PG, 512 * GiB - 512 * BY2PG,
				    USTKTOP - 1024 * BY2PG};
	u64 seed = 99;
	Space s;

	(void)st;
	fresh();
	s = newspace();
	memset(ref, 0, sizeof ref);
	for (u32 i = 0; i < 20000; i++) {
		u64 r = hostrand(&seed), k = r % N, n = (r >> 16) % 64 + 1, op = r >> 40 & 7;
		u64 va = base[k / 1024] + k % 1024 * BY2PG;
		if (n > 1024 - k % 1024)
			n = 1024 - k % 1024;
		if (op < 5) {
			ref[k].pa = HEAPPA + (r >> 32) % 1000 * BY2PG;
			ref[k].perm = PermR | (r >> 44 & (PermW | PermX));
			assert_true(put(&s, va, ref[k].pa, ref[k].perm));
		} else if (op == 5) {
			spaceprotect(&s, touva(va), n * BY2PG);
			for (u64 j = k; j < k + n; j++)
				ref[j].perm &= ~(u32)PermW;
		} else {
			spaceunmap(&s, touva(va), n * BY2PG);
			memset(ref + k, 0, n * sizeof ref[0]);
		}
		for (u32 j = 0; j < 4; j++) {
			k = hostrand(&seed) % N;
			Walk w = at(&s, base[k / 1024] + k % 1024 * BY2PG);
			assert_int_equal(w.ok, ref[k].pa != 0);
			if (w.ok) {
				assert_int_equal(pabits(w.pa), ref[k].pa);
				assert_int_equal(w.perm, ref[k].perm | PermU);
			}
		}
		if (i % 500 == 0)
			assert_null(spacecheck(&s));
	}
	for (u32 q = 0; q < 4; q++)
		spaceunmap(&s, touva(base[q]), 1024 * BY2PG);
	assert_int_equal(s.ntables, 0);
	spacefree(&s);
}

static void
test_O8_many_processes_cost_no_pages(void **st)
{
	u32 frames = 0;

	(void)st;
	fresh();
	for (u32 i = 0; i < 10000; i++) {
		Space parent = newspace(), child = newspace();
		mmuload(parent.root);
		for (u64 k = 0; k < 12; k++)
			assert_true(put(&parent, UTZERO + k * BY2PG, HEAPPA, RW));
		assert_true(put(&parent, USTKTOP - BY2PG, HEAPPA, RW));
		spaceprotect(&parent, touva(UTZERO), 12 * BY2PG);
		mmuload(child.root);
		assert_true(put(&child, UTZERO, HEAPPA, RX));
		spaceflush(&child);
		assert_true(put(&child, USTKTOP - BY2PG, HEAPPA, RW));
		spacefree(&child);
		spacefree(&parent);
		if (i == 0)
			frames = nheap;
		assert_int_equal(nheap, frames);
	}
}

static void
test_O8_a_crowd_gives_its_pages_back(void **st)
{
	enum { N = 300 };
	static Space s[N];
	u32 before;

	(void)st;
	fresh();
	before = nheap;
	for (u32 i = 0; i < N; i++) {
		s[i] = newspace();
		assert_true(put(&s[i], UTZERO, HEAPPA, RX));
	}
	for (u32 i = 0; i < N; i++)
		spacefree(&s[i]);
	assert_in_range(before - nheap, 0, 32 + 128); /* what is kept clean is bounded */
}

static void
test_D11_memory_runs_out_at_every_step(void **st)
{
	Space s;
	u32 n;

	(void)st;
	fresh();
	/* use up what is kept clean: hold it */
	static Space hold[600];
	u32 held = 0;
	budget = 0;
	while (held < nelem(hold) && spaceinit(&hold[held]))
		held++;
	while (held > 0 && put(&hold[0], UTZERO + framesout * GiB, HEAPPA, RW))
		framesout++;
	assert_false(spaceinit(&s));
	assert_int_equal(pabits(s.root), 0);
	spacefree(&s);
	for (n = 0;; n++) {
		budget = n;
		if (!spaceinit(&s)) {
			assert_int_equal(n, 0);
			continue;
		}
		bool ok = put(&s, UTZERO, HEAPPA, RW);
		assert_int_equal(ok, n == 4);
		assert_int_equal(at(&s, UTZERO).ok, ok);
		assert_null(spacecheck(&s));
		budget = nheap;
		spacefree(&s);
		/* what came back is clean again and counts: hold it too */
		budget = 0;
		while (held < nelem(hold) && spaceinit(&hold[held]))
			held++;
		while (put(&hold[0], UTZERO + framesout * GiB, HEAPPA, RW))
			framesout++;
		if (ok)
			break;
	}
	budget = nheap;
	for (u32 i = 0; i < held; i++)
		spacefree(&hold[i]);
}

static void
test_D4_the_allocator_zeroes_tables_whatever_is_asked(void **st)
{
	Space s;

	(void)st;
	fresh();
	s = newspace();
	for (u64 k = 0; k < 200; k++)
		assert_true(put(&s, UTZERO + k * GiB, HEAPPA, RW));
	for (u64 k = 0; k < 200; k++) {
		assert_false(at(&s, UTZERO + k * GiB + BY2PG).ok);
		assert_false(at(&s, UTZERO + k * GiB + 4 * MiB).ok);
	}
	assert_null(spacecheck(&s));
	spacefree(&s);
}

static void
test_N5_checkmmu_sees_a_lie(void **st)
{
	Space s;
	Page *p;

	(void)st;
	fresh();
	s = newspace();
	assert_true(put(&s, UTZERO + 5 * BY2PG, HEAPPA, RW));
	assert_null(spacecheck(&s));
	p = s.tables; /* the last made: level 0 */
	assert_int_equal(p->level, 0);
	p->live++;
	assert_string_equal(spacecheck(&s), "a wrong count of entries");
	p->live--;
	((Pte64 *)pageva(p))[9] = ((Pte64 *)pageva(p))[5];
	assert_string_equal(spacecheck(&s), "an entry outside of the touched stretch");
	((Pte64 *)pageva(p))[9] = 0;
	s.ntables++;
	assert_string_equal(spacecheck(&s), "a wrong count of tables");
	s.ntables--;
	p->va += GiB;
	assert_string_equal(spacecheck(&s), "a table that is not linked");
	p->va -= GiB;
	Pte64 *top = (Pte64 *)kaddr(s.root) + 511, old = *top;
	*top = 0;
	assert_string_equal(spacecheck(&s), "a kernel's half of its own");
	*top = old;
	assert_null(spacecheck(&s));
	spacefree(&s);
}

static void
test_I1_locks_are_all_free(void **st)
{
	(void)st;
	assert_int_equal(hostlocks, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_C6_kernel_half_is_shared),
	    cmocka_unit_test(test_C6_used_spaces_come_back_clean),
	    cmocka_unit_test(test_N5_put_and_walk),
	    cmocka_unit_test(test_N5_user_pages_are_never_global_always_user),
	    cmocka_unit_test(test_N5_kernel_addresses_are_refused),
	    cmocka_unit_test(test_D12_nothing_new_is_flushed),
	    cmocka_unit_test(test_D12_replaced_page_is_seen_at_once),
	    cmocka_unit_test(test_D12_unmapped_pages_are_gone),
	    cmocka_unit_test(test_D12_protect_takes_the_right_to_write),
	    cmocka_unit_test(test_D12_other_spaces_need_no_flush),
	    cmocka_unit_test(test_D12_flush_of_everything),
	    cmocka_unit_test(test_D12_empty_tables_go_back),
	    cmocka_unit_test(test_D12_unmap_of_wide_and_empty_ranges),
	    cmocka_unit_test(test_D5_random_space_against_a_dictionary),
	    cmocka_unit_test(test_O8_many_processes_cost_no_pages),
	    cmocka_unit_test(test_O8_a_crowd_gives_its_pages_back),
	    cmocka_unit_test(test_D11_memory_runs_out_at_every_step),
	    cmocka_unit_test(test_D4_the_allocator_zeroes_tables_whatever_is_asked),
	    cmocka_unit_test(test_N5_checkmmu_sees_a_lie),
	    cmocka_unit_test(test_I1_locks_are_all_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
