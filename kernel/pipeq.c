/*
 * pipeq.c: one direction of a pipe: a ring of records, each with its length before it, because a read gives
 * bytes of one write only [PLAN9-ABI 4.3]. The ring starts small and doubles, so that a pipe which
 * carries single bytes costs a kilobyte. Data goes straight between user memory and the ring.
 * Second life and host tests. No locks: devpipe.c holds its own.
 */
#include "pipeq.h"

static u32
used(const Pipeq *q)
{
	return q->wr - q->rd;
}

bool
pqroom(const Pipeq *q, u32 n)
{
	return used(q) + PQHDR + n <= PQMAX;
}

bool
pqempty(const Pipeq *q)
{
	return !q->open && q->rd == q->wr;
}

/* The ring's bytes [pos, pos + n) as at most two pieces; the length of the first. */
static u32
piece(const Pipeq *q, u32 pos, u32 n)
{
	u32 first = q->size - (pos & (q->size - 1));

	return first < n ? first : n;
}

static void
ringout(const Pipeq *q, u32 pos, u8 *d, u32 n)
{
	u32 k = piece(q, pos, n);

	memcpy(d, q->ring + (pos & (q->size - 1)), k);
	memcpy(d + k, q->ring, n - k);
}

static void
ringin(Pipeq *q, u32 pos, const u8 *s, u32 n)
{
	u32 k = piece(q, pos, n);

	memcpy(q->ring + (pos & (q->size - 1)), s, k);
	memcpy(q->ring, s + k, n - k);
}

/* A ring with room for n bytes more. */
static bool
grow(Pipeq *q, u32 n)
{
	u32 size = q->size ? q->size : PQMIN;
	u8 *ring;

	while (size < used(q) + n)
		size *= 2;
	if (size == q->size)
		return true;
	ring = malloc(size);
	if (!ring)
		return false;
	if (q->ring)
		ringout(q, q->rd, ring, used(q));
	q->wr = used(q);
	q->rd = 0;
	free(q->ring);
	q->ring = ring;
	q->size = size;
	return true;
}

int
pqput(Pipeq *q, const Buf *b, i64 at, u32 n)
{
	u32 pos, k;

	if (q->size < used(q) + PQHDR + n && !grow(q, PQHDR + n))
		return PqNomem;
	pos = q->wr + PQHDR;
	k = piece(q, pos, n);
	if (!trybufget(q->ring + (pos & (q->size - 1)), b, at, k))
		return PqBad;
	if (k < n && !trybufget(q->ring, b, at + k, n - k))
		return PqBad;
	ringin(q, q->wr, (u8 *)&n, PQHDR);
	q->wr = pos + n;
	return 0;
}

/* The record at rd is begun: its header is taken. */
static void
openrecord(Pipeq *q)
{
	ringout(q, q->rd, (u8 *)&q->left, PQHDR);
	q->rd += PQHDR;
	q->open = true;
}

i64
pqget(Pipeq *q, Buf *b, u32 n)
{
	u32 k;

	if (pqempty(q))
		return PqEmpty;
	if (!q->open)
		openrecord(q);
	if (n > q->left)
		n = q->left;
	k = piece(q, q->rd, n);
	if (!trybufput(b, 0, q->ring + (q->rd & (q->size - 1)), k))
		return PqBad;
	if (k < n && !trybufput(b, k, q->ring, n - k))
		return PqBad;
	q->rd += n;
	q->left -= n;
	q->open = q->left > 0;
	return n;
}

/* Header bytes are counted out record by record. */
u64
pqbytes(const Pipeq *q)
{
	u64 sum = q->open ? q->left : 0;
	u32 pos = q->rd + (q->open ? q->left : 0), n;

	while (pos != q->wr) {
		ringout(q, pos, (u8 *)&n, PQHDR);
		sum += n;
		pos += PQHDR + n;
	}
	return sum;
}

void
pqfree(Pipeq *q)
{
	free(q->ring);
	*q = (Pipeq){.ring = nil};
}
