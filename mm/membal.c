/*
 * membal.c: the law that memory is conserved, said at each phase of the boot and whenever asked, and the
 * texts by which users read memory. Second life and host.
 * Takes: the ledger, and what each allocator counts by itself: pages on lists, blocks in use, holes walked
 * one by one. Nothing is found by subtraction, so that a page which nobody has shows as `off 4096 BAD`, and
 * the lines behind it say whose books do not agree. Always holds: RAM of the ledger = kinds that are not free
 * + what the banks' free ranges became. Locks: palloc, then xlists, so that no page moves while it is
 * counted; one lock for the line.
 */
#include "mm.h"
#include "lib.h"
#include "log.h"

typedef struct Books Books;
struct Books {		 /* one moment's counts, in bytes */
	u64 kind[NKIND]; /* of the ledger */
	u64 ram;
	Pagestat page;
	Xstat x;
};

static struct {
	Lock lk;
	Ledger *ledger;
	Books books;	/* (lk) */
	char line[768]; /* (lk) */
	usize n;	/* (lk) */
} bal;

Ledger *
balledger(void)
{
	return bal.ledger;
}

void
membalinit(Ledger *l)
{
	bal.ledger = l;
}

/* --- counting ---------------------------------------------------------------------------------------------
 */

/* Count; bal.lk held. */
static const Books *
countbooks(void)
{
	Books *b = &bal.books;
	Ledger *l = bal.ledger;

	*b = (Books){0};
	if (l != nil)
		ledgersettle(l);
	for (u32 i = 0; l != nil && i < l->n; i++) {
		const Range *r = &l->r[i];
		if (!kindisram((Kind)r->kind))
			continue;
		b->kind[r->kind] += r->end - r->start;
		b->ram += r->end - r->start;
	}
	ilock(&palloc);
	b->page = pagestatlocked();
	b->x = xstat();
	iunlock(&palloc);
	return b;
}

/* What the ledger's free memory became. */
enum { NPARTS = 12 };
typedef struct Part Part;
struct Part {
	const char *word;
	u64 bytes;
};

static void
parts(const Books *b, Part p[NPARTS])
{
	const Pagestat *s = &b->page;
	u64 front = b->x.given == 0 ? s->front : 0; /* set aside, not yet xalloc's: inside xinit */
	Part all[NPARTS] = {
	    {"fresh", (s->fresh + front) * BY2PG},
	    {"free", s->free * BY2PG},
	    {"cached", s->cached * BY2PG},
	    {"user", s->used[PgUser] * BY2PG},
	    {"kernel", s->used[PgKernel] * BY2PG},
	    {"pagetables", (s->used[PgTable] + s->early + s->rectables) * BY2PG},
	    {"records", s->records * BY2PG},
	    {"custom", s->used[PgCustom] * BY2PG},
	    {"quarantine", s->used[PgQuarantine] * BY2PG},
	    {"xfree", b->x.free},
	    {"xused", b->x.used},
	    {"free", conf.mem == nil ? b->kind[KFree] : 0},
	};
	memcpy(p, all, sizeof all);
}

/* --- the line ---------------------------------------------------------------------------------------------
 */

static void
add(const char *sep, const char *word, u64 bytes)
{
	bal.n += snformat(bal.line + bal.n, sizeof bal.line - bal.n, "%s%s %llu", sep, word, bytes);
}

/* Add a term; terms of 0 say nothing. */
static u64
term(const char *word, u64 bytes, u64 sum)
{
	if (bytes != 0)
		add(sum == 0 ? " = " : " + ", word, bytes);
	return sum + bytes;
}

/* Do a book and its neighbour's agree? If not, say so. */
static bool
agree(const char *class, u64 a, u64 b, bool loud)
{
	if (a != b && loud)
		print("membal: class %s off %llu: %llu is not %llu\n", class, a > b ? a - b : b - a, a, b);
	return a == b;
}

static bool
booksagree(const Books *b, bool loud)
{
	const Pagestat *s = &b->page;
	u64 sum = s->front + s->fresh + s->raw + s->early + s->records + s->rectables + s->free + s->cached;
	bool ok = true;

	if (conf.mem == nil)
		return true;
	for (int u = 0; u < NPURPOSE; u++)
		sum += s->used[u];
	ok &= agree("banks", b->kind[KFree], s->bank * BY2PG, loud);
	ok &= agree("pages", s->bank * BY2PG, sum * BY2PG, loud);
	if (b->x.given != 0) {
		ok &= agree("xalloc", (s->front + s->raw + s->used[PgXalloc]) * BY2PG, b->x.given, loud);
		ok &= agree("holes", b->x.given, b->x.free + b->x.used, loud);
	}
	return ok;
}

bool
membal(const char *phase)
{
	Part p[NPARTS];
	u64 sum = 0;

	ilock(&bal.lk);
	const Books *b = countbooks();
	parts(b, p);
	bal.n = snformat(bal.line, sizeof bal.line, "MEMBAL %s", phase);
	add(" ", "ram", b->ram);
	for (u32 k = 0; k < NKIND; k++)
		if (k != KFree)
			sum = term(kindword((Kind)k), b->kind[k], sum);
	for (u32 i = 0; i < NPARTS; i++)
		sum = term(p[i].word, p[i].bytes, sum);
	u64 off = sum > b->ram ? sum - b->ram : b->ram - sum;
	bool ok = booksagree(b, false) && off == 0;
	add(" ", "off", off);
	print("%s %s\n", bal.line, ok ? "ok" : "BAD");
	if (!ok)
		booksagree(b, true);
	iunlock(&bal.lk);
	return ok;
}

/* --- what users read
 * ---------------------------------------------------------------------------------------- */

typedef struct Users Users;
struct Users { /* pages */
	u64 ram;
	u64 used;  /* what users have */
	u64 total; /* and may have */
};

static Users
countusers(void)
{
	ilock(&bal.lk);
	const Books *b = countbooks();
	const Pagestat *s = &b->page;
	Users u = {.ram = b->ram / BY2PG, .used = s->used[PgUser]};
	u.total = u.used + s->free + s->cached + s->fresh;
	iunlock(&bal.lk);
	return u;
}

static usize
pooltext(char *d, usize n, Pool *p, const char *what)
{
	Poolstat s = poolstat(p);
	return snformat(d, n, "%llu/%llu/%llu %s\n", s.nalloc, s.cur, s.max, what);
}

usize
swaptext(char *d, usize n)
{
	Users u = countusers();
	usize len = snformat(
	    d, n, "%llu memory\n%llu pagesize\n%llu kernel\n%llu/%llu user\n0/0 swap\n0/%llu reclaim\n",
	    u.ram * BY2PG, BY2PG, u.ram - u.total, u.used, u.total, u.total);

	len += pooltext(d + len, n - len, mainmem, "kernel malloc");
	len += pooltext(d + len, n - len, imagmem, "kernel draw");
	len += pooltext(d + len, n - len, secrmem, "kernel secret");
	return len;
}

void
memsummary(void)
{
	Users u = countusers();
	i64 all = (i64)(u.ram * BY2PG / MiB), user = (i64)(u.total * BY2PG / MiB);

	print("page: %lldM memory: %lldM kernel data, %lldM user, %lldM swap\n", all, all - user, user, 0ll);
}
