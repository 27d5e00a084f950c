/*
 * devproc.c: #p, processes as directories [PLAN9-ABI 4.3]: what they are, and notes and commands to them.
 * Second life, in a process. Process records are never freed, only used again: a file means the process
 * whose number is in its qid, looked up at each use, and a process that went is an error.
 * Locks: seglock while segments are read; the rest is read as it stands, a report and not a promise.
 */
#include "dat.h"

enum { /* files of a process; qid.path = pid << QSHIFT | Qxxx */
       Qdir,
       Qargs,
       Qctl,
       Qfd,
       Qnote,
       Qnoteid,
       Qnotepg,
       Qns,
       Qppid,
       Qsegment,
       Qstatus,
       Qtext,
       QSHIFT = 5,
       PROCTEXT = 2048,
       NUMBER = 12,
};

static const struct {
	const char *name;
	u32 qid, perm; /* perm 0: the process's own mode */
} files[] = {
    {"args", Qargs, 0644},	 {"ctl", Qctl, 0},	    {"fd", Qfd, 0444},	{"note", Qnote, 0},
    {"noteid", Qnoteid, 0664},	 {"notepg", Qnotepg, 0},    {"ns", Qns, 0444},	{"ppid", Qppid, 0444},
    {"segment", Qsegment, 0444}, {"status", Qstatus, 0444}, {"text", Qtext, 0},
};

static u32
qfile(Chan *c)
{
	return (u32)c->qid.path & ((1 << QSHIFT) - 1);
}

static u32
qpid(Chan *c)
{
	return (u32)(c->qid.path >> QSHIFT);
}

/* The process of c, or error(Eprocdied). */
static Proc *
procof(Chan *c)
{
	Proc *p = procbypid(qpid(c));

	if (!p || p->state == Dead)
		error(Eprocdied);
	return p;
}

/* --- names ------------------------------------------------------------------------------------ */

static int
piddir(Chan *c, Proc *p, Dir *dp)
{
	u32 pid = p->pid;

	if (p->state == Dead || pid == 0)
		return 0;
	snformat(up->genbuf, sizeof up->genbuf, "%u", pid);
	devdir(c, (Qid){.path = (u64)pid << QSHIFT, .vers = 0, .type = QTDIR}, up->genbuf, 0, p->user, 0555,
	       dp);
	return 1;
}

/* A name is a number: no need to look at every process. */
static int
topgen(Chan *c, const char *name, int i, Dir *dp)
{
	const char *end;
	u64 pid;
	Proc *p;

	if (name) {
		p = i == 0 && parseu64(name, &end, 10, &pid) && !*end && pid <= ~0u ? procbypid((u32)pid)
										    : nil;
		return p && piddir(c, p, dp) ? 1 : -1;
	}
	if ((u32)i >= procmax())
		return -1;
	p = proctab((u32)i);
	return p ? piddir(c, p, dp) : 0;
}

static int
procgen(Chan *c, const char *name, Dirtab *tab, int ntab, int i, Dir *dp)
{
	Proc *p;
	Qid q = {.type = QTFILE};

	(void)tab, (void)ntab;
	if (i == DEVDOTDOT)
		return devgen(c, name, nil, 0, i, dp);
	if (c->qid.path == 0)
		return topgen(c, name, i, dp);
	if (i >= (int)nelem(files))
		return -1;
	if (name && strcmp(name, files[i].name) != 0)
		return 0;
	p = procof(c);
	q.path = (u64)qpid(c) << QSHIFT | files[i].qid;
	devdir(c, q, files[i].name, 0, p->user, files[i].perm ? files[i].perm : p->procmode, dp);
	return 1;
}

static Chan *
procattach(const char *spec)
{
	return devattach('p', spec);
}

static Chan *
procwalk(Chan *c, const char *name)
{
	return devwalk(c, name, nil, 0, procgen);
}

/* The record of a file, looked for in its own directory. */
static i64
procstat(Chan *c, u8 *dp, i64 n)
{
	Dir d;

	if (qfile(c) == Qdir)
		return devstat(c, dp, n, nil, 0, procgen);
	for (int i = 0; procgen(c, nil, nil, 0, i, &d) > 0; i++)
		if (d.qid.path == c->qid.path)
			return (i64)convD2M(&d, dp, (usize)n);
	error(Enonexist);
}

/* The name of the program's own file, malloced; nil: it has none. */
static char *
textname(Proc *p)
{
	char *name = nil;
	Segment *s;

	qlock(&p->seglock);
	s = p->seg[TSEG];
	if (s && s->image && s->image->c->path && (name = malloc(s->image->c->path->len + 1)) != nil)
		strecpy(name, s->image->c->path->len + 1, s->image->c->path->s);
	qunlock(&p->seglock);
	return name;
}

/* text: the program's own file, opened anew: each reader has an offset of its own. */
static Chan *
textchan(Proc *p)
{
	char *name = textname(p);
	Chan *c;

	if (!name)
		error(Eprocdied);
	if (waserror()) {
		free(name);
		nexterror();
	}
	c = namec(name, Aopen, OREAD, 0);
	poperror();
	free(name);
	return c;
}

static Chan *
procopen(Chan *c, int omode)
{
	Chan *t;

	if (c->qid.type & QTDIR)
		return devopen(c, omode, nil, 0, procgen);
	for (usize i = 0; i < nelem(files); i++)
		if (files[i].qid == qfile(c)) {
			Proc *p = procof(c);
			devpermcheck(p->user, files[i].perm ? files[i].perm : p->procmode, omode);
		}
	if (qfile(c) == Qtext) {
		if (openmode(omode) != OREAD)
			error(Eperm);
		t = textchan(procof(c));
		cclose(c);
		return t;
	}
	c->mode = (u16)openmode(omode);
	c->flag |= COPEN;
	return c;
}

/* --- texts ------------------------------------------------------------------------------------ */

static u64
pagekib(Proc *p)
{
	u64 n = 0;

	qlock(&p->seglock);
	for (int i = 0; i < NSEG; i++)
		if (p->seg[i])
			n += (p->seg[i]->top - p->seg[i]->base) / KiB;
	qunlock(&p->seglock);
	return n;
}

/* In ms: user, system, real, and of children that ended: user, system; real is not kept. */
void
proctimes(Proc *p, u64 t[NPROCTIME])
{
	t[0] = p->time[TUser];
	t[1] = p->time[TSys];
	t[2] = (nanosec() - p->started) / 1000000;
	t[3] = p->time[TCUser];
	t[4] = p->time[TCSys];
	t[5] = 0;
}

static usize
statustext(Proc *p, char *d, usize n)
{
	const char *state = p->psstate ? p->psstate : statename[p->state];
	u64 t[NPROCTIME];
	usize at;

	at = snformat(d, n, "%-27.27s %-27.27s %-11.11s ", p->text, p->user, state);
	proctimes(p, t);
	for (int i = 0; i < NPROCTIME; i++)
		at += snformat(d + at, n - at, "%11llu ", t[i]);
	at += snformat(d + at, n - at, "%11llu %11u %11u\n", pagekib(p), p->basepri, p->priority);
	return at;
}

static usize
segmenttext(Proc *p, char *d, usize n)
{
	static const char *const types[] = {"Text",   "Data", "Bss",   "Stack",
					    "Shared", "Phys", "Fixed", "Sticky"};
	usize at = 0;

	qlock(&p->seglock);
	for (int i = 0; i < NSEG; i++) {
		Segment *s = p->seg[i];
		if (!s)
			continue;
		at += snformat(d + at, n - at, "%-6s %c%c %16llx %16llx %4u\n", types[s->type & SG_TYPE],
			       (s->type & SG_TYPE) == SG_TEXT || (s->type & SG_RONLY) ? 'R' : ' ',
			       s->type & SG_FAULT ? 'F' : ' ', s->base, s->top, s->ref.ref);
	}
	qunlock(&p->seglock);
	return at;
}

usize
fdtext(int fd, Chan *c, char *d, usize n)
{
	static const char *const modes[] = {"r ", "w ", "rw", "x "};

	return snformat(d, n, "%3d %s %c %4u (%016llx %u %02x) %5u %8llu %s\n", fd, modes[c->mode & 3],
			devtab[c->type]->dc < 0x80 ? (int)devtab[c->type]->dc : '?', c->dev, c->qid.path,
			c->qid.vers, c->qid.type, 0, c->offset, c->path ? c->path->s : "?");
}

typedef struct Groups Groups;
struct Groups { /* of another process, each with a reference; all nil: it is on its way out */
	Fgrp *f;
	Pgrp *g;
	Chan *dot;
};

static Groups
groupsof(Proc *p)
{
	Groups g = {nil, nil, nil};

	qlock(&p->debug);
	if (p->fgrp && p->pgrp && p->dot) {
		g = (Groups){p->fgrp, p->pgrp, p->dot};
		incref(&g.f->ref);
		incref(&g.g->ref);
		incref(&g.dot->ref);
	}
	qunlock(&p->debug);
	return g;
}

static void
dropgroups(Groups g)
{
	closefgrp(g.f);
	closepgrp(g.g);
	cclose(g.dot);
}

/* The first line is the working directory. Each channel is held while its line is made. */
static usize
fdstext(Fgrp *f, Chan *dot, char *d, usize n)
{
	usize at = snformat(d, n, "%s\n", dot->path->s);

	for (i32 i = 0; i <= f->maxfd; i++) {
		Chan *c;
		lock(&f->l);
		c = i < f->nfd ? f->fd[i] : nil;
		if (c)
			incref(&c->ref);
		unlock(&f->l);
		if (c) {
			at += fdtext(i, c, d + at, n - at);
			cclose(c);
		}
	}
	return at;
}

/* fd or ns: texts about what another process has. */
static usize
groupstext(Proc *p, u32 file, char *d, usize n)
{
	Groups g = groupsof(p);
	usize len;

	if (!g.f)
		return 0;
	len = file == Qfd ? fdstext(g.f, g.dot, d, n) : nstext(g.g, g.dot, d, n);
	dropgroups(g);
	return len;
}

static usize
argstext(Proc *p, char *d, usize n)
{
	usize len;

	qlock(&p->debug);
	len = p->nargs < n ? p->nargs : n - 1;
	for (usize i = 0; i < len; i++)
		d[i] = p->args[i] ? p->args[i] : ' ';
	qunlock(&p->debug);
	if (len > 0 && d[len - 1] == ' ')
		len--;
	return len;
}

static usize
numbertext(u64 v, char *d, usize n)
{
	return snformat(d, n, "%*llu ", NUMBER - 1, v);
}

static usize
filetext(Proc *p, u32 file, char *d, usize n)
{
	switch (file) {
	case Qargs:
		return argstext(p, d, n);
	case Qctl:
		return numbertext(p->pid, d, n);
	case Qfd:
	case Qns:
		return groupstext(p, file, d, n);
	case Qnoteid:
		return numbertext(p->noteid, d, n);
	case Qppid:
		return numbertext(p->parentpid, d, n);
	case Qsegment:
		return segmenttext(p, d, n);
	case Qstatus:
		return statustext(p, d, n);
	}
	error(Eperm);
}

static i64
procread(Chan *c, Buf *b, i64 n, i64 off)
{
	char *text;

	if (c->qid.type & QTDIR)
		return devdirread(c, b, n, nil, 0, procgen);
	text = smalloc(PROCTEXT);
	if (waserror()) {
		free(text);
		nexterror();
	}
	n = readmem(off, b, n, text, filetext(procof(c), qfile(c), text, PROCTEXT));
	poperror();
	free(text);
	return n;
}

/* --- commands --------------------------------------------------------------------------------- */

static void
ctlkill(Proc *p)
{
	postnote(p, "sys: killed", NExit);
}

static void
ctlinterrupt(Proc *p)
{
	postnote(p, "interrupt", NUser);
}

static void
ctlhang(Proc *p)
{
	p->hang = true;
}

static void
ctlnohang(Proc *p)
{
	p->hang = false;
}

static void
ctlprivate(Proc *p)
{
	p->privatemem = true;
}

static void
ctlnoswap(Proc *p)
{
	p->noswap = true;
}

static void
ctlclosefiles(Proc *p)
{
	if (p != up)
		error(Eperm);
	for (int i = 0; i <= up->fgrp->maxfd; i++)
		if (!waserror()) {
			fdclose(i);
			poperror();
		}
}

static const struct {
	const char *name;
	void (*f)(Proc *);
} ctls[] = {
    {"closefiles", ctlclosefiles}, {"hang", ctlhang},	  {"interrupt", ctlinterrupt}, {"kill", ctlkill},
    {"nohang", ctlnohang},	   {"noswap", ctlnoswap}, {"private", ctlprivate},
};

static void
procctl(Proc *p, const char *cmd)
{
	const char *end;
	u64 pri;

	for (usize i = 0; i < nelem(ctls); i++)
		if (strcmp(cmd, ctls[i].name) == 0) {
			ctls[i].f(p);
			return;
		}
	if (strncmp(cmd, "pri ", 4) != 0 || !parseu64(cmd + 4, &end, 10, &pri) || *end)
		error(Ebadctl);
	p->basepri = pri < PriNormal ? (u32)pri : PriNormal;
}

static i64
procwrite(Chan *c, const Buf *b, i64 n, i64 off)
{
	char text[ERRMAX];
	Proc *p = procof(c);

	(void)off;
	if (n >= (i64)sizeof text)
		error(Etoobig);
	writestr(text, sizeof text, b, n);
	switch (qfile(c)) {
	case Qnote:
		if (p->kp || !postnote(p, text, NUser))
			error("note not posted");
		break;
	case Qnotepg:
		postnotepg(p->noteid, text, NUser);
		break;
	case Qctl:
		if (p->kp)
			error(Eperm);
		procctl(p, text);
		break;
	default:
		error(Eperm);
	}
	return n;
}

Dev procdevtab = {
    .dc = 'p',
    .name = "proc",
    .reset = devreset,
    .init = devinit,
    .attach = procattach,
    .walk = procwalk,
    .stat = procstat,
    .open = procopen,
    .create = devcreate,
    .close = devclose,
    .read = procread,
    .write = procwrite,
    .remove = devremove,
    .wstat = devwstat,
};
