/*
 * devenv.c: #e, the environment: a flat directory with a file for each variable [PLAN9-ABI 4.3], shared by
 * the processes of an environment group; #ec is the kernel's own group, its configuration. Second life, in a
 * process. A channel of #e means the group of whoever uses it, so one mount on /env serves everybody.
 * Locks: the group's l guards its list and values; user memory is copied with it held for writing or
 * reading, so that nobody sees half a value.
 */
#include "dat.h"

enum { MAXNAME = 127, MAXVALUE = 512 * 1024, MAXGROUP = 1024 * 1024 };

static Egrp confegrp = {.ref = {1}};

Egrp *
newegrp(void)
{
	Egrp *e = smalloc(sizeof *e);

	e->ref.ref = 1;
	return e;
}

void
closeegrp(Egrp *e)
{
	if (!e || decref(&e->ref) > 0)
		return;
	for (u32 i = 0; i < e->nent; i++) {
		free(e->ent[i].name);
		free(e->ent[i].value);
	}
	free(e->ent);
	free(e);
}

/* --- the list; the group is locked ------------------------------------------------------------ */

static Evalue *
byname(Egrp *e, const char *name)
{
	for (u32 i = 0; i < e->nent; i++)
		if (strcmp(e->ent[i].name, name) == 0)
			return &e->ent[i];
	return nil;
}

static Evalue *
bypath(Egrp *e, u64 path)
{
	for (u32 i = 0; i < e->nent; i++)
		if (e->ent[i].path == path)
			return &e->ent[i];
	error(Enonexist);
}

static char *
copystr(const char *s)
{
	usize n = strlen(s) + 1;

	return memcpy(smalloc(n), s, n);
}

static Evalue *
newvalue(Egrp *e, const char *name)
{
	Evalue *v;

	if (e->nent == e->cap) {
		u32 cap = e->cap ? 2 * e->cap : 16;
		Evalue *ent = smalloc(cap * sizeof *ent);
		if (e->nent)
			memcpy(ent, e->ent, e->nent * sizeof *ent);
		free(e->ent);
		e->ent = ent;
		e->cap = cap;
	}
	v = &e->ent[e->nent++];
	*v = (Evalue){.name = copystr(name), .path = ++e->path};
	return v;
}

/* Make the value n bytes long, zeroes behind what was there. */
static void
setlength(Egrp *e, Evalue *v, usize n)
{
	u8 *p;

	if (n > MAXVALUE || e->bytes - v->len + n > MAXGROUP)
		error(Etoobig);
	if (n > v->cap) {
		usize cap = n < 2 * v->cap ? 2 * v->cap : n;
		p = smalloc(cap);
		if (v->len)
			memcpy(p, v->value, v->len);
		free(v->value);
		v->value = p;
		v->cap = cap;
	} else if (n > v->len)
		memset(v->value + v->len, 0, n - v->len);
	e->bytes += n - v->len;
	v->len = n;
}

static void
dropvalue(Egrp *e, Evalue *v)
{
	e->bytes -= v->len;
	free(v->name);
	free(v->value);
	memmove(v, v + 1, (usize)(e->ent + e->nent - (v + 1)) * sizeof *v);
	e->nent--;
}

void
envcpy(Egrp *to, Egrp *from)
{
	rlock(&from->l);
	for (u32 i = 0; i < from->nent; i++) {
		Evalue *s = &from->ent[i], *d = newvalue(to, s->name);
		setlength(to, d, s->len);
		if (s->len)
			memcpy(d->value, s->value, s->len);
	}
	runlock(&from->l);
}

void
ksetenv(const char *name, const char *value, bool shared)
{
	Egrp *e = shared ? &confegrp : up->egrp;
	usize n = strlen(value);
	Evalue *v;

	wlock(&e->l);
	v = byname(e, name);
	if (!v)
		v = newvalue(e, name);
	setlength(e, v, n);
	memcpy(v->value, value, n);
	v->vers++;
	wunlock(&e->l);
}

/* --- the device ------------------------------------------------------------------------------- */

static Egrp *
group(Chan *c)
{
	return c->aux ? c->aux : up->egrp;
}

static int
envgen(Chan *c, const char *name, Dirtab *tab, int ntab, int i, Dir *dp)
{
	Egrp *e = group(c);
	Evalue *v;
	Qid q = {.type = QTFILE};
	u64 len;

	if (i == DEVDOTDOT)
		return devgen(c, name, tab, ntab, i, dp);
	rlock(&e->l);
	v = name ? byname(e, name) : (u32)i < e->nent ? &e->ent[i] : nil;
	if (!v || (name && i > 0)) {
		runlock(&e->l);
		return -1;
	}
	q.path = v->path;
	q.vers = v->vers;
	len = v->len;
	strecpy(up->genbuf, sizeof up->genbuf, v->name);
	runlock(&e->l);
	devdir(c, q, up->genbuf, len, up->user, 0666, dp);
	return 1;
}

static Chan *
envattach(const char *spec)
{
	Chan *c;

	if (*spec && strcmp(spec, "c") != 0)
		error(Ebadspec);
	c = devattach('e', spec);
	c->aux = *spec ? &confegrp : nil;
	return c;
}

static Chan *
envwalk(Chan *c, const char *name)
{
	return devwalk(c, name, nil, 0, envgen);
}

static i64
envstat(Chan *c, u8 *dp, i64 n)
{
	return devstat(c, dp, n, nil, 0, envgen);
}

/* The kernel's configuration is the host owner's to write. */
static void
mayedit(Chan *c)
{
	if (c->aux == &confegrp && strcmp(up->user, eve) != 0)
		error(Eperm);
}

static void
truncate(Egrp *e, u64 path)
{
	Evalue *v;

	wlock(&e->l);
	if (waserror()) {
		wunlock(&e->l);
		nexterror();
	}
	v = bypath(e, path);
	setlength(e, v, 0);
	v->vers++;
	poperror();
	wunlock(&e->l);
}

static Chan *
envopen(Chan *c, int omode)
{
	int mode = openmode(omode);

	if (mode != OREAD || (omode & OTRUNC))
		mayedit(c);
	if ((omode & OTRUNC) && !(c->qid.type & QTDIR))
		truncate(group(c), c->qid.path);
	c->mode = (u16)mode;
	c->flag |= COPEN;
	return c;
}

static Chan *
envcreate(Chan *c, const char *name, int omode, u32 perm)
{
	Egrp *e = group(c);
	Evalue *v;

	mayedit(c);
	if (!(c->qid.type & QTDIR) || (perm & DMDIR))
		error(Eperm);
	if (strlen(name) > MAXNAME)
		error(Etoolong);
	wlock(&e->l);
	v = byname(e, name);
	if (!v)
		v = newvalue(e, name);
	c->qid = (Qid){.path = v->path, .vers = v->vers, .type = QTFILE};
	wunlock(&e->l);
	c->mode = (u16)openmode(omode);
	c->flag |= COPEN;
	return c;
}

static void
envremove(Chan *c)
{
	Egrp *volatile e = group(c);

	if (c->qid.type & QTDIR)
		error(Eperm);
	mayedit(c);
	wlock(&e->l);
	if (waserror()) {
		wunlock(&e->l);
		nexterror();
	}
	dropvalue(e, bypath(e, c->qid.path));
	poperror();
	wunlock(&e->l);
}

static i64
envread(Chan *c, Buf *b, i64 n, i64 off)
{
	Egrp *e = group(c);
	Evalue *v;

	if (c->qid.type & QTDIR)
		return devdirread(c, b, n, nil, 0, envgen);
	rlock(&e->l);
	if (waserror()) {
		runlock(&e->l);
		nexterror();
	}
	v = bypath(e, c->qid.path);
	n = readmem(off, b, n, v->value, v->len);
	poperror();
	runlock(&e->l);
	return n;
}

static i64
envwrite(Chan *c, const Buf *b, i64 n, i64 off)
{
	Egrp *e = group(c);
	Evalue *v;

	if (off < 0 || off > MAXVALUE || n > MAXVALUE)
		error(Etoobig);
	wlock(&e->l);
	if (waserror()) {
		wunlock(&e->l);
		nexterror();
	}
	v = bypath(e, c->qid.path);
	if ((u64)(off + n) > v->len)
		setlength(e, v, (usize)(off + n));
	if (n > 0)
		bufget(v->value + off, b, 0, (usize)n);
	v->vers++;
	poperror();
	wunlock(&e->l);
	return n;
}

Dev envdevtab = {
    .dc = 'e',
    .name = "env",
    .reset = devreset,
    .init = devinit,
    .attach = envattach,
    .walk = envwalk,
    .stat = envstat,
    .open = envopen,
    .create = envcreate,
    .close = devclose,
    .read = envread,
    .write = envwrite,
    .remove = envremove,
    .wstat = devwstat,
};
