/*
 * check.h: for the test programs: each check is one line, `ok NAME` or `not ok NAME: why`, NAME begins
 * with the requirement it covers; testend() says the sums and `done`.
 */
#pragma once

#include "user.h"

/* good, or the words why not. Gives good back. */
bool check(bool good, const char *name, const char *why, ...) PRINTF(3, 4);
NORETURN void testend(void);
/*
 * Run f in a child whose descriptor 2 is /dev/null: the text of its wait record in msg ("" if it left well);
 * f returning is leaving well.
 */
const char *inchild(void (*f)(void), char *msg, usize n);
/* Check that f's process ends with a text that holds `want`; "" wants a good end. */
void checkend(const char *name, void (*f)(void), const char *want);
/* The last error holds this text. */
bool errhas(const char *want);
/* Pages in use by users, from /dev/swap; -1: unreadable. */
i64 usedpages(void);
