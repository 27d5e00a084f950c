/*
 * filefake.h: one process without a kernel, so that channels, names and devices run in a host test: errors
 * are jumps, memory is the C library's and counted, sleeping locks notice being held twice, a sleep that
 * would wait is the error `interrupted`, and user memory is any memory but [BADUSER, BADUSER + 4096).
 */
#pragma once

#include "host.h"
#include "dat.h"

#define BADUSER 0x1000ull

void fakeup(void);   /* a fresh process: name space, descriptors, environment all empty */
void fakedown(void); /* what fakeup made is closed; fails the test if a lock is held or memory is left */

extern Proc fakeproc;
extern char lastnote[ERRMAX]; /* of postnote */
extern i64 fakeblocks;	      /* smalloced and not freed */

/* The statements raise an error whose text holds `text`. */
#define assert_errors(text, ...)                                                                             \
	do {                                                                                                 \
		if (!waserror()) {                                                                           \
			__VA_ARGS__;                                                                         \
			poperror();                                                                          \
			fail_msg("no error from: %s", #__VA_ARGS__);                                         \
		}                                                                                            \
		if (strstr(up->errstr, (text)) == NULL)                                                      \
			fail_msg("error \"%s\", not \"%s\"", up->errstr, (text));                            \
	} while (0)
