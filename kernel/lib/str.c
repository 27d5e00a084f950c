/*
 * str.c: NUL-terminated strings. Both lives; on the host only strecpy is taken, the rest is the C
 * library's (the tests compile them under other names). No state.
 */
#include "lib.h"

#if !defined(IMAGO_HOST) || defined(STRTEST)

usize
strlen(const char *s)
{
	const char *p = s;

	while (*p != 0)
		p++;
	return (usize)(p - s);
}

int
strcmp(const char *a, const char *b)
{
	return strncmp(a, b, ~(usize)0);
}

int
strncmp(const char *a, const char *b, usize n)
{
	for (usize i = 0; i < n; i++) {
		if (a[i] != b[i])
			return (u8)a[i] < (u8)b[i] ? -1 : 1;
		if (a[i] == 0)
			break;
	}
	return 0;
}

char *
strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (*s == 0)
			return nil;
	return (char *)(uintptr)s;
}

char *
strstr(const char *s, const char *t)
{
	usize n = strlen(t);

	for (; strncmp(s, t, n) != 0; s++)
		if (*s == 0)
			return nil;
	return (char *)(uintptr)s;
}

#endif

/* A byte that continues a UTF-8 character. */
static bool
continues(char c)
{
	return ((u8)c & 0xc0) == 0x80;
}

usize
strecpy(char *d, usize n, const char *s)
{
	usize len = strlen(s), take = len;

	if (n == 0)
		return len;
	if (take > n - 1) {
		take = n - 1;
		while (take > 0 && continues(s[take]))
			take--;
	}
	memmove(d, s, take);
	d[take] = 0;
	return len;
}
