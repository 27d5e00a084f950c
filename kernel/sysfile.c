/*
 * sysfile.c: the system calls about files [PLAN9-ABI 2.3, 2.4, 4.4-4.7]. Second life, in a process.
 * Takes the raw argument slots (upper halves of ints are garbage), gives the value, or raises an error.
 * User memory is checked whole before a device sees it (validaddr), and copied only by bufput and bufget.
 * Locks: a channel's offset is under its lock; a read or write that takes less gives the rest back.
 */
#include "dat.h"

enum { OPENMODES = 3 | OTRUNC | OCEXEC | ORCLOSE };

static void
checkmode(int mode, int extra)
{
	if (mode & ~(OPENMODES | extra))
		error(Ebadarg);
}

/* namec for a name in user memory. */
static Chan *
nameopen(u64 uname, enum Access a, int mode, u32 perm)
{
	char *name = validnamedup(uname);
	Chan *c;

	if (waserror()) {
		free(name);
		nexterror();
	}
	c = namec(name, a, mode, perm);
	poperror();
	free(name);
	return c;
}

/* A descriptor for c, or an error that closes it. */
static i64
givefd(Chan *c, int mode)
{
	int fd = newfd(c, mode);

	if (fd < 0) {
		cclose(c);
		error(Enofd);
	}
	return fd;
}

i64
sysopen(u64 *a)
{
	int mode = (int)a[1];

	checkmode(mode, 0);
	return givefd(nameopen(a[0], Aopen, mode, 0), mode);
}

i64
syscreate(u64 *a)
{
	int mode = (int)a[1];

	checkmode(mode, OEXCL);
	return givefd(nameopen(a[0], Acreate, mode, (u32)a[2]), mode);
}

i64
sysclose(u64 *a)
{
	fdclose((int)a[0]);
	return 0;
}

i64
sysremove(u64 *a)
{
	Chan *c = nameopen(a[0], Aremove, 0, 0);

	if (waserror()) {
		cclose(c);
		nexterror();
	}
	devtab[c->type]->remove(c);
	poperror();
	cclose(c);
	return 0;
}

i64
syschdir(u64 *a)
{
	Chan *c = nameopen(a[0], Atodir, 0, 0), *old;

	qlock(&up->debug); /* /proc looks */
	old = up->dot;
	up->dot = c;
	qunlock(&up->debug);
	cclose(old);
	return 0;
}

i64
sysdup(u64 *a)
{
	int old = (int)a[0], new = (int)a[1], flag = fdflag(old);
	Chan *c = fdtochan(old, -1, true);

	if (new == -1)
		return givefd(c, flag);
	if (new == old) {
		cclose(c);
		return new;
	}
	if (!fdreplace(new, c, flag)) {
		cclose(c);
		error(Ebadfd);
	}
	return new;
}

i64
syspipe(u64 *a)
{
	Chan *c[2] = {nil, nil};
	int fd[2];

	validaddr(a[0], sizeof fd, true);
	pipechans(c);
	if (!newfd2(c, fd)) {
		cclose(c[0]);
		cclose(c[1]);
		error(Enofd);
	}
	ucopyout(a[0], fd, sizeof fd);
	return 0;
}

i64
sysfd2path(u64 *a)
{
	u32 n = (u32)a[2];
	Chan *c;
	const char *s;
	usize len;

	validaddr(a[1], n, true);
	c = fdtochan((int)a[0], -1, true);
	if (waserror()) {
		cclose(c);
		nexterror();
	}
	if (n < 1)
		error(Ebadarg);
	s = c->path ? c->path->s : "<null>";
	len = strlen(s) < n ? strlen(s) : n - 1;
	ucopyout(a[1], s, len);
	ucopyout(a[1] + len, "", 1);
	poperror();
	cclose(c);
	return 0;
}

/* --- reading and writing ---------------------------------------------------------------------- */

/* A directory that is a union: each member in turn, from where the last read stopped. */
static i64
unionread(Chan *c, Buf *b, i64 n)
{
	Mhead *mh = c->umh;
	i64 volatile got = 0;

	qlock(&c->umqlock);
	rlock(&mh->lock);
	if (waserror()) {
		runlock(&mh->lock);
		qunlock(&c->umqlock);
		nexterror();
	}
	while (got == 0) {
		Mount *m = mh->mount;
		for (u32 i = 0; m && i < c->uri; i++)
			m = m->next;
		if (!m)
			break;
		if (!c->umc) {
			Chan *nc = cclone(m->to);
			c->umc = devtab[nc->type]->open(nc, OREAD);
		}
		got = devtab[c->umc->type]->read(c->umc, b, n, (i64)c->umc->devoffset);
		if (got > 0)
			c->umc->devoffset += (u64)got;
		else {
			cclose(c->umc);
			c->umc = nil;
			c->uri++;
		}
	}
	poperror();
	runlock(&mh->lock);
	qunlock(&c->umqlock);
	return got;
}

static void
unionrewind(Chan *c)
{
	qlock(&c->umqlock);
	c->uri = 0;
	if (c->umc) {
		cclose(c->umc);
		c->umc = nil;
	}
	qunlock(&c->umqlock);
}

/* Whole records; the offset is 0, which begins anew, or where the last read ended. */
static i64
dirread(Chan *c, Buf *b, i64 n, i64 off)
{
	if (off == -1)
		off = (i64)c->offset;
	if (off == 0) {
		c->dri = 0;
		if (c->umh)
			unionrewind(c);
	} else if ((u64)off != c->offset)
		error(Edirseek);
	n = c->umh ? unionread(c, b, n) : devtab[c->type]->read(c, b, n, off);
	lock(&c->l);
	c->offset = (u64)(off + n);
	unlock(&c->l);
	return n;
}

/* Move the offset by n. Where it was. */
static i64
advance(Chan *c, i64 n)
{
	i64 off;

	lock(&c->l);
	off = (i64)c->offset;
	c->offset += (u64)n;
	unlock(&c->l);
	return off;
}

static i64
doread(Chan *c, Buf *b, i64 n, i64 off)
{
	i64 got;

	if (c->qid.type & QTDIR)
		return dirread(c, b, n, off);
	if (off != -1 || devtab[c->type]->stream)
		return devtab[c->type]->read(c, b, n, off);
	got = devtab[c->type]->read(c, b, n, (i64)c->offset);
	if (got > 0)
		advance(c, got);
	return got;
}

/* Two who write through one channel get different places: it moves first, and back by what was not written.
 */
static i64
dowrite(Chan *c, const Buf *b, i64 n, i64 off)
{
	i64 got;

	if (off != -1 || devtab[c->type]->stream)
		return devtab[c->type]->write(c, b, n, off);
	off = advance(c, n);
	if (waserror()) {
		advance(c, -n);
		nexterror();
	}
	got = devtab[c->type]->write(c, b, n, off);
	poperror();
	if (got < n)
		advance(c, got - n);
	return got;
}

static i64
doio(Chan *c, u64 addr, i64 n, i64 off, bool write)
{
	Buf *b = ubuf(touva(addr));

	return write ? dowrite(c, b, n, off) : doread(c, b, n, off);
}

/*
 * A descriptor's channel is held by a reference while a device works on it; a table that nobody shares
 * needs none: no one else can close it under us.
 */
static i64
readwrite(u64 fd, u64 addr, u64 count, i64 off, bool write)
{
	bool alone = up->fgrp->ref.ref == 1;
	i64 n = (i32)count, got;
	Chan *c;

	validaddr(addr, n < 0 ? ~0ull : (u64)n, !write);
	c = fdtochan((int)fd, write ? OWRITE : OREAD, !alone);
	if (alone) {
		if (off < -1)
			error(Enegoff);
		return doio(c, addr, n, off, write);
	}
	if (waserror()) {
		cclose(c);
		nexterror();
	}
	if (off < -1)
		error(Enegoff);
	got = doio(c, addr, n, off, write);
	poperror();
	cclose(c);
	return got;
}

i64
syspread(u64 *a)
{
	return readwrite(a[0], a[1], a[2], (i64)a[3], false);
}

i64
syspwrite(u64 *a)
{
	return readwrite(a[0], a[1], a[2], (i64)a[3], true);
}

i64
sys_read(u64 *a)
{
	return readwrite(a[0], a[1], a[2], -1, false);
}

i64
sys_write(u64 *a)
{
	return readwrite(a[0], a[1], a[2], -1, true);
}

/* --- offsets ---------------------------------------------------------------------------------- */

static u64
filelength(Chan *c)
{
	u8 buf[STATBUF];
	char strs[STATBUF];
	Dir d;
	i64 n = devtab[c->type]->stat(c, buf, sizeof buf);

	if (n <= 2 || convM2D(buf, (usize)n, &d, strs) == 0)
		error(Ebadstat);
	return d.length;
}

static u64
doseek(Chan *c, i64 off, int type)
{
	u64 base, new;

	if (devtab[c->type]->stream)
		error(Eisstream);
	if ((c->qid.type & QTDIR) && (type != 0 || off != 0))
		error(Eisdir);
	if (type < 0 || type > 2)
		error(Ebadarg);
	base = type == 2 ? filelength(c) : 0;
	lock(&c->l);
	new = (type == 1 ? c->offset : base) + (u64)off;
	if ((i64) new >= 0)
		c->offset = new;
	unlock(&c->l);
	if ((i64) new < 0)
		error(Enegoff);
	if (c->qid.type & QTDIR) {
		c->dri = 0;
		if (c->umh)
			unionrewind(c);
	}
	return new;
}

static u64
seekfd(int fd, i64 off, int type)
{
	Chan *c = fdtochan(fd, -1, true);
	u64 new;

	if (waserror()) {
		cclose(c);
		nexterror();
	}
	new = doseek(c, off, type);
	poperror();
	cclose(c);
	return new;
}

i64
sysseek(u64 *a)
{
	u64 new;

	validaddr(a[0], sizeof new, true);
	new = seekfd((int)a[1], (i64)a[2], (int)a[3]);
	ucopyout(a[0], &new, sizeof new);
	return 0;
}

i64
sysoseek(u64 *a)
{
	return (i64)seekfd((int)a[0], (i32)a[1], (int)a[2]);
}

/* --- stat -------------------------------------------------------------------------------------- */

/* c's record, under the name by which it was reached, to user memory: bytes, or 2 with the size. */
static i64
statout(Chan *c, u64 addr, u32 n)
{
	u8 buf[STATBUF];
	i64 len;

	if (n < 2)
		error(Eshortstat);
	len = devtab[c->type]->stat(c, buf, sizeof buf);
	if (len > 2 && c->path)
		len = (i64)statrename(buf, (usize)len, sizeof buf, pathelem(c->path));
	if (len > n)
		len = 2;
	ucopyout(addr, buf, (usize)len);
	return len;
}

static i64
statchan(Chan *c, u64 addr, u32 n)
{
	i64 len;

	if (waserror()) {
		cclose(c);
		nexterror();
	}
	len = statout(c, addr, n);
	poperror();
	cclose(c);
	return len;
}

i64
sysstat(u64 *a)
{
	validaddr(a[1], (u32)a[2], true);
	return statchan(nameopen(a[0], Aaccess, 0, 0), a[1], (u32)a[2]);
}

i64
sysfstat(u64 *a)
{
	validaddr(a[1], (u32)a[2], true);
	return statchan(fdtochan((int)a[0], -1, true), a[1], (u32)a[2]);
}

/* A record from user memory to the device. */
static i64
wstatchan(Chan *c, u64 addr, u32 n)
{
	u8 buf[STATBUF];
	char strs[STATBUF];
	Dir d;
	i64 got;

	if (waserror()) {
		cclose(c);
		nexterror();
	}
	if (n > sizeof buf)
		error(Ebadstat);
	ucopyin(buf, addr, n);
	if (convM2D(buf, n, &d, strs) != n)
		error(Ebadstat);
	got = devtab[c->type]->wstat(c, buf, n);
	poperror();
	cclose(c);
	return got;
}

i64
syswstat(u64 *a)
{
	validaddr(a[1], (u32)a[2], false);
	return wstatchan(nameopen(a[0], Aaccess, 0, 0), a[1], (u32)a[2]);
}

i64
sysfwstat(u64 *a)
{
	validaddr(a[1], (u32)a[2], false);
	return wstatchan(fdtochan((int)a[0], -1, true), a[1], (u32)a[2]);
}

/* --- name space ------------------------------------------------------------------------------- */

i64
sysbind(u64 *a)
{
	int flag = (int)a[2];
	Chan *volatile old = nil;
	Chan *new;

	if (flag & ~MMASK || (flag & MORDER) == MORDER)
		error(Ebadarg);
	new = nameopen(a[0], Abind, 0, 0);
	if (waserror()) {
		cclose(old);
		cclose(new);
		nexterror();
	}
	old = nameopen(a[1], Amount, 0, 0);
	cmount(new, old, flag);
	poperror();
	cclose(old);
	cclose(new);
	return 0;
}

i64
sysunmount(u64 *a)
{
	Chan *old = nameopen(a[1], Amount, 0, 0), *volatile new = nil;

	if (waserror()) {
		cclose(new);
		cclose(old);
		nexterror();
	}
	if (a[0])
		new = nameopen(a[0], Abind, 0, 0);
	cunmount(old, new);
	poperror();
	cclose(new);
	cclose(old);
	return 0;
}
