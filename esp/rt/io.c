/*
 * io.c: files and text for programs: reading whole files, printing, error strings, directory
 * records, words. Nothing is buffered: a print is one write of at most a kilobyte.
 */
#include "user.h"

enum { PRINTMAX = 1024 };

int call_seek(i64 *result, int fd, i64 off, int type);

i64
read(int fd, void *buf, u32 n)
{
	return pread(fd, buf, n, -1);
}

i64
write(int fd, const void *buf, u32 n)
{
	return pwrite(fd, buf, n, -1);
}

i64
seek(int fd, i64 off, int type)
{
	i64 at;

	return call_seek(&at, fd, off, type) < 0 ? -1 : at;
}

/* errstr exchanges: the second call puts the text back. */
const char *
lasterr(void)
{
	static char buf[ERRMAX];
	char keep[ERRMAX];

	buf[0] = 0;
	errstr(buf, ERRMAX);
	memcpy(keep, buf, ERRMAX);
	errstr(keep, ERRMAX);
	return buf;
}

void
werrstr(const char *fmt, ...)
{
	char buf[ERRMAX];
	va_list ap;

	va_start(ap, fmt);
	vsnformat(buf, sizeof buf, fmt, ap);
	va_end(ap);
	errstr(buf, ERRMAX);
}

static int
vfprint(int fd, const char *fmt, va_list ap)
{
	char buf[PRINTMAX];
	usize n = vsnformat(buf, sizeof buf, fmt, ap);

	return (int)write(fd, buf, (u32)n);
}

int
fprint(int fd, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vfprint(fd, fmt, ap);
	va_end(ap);
	return n;
}

int
print(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vfprint(1, fmt, ap);
	va_end(ap);
	return n;
}

void
fatal(const char *fmt, ...)
{
	char buf[ERRMAX];
	va_list ap;

	va_start(ap, fmt);
	vsnformat(buf, sizeof buf, fmt, ap);
	va_end(ap);
	fprint(2, "%s: %s\n", argv0, buf);
	exits(buf);
}

void
kcommand(const char *word)
{
	int fd = open("/dev/command", OWRITE);

	if (fd < 0 || write(fd, word, (u32)strlen(word)) < 0)
		fatal("%s: %s", word, lasterr());
	close(fd);
}

char *
readfile(const char *name, usize *len)
{
	usize cap = 4096, n = 0;
	char *p = malloc(cap + 1), *q;
	int fd = open(name, OREAD);
	i64 got = -1;

	while (fd >= 0 && p && (got = read(fd, p + n, (u32)(cap - n))) > 0) {
		n += (usize)got;
		if (n < cap)
			continue;
		if ((q = malloc(2 * cap + 1)))
			memcpy(q, p, n);
		free(p);
		p = q;
		cap *= 2;
	}
	if (fd >= 0)
		close(fd);
	if (got < 0 || !p) {
		free(p);
		return nil;
	}
	p[n] = 0;
	if (len)
		*len = n;
	return p;
}

i64
atoi64(const char *s)
{
	u64 v;
	bool neg;

	while (*s == ' ' || *s == '\t')
		s++;
	neg = *s == '-';
	return parseu64(s + neg, nil, 0, &v) ? (neg ? -(i64)v : (i64)v) : 0;
}

/* One word from *s, its quotes taken off in place; *s moves behind it. */
static char *
word(char **s)
{
	char *p = *s, *w = p, *d = p;
	bool quoted = false;

	for (; *p && (quoted || !strchr(" \t\n", *p)); p++) {
		if (*p != '\'')
			*d++ = *p;
		else if (quoted && p[1] == '\'')
			*d++ = *p++;
		else
			quoted = !quoted;
	}
	*s = *p ? p + 1 : p;
	*d = 0;
	return w;
}

int
tokenize(char *s, char **words, int max)
{
	int n = 0;

	for (;;) {
		while (*s && strchr(" \t\n", *s))
			s++;
		if (!*s || n == max)
			return n;
		words[n++] = word(&s);
	}
}

/* --- directory records [PLAN9-ABI 4.4] -------------------------------------------------------- */

/* A counted string at *p, before end, into d; false if it does not fit. */
static bool
getstring(const u8 **p, const u8 *end, char *d, usize n)
{
	usize len;

	if (end - *p < 2)
		return false;
	len = le16(*p);
	if ((usize)(end - *p) < len + 2 || len >= n)
		return false;
	memcpy(d, *p + 2, len);
	d[len] = 0;
	*p += 2 + len;
	return true;
}

usize
dirunpack(const u8 *p, usize n, Dir *d)
{
	const u8 *s, *end;

	if (n < STATFIXLEN || (usize)le16(p) + 2 > n || (usize)le16(p) + 2 < STATFIXLEN)
		return 0;
	end = p + le16(p) + 2;
	d->type = le16(p + 2);
	d->dev = le32(p + 4);
	d->qtype = p[8];
	d->qvers = le32(p + 9);
	d->qpath = le64(p + 13);
	d->mode = le32(p + 21);
	d->atime = le32(p + 25);
	d->mtime = le32(p + 29);
	d->length = le64(p + 33);
	s = p + 41;
	if (!getstring(&s, end, d->name, sizeof d->name) || !getstring(&s, end, d->uid, sizeof d->uid) ||
	    !getstring(&s, end, d->gid, sizeof d->gid) || !getstring(&s, end, d->muid, sizeof d->muid))
		return 0;
	return (usize)(end - p);
}

static int
unpackstat(const u8 *buf, i64 n, Dir *d)
{
	return n > 2 && dirunpack(buf, (usize)n, d) ? 0 : -1;
}

int
dirstat(const char *name, Dir *d)
{
	u8 buf[STATMAX];

	return unpackstat(buf, stat(name, buf, sizeof buf), d);
}

int
dirfstat(int fd, Dir *d)
{
	u8 buf[STATMAX];

	return unpackstat(buf, fstat(fd, buf, sizeof buf), d);
}
