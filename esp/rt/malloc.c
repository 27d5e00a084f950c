/*
 * malloc.c: memory for small programs: one list of free pieces, first fit, neighbours joined on free;
 * what is missing comes from the end of bss through brk_. Single-threaded.
 */
#include "user.h"

typedef struct Piece Piece;
struct Piece {	    /* before each block */
	usize size; /* with this header, a multiple of 16 */
	Piece *next;
};

enum { GROW = 65536 };

extern char end[]; /* the linker's: end of bss */

static char *brkend = end;
static Piece *freelist; /* by address */

void *
sbrk(i64 n)
{
	char *old = brkend;

	if (n != 0 && brk_(brkend + n) < 0)
		return nil;
	brkend += n;
	return old;
}

void
free(void *v)
{
	Piece *p = (Piece *)v - 1, **l = &freelist, *before = nil;

	if (!v)
		return;
	for (; *l && *l < p; l = &(*l)->next)
		before = *l;
	p->next = *l;
	*l = p;
	if (p->next && (char *)p + p->size == (char *)p->next) {
		p->size += p->next->size;
		p->next = p->next->next;
	}
	if (before && (char *)before + before->size == (char *)p) {
		before->size += p->size;
		before->next = p->next;
	}
}

static bool
grow(usize want)
{
	Piece *p;
	usize n = roundup(want, GROW);

	if (((uintptr)brkend & 15) && !sbrk(16 - (i64)((uintptr)brkend & 15)))
		return false;
	p = n < want ? nil : sbrk((i64)n);
	if (!p)
		return false;
	p->size = n;
	free(p + 1);
	return true;
}

/* Cut n bytes off the piece at *l and take them. */
static void *
take(Piece **l, usize n)
{
	Piece *p = *l, *rest;

	if (p->size - n < 2 * sizeof(Piece)) {
		*l = p->next;
	} else {
		rest = (Piece *)((char *)p + n);
		rest->size = p->size - n;
		rest->next = p->next;
		*l = rest;
		p->size = n;
	}
	return memset(p + 1, 0, p->size - sizeof(Piece));
}

void *
malloc(usize n)
{
	usize want = roundup(n + sizeof(Piece), 16);

	if (want < n)
		return nil;
	do {
		for (Piece **l = &freelist; *l; l = &(*l)->next)
			if ((*l)->size >= want)
				return take(l, want);
	} while (grow(want));
	return nil;
}
