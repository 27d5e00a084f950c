/*
 * namec.c: from a name to a channel [PLAN9-ABI 4.7]. Names are walked one element at a time, so that
 * `file/..` is an error and not cleaned away; a mount point is crossed when the walk goes on from it or the
 * file is used, never before, so a channel in the middle of a walk is always the one mounted upon.
 * Second life, in a process. Takes names in kernel memory; gives a channel with one reference and the
 * clean absolute name in its path, or an error that names the element. No locks of its own.
 */
#include "dat.h"

enum { MAXELEM = 255, MAXNAME = 65535 };

void
validname(const char *name, bool slashok)
{
	for (const u8 *s = (const u8 *)name; *s; s++)
		if (*s < 0x20 || *s == 0x7f || (*s == '/' && !slashok))
			error(Ebadchar);
}

char *
validnamedup(u64 uaddr)
{
	char *s = ustrdup(uaddr, MAXNAME + 1);

	if (waserror()) {
		free(s);
		nexterror();
	}
	validname(s, true);
	poperror();
	return s;
}

/* --- one step ---------------------------------------------------------------------------------------------
 */

static Chan *
walk1(Chan *c, const char *elem)
{
	isdir(c);
	return devtab[c->type]->walk(c, elem);
}

/* The first member of the union mh that has elem. */
static Chan *
walkunion(Mhead *mh, const char *elem)
{
	Chan *volatile nc = nil;

	rlock(&mh->lock);
	if (waserror()) {
		runlock(&mh->lock);
		nexterror();
	}
	for (Mount *m = mh->mount; m && !nc; m = m->next)
		if (m->to->qid.type & QTDIR)
			nc = walk1(m->to, elem);
	poperror();
	runlock(&mh->lock);
	return nc;
}

/*
 * The channel's path, to be made longer or shorter: taken from it if it is ours alone and will go, or shared.
 */
static Path *
takepath(Chan *c)
{
	Path *p = c->path;

	if (c->ref.ref == 1)
		c->path = nil;
	else
		incref(&p->ref);
	return p;
}

/* Up: to the parent, or to what a mount point on the way was mounted upon. */
static Chan *
walkup(Chan *c)
{
	Chan *nc = walk1(c, ".."), *from;
	Path *p;

	if (!nc)
		error(Enonexist);
	p = pathpop(takepath(c), &from);
	if (from) {
		cclose(nc);
		nc = cclone(from);
		pathclose(nc->path);
		cclose(from);
	}
	nc->path = p;
	return nc;
}

static Chan *
walkdown(Chan *c, const char *elem, bool nomount)
{
	Mhead *mh = nomount ? nil : findmount(c);
	Chan *nc;

	if (!mh) {
		nc = walk1(c, elem);
	} else {
		if (waserror()) {
			mheadclose(mh);
			nexterror();
		}
		isdir(c);
		nc = walkunion(mh, elem);
		poperror();
	}
	if (nc)
		nc->path = pathpush(takepath(c), elem, mh ? c : nil);
	mheadclose(mh);
	if (!nc)
		error(Enonexist);
	return nc;
}

/* Cross the mount point at c, if it is one: what is mounted there; its union in umh. Takes c. */
static Chan *
cross(Chan *c)
{
	Mhead *mh = findmount(c);
	Chan *nc;

	if (!mh)
		return c;
	if (waserror()) {
		mheadclose(mh);
		cclose(c);
		nexterror();
	}
	rlock(&mh->lock);
	nc = mh->mount ? mh->mount->to : c;
	incref(&nc->ref);
	runlock(&mh->lock);
	nc = cunique(nc);
	poperror();
	pathclose(nc->path);
	nc->path = takepath(c);
	mheadclose(nc->umh);
	nc->umh = mh;
	cclose(c);
	return nc;
}

/* --- a whole name ------------------------------------------------------------------------------------------
 */

typedef struct Name Name;
struct Name { /* a name being walked */
	const char *text;
	const char *at;	 /* what is left of it */
	const char *end; /* of the element last taken */
	bool nomount;	 /* a # name: mount points are not seen */
	Chan *c;	 /* how far we are; ours */
	char elem[MAXELEM + 1];
};

/* #Xspec: attach the device. */
static void
startdevice(Name *n)
{
	char spec[MAXELEM + 1];
	const char *s = n->text + 1;
	usize len = 0;
	u32 dc = (u8)*s++;

	if (dc >= 0xc0 && (*s & 0xc0) == 0x80) /* letters beyond ASCII have two bytes */
		dc = (dc & 0x1f) << 6 | ((u8)*s++ & 0x3f);
	if (up->pgrp->noattach && !(dc < 0x80 && dc && strchr("|decp", (int)dc)))
		error(Enoattach);
	while (s[len] && s[len] != '/')
		len++;
	if (len > MAXELEM)
		error(Etoolong);
	memcpy(spec, s, len);
	spec[len] = 0;
	n->at = n->end = s + len;
	n->c = devtab[devno(dc, true)]->attach(spec);
	n->nomount = true;
}

static void
startname(Name *n)
{
	Chan *from = *n->text == '/' ? up->slash : up->dot;

	n->at = n->end = n->text;
	n->nomount = false;
	n->c = nil;
	if (*n->text == 0)
		error(Eemptyname);
	if (*n->text == '#') {
		startdevice(n);
		return;
	}
	incref(&from->ref);
	n->c = from;
	/* a working directory below a # name goes on without mount points */
	n->nomount = from->path->s[0] == '#';
}

/* The next element into n->elem; false: there is none. "." is passed over. */
static bool
nextelem(Name *n)
{
	usize len;

	for (;;) {
		while (*n->at == '/')
			n->at++;
		for (len = 0; n->at[len] && n->at[len] != '/';)
			len++;
		if (len == 0)
			return false;
		if (len > MAXELEM)
			error(Etoolong);
		memcpy(n->elem, n->at, len);
		n->elem[len] = 0;
		n->at += len;
		n->end = n->at;
		if (strcmp(n->elem, ".") != 0)
			return true;
		isdir(n->c);
	}
}

static bool
lastelem(const Name *n)
{
	const char *s = n->at;

	while (*s == '/' || (*s == '.' && (s[1] == '/' || !s[1])))
		s++;
	return !*s;
}

static void
step(Name *n)
{
	Chan *nc;

	nc = strcmp(n->elem, "..") == 0 ? walkup(n->c) : walkdown(n->c, n->elem, n->nomount);
	cclose(n->c);
	n->c = nc;
}

/* A slash behind the last element asks for a directory. */
static void
trailing(const Name *n)
{
	if (n->at > n->text && n->at[-1] == '/')
		isdir(n->c);
}

static void
docross(Name *n)
{
	Chan *c = n->c;

	n->c = nil;
	n->c = n->nomount ? c : cross(c);
}

/* --- what is done at the end -------------------------------------------------------------------------------
 */

static void
doopen(Name *n, int omode)
{
	Mhead *mh;

	docross(n);
	if (n->c->qid.type & QTDIR) {
		if ((omode & 3) == OEXEC)
			error(Edirexec);
		if ((omode & 3) != OREAD || (omode & (OTRUNC | ORCLOSE)))
			error(Eisdir);
	}
	n->c = cunique(n->c);
	n->c = devtab[n->c->type]->open(n->c, omode & ~OCEXEC);
	mh = n->c->umh; /* of use only where there is more than one directory to read */
	if (mh && !((n->c->qid.type & QTDIR) && mh->mount && mh->mount->next)) {
		n->c->umh = nil;
		mheadclose(mh);
	}
}

/* The member of the directory's union that takes new files, as a channel of our own in n->c. */
static void
creatable(Name *n)
{
	Mhead *mh = n->nomount ? nil : findmount(n->c);
	Chan *c = nil;
	Path *p;

	if (!mh)
		return;
	rlock(&mh->lock);
	for (Mount *m = mh->mount; m && !c; m = m->next)
		if (m->mflag & MCREATE) {
			c = m->to;
			incref(&c->ref);
		}
	runlock(&mh->lock);
	mheadclose(mh);
	if (!c)
		error(Enocreate);
	p = n->c->path;
	incref(&p->ref);
	cclose(n->c);
	n->c = cunique(c);
	pathclose(n->c->path);
	n->c->path = p;
}

/* n->c is the directory, n->elem the name. An existing file is truncated instead, unless OEXCL. */
static void
docreate(Name *n, int omode, u32 perm)
{
	Path *path;

	if (!waserror()) {
		step(n);
		poperror();
		if (omode & OEXCL)
			error(Eexist);
		doopen(n, omode | OTRUNC);
		return;
	}
	if (strcmp(up->errstr, Enonexist) != 0)
		nexterror();
	validname(n->elem, false);
	if (*n->at && !(perm & DMDIR))
		error(Enocreatedir);
	creatable(n);
	n->c = cunique(n->c);
	path = n->c->path;
	incref(&path->ref);
	if (waserror()) {
		pathclose(path);
		nexterror();
	}
	n->c = devtab[n->c->type]->create(n->c, n->elem, omode & ~(OEXCL | OCEXEC), perm);
	poperror();
	pathclose(n->c->path);
	n->c->path = pathpush(path, n->elem, nil);
}

static void
doremove(Name *n)
{
	Mhead *mh = n->nomount ? nil : findmount(n->c);

	mheadclose(mh);
	if (mh)
		error(Eismtpt);
	n->c = cunique(n->c);
}

static void
finish(Name *n, enum Access a, int omode, u32 perm)
{
	switch (a) {
	case Aaccess:
	case Abind:
		docross(n);
		break;
	case Aopen:
		doopen(n, omode);
		break;
	case Atodir:
		isdir(n->c);
		break;
	case Acreate:
		docreate(n, omode, perm);
		break;
	case Aremove:
		doremove(n);
		break;
	case Amount:
		break;
	}
}

static void
walkname(Name *n, enum Access a, int omode, u32 perm)
{
	startname(n);
	while (nextelem(n)) {
		if (a == Acreate && lastelem(n))
			break;
		step(n);
	}
	if (a == Acreate && n->end == n->text)
		error(Eexist);
	if (a != Acreate)
		trailing(n);
	finish(n, a, omode, perm);
}

Chan *
namec(const char *name, enum Access a, int omode, u32 perm)
{
	Name n = {.text = name, .at = name, .end = name};

	if (waserror()) {
		char msg[ERRMAX];
		if (*name) {
			strecpy(msg, sizeof msg, up->errstr);
			namerror(up->errstr, ERRMAX, name, (usize)(n.end - name), msg);
		}
		cclose(n.c);
		nexterror();
	}
	walkname(&n, a, omode, perm);
	poperror();
	return n.c;
}
