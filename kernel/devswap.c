/*
 * devswap.c: #¶, the file swap: how much memory there is and who has it, in 9front's words [M4]. The text is
 * membal.c's. Second life, in a process. There is nothing to swap to: writes are refused. No locks.
 */
#include "dat.h"

enum { Qswap = 1, SWAPTEXT = 1024 };

static Dirtab swaptab[] = {{"swap", {.path = Qswap}, 0, 0664}};

static Chan *
swapattach(const char *spec)
{
	return devattach(SWAPLETTER, spec);
}

static Chan *
swapwalk(Chan *c, const char *name)
{
	return devwalk(c, name, swaptab, nelem(swaptab), devgen);
}

static i64
swapstat(Chan *c, u8 *dp, i64 n)
{
	return devstat(c, dp, n, swaptab, nelem(swaptab), devgen);
}

static Chan *
swapopen(Chan *c, int omode)
{
	return devopen(c, omode, swaptab, nelem(swaptab), devgen);
}

static i64
swapread(Chan *c, Buf *b, i64 n, i64 off)
{
	char *text;

	if (c->qid.type & QTDIR)
		return devdirread(c, b, n, swaptab, nelem(swaptab), devgen);
	text = smalloc(SWAPTEXT);
	if (waserror()) {
		free(text);
		nexterror();
	}
	n = readmem(off, b, n, text, swaptext(text, SWAPTEXT));
	poperror();
	free(text);
	return n;
}

static i64
swapwrite(Chan *c, const Buf *b, i64 n, i64 off)
{
	(void)c, (void)b, (void)n, (void)off;
	error(Eperm);
}

Dev swapdevtab = {
    .dc = SWAPLETTER,
    .name = "swap",
    .reset = devreset,
    .init = devinit,
    .attach = swapattach,
    .walk = swapwalk,
    .stat = swapstat,
    .open = swapopen,
    .create = devcreate,
    .close = devclose,
    .read = swapread,
    .write = swapwrite,
    .remove = devremove,
    .wstat = devwstat,
};
