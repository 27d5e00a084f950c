/*
 * conf.c: settings: name=value lines from the load options and boot.cfg [A8]. The text is the parcel's, kept
 * for the life of the kernel; confset() cuts its lines apart in place, so nothing is allocated and
 * nothing is too many. Names are without case, later lines win, # begins a comment, blanks around name and
 * value do not count. Second life and host tests; written once, before there are processes; no locks.
 */
#include "dat.h"

static char *text; /* lines, each NUL-terminated */
static usize size;

enum { MaxAdded = 8 };
static const char *added[MaxAdded]; /* what the kernel itself knows: it wins over what is written */
static u32 nadded;

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static int
lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* A line that is neither setting, comment nor blank is the user's mistake: it is told, not swallowed. */
static void
nosetting(const char *s, u32 line)
{
	if (*s != 0 && *s != '#')
		print("conf: line %u sets nothing (name=value): %.60s\n", line, s);
}

/* The line s of n bytes becomes name=value without blanks around them, the rest NULs; all NULs: no setting.
 */
static void
tidy(char *s, usize n, u32 line)
{
	char *d = s, *end = s + n, *e, *eq;

	while (blank(*s))
		s++;
	eq = strchr(s, '=');
	if (*s == '#' || !eq || eq == s) {
		nosetting(s, line);
		memset(d, 0, n);
		return;
	}
	for (e = eq; e > s && blank(e[-1]); e--)
		;
	memmove(d, s, (usize)(e - s));
	d += e - s;
	*d++ = '=';
	for (eq++; blank(*eq); eq++)
		;
	for (e = eq + strlen(eq); e > eq && blank(e[-1]); e--)
		;
	memmove(d, eq, (usize)(e - eq));
	d += e - eq;
	memset(d, 0, (usize)(end - d));
}

void
confset(char *t, usize n)
{
	usize at = 0;
	u32 line = 1;

	text = t;
	size = 0;
	while (at < n && t[at]) {
		usize end = at;
		while (end < n && t[end] && t[end] != '\n')
			end++;
		if (end == n) /* the last byte must hold the NUL */
			break;
		bool last = t[end] == 0;
		t[end] = 0;
		tidy(t + at, end - at, line++);
		at = end + 1;
		size = at;
		if (last)
			break;
	}
}

void
confown(const char *line)
{
	assert(nadded < MaxAdded && strchr(line, '=') != nil);
	added[nadded++] = line;
}

void
confread(const BootKeep *k)
{
	if (k->conf.size > 0)
		confset(kaddr(k->conf.pa), k->conf.size);
}

/* The line after s (nil: the first) that is a setting, or nil. */
static char *
nextline(char *s)
{
	s = s ? s + strlen(s) + 1 : text;
	while (size > 0 && s < text + size) {
		if (*s)
			return s;
		s++;
	}
	return nil;
}

/* The value, if the line sets name. */
static const char *
setting(const char *line, const char *name)
{
	while (*name && lower(*line) == lower(*name)) {
		line++;
		name++;
	}
	return *name == 0 && *line == '=' ? line + 1 : nil;
}

const char *
getconf(const char *name)
{
	const char *found = nil, *v;

	for (u32 i = 0; i < nadded; i++)
		if ((v = setting(added[i], name)))
			return v;
	for (char *l = nextline(nil); l; l = nextline(l))
		if ((v = setting(l, name)))
			found = v;
	return found;
}

u64
getconfnum(const char *name, u64 dflt)
{
	const char *v = getconf(name), *end;
	u64 n;

	if (v == nil)
		return dflt;
	if (parseu64(v, &end, 0, &n) && *end == 0)
		return n;
	print("conf: %s=%.40s is no number: %llu stands\n", name, v, dflt);
	return dflt;
}

const char *
confline(u32 i)
{
	char *l = nextline(nil);

	for (; l && i > 0; i--)
		l = nextline(l);
	return l ? l : i < nadded ? added[i] : nil;
}
