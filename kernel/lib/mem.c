/*
 * mem.c: fill, copy, compare. Both lives; on the host the C library's own stand in, and the tests
 * compile this file under other names. Takes any address and length, also 0. The string
 * instructions do it on x86_64: they are the fewest instructions [SDM 1 7.3.9].
 */
#include "lib.h"

#if defined(__x86_64__)

void *
memset(void *d, int c, usize n)
{
	u8 *p = d;
	usize words = n / 8, rest = n % 8;
	u64 fill = (u8)c * 0x0101010101010101ull;

	__asm__ volatile("rep stosq" : "+D"(p), "+c"(words) : "a"(fill) : "memory");
	__asm__ volatile("rep stosb" : "+D"(p), "+c"(rest) : "a"(fill) : "memory");
	return d;
}

void *
memcpy(void *d, const void *s, usize n)
{
	u8 *p = d;
	const u8 *q = s;
	usize words = n / 8, rest = n % 8;

	__asm__ volatile("rep movsq" : "+D"(p), "+S"(q), "+c"(words) : : "memory");
	__asm__ volatile("rep movsb" : "+D"(p), "+S"(q), "+c"(rest) : : "memory");
	return d;
}

#else

/* By words where both ends allow it: devices, and processors that are strict, want aligned ones. */
static bool
aligned(const void *a, const void *b)
{
	return (((uintptr)a | (uintptr)b) & 7) == 0;
}

void *
memset(void *d, int c, usize n)
{
	volatile u8 *p = d;
	u64 fill = (u8)c * 0x0101010101010101ull;

	for (; aligned(d, d) && n >= 8; n -= 8, p += 8)
		*(volatile u64 *)p = fill;
	for (; n > 0; n--)
		*p++ = (u8)c;
	return d;
}

void *
memcpy(void *d, const void *s, usize n)
{
	volatile u8 *p = d;
	const u8 *q = s;

	for (; aligned(d, s) && n >= 8; n -= 8, p += 8, q += 8)
		*(volatile u64 *)p = *(const u64 *)(const void *)q;
	for (; n > 0; n--)
		*p++ = *q++;
	return d;
}

#endif

/* Like memcpy, and right when the two overlap. */
void *
memmove(void *d, const void *s, usize n)
{
	volatile u8 *p = d;
	const u8 *q = s;

	if ((uintptr)d - (uintptr)s >= n)
		return memcpy(d, s, n); /* d below s, or behind its end: forward is safe */
	while (n-- > 0)
		p[n] = q[n];
	return d;
}

int
memcmp(const void *a, const void *b, usize n)
{
	const u8 *p = a, *q = b;

	for (usize i = 0; i < n; i++)
		if (p[i] != q[i])
			return p[i] < q[i] ? -1 : 1;
	return 0;
}
