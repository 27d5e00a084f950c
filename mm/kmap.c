/*
 * kmap.c: the kernel's mappings as a table of rows; planned, built, proved. First life, on the firmware's
 * 1:1 mapping, and host; nothing here needs a statically initialised pointer. It takes the parcel and the
 * ledger, gives rows by rising address: the bridge's window, RAM at HHDM (never executable; tables of the
 * firmware's and our own image only for reading), the boot stacks above their guards, the image section
 * by section with its final rights. The dry run counts the tables by arithmetic, the builder takes them
 * one by one: used == planned is a check of both. The preflight then walks every address that the switch
 * will touch. Rows never overlap; W and X never stand in one row. No locks: one processor, no interrupts.
 */

#include "mm.h"

enum { PermData = PermR | PermW | PermG, PermRo = PermR | PermG };

/* --- rows ------------------------------------------------------------------------------------------- */

typedef struct Rows Rows;
struct Rows { /* the table being filled; n goes past max when rows do not fit */
	MapRow *r;
	u32 n, max;
};

static void
row(Rows *t, const char *name, u64 va, Paddr pa, u64 size, u32 perm)
{
	if (size != 0 && t->n++ < t->max)
		t->r[t->n - 1] = (MapRow){name, va, pa, size, perm, MtWB};
}

/* End of physical addresses that the direct map can hold here. */
static u64
hhdmlimit(const PteFeat *f)
{
	u64 width = 1ull << f->pabits;

	return width < HHDMSIZE ? width : HHDMSIZE;
}

/* Rights of RAM of this kind in the direct map; 0: it has no place there. */
static u32
hhdmperm(Kind k)
{
	if (!kindisram(k))
		return 0;
	return k == KAcpi || k == KImage ? PermRo : PermData;
}

/* RAM, one row for each stretch of equal rights, whatever its kinds. */
static void
ramrows(Rows *t, Ledger *l, u64 limit)
{
	u64 start = 0, end = 0;
	u32 perm = 0;

	ledgersettle(l);
	for (u32 i = 0; i < l->n && l->r[i].start < limit; i++) {
		const Range *r = &l->r[i];
		u32 p = hhdmperm((Kind)r->kind);
		if (p == 0)
			continue;
		if (p != perm || r->start != end) {
			row(t, "hhdm", hhdmva(topaddr(start)), topaddr(start), end - start, perm);
			start = r->start;
			perm = p;
		}
		end = r->end < limit ? r->end : limit;
	}
	row(t, "hhdm", hhdmva(topaddr(start)), topaddr(start), end - start, perm);
}

/* Nothing yet, but tables for all top-level slots that a window will ever use. */
static void
slotrow(Rows *t, const char *name, u64 va, u64 size)
{
	row(t, name, va, topaddr(0), size, 0);
}

/* The device windows: slots, but for the console's registers, which must speak before there is memory. */
static void
windowrows(Rows *t, const BootKeep *k)
{
	Paddr end = paadd(k->uart.pa, k->uart.size);

	slotrow(t, "vmap", windowva(topaddr(0)), pabits(k->uart.pa));
	row(t, "uart", windowva(k->uart.pa), k->uart.pa, k->uart.size, PermData);
	if (k->uart.size != 0 && t->n <= t->max)
		t->r[t->n - 1].mt = MtUC;
	slotrow(t, "vmap", windowva(end), VMAPSIZE - pabits(end));
}

static void
stackrows(Rows *t, BootRun stack)
{
	for (u64 i = 0; i < stack.size / KSTACK; i++)
		row(t, "kstack", KSTACKTOP(i) - KSTACK, paadd(stack.pa, i * KSTACK), KSTACK, PermData);
}

/* A writable section loses nothing but the right to be executed, should a linker ever ask for both. */
static u32
sectperm(u32 perm)
{
	if (perm & PermW)
		perm &= ~(u32)PermX;
	return (perm & (PermW | PermX)) | PermRo;
}

/* A section by its rights: its own name may lack the final NUL, and lies in the parcel. */
static const char *
sectword(u32 perm)
{
	return perm & PermW ? "data" : perm & PermX ? "text" : "rodata";
}

static void
imagerows(Rows *t, const BootKeep *k)
{
	for (u32 i = 0; i < k->nsect; i++) {
		const BootSect *s = &k->sect[i];
		row(t, sectword(s->perm), imageva(s->rva), paadd(k->image.pa, s->rva), s->size,
		    sectperm(s->perm));
	}
}

u32
kmaprows(const BootKeep *k, Ledger *l, const PteFeat *f, MapRow *rows, u32 max)
{
	Rows t = {rows, 0, max};
	BootRun w = bridgewindow(k);

	row(&t, "bridge", pabits(w.pa), w.pa, w.size, PermR | PermX);
	ramrows(&t, l, hhdmlimit(f));
	slotrow(&t, "pages", PAGES, PAGESSIZE);
	slotrow(&t, "vmalloc", VMALLOC, VMALLOCSIZE);
	stackrows(&t, k->stack);
	slotrow(&t, "kmap", KMAP, KMAPSIZE);
	windowrows(&t, k);
	imagerows(&t, k);
	return t.n;
}

Paddr
kmaptop(Ledger *l, const PteFeat *f)
{
	u64 limit = hhdmlimit(f), top = 0;

	ledgersettle(l);
	for (u32 i = 0; i < l->n && l->r[i].start < limit; i++)
		if (kindisram((Kind)l->r[i].kind))
			top = l->r[i].end < limit ? l->r[i].end : limit;
	return topaddr(top);
}

/* --- the dry run ------------------------------------------------------------------------------------ */

typedef struct Plan Plan;
struct Plan {
	const PteFeat *f;
	u64 next[5]; /* by level: first table number of that level not yet counted */
	u32 tables;
};

/* Count the tables of level l (entries of PGLSZ(l)) under [va, end), less those already counted. */
static void
plantables(Plan *p, int l, u64 va, u64 end)
{
	u64 shift = (u64)(PGSHIFT + PTSHIFT * (l + 1)), first, after;

	if (va >= end)
		return;
	first = va >> shift;
	after = ((end - 1) >> shift) + 1;
	if (first < p->next[l])
		first = p->next[l];
	if (after > first) {
		p->tables += (u32)(after - first);
		p->next[l] = after;
	}
}

/* Leaves of level l and below in [va, end): what is left of it beside the whole leaves above l. */
static void
planlevel(Plan *p, int l, u64 va, u64 end, u64 pa)
{
	u64 big = PGLSZ(l + 1), from = roundup(va, big), to = rounddown(end, big);

	if (l + 1 > p->f->maxleaf || ((va ^ pa) & (big - 1)) != 0 || from >= to) {
		plantables(p, l, va, end);
		return;
	}
	plantables(p, l, va, from);
	plantables(p, l, to, end);
}

static enum MapErr
planrow(Plan *p, const MapRow *r)
{
	int top = p->f->levels - 2;
	u64 end = r->va + r->size;

	if (((r->va | r->size | pabits(r->pa)) & (BY2PG - 1)) != 0)
		return MapAlign;
	if (r->size == 0 || end < r->va || !canonical(p->f, r->va) || !canonical(p->f, end - 1))
		return MapRange;
	plantables(p, top, r->va, end);
	for (int l = top - 1; l >= 0 && r->perm != 0; l--)
		planlevel(p, l, r->va, end, pabits(r->pa));
	return MapOk;
}

enum MapErr
kmapplan(const PteFeat *f, const MapRow *rows, u32 n, u32 *tables)
{
	Plan p = {.f = f, .tables = 1};

	for (u32 i = 0; i < n; i++) {
		enum MapErr err = planrow(&p, &rows[i]);
		if (err == MapOk && i > 0 && rows[i].va < rows[i - 1].va + rows[i - 1].size)
			err = MapAlready;
		if (err != MapOk)
			return err;
	}
	*tables = p.tables;
	return MapOk;
}

/* --- the builder ------------------------------------------------------------------------------------ */

/* The next page of the pool, zeroed only now: what is not used is not touched. */
static Paddr
poolnew(Ptab *t)
{
	const BootRun *pool = t->aux;
	Paddr pa = paadd(pool->pa, t->ntables * BY2PG);

	if (t->ntables >= pool->size / BY2PG)
		return topaddr(0);
	pagezero(t->at(t, pa));
	return pa;
}

/* In the first life a physical address is a pointer. */
static Pte64 *
poolat(Ptab *t, Paddr pa)
{
	(void)t;
	return kvaptr(tokva(pabits(pa)));
}

void
kmappool(Ptab *t, const PteFeat *f, BootRun *pool)
{
	*t = (Ptab){.feat = f, .newtable = poolnew, .at = poolat, .aux = pool};
}

/* Tables for the top-level slots of a row, and nothing in them. */
static enum MapErr
buildslots(Ptab *t, const MapRow *r)
{
	int top = t->feat->levels - 2;

	for (u64 va = rounddown(r->va, PGLSZ(top + 1)); va < r->va + r->size; va += PGLSZ(top + 1))
		if (mmuwalk(t, va, top, true) == nil)
			return MapNoFrame;
	return MapOk;
}

/* "kmap: <start>-<end> pa <pa> <rights> tables <n> <name>": a row as built, and the tables that it took. */
static void
tracerow(const MapRow *r, u64 tables)
{
	print("kmap: %016llx-%016llx pa %016llx %c%c%c%c tables %llu %s\n", r->va, r->va + r->size,
	      pabits(r->pa), r->perm & PermR ? 'r' : '-', r->perm & PermW ? 'w' : '-',
	      r->perm & PermX ? 'x' : '-', r->perm & PermG ? 'g' : '-', tables, r->name);
}

/* Takes the root too, if t has none. Exactly the pages that the plan said, in the order of the rows. */
enum MapErr
kmapbuild(Ptab *t, const MapRow *rows, u32 n)
{
	enum MapErr err = MapOk;

	if (pabits(t->root) == 0) {
		t->root = t->newtable(t);
		if (pabits(t->root) == 0)
			return MapNoFrame;
		t->ntables++;
	}
	for (u32 i = 0; i < n && err == MapOk; i++) {
		const MapRow *r = &rows[i];
		u64 before = t->ntables;
		if (r->perm == 0)
			err = buildslots(t, r);
		else
			err = ptmap(t, r->va, r->pa, r->size, r->perm, r->mt);
		if (t->trace)
			tracerow(r, t->ntables - before);
	}
	return err;
}

/* --- the preflight ---------------------------------------------------------------------------------- */

typedef struct Flight Flight;
struct Flight {
	Ptab *t;
	u32 done;
	const char *bad; /* name of the first check that failed */
};

static void
verdict(Flight *f, const char *name, bool ok, u64 va, const Walk *w)
{
	f->done++;
	if (ok || f->bad != nil)
		return;
	f->bad = name;
	print("kmap: preflight FAIL %s va=%016llx level %d pte=%016llx pa=%016llx perm %u\n", name, va,
	      w->level, w->pte[w->level], pabits(w->pa), w->perm);
}

/* Both ends of [va, va+size) go to pa, write-back, with exactly these rights. */
static void
need(Flight *f, const char *name, u64 va, Paddr pa, u64 size, u32 perm)
{
	u64 last = size == 0 ? 0 : size - 1;

	for (u64 off = 0;; off = last) {
		Walk w = translate(f->t, va + off);
		if (!f->t->feat->nx)
			w.perm = (w.perm & ~(u32)PermX) | (perm & PermX);
		bool ok = w.ok && paeq(w.pa, paadd(pa, off)) && w.perm == perm && w.mt == MtWB;
		verdict(f, name, ok, va + off, &w);
		if (off == last)
			break;
	}
}

static void
needram(Flight *f, const char *name, BootRun r)
{
	if (r.size != 0)
		need(f, name, hhdmva(r.pa), r.pa, r.size, PermData);
}

static void
needabsent(Flight *f, const char *name, u64 va)
{
	Walk w = translate(f->t, va);

	verdict(f, name, !w.ok, va, &w);
}

/* Code, constants, GDT, IDT, TSS: every section, and never writable by the direct map. */
static void
flyimage(Flight *f, const BootKeep *k)
{
	for (u32 i = 0; i < k->nsect; i++) {
		const BootSect *s = &k->sect[i];
		Paddr pa = paadd(k->image.pa, s->rva);
		if (s->size == 0)
			continue;
		need(f, sectword(s->perm), imageva(s->rva), pa, s->size, sectperm(s->perm));
		need(f, "image alias", hhdmva(pa), pa, s->size, PermRo);
	}
}

static void
flystacks(Flight *f, const BootKeep *k)
{
	for (u64 i = 0; i < k->stack.size / KSTACK; i++) {
		need(f, "stack", KSTACKTOP(i) - KSTACK, paadd(k->stack.pa, i * KSTACK), KSTACK, PermData);
		needabsent(f, "stack guard", KSTACKTOP(i) - KSTACKSTRIDE);
	}
	needabsent(f, "stack end", KSTACKTOP(k->stack.size / KSTACK) - KSTACK);
}

/* What the kernel reads before it has tables of its own making. */
static void
flymemory(Flight *f, const Boot *b)
{
	const BootKeep *k = &b->keep;

	needram(f, "parcel", (BootRun){topaddr(kvabits(ptrkva(b))), sizeof *b});
	needram(f, "log", k->log);
	needram(f, "conf", k->conf);
	needram(f, "initrd", k->initrd);
	needram(f, "firmware map", k->fwmap);
	needram(f, "ledger", b->once.ranges);
	for (u64 i = 0; i < f->t->ntables; i++)
		needram(f, "table", (BootRun){paadd(k->tables.pa, i * BY2PG), BY2PG});
}

const char *
kmappreflight(Ptab *t, const Boot *b, u32 *done)
{
	Flight f = {.t = t};
	BootRun w = bridgewindow(&b->keep);

	need(&f, "bridge", pabits(w.pa), w.pa, w.size, PermR | PermX);
	needabsent(&f, "null page", 0);
	flyimage(&f, &b->keep);
	flystacks(&f, &b->keep);
	flymemory(&f, b);
	*done = f.done;
	return f.bad;
}
