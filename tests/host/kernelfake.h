/*
 * kernelfake.h: a kernel's half over the host port: 64 MiB of RAM, our image in it, the tables built by
 * kmap.c and taken over by vmap.c, and a page allocator of a few lines that counts and can run dry.
 */
#include "host.h"
#include "mm.h"
#include "hostmem.h"

#include <sys/mman.h>

#define RAMBASE (1 * MiB)
#define RAMSIZE (64 * MiB)
#define IMAGEPA (2 * MiB)
#define STACKPA (3 * MiB)
#define HEAPPA	(4 * MiB)

enum { NHEAP = (int)((RAMBASE + RAMSIZE - HEAPPA) / BY2PG) };

static Boot boot;
static Range ranges[64];
static Ledger led;
static u32 heapfree[NHEAP], nheap, budget;
static Ptab builder;
Conf conf;
static Bank bank;

static Paddr
frameget(bool zero)
{
	if (nheap == 0 || budget == 0)
		return topaddr(0);
	budget--;
	Paddr pa = topaddr(HEAPPA + heapfree[--nheap] * BY2PG);
	memset(kaddr(pa), zero ? 0 : 0xDE, BY2PG);
	return pa;
}

static void
frameput(Paddr pa)
{
	memset(kaddr(pa), 0xDE, BY2PG);
	heapfree[nheap++] = (u32)((pabits(pa) - HEAPPA) / BY2PG);
	budget++;
}

Paddr
rampage(void)
{
	assert_int_equal(kernptlock.key, 0); /* the allocators take it themselves */
	return frameget(true);
}

Page *
kpage(enum Purpose u, bool zero)
{
	Paddr pa = frameget(zero || u == PgTable);

	assert_int_equal(kernptlock.key, 0);
	return pabits(pa) == 0 ? NULL : pagerec(pa);
}

/* Four pages in a row: the fake keeps them apart from the others, at the top of RAM. */
static u32 nblock, blocksout;
static Page *blocks[4096];

Page *
kpages(enum Purpose u, int order)
{
	static u64 next;

	(void)u;
	assert_int_equal(order, 2);
	if (budget == 0)
		return NULL;
	blocksout++;
	if (nblock > 0)
		return blocks[--nblock];
	if (blocksout == 1)
		next = RAMBASE + RAMSIZE;
	next += 4 * BY2PG;
	return pagerec(topaddr(next));
}

void
kpagesfree(Page *p, int order)
{
	if (order == 0) {
		frameput(pagepa(p));
		return;
	}
	assert_int_equal(order, 2);
	blocksout--;
	blocks[nblock++] = p;
}

Page *
pagefor(Paddr pa)
{
	return pagerec(pa);
}

static Paddr
buildtable(Ptab *t)
{
	(void)t;
	return frameget(true);
}

static void
records(void)
{
	static void *mem;

	if (mem == NULL)
		mem = mmap((void *)PAGES, 16 * MiB, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0);
	assert_ptr_equal(mem, (void *)PAGES);
	memset(mem, 0, 2 * MiB);
}

/* Everything up to and with mmuenter(). */
static void
kernelup(void)
{
	static MapRow rows[64];

	records();
	hostmemory();
	hostram(RAMBASE, RAMSIZE, 0xDE);
	hostfeat = (PteFeat){.levels = 4, .maxleaf = 2, .pabits = 40, .nx = true};
	memset(&boot, 0, sizeof boot);
	boot.keep.image = (BootRun){topaddr(IMAGEPA), 4 * BY2PG};
	boot.keep.sect[0] = (BootSect){.rva = 0, .size = BY2PG, .perm = PermR};
	boot.keep.sect[1] = (BootSect){.rva = BY2PG, .size = BY2PG, .perm = PermR | PermX};
	boot.keep.sect[2] = (BootSect){.rva = 2 * BY2PG, .size = 2 * BY2PG, .perm = PermR | PermW};
	boot.keep.nsect = 3;
	boot.keep.stack = (BootRun){topaddr(STACKPA), NBOOTSTACK * KSTACK};
	ledgerinit(&led, ranges, nelem(ranges));
	ledgeradd(&led, RAMBASE, IMAGEPA - RAMBASE, KFree);
	ledgeradd(&led, IMAGEPA, 4 * BY2PG, KImage);
	ledgeradd(&led, IMAGEPA + 4 * BY2PG, RAMBASE + RAMSIZE - IMAGEPA - 4 * BY2PG, KFree);
	bank = (Bank){.base = topaddr(HEAPPA), .npage = NHEAP};
	conf = (Conf){.mem = &bank, .nmem = 1};
	nheap = 0;
	for (u32 i = NHEAP; i > 0; i--)
		heapfree[nheap++] = i - 1;
	budget = NHEAP;
	xlatinit(kmaptop(&led, &hostfeat), boot.keep.image);
	builder = (Ptab){.feat = &hostfeat, .newtable = buildtable};
	u32 n = kmaprows(&boot.keep, &led, &hostfeat, rows, nelem(rows));
	assert_in_range(n, 1, nelem(rows));
	assert_int_equal(kmapbuild(&builder, rows, n), MapOk);
	boot.keep.tablesused = (u32)builder.ntables;
	mmuload(builder.root);
	mmuenter(&boot.keep);
}
