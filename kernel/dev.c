/*
 * dev.c: what devices have in common: a directory tree given by a generator, its walks, stats, reads and
 * opens, permissions, and the check of the table of devices (M2). A generator names the i-th entry
 * of the directory c: 1 with *dp filled in, 0 no such entry but go on, -1 the end; with i DEVDOTDOT, the
 * parent. Second life, in a process. No locks: generators have their own.
 */
#include "dat.h"

int
devno(u32 dc, bool user)
{
	for (int i = 0; devtab[i]; i++)
		if (devtab[i]->dc == dc)
			return i;
	if (!user)
		panic("devno: no device #%c", (int)dc);
	error(Enodev);
}

void
chandevreset(void)
{
	const char *why = devcheck(devtab);

	if (why)
		panic("devtab: %s", why);
	for (int i = 0; devtab[i]; i++)
		devtab[i]->reset();
}

void
chandevinit(void)
{
	for (int i = 0; devtab[i]; i++)
		devtab[i]->init();
}

static bool
devwhole(const Dev *d)
{
	return d->name && d->reset && d->init && d->attach && d->walk && d->stat && d->open && d->create &&
	       d->close && d->read && d->write && d->remove && d->wstat;
}

const char *
devcheck(Dev *const *tab)
{
	for (int i = 0; tab[i]; i++) {
		if (!tab[i]->dc)
			return "a device without a letter";
		if (!devwhole(tab[i]))
			return "a device with an empty entry";
		for (int j = 0; j < i; j++)
			if (tab[j]->dc == tab[i]->dc)
				return "two devices with one letter";
	}
	return nil;
}

void
devreset(void)
{
}

void
devinit(void)
{
}

void
devclose(Chan *c)
{
	(void)c;
}

/* The root of device dc, not open. */
Chan *
devattach(u32 dc, const char *spec)
{
	Chan *c = newchan();
	char name[64];
	int n = 1;

	name[0] = '#';
	if (dc < 0x80)
		name[n++] = (char)dc;
	else {
		name[n++] = (char)(0xc0 | dc >> 6);
		name[n++] = (char)(0x80 | (dc & 0x3f));
	}
	strecpy(name + n, sizeof name - (usize)n, spec);
	c->type = (u16)devno(dc, false);
	c->qid = (Qid){.path = 0, .vers = 0, .type = QTDIR};
	c->path = newpath(name);
	return c;
}

/* Another channel at the same file; without a path. */
Chan *
devclone(Chan *c)
{
	Chan *nc;

	if (c->flag & COPEN)
		panic("devclone: %s is open", c->path ? c->path->s : "?");
	nc = newchan();
	nc->type = c->type;
	nc->dev = c->dev;
	nc->mode = c->mode;
	nc->qid = c->qid;
	nc->aux = c->aux;
	return nc;
}

void
devdir(Chan *c, Qid qid, const char *name, u64 length, const char *user, u32 perm, Dir *dp)
{
	if (name != up->genbuf) {
		strecpy(up->genbuf, sizeof up->genbuf, name);
		name = up->genbuf;
	}
	dp->name = name;
	dp->qid = qid;
	dp->type = (u16)devtab[c->type]->dc;
	dp->dev = c->dev;
	dp->mode = perm | (u32)qid.type << 24;
	dp->atime = dp->mtime = seconds();
	dp->length = length;
	dp->uid = user;
	dp->gid = eve;
	dp->muid = user;
}

/* The generator of a flat directory given by a table. */
int
devgen(Chan *c, const char *name, Dirtab *tab, int ntab, int i, Dir *dp)
{
	if (i == DEVDOTDOT) {
		devdir(c, (Qid){.path = 0, .vers = 0, .type = QTDIR}, "..", 0, eve, 0555, dp);
		return 1;
	}
	if (i >= ntab)
		return -1;
	if (name && strcmp(name, tab[i].name) != 0)
		return 0;
	devdir(c, tab[i].qid, tab[i].name, tab[i].length, eve, tab[i].perm, dp);
	return 1;
}

/* The entry called name in the directory c; false: none. */
static bool
devlookup(Chan *c, const char *name, Dirtab *tab, int ntab, Devgen *gen, Dir *d)
{
	if (strcmp(name, "..") == 0)
		return gen(c, name, tab, ntab, DEVDOTDOT, d) == 1;
	for (int i = 0;; i++) {
		int r = gen(c, name, tab, ntab, i, d);
		if (r < 0)
			return false;
		if (r > 0 && strcmp(name, d->name) == 0)
			return true;
	}
}

/* One step down or up, or another channel at c. */
Chan *
devwalk(Chan *c, const char *name, Dirtab *tab, int ntab, Devgen *gen)
{
	Chan *nc;
	Dir d;

	if (!name)
		return devclone(c);
	isdir(c);
	if (!devlookup(c, name, tab, ntab, gen, &d))
		return nil;
	nc = devclone(c);
	nc->qid = d.qid;
	return nc;
}

i64
devstat(Chan *c, u8 *dp, i64 n, Dirtab *tab, int ntab, Devgen *gen)
{
	Dir d;
	int r;

	for (int i = 0; (r = gen(c, nil, tab, ntab, i, &d)) >= 0; i++)
		if (r > 0 && d.qid.path == c->qid.path && d.qid.type == c->qid.type)
			return (i64)convD2M(&d, dp, (usize)n);
	if (!(c->qid.type & QTDIR))
		error(Enonexist);
	devdir(c, c->qid, c->path ? pathelem(c->path) : "/", 0, eve, 0555, &d);
	return (i64)convD2M(&d, dp, (usize)n);
}

/* Whole records from where the last read stopped (c->dri counts entries). */
i64
devdirread(Chan *c, Buf *b, i64 n, Dirtab *tab, int ntab, Devgen *gen)
{
	u8 rec[STATBUF];
	i64 done = 0;
	Dir d;

	for (;;) {
		int r = gen(c, nil, tab, ntab, (int)c->dri, &d);
		usize len;
		if (r < 0)
			return done;
		if (r > 0) {
			len = convD2M(&d, rec, sizeof rec);
			if (len > (usize)(n - done)) {
				if (done == 0)
					error(Ecount);
				return done;
			}
			bufput(b, done, rec, len);
			done += (i64)len;
		}
		c->dri++;
	}
}

void
devpermcheck(const char *fileuid, u32 perm, int omode)
{
	static const u16 want[] = {0400, 0200, 0600, 0100};
	u32 need = want[omode & 3];

	if (omode & OTRUNC)
		need |= 0200;
	if (strcmp(up->user, fileuid) != 0)
		perm <<= strcmp(up->user, eve) == 0 ? 3 : 6;
	if ((need & perm) != need)
		error(Eperm);
}

int
openmode(int o)
{
	o &= ~(OTRUNC | OCEXEC | ORCLOSE);
	if (o < 0 || o > OEXEC)
		error(Ebadarg);
	return o == OEXEC ? OREAD : o;
}

Chan *
devopen(Chan *c, int omode, Dirtab *tab, int ntab, Devgen *gen)
{
	Dir d;
	int r;

	for (int i = 0; (r = gen(c, nil, tab, ntab, i, &d)) >= 0; i++)
		if (r > 0 && d.qid.path == c->qid.path && d.qid.type == c->qid.type) {
			devpermcheck(d.uid, d.mode, omode);
			break;
		}
	c->mode = (u16)openmode(omode);
	c->flag |= COPEN;
	c->offset = 0;
	return c;
}

Chan *
devcreate(Chan *c, const char *name, int omode, u32 perm)
{
	(void)c, (void)name, (void)omode, (void)perm;
	error(Eperm);
}

void
devremove(Chan *c)
{
	(void)c;
	error(Eperm);
}

i64
devwstat(Chan *c, u8 *dp, i64 n)
{
	(void)c, (void)dp, (void)n;
	error(Eperm);
}
