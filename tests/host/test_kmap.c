/*
 * test_kmap.c: the kernel's rows: what is in them and what never, the dry run against the builder over
 * fixtures and random ledgers, the preflight with every kind of thing gone wrong.
 * sources: mm/kmap.c mm/ptab.c mm/xlat.c mm/ledger.c arch/host/mem.c arch/host/pte.c
 * sources: kernel/lib/kind.c kernel/lib/format.c kernel/lib/str.c
 */
#include "host.h"
#include "mm.h"
#include "hostmem.h"

#include <stdio.h>
#include <sys/mman.h>

/* The first life's memory: physical addresses that are pointers. */
#define PHYS	 0x10000000ull
#define PHYSSIZE (64 * MiB)
#define IMAGE	 (PHYS + 1 * MiB)
#define STACK	 (PHYS + 2 * MiB)
#define PARCEL	 (PHYS + 3 * MiB)
#define SCRATCH	 (PHYS + 4 * MiB)
#define POOL	 (PHYS + 16 * MiB)

enum { MaxRows = 20000 };

static Boot *boot;
static Range ranges[20000];
static Ledger led;
static MapRow rows[MaxRows];
static u32 nrows;
static PteFeat feat;
static Ptab tab;

static void
poison(void)
{
	static void *mem;

	if (mem == NULL)
		mem = mmap((void *)PHYS, PHYSSIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0);
	assert_ptr_equal(mem, (void *)PHYS);
	memset((void *)POOL, 0xDE, 8 * MiB);
}

static void
sect(u32 i, u32 rva, u32 size, u32 perm)
{
	boot->keep.sect[i] = (BootSect){.rva = rva, .size = size, .perm = perm};
	boot->keep.nsect = i + 1;
}

/* A machine of 1 GiB with us in it, and whatever the test adds before settle(). */
static void
machine(void)
{
	poison();
	feat = (PteFeat){.levels = 4, .maxleaf = 2, .pabits = 40, .nx = true};
	boot = (Boot *)PARCEL;
	memset(boot, 0, sizeof *boot);
	boot->keep.image = (BootRun){topaddr(IMAGE), 0x9000};
	sect(0, 0, 0x1000, PermR);
	sect(1, 0x1000, 0x3000, PermR | PermX);
	sect(2, 0x4000, 0x2000, PermR);
	sect(3, 0x6000, 0x3000, PermR | PermW);
	boot->keep.stack = (BootRun){topaddr(STACK), NBOOTSTACK * KSTACK};
	boot->keep.log = (BootRun){topaddr(SCRATCH), 64 * KiB};
	boot->keep.conf = (BootRun){topaddr(SCRATCH + 64 * KiB), 100};
	boot->keep.initrd = (BootRun){topaddr(SCRATCH + 128 * KiB), 12345};
	boot->keep.fwmap = (BootRun){topaddr(SCRATCH + 256 * KiB), 8 * KiB};
	boot->once.ranges = (BootRun){topaddr(SCRATCH + 512 * KiB), 8 * KiB};
	boot->keep.tables = (BootRun){topaddr(POOL), 2048 * BY2PG};
	ledgerinit(&led, ranges, nelem(ranges));
	ledgeradd(&led, BY2PG, 0xa0000 - BY2PG, KLow);
	ledgeradd(&led, 0xa0000, 0x60000, KReserved);
	ledgeradd(&led, 0x100000, IMAGE - 0x100000, KFree);
	ledgeradd(&led, IMAGE, 0x9000, KImage);
	ledgeradd(&led, IMAGE + 0x9000, GiB - IMAGE - 0x9000, KBoot);
}

static u32
plan(void)
{
	u32 planned = 0;

	nrows = kmaprows(&boot->keep, &led, &feat, rows, MaxRows);
	assert_in_range(nrows, 1, MaxRows);
	assert_int_equal(kmapplan(&feat, rows, nrows, &planned), MapOk);
	return planned;
}

/* Plan and build: the two numbers are one. */
static void
build(void)
{
	u32 planned = plan();

	boot->keep.tables.size = planned * BY2PG; /* and not a page more */
	kmappool(&tab, &feat, &boot->keep.tables);
	assert_int_equal(kmapbuild(&tab, rows, nrows), MapOk);
	assert_int_equal(tab.ntables, planned);
}

static const char *
preflight(void)
{
	u32 done;

	return kmappreflight(&tab, boot, &done);
}

/* --- rows ---------------------------------------------------------------------------------------------- */

static void
test_C2_rows_are_the_ram_and_nothing_else(void **st)
{
	(void)st;
	machine();
	ledgeradd(&led, 2 * GiB, 64 * KiB, KAcpi);
	ledgeradd(&led, 2 * GiB + 64 * KiB, 64 * KiB, KNvs);
	ledgeradd(&led, 3 * GiB, 64 * KiB, KMmio);
	ledgeradd(&led, 4 * GiB, 2 * GiB, KFree);
	ledgeradd(&led, 6 * GiB, 1 * GiB, KSpecial);
	build();
	static const struct {
		u64 pa;
		u32 perm;
	} c[] = {{0, 0},
		 {BY2PG, PermR | PermW},
		 {0x9ffff, PermR | PermW},
		 {0xa0000, 0},
		 {0xfffff, 0},
		 {0x100000, PermR | PermW},
		 {IMAGE - 1, PermR | PermW},
		 {IMAGE, PermR},
		 {IMAGE + 0x8fff, PermR},
		 {IMAGE + 0x9000, PermR | PermW},
		 {GiB - 1, PermR | PermW},
		 {GiB, 0},
		 {2 * GiB - 1, 0},
		 {2 * GiB, PermR},
		 {2 * GiB + 0xffff, PermR},
		 {2 * GiB + 0x10000, 0},
		 {3 * GiB, 0},
		 {4 * GiB - 1, 0},
		 {4 * GiB, PermR | PermW},
		 {6 * GiB - 1, PermR | PermW},
		 {6 * GiB, 0}};
	for (u32 i = 0; i < nelem(c); i++) {
		Walk w = translate(&tab, HHDM + c[i].pa);
		assert_int_equal(w.ok, c[i].perm != 0);
		if (w.ok) {
			assert_int_equal(w.perm, c[i].perm | PermG);
			assert_int_equal(pabits(w.pa), c[i].pa);
			assert_int_equal(w.mt, MtWB);
		}
	}
}

static void
test_C2_equal_rights_make_one_row(void **st)
{
	u32 n = 0;

	(void)st;
	machine();
	/* free, tables, stacks, parcel...: one stretch */
	assert_true(ledgercarve(&led, GiB - MiB, 64 * KiB, 1u << KBoot, KTables));
	assert_true(ledgercarve(&led, GiB - MiB + 64 * KiB, 64 * KiB, 1u << KBoot, KStacks));
	plan();
	for (u32 i = 0; i < nrows; i++)
		n += strcmp(rows[i].name, "hhdm") == 0;
	assert_int_equal(n, 4); /* low, below the image, the image, above */
}

static void
test_C2_ram_beyond_the_processor_gets_no_row(void **st)
{
	(void)st;
	machine();
	ledgeradd(&led, (1ull << 40) - GiB, 2 * GiB, KFree); /* half of it is reachable */
	ledgeradd(&led, 1ull << 51, GiB, KFree);
	assert_int_equal(pabits(kmaptop(&led, &feat)), 1ull << 40);
	build();
	assert_true(translate(&tab, HHDM + (1ull << 40) - 1).ok);
	assert_false(translate(&tab, HHDM + (1ull << 40)).ok);
	/* and of a wide processor only what the window holds */
	machine();
	feat.pabits = 52;
	ledgeradd(&led, HHDMSIZE - GiB, 2 * GiB, KFree);
	ledgeradd(&led, 1ull << 51, GiB, KFree);
	assert_int_equal(pabits(kmaptop(&led, &feat)), HHDMSIZE);
	nrows = kmaprows(&boot->keep, &led, &feat, rows, MaxRows);
	for (u32 i = 0; i < nrows; i++)
		assert_true(rows[i].va < HHDM || rows[i].va >= PAGES ||
			    rows[i].va + rows[i].size <= HHDM + HHDMSIZE);
}

static void
test_C3_image_by_section(void **st)
{
	static const u32 want[9] = {PermR, PermR | PermX, PermR | PermX, PermR | PermX, PermR,
				    PermR, PermR | PermW, PermR | PermW, PermR | PermW};

	(void)st;
	machine();
	build();
	for (u64 i = 0; i < 9; i++) {
		Walk w = translate(&tab, KZERO + i * BY2PG);
		assert_true(w.ok && pabits(w.pa) == IMAGE + i * BY2PG);
		assert_int_equal(w.perm, want[i] | PermG);
	}
	assert_false(translate(&tab, KZERO + 9 * BY2PG).ok);
	assert_false(translate(&tab, KZERO - 1).ok);
}

static void
test_D10_no_row_is_writable_and_executable(void **st)
{
	(void)st;
	machine();
	sect(3, 0x6000, 0x3000, PermR | PermW | PermX); /* a linker gone mad */
	plan();
	for (u32 i = 0; i < nrows; i++) {
		assert_false((rows[i].perm & PermW) && (rows[i].perm & PermX));
		assert_false(rows[i].perm & PermU);
		if (rows[i].perm != 0 && rows[i].va >= HHDM)
			assert_true(rows[i].perm & PermG);
		if (rows[i].perm & PermX)
			assert_true(rows[i].va >= KZERO || rows[i].va < HHDM);
	}
}

static void
test_C5_boot_stacks_stand_above_guards(void **st)
{
	(void)st;
	machine();
	build();
	for (u64 i = 0; i < NBOOTSTACK; i++) {
		u64 top = KSTACKTOP(i);
		assert_false(translate(&tab, top - KSTACK - 1).ok);
		assert_false(translate(&tab, top - KSTACKSTRIDE).ok);
		assert_true(ptmapped(&tab, top - KSTACK, topaddr(STACK + i * KSTACK), KSTACK,
				     PermR | PermW | PermG, MtWB));
		assert_false(translate(&tab, top).ok);
	}
}

static void
test_C6_all_top_level_slots_exist(void **st)
{
	static const u64 va[] = {PAGES,
				 PAGES + PAGESSIZE - 1,
				 VMALLOC,
				 VMALLOC + VMALLOCSIZE - 1,
				 KSTACKS,
				 KSTACKS + KSTACKSSIZE - 1,
				 KMAP,
				 VMAP,
				 VMAP + VMAPSIZE - 1,
				 KZERO,
				 HHDM};

	(void)st;
	machine();
	build();
	for (u32 i = 0; i < nelem(va); i++) {
		Pte64 *e = mmuwalk(&tab, va[i], 3, false);
		assert_true(ptevalid(*e) && !pteisleaf(3, *e));
		if (va[i] >= PAGES) /* above HHDM: shared with nothing of the user's */
			assert_false(pteperm(3, *e) & PermU);
	}
}

static void
test_C4_low_half_is_the_bridge_alone(void **st)
{
	u64 n = 0;

	(void)st;
	machine();
	build();
	for (u64 i = 0; i < PTLX(HHDM, 3); i++)
		n += ptevalid(*mmuwalk(&tab, i << 39, 3, false));
	assert_int_equal(n, 1);
	assert_int_equal(translate(&tab, IMAGE + 0x1000).perm, PermR | PermX);
	assert_false(translate(&tab, IMAGE).ok);
	assert_false(translate(&tab, IMAGE + 0x2000).ok);
}

static void
test_B3_rows_that_do_not_fit_are_counted(void **st)
{
	u32 full;

	(void)st;
	machine();
	plan();
	full = nrows;
	for (u32 max = 0; max < full; max++)
		assert_int_equal(kmaprows(&boot->keep, &led, &feat, rows, max), full);
}

/* --- the dry run ---------------------------------------------------------------------------------------- */

static void
test_D1_planned_is_used_on_fixtures(void **st)
{
	static const u64 size[] = {128 * MiB, 256 * MiB, 2 * GiB, 5 * GiB, 9 * GiB, 64 * GiB, 1 * TiB};

	(void)st;
	for (u32 i = 0; i < nelem(size); i++)
		for (u8 maxleaf = 1; maxleaf <= 2; maxleaf++) {
			machine();
			feat.maxleaf = maxleaf;
			feat.pabits = 46;
			if (maxleaf == 1 && size[i] > 64 * GiB)
				continue;
			ledgeradd(&led, 4 * GiB, size[i], KFree);
			build();
			assert_int_equal(tab.ntables, plan());
		}
}

static void
test_D1_planned_is_used_on_random_ledgers(void **st)
{
	u64 seed = 4711;

	(void)st;
	for (u32 round = 0; round < 300; round++) {
		machine();
		feat.maxleaf = (u8)(1 + round % 2);
		feat.nx = round % 3 != 0;
		for (u32 i = 0, n = (u32)(hostrand(&seed) % 60); i < n; i++) {
			u64 r = hostrand(&seed), grain = r & 1 ? BY2PG : r & 2 ? 2 * MiB : 512 * MiB;
			u64 start = GiB + (hostrand(&seed) % (12 * GiB) & ~(grain - 1));
			u64 size = (hostrand(&seed) % 1000 + 1) * (r & 4 ? BY2PG : 2 * MiB);
			ledgeradd(&led, start, size, (Kind)(hostrand(&seed) % NKIND));
		}
		build();
		assert_null(preflight());
	}
}

static void
test_D1_five_thousand_fragments(void **st)
{
	(void)st;
	machine();
	for (u64 i = 0; i < 5000; i++)
		ledgeradd(&led, 2 * GiB + i * 2 * BY2PG, BY2PG, KFree);
	build();
	assert_true(nrows > 5000 && nrows < led.n + 32);
	assert_null(preflight());
}

static void
test_D1_the_plan_refuses_bad_rows(void **st)
{
	MapRow r[2] = {{"a", HHDM, topaddr(0), BY2PG, PermR, MtWB},
		       {"b", HHDM, topaddr(0), BY2PG, PermR, MtWB}};
	u32 n;

	(void)st;
	machine();
	assert_int_equal(kmapplan(&feat, r, 2, &n), MapAlready); /* overlap */
	assert_int_equal(kmapplan(&feat, r, 1, &n), MapOk);
	assert_int_equal(n, 4);
	r[1].va = HHDM - BY2PG; /* out of order */
	assert_int_equal(kmapplan(&feat, r, 2, &n), MapAlready);
	r[0].size = 1;
	assert_int_equal(kmapplan(&feat, r, 1, &n), MapAlign);
	r[0].size = 0;
	assert_int_equal(kmapplan(&feat, r, 1, &n), MapRange);
	r[0] = (MapRow){"hole", 0x800000000000ull, topaddr(0), BY2PG, PermR, MtWB};
	assert_int_equal(kmapplan(&feat, r, 1, &n), MapRange);
	r[0] = (MapRow){"wrap", 0xfffffffffffff000ull, topaddr(0), 2 * BY2PG, PermR, MtWB};
	assert_int_equal(kmapplan(&feat, r, 1, &n), MapRange);
	r[0].size = BY2PG;
	assert_int_equal(kmapplan(&feat, r, 1, &n), MapRange); /* a row ends below 2^64 */
}

static void
test_D1_a_pool_too_small_by_one_is_refused(void **st)
{
	u32 planned;

	(void)st;
	machine();
	planned = plan();
	for (u32 n = 0; n < planned; n++) {
		boot->keep.tables.size = n * BY2PG;
		kmappool(&tab, &feat, &boot->keep.tables);
		assert_int_equal(kmapbuild(&tab, rows, nrows), MapNoFrame);
	}
}

static void
test_D4_poisoned_frames_in_zero_tables_out(void **st)
{
	(void)st;
	machine();
	memset((void *)POOL, 0xDE, 8 * MiB);
	build();
	/* every entry is either nothing or something we made: no poison survives */
	for (u64 i = 0; i < tab.ntables * 512; i++)
		assert_true(((u64 *)POOL)[i] != 0xDEDEDEDEDEDEDEDEull);
	/* and pages that were not used were not touched */
	for (u64 i = tab.ntables * 512; i < 8 * MiB / 8; i++)
		assert_int_equal(((u64 *)POOL)[i], 0xDEDEDEDEDEDEDEDEull);
}

static void
test_Q7_trace_says_each_row_and_its_tables(void **st)
{
	char want[200];
	u32 planned;

	(void)st;
	machine();
	planned = plan();
	kmappool(&tab, &feat, &boot->keep.tables);
	hostclear();
	tab.trace = true;
	assert_int_equal(kmapbuild(&tab, rows, nrows), MapOk);
	u64 sum = 1, lines = 0;
	for (const char *s = hostlog; (s = strstr(s, "kmap: ")) != NULL; s++, lines++)
		sum += strtoull(strstr(s, " tables ") + 8, NULL, 10);
	assert_int_equal(lines, nrows);
	assert_int_equal(sum, planned);
	snprintf(want, sizeof want, "kmap: %016llx-%016llx pa %016llx r-xg tables 0 text\n", KZERO + 0x1000,
		 KZERO + 0x4000, IMAGE + 0x1000);
	assert_true(hostsaid(want));
	hostclear();
	tab.trace = false;
	build();
	assert_false(hostsaid("kmap: "));
}

/* --- the preflight ------------------------------------------------------------------------------------- */

static void
test_D7_preflight_counts(void **st)
{
	u32 done = 0;

	(void)st;
	machine();
	build();
	assert_null(kmappreflight(&tab, boot, &done));
	assert_true(done > 23 + tab.ntables);
	/* without NX, execute shows everywhere and is no failure */
	machine();
	feat.nx = false;
	build();
	assert_null(preflight());
}

static void
dropped(u64 va, const char *name)
{
	machine();
	build();
	tab.newtable = NULL;
	for (int l = 0; l <= 2; l++) {
		Pte64 *e = mmuwalk(&tab, va, l, false);
		if (e != NULL && ptevalid(*e)) {
			*e = 0;
			break;
		}
	}
	hostclear();
	const char *bad = preflight();
	assert_non_null(bad);
	assert_string_equal(bad, name);
	assert_true(hostsaid("kmap: preflight FAIL"));
	assert_true(hostsaid(name));
}

static void
test_D7_each_dropped_mapping_is_named(void **st)
{
	(void)st;
	dropped(IMAGE + 0x1000, "bridge");
	dropped(KZERO, "rodata");
	dropped(KZERO + 0x1000, "text");
	dropped(KZERO + 0x3000, "text"); /* its last page */
	dropped(KZERO + 0x8000, "data");
	dropped(KSTACK0TOP - 8, "stack");
	dropped(KSTACKTOP(NBOOTSTACK - 1) - KSTACK, "stack");
	dropped(HHDM + IMAGE + 0x1000, "image alias");
}

static void
missing(u64 pa, u64 size, const char *name)
{
	machine();
	assert_true(ledgercarve(&led, pa, size, 1u << KBoot | 1u << KFree, KReserved));
	build();
	const char *bad = preflight();
	assert_non_null(bad);
	assert_string_equal(bad, name);
}

static void
test_D7_memory_outside_of_the_direct_map_is_named(void **st)
{
	(void)st;
	missing(PARCEL, BY2PG, "parcel");
	missing(SCRATCH, BY2PG, "log");
	missing(SCRATCH + 60 * KiB, BY2PG, "log");
	missing(SCRATCH + 64 * KiB, BY2PG, "conf");
	missing(SCRATCH + 128 * KiB, BY2PG, "initrd");
	missing(SCRATCH + 128 * KiB + 12288, BY2PG, "initrd");
	missing(SCRATCH + 256 * KiB, BY2PG, "firmware map");
	missing(SCRATCH + 512 * KiB, BY2PG, "ledger");
	missing(POOL, BY2PG, "table");
}

static void
changed(u64 va, u32 perm, const char *name)
{
	machine();
	build();
	Walk w = translate(&tab, va);
	assert_true(w.ok);
	*mmuwalk(&tab, va, w.level, false) =
	    pteleaf(&feat, w.level, topaddr(pabits(w.pa) & ~(PGLSZ(w.level) - 1)), perm, MtWB);
	assert_string_equal(preflight(), name);
}

static void
test_D7_wrong_rights_are_named(void **st)
{
	(void)st;
	changed(KZERO + 0x1000, PermR | PermW | PermX | PermG, "text");
	changed(KZERO + 0x1000, PermR | PermG, "text");
	changed(KZERO + 0x4000, PermR | PermW | PermG, "rodata");
	changed(KZERO + 0x6000, PermR | PermG, "data");
	changed(HHDM + IMAGE, PermR | PermW | PermG, "image alias");
	changed(KSTACK0TOP - 1, PermR | PermW, "stack");
	changed(IMAGE + 0x1000, PermR | PermW | PermX, "bridge");
	changed(HHDM + PARCEL, PermR | PermW | PermX | PermG, "parcel");
	changed(HHDM + PARCEL, PermR | PermW | PermU | PermG, "parcel");
}

static void
test_D7_what_must_not_be_there_is_named(void **st)
{
	(void)st;
	machine();
	MapRow guard = {"guard", KSTACKS, topaddr(STACK), BY2PG, PermR, MtWB};
	MapRow null = {"null", 0, topaddr(STACK), BY2PG, PermR, MtWB};
	build();
	boot->keep.tables.size = 4096 * BY2PG;
	assert_int_equal(kmapbuild(&tab, &guard, 1), MapOk);
	assert_string_equal(preflight(), "stack guard");
	machine();
	build();
	boot->keep.tables.size = 4096 * BY2PG;
	assert_int_equal(kmapbuild(&tab, &null, 1), MapOk);
	assert_string_equal(preflight(), "null page");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_C2_rows_are_the_ram_and_nothing_else),
	    cmocka_unit_test(test_C2_equal_rights_make_one_row),
	    cmocka_unit_test(test_C2_ram_beyond_the_processor_gets_no_row),
	    cmocka_unit_test(test_C3_image_by_section),
	    cmocka_unit_test(test_D10_no_row_is_writable_and_executable),
	    cmocka_unit_test(test_C5_boot_stacks_stand_above_guards),
	    cmocka_unit_test(test_C6_all_top_level_slots_exist),
	    cmocka_unit_test(test_C4_low_half_is_the_bridge_alone),
	    cmocka_unit_test(test_B3_rows_that_do_not_fit_are_counted),
	    cmocka_unit_test(test_D1_planned_is_used_on_fixtures),
	    cmocka_unit_test(test_D1_planned_is_used_on_random_ledgers),
	    cmocka_unit_test(test_D1_five_thousand_fragments),
	    cmocka_unit_test(test_D1_the_plan_refuses_bad_rows),
	    cmocka_unit_test(test_D1_a_pool_too_small_by_one_is_refused),
	    cmocka_unit_test(test_D4_poisoned_frames_in_zero_tables_out),
	    cmocka_unit_test(test_Q7_trace_says_each_row_and_its_tables),
	    cmocka_unit_test(test_D7_preflight_counts),
	    cmocka_unit_test(test_D7_each_dropped_mapping_is_named),
	    cmocka_unit_test(test_D7_memory_outside_of_the_direct_map_is_named),
	    cmocka_unit_test(test_D7_wrong_rights_are_named),
	    cmocka_unit_test(test_D7_what_must_not_be_there_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
