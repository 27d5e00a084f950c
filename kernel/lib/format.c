/*
 * format.c: formatted text, the heart of print. Both lives and the host; pure.
 * Takes a C format (without floating point) and a buffer; always terminates; never writes past it.
 * A verb that it does not know comes out as it is written, so that a slip shows in the log.
 */
#include "lib.h"

typedef struct Out Out;
typedef struct Spec Spec;

struct Out { /* the text so far: [d, end) with room for the NUL kept back */
	char *d, *end;
};

struct Spec { /* one verb */
	bool left, zero, alt, plus, space;
	int width, prec; /* prec -1: none given */
	int size;	 /* bytes of the argument: 1, 2, 4, 8 */
};

static void
put(Out *o, const char *s, usize n)
{
	usize room = (usize)(o->end - o->d);

	if (n > room)
		n = room;
	memcpy(o->d, s, n);
	o->d += n;
}

static void
pad(Out *o, char c, i64 n)
{
	for (; n > 0 && o->d < o->end; n--)
		*o->d++ = c;
}

/* Text in a field: cut to the precision, padded to the width. */
static void
putstring(Out *o, const Spec *f, const char *s)
{
	usize n = 0;
	i64 gap;

	if (s == nil)
		s = "<nil>";
	while (n < (usize)(f->prec < 0 ? 0x7fffffff : f->prec) && s[n] != 0)
		n++;
	gap = f->width - (i64)n;
	if (!f->left)
		pad(o, ' ', gap);
	put(o, s, n);
	if (f->left)
		pad(o, ' ', gap);
}

/* A number in a field: sign or prefix, zeros by precision or by the 0 flag, digits. */
static void
putnumber(Out *o, const Spec *f, u64 v, u32 base, bool upper, const char *prefix)
{
	char buf[24], *p = buf + sizeof buf;
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	i64 n, zeros, gap;
	usize npre = strlen(prefix);

	if (base == 10)
		for (; v > 0; v /= 10)
			*--p = (char)('0' + v % 10);
	else
		for (u32 shift = base == 16 ? 4 : 3; v > 0; v >>= shift)
			*--p = digits[v & (base - 1)];
	n = buf + (i64)sizeof buf - p;
	zeros = (f->prec < 0 ? 1 : f->prec) - n;
	if (base == 8 && f->alt && zeros <= 0)
		zeros = 1; /* C's octal prefix is a zero digit; with v == 0 there is one already */
	if (zeros < 0)
		zeros = 0;
	gap = f->width - (i64)npre - zeros - n;
	if (f->zero && !f->left && f->prec < 0 && gap > 0) {
		zeros += gap;
		gap = 0;
	}
	if (!f->left)
		pad(o, ' ', gap);
	put(o, prefix, npre);
	pad(o, '0', zeros);
	put(o, p, (usize)n);
	if (f->left)
		pad(o, ' ', gap);
}

static void
putsigned(Out *o, const Spec *f, i64 v)
{
	const char *sign = v < 0 ? "-" : f->plus ? "+" : f->space ? " " : "";

	putnumber(o, f, v < 0 ? 0 - (u64)v : (u64)v, 10, false, sign);
}

static const char *
parseflags(const char *p, Spec *f)
{
	for (;; p++)
		switch (*p) {
		case '-':
			f->left = true;
			break;
		case '0':
			f->zero = true;
			break;
		case '#':
			f->alt = true;
			break;
		case '+':
			f->plus = true;
			break;
		case ' ':
			f->space = true;
			break;
		default:
			return p;
		}
}

/* A decimal, kept small enough that no sum of two overflows. */
static const char *
parsecount(const char *p, int *n)
{
	for (*n = 0; *p >= '0' && *p <= '9'; p++)
		if (*n < 1000000)
			*n = *n * 10 + (*p - '0');
	return p;
}

/* Size letters: what width the argument was passed in. `l` is the compiler's own long. */
static const char *
parsesize(const char *p, Spec *f)
{
	f->size = sizeof(int);
	switch (*p) {
	case 'h':
		f->size = p[1] == 'h' ? 1 : 2;
		return p + (p[1] == 'h' ? 2 : 1);
	case 'l':
		f->size = p[1] == 'l' ? (int)sizeof(u64) : (int)sizeof(long);
		return p + (p[1] == 'l' ? 2 : 1);
	case 'z':
	case 't':
	case 'j':
		f->size = sizeof(u64);
		return p + 1;
	default:
		return p;
	}
}

static u64
unsignedarg(const Spec *f, va_list *ap)
{
	u64 v = f->size == 8 ? va_arg(*ap, u64) : va_arg(*ap, u32);

	return f->size == 8 ? v : v & (~0ull >> (64 - 8 * f->size));
}

static i64
signedarg(const Spec *f, va_list *ap)
{
	int drop = 64 - 8 * f->size;

	return (i64)(unsignedarg(f, ap) << drop) >> drop;
}

/* One verb with its argument; false if it is unknown. */
static bool
verb(Out *o, char c, Spec *f, va_list *ap)
{
	char one[2];
	u64 v;

	switch (c) {
	case 'd':
	case 'i':
		putsigned(o, f, signedarg(f, ap));
		return true;
	case 'u':
		putnumber(o, f, unsignedarg(f, ap), 10, false, "");
		return true;
	case 'x':
	case 'X':
		v = unsignedarg(f, ap);
		putnumber(o, f, v, 16, c == 'X', f->alt && v != 0 ? (c == 'X' ? "0X" : "0x") : "");
		return true;
	case 'o':
		putnumber(o, f, unsignedarg(f, ap), 8, false, "");
		return true;
	case 'p':
		putnumber(o, f, (u64)(uintptr)va_arg(*ap, void *), 16, false, "0x");
		return true;
	case 's':
		putstring(o, f, va_arg(*ap, const char *));
		return true;
	case 'c':
		one[0] = (char)va_arg(*ap, int);
		one[1] = 0;
		pad(o, ' ', f->left ? 0 : f->width - 1);
		put(o, one, 1);
		pad(o, ' ', f->left ? f->width - 1 : 0);
		return true;
	case '%':
		put(o, "%", 1);
		return true;
	default:
		return false;
	}
}

/* Width or precision: a decimal, or `*` from the arguments. */
static const char *
parsefield(const char *p, int *n, va_list *ap)
{
	if (*p != '*')
		return parsecount(p, n);
	*n = va_arg(*ap, int);
	if (*n > 1000000)
		*n = 1000000;
	return p + 1;
}

/* The verb at p (behind the %): gives the character behind it. */
static const char *
format1(Out *o, const char *p, va_list *ap)
{
	const char *start = p - 1;
	Spec f = {.prec = -1};

	p = parseflags(p, &f);
	p = parsefield(p, &f.width, ap);
	if (f.width < 0) {
		f.left = true;
		f.width = f.width < -1000000 ? 1000000 : -f.width;
	}
	if (*p == '.')
		p = parsefield(p + 1, &f.prec, ap);
	p = parsesize(p, &f);
	if (*p == 0 || !verb(o, *p, &f, ap))
		put(o, start, (usize)(p - start) + (*p != 0));
	return *p == 0 ? p : p + 1;
}

usize
vsnformat(char *d, usize n, const char *fmt, va_list ap)
{
	Out o = {d, d + n - 1};
	va_list args;

	if (n == 0)
		return 0;
	va_copy(args, ap); /* a va_list parameter may be an array: its address is of another type */
	for (const char *p = fmt; *p != 0;) {
		const char *text = p;
		while (*p != 0 && *p != '%')
			p++;
		put(&o, text, (usize)(p - text));
		if (*p == '%')
			p = format1(&o, p + 1, &args);
	}
	va_end(args);
	*o.d = 0;
	return (usize)(o.d - d);
}

usize
snformat(char *d, usize n, const char *fmt, ...)
{
	va_list ap;
	usize len;

	va_start(ap, fmt);
	len = vsnformat(d, n, fmt, ap);
	va_end(ap);
	return len;
}
