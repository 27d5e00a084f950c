/*
 * image.c: executable files, each with its channel, its running text and the pages of it that are in
 * memory. Portable; second life and host tests. A page is known by offset and length in the file, since
 * the last page of text and the first of data may be the same bytes cut differently.
 *
 * Always: a cached page has one reference that is the cache's, so whoever maps it sees 2 or more and copies
 * before writing. An image without references keeps its pages until imagereclaim wants them.
 * Locks: imagealloc.l for the table and every image's text, then an image's l for its cache.
 */
#include "segment.h"

enum { Nhash = 64, Ncache = nelem(((Image *)0)->cache) };

static struct {
	Lock l;
	Image *hash[Nhash]; /* (l) */
	u32 n;		    /* (l) */
} imagealloc;

static bool
sameid(const Imageid *a, const Imageid *b)
{
	return a->qidpath == b->qidpath && a->qidvers == b->qidvers && a->dev == b->dev && a->type == b->type;
}

/* The image if it is known, one reference more. (imagealloc) */
static Image *
findimage(const Imageid *id)
{
	Image *i;

	for (i = imagealloc.hash[id->qidpath % Nhash]; i != nil; i = i->hash) {
		if (sameid(&i->id, id)) {
			incref(&i->ref);
			return i;
		}
	}
	return nil;
}

Image *
attachimage(Chan *c, Imageid id)
{
	Image *i, *fresh, **h;

	fresh = mallocz(sizeof(Image), true);
	if (fresh == nil)
		return nil;
	if (imagealloc.n >= conf.nimage)
		imagereclaim(1);
	lock(&imagealloc.l);
	i = findimage(&id);
	if (i == nil) {
		fresh->ref.ref = 1;
		fresh->c = c;
		fresh->id = id;
		h = &imagealloc.hash[id.qidpath % Nhash];
		fresh->hash = *h;
		*h = fresh;
		imagealloc.n++;
	}
	unlock(&imagealloc.l);
	if (i == nil)
		return fresh;
	free(fresh);
	cclose(c);
	return i;
}

void
putimage(Image *i)
{
	decref(&i->ref);
}

Segment *
imagetext(Image *i, u64 base, u64 top, u64 fstart, u64 flen)
{
	Segment *s;

	lock(&imagealloc.l);
	s = i->s;
	if (s != nil && s->base == base && s->top == top && s->fstart == fstart && s->flen == flen)
		incref(&s->ref);
	else
		s = nil;
	unlock(&imagealloc.l);
	return s;
}

void
setimagetext(Image *i, Segment *s)
{
	lock(&imagealloc.l);
	i->s = s;
	unlock(&imagealloc.l);
}

bool
imageputtext(Segment *s)
{
	bool last;

	lock(&imagealloc.l);
	last = decref(&s->ref) == 0;
	if (last && s->image->s == s)
		s->image->s = nil;
	unlock(&imagealloc.l);
	return last;
}

/* --- pages of files ---------------------------------------------------------------------------------- */

static u64
pagekey(u64 off, u32 n)
{
	return off << (PGSHIFT + 1) | n;
}

static Page **
bucket(Image *i, u64 off)
{
	return &i->cache[(off >> PGSHIFT) % Ncache];
}

/* (l) */
static Page *
find(Image *i, u64 off, u64 key)
{
	Page *p;

	for (p = *bucket(i, off); p != nil && p->daddr != key; p = p->next)
		;
	if (p != nil)
		incpage(p);
	return p;
}

Page *
lookpage(Image *i, u64 off, u32 n)
{
	Page *p;

	lock(&i->l);
	p = find(i, off, pagekey(off, n));
	unlock(&i->l);
	return p;
}

Page *
cachepage(Image *i, Page *p, u64 off, u32 n)
{
	Page *old, **h;

	lock(&i->l);
	old = find(i, off, pagekey(off, n));
	if (old == nil) {
		h = bucket(i, off);
		p->daddr = pagekey(off, n);
		p->image = i;
		p->next = *h;
		*h = p;
		i->ncached++;
		incpage(p);
	}
	unlock(&i->l);
	if (old == nil)
		return p;
	putpage(p);
	return old;
}

/* Pages of i that only the cache holds go, at most want of them. */
static u64
dropcached(Image *i, u64 want)
{
	Page *p, **pp;
	u64 n;
	u32 b;

	n = 0;
	lock(&i->l);
	for (b = 0; b < Ncache && n < want; b++) {
		for (pp = &i->cache[b]; (p = *pp) != nil && n < want;) {
			if (p->ref != 1) {
				pp = &p->next;
				continue;
			}
			*pp = p->next;
			p->next = nil;
			p->image = nil;
			i->ncached--;
			n++;
			putpage(p);
		}
	}
	unlock(&i->l);
	return n;
}

/* Take an image that nobody uses out of the table; nil: there is none. */
static Image *
takeidle(void)
{
	Image *i, **ii;
	u32 b;

	i = nil;
	lock(&imagealloc.l);
	for (b = 0; b < Nhash && i == nil; b++) {
		for (ii = &imagealloc.hash[b]; (i = *ii) != nil; ii = &i->hash) {
			if (i->ref.ref == 0) {
				*ii = i->hash;
				imagealloc.n--;
				break;
			}
		}
	}
	unlock(&imagealloc.l);
	return i;
}

/* Pages of images in use: text that was not touched by who runs now. */
static u64
reclaimactive(u64 want)
{
	Image *i;
	u64 n;
	u32 b;

	n = 0;
	lock(&imagealloc.l);
	for (b = 0; b < Nhash && n < want; b++)
		for (i = imagealloc.hash[b]; i != nil && n < want; i = i->hash)
			n += dropcached(i, want - n);
	unlock(&imagealloc.l);
	return n;
}

u64
imagereclaim(u64 want)
{
	Image *i;
	u64 n;

	n = 0;
	while (n < want && (i = takeidle()) != nil) {
		n += dropcached(i, ~0ull);
		if (i->ncached != 0)
			panic("imagereclaim: %u pages of an idle image in use", i->ncached);
		cclose(i->c);
		free(i);
	}
	if (n < want)
		n += reclaimactive(want - n);
	return n;
}

u32
imagecount(void)
{
	return imagealloc.n;
}
