/*
 * hostlib.c: the harness under every host test: print into memory, panic as a jump that a test can
 * expect, locks that notice being taken twice. All weak, so that the real file wins where a test
 * compiles it.
 */
#include "host.h"
#include "mm.h"
#include "log.h"
#include "phase.h"

#include <stdio.h>

#define WEAK __attribute__((weak))

enum { LogMax = 1 << 20 };

char hostlog[LogMax];
static usize hostloglen;
jmp_buf hostpanicjmp;
bool hostpanicarmed;
char hostpanictext[1024];
int hostlocks;
WEAK Mach hostmach = {.self = &hostmach};
_Thread_local Mach *hostmachp;

void
hostclear(void)
{
	hostloglen = 0;
	hostlog[0] = 0;
}

bool
hostsaid(const char *text)
{
	return strstr(hostlog, text) != NULL;
}

u64
hostrand(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static int
vappend(const char *fmt, va_list ap)
{
	usize room = LogMax - hostloglen;
	int n = vsnprintf(hostlog + hostloglen, room, fmt, ap);

	if (n > 0)
		hostloglen += (usize)n < room ? (usize)n : room - 1;
	return n;
}

WEAK int
print(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vappend(fmt, ap);
	va_end(ap);
	return n;
}

WEAK int
iprint(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vappend(fmt, ap);
	va_end(ap);
	return n;
}

WEAK NORETURN void
panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(hostpanictext, sizeof hostpanictext, fmt, ap);
	va_end(ap);
	if (hostpanicarmed)
		longjmp(hostpanicjmp, 1);
	fprintf(stderr, "panic: %s\n", hostpanictext);
	abort();
}

WEAK void
lock(Lock *l)
{
	if (l->key != 0)
		panic("lock: taken twice");
	l->key = 1;
	hostlocks++;
}

WEAK bool
canlock(Lock *l)
{
	if (l->key != 0)
		return false;
	lock(l);
	return true;
}

WEAK void
unlock(Lock *l)
{
	if (l->key == 0)
		panic("unlock: not locked");
	l->key = 0;
	hostlocks--;
}

WEAK void
ilock(Lock *l)
{
	lock(l);
}

WEAK void
iunlock(Lock *l)
{
	unlock(l);
}

WEAK void
printseal(void)
{
}

WEAK bool
phaseinject(const char *text)
{
	return text != NULL;
}
