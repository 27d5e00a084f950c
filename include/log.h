/*
 * log.h: the ring log and the sinks of print. One ring, in a page run allocated before the exit, is
 * written by both lives; a debugger or a later boot finds it by its magic.
 */
#pragma once

#include "mach.h"

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

/* Attach the ring that print writes to; what was printed before it came goes into it. nil: detach. */
void printlog(Log *l);
/* The newest text: as logread, of the ring that print writes to. */
usize printread(u64 *from, char *d, usize n);

/* For phase(): the ring remembers where the boot is. For tests of panics: run f with print's lock held. */
void printphase(u32 ph);
void printhold(void (*f)(void));

/*
 * print: one line or part of one to the ring log and to every console that is alive.
 * Any context in either life; takes the print lock unless the machine is panicking.
 */
int print(const char *fmt, ...) PRINTF(1, 2);
/* n bytes of text as they are, like print: for who has composed them already. */
void printtext(const char *s, usize n);
/* n bytes of text as they are, to the consoles and not to the ring: what programs write to the console. */
void printbytes(const char *s, usize n);
/*
 * "log: seal <sum> bytes <n>": a checksum of all text that went out before this line, so that a saved log
 * can be trusted (efimap --check). sum = ((sum ^ word) * SEALODD) ^ (sum >> 29) for each eight bytes,
 * little-endian, the last ones filled up with zeros; carriage returns do not count.
 */
#define SEALODD 0x9e3779b97f4a7c15ull /* 2^64 over the golden ratio */
void printseal(void);
/* iprint: the same past all locks, polled: for panics and interrupt handlers that may hold them. */
int iprint(const char *fmt, ...) PRINTF(1, 2);

/* The screen as a sink of print: nothing happens before screeninit(). */
void screenputs(const char *s, usize n);

/*
 * panic: a broken promise between our own rooms. Values in the text; phase and caller are added. On a
 * stack of its own, past all locks: registers, backtrace, balance, exit status; then halt or reset.
 */
NORETURN void panic(const char *fmt, ...) PRINTF(1, 2);
NORETURN void panictrap(const Ureg *u, const char *fmt, ...) PRINTF(2, 3);
void panicreset(bool on); /* at the end reset the machine; else halt */
bool panicking(void);	  /* locks open by themselves from then on */
#ifndef __FILE_NAME__
#define __FILE_NAME__ __FILE__
#endif
#define assert(x) ((x) ? (void)0 : panic("assert: %s (%s:%d)", #x, __FILE_NAME__, __LINE__))
