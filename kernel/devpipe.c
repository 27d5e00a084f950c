/*
 * devpipe.c: #|, pipes: two ends, data and data1, each read and written [PLAN9-ABI 4.3]. What is written at
 * one end is read at the other, a record at a time. When the last channel of an end is closed the other end
 * reads what is left, then three times nothing, then errors; its writes give a note and an error. Second
 * life, in a process. Locks: way.q (sleeping: user memory may fault in) guards a direction's ring; readers
 * and writers that must wait queue at rwait and wwait first, so that one at a time sleeps. pipe.l guards the
 * counts.
 */
#include "pipeq.h"

enum { EOFREADS = 3 };	/* empty reads after a hangup before they become errors */
enum { PqHungup = -4 }; /* beside pipeq.h's answers */

typedef struct Way Way;
struct Way {
	QLock q;
	Pipeq data;  /* (q) */
	bool hungup; /* (q) nobody writes any more */
	bool closed; /* (q) nobody reads any more */
	u32 eofs;    /* (q) empty reads given since the hangup */
	QLock rwait, wwait;
	Rendez rr, wr;
	bool rsleeps, wsleeps; /* (a) someone is at rr, at wr, or on his way */
};

typedef struct Pipe Pipe;
struct Pipe {
	Lock l;
	u32 ref;      /* (l) channels */
	u32 nopen[2]; /* (l) open channels of each end */
	u32 id;	      /* (-) */
	Way way[2];   /* way[i] is read at end i */
};

enum { Qdir, Qdata0, Qdata1 };
static const char *const names[] = {"data", "data1"};
static Ref pipeid;

/* qid.path: 4 * id + Qxxx. */
static u32
qtype(Chan *c)
{
	return c->qid.path & 3;
}

static int
endof(Chan *c)
{
	return (int)qtype(c) - Qdata0;
}

static void
piperef(Pipe *p)
{
	lock(&p->l);
	p->ref++;
	unlock(&p->l);
}

/* The last channel of all is gone. */
static void
pipeunref(Pipe *p)
{
	u32 ref;

	lock(&p->l);
	ref = --p->ref;
	unlock(&p->l);
	if (ref > 0)
		return;
	pqfree(&p->way[0].data);
	pqfree(&p->way[1].data);
	free(p);
}

static int
pipegen(Chan *c, const char *name, Dirtab *tab, int ntab, int i, Dir *dp)
{
	Pipe *p = c->aux;
	u64 base = (u64)p->id * 4;

	(void)name, (void)tab, (void)ntab;
	if (i == DEVDOTDOT) {
		devdir(c, (Qid){.path = base, .vers = 0, .type = QTDIR}, "..", 0, eve, 0555, dp);
		return 1;
	}
	if (i >= (int)nelem(names))
		return -1;
	devdir(c, (Qid){.path = base + Qdata0 + (u64)i, .vers = 0, .type = QTFILE}, names[i],
	       pqbytes(&p->way[i].data), up->user, 0600, dp);
	return 1;
}

static Pipe *
newpipe(void)
{
	Pipe *p = smalloc(sizeof *p);

	p->ref = 1;
	p->id = incref(&pipeid);
	return p;
}

static Chan *
pipeattach(const char *spec)
{
	Chan *c = devattach('|', spec);
	Pipe *p = newpipe();

	c->aux = p;
	c->qid.path = (u64)p->id * 4;
	return c;
}

/* Every channel counts. */
static Chan *
pipewalk(Chan *c, const char *name)
{
	Chan *nc = devwalk(c, name, nil, 0, pipegen);

	if (nc)
		piperef(nc->aux);
	return nc;
}

static i64
pipestat(Chan *c, u8 *dp, i64 n)
{
	return devstat(c, dp, n, nil, 0, pipegen);
}

static Chan *
pipeopen(Chan *c, int omode)
{
	Pipe *p = c->aux;

	if (qtype(c) == Qdir)
		return devopen(c, omode, nil, 0, pipegen);
	c->mode = (u16)openmode(omode);
	c->flag |= COPEN;
	lock(&p->l);
	p->nopen[endof(c)]++;
	unlock(&p->l);
	return c;
}

/* An end is gone: nobody writes to w any more, or nobody reads it. */
static void
wayend(Way *w, bool *what)
{
	qlock(&w->q);
	*what = true;
	qunlock(&w->q);
	wakeup(&w->rr);
	wakeup(&w->wr);
}

static void
pipeclose(Chan *c)
{
	Pipe *p = c->aux;
	bool last;

	if ((c->flag & COPEN) && qtype(c) != Qdir) {
		lock(&p->l);
		last = --p->nopen[endof(c)] == 0;
		unlock(&p->l);
		if (last) {
			wayend(&p->way[endof(c)], &p->way[endof(c)].closed);
			wayend(&p->way[!endof(c)], &p->way[!endof(c)].hungup);
		}
	}
	if (p)
		pipeunref(p);
}

void
pipechans(Chan *c[2])
{
	Chan *dir = pipeattach("");

	for (int i = 0; i < 2; i++) {
		c[i] = pipewalk(dir, names[i]);
		incref(&dir->path->ref);
		c[i]->path = pathpush(dir->path, names[i], nil);
		pipeopen(c[i], ORDWR);
	}
	cclose(dir);
}

/* --- reading --- */

static bool
readable(void *arg)
{
	Way *w = arg;

	return w->hungup || !pqempty(&w->data);
}

/*
 * Sleep at r until fn. The mark is set before fn is looked at, and looked at by the other side after it made
 * fn true, so that one of the two sees the other.
 */
static void
waitfor(QLock *turn, Rendez *r, bool *mark, bool (*fn)(void *), void *arg)
{
	if (!eqlock(turn))
		error(Eintr);
	if (waserror()) {
		qunlock(turn);
		nexterror();
	}
	__atomic_store_n(mark, true, __ATOMIC_SEQ_CST);
	sleep(r, fn, arg);
	poperror();
	qunlock(turn);
}

/* Wake who set the mark, if anyone did. */
static void
wakemarked(Rendez *r, bool *mark)
{
	if (__atomic_load_n(mark, __ATOMIC_SEQ_CST)) {
		__atomic_store_n(mark, false, __ATOMIC_SEQ_CST);
		wakeup(r);
	}
}

static i64
piperead(Chan *c, Buf *b, i64 n, i64 off)
{
	Pipe *p = c->aux;
	Way *w;
	i64 got;

	(void)off;
	if (qtype(c) == Qdir)
		return devdirread(c, b, n, nil, 0, pipegen);
	w = &p->way[endof(c)];
	for (;;) {
		qlock(&w->q);
		got = pqget(&w->data, b, (u32)n);
		if (got == PqEmpty && w->hungup)
			got = w->eofs++ < EOFREADS ? 0 : PqHungup;
		qunlock(&w->q);
		if (got != PqEmpty)
			break;
		waitfor(&w->rwait, &w->rr, &w->rsleeps, readable, w);
	}
	if (got == PqBad)
		badaddr();
	if (got == PqHungup)
		error(Ehungup);
	wakemarked(&w->wr, &w->wsleeps);
	return got;
}

/* --- writing --- */

typedef struct Writer Writer;
struct Writer {
	Way *w;
	u32 n;
};

static bool
writable(void *arg)
{
	Writer *wr = arg;

	return wr->w->closed || pqroom(&wr->w->data, wr->n);
}

/* Put the record in if it can be done now; PqEmpty: no room yet. w->q is held. */
static int
tryput(Way *w, const Buf *b, i64 at, u32 n)
{
	if (w->closed)
		return PqHungup;
	return pqroom(&w->data, n) ? pqput(&w->data, b, at, n) : PqEmpty;
}

static void
putfailed(int r)
{
	if (r == PqBad)
		badaddr();
	if (r == PqNomem)
		error(Enomem);
	postnote(up, "sys: write on closed pipe", NUser);
	error(Ehungup);
}

static void
writerecord(Way *w, const Buf *b, i64 at, u32 n)
{
	Writer wr = {w, n};
	int r;

	for (;;) {
		qlock(&w->q);
		r = tryput(w, b, at, n);
		qunlock(&w->q);
		if (r != PqEmpty)
			break;
		waitfor(&w->wwait, &w->wr, &w->wsleeps, writable, &wr);
	}
	if (r < 0)
		putfailed(r);
	wakemarked(&w->rr, &w->rsleeps);
}

static i64
pipewrite(Chan *c, const Buf *b, i64 n, i64 off)
{
	Pipe *p = c->aux;
	Way *w;
	i64 done = 0;

	(void)off;
	if (qtype(c) == Qdir)
		error(Eperm);
	w = &p->way[!endof(c)];
	do {
		i64 k = n - done < PQATOMIC ? n - done : PQATOMIC;
		writerecord(w, b, done, (u32)k);
		done += k;
	} while (done < n);
	return n;
}

Dev pipedevtab = {
    .dc = '|',
    .name = "pipe",
    .stream = true,
    .reset = devreset,
    .init = devinit,
    .attach = pipeattach,
    .walk = pipewalk,
    .stat = pipestat,
    .open = pipeopen,
    .create = devcreate,
    .close = pipeclose,
    .read = piperead,
    .write = pipewrite,
    .remove = devremove,
    .wstat = devwstat,
};
