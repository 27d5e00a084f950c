/*
 * mount.c: name spaces. A Pgrp is a hash of Mheads, one for each file that something is mounted upon
 * (found by device, instance and qid path, so it follows the file, not the name); a Mhead lists what is
 * mounted there, in the order of searching [PLAN9-ABI 4.7]. Second life, in a process. Locks: pgrp->ns guards
 * the hash, mh->lock its list; ns is taken first. A Mhead is counted: the hash has one reference, an open
 * union directory another.
 */
#include "dat.h"

static Mhead **
mountslot(Pgrp *p, Chan *c)
{
	Mhead **l = &p->mnthash[c->qid.path % nelem(p->mnthash)];

	while (*l && !eqchan((*l)->from, c, true))
		l = &(*l)->hash;
	return l;
}

static void
mountfree(Mount *m)
{
	for (Mount *next; m; m = next) {
		next = m->next;
		cclose(m->to);
		free(m);
	}
}

void
mheadclose(Mhead *mh)
{
	if (!mh || decref(&mh->ref) > 0)
		return;
	mountfree(mh->mount);
	cclose(mh->from);
	free(mh);
}

/* What is mounted upon c, with a reference, or nil. */
Mhead *
findmount(Chan *c)
{
	Pgrp *p = up->pgrp;
	Mhead *mh;

	if (p->nmount == 0)
		return nil;
	rlock(&p->ns);
	mh = *mountslot(p, c);
	if (mh)
		incref(&mh->ref);
	runlock(&p->ns);
	return mh;
}

static Mount *
newmount(Chan *to, u32 flag)
{
	Mount *m = smalloc(sizeof *m);

	incref(&to->ref);
	m->to = to;
	m->mflag = flag;
	return m;
}

/* A list for `new`: itself, or every member if it is a union. */
static Mount *
newmounts(Chan *new, u32 flag)
{
	Mount *list = nil, **end = &list;

	if (!new->umh)
		return newmount(new, flag);
	rlock(&new->umh->lock);
	for (Mount *m = new->umh->mount; m; m = m->next) {
		*end = newmount(m->to, m->mflag | (flag & MCREATE));
		end = &(*end)->next;
	}
	runlock(&new->umh->lock);
	return list;
}

/* Put add before, after or in the place of what mh has (write-locked). */
static void
splice(Mhead *mh, Mount *add, u32 order)
{
	Mount **end;

	if (order == MREPL) {
		mountfree(mh->mount);
		mh->mount = add;
		return;
	}
	if (order == MBEFORE) {
		for (end = &add->next; *end; end = &(*end)->next)
			;
		*end = mh->mount;
		mh->mount = add;
		return;
	}
	for (end = &mh->mount; *end; end = &(*end)->next)
		;
	*end = add;
}

/* The head for `old`, made if it has none; its first member is old itself, unless that is replaced. */
static Mhead *
needhead(Pgrp *p, Chan *old, u32 order)
{
	Mhead **slot = mountslot(p, old), *mh = *slot;

	if (mh)
		return mh;
	mh = smalloc(sizeof *mh);
	mh->ref.ref = 1;
	incref(&old->ref);
	mh->from = old;
	if (order != MREPL)
		mh->mount = newmount(old, 0);
	*slot = mh;
	p->nmount++;
	return mh;
}

/* Mount new upon old. Adds references of its own. error(Emount) if they do not fit together. */
void
cmount(Chan *new, Chan *old, int flag)
{
	u32 order = (u32)flag & MORDER;
	Mount *add;
	Mhead *mh;

	if (order > MAFTER || ((new->qid.type ^ old->qid.type) & QTDIR) ||
	    (order != MREPL && !(old->qid.type & QTDIR)))
		error(Emount);
	add = newmounts(new, (u32)flag & MCREATE);
	wlock(&up->pgrp->ns);
	mh = needhead(up->pgrp, old, order);
	wlock(&mh->lock);
	splice(mh, add, order);
	wunlock(&mh->lock);
	wunlock(&up->pgrp->ns);
}

/* Unlink mh from its place in the name space (write-locked). */
static void
drophead(Pgrp *p, Mhead **slot)
{
	Mhead *mh = *slot;

	*slot = mh->hash;
	p->nmount--;
	mheadclose(mh);
}

/* Take `mounted` (nil: everything) off what is mounted upon mnt. */
void
cunmount(Chan *mnt, Chan *mounted)
{
	Pgrp *p = up->pgrp;
	Mhead **slot, *mh;
	Mount **l, *gone = nil;

	wlock(&p->ns);
	slot = mountslot(p, mnt);
	mh = *slot;
	if (!mh) {
		wunlock(&p->ns);
		error(Eunmount);
	}
	if (!mounted) {
		drophead(p, slot);
		wunlock(&p->ns);
		return;
	}
	wlock(&mh->lock);
	for (l = &mh->mount; *l && !eqchan((*l)->to, mounted, true); l = &(*l)->next)
		;
	if (*l) {
		gone = *l;
		*l = gone->next;
		gone->next = nil;
	}
	wunlock(&mh->lock);
	if (!mh->mount)
		drophead(p, slot);
	wunlock(&p->ns);
	if (!gone)
		error(Eunion);
	mountfree(gone);
}

/* --- groups ----------------------------------------------------------------------------------------------
 */

Pgrp *
newpgrp(void)
{
	Pgrp *p = smalloc(sizeof *p);

	p->ref.ref = 1;
	return p;
}

void
closepgrp(Pgrp *p)
{
	if (!p || decref(&p->ref) > 0)
		return;
	for (usize i = 0; i < nelem(p->mnthash); i++)
		while (p->mnthash[i])
			drophead(p, &p->mnthash[i]);
	free(p);
}

static Mhead *
copyhead(Mhead *mh)
{
	Mhead *new = smalloc(sizeof *new);
	Mount **end = &new->mount;

	new->ref.ref = 1;
	incref(&mh->from->ref);
	new->from = mh->from;
	rlock(&mh->lock);
	for (Mount *m = mh->mount; m; m = m->next) {
		*end = newmount(m->to, m->mflag);
		end = &(*end)->next;
	}
	runlock(&mh->lock);
	return new;
}

void
pgrpcpy(Pgrp *to, Pgrp *from)
{
	wlock(&from->ns);
	to->noattach = from->noattach;
	to->nmount = from->nmount;
	for (usize i = 0; i < nelem(from->mnthash); i++) {
		Mhead **end = &to->mnthash[i];
		for (Mhead *mh = from->mnthash[i]; mh; mh = mh->hash) {
			*end = copyhead(mh);
			end = &(*end)->hash;
		}
	}
	wunlock(&from->ns);
}

/* The mounts of a name space as bind commands, one a line, then the working directory: /proc/n/ns. */
usize
nstext(Pgrp *g, Chan *dot, char *d, usize n)
{
	usize at = 0;

	rlock(&g->ns);
	for (usize i = 0; i < nelem(g->mnthash); i++)
		for (Mhead *mh = g->mnthash[i]; mh; mh = mh->hash)
			for (Mount *m = mh->mount; m; m = m->next)
				if (m->to != mh->from)
					at += snformat(
					    d + at, n - at, "bind %s%s %s %s\n", m == mh->mount ? "-b" : "-a",
					    m->mflag & MCREATE ? "c" : "", m->to->path->s, mh->from->path->s);
	runlock(&g->ns);
	at += snformat(d + at, n - at, "cd %s\n", dot->path->s);
	return at;
}
