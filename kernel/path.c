/*
 * path.c: names that channels carry. A Path is the absolute, clean name by which a file was reached, and for
 * each place on the way where a mount point was crossed the channel that was mounted upon, so that `..`
 * finds the way back. Second life and host tests.
 * Takes elements one at a time; a path with more than one reference is never changed, but copied first.
 * No locks: who holds the only reference may change it.
 */
#include "dat.h"

enum { PATHSLOP = 32 }; /* bytes kept free when a text grows */

/* Room for n bytes of text. */
static void
growtext(Path *p, u32 n)
{
	char *s;

	if (n <= p->alen)
		return;
	s = smalloc(n + PATHSLOP);
	memcpy(s, p->s, p->len);
	if (p->s != p->text)
		free(p->s);
	p->s = s;
	p->alen = n + PATHSLOP;
}

static void
settext(Path *p, const char *s, u32 n)
{
	growtext(p, n + 1);
	memcpy(p->s, s, n);
	p->s[n] = 0;
	p->len = n;
}

Path *
newpath(const char *s)
{
	Path *p = smalloc(sizeof *p);

	p->ref.ref = 1;
	p->s = p->text;
	p->alen = sizeof p->text;
	p->mtpt = p->crossed;
	p->malen = nelem(p->crossed);
	settext(p, s, (u32)strlen(s));
	return p;
}

/* Put c at place i of the list of crossings, making it longer if it must be. */
static void
setcrossing(Path *p, u32 i, Chan *c)
{
	if (!c && i >= p->malen)
		return;
	if (i >= p->malen) {
		u32 n = 2 * i;
		Chan **m = smalloc(n * sizeof *m);
		memcpy(m, p->mtpt, p->malen * sizeof *m);
		if (p->mtpt != p->crossed)
			free(p->mtpt);
		p->mtpt = m;
		p->malen = n;
	}
	p->mtpt[i] = c;
}

void
pathclose(Path *p)
{
	if (!p || decref(&p->ref) > 0)
		return;
	for (u32 i = 0; i < p->depth && i < p->malen; i++)
		if (p->mtpt[i])
			cclose(p->mtpt[i]);
	if (p->mtpt != p->crossed)
		free(p->mtpt);
	if (p->s != p->text)
		free(p->s);
	free(p);
}

/* p itself if nobody else has it, or a copy; takes p's reference. */
static Path *
ownpath(Path *p)
{
	Path *q;

	if (p->ref.ref == 1)
		return p;
	q = newpath(p->s);
	q->depth = p->depth;
	for (u32 i = 0; i < p->depth && i < p->malen; i++)
		if (p->mtpt[i]) {
			incref(&p->mtpt[i]->ref);
			setcrossing(q, i, p->mtpt[i]);
		}
	pathclose(p);
	return q;
}

/*
 * The path one element further down; takes p's reference. from: the channel mounted upon, if a mount
 * point was crossed at p before this step (a reference is added).
 */
Path *
pathpush(Path *p, const char *elem, Chan *from)
{
	u32 n = (u32)strlen(elem);

	p = ownpath(p);
	growtext(p, p->len + n + 2);
	if (p->len > 0 && p->s[p->len - 1] != '/')
		p->s[p->len++] = '/';
	memcpy(p->s + p->len, elem, n + 1);
	p->len += n;
	if (from)
		incref(&from->ref);
	setcrossing(p, p->depth++, from);
	return p;
}

/*
 * The path one element up (the same at its root); takes p's reference. *from: the channel mounted upon at
 * the place where it now ends, with the list's reference, or nil.
 */
Path *
pathpop(Path *p, Chan **from)
{
	*from = nil;
	if (p->depth == 0)
		return p;
	p = ownpath(p);
	while (p->len > 0 && p->s[p->len - 1] != '/')
		p->len--;
	if (p->len > 1)
		p->len--; /* the slash itself, unless it is the root */
	p->s[p->len] = 0;
	p->depth--;
	if (p->depth < p->malen) {
		*from = p->mtpt[p->depth];
		p->mtpt[p->depth] = nil;
	}
	return p;
}

/* The last element: what stat calls the file. */
const char *
pathelem(const Path *p)
{
	const char *e = p->s;

	for (const char *s = p->s; *s; s++)
		if (s[0] == '/' && s[1])
			e = s + 1;
	return e;
}

void
namerror(char *d, usize n, const char *name, usize len, const char *msg)
{
	usize room = n - 1 - strlen(msg) - 3; /* what the name may take: the message stays whole */

	if (len <= room)
		snformat(d, n, "'%.*s' %s", (int)len, name, msg);
	else
		snformat(d, n, "'...%.*s' %s", (int)(room - 3), name + len - (room - 3), msg);
}
