/*
 * pool.c: blocks of any size out of arenas that xalloc gives. Second life and host.
 * A block is {magic, size} data slack {BE slack EF size}, 9front's layout, so that who writes past its end
 * or frees what is not his is found when it is freed. Small blocks of the main pool park on quick lists of
 * one size each, a set for each processor, and come back from there without a lock; the others lie in bins
 * by size, joined with their free neighbours.
 * Always holds: the blocks of an arena lie end to end; no two free ones touch, but for parked ones;
 * cur == nfree + nalloc + words, where words are the arenas' own.
 * Locks: p->lk, outside palloc: a pool grows under it. A block in use is its owner's alone, but for the two
 * words that a neighbour looks at under the lock: its magic, and the size in its tail.
 */
#include "pool.h"
#include "lib.h"

struct Bhdr {
	u32 magic;
	u32 size; /* bytes of the block, a multiple of PoolQuantum */
};
struct Btail { /* the last 8 bytes of every block, free or not */
	u8 magic0;
	u8 slack[2]; /* unused bytes before the tail, high byte first */
	u8 magic1;
	u32 size;
};
struct Free { /* a free block's beginning */
	Bhdr h;
	Free *next, *prev;
};
struct Arena { /* what xalloc gave; its blocks begin at the next multiple of PoolQuantum */
	Bhdr h;
	Bhdr *tail; /* an ArenaTailMagic behind the last block */
	Arena *next;
	u64 size;
};
enum {
	Overhead = sizeof(Bhdr) + sizeof(Btail),
	MinBlock = PoolQuantum,
	Tail0 = 0xbe,
	Tail1 = 0xef,
	MaxData = 0x7fffffff - 2 * PoolQuantum,
};
_Static_assert(sizeof(Free) + sizeof(Btail) <= MinBlock, "a free block fits the smallest");

static const u8 slackfill[4] = {0xfe, 0xf1, 0xf0, 0xfa};

/* --- the parts of a block
 * ------------------------------------------------------------------------------------ */

static inline Bhdr *
after(const void *b, u64 n)
{
	return (Bhdr *)((u8 *)(uintptr)b + n);
}

static inline Btail *
tailof(const Bhdr *b)
{
	return (Btail *)after(b, b->size - sizeof(Btail));
}

/* The magic of a block that another processor may be parking, or taking back. */
static inline u32
magicof(const Bhdr *b)
{
	return __atomic_load_n(&b->magic, __ATOMIC_RELAXED);
}
static inline void
setmagic(Bhdr *b, u32 magic)
{
	__atomic_store_n(&b->magic, magic, __ATOMIC_RELAXED);
}

static inline u32
slackof(const Btail *t)
{
	return (u32)t->slack[0] << 8 | t->slack[1];
}

static inline u32
blocksize(u64 dsize)
{
	return (u32)roundup(dsize + Overhead, PoolQuantum);
}

static NORETURN __attribute__((noinline, cold)) void
corrupt(const Pool *p, const Bhdr *b, const char *what)
{
	const u32 *w = (const u32 *)b;

	panic("pool %s block %p: %s\nhdr %.8x %.8x %.8x %.8x %.8x %.8x", p->name, (const void *)b, what, w[0],
	      w[1], w[2], w[3], w[4], w[5]);
}

/* The header before user data: behind it there may be filler. */
static inline Bhdr *
header(const Pool *p, const void *v)
{
	const u32 *w = v;

	if (v == nil || (uintptr)v % 8 != 0)
		panic("pool %s: %p is no block", p->name, v);
	while (w[-1] == AlignMagic)
		w--;
	Bhdr *b = (Bhdr *)(uintptr)(w - 2);
	if (b->magic != AllocMagic)
		corrupt(p, b,
			b->magic == FreeMagic || b->magic == ParkedMagic ? "freed twice"
									 : "not a block in use");
	return b;
}

/* Slack bytes in front of the tail carry a pattern that begins with the first of them. */
static inline void
fillslack(u8 *s, u32 n)
{
	for (; n >= 4; n -= 4, s += 4)
		__builtin_memcpy(s, slackfill, 4);
	for (u32 i = 0; i < n; i++)
		s[i] = slackfill[i];
}

static inline bool
slackintact(const u8 *s, u32 n)
{
	for (; n >= 4; n -= 4, s += 4)
		if (le32(s) != le32(slackfill))
			return false;
	for (u32 i = 0; i < n; i++)
		if (s[i] != slackfill[i])
			return false;
	return true;
}

static inline void
checkused(const Pool *p, const Bhdr *b)
{
	if (b->size < MinBlock || b->size % PoolQuantum != 0)
		corrupt(p, b, "bad size in header");
	const Btail *t = tailof(b);
	u32 slack = slackof(t);
	if (t->magic0 != Tail0 || t->magic1 != Tail1 || t->size != b->size || slack > b->size - Overhead)
		corrupt(p, b, "mem user overflow: tail overwritten");
	if (!slackintact((const u8 *)t - slack, slack))
		corrupt(p, b, "mem user overflow: slack overwritten");
}

/* Data of dsize bytes at v, in a block whose header and tail say its size: mark where they end. */
static inline void *
setdata(Bhdr *b, void *v, u64 dsize)
{
	Btail *t = tailof(b);
	u8 *end = (u8 *)v + dsize;
	u32 slack = (u32)((u8 *)t - end);

	fillslack(end, slack);
	t->magic0 = Tail0;
	t->slack[0] = (u8)(slack >> 8);
	t->slack[1] = (u8)slack;
	t->magic1 = Tail1;
	return v;
}

static void *
setused(Bhdr *b, u32 size, void *v, u64 dsize)
{
	setmagic(b, AllocMagic);
	b->size = size;
	tailof(b)->size = size;
	return setdata(b, v, dsize);
}

/* --- bins
 * ------------------------------------------------------------------------------------------------------ */

static u32
binof(u32 size)
{
	if (size <= PoolExact * PoolQuantum)
		return size / PoolQuantum - 1;
	u32 top = 31 - (u32)__builtin_clz(size); /* 11 and up */
	return PoolExact + (top - 11) * 4 + (size >> (top - 2) & 3);
}

static void
enbin(Pool *p, Bhdr *b, u32 size)
{
	u32 i = binof(size);
	Free *f = (Free *)b;

	f->h = (Bhdr){FreeMagic, size};
	*tailof(b) = (Btail){Tail0, {0, 0}, Tail1, size};
	f->prev = nil;
	f->next = p->bin[i];
	if (f->next != nil)
		f->next->prev = f;
	p->bin[i] = f;
	p->some[i / 64] |= 1ull << i % 64;
	p->nfree += size;
}

static void
unbin(Pool *p, Bhdr *b)
{
	u32 i = binof(b->size);
	Free *f = (Free *)b;

	if (f->next != nil)
		f->next->prev = f->prev;
	if (f->prev != nil)
		f->prev->next = f->next;
	else
		p->bin[i] = f->next;
	if (p->bin[i] == nil)
		p->some[i / 64] &= ~(1ull << i % 64);
	p->nfree -= b->size;
}

/* The first bin at or above i that holds something; PoolBins: none. */
static u32
nextbin(const Pool *p, u32 i)
{
	for (u32 w = i / 64; w < nelem(p->some); w++) {
		u64 bits = p->some[w];
		if (w == i / 64)
			bits &= ~0ull << i % 64;
		if (bits != 0)
			return w * 64 + (u32)__builtin_ctzll(bits);
	}
	return PoolBins;
}

static Bhdr *
search(const Pool *p, u32 size)
{
	u32 i = binof(size);

	for (Free *f = p->bin[i]; f != nil; f = f->next)
		if (f->h.size >= size)
			return &f->h;
	i = nextbin(p, i + 1);
	return i < PoolBins ? &p->bin[i]->h : nil;
}

/* A block that is no longer used joins its free neighbours. */
static void
join(Pool *p, Bhdr *b)
{
	u32 size = b->size;
	const Btail *before = (const Btail *)b - 1; /* size 0 in front of an arena's first block */
	Bhdr *low = (Bhdr *)((u8 *)b - before->size), *high = after(b, size);

	if (magicof(high) == FreeMagic) {
		unbin(p, high);
		size += high->size;
	}
	if (before->size != 0 && magicof(low) == FreeMagic) {
		unbin(p, low);
		size += low->size;
		b = low;
	}
	enbin(p, b, size);
}

/* --- quick lists
 * -------------------------------------------------------------------------------------------------- */

static inline Parked *
myparked(const Pool *p)
{
	return &p->parked[machp()->machno];
}

/* What is parked here is joined; p->lk held. */
static void
unparklocked(Pool *p)
{
	Parked *k = myparked(p);

	for (u32 i = 0; i < PoolQuick; i++)
		for (Free *f; (f = k->list[i]) != nil;) {
			k->list[i] = f->next;
			join(p, &f->h);
		}
	k->bytes = 0;
}

static __attribute__((noinline, cold)) void
unpark(Pool *p)
{
	ilock(&p->lk);
	unparklocked(p);
	iunlock(&p->lk);
}

static inline void
park(Pool *p, Bhdr *b)
{
	Free *f = (Free *)b;
	u32 size = b->size, s = splhi();
	Parked *k = myparked(p);

	setmagic(b, ParkedMagic);
	f->next = k->list[size / PoolQuantum - 1];
	k->list[size / PoolQuantum - 1] = f;
	k->nalloc -= size;
	k->bytes += size;
	if (k->bytes > PoolParked)
		unpark(p);
	splx(s);
}

/* A parked block of just this size, or nil. */
static inline Bhdr *
quickly(const Pool *p, u32 size)
{
	u32 s = splhi();
	Parked *k = myparked(p);
	Free **list = &k->list[size / PoolQuantum - 1], *f = *list;

	if (f != nil) {
		if (f->h.magic != ParkedMagic || f->h.size != size)
			corrupt(p, &f->h, "parked block overwritten");
		*list = f->next;
		k->bytes -= size;
		k->nalloc += size;
		setmagic(&f->h, AllocMagic);
	}
	splx(s);
	return (Bhdr *)f;
}

/* Sums over the processors: exact when nobody is at work. */
static __attribute__((no_sanitize("thread"))) void
sumparked(const Pool *p, u64 *bytes, u64 *nalloc)
{
	*bytes = *nalloc = 0;
	for (u32 i = 0; p->parked != nil && i < conf.nmach; i++) {
		const volatile Parked *k = &p->parked[i];
		*bytes += k->bytes;
		*nalloc += (u64)k->nalloc;
	}
}

/* --- arenas
 * ---------------------------------------------------------------------------------------------------------
 */

static Bhdr *
firstblock(const Arena *a)
{
	return (Bhdr *)(uintptr)roundup((uintptr)a + sizeof(Arena) + sizeof(Btail), PoolQuantum);
}

/* If q lies right behind a, the words between their blocks become a block, and q is no arena any more. */
static void
mergearena(Pool *p, Arena *a)
{
	Arena *q = a->next;

	if (q == nil || !xmerge(a, q))
		return;
	Bhdr *gap = a->tail;
	u32 size = (u32)((u8 *)firstblock(q) - (u8 *)gap);
	u64 whole = (u64)((u8 *)q + q->size - (u8 *)a), between = whole - a->size - q->size;
	a->tail = q->tail;
	a->size = whole;
	a->next = q->next;
	p->cur += between;
	p->words += between;
	p->words -= size;
	gap->size = size;
	join(p, gap);
}

static void
addarena(Pool *p, Arena *a, u64 size)
{
	Bhdr *b = firstblock(a);
	u32 room = (u32)rounddown((u64)(uintptr)a + size - (u64)(uintptr)b - sizeof(Bhdr), PoolQuantum);
	Arena **l = &p->arenas, *prev = nil;

	for (; *l != nil && *l < a; l = &(*l)->next)
		prev = *l;
	*a = (Arena){.h = {ArenaMagic, 0}, .tail = after(b, room), .next = *l, .size = size};
	*l = a;
	*a->tail = (Bhdr){ArenaTailMagic, 0};
	((Btail *)b)[-1] = (Btail){Tail0, {0, 0}, Tail1, 0};
	p->cur += size;
	p->words += size - room;
	enbin(p, b, room);
	mergearena(p, a);
	if (prev != nil)
		mergearena(p, prev);
}

static bool
grow(Pool *p, u32 size)
{
	u64 want = (u64)size + sizeof(Arena) + 2 * PoolQuantum + sizeof(Btail) + sizeof(Bhdr);

	if (want < p->minarena)
		want = p->minarena;
	if (p->cur + want > p->maxsize)
		return false;
	Arena *a = xallocz(want, false);
	if (a == nil)
		return false;
	addarena(p, a, want);
	return true;
}

/* --- the calls
 * ----------------------------------------------------------------------------------------------------------
 */

/* A free block of at least this size, off its bin; nil: there is none to be had. */
static Bhdr *
findblock(Pool *p, u32 size)
{
	Bhdr *b = search(p, size);

	if (b == nil && p->parked != nil && myparked(p)->bytes != 0) {
		unparklocked(p);
		b = search(p, size);
	}
	if (b == nil && grow(p, size))
		b = search(p, size);
	if (b != nil)
		unbin(p, b);
	return b;
}

/* What of a block beyond `size` makes a block of its own goes back; what is left. */
static u32
cutrest(Pool *p, Bhdr *b, u32 have, u32 size)
{
	if (have - size < MinBlock)
		return have;
	Bhdr *rest = after(b, size);
	b->size = size;
	tailof(b)->size = size; /* join looks behind rest: b is not free */
	rest->size = have - size;
	join(p, rest);
	return size;
}

static __attribute__((noinline)) void *
slowalloc(Pool *p, u64 dsize)
{
	u32 size = blocksize(dsize);
	void *v = nil;

	if (dsize > MaxData)
		return nil;
	ilock(&p->lk);
	Bhdr *b = findblock(p, size);
	if (b != nil) {
		setmagic(b, AllocMagic);
		size = cutrest(p, b, b->size, size);
		p->nalloc += size;
		v = setused(b, size, b + 1, dsize);
	}
	iunlock(&p->lk);
	return v;
}

void *
poolalloc(Pool *p, u64 dsize)
{
	Bhdr *b = nil;

	if (dsize <= PoolQuick * PoolQuantum - Overhead && p->parked != nil)
		b = quickly(p, blocksize(dsize));
	return b != nil ? setdata(b, b + 1, dsize) : slowalloc(p, dsize);
}

/* Where in a block data may begin: see poolallocalign. */
static u8 *
place(const Bhdr *b, const Fit *f)
{
	u64 at = (u64)(uintptr)(b + 1) + f->skip, n = f->dsize - f->skip;

	at += (f->offset - at) & (f->align - 1);
	if (f->span != 0 && rounddown(at, f->span) != rounddown(at + n - 1, f->span)) {
		at = roundup(at, f->span);
		at += (f->offset - at) & (f->align - 1);
	}
	return (u8 *)(uintptr)(at - f->skip);
}

/* Give back whole quanta in front of aligned data, and fill what is left with AlignMagic. */
static Bhdr *
cutfront(Pool *p, Bhdr *b, u8 *v)
{
	u64 gap = rounddown((u64)(v - (u8 *)(b + 1)), PoolQuantum);
	Bhdr *at = after(b, gap);

	if (gap != 0) {
		at->magic = AllocMagic;
		at->size = b->size - (u32)gap;
		b->size = (u32)gap;
		tailof(b)->size = (u32)gap;
		join(p, b);
	}
	for (u32 *w = (u32 *)(at + 1); (u8 *)w < v; w++)
		*w = AlignMagic;
	return at;
}

/* Is there such a place at all? */
static bool
fits(const Fit *f)
{
	if ((f->align & (f->align - 1)) != 0 || (f->span & (f->span - 1)) != 0 || f->offset % 8 != 0)
		return false;
	if (f->dsize > MaxData || f->align > MaxData || f->span > MaxData ||
	    f->dsize + 2 * f->align + f->span > MaxData)
		return false;
	return f->span == 0 || (f->offset & (f->align - 1) & (f->span - 1)) + f->dsize - f->skip <= f->span;
}

void *
poolallocalign(Pool *p, Fit fit)
{
	const Fit *f = &fit;
	u8 *v = nil;

	if (fit.align < 8)
		fit.align = 8;
	if (!fits(f))
		return nil;
	ilock(&p->lk);
	Bhdr *b = findblock(p, blocksize(f->dsize + 2 * f->align + f->span));
	if (b != nil) {
		b->magic = AllocMagic;
		v = place(b, f);
		b = cutfront(p, b, v);
		u32 size = blocksize(f->dsize + (u64)(v - (u8 *)(b + 1)));
		size = cutrest(p, b, b->size, size);
		p->nalloc += size;
		setused(b, size, v, f->dsize);
	}
	iunlock(&p->lk);
	return v;
}

static __attribute__((noinline)) void
slowfree(Pool *p, Bhdr *b)
{
	if (p->flags & PoolAntagonism)
		memset(b + 1, 0, b->size - Overhead);
	ilock(&p->lk);
	p->nalloc -= b->size;
	join(p, b);
	iunlock(&p->lk);
}

void
poolfree(Pool *p, void *v)
{
	Bhdr *b = header(p, v);

	checkused(p, b);
	if (b->size <= PoolQuick * PoolQuantum && p->parked != nil)
		park(p, b);
	else
		slowfree(p, b);
}

u64
poolmsize(Pool *p, void *v)
{
	const Bhdr *b = header(p, v);

	checkused(p, b);
	const Btail *t = tailof(b);
	return (u64)((const u8 *)t - (const u8 *)v) - slackof(t);
}

bool
poolresize(Pool *p, void *v, u64 dsize)
{
	Bhdr *b = header(p, v);

	checkused(p, b);
	u64 before = (u64)((u8 *)v - (u8 *)(b + 1)), room = b->size - Overhead - before;
	/* A slack of more than a quantum or two would only hide memory. */
	if (dsize > room || room - dsize >= 2 * PoolQuantum)
		return false;
	setdata(b, v, dsize);
	return true;
}

Poolstat
poolstat(Pool *p)
{
	u64 parked, nalloc;

	ilock(&p->lk);
	sumparked(p, &parked, &nalloc);
	Poolstat s = {.name = p->name,
		      .max = p->maxsize,
		      .cur = p->cur,
		      .nfree = p->nfree + parked,
		      .nalloc = p->nalloc + nalloc + p->words};
	iunlock(&p->lk);
	return s;
}

u64
poolinuse(Pool *p)
{
	return poolstat(p).nalloc - p->words;
}

void
poollimit(Pool *p, u64 max)
{
	ilock(&p->lk);
	p->maxsize = max;
	iunlock(&p->lk);
}

/* --- looking
 * -------------------------------------------------------------------------------------------------------------
 */

/* One block of a walk: adds its size to the count that it belongs to. */
static const char *
walkblock(const Bhdr *b, const Bhdr *end, bool wasfree, u64 *nfree, u64 *parked)
{
	const Btail *t = tailof(b);

	if (b->size < MinBlock || b->size % PoolQuantum != 0 ||
	    b->size > (u64)((const u8 *)end - (const u8 *)b))
		return "bad size in header";
	if (t->size != b->size || t->magic0 != Tail0 || t->magic1 != Tail1)
		return "bad tail";
	if (b->magic == AllocMagic)
		return slackintact((const u8 *)t - slackof(t), slackof(t)) ? nil : "slack overwritten";
	if (b->magic == ParkedMagic)
		*parked += b->size;
	else if (b->magic != FreeMagic)
		return "bad magic";
	else if (wasfree)
		return "free neighbours not joined";
	else
		*nfree += b->size;
	return nil;
}

const char *
poolcheck(Pool *p)
{
	const char *why = nil;
	u64 cur = 0, nfree = 0, parked = 0, quick, nalloc;

	ilock(&p->lk);
	for (const Arena *a = p->arenas; a != nil && why == nil; a = a->next) {
		bool wasfree = false;
		if (a->h.magic != ArenaMagic || a->tail->magic != ArenaTailMagic)
			why = "bad arena";
		for (const Bhdr *b = firstblock(a); b < a->tail && why == nil; b = after(b, b->size)) {
			why = walkblock(b, a->tail, wasfree, &nfree, &parked);
			wasfree = b->magic == FreeMagic;
		}
		cur += a->size;
	}
	sumparked(p, &quick, &nalloc);
	if (why == nil && (cur != p->cur || nfree != p->nfree || parked != quick ||
			   cur != nfree + parked + p->nalloc + nalloc + p->words))
		why = "counts are wrong";
	iunlock(&p->lk);
	return why;
}
