/*
 * devroot.c: #/, the root of every name space: empty directories to mount upon, and /boot with the files of
 * the initrd. Second life, in a process, but for addbootfile(), which fills /boot before there are any.
 * Files are read straight from the archive's memory. No locks: nothing changes after boot.
 */
#include "dat.h"

enum { Qroot, Qboot = 1, Qfile = 0x1000 }; /* Qfile + i: the i-th file of /boot */

typedef struct BootFile BootFile;
struct BootFile {
	const char *name;
	const u8 *data;
	usize len;
};

static struct {
	BootFile *file;
	usize n, cap;
} boot;

/* qid.path of entry i is i + 1; boot first. */
static const char *const rootdirs[] = {"boot", "bin",  "dev", "env",  "fd",  "mnt",
				       "n",    "proc", "rc",  "root", "srv", "tmp"};

static char *
keepname(const char *s)
{
	usize n = strlen(s) + 1;
	char *d = malloc(n);

	if (d)
		memcpy(d, s, n);
	return d;
}

/* More room for the list; false: no memory. */
static bool
growboot(void)
{
	usize cap = boot.cap ? 2 * boot.cap : 64;
	BootFile *f = malloc(cap * sizeof *f);

	if (!f)
		return false;
	if (boot.n)
		memcpy(f, boot.file, boot.n * sizeof *f);
	free(boot.file);
	boot.file = f;
	boot.cap = cap;
	return true;
}

/* A name that is there already gets the new bytes: later entries of an archive win. */
void
addbootfile(const char *name, const u8 *data, usize len)
{
	usize i;

	for (i = 0; i < boot.n; i++)
		if (strcmp(boot.file[i].name, name) == 0)
			break;
	if (i == boot.n) {
		char *s = keepname(name);
		if (!s || (boot.n == boot.cap && !growboot()))
			panic("devroot: no memory for /boot/%s, file %zu", name, boot.n);
		boot.file[boot.n++].name = s;
	}
	boot.file[i].data = data;
	boot.file[i].len = len;
}

static int
bootgen(Chan *c, int i, Dir *dp)
{
	if ((usize)i >= boot.n)
		return -1;
	devdir(c, (Qid){.path = Qfile + (u64)i, .vers = 0, .type = QTFILE}, boot.file[i].name,
	       boot.file[i].len, eve, 0555, dp);
	return 1;
}

static int
rootgen(Chan *c, const char *name, Dirtab *tab, int ntab, int i, Dir *dp)
{
	(void)tab, (void)ntab;
	if (i == DEVDOTDOT) {
		devdir(c, (Qid){.path = Qroot, .vers = 0, .type = QTDIR}, "/", 0, eve, 0555, dp);
		return 1;
	}
	if (c->qid.path == Qboot || c->qid.path >= Qfile)
		return bootgen(c, i, dp);
	if (c->qid.path != Qroot || i >= (int)nelem(rootdirs))
		return -1;
	if (name && strcmp(name, rootdirs[i]) != 0)
		return 0;
	devdir(c, (Qid){.path = (u64)i + 1, .vers = 0, .type = QTDIR}, rootdirs[i], 0, eve, 0555, dp);
	return 1;
}

/* A name in /boot without making a record of every file before it. */
static bool
bootlookup(const char *name, Qid *q)
{
	for (usize i = 0; i < boot.n; i++)
		if (boot.file[i].name[0] == name[0] && strcmp(boot.file[i].name, name) == 0) {
			*q = (Qid){.path = Qfile + i, .vers = 0, .type = QTFILE};
			return true;
		}
	return false;
}

static Chan *
rootattach(const char *spec)
{
	return devattach('/', spec);
}

static Chan *
rootwalk(Chan *c, const char *name)
{
	Chan *nc;
	Qid q;

	if (!name || c->qid.path != Qboot || strcmp(name, "..") == 0)
		return devwalk(c, name, nil, 0, rootgen);
	if (!bootlookup(name, &q))
		return nil;
	nc = devclone(c);
	nc->qid = q;
	return nc;
}

static i64
rootstat(Chan *c, u8 *dp, i64 n)
{
	Dir d;

	if (c->qid.path < Qfile)
		return devstat(c, dp, n, nil, 0, rootgen);
	bootgen(c, (int)(c->qid.path - Qfile), &d);
	return (i64)convD2M(&d, dp, (usize)n);
}

static Chan *
rootopen(Chan *c, int omode)
{
	devpermcheck(eve, 0555, omode);
	c->mode = (u16)openmode(omode);
	c->flag |= COPEN;
	return c;
}

static i64
rootread(Chan *c, Buf *b, i64 n, i64 off)
{
	BootFile *f;

	if (c->qid.type & QTDIR)
		return devdirread(c, b, n, nil, 0, rootgen);
	f = &boot.file[c->qid.path - Qfile];
	return readmem(off, b, n, f->data, f->len);
}

static i64
rootwrite(Chan *c, const Buf *b, i64 n, i64 off)
{
	(void)c, (void)b, (void)n, (void)off;
	error(Eperm);
}

/* One name below root mounted upon another, for the first name space. */
static void
kbind(const char *new, const char *old, int flag)
{
	Chan *n = namec(new, Abind, 0, 0), *o = namec(old, Amount, 0, 0);

	cmount(n, o, flag);
	cclose(n);
	cclose(o);
}

void
kernelnamespace(void)
{
	up->slash = namec("#/", Atodir, 0, 0);
	pathclose(up->slash->path);
	up->slash->path = newpath("/");
	up->dot = cclone(up->slash);
	kbind("#c", "/dev", MAFTER);
	kbind("#\xc2\xb6", "/dev", MAFTER);
	kbind("#P", "/dev", MAFTER);
	kbind("#d", "/fd", MREPL);
	kbind("#e", "/env", MAFTER | MCREATE);
	kbind("#p", "/proc", MREPL);
	kbind("/boot", "/bin", MBEFORE);
}

Dev rootdevtab = {
    .dc = '/',
    .name = "root",
    .reset = devreset,
    .init = devinit,
    .attach = rootattach,
    .walk = rootwalk,
    .stat = rootstat,
    .open = rootopen,
    .create = devcreate,
    .close = devclose,
    .read = rootread,
    .write = rootwrite,
    .remove = devremove,
    .wstat = devwstat,
};
