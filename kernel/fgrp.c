/*
 * fgrp.c: file descriptor tables. A table grows in steps of DELTAFD up to MAXFD; each descriptor has its own
 * close-on-exec mark, which dup copies [PLAN9-ABI 2.4]. Second life and host tests.
 * Locks: f->l guards a table; a channel is closed and memory is allocated with the lock dropped.
 */
#include "dat.h"

Fgrp *
newfgrp(void)
{
	Fgrp *f = smalloc(sizeof *f);

	f->ref.ref = 1;
	f->nfd = DELTAFD;
	f->fd = smalloc((usize)f->nfd * sizeof *f->fd);
	f->flag = smalloc((usize)f->nfd);
	f->maxfd = -1;
	return f;
}

Fgrp *
dupfgrp(Fgrp *f)
{
	Fgrp *n = smalloc(sizeof *n);
	i32 nfd;

	n->ref.ref = 1;
	for (;;) { /* until the size seen without the lock is that seen with it */
		nfd = f->nfd;
		n->fd = smalloc((usize)nfd * sizeof *n->fd);
		n->flag = smalloc((usize)nfd);
		lock(&f->l);
		if (f->nfd == nfd)
			break;
		unlock(&f->l);
		free(n->fd);
		free(n->flag);
	}
	n->nfd = nfd;
	n->maxfd = f->maxfd;
	for (i32 i = 0; i <= f->maxfd; i++)
		if (f->fd[i]) {
			incref(&f->fd[i]->ref);
			n->fd[i] = f->fd[i];
			n->flag[i] = f->flag[i];
		}
	unlock(&f->l);
	return n;
}

/* Take descriptor fd out of the table (locked): its channel, or nil. */
static Chan *
fdtake(Fgrp *f, i32 fd)
{
	Chan *c = f->fd[fd];

	f->fd[fd] = nil;
	f->flag[fd] = 0;
	while (f->maxfd >= 0 && !f->fd[f->maxfd])
		f->maxfd--;
	return c;
}

void
closefgrp(Fgrp *f)
{
	if (!f || decref(&f->ref) > 0)
		return;
	for (i32 i = 0; i <= f->maxfd; i++)
		if (f->fd[i])
			cclose(f->fd[i]);
	free(f->fd);
	free(f->flag);
	free(f);
}

void
closeexecfgrp(Fgrp *f)
{
	Chan *c;

	for (i32 i = 0; i < f->nfd; i++) {
		lock(&f->l);
		c = i <= f->maxfd && f->flag[i] ? fdtake(f, i) : nil;
		unlock(&f->l);
		if (c)
			cclose(c);
	}
}

/* Room for descriptor fd (locked; drops the lock while it allocates). False: beyond the limit. */
static bool
growfd(Fgrp *f, i32 fd)
{
	Chan **nfd;
	u8 *nflag;
	i32 n = f->nfd;

	if (fd < n)
		return true;
	if (fd >= n + DELTAFD || n >= MAXFD)
		return false;
	unlock(&f->l);
	nfd = smalloc((usize)(n + DELTAFD) * sizeof *nfd);
	nflag = smalloc((usize)(n + DELTAFD));
	lock(&f->l);
	if (f->nfd == n) {
		Chan **ofd = f->fd;
		u8 *oflag = f->flag;
		memcpy(nfd, ofd, (usize)n * sizeof *nfd);
		memcpy(nflag, oflag, (usize)n);
		f->fd = nfd;
		f->flag = nflag;
		f->nfd = n + DELTAFD;
		nfd = ofd;
		nflag = oflag;
	}
	unlock(&f->l);
	free(nfd);
	free(nflag);
	lock(&f->l);
	return fd < f->nfd;
}

static void
fdset(Fgrp *f, i32 fd, Chan *c, int mode)
{
	f->fd[fd] = c;
	f->flag[fd] = (mode & OCEXEC) != 0;
	if (fd > f->maxfd)
		f->maxfd = fd;
}

/* The first free descriptor at or above `from` becomes c (locked); -1: none. */
static i32
fdput(Fgrp *f, i32 from, Chan *c, int mode)
{
	i32 i;

	for (;;) {
		for (i = from; i < f->nfd && f->fd[i]; i++)
			;
		if (!growfd(f, i))
			return -1;
		if (!f->fd[i])
			break;
	}
	fdset(f, i, c, mode);
	return i;
}

int
newfd(Chan *c, int mode)
{
	Fgrp *f = up->fgrp;
	int fd;

	lock(&f->l);
	fd = fdput(f, 0, c, mode);
	unlock(&f->l);
	return fd;
}

bool
newfd2(Chan *c[2], int fd[2])
{
	Fgrp *f = up->fgrp;

	lock(&f->l);
	fd[0] = fdput(f, 0, c[0], 0);
	fd[1] = fd[0] < 0 ? -1 : fdput(f, 0, c[1], 0);
	if (fd[0] >= 0 && fd[1] < 0)
		fdtake(f, fd[0]);
	unlock(&f->l);
	return fd[1] >= 0;
}

/* Descriptor fd of the running process becomes c, closed before if it was open. */
bool
fdreplace(int fd, Chan *c, int mode)
{
	Fgrp *f = up->fgrp;
	Chan *old = nil;
	bool ok;

	lock(&f->l);
	ok = fd >= 0 && growfd(f, fd);
	if (ok) {
		old = fdtake(f, fd);
		fdset(f, fd, c, mode);
	}
	unlock(&f->l);
	if (old)
		cclose(old);
	return ok;
}

Chan *
fdtochan(int fd, int mode, bool iref)
{
	Fgrp *f = up->fgrp;
	Chan *c;

	lock(&f->l);
	c = fd >= 0 && fd < f->nfd ? f->fd[fd] : nil;
	if (!c) {
		unlock(&f->l);
		error(Ebadfd);
	}
	if (iref)
		incref(&c->ref);
	unlock(&f->l);
	if (mode < 0 || c->mode == ORDWR || mode == c->mode)
		return c;
	if (iref)
		cclose(c);
	error(Ebadusefd);
}

/* OCEXEC if the descriptor is marked, or 0. */
int
fdflag(int fd)
{
	Fgrp *f = up->fgrp;
	int flag;

	lock(&f->l);
	flag = fd >= 0 && fd <= f->maxfd && f->flag[fd] ? OCEXEC : 0;
	unlock(&f->l);
	return flag;
}

void
fdclose(int fd)
{
	Fgrp *f = up->fgrp;
	Chan *c;

	lock(&f->l);
	c = fd >= 0 && fd <= f->maxfd ? fdtake(f, fd) : nil;
	unlock(&f->l);
	if (!c)
		error(Ebadfd);
	cclose(c);
}
