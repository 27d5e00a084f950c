/*
 * host.h: what every host test includes first: cmocka, and the few words of the kernel that a pure
 * file may call (print, panic, locks), kept by hostlib.c. Every definition there is weak: a test that
 * compiles the real file gets the real one.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "u.h"
#include "lib.h"

/* Everything printed since hostclear(), cut at 1 MiB. */
extern char hostlog[];
void hostclear(void);
/* Does the log hold this text? */
bool hostsaid(const char *text);

/* A fixed pseudo-random sequence (splitmix64): the same on every machine. */
u64 hostrand(u64 *state);

extern jmp_buf hostpanicjmp;
extern bool hostpanicarmed;
extern char hostpanictext[1024];

/* The statements panic, and the panic's text holds `text`. */
#define assert_panics(text, ...)                                                                             \
	do {                                                                                                 \
		hostpanicarmed = true;                                                                       \
		if (setjmp(hostpanicjmp) == 0) {                                                             \
			__VA_ARGS__;                                                                         \
			hostpanicarmed = false;                                                              \
			fail_msg("no panic from: %s", #__VA_ARGS__);                                         \
		}                                                                                            \
		hostpanicarmed = false;                                                                      \
		if (strstr(hostpanictext, (text)) == NULL)                                                   \
			fail_msg("panic says \"%s\", not \"%s\"", hostpanictext, (text));                    \
	} while (0)

/* Number of spin locks now held: 0 at the end of every test that takes some. */
extern int hostlocks;
