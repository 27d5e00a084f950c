/*
 * number.c: numbers from text. Both lives and the host; pure.
 */
#include "lib.h"

/* Value of a digit of any base up to 16; 16 if it is none. */
static u32
digit(char c)
{
	if (c >= '0' && c <= '9')
		return (u32)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (u32)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (u32)(c - 'A') + 10;
	return 16;
}

/* Does text begin with 0x and a digit? */
static bool
hexprefix(const char *s)
{
	return s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && digit(s[2]) < 16;
}

/* *end is the first character behind the number; set (to s) even on failure; may be nil. */
bool
parseu64(const char *s, const char **end, int base, u64 *v)
{
	u64 sum = 0;
	bool ok = false, over = false;

	if ((base == 0 || base == 16) && hexprefix(s)) {
		s += 2;
		base = 16;
	}
	if (base == 0)
		base = 10;
	for (u32 d; (d = digit(*s)) < (u32)base; s++) {
		ok = true;
		over = over || __builtin_mul_overflow(sum, (u64)base, &sum) ||
		       __builtin_add_overflow(sum, d, &sum);
	}
	if (end != nil)
		*end = s;
	if (ok && !over)
		*v = sum;
	return ok && !over;
}
