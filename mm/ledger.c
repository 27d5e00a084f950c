/*
 * ledger.c: one table that holds every byte of described memory once, with a kind.
 * 9front's memmap grown up: entries are appended as they come and settle on the next look, when they
 * are sorted, overlaps go to the higher kind, and neighbours of one kind become one range. Memory that
 * is marked taken wins over all that is not.
 * Takes: the caller's array, entries in any order. Gives: ranges in normal form (ledger.h).
 * Always holds: r[0..n) is in normal form, r[n..n+tail) waits, n + tail <= cap; what found no room is
 * counted in lost and lostbytes. Runs in both lives and on the host. No locks: one owner at a time.
 */
#include "ledger.h"
#include "layout.h"
#include "lib.h"

/*
 * The order of precedence in one small number, so that a sweep keeps what it sees in a word of bits:
 * the mark above the kind.
 */
enum { TakenRank = 32, NRANK = 2 * TakenRank };
_Static_assert((u32)NKIND <= TakenRank && NRANK <= 64, "ranks fit a word of bits");

static u32
rank(const Range *r)
{
	return (u32)r->kind + (r->taken ? TakenRank : 0);
}

void
ledgerinit(Ledger *l, Range *space, u32 cap)
{
	*l = (Ledger){.r = space, .cap = cap};
}

static void
lose(Ledger *l, u64 bytes)
{
	l->lost++;
	l->lostbytes += bytes;
}

static void
highwater(Ledger *l)
{
	if (l->n + l->tail > l->high)
		l->high = l->n + l->tail;
}

void
ledgeradd(Ledger *l, u64 start, u64 size, Kind k)
{
	if (size == 0)
		return;
	if (l->n + l->tail >= l->cap)
		ledgersettle(l);
	if (l->n >= l->cap || size > ~0ull - start || (u32)k >= NKIND) {
		lose(l, size);
		return;
	}
	l->r[l->n + l->tail++] = (Range){.start = start, .end = start + size, .kind = (u8)k};
	highwater(l);
}

/* --- sorting ---------------------------------------------------------------------------------------- */

static bool
before(const Range *a, const Range *b)
{
	return a->start != b->start ? a->start < b->start : a->src < b->src;
}

/* Let the entry at `root` of the heap r[0..n) sink to its place: the last in order is on top. */
static void
sink(Range *r, u32 root, u32 n)
{
	Range v = r[root];
	for (u64 kid; (kid = 2ull * root + 1) < n; root = (u32)kid) {
		if (kid + 1 < n && before(&r[kid], &r[kid + 1]))
			kid++;
		if (!before(&v, &r[kid]))
			break;
		r[root] = r[kid];
	}
	r[root] = v;
}

static bool
sorted(const Range *r, u32 n)
{
	for (u32 i = 1; i < n; i++)
		if (before(&r[i], &r[i - 1]))
			return false;
	return true;
}

/* Heapsort: in place, no recursion, no bad case. Most maps come sorted and pay one pass. */
void
rangesort(Range *r, u32 n)
{
	if (sorted(r, n))
		return;
	for (u32 i = n / 2; i-- > 0;)
		sink(r, i, n);
	for (u32 i = n - 1; i > 0; i--) {
		Range top = r[0];
		r[0] = r[i];
		r[i] = top;
		sink(r, 0, i);
	}
}

/* --- settling --------------------------------------------------------------------------------------- */

/*
 * The sweep goes up through sorted entries and holds, for each rank, how far it reaches from here: one
 * number is enough, since entries of one rank merge anyway. `in` is the next entry to read, `out` the
 * next place to write; out never passes in.
 */
typedef struct Sweep Sweep;
struct Sweep {
	Range *r;
	u32 in, total;
	u32 out;
	u64 live; /* bit = rank that may reach beyond pos */
	u64 reach[NRANK];
	u16 why[TakenRank];
};

static void
admit(Sweep *s, const Range *r)
{
	u32 k = rank(r);
	u64 bit = 1ull << k;
	if (!(s->live & bit) || s->reach[k] < r->start) {
		s->reach[k] = r->start;
		s->why[r->kind] = 0;
	}
	s->live |= bit;
	s->why[r->kind] |= r->why;
	if (r->end > s->reach[k])
		s->reach[k] = r->end;
}

/* One settled piece: it joins the one before it, or takes a place, or is lost aloud. */
static void
emit(Ledger *l, Sweep *s, u64 start, u64 end, u32 k)
{
	Range *last = s->out > 0 ? &s->r[s->out - 1] : nil;
	Range r = {.start = start, .end = end, .kind = (u8)(k % TakenRank), .taken = k >= TakenRank};
	r.why = s->why[r.kind];
	if (last != nil && last->end == start && rank(last) == k) {
		last->end = end;
		last->why |= r.why;
	} else if (s->out < s->in)
		s->r[s->out++] = r;
	else
		lose(l, end - start);
}

static void
sweep(Ledger *l, Sweep *s)
{
	u64 pos = 0;
	for (;;) {
		u64 next = s->in < s->total ? s->r[s->in].start : ~0ull;
		if (s->live == 0) {
			if (s->in == s->total)
				return;
			pos = next;
		} else {
			u32 top = 63 - (u32)__builtin_clzll(s->live);
			u64 stop = s->reach[top] < next ? s->reach[top] : next;
			if (stop > pos) {
				emit(l, s, pos, stop, top);
				pos = stop;
			}
			if (s->reach[top] <= pos)
				s->live &= ~(1ull << top);
		}
		while (s->in < s->total && s->r[s->in].start <= pos)
			admit(s, &s->r[s->in++]);
	}
}

static bool
overlapping(const Range *r, u32 n)
{
	for (u32 i = 1; i < n; i++)
		if (r[i].start < r[i - 1].end)
			return true;
	return false;
}

/*
 * Cost: n when the entries came in order, n log n otherwise. Where entries overlap, they move to the end
 * of the array first, since they may become more; twice as many places are always enough.
 */
void
ledgersettle(Ledger *l)
{
	if (l->tail == 0)
		return;
	u32 total = l->n + l->tail;
	rangesort(l->r, total);
	Sweep s = {.r = l->r, .total = total};
	if (overlapping(l->r, total)) {
		s.in = l->cap - total;
		s.total = l->cap;
		memmove(l->r + s.in, l->r, total * sizeof(Range));
	}
	sweep(l, &s);
	l->n = s.out;
	l->tail = 0;
	highwater(l);
}

/* --- looking ---------------------------------------------------------------------------------------- */

/* Index of the first range that ends above addr; n if there is none. */
static u32
lookup(const Ledger *l, u64 addr)
{
	u32 lo = 0, hi = l->n;
	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;
		if (l->r[mid].end <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

i32
ledgernext(Ledger *l, u64 from, Kind k)
{
	ledgersettle(l);
	for (u32 i = lookup(l, from); i < l->n; i++)
		if (k == NKIND || l->r[i].kind == k)
			return (i32)i;
	return -1;
}

const Range *
ledgerfind(Ledger *l, u64 addr)
{
	ledgersettle(l);
	u32 i = lookup(l, addr);
	return i < l->n && l->r[i].start <= addr ? &l->r[i] : nil;
}

u64
ledgersize(Ledger *l, u64 addr, u64 align)
{
	if (addr > ~0ull - (align - 1))
		return 0;
	addr = roundup(addr, align);
	const Range *r = ledgerfind(l, addr);
	return r != nil ? r->end - addr : 0;
}

u64
ledgersum(Ledger *l, Kind k)
{
	u64 sum = 0;
	ledgersettle(l);
	for (u32 i = 0; i < l->n; i++)
		if (l->r[i].kind == k)
			sum += l->r[i].end - l->r[i].start;
	return sum;
}

const char *
ledgercheck(Ledger *l)
{
	ledgersettle(l);
	if (l->lost != 0)
		return "entries were lost";
	for (u32 i = 0; i < l->n; i++) {
		const Range *r = &l->r[i];
		if (r->kind >= NKIND)
			return "unknown kind";
		if (r->start >= r->end)
			return "empty range";
		if (i > 0 && r->start < r[-1].end)
			return "ranges out of order or overlapping";
		if (i > 0 && r->start == r[-1].end && rank(r) == rank(r - 1))
			return "neighbours of one kind";
	}
	return nil;
}

/* --- changing --------------------------------------------------------------------------------------- */

/* Make addr the start of a range, if it lies inside one. The caller has checked for room. */
static void
split(Ledger *l, u64 addr)
{
	u32 i = lookup(l, addr);
	if (i == l->n || l->r[i].start >= addr)
		return;
	memmove(&l->r[i + 1], &l->r[i], (l->n - i) * sizeof(Range));
	l->n++;
	l->r[i].end = addr;
	l->r[i + 1].start = addr;
}

/* Bring r[first..last] back to normal form after a change of kinds. */
static void
join(Ledger *l, u32 first, u32 last)
{
	u32 out = first;
	for (u32 i = first + 1; i <= last; i++) {
		Range *a = &l->r[out], *b = &l->r[i];
		if (a->end == b->start && rank(a) == rank(b)) {
			a->end = b->end;
			a->why |= b->why;
		} else
			l->r[++out] = *b;
	}
	memmove(&l->r[out + 1], &l->r[last + 1], (l->n - last - 1) * sizeof(Range));
	l->n -= last - out;
}

/* What changes: ranges of [start, end) with a kind in `from` and the mark `wastaken`. */
typedef struct Turn Turn;
struct Turn {
	u64 start, end;
	u32 from;
	bool wastaken;
	bool taken; /* the mark afterwards */
	Kind to;
	u16 why;
};

static bool
turns(const Turn *t, const Range *r)
{
	return (t->from >> r->kind & 1) && r->taken == t->wastaken;
}

static bool
turn(Ledger *l, const Turn *t)
{
	if (l->n + 2 > l->cap)
		return false;
	split(l, t->start);
	split(l, t->end);
	highwater(l);
	u32 first = lookup(l, t->start), i = first;
	for (; i < l->n && l->r[i].start < t->end; i++) {
		Range *r = &l->r[i];
		if (!turns(t, r))
			continue;
		r->kind = (u8)t->to;
		r->taken = t->taken;
		r->why |= t->why;
	}
	if (i > first)
		join(l, first > 0 ? first - 1 : first, i < l->n ? i : i - 1);
	return true;
}

/* Is all of [t->start, t->end) in ranges that would turn, without a gap? */
static bool
solid(const Ledger *l, const Turn *t)
{
	u64 pos = t->start;
	for (u32 i = lookup(l, pos); i < l->n && pos < t->end; i++) {
		if (l->r[i].start > pos || !turns(t, &l->r[i]))
			return false;
		pos = l->r[i].end;
	}
	return pos >= t->end;
}

static bool
sane(u64 start, u64 size, Kind to)
{
	return size > 0 && size <= ~0ull - start && (u32)to < NKIND;
}

bool
ledgerturn(Ledger *l, u64 start, u64 size, u32 from, Kind to, u16 why)
{
	Turn t = {.start = start, .end = start + size, .from = from, .to = to, .why = why};
	ledgersettle(l);
	return sane(start, size, to) && turn(l, &t);
}

bool
ledgercarve(Ledger *l, u64 start, u64 size, u32 from, Kind to)
{
	Turn t = {.start = start, .end = start + size, .from = from, .to = to};
	ledgersettle(l);
	return sane(start, size, to) && solid(l, &t) && turn(l, &t);
}

/* Where size bytes fit into r between min and max; ~0: nowhere. */
static u64
fit(const Range *r, u64 size, u64 align, u64 min, u64 max)
{
	u64 lo = r->start > min ? r->start : min;
	u64 hi = r->end < max ? r->end : max;
	if (lo > ~0ull - (align - 1))
		return ~0ull;
	lo = roundup(lo, align);
	return lo < hi && hi - lo >= size ? lo : ~0ull;
}

u64
ledgeralloc(Ledger *l, u64 size, u64 align, u64 min, u64 max, Kind from, Kind to)
{
	ledgersettle(l);
	if (size == 0 || align == 0 || (align & (align - 1)) != 0 || (u32)from >= NKIND || (u32)to >= NKIND)
		return ~0ull;
	for (u32 i = lookup(l, min); i < l->n && l->r[i].start < max; i++) {
		if (l->r[i].kind != from || l->r[i].taken)
			continue;
		u64 at = fit(&l->r[i], size, align, min, max);
		if (at == ~0ull)
			continue;
		Turn t = {.start = at, .end = at + size, .from = 1u << from, .taken = true, .to = to};
		return turn(l, &t) ? at : ~0ull;
	}
	return ~0ull;
}

bool
ledgerfree(Ledger *l, u64 start, u64 size, Kind to)
{
	Turn t = {.start = start, .end = start + size, .from = ~0u, .wastaken = true, .to = to};
	ledgersettle(l);
	return sane(start, size, to) && solid(l, &t) && turn(l, &t);
}

/* --- gaps ---------------------------------------------------------------------------------------------- */

/* The gap before range i (the last one has no range behind it), as far as a device can be put there. */
static Range
gapbefore(const Ledger *l, u32 i)
{
	u64 start = i > 0 ? l->r[i - 1].end : 0;
	return (Range){.start = start, .end = i < l->n ? l->r[i].start : PHYSTOP};
}

u64
upaalloc(Ledger *l, u64 size, u64 align, u64 min, u64 max)
{
	ledgersettle(l);
	if (size == 0 || align == 0 || (align & (align - 1)) != 0 || l->n >= l->cap)
		return ~0ull;
	for (u32 i = lookup(l, min); i <= l->n; i++) {
		Range gap = gapbefore(l, i);
		u64 at = fit(&gap, size, align, min, max);
		if (at == ~0ull)
			continue;
		memmove(&l->r[i + 1], &l->r[i], (l->n - i) * sizeof(Range));
		l->r[i] = (Range){.start = at, .end = at + size, .kind = KMmio, .taken = true};
		l->n++;
		highwater(l);
		join(l, i > 0 ? i - 1 : i, i + 1 < l->n ? i + 1 : i);
		return at;
	}
	return ~0ull;
}

bool
upafree(Ledger *l, u64 start, u64 size)
{
	Turn t = {.start = start, .end = start + size, .from = 1u << KMmio, .wastaken = true};
	ledgersettle(l);
	if (!sane(start, size, KMmio) || !solid(l, &t) || l->n + 2 > l->cap)
		return false;
	split(l, start);
	split(l, start + size);
	u32 first = lookup(l, start), end = first;
	while (end < l->n && l->r[end].start < start + size)
		end++;
	memmove(&l->r[first], &l->r[end], (l->n - end) * sizeof(Range));
	l->n -= end - first;
	return true;
}
