/*
 * fault.c: the one door through which user pages come into page tables: found, read from the file,
 * zeroed or copied as the segment says, then entered with the rights that it gives. Also the checks
 * of user addresses that system calls pass.
 *
 * Always: a page is mapped writable only while the segment is its sole owner (ref 1), so whoever raises
 * the count write-protects first; a page that leaves a segment leaves all tables before.
 * Locks: the segment's q from finding the page to entering it; given up while a file is read.
 */
#include "dat.h"

static const char Eshort[] = "file is shorter than its header says";

enum Fix {
	Fixed,	/* the page is in the tables */
	Again,	/* something was waited for: look at everything anew */
	Bad,	/* the process may not do this */
	Doomed, /* it will end: the note that says why is posted */
};

/* How many bytes of the page at va come from the file. */
static u32
filebytes(Segment *s, u64 va)
{
	u64 off;

	off = va - s->base;
	if (s->image == nil || off >= s->flen)
		return 0;
	return s->flen - off < BY2PG ? (u32)(s->flen - off) : BY2PG;
}

/* No memory for a page or a table: wait, and look anew. q is not held. */
static enum Fix
shortofmem(void)
{
	memwait("fault");
	return up->procctl == ProcExit ? Doomed : Again;
}

/*
 * Read a page of the file into the image's cache, where the next look finds it. Called with s->q, comes back
 * without: the file may be slow, or served by a process that needs this very segment.
 */
static enum Fix
pagein(Segment *s, u64 va, u64 off, u32 n)
{
	Image *i;
	Page *p;
	i64 got;

	p = newrawpage(touva(va), &s->q);
	if (p == nil)
		return up->procctl == ProcExit ? Doomed : Again;
	memset((u8 *)pageva(p) + n, 0, BY2PG - n);
	i = s->image;
	incref(&i->ref);
	qunlock(&s->q);
	if (waserror()) {
		putpage(p);
		putimage(i);
		snformat(up->genbuf, sizeof up->genbuf, "sys: %s accessing %s: %s", Eioload,
			 i->c->path != nil ? i->c->path->s : "?", up->errstr);
		postnote(up, up->genbuf, NDebug);
		return Doomed;
	}
	got = kread(i->c, pageva(p), n, (i64)off);
	if (got != n)
		error(Eshort);
	poperror();
	putpage(cachepage(i, p, off, n));
	putimage(i);
	return Again;
}

/* See that *slot has a page: out of the file, or of zeroes. Fixed: it has, and q is held; else q is not held.
 */
static enum Fix
fill(Segment *s, Page **slot, u64 va)
{
	Page *p;
	u64 off;
	u32 n;

	if (*slot != nil)
		return Fixed;
	n = filebytes(s, va);
	off = s->fstart + (va - s->base);
	if (n > 0 && (p = lookpage(s->image, off, n)) == nil)
		return pagein(s, va, off, n);
	if (n == 0 && (p = newpage(touva(va), &s->q)) == nil)
		return up->procctl == ProcExit ? Doomed : Again;
	*slot = p;
	return Fixed;
}

/* See that s alone has the page in *slot: copy it if not. As fill. */
static enum Fix
own(Segment *s, Page **slot, u64 va)
{
	Page *old, *p;

	old = *slot;
	if (__atomic_load_n(&old->ref, __ATOMIC_ACQUIRE) == 1)
		return Fixed;
	p = newrawpage(touva(va), &s->q);
	if (p == nil)
		return up->procctl == ProcExit ? Doomed : Again;
	copypage(old, p);
	*slot = p;
	if (s->ref.ref > 1)
		procflushseg(s);
	putpage(old);
	return Fixed;
}

/* Enter a page of the segment; q is given up. */
static enum Fix
enter(Segment *s, u64 va, Paddr pa, u32 perm, enum Memtype mt)
{
	bool ok;

	if (s->exec)
		perm |= PermX;
	ok = spaceput(&up->space, touva(va), pa, perm | PermR | PermU, mt);
	qunlock(&s->q);
	return ok ? Fixed : shortofmem();
}

static bool
readonly(const Segment *s)
{
	return (s->type & SG_RONLY) != 0 || (s->type & SG_TYPE) == SG_TEXT;
}

/* Bring in the page of s at va; q is held on entry and given up. */
static enum Fix
fix(Segment *s, u64 va, u32 access)
{
	Page **slot;
	enum Fix r;
	u32 perm;

	if ((s->type & SG_TYPE) == SG_PHYSICAL)
		return enter(s, va, paadd(s->pa, va - s->base), readonly(s) ? 0 : PermW,
			     (s->type & SG_CACHED) != 0 ? MtWB : MtUC);
	slot = segslot(s, va, true);
	if (slot == nil) {
		qunlock(&s->q);
		return shortofmem();
	}
	r = fill(s, slot, va);
	if (r == Fixed && access == FaultWrite)
		r = own(s, slot, va);
	if (r != Fixed)
		return r;
	perm = !readonly(s) && (*slot)->ref == 1 ? PermW : 0;
	return enter(s, va, pagepa(*slot), perm, MtWB);
}

static bool
allowed(const Segment *s, u32 access)
{
	if ((s->type & SG_FAULT) != 0)
		return false;
	if (access == FaultWrite)
		return !readonly(s);
	return access != FaultExec || s->exec;
}

static enum Fix
bringin(u64 addr, u32 access)
{
	Segment *s;
	enum Fix r;

	do {
		s = segof(up->seg, NSEG, addr);
		if (s == nil || !allowed(s, access))
			return Bad;
		qlock(&s->q);
		if (addr >= s->top) {
			qunlock(&s->q);
			return Bad;
		}
		r = fix(s, rounddown(addr, BY2PG), access);
	} while (r == Again);
	return r;
}

bool
fault(Uva addr, u64 pc, u32 access)
{
	if (up == nil || up->kp)
		panic("kernel fault: no user process pc=%#llx addr=%#llx", pc, uvabits(addr));
	machp()->pfault++;
	up->demand++;
	return bringin(uvabits(addr), access) == Fixed;
}

void
faultuser(Ureg *u, Uva addr, u32 access)
{
	enum Fix r;

	up->dbgreg = u;
	machp()->pfault++;
	up->demand++;
	r = bringin(uvabits(addr), access);
	if (r == Fixed || r == Doomed)
		return;
	snformat(up->genbuf, sizeof up->genbuf, "sys: trap: fault %s addr=0x%llx",
		 access == FaultWrite ? "write" : "read", uvabits(addr));
	postnote(up, up->genbuf, NDebug);
}

/* --- addresses that system calls pass ---------------------------------------------------------------- */

bool
okaddr(u64 addr, u64 n, bool write)
{
	Segment *s;

	if (addr > USTKTOP || n > USTKTOP - addr)
		return false;
	for (;;) {
		s = segof(up->seg, NSEG, addr);
		if (s == nil || (write && readonly(s)))
			return false;
		if (n <= s->top - addr)
			return true;
		n -= s->top - addr;
		addr = s->top;
	}
}

void
badaddr(void)
{
	postnote(up, "sys: bad address in syscall", NDebug);
	error(Ebadarg);
}

void
validaddr(u64 addr, u64 n, bool write)
{
	if (n > 0x7fffffff || !okaddr(addr, n, write))
		badaddr();
}

void
ucopyin(void *d, u64 s, usize n)
{
	if (!copyin(d, touva(s), n))
		badaddr();
}

void
ucopyout(u64 d, const void *s, usize n)
{
	if (!copyout(touva(d), s, n))
		badaddr();
}

/* Most strings are short: room is made for what is there, and only for a long one for what may be. */
char *
ustrdup(u64 s, usize max)
{
	char buf[256], *d;
	usize room;
	i64 n;

	room = max < sizeof buf ? max : sizeof buf;
	n = copyinstr(buf, touva(s), room - 1);
	if (n < 0)
		badaddr();
	if (n < (i64)room - 1 || room == max) {
		d = smalloc((usize)n + 1);
		memcpy(d, buf, (usize)n);
		return d;
	}
	d = smalloc(max);
	n = copyinstr(d, touva(s), max - 1);
	if (n < 0) {
		free(d);
		badaddr();
	}
	d[n] = 0;
	return d;
}
