/*
 * devcons.c: #c, the console and the small files about the machine and the process [PLAN9-ABI 4.2].
 * Each file is a row: name, mode, what reads it, what writes it. Second life, in a process; conscmd in
 * command.c, time in tod.c, lines in line.c.
 * Locks: cons.l (an ilock: characters come from interrupts) guards what was typed; the reader holds
 * cons.reading while it waits, so that lines go to one reader at a time.
 */
#include "dat.h"
#include "line.h"

enum { RINGSIZE = 16384, NUMBER = 12, VLNUMBER = 22, MAXTEXT = 1024, ENDOFFILE = 4 };

char eve[KNAMELEN] = "glenda";
static char sysname[KNAMELEN] = "imago";

static struct {
	Lock l;
	Line line;	   /* (l) being typed */
	u8 ring[RINGSIZE]; /* (l) typed and ready: whole lines, or anything when raw */
	u32 rd, wr;	   /* (l) */
	u64 dropped;	   /* (l) characters for which there was no room */
	bool raw;	   /* (l) */
	u32 noteid;	   /* (l) whom ^C interrupts: the group of the last reader */
	u32 ctlopen;	   /* (l) open consctl channels: the last close turns raw off */
	QLock reading;
	Rendez ready;
} cons;

/* --- input -----------------------------------------------------------------------------------------------
 */

/* Into the ring (locked). */
static void
ringput(int c)
{
	if (cons.wr - cons.rd == RINGSIZE) {
		cons.dropped++;
		return;
	}
	cons.ring[cons.wr++ % RINGSIZE] = (u8)c;
}

/* The line is whole (locked): to the ring, all of it or nothing. */
static void
lineready(int end)
{
	if (RINGSIZE - (cons.wr - cons.rd) < cons.line.n + 1)
		cons.dropped += cons.line.n;
	else
		for (u32 i = 0; i < cons.line.n; i++)
			ringput(cons.line.text[i]);
	if (end)
		ringput(end);
	cons.line.n = 0;
}

static void
interrupt(u32 noteid)
{
	Proc *p = up;

	if (noteid == 0)
		return;
	postnotepg(noteid, "interrupt", NUser);
	if (p && p->noteid == noteid)
		postnote(p, "interrupt", NUser);
}

void
conschar(int c)
{
	enum LineEvent ev = LineMore;
	Echo echo = {.n = 0};
	u32 noteid;

	ilock(&cons.l);
	noteid = cons.noteid;
	if (cons.raw)
		ringput(c);
	else
		ev = linechar(&cons.line, c, &echo);
	if (ev == LineDone)
		lineready(0);
	if (ev == LineEof)
		lineready(ENDOFFILE);
	iunlock(&cons.l);
	if (echo.n > 0)
		printbytes(echo.text, echo.n);
	if (ev == LineIntr)
		interrupt(noteid);
	else
		wakeup(&cons.ready);
}

static bool
inputready(void *arg)
{
	(void)arg;
	return cons.rd != cons.wr;
}

/* Up to n characters, in cooked mode no further than one line; an end of file is taken and not given. */
static i64
take(u8 *d, i64 n)
{
	i64 i = 0;

	ilock(&cons.l);
	while (i < n && cons.rd != cons.wr) {
		u8 c = cons.ring[cons.rd++ % RINGSIZE];
		if (!cons.raw && c == ENDOFFILE)
			break;
		d[i++] = c;
		if (!cons.raw && c == '\n')
			break;
	}
	iunlock(&cons.l);
	return i;
}

static i64
readcons(Chan *c, Buf *b, i64 n, i64 off)
{
	u8 text[256];

	(void)c, (void)off;
	ilock(&cons.l);
	cons.noteid = up->noteid;
	iunlock(&cons.l);
	if (!eqlock(&cons.reading))
		error(Eintr);
	if (waserror()) {
		qunlock(&cons.reading);
		nexterror();
	}
	while (!inputready(nil))
		sleep(&cons.ready, inputready, nil);
	n = take(text, n < (i64)sizeof text ? n : (i64)sizeof text);
	poperror();
	qunlock(&cons.reading);
	bufput(b, 0, text, (usize)n);
	return n;
}

static i64
writecons(Chan *c, const Buf *b, i64 n, i64 off)
{
	char text[128];

	(void)c, (void)off;
	for (i64 done = 0, k; done < n; done += k) {
		k = n - done < (i64)sizeof text ? n - done : (i64)sizeof text;
		bufget(text, b, done, (usize)k);
		printbytes(text, (usize)k);
	}
	return n;
}

static i64
writeconsctl(Chan *c, const Buf *b, i64 n, i64 off)
{
	char cmd[32];
	bool on;

	(void)c, (void)off;
	writestr(cmd, sizeof cmd, b, n);
	on = strcmp(cmd, "rawon") == 0;
	if (!on && strcmp(cmd, "rawoff") != 0)
		error(Ebadctl);
	ilock(&cons.l);
	cons.raw = on;
	if (on)
		lineready(0);
	iunlock(&cons.l);
	return n;
}

/* consctl is counted while it is open: raw mode does not outlive who asked for it. */
static void
countctl(int d)
{
	ilock(&cons.l);
	cons.ctlopen += (u32)d;
	if (cons.ctlopen == 0)
		cons.raw = false;
	iunlock(&cons.l);
}

/* --- the log -----------------------------------------------------------------------------------------------
 */

/* kmesg: what the ring still has, from its oldest byte on. */
static i64
readkmesg(Chan *c, Buf *b, i64 n, i64 off)
{
	char text[256];
	i64 done = 0;
	u64 from = 0, want;

	(void)c;
	printread(&from, text, 0); /* moves from to the oldest byte */
	from += (u64)off;
	while (done < n) {
		usize k = n - done < (i64)sizeof text ? (usize)(n - done) : sizeof text;
		want = from;
		k = printread(&from, text, k);
		if (k == 0 || from < want) /* the end, or beyond it */
			break;
		bufput(b, done, text, k);
		done += (i64)k;
	}
	return done;
}

/* kprint: what is printed from the open on; waits for it, looking twenty times a second. */
static i64
readkprint(Chan *c, Buf *b, i64 n, i64 off)
{
	char text[256];
	usize got;

	(void)off;
	if (n > (i64)sizeof text)
		n = sizeof text;
	while ((got = printread(&c->devoffset, text, (usize)n)) == 0)
		tsleep(&up->sleep, returnfalse, nil, 50);
	bufput(b, 0, text, got);
	return (i64)got;
}

/* Where kprint begins: the newest byte. */
static void
skiplog(Chan *c)
{
	char text[256];

	while (printread(&c->devoffset, text, sizeof text) > 0)
		;
}

/* --- numbers ---------------------------------------------------------------------------------- */

/* A number in a field of `width`, its last byte a blank; the new end. */
static char *
putnum(char *d, u64 v, int width)
{
	return d + snformat(d, (usize)width + 1, "%*llu ", width - 1, v);
}

static i64
readnum(Buf *b, i64 n, i64 off, u64 v)
{
	char text[NUMBER + 1];

	putnum(text, v, NUMBER);
	return readstr(off, b, n, text);
}

static i64
readpid(Chan *c, Buf *b, i64 n, i64 off)
{
	(void)c;
	return readnum(b, n, off, up->pid);
}

static i64
readppid(Chan *c, Buf *b, i64 n, i64 off)
{
	(void)c;
	return readnum(b, n, off, up->parentpid);
}

static i64
readcputime(Chan *c, Buf *b, i64 n, i64 off)
{
	char text[NPROCTIME * NUMBER + 1], *p = text;
	u64 t[NPROCTIME];

	(void)c;
	proctimes(up, t);
	for (int i = 0; i < NPROCTIME; i++)
		p = putnum(p, t[i], NUMBER);
	return readstr(off, b, n, text);
}

static i64
readsysstat(Chan *c, Buf *b, i64 n, i64 off)
{
	char text[10 * NUMBER + 2], *p = text;
	Mach *m = machp();
	u64 v[] = {m->machno, m->cs, m->intr, m->syscall, m->pfault, m->tlbfault, m->tlbpurge, m->load, 0, 0};

	(void)c;
	for (usize i = 0; i < nelem(v); i++)
		p = putnum(p, v[i], NUMBER);
	strecpy(p, 2, "\n");
	return readstr(off, b, n, text);
}

/* --- time ------------------------------------------------------------------------------------- */

static i64
readtime(Chan *c, Buf *b, i64 n, i64 off)
{
	char text[NUMBER + 3 * VLNUMBER + 1], *p = text;
	u64 now = todns();

	(void)c;
	p = putnum(p, now / 1000000000, NUMBER);
	p = putnum(p, now, VLNUMBER);
	p = putnum(p, cycles(), VLNUMBER);
	putnum(p, machp()->cyclehz, VLNUMBER);
	return readstr(off, b, n, text);
}

static i64
writetime(Chan *c, const Buf *b, i64 n, i64 off)
{
	char text[NUMBER + VLNUMBER];
	const char *end;
	u64 s;

	(void)c, (void)off;
	writestr(text, sizeof text, b, n);
	if (!parseu64(text, &end, 10, &s) || s > ~0ull / 1000000000)
		error(Ebadarg);
	todset(s * 1000000000);
	return n;
}

static void
putbe64(u8 *p, u64 v)
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		p[i] = (u8)v;
}

/* Big-endian: time of day, ticks, their frequency, and monotone time, as many as fit [PLAN9-ABI 3.4]. */
static i64
readbintime(Chan *c, Buf *b, i64 n, i64 off)
{
	u8 text[32];
	u64 mono = nanosec();

	(void)c, (void)off;
	putbe64(text, todns());
	putbe64(text + 8, cycles());
	putbe64(text + 16, machp()->cyclehz);
	putbe64(text + 24, mono ? mono : 1);
	if (n > (i64)sizeof text)
		n = sizeof text;
	n &= ~7ll;
	if (n == 0)
		error(Etoosmall);
	bufput(b, 0, text, (usize)n);
	return n;
}

/* --- names and other texts -------------------------------------------------------------------- */

static i64
readsysname(Chan *c, Buf *b, i64 n, i64 off)
{
	(void)c;
	return readstr(off, b, n, sysname);
}

static i64
writesysname(Chan *c, const Buf *b, i64 n, i64 off)
{
	char name[KNAMELEN];

	(void)c, (void)off;
	if (n >= (i64)sizeof name || writestr(name, sizeof name, b, n) == 0)
		error(Ebadarg);
	memcpy(sysname, name, sizeof name);
	return n;
}

static i64
readuser(Chan *c, Buf *b, i64 n, i64 off)
{
	(void)c;
	return readstr(off, b, n, up->user);
}

/* Who writes here becomes none, and cannot become anyone else. */
static i64
writeuser(Chan *c, const Buf *b, i64 n, i64 off)
{
	char name[KNAMELEN];

	(void)c, (void)off;
	writestr(name, sizeof name, b, n);
	if (strcmp(name, "none") != 0)
		error(Eperm);
	strecpy(up->user, sizeof up->user, name);
	return n;
}

static i64
readhostowner(Chan *c, Buf *b, i64 n, i64 off)
{
	(void)c;
	return readstr(off, b, n, eve);
}

static i64
readosversion(Chan *c, Buf *b, i64 n, i64 off)
{
	(void)c;
	return readstr(off, b, n, "2000");
}

static i64
readdrivers(Chan *c, Buf *b, i64 n, i64 off)
{
	char text[MAXTEXT / 2];
	usize len = 0;

	(void)c;
	for (int i = 0; devtab[i]; i++) {
		u32 dc = devtab[i]->dc;
		char letter[3] = {(char)dc, 0, 0};
		if (dc >= 0x80) {
			letter[0] = (char)(0xc0 | dc >> 6);
			letter[1] = (char)(0x80 | (dc & 0x3f));
		}
		len += snformat(text + len, sizeof text - len, "#%s %s\n", letter, devtab[i]->name);
	}
	return readmem(off, b, n, text, len);
}

/* The settings as they came, one a line. */
static i64
readconfig(Chan *c, Buf *b, i64 n, i64 off)
{
	i64 at = 0, done = 0;
	const char *l;

	(void)c;
	for (u32 i = 0; (l = confline(i)) && done < n; i++) {
		usize len = strlen(l);
		for (usize j = 0; j <= len && done < n; j++, at++)
			if (at >= off)
				bufput(b, done++, j < len ? l + j : "\n", 1);
	}
	return done;
}

static i64
readnull(Chan *c, Buf *b, i64 n, i64 off)
{
	(void)c, (void)b, (void)n, (void)off;
	return 0;
}

static i64
writenull(Chan *c, const Buf *b, i64 n, i64 off)
{
	(void)c, (void)b, (void)off;
	return n;
}

static i64
readzero(Chan *c, Buf *b, i64 n, i64 off)
{
	(void)c, (void)off;
	bufzero(b, 0, (usize)n);
	return n;
}

static i64
readrandom(Chan *c, Buf *b, i64 n, i64 off)
{
	u8 block[32];

	(void)c, (void)off;
	for (i64 done = 0, k; done < n; done += k) {
		k = n - done < (i64)sizeof block ? n - done : (i64)sizeof block;
		randomblock(block);
		bufput(b, done, block, (usize)k);
	}
	return n;
}

static i64
writecommand(Chan *c, const Buf *b, i64 n, i64 off)
{
	char cmd[128];

	(void)c, (void)off;
	writestr(cmd, sizeof cmd, b, n);
	command(cmd);
	return n;
}

/* The walker's page for the address written: in the kernel's tables, or the process's own. */
static i64
readwalk(Chan *c, Buf *b, i64 n, i64 off)
{
	char *text = smalloc(WALKTEXT);
	Ptab tab = *kernptab();

	if (waserror()) {
		free(text);
		nexterror();
	}
	if (c->devoffset < USTKTOP)
		tab.root = up->space.root;
	n = readmem(off, b, n, text, walktext(&tab, balledger(), c->devoffset, text, WALKTEXT));
	poperror();
	free(text);
	return n;
}

/* The address that reads of this channel show. */
static i64
writewalk(Chan *c, const Buf *b, i64 n, i64 off)
{
	char text[32];
	const char *end;
	u64 va;

	(void)off;
	writestr(text, sizeof text, b, n);
	if (!parseu64(text, &end, 16, &va))
		error(Ebadarg);
	c->devoffset = va;
	return n;
}

static i64
noread(Chan *c, Buf *b, i64 n, i64 off)
{
	(void)c, (void)b, (void)n, (void)off;
	error(Eperm);
}

static i64
nowrite(Chan *c, const Buf *b, i64 n, i64 off)
{
	(void)c, (void)b, (void)n, (void)off;
	error(Eperm);
}

/* --- the device ------------------------------------------------------------------------------- */

typedef struct Consfile Consfile;
struct Consfile {
	const char *name;
	u32 perm;
	i64 (*read)(Chan *, Buf *, i64, i64);
	i64 (*write)(Chan *, const Buf *, i64, i64);
};

static const Consfile files[] = {
    /* qid.path is the index + 1 */
    {"bintime", 0664, readbintime, writetime},
    {"command", 0220, noread, writecommand},
    {"config", 0444, readconfig, nowrite},
    {"cons", 0660, readcons, writecons},
    {"consctl", 0220, noread, writeconsctl},
    {"cputime", 0444, readcputime, nowrite},
    {"drivers", 0444, readdrivers, nowrite},
    {"hostowner", 0444, readhostowner, nowrite},
    {"kmesg", 0440, readkmesg, nowrite},
    {"kprint", 0440, readkprint, nowrite},
    {"null", 0666, readnull, writenull},
    {"osversion", 0444, readosversion, nowrite},
    {"pid", 0444, readpid, nowrite},
    {"ppid", 0444, readppid, nowrite},
    {"random", 0444, readrandom, nowrite},
    {"reboot", 0220, noread, writecommand},
    {"sysname", 0664, readsysname, writesysname},
    {"sysstat", 0664, readsysstat, writenull},
    {"time", 0664, readtime, writetime},
    {"user", 0666, readuser, writeuser},
    {"walk", 0660, readwalk, writewalk},
    {"zero", 0444, readzero, nowrite},
};

static const Consfile *
fileof(Chan *c)
{
	return &files[c->qid.path - 1];
}

static bool
isctl(Chan *c)
{
	return !(c->qid.type & QTDIR) && fileof(c)->write == writeconsctl;
}

static int
consgen(Chan *c, const char *name, Dirtab *tab, int ntab, int i, Dir *dp)
{
	if (i == DEVDOTDOT)
		return devgen(c, name, tab, ntab, i, dp);
	if (i >= (int)nelem(files))
		return -1;
	if (name && strcmp(name, files[i].name) != 0)
		return 0;
	devdir(c, (Qid){.path = (u64)i + 1, .vers = 0, .type = QTFILE}, files[i].name, 0, eve, files[i].perm,
	       dp);
	return 1;
}

/* Settings that name things: sysname, user. */
static void
consreset(void)
{
	const char *v;

	if ((v = getconf("sysname")) && *v)
		strecpy(sysname, sizeof sysname, v);
	if ((v = getconf("user")) && *v)
		strecpy(eve, sizeof eve, v);
}

static Chan *
consattach(const char *spec)
{
	return devattach('c', spec);
}

static Chan *
conswalk(Chan *c, const char *name)
{
	return devwalk(c, name, nil, 0, consgen);
}

static i64
consstat(Chan *c, u8 *dp, i64 n)
{
	return devstat(c, dp, n, nil, 0, consgen);
}

static Chan *
consopen(Chan *c, int omode)
{
	c = devopen(c, omode, nil, 0, consgen);
	if (isctl(c))
		countctl(1);
	if (!(c->qid.type & QTDIR) && fileof(c)->read == readkprint)
		skiplog(c);
	return c;
}

static void
consclose(Chan *c)
{
	if ((c->flag & COPEN) && isctl(c))
		countctl(-1);
}

static i64
consread(Chan *c, Buf *b, i64 n, i64 off)
{
	if (c->qid.type & QTDIR)
		return devdirread(c, b, n, nil, 0, consgen);
	return fileof(c)->read(c, b, n, off);
}

static i64
conswrite(Chan *c, const Buf *b, i64 n, i64 off)
{
	return fileof(c)->write(c, b, n, off);
}

Dev consdevtab = {
    .dc = 'c',
    .name = "cons",
    .reset = consreset,
    .init = devinit,
    .attach = consattach,
    .walk = conswalk,
    .stat = consstat,
    .open = consopen,
    .create = devcreate,
    .close = consclose,
    .read = consread,
    .write = conswrite,
    .remove = devremove,
    .wstat = devwstat,
};
