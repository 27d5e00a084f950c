/*
 * space.c: address spaces of processes: a root of one's own, the kernel's half shared for ever, tables for
 * the user half made as fault() enters pages. Second life. Fork and exec live on it, so it keeps clean
 * pages: roots with the kernel's half filled in and empty low half, tables all zeroes. The record of each
 * table page says how many entries are valid and which stretch of it was ever written, so that cleaning
 * costs what was used and not 4 KiB. Always true: an entry that was valid and changed is flushed (when the
 * space is the one in the processor) before a table of it is used again and before the caller may free the
 * page; an entry that was not valid needs no flush. A Space belongs to its process: its caller locks it
 * (the segments' locks); spaces.l guards the clean pages only. Until there are more processors nobody else
 * can hold translations of a space.
 */

#include "mm.h"
#include "lib.h"

enum { MaxRoots = 32, MaxClean = 128, MaxSpare = 8, FewPages = 4, PerTable = 512 };

static struct {
	Lock l;
	Page *roots, *clean; /* (l) linked through next */
	u32 nroots, nclean;  /* (l) */
} spaces;

static const PteFeat *
feat(void)
{
	return kernptab()->feat;
}

static int
toplevel(void)
{
	return feat()->levels - 1;
}

static bool
current(const Space *s)
{
	return paeq(mmuroot(), s->root);
}

/* --- clean pages ------------------------------------------------------------------------------------- */

static Page *
listpop(Page **list, u32 *n)
{
	Page *p;

	ilock(&spaces.l);
	p = *list;
	if (p != nil) {
		*list = p->next;
		(*n)--;
	}
	iunlock(&spaces.l);
	return p;
}

/* Move clean pages to a space that has none, for itself. */
static void
refill(Space *s)
{
	ilock(&spaces.l);
	while (s->nspare < MaxSpare && spaces.clean != nil) {
		Page *p = spaces.clean;
		spaces.clean = p->next;
		spaces.nclean--;
		p->next = s->spare;
		s->spare = p;
		s->nspare++;
	}
	iunlock(&spaces.l);
}

/* A table page, all zeroes; nil: no memory. */
static Page *
cleanget(Space *s)
{
	Page *p;

	if (s->spare == nil)
		refill(s);
	p = s->spare;
	if (p != nil) {
		s->spare = p->next;
		s->nspare--;
	} else {
		p = kpage(PgTable, true);
	}
	if (p != nil) {
		p->live = 0;
		p->lo = PerTable - 1;
		p->hi = 0;
	}
	return p;
}

/* A list of tables, all zeroes and flushed, for the next who needs one. */
static void
cleanput(Page *list)
{
	Page *next;

	if (list == nil)
		return;
	ilock(&spaces.l);
	for (; list != nil && spaces.nclean < MaxClean; list = next) {
		next = list->next;
		list->next = spaces.clean;
		spaces.clean = list;
		spaces.nclean++;
	}
	iunlock(&spaces.l);
	for (; list != nil; list = next) {
		next = list->next;
		kpagesfree(list, 0);
	}
}

/* The same, but a few stay with the space. */
static void
keepclean(Space *s, Page *list)
{
	while (list != nil && s->nspare < MaxSpare) {
		Page *p = list;
		list = p->next;
		p->next = s->spare;
		s->spare = p;
		s->nspare++;
	}
	cleanput(list);
}

/* A root: the kernel's half as it is from boot, nothing below. */
static Page *
rootget(void)
{
	Page *p = listpop(&spaces.roots, &spaces.nroots);
	u64 from = PTLX(kernelhalf(), toplevel());
	const Pte64 *kernel;
	Pte64 *root;

	if (p != nil)
		return p;
	p = kpage(PgTable, true);
	if (p == nil)
		return nil;
	kernel = kaddr(kernptab()->root);
	root = pageva(p);
	memcpy(root + from, kernel + from, (PerTable - from) * sizeof *root);
	return p;
}

static void
rootput(Page *p)
{
	ilock(&spaces.l);
	bool room = spaces.nroots < MaxRoots;
	if (room) {
		p->next = spaces.roots;
		spaces.roots = p;
		spaces.nroots++;
	}
	iunlock(&spaces.l);
	if (!room)
		kpagesfree(p, 0);
}

/* --- tables of a space --------------------------------------------------------------------------------- */

/* An entry of table p was written: index i. */
static void
touched(Page *p, u32 i)
{
	if (i < p->lo)
		p->lo = (u16)i;
	if (i > p->hi)
		p->hi = (u16)i;
}

/* A new table at level, below *e; parent is nil for the root. */
static bool
addtable(Space *s, Pte64 *e, u64 va, int level, Page *parent)
{
	Page *p = cleanget(s);

	if (p == nil)
		return false;
	p->va = rounddown(va, PGLSZ(level + 1));
	p->level = (u16)level;
	p->prev = nil;
	p->next = s->tables;
	if (s->tables != nil)
		s->tables->prev = p;
	s->tables = p;
	s->ntables++;
	if (parent != nil) {
		parent->live++;
		touched(parent, (u32)PTLX(va, level + 1));
	}
	*e = ptetable(feat(), pagepa(p), true);
	return true;
}

/*
 * The level-0 table for va. create makes tables; nil: there is none, or no page for one, and *missing gets
 * the level at which the path stopped.
 */
static Page *
leaftable(Space *s, u64 va, bool create, int *missing)
{
	Paddr table = s->root;

	for (int l = toplevel(); l > 0; l--) {
		Pte64 *e = (Pte64 *)kaddr(table) + PTLX(va, l);
		if (!ptevalid(*e)) {
			Page *parent = l == toplevel() ? nil : pagerec(table);
			if (!create || !addtable(s, e, va, l - 1, parent)) {
				*missing = l;
				return nil;
			}
		}
		table = ptepa(l, *e);
	}
	s->leaf = pagerec(table);
	return s->leaf;
}

/* Record of the page that this entry lies in. */
static Page *
tableof(const Pte64 *e)
{
	return pagerec(paddr((const void *)rounddown((uintptr)e, BY2PG)));
}

/* The entry, in the table above, of the table that begins at va and has this level. */
static Pte64 *
entryof(Space *s, u64 va, int level)
{
	Ptab t = {.root = s->root, .feat = feat()};

	return mmuwalk(&t, va, level + 1, false);
}

/* Unlink an empty table, and those above that become empty by it, onto *dead. */
static void
droptable(Space *s, Page *p, Page **dead)
{
	s->leaf = nil;
	while (p != nil && p->live == 0) {
		Pte64 *e = entryof(s, p->va, p->level);
		Page *parent = p->level + 1 == toplevel() ? nil : tableof(e);
		*e = 0;
		if (parent != nil)
			parent->live--;
		if (p->prev != nil)
			p->prev->next = p->next;
		else
			s->tables = p->next;
		if (p->next != nil)
			p->next->prev = p->prev;
		s->ntables--;
		p->next = *dead;
		*dead = p;
		p = parent;
	}
}

/* --- flushing ---------------------------------------------------------------------------------------- */

typedef struct Flush Flush;
struct Flush { /* pages whose valid entry changed */
	u64 va[FewPages];
	u32 n;
	Page *dead; /* tables to be reused after the flush */
};

static void
changed(Flush *f, u64 va)
{
	if (f->n < FewPages)
		f->va[f->n] = va;
	f->n++;
}

static void
flush(Space *s, Flush *f)
{
	if (f->n != 0 && current(s)) {
		if (f->n > FewPages)
			mmuload(s->root);
		else
			for (u32 i = 0; i < f->n; i++)
				tlbflushva(f->va[i]);
	}
	keepclean(s, f->dead);
}

/* --- the calls --------------------------------------------------------------------------------------- */

/* An empty space with the kernel's half. False: no memory. Another processor may use it at once. */
bool
spaceinit(Space *s)
{
	Page *p = rootget();

	*s = (Space){0};
	if (p == nil)
		return false;
	s->root = pagepa(p);
	return true;
}

/* Clean and unlink every table; the root's low half is empty then. The list, not yet flushed. */
static Page *
cleanall(Space *s)
{
	Pte64 *root = kaddr(s->root);
	Page *list = s->tables;

	for (Page *p = list; p != nil; p = p->next) {
		if (p->lo <= p->hi)
			memset((Pte64 *)pageva(p) + p->lo, 0, (p->hi - p->lo + 1u) * sizeof *root);
		if (p->level + 1 == toplevel())
			root[PTLX(p->va, toplevel())] = 0;
	}
	s->tables = s->leaf = nil;
	s->ntables = 0;
	return list;
}

/*
 * Drop all user mappings at once: exec, and what changes too much to say page by page. The pages
 * themselves belong to segments, who may free them when this returns.
 */
void
spaceflush(Space *s)
{
	Page *list = cleanall(s);

	if (list != nil && current(s))
		mmuload(s->root);
	keepclean(s, list);
}

/* The end of a space; if it is the one in the processor, the kernel's own tables take its place. */
void
spacefree(Space *s)
{
	if (pabits(s->root) == 0)
		return;
	if (current(s))
		mmuload(kernptab()->root);
	cleanput(cleanall(s));
	cleanput(s->spare);
	rootput(pagerec(s->root));
	*s = (Space){0};
}

/* One page of the user half, for fault() alone; what was there is replaced. False: no page for a table. */
bool
spaceput(Space *s, Uva va, Paddr pa, u32 perm, enum Memtype mt)
{
	u64 v = rounddown(uvabits(va), BY2PG);
	Pte64 *e, old, new;
	Page *p;
	int level;

	assert(v < USTKTOP && v >= BY2PG);
	p = s->leaf;
	if (p == nil || p->va != rounddown(v, PGLSZ(1))) {
		p = leaftable(s, v, true, &level);
		if (p == nil)
			return false;
	}
	e = (Pte64 *)pageva(p) + PTLX(v, 0);
	old = *e;
	new = pteleaf(feat(), 0, pa, (perm | PermU) & ~(u32)PermG, mt);
	if (!ptevalid(old)) {
		p->live++;
		touched(p, (u32)PTLX(v, 0));
	} else if (old != new &&current(s)) {
		*e = 0; /* one page never has two translations alive [ARM ARM D8.14.1] */
		tlbflushva(v);
	}
	if (perm & PermX)
		textsync(kaddr(pa), BY2PG);
	*e = new;
	ptesync();
	return true;
}

/* Call f on the valid leaves of p in [va, end); f says what each becomes. True: none is left. */
static bool
eachentry(Page *p, u64 va, u64 end, Pte64 (*f)(Pte64), Flush *fl)
{
	Pte64 *e = pageva(p);
	u64 last = PTLX(end - 1, 0), i = PTLX(va, 0);

	if (i < p->lo)
		i = p->lo;
	if (last > p->hi)
		last = p->hi;
	for (; i <= last; i++) {
		Pte64 old = e[i];
		if (!ptevalid(old) || (e[i] = f(old)) == old)
			continue;
		changed(fl, p->va + i * BY2PG);
		if (e[i] == 0)
			p->live--;
	}
	return p->live == 0;
}

/* The same on every table of [va, end), not empty; spans without tables cost one step each. */
static void
eachleaf(Space *s, u64 va, u64 end, Pte64 (*f)(Pte64), Flush *fl)
{
	for (u64 stop; va < end; va = stop) {
		int l = 1;
		Page *p = leaftable(s, va, false, &l);
		stop = roundup(va + 1, PGLSZ(p == nil ? l : 1));
		if (stop > end)
			stop = end;
		if (p != nil && eachentry(p, va, stop, f, fl))
			droptable(s, p, &fl->dead);
	}
}

static Pte64
toempty(Pte64 e)
{
	(void)e;
	return 0;
}

/* Whole pages of the user half: our own rooms ask for nothing else. */
static void
checkpages(u64 va, u64 size)
{
	assert(va % BY2PG == 0 && size % BY2PG == 0);
	assert(size <= USTKTOP && va <= USTKTOP - size);
}

/* Take the pages of [va, va+size) out; when it returns no processor reaches them any more. */
void
spaceunmap(Space *s, Uva va, u64 size)
{
	Flush f = {.n = 0};

	checkpages(uvabits(va), size);
	eachleaf(s, uvabits(va), uvabits(va) + size, toempty, &f);
	flush(s, &f);
}

/* The pages of [va, va+size) become read-only: the next write faults (copy on write). */
void
spaceprotect(Space *s, Uva va, u64 size)
{
	Flush f = {.n = 0};

	checkpages(uvabits(va), size);
	eachleaf(s, uvabits(va), uvabits(va) + size, ptereadonly, &f);
	flush(s, &f);
}

Walk
spacewalk(Space *s, Uva va)
{
	Ptab t = {.root = s->root, .feat = feat()};

	return translate(&t, uvabits(va));
}

void
spacecount(const Space *s, u32 n[4])
{
	memset(n, 0, 4 * sizeof n[0]);
	for (const Page *p = s->tables; p != nil; p = p->next)
		n[p->level & 3]++;
	n[toplevel() & 3]++;
}

/* Count p's valid entries; false: one lies outside of the stretch that p admits to. */
static bool
countlive(const Page *p, u32 *live)
{
	const Pte64 *e = pageva(p);

	*live = 0;
	for (u32 i = 0; i < PerTable; i++) {
		if (e[i] == 0)
			continue;
		if (i < p->lo || i > p->hi)
			return false;
		*live += ptevalid(e[i]);
	}
	return true;
}

/* Is the kernel's half of this root the one that all have (C6)? */
static bool
sharedhalf(const Space *s)
{
	const Pte64 *root = kaddr(s->root), *kernel = kaddr(kernptab()->root);
	u64 from = PTLX(kernelhalf(), toplevel());

	return memcmp(root + from, kernel + from, (PerTable - from) * sizeof *root) == 0;
}

const char *
spacecheck(Space *s)
{
	u64 n = 0;
	u32 live;

	if (!sharedhalf(s))
		return "a kernel's half of its own";
	for (Page *p = s->tables; p != nil; p = p->next, n++) {
		Pte64 *e = entryof(s, p->va, p->level);
		if (e == nil || !paeq(ptepa(p->level + 1, *e), pagepa(p)))
			return "a table that is not linked";
		if (!countlive(p, &live))
			return "an entry outside of the touched stretch";
		if (live != p->live)
			return "a wrong count of entries";
	}
	return n == s->ntables ? nil : "a wrong count of tables";
}
