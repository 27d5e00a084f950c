/*
 * walk.c: the walker's page of text: how an address is translated, level by level. Second life and host;
 * reads tables and ledger, changes nothing, takes no lock (a debugging aid that must work in a panic).
 * Text goes to the caller's buffer, line by line, each beginning with "walk:"; never past its end.
 */

#include "mm.h"
#include "lib.h"

enum { Neighbours = 2, PerTable = 512 };

typedef struct Text Text;
struct Text {
	char *d;
	usize n, len;
};

PRINTF(2, 3)
static void
put(Text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->len += vsnformat(t->d + t->len, t->n - t->len, fmt, ap);
	va_end(ap);
}

static void
putentry(Text *t, int level, u64 i, Pte64 e, const char *mark)
{
	char flags[64];

	ptetext(level, e, flags, sizeof flags);
	put(t, "walk: %s L%d [%3llu] %016llx %s", mark, level, i, e, flags);
	if (ptevalid(e))
		put(t, " -> %s %016llx", pteisleaf(level, e) ? "page" : "table", pabits(ptepa(level, e)));
	put(t, "\n");
}

/* The entries around the one where the walk ended. */
static void
putneighbours(Text *t, const Pte64 *table, int level, u64 at)
{
	u64 first = at < Neighbours ? 0 : at - Neighbours, last = at + Neighbours;

	for (u64 i = first; i <= last && i < PerTable; i++)
		putentry(t, level, i, table[i], i == at ? "=" : " ");
}

static const char *
leafword(int level)
{
	return level == 0 ? "4 KiB" : level == 1 ? "2 MiB" : "1 GiB";
}

static void
putend(Text *t, Ledger *l, const Walk *w)
{
	const Range *r = l == nil ? nil : ledgerfind(l, pabits(w->pa));

	put(t, "walk: pa=%016llx (%s page + 0x%llx) class %s\n", pabits(w->pa), leafword(w->level),
	    pabits(w->pa) & (PGLSZ(w->level) - 1), r != nil ? kindword((Kind)r->kind) : "undescribed");
}

/* The whole walk of va under t. l nil: no class. Gives the bytes of text, without the NUL. */
usize
walktext(Ptab *t, Ledger *l, u64 va, char *d, usize n)
{
	Text out = {d, n, 0};
	Walk w = translate(t, va);
	Paddr table = t->root;

	if (n == 0)
		return 0;
	put(&out, "walk: va=%016llx root=%016llx\n", va, pabits(t->root));
	if (!canonical(t->feat, va)) {
		put(&out, "walk: STOP not a canonical address\n");
		return out.len;
	}
	for (int lv = t->feat->levels - 1; lv > w.level; lv--) {
		putentry(&out, lv, PTLX(va, lv), w.pte[lv], ">");
		table = ptepa(lv, w.pte[lv]);
	}
	putneighbours(&out, t->at != nil ? t->at(t, table) : kaddr(table), w.level, PTLX(va, w.level));
	if (w.ok)
		putend(&out, l, &w);
	else
		put(&out, "walk: STOP at L%d: nothing is mapped\n", w.level);
	return out.len;
}
