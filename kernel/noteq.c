/*
 * noteq.c: the rules of the note queue and the text of a wait record [PLAN9-ABI 3.3, 3.5]. Pure; the
 * caller holds the lock that guards what it passes.
 */
#include "dat.h"

/*
 * Add a note at the end. One that is worse than a user's, for a process that is busy (in its handler, or
 * without one), first throws away what waits: it will be the end of that process. False: five wait already.
 */
bool
noteqput(Noteq *q, const char *msg, int flag, bool busy)
{
	Note *n;

	if (flag != NUser && busy)
		q->n = 0;
	if (q->n >= NNOTE)
		return false;
	n = &q->q[q->n++];
	strecpy(n->msg, sizeof n->msg, msg);
	n->flag = flag;
	return true;
}

/* Take the oldest. False: there is none. */
bool
noteqtake(Noteq *q, Note *n)
{
	if (q->n == 0)
		return false;
	*n = q->q[0];
	q->n--;
	memmove(&q->q[0], &q->q[1], q->n * sizeof(Note));
	return true;
}

/* Must a word be quoted to be one word again? */
static bool
needsquote(const char *s)
{
	if (*s == 0)
		return true;
	for (; *s != 0; s++)
		if ((u8)*s <= ' ' || *s == '\'')
			return true;
	return false;
}

static usize
quote(const char *s, char *d, usize n)
{
	usize i;

	i = 0;
	if (!needsquote(s))
		return snformat(d, n, "%s", s);
	if (n < 3)
		return 0;
	d[i++] = '\'';
	for (; *s != 0 && i + 3 < n; s++) {
		if (*s == '\'')
			d[i++] = '\'';
		d[i++] = *s;
	}
	d[i++] = '\'';
	d[i] = 0;
	return i;
}

usize
waittext(const Waitq *w, char *d, usize n)
{
	usize i;

	i = snformat(d, n, "%u %u %u %u ", w->pid, w->time[0], w->time[1], w->time[2]);
	return i + quote(w->msg, d + i, n - i);
}
