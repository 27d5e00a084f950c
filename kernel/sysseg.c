/*
 * sysseg.c: the system calls about a process's memory: its end, segments that come and go, pages given
 * back [PLAN9-ABI 3.9]. Second life, in the calling process, whose page tables lose what a call takes
 * away before a page of it is free; fault() brings in what is used again.
 *
 * Always: a process alone changes its own seg[], so it may look at it without a lock; others see it
 * under seglock. What others share is flushed from their tables too (procflushseg), or refused.
 * Locks: seglock while seg[] changes, a segment's q while its range or pages do. Under them a text says
 * what is wrong; error() comes when they are free.
 */
#include "dat.h"

enum { UserAttr = SG_RONLY | SG_CEXEC | SG_FAULT | SG_NOEXEC }; /* what segattach lets a user choose */
enum { ClassMax = 32 };						/* bytes of a class's name with its NUL */

/* The slot of the segment that addr is in, an empty one that begins there counted; attached ones first. */
static u32
slotof(u64 addr)
{
	Segment *s;

	for (u32 i = NSEG; i-- > 0;) {
		s = up->seg[i];
		if (s != nil && addr >= s->base && (addr < s->top || addr == s->base))
			return i;
	}
	error(Ebadarg);
}

/* --- the end of a segment --------------------------------------------------------------------------------
 */

/* Grow or shrink s to end at top; q is held. Nil, or what stands in the way. */
static const char *
settop(Segment *s, u64 top)
{
	if (top < s->top) {
		if (s->ref.ref > 1)
			return Einuse;
		spaceunmap(&up->space, touva(top), s->top - top);
	} else if (segoverlap(up->seg, NSEG, s->base, top, s) != nil)
		return Esoverlap;
	return segresize(s, top) ? nil : Enovmem;
}

/* 0 asks where s begins; every other answer is 0. */
static i64
setbrk(Segment *s, u64 addr)
{
	const char *e;

	if (addr == 0)
		return (i64)s->base;
	if (addr < s->base || addr >= USTKTOP)
		error(Enovmem);
	qlock(&s->q);
	e = settop(s, roundup(addr, BY2PG));
	qunlock(&s->q);
	if (e != nil)
		error(e);
	return 0;
}

i64
sysbrk_(u64 *a)
{
	Segment *s, *data;
	u64 addr;

	addr = a[0];
	s = up->seg[BSEG];
	data = up->seg[DSEG];
	if (s == nil)
		error(Ebadarg);
	if (addr != 0 && addr < s->base && data != nil && addr >= data->base)
		addr = s->base;
	return setbrk(s, addr);
}

i64
syssegbrk(u64 *a)
{
	Segment *s;
	u32 type;

	s = up->seg[slotof(a[0])];
	type = s->type & SG_TYPE;
	if (type != SG_BSS && type != SG_SHARED)
		error(Ebadarg);
	return setbrk(s, a[1]);
}

/* --- segments that come and go ---------------------------------------------------------------------------
 */

/* The class whose name the user has at addr. */
static const Physseg *
userclass(u64 addr)
{
	const Physseg *ps;
	char name[ClassMax];
	i64 n;

	n = copyinstr(name, touva(addr), sizeof name);
	if (n < 0)
		badaddr();
	ps = n < (i64)sizeof name ? physsegfind(name) : nil;
	if (ps == nil)
		error(Ebadarg);
	return ps;
}

/* A segment of the class in a free slot, at *va or, if that is 0, where there is room. (seglock) */
static const char *
attach(const Physseg *ps, u32 attr, u64 *va, u64 len)
{
	Segment *s;
	u32 i;

	for (i = LSEG; i < NSEG && up->seg[i] != nil; i++)
		;
	if (i == NSEG || len > ps->size)
		return Enovmem;
	if (*va == 0)
		*va = seghole(up->seg, NSEG, up->seg[SSEG]->base, len);
	else if (segoverlap(up->seg, NSEG, *va, *va + len, nil) != nil)
		return Esoverlap;
	if (*va == 0 || (s = newseg(ps->attr | (attr & UserAttr), *va, len / BY2PG)) == nil)
		return Enovmem;
	s->pa = ps->pa;
	up->seg[i] = s;
	return nil;
}

/* [va, va + len) made whole pages; nothing, page 0, or past the stack's top: error(). */
static void
wholepages(u64 *va, u64 *len)
{
	if (*len == 0 || *len > USTKTOP || *va > USTKTOP)
		error(Ebadarg);
	*len = roundup(*len, BY2PG);
	if (*va == 0)
		return;
	*va = rounddown(*va, BY2PG);
	if (*va == 0 || *len > USTKTOP - *va)
		error(Ebadarg);
}

i64
syssegattach(u64 *a)
{
	const Physseg *ps;
	const char *e;
	u64 va, len;

	ps = userclass(a[1]);
	va = a[2];
	len = a[3];
	wholepages(&va, &len);
	qlock(&up->seglock);
	e = attach(ps, (u32)a[0], &va, len);
	qunlock(&up->seglock);
	if (e != nil)
		error(e);
	return (i64)va;
}

i64
syssegdetach(u64 *a)
{
	Segment *s;
	u32 i;

	i = slotof(a[0]);
	if (i == SSEG)
		error(Ebadarg);
	s = up->seg[i];
	qlock(&up->seglock);
	up->seg[i] = nil;
	qunlock(&up->seglock);
	qlock(&s->q); /* who shares it may move its end */
	spaceunmap(&up->space, touva(s->base), s->top - s->base);
	qunlock(&s->q);
	putseg(s);
	return 0;
}

/* --- pages -------------------------------------------------------------------------------------------------
 */

/* Give back the whole pages in [from, to) of s; q is held. */
static void
droppages(Segment *s, u64 from, u64 to)
{
	from = roundup(from, BY2PG);
	to = rounddown(to, BY2PG);
	if (from >= to)
		return;
	spaceunmap(&up->space, touva(from), to - from);
	if (s->ref.ref > 1)
		procflushseg(s);
	mfreeseg(s, from, (to - from) / BY2PG);
}

i64
syssegfree(u64 *a)
{
	Segment *s;
	bool inside;

	s = up->seg[slotof(a[0])];
	qlock(&s->q);
	inside = a[0] <= s->top && a[1] <= s->top - a[0];
	if (inside)
		droppages(s, a[0], a[0] + a[1]);
	qunlock(&s->q);
	if (!inside)
		error(Ebadarg);
	return 0;
}

/*
 * What was written in the range may be run: but for segments that never may, pages can be fetched from
 * now on. What is mapped already is entered anew by the fault of its first fetch, in each space.
 */
i64
syssegflush(u64 *a)
{
	Segment *s;
	u64 addr, end;

	addr = a[0];
	end = addr + a[1];
	if (a[1] == 0)
		return 0;
	if (!okaddr(addr, a[1], false))
		error(Ebadarg);
	for (; addr < end; addr = s->top) {
		s = segof(up->seg, NSEG, addr);
		if (s == nil)
			error(Ebadarg);
		qlock(&s->q);
		s->exec |= (s->type & SG_NOEXEC) == 0;
		qunlock(&s->q);
	}
	return 0;
}
