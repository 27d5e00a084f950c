/*
 * stat.c: 9P stat records, the form in which directories and stat give files [PLAN9-ABI 4.4].
 * Pure: bytes to struct Dir and back; both lives and the host.
 */
#include "dat.h"

enum { /* offsets in a record */
       Stype = 2,
       Sdev = 4,
       Sqtype = 8,
       Sqvers = 9,
       Sqpath = 13,
       Smode = 21,
       Satime = 25,
       Smtime = 29,
       Slength = 33,
       Sstrings = 41,
       NSTRING = 4,
};

static void
put(u8 *p, u64 v, int n)
{
	for (int i = 0; i < n; i++)
		p[i] = (u8)(v >> 8 * i);
}

/* The four strings, in the record's order. */
static void
strings(const Dir *d, const char *s[NSTRING])
{
	s[0] = d->name;
	s[1] = d->uid;
	s[2] = d->gid;
	s[3] = d->muid;
}

usize
sizeD2M(const Dir *d)
{
	const char *s[NSTRING];
	usize n = STATFIXLEN;

	strings(d, s);
	for (int i = 0; i < NSTRING; i++)
		n += strlen(s[i]);
	return n;
}

usize
convD2M(const Dir *d, u8 *buf, usize n)
{
	const char *s[NSTRING];
	usize size = sizeD2M(d);
	u8 *p = buf + Sstrings;

	if (n < 2)
		return 0;
	put(buf, size - 2, 2);
	if (size > n)
		return 2;
	put(buf + Stype, d->type, 2);
	put(buf + Sdev, d->dev, 4);
	buf[Sqtype] = d->qid.type;
	put(buf + Sqvers, d->qid.vers, 4);
	put(buf + Sqpath, d->qid.path, 8);
	put(buf + Smode, d->mode, 4);
	put(buf + Satime, d->atime, 4);
	put(buf + Smtime, d->mtime, 4);
	put(buf + Slength, d->length, 8);
	strings(d, s);
	for (int i = 0; i < NSTRING; i++) {
		usize len = strlen(s[i]);
		put(p, len, 2);
		memcpy(p + 2, s[i], len);
		p += 2 + len;
	}
	return size;
}

/* The length of a record whose sizes fit together inside n bytes, or 0. */
static usize
statcheck(const u8 *buf, usize n)
{
	usize size, at = Sstrings;

	if (n < STATFIXLEN)
		return 0;
	size = le16(buf) + 2u;
	if (size < STATFIXLEN || size > n)
		return 0;
	for (int i = 0; i < NSTRING; i++) {
		if (at + 2 > size)
			return 0;
		at += 2u + le16(buf + at);
	}
	return at == size ? size : 0;
}

usize
convM2D(const u8 *buf, usize n, Dir *d, char *strs)
{
	const char *s[NSTRING];
	usize size = statcheck(buf, n);
	const u8 *p = buf + Sstrings;

	if (size == 0)
		return 0;
	d->type = le16(buf + Stype);
	d->dev = le32(buf + Sdev);
	d->qid = (Qid){.type = buf[Sqtype], .vers = le32(buf + Sqvers), .path = le64(buf + Sqpath)};
	d->mode = le32(buf + Smode);
	d->atime = le32(buf + Satime);
	d->mtime = le32(buf + Smtime);
	d->length = le64(buf + Slength);
	for (int i = 0; i < NSTRING; i++) {
		usize len = le16(p);
		memcpy(strs, p + 2, len);
		strs[len] = 0;
		s[i] = strs;
		strs += len + 1;
		p += 2 + len;
	}
	d->name = s[0];
	d->uid = s[1];
	d->gid = s[2];
	d->muid = s[3];
	return size;
}

/*
 * The record at buf with another name, at most n bytes of room: its new length, or 2 with the size wanted.
 * What stat() gives: the name that the caller used.
 */
usize
statrename(u8 *buf, usize size, usize n, const char *name)
{
	usize old = le16(buf + Sstrings), len = strlen(name), want = size - old + len;

	put(buf, want - 2, 2);
	if (want > n)
		return 2;
	memmove(buf + Sstrings + 2 + len, buf + Sstrings + 2 + old, size - (Sstrings + 2 + old));
	put(buf + Sstrings, len, 2);
	memcpy(buf + Sstrings + 2, name, len);
	return want;
}
