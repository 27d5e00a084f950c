/*
 * pipeq.h: one direction of a pipe: records in a ring.
 */
#pragma once

#include "dat.h"

enum {
	PQMIN = 1024,	      /* bytes of the first ring */
	PQMAX = 256 * 1024,   /* of the largest */
	PQATOMIC = 64 * 1024, /* largest record: longer writes are split */
	PQHDR = 4,	      /* before each record: its length */
};

typedef struct Pipeq Pipeq;
struct Pipeq {	  /* rd and wr run on for ever; wr - rd bytes are used */
	u8 *ring; /* malloced, or nil before the first write */
	u32 size; /* a power of two */
	u32 rd, wr;
	u32 left;  /* bytes of the record at rd that nobody read yet; header is gone */
	bool open; /* left is valid: a record is being read */
};

/* Can a record of n bytes (<= PQATOMIC) go in, as the ring is or made larger? False: wait for a reader. */
bool pqroom(const Pipeq *q, u32 n);
/*
 * Put a record in; pqroom was asked. PqNomem: no memory for a larger ring; PqBad: bad user memory. Both leave
 * q as it was.
 */
enum { PqBad = -1, PqNomem = -2, PqEmpty = -3 };
int pqput(Pipeq *q, const Buf *b, i64 at, u32 n) MUSTUSE;
bool pqempty(const Pipeq *q);
/* Up to n bytes of the first record: how many (0: an empty record). PqEmpty; PqBad, and q is as it was. */
i64 pqget(Pipeq *q, Buf *b, u32 n) MUSTUSE;
u64 pqbytes(const Pipeq *q); /* data that readers may have */
void pqfree(Pipeq *q);
