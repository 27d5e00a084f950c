/*
 * test_pagethreads.c: many processors at the allocators at once: no race, nothing given twice, nothing lost.
 * The locks here are real, RAM and the PAGES window are plain memory of the process.
 * sources: mm/ledger.c mm/bank.c mm/xalloc.c mm/buddy.c mm/page.c mm/membal.c mm/own.c
 * sources: mm/pool.c mm/malloc.c mm/ptab.c mm/xlat.c arch/host/pte.c
 * sources: kernel/lib/kind.c kernel/lib/format.c kernel/lib/str.c
 * sanitizer: thread
 * links: -lpthread
 */
#define _GNU_SOURCE
#include "host.h"
#include "pool.h"

#include <pthread.h>
#include <sys/mman.h>

enum { NTHREAD = 8, Steps = 12000, Base = 4 << 20, Size = 96 << 20, PoolBase = 1 << 20 };

/* --- locks as they are on a machine ------------------------------------------------------------------------
 */

void
lock(Lock *l)
{
	while (__atomic_exchange_n(&l->key, 1, __ATOMIC_ACQUIRE) != 0)
		sched_yield();
}
void
unlock(Lock *l)
{
	__atomic_store_n(&l->key, 0, __ATOMIC_RELEASE);
}
void
ilock(Lock *l)
{
	lock(l);
}
void
iunlock(Lock *l)
{
	unlock(l);
}
void
qunlock(QLock *q)
{
	(void)q;
}
void
memwait(const char *why)
{
	(void)why;
	sched_yield();
}

/* --- a machine
 * ----------------------------------------------------------------------------------------------- */

Lock kernptlock;
static Ptab kern;
static u64 poolnext = PoolBase;
static Ledger led;
static Range ranges[64];
static Mach machs[NTHREAD];
extern PteFeat hostfeat; /* arch/host/pte.c */

Ptab *
kernptab(void)
{
	return &kern;
}

static Paddr
pooltable(Ptab *t)
{
	Paddr pa = topaddr(poolnext);

	(void)t;
	poolnext += BY2PG;
	return pa;
}

static void
plain(u64 va, u64 size)
{
	void *p = mmap((void *)va, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	assert_ptr_equal(p, (void *)va);
}

static void
boot(void)
{
	plain(HHDM, Base + Size);
	plain(PAGES, (Base + Size) / BY2PG * sizeof(Page));
	ledgerinit(&led, ranges, nelem(ranges));
	ledgeradd(&led, PoolBase, MiB, KTables);
	ledgeradd(&led, Base, Size / 2, KFree);
	ledgeradd(&led, Base + Size / 2 + BY2PG, Size / 2 - BY2PG, KFree);
	xlatinit(topaddr(Base + Size), (BootRun){0});
	kern = (Ptab){.feat = &hostfeat, .newtable = pooltable};
	kern.root = pooltable(&kern);
	membalinit(&led);
	conf.nmach = NTHREAD;
	meminit(&led);
	confinit(&(Confask){0});
	xinit();
	pageinit();
}

/* --- what each processor does
 * ---------------------------------------------------------------------------------- */

static Page *mailbox[64]; /* pages change hands here: freed where they were not taken */
static Page *shared;
static u8 claimed[(Base + Size) / BY2PG];

static void
mine(Page *p, u64 n)
{
	u64 pfn = pabits(pagepa(p)) / BY2PG;

	for (u64 i = 0; i < n; i++)
		if (__atomic_exchange_n(&claimed[pfn + i], 1, __ATOMIC_ACQ_REL) != 0)
			panic("page 0x%llx given twice", (pfn + i) * BY2PG);
}

static void
notmine(Page *p, u64 n)
{
	u64 pfn = pabits(pagepa(p)) / BY2PG;

	for (u64 i = 0; i < n; i++)
		__atomic_store_n(&claimed[pfn + i], 0, __ATOMIC_RELEASE);
}

static void
post(u64 r)
{
	Page *p = kpage(r & 64 ? PgUser : PgKernel, r & 128);

	if (p != nil) {
		mine(p, 1);
		*(u64 *)pageva(p) = r;
	}
	p = __atomic_exchange_n(&mailbox[r % nelem(mailbox)], p, __ATOMIC_ACQ_REL);
	if (p != nil) {
		notmine(p, 1);
		putpage(p);
	}
}

static void
blocks(u64 r)
{
	for (int order = (int)(r % 7), i = 0; i < 8; i++) {
		Page *p = kpages(PgCustom, order);
		if (p == nil)
			return;
		mine(p, 1ull << order);
		memset(pageva(p), (int)r, 64);
		notmine(p, 1ull << order);
		kpagesfree(p, order);
	}
}

static void
heap(u64 r)
{
	u8 *a = malloc(r % 900), *b = mallocalign(r % 3000, 64, 0, 0), *x = xalloc(r % 20000);

	memset(a, 1, r % 900);
	memset(b, 2, r % 3000);
	if (x != nil) {
		memset(x, 3, r % 20000);
		xfree(x);
	}
	free(a);
	free(b);
}

static void *
processor(void *arg)
{
	Mach *m = arg;
	u64 seed = m->machno + 1;

	hostmachp = m;
	for (u32 i = 0; i < Steps; i++) {
		u64 r = hostrand(&seed);
		switch (r >> 60) {
		case 0:
			blocks(r);
			break;
		case 1:
			heap(r);
			break;
		case 2:
			incpage(shared);
			putpage(shared);
			break;
		case 3:
			if (pagestat().bank != conf.npage)
				panic("pagestat: %llu pages", pagestat().bank);
			break;
		default:
			post(r);
		}
	}
	return nil;
}

static void
test_H5_H6_eight_processors(void **state)
{
	pthread_t t[NTHREAD];

	(void)state;
	boot();
	shared = kpage(PgKernel, true);
	for (u32 i = 0; i < NTHREAD; i++) {
		machs[i] = (Mach){.machno = i, .self = &machs[i]};
		assert_int_equal(pthread_create(&t[i], NULL, processor, &machs[i]), 0);
	}
	for (u32 i = 0; i < NTHREAD; i++)
		pthread_join(t[i], NULL);
	for (u32 i = 0; i < nelem(mailbox); i++)
		if (mailbox[i] != nil)
			putpage(mailbox[i]);
	assert_int_equal(shared->ref, 1);
	putpage(shared);
	xtrim();
	assert_null(pagecheck());
	assert_null(poolcheck(mainmem));
	assert_true(membal("threads"));
	Pagestat s = pagestat();
	for (u32 u = 0; u < NPURPOSE; u++)
		assert_int_equal(s.used[u], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_H5_H6_eight_processors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
