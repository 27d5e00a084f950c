/*
 * devarch.c: #P, files about this kind of machine. A port adds its own with addarchfile(); cputype is always
 * there [M1]. Second life; files are added before there are processes and never go. No locks.
 */
#include "dat.h"

enum { MAXARCH = 16, ARCHTEXT = 512 };

static struct {
	Dirtab tab[MAXARCH];
	Archtext *text[MAXARCH];
	int n;
} arch;

void
addarchfile(const char *name, u32 perm, Archtext *text)
{
	Dirtab *d = &arch.tab[arch.n];

	if (arch.n == MAXARCH)
		panic("addarchfile: %s is one more than %d", name, MAXARCH);
	for (int i = 0; i < arch.n; i++)
		if (strcmp(arch.tab[i].name, name) == 0)
			panic("addarchfile: %s is there already", name);
	strecpy(d->name, sizeof d->name, name);
	d->qid = (Qid){.path = (u64)arch.n + 1, .vers = 0, .type = QTFILE};
	d->perm = perm;
	arch.text[arch.n++] = text;
}

static usize
cputype(char *d, usize n)
{
	char name[64];

	cpuname(name, sizeof name);
	return snformat(d, n, "%s %llu\n", name, machp()->cyclehz / 1000000);
}

static void
archreset(void)
{
	addarchfile("cputype", 0444, cputype);
}

static Chan *
archattach(const char *spec)
{
	return devattach('P', spec);
}

static Chan *
archwalk(Chan *c, const char *name)
{
	return devwalk(c, name, arch.tab, arch.n, devgen);
}

static i64
archstat(Chan *c, u8 *dp, i64 n)
{
	return devstat(c, dp, n, arch.tab, arch.n, devgen);
}

static Chan *
archopen(Chan *c, int omode)
{
	return devopen(c, omode, arch.tab, arch.n, devgen);
}

static i64
archread(Chan *c, Buf *b, i64 n, i64 off)
{
	char text[ARCHTEXT];

	if (c->qid.type & QTDIR)
		return devdirread(c, b, n, arch.tab, arch.n, devgen);
	return readmem(off, b, n, text, arch.text[c->qid.path - 1](text, sizeof text));
}

static i64
archwrite(Chan *c, const Buf *b, i64 n, i64 off)
{
	(void)c, (void)b, (void)n, (void)off;
	error(Eperm);
}

Dev archdevtab = {
    .dc = 'P',
    .name = "arch",
    .reset = archreset,
    .init = devinit,
    .attach = archattach,
    .walk = archwalk,
    .stat = archstat,
    .open = archopen,
    .create = devcreate,
    .close = devclose,
    .read = archread,
    .write = archwrite,
    .remove = devremove,
    .wstat = devwstat,
};
