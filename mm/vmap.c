/*
 * vmap.c: edits of the kernel half while it runs: pmap and punmap for the kernel's own windows, vmap for
 * devices. Second life. It takes over the tables that the first life built (mmuenter), never makes a
 * top-level entry (C6), and keeps the pages of emptied tables for the next ones, so that a map and an
 * unmap cost no allocation. Always true: RAM has no second mapping by vmap, one physical page has one
 * memory type, a page is flushed before its table is used again. Every edit holds kernptlock; pages for
 * tables are taken before, because the allocators take the lock themselves.
 */

#include "mm.h"

enum { NWINDOW = 128 };

typedef struct Window Window;
struct Window { /* one vmap: whole pages */
	u64 pa, size;
	enum Memtype mt;
	u32 ref; /* 0: free */
};

static struct {
	Ptab t;
	PteFeat feat;
	Pte64 *stash; /* zeroed table pages, linked through their first word */
	u32 nstash;
	Window win[NWINDOW];
} kern; /* (kernptlock) all of it */
Lock kernptlock;

Ptab *
kernptab(void)
{
	return &kern.t;
}

/* --- table pages --------------------------------------------------------------------------------------- */

static void
stashput(Ptab *t, Paddr pa)
{
	Pte64 *e = kaddr(pa);

	(void)t;
	e[0] = (uintptr)kern.stash;
	kern.stash = e;
	kern.nstash++;
}

static Paddr
stashget(Ptab *t)
{
	Pte64 *e = kern.stash;

	(void)t;
	if (e == nil)
		return topaddr(0);
	kern.stash = (Pte64 *)(uintptr)e[0];
	kern.nstash--;
	e[0] = 0;
	return paddr(e);
}

/* At least n pages in the stash; called without the lock. False: memory is gone. */
static bool
stock(u32 n)
{
	for (;;) {
		ilock(&kernptlock);
		bool enough = kern.nstash >= n;
		iunlock(&kernptlock);
		if (enough)
			return true;
		Paddr pa = rampage();
		if (pabits(pa) == 0)
			return false;
		ilock(&kernptlock);
		stashput(&kern.t, pa);
		iunlock(&kernptlock);
	}
}

/* Most tables below the top-level ones that this range can need. */
static u32
tablesfor(u64 va, Paddr pa, u64 size)
{
	MapRow r = {.va = va, .pa = pa, .size = size, .perm = PermR};
	u32 n;

	return kmapplan(&kern.feat, &r, 1, &n) == MapOk ? n : 0;
}

/* --- the setters ------------------------------------------------------------------------------------ */

static void
musthold(void)
{
	if (kernptlock.key == 0)
		panic("kernel tables edited without kernptlock pc=%p", __builtin_return_address(0));
}

/* Enter new pages only: nothing to flush, for no processor keeps an absent entry [SDM 3A 4.10.2.3]. */
static enum MapErr
setmap(u64 va, Paddr pa, u64 size, u32 perm, enum Memtype mt)
{
	musthold();
	return ptmap(&kern.t, va, pa, size, perm | PermG, mt);
}

/* Take pages out and forget them, before anybody can use the pages of their tables again. */
static enum MapErr
setunmap(u64 va, u64 size)
{
	musthold();
	enum MapErr err = ptunmap(&kern.t, va, size);
	if (err != MapOk)
		return err;
	if (size > 32 * BY2PG)
		tlbflushall();
	else
		for (u64 off = 0; off < size; off += BY2PG)
			tlbflushva(va + off);
	return MapOk;
}

static enum MapErr
kernmap(u64 va, Paddr pa, u64 size, u32 perm, enum Memtype mt)
{
	u32 need = tablesfor(va, pa, size);
	enum MapErr err;

	do {
		if (!stock(need))
			return MapNoFrame;
		ilock(&kernptlock);
		err = setmap(va, pa, size, perm, mt);
		if (err == MapAlready && ptmapped(&kern.t, va, pa, size, perm | PermG, mt))
			err = MapOk;
		iunlock(&kernptlock);
	} while (err == MapNoFrame); /* another processor was faster at the stash */
	return err;
}

static enum MapErr
kernunmap(u64 va, u64 size)
{
	u32 need = (u32)(2 * (kern.feat.levels - 2)); /* large pages split at both ends */
	enum MapErr err;

	do {
		if (!stock(need))
			return MapNoFrame;
		ilock(&kernptlock);
		err = setunmap(va, size);
		iunlock(&kernptlock);
	} while (err == MapNoFrame);
	return err;
}

/*
 * Map [va, va+size) of the kernel half to pa. What is there already must be the very same. A refusal is
 * a broken promise between our own rooms: panics with the caller. No lock held by the caller.
 */
void
pmap(Paddr pa, u64 va, u64 size, u32 perm, enum Memtype mt)
{
	enum MapErr err = iskernelva(va) ? kernmap(va, pa, size, perm, mt) : MapRange;

	if (err != MapOk)
		panic("pmap: pa=0x%llx va=0x%llx size=0x%llx: %s pc=%p", pabits(pa), va, size,
		      maperrtext(err), __builtin_return_address(0));
}

/* Take [va, va+size) out of the kernel half, on this processor's word alone while there is only one. */
void
punmap(u64 va, u64 size)
{
	enum MapErr err = iskernelva(va) ? kernunmap(va, size) : MapRange;

	if (err != MapOk)
		panic("punmap: va=0x%llx size=0x%llx: %s pc=%p", va, size, maperrtext(err),
		      __builtin_return_address(0));
}

/* --- device windows --------------------------------------------------------------------------------- */

/* Any page of the direct map in [pa, pa+size)? Or, with all: is every one there? */
static bool
hhdmhas(u64 pa, u64 size, bool all)
{
	u64 va = hhdmva(topaddr(pa)), end = va + size;

	while (va < end) {
		Walk w = translate(&kern.t, va);
		if (w.ok != all)
			return w.ok;
		va = (va | (PGLSZ(w.level) - 1)) + 1;
	}
	return all;
}

bool
hhdmmapped(Paddr pa, u64 size)
{
	return size <= cankaddr(pa) && hhdmhas(pabits(pa), size, true);
}

/* Why this window cannot be, or nil. [pa, pa+size) is not rounded yet. */
static const char *
vmaprefuse(u64 pa, u64 size)
{
	if (pa < BY2PG)
		return "page zero";
	if (size == 0 || pa + size < pa)
		return "empty or wraps";
	if (pa + size > VMAPSIZE)
		return "beyond the window";
	if ((pa + size - 1) >> kern.feat.pabits != 0)
		return "beyond the processor's address width";
	if (hhdmhas(rounddown(pa, BY2PG), roundup(pa + size, BY2PG) - rounddown(pa, BY2PG), false))
		return "RAM";
	return nil;
}

static bool
overlaps(const Window *w, u64 pa, u64 size)
{
	return w->ref != 0 && pa < w->pa + w->size && w->pa < pa + size;
}

/* The window's slot, with its reference counted; nil, and why. One memory type for one page. */
static Window *
windowget(u64 pa, u64 size, enum Memtype mt, const char **why)
{
	Window *slot = nil;

	for (Window *w = kern.win; w < kern.win + NWINDOW; w++) {
		if (overlaps(w, pa, size) && w->mt != mt) {
			*why = "mapped with another memory type";
			return nil;
		}
		if (w->ref != 0 && w->pa == pa && w->size == size) {
			w->ref++;
			return w;
		}
		if (w->ref == 0 && slot == nil)
			slot = w;
	}
	if (slot == nil)
		*why = "all 128 windows are in use";
	else
		*slot = (Window){pa, size, mt, 1};
	return slot;
}

static bool
covered(u64 pa)
{
	for (const Window *w = kern.win; w < kern.win + NWINDOW; w++)
		if (overlaps(w, pa, BY2PG))
			return true;
	return false;
}

/* Drop one reference; true: it was the last. */
static bool
windowput(u64 pa, u64 size)
{
	for (Window *w = kern.win; w < kern.win + NWINDOW; w++)
		if (w->ref != 0 && w->pa == pa && w->size == size)
			return --w->ref == 0;
	panic("vunmap: no window at pa=0x%llx size=0x%llx", pa, size);
}

/* Map what is not mapped yet of a window that may share pages with others. */
static enum MapErr
mapmissing(u64 pa, u64 size, enum Memtype mt)
{
	u64 va = windowva(topaddr(pa)), done = 0, end;
	enum MapErr err = MapOk;

	while (done < size && err == MapOk) {
		Walk w = translate(&kern.t, va + done);
		if (w.ok) {
			done = ((va + done) | (PGLSZ(w.level) - 1)) + 1 - va;
			continue;
		}
		for (end = done + BY2PG; end < size && !translate(&kern.t, va + end).ok; end += BY2PG)
			;
		err = setmap(va + done, topaddr(pa + done), end - done, PermR | PermW, mt);
		done = end;
	}
	return err;
}

static void
unmapuncovered(u64 pa, u64 size)
{
	for (u64 off = 0; off < size; off += BY2PG)
		if (!covered(pa + off) && setunmap(windowva(topaddr(pa + off)), BY2PG) != MapOk)
			panic("vunmap: pa=0x%llx", pa + off);
}

static void *
window(Paddr at, u64 bytes, enum Memtype mt)
{
	const char *why = vmaprefuse(pabits(at), bytes);
	u64 pa = rounddown(pabits(at), BY2PG), size = roundup(pabits(at) + bytes, BY2PG) - pa;
	Window *w = nil;
	enum MapErr err = MapOk;

	if (why == nil && !stock(tablesfor(windowva(topaddr(pa)), topaddr(pa), size)))
		why = maperrtext(MapNoFrame);
	if (why == nil) {
		ilock(&kernptlock);
		w = windowget(pa, size, mt, &why);
		if (w != nil && w->ref == 1)
			err = mapmissing(pa, size, mt);
		if (err != MapOk) {
			why = maperrtext(err);
			w->ref = 0;
			unmapuncovered(pa, size);
		}
		iunlock(&kernptlock);
	}
	if (why != nil) {
		print("vmap: refused pa=0x%llx size=0x%llx: %s\n", pabits(at), bytes, why);
		return nil;
	}
	return (void *)(uintptr)windowva(at);
}

/*
 * A device's registers, uncached, never executable. size in bytes, any alignment; the pointer is to pa
 * itself. nil, with a line in the log: RAM, page zero, wraps, too far, another memory type, no memory.
 */
void *
vmap(Paddr pa, u64 size)
{
	return window(pa, size, MtUC);
}

/* The same, write-combining, for the framebuffer. */
void *
vmapwc(Paddr pa, u64 size)
{
	return window(pa, size, MtWC);
}

/* Undo one vmap or vmapwc with the same size; pages that another window shares stay. */
void
vunmap(void *va, u64 bytes)
{
	if (!inwindow((uintptr)va))
		panic("vunmap: va=%p pc=%p", va, __builtin_return_address(0));
	u64 at = pabits(paddr(va)), pa = rounddown(at, BY2PG), size = roundup(at + bytes, BY2PG) - pa;

	if (!stock((u32)(2 * (kern.feat.levels - 2))))
		panic("vunmap: no page to split a large one");
	ilock(&kernptlock);
	if (windowput(pa, size))
		unmapuncovered(pa, size);
	iunlock(&kernptlock);
}

void *
kmap(Page *p)
{
	return pageva(p);
}

void
kunmap(void *va)
{
	(void)va;
}

/* --- taking over ------------------------------------------------------------------------------------- */

/* Unmap the bridge's window, keep its tables for the stash: nothing is left of the first life's half. */
static void
droplow(BootRun w)
{
	int top = kern.feat.levels - 1;
	Pte64 *root = kaddr(kern.t.root), *e = &root[PTLX(pabits(w.pa), top)];

	if (ptunmap(&kern.t, pabits(w.pa), w.size) != MapOk)
		panic("mmuenter: bridge window pa=0x%llx", pabits(w.pa));
	if (ptevalid(*e)) {
		Paddr table = ptepa(top, *e);
		*e = 0;
		kern.t.ntables--;
		stashput(&kern.t, table);
	}
	for (u64 i = 0; i < PTLX(kernelhalf(), top); i++)
		if (root[i] != 0)
			panic("mmuenter: low half not empty: slot %llu = 0x%llx", i, root[i]);
	mmuload(kern.t.root);
}

/*
 * First act of the kernel, on the tables that the bridge loaded; needs xlatinit, nothing else. From here
 * on every address below the kernel's half faults.
 */
void
mmuenter(const BootKeep *k)
{
	ptefeat(&kern.feat);
	kern.t = (Ptab){.root = mmuroot(),
			.feat = &kern.feat,
			.newtable = stashget,
			.freetable = stashput,
			.ntables = k->tablesused};
	droplow(bridgewindow(k));
}
