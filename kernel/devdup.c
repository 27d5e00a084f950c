/*
 * devdup.c: #d, the process's own descriptors as files [PLAN9-ABI 4.3]: n is a dup of descriptor n, nctl a
 * line about it. Second life, in a process; the descriptor table has its own lock.
 */
#include "dat.h"

/* qid.path: 0 the directory, 2 * fd + 1 the file n, 2 * fd + 2 nctl. */
static int
dupgen(Chan *c, const char *name, Dirtab *tab, int ntab, int i, Dir *dp)
{
	static const u32 perms[] = {0400, 0200, 0600, 0};
	Fgrp *f = up->fgrp;
	Chan *fc;
	int fd = i / 2;
	u32 perm;

	(void)name, (void)tab, (void)ntab;
	if (i == DEVDOTDOT)
		return devgen(c, name, nil, 0, i, dp);
	if (fd > f->maxfd)
		return -1;
	lock(&f->l);
	fc = fd < f->nfd ? f->fd[fd] : nil;
	perm = fc ? perms[fc->mode & 3] : 0;
	unlock(&f->l);
	if (!fc)
		return 0;
	snformat(up->genbuf, sizeof up->genbuf, i & 1 ? "%dctl" : "%d", fd);
	devdir(c, (Qid){.path = (u64)i + 1, .vers = 0, .type = QTFILE}, up->genbuf, 0, eve,
	       i & 1 ? 0400 : perm, dp);
	return 1;
}

static Chan *
dupattach(const char *spec)
{
	return devattach('d', spec);
}

static Chan *
dupwalk(Chan *c, const char *name)
{
	return devwalk(c, name, nil, 0, dupgen);
}

static i64
dupstat(Chan *c, u8 *dp, i64 n)
{
	return devstat(c, dp, n, nil, 0, dupgen);
}

/* Opening n gives the channel that it stands for. */
static Chan *
dupopen(Chan *c, int omode)
{
	u64 q = c->qid.path;
	Chan *fc;

	if (omode & ORCLOSE)
		error(Eperm);
	if (q == 0 || q % 2 == 0) {
		c->mode = (u16)openmode(omode);
		c->flag |= COPEN;
		return c;
	}
	fc = fdtochan((int)(q / 2), openmode(omode), true);
	cclose(c);
	return fc;
}

static i64
dupread(Chan *c, Buf *b, i64 n, i64 off)
{
	char text[256];
	Chan *fc;
	int fd = (int)(c->qid.path / 2) - 1;

	if (c->qid.type & QTDIR)
		return devdirread(c, b, n, nil, 0, dupgen);
	fc = fdtochan(fd, -1, true);
	fdtext(fd, fc, text, sizeof text);
	cclose(fc);
	return readstr(off, b, n, text);
}

static i64
dupwrite(Chan *c, const Buf *b, i64 n, i64 off)
{
	(void)c, (void)b, (void)n, (void)off;
	error(Eperm);
}

Dev dupdevtab = {
    .dc = 'd',
    .name = "dup",
    .reset = devreset,
    .init = devinit,
    .attach = dupattach,
    .walk = dupwalk,
    .stat = dupstat,
    .open = dupopen,
    .create = devcreate,
    .close = devclose,
    .read = dupread,
    .write = dupwrite,
    .remove = devremove,
    .wstat = devwstat,
};
