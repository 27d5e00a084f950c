/*
 * log.h: the ring log and the sinks of print. One ring, in a page run allocated before the exit, is
 * written by both lives; a debugger or a later boot finds it by its magic.
 */
#pragma once

#include "u.h"

#define LOGMAGIC 0x676f6c6f67616d69ull /* "imagolog" */

typedef struct Log Log;

struct Log {
	u64 magic;
	u64 size;  /* bytes of data[] */
	u64 head;  /* bytes ever written; the newest is data[(head-1) % size] */
	u64 phase; /* id of the last phase entered (phase.h), for a reader from outside */
	u8 data[];
};

/* Make an empty log in space[0..bytes). */
void loginit(Log *l, u64 bytes);
void logwrite(Log *l, const char *s, usize n);
/* Copy out bytes from position `from` (a count of bytes ever written); moves *from past what it gave. */
usize logread(Log *l, u64 *from, char *d, usize n);

/*
 * print: one line or part of one to the ring log and to every console that is alive.
 * Any context in either life; takes the print lock unless the machine is panicking.
 */
int print(const char *fmt, ...) PRINTF(1, 2);
/* iprint: the same past all locks, polled: for panics and interrupt handlers that may hold them. */
int iprint(const char *fmt, ...) PRINTF(1, 2);
