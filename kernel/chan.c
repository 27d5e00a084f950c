/*
 * chan.c: channels, the kernel's open files, and the memory of whoever reads or writes them.
 * A channel is counted; its last closer closes the device's side too. What else is in it belongs to who
 * made it, until it is shared by a descriptor; from then on only the offset changes, under its lock.
 */
#include "dat.h"

Chan *
newchan(void)
{
	Chan *c = smalloc(sizeof *c);

	c->ref.ref = 1;
	return c;
}

static void
chanfree(Chan *c)
{
	if (c->umc)
		cclose(c->umc);
	mheadclose(c->umh);
	pathclose(c->path);
	free(c);
}

/* An error of the device's close is nobody's: the channel is gone all the same. */
void
cclose(Chan *c)
{
	if (!c || decref(&c->ref) > 0)
		return;
	if (!waserror()) {
		devtab[c->type]->close(c);
		poperror();
	}
	chanfree(c);
}

Chan *
cclone(Chan *c)
{
	Chan *nc = devtab[c->type]->walk(c, nil);

	if (c->path) {
		incref(&c->path->ref);
		nc->path = c->path;
	}
	return nc;
}

/* c itself if nobody else has it, or a clone; takes c's reference (an error leaves it). */
Chan *
cunique(Chan *c)
{
	Chan *nc;

	if (c->ref.ref == 1)
		return c;
	nc = cclone(c);
	cclose(c);
	return nc;
}

bool
eqchan(Chan *a, Chan *b, bool skipvers)
{
	return a->qid.path == b->qid.path && a->type == b->type && a->dev == b->dev &&
	       (skipvers || a->qid.vers == b->qid.vers);
}

void
isdir(Chan *c)
{
	if (!(c->qid.type & QTDIR))
		error(Enotdir);
}

i64
kread(Chan *c, void *p, i64 n, i64 off)
{
	return devtab[c->type]->read(c, kbuf(p), n, off);
}

i64
kwrite(Chan *c, const void *p, i64 n, i64 off)
{
	return devtab[c->type]->write(c, ckbuf(p), n, off);
}

/* --- buffers ---------------------------------------------------------------------------------- */

static bool
isuser(const Buf *b)
{
	return (u64)(uintptr)b < USTKTOP;
}

bool
trybufput(Buf *b, i64 at, const void *s, usize n)
{
	u8 *d = (u8 *)b + at;

	if (isuser(b))
		return copyout(touva((u64)(uintptr)d), s, n);
	memcpy(d, s, n);
	return true;
}

bool
trybufget(void *d, const Buf *b, i64 at, usize n)
{
	const u8 *s = (const u8 *)b + at;

	if (isuser(b))
		return copyin(d, touva((u64)(uintptr)s), n);
	memcpy(d, s, n);
	return true;
}

void
bufput(Buf *b, i64 at, const void *s, usize n)
{
	if (!trybufput(b, at, s, n))
		badaddr();
}

void
bufget(void *d, const Buf *b, i64 at, usize n)
{
	if (!trybufget(d, b, at, n))
		badaddr();
}

void
bufzero(Buf *b, i64 at, usize n)
{
	static const u8 zeroes[256];

	for (usize done = 0, k; done < n; done += k) {
		k = n - done < sizeof zeroes ? n - done : sizeof zeroes;
		bufput(b, at + (i64)done, zeroes, k);
	}
}

i64
readmem(i64 off, Buf *b, i64 n, const void *s, usize len)
{
	if (off < 0 || (u64)off >= len)
		return 0;
	if ((u64)n > len - (u64)off)
		n = (i64)(len - (u64)off);
	bufput(b, 0, (const u8 *)s + off, (usize)n);
	return n;
}

i64
readstr(i64 off, Buf *b, i64 n, const char *s)
{
	return readmem(off, b, n, s, strlen(s));
}

usize
writestr(char *d, usize max, const Buf *b, i64 n)
{
	usize len = (usize)n < max ? (usize)n : max - 1;

	bufget(d, b, 0, len);
	if (len > 0 && d[len - 1] == '\n')
		len--;
	d[len] = 0;
	return strlen(d);
}
