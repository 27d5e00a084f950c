/*
 * exec.c: the calling process becomes another program [PLAN9-ABI 1]. Everything that can fail is done
 * first, beside the old program: the header, the new segments, the argument stack, written through the
 * direct map. Then the segments change places and there is no way back.
 *
 * Page by page the new program is only recorded; fault() brings it in. Runs in the calling process; the
 * Job, too large for a kernel stack, is its own.
 */
#include "dat.h"

typedef struct Job Job;
struct Job {
	Chan *c; /* the file, open; nil once its image has it */
	Image *image;
	Exec e;
	Segment *seg[NSEG];  /* the new program's */
	u64 sp;		     /* of the new program: where argc lies */
	u64 strings, strtop; /* argument strings: the next one's place, the end of all */
	u64 slots;	     /* the next argv slot */
	u32 nword;	     /* words of a #! line, put before the caller's arguments */
	char *word[ScriptWords];
	char line[ScriptLine];
	char elem[KNAMELEN];
	u8 hdr[ExecHdr];
};

static void
closejob(Job *j)
{
	for (u32 i = 0; i < NSEG; i++)
		if (j->seg[i] != nil)
			putseg(j->seg[i]);
	if (j->image != nil)
		putimage(j->image);
	if (j->c != nil)
		cclose(j->c);
	free(j);
}

/* The last element of a name, as ps shows it. */
static void
lastelem(char *d, usize n, const char *name)
{
	const char *s, *p;

	for (s = p = name; *p != 0; p++)
		if (*p == '/' && p[1] != 0)
			s = p + 1;
	strecpy(d, n, s);
}

/* --- the file --------------------------------------------------------------------------------------------
 */

static usize
openfile(Job *j, const char *name)
{
	i64 n;

	if (j->c != nil) {
		cclose(j->c);
		j->c = nil;
	}
	j->c = namec(name, Aopen, OEXEC, 0);
	n = kread(j->c, j->hdr, sizeof j->hdr, 0);
	return n < 0 ? 0 : (usize)n;
}

/* Is the file as long as its header says? */
static bool
allthere(Job *j)
{
	u64 end;
	u8 last;

	end = 0;
	for (u32 i = 0; i < j->e.nseg; i++)
		if (j->e.seg[i].fstart + j->e.seg[i].flen > end)
			end = j->e.seg[i].fstart + j->e.seg[i].flen;
	return end == 0 || kread(j->c, &last, 1, (i64)(end - 1)) == 1;
}

/* Open the program, or the interpreter that its first line names; e is what to load. */
static void
findprogram(Job *j, const char *name)
{
	usize n;

	lastelem(j->elem, sizeof j->elem, name);
	n = openfile(j, name);
	memcpy(j->line, j->hdr, sizeof j->line);
	j->nword = scriptparse(j->line, n < sizeof j->line ? n : sizeof j->line, j->word);
	if (j->nword > 0)
		n = openfile(j, j->word[0]);
	if (!execparse(j->hdr, n, &j->e) || !allthere(j))
		error(Ebadexec);
}

/* --- segments --------------------------------------------------------------------------------------------
 */

static Imageid
idof(const Chan *c)
{
	return (Imageid){.qidpath = c->qid.path, .qidvers = c->qid.vers, .dev = c->dev, .type = c->type};
}

static Segment *
loadseg(Job *j, const Execseg *x)
{
	Segment *s;

	if (x->slot == TSEG && (s = imagetext(j->image, x->base, x->top, x->fstart, x->flen)) != nil)
		return s;
	s = newseg(x->type, x->base, (x->top - x->base) / BY2PG);
	if (s == nil)
		error(Enovmem);
	if (x->flen == 0)
		return s;
	incref(&j->image->ref);
	s->image = j->image;
	s->fstart = x->fstart;
	s->flen = x->flen;
	if (x->slot == TSEG)
		setimagetext(j->image, s);
	return s;
}

/* Does the running program's segment i outlive exec? */
static bool
stays(u32 i)
{
	return i >= LSEG && up->seg[i] != nil && (up->seg[i]->type & SG_CEXEC) == 0;
}

/* The slot for a part of the program: its own, or a free one if what stays has that. */
static u32
freeslot(Job *j, u32 slot)
{
	if (slot < LSEG)
		return slot;
	for (u32 i = LSEG; i < NSEG; i++)
		if (!stays(i) && j->seg[i] == nil)
			return i;
	error(Enovmem);
}

static void
loadsegs(Job *j)
{
	const Execseg *x;

	j->image = attachimage(j->c, idof(j->c));
	if (j->image == nil)
		error(Enovmem);
	j->c = nil;
	for (x = j->e.seg; x < j->e.seg + j->e.nseg; x++) {
		for (u32 i = LSEG; i < NSEG; i++)
			if (stays(i) && segoverlap(&up->seg[i], 1, x->base, x->top, nil) != nil)
				error(Esoverlap);
		j->seg[freeslot(j, x->slot)] = loadseg(j, x);
	}
}

/* --- arguments --------------------------------------------------------------------------------------- */

/* The place in memory of address va of the new stack, its page made if need be. */
static u8 *
stackat(Job *j, u64 va)
{
	Segment *s;
	Page **slot;

	s = j->seg[SSEG];
	slot = segslot(s, va, true);
	if (slot != nil && *slot == nil)
		*slot = newpage(touva(rounddown(va, BY2PG)), nil);
	if (slot == nil || *slot == nil)
		error(Enovmem);
	return (u8 *)pageva(*slot) + va % BY2PG;
}

static void
putword(Job *j, u64 va, u64 v)
{
	memcpy(stackat(j, va), &v, sizeof v); /* 8-byte aligned: never across pages */
}

/* Length of the user's string at s; more than max: Enovmem. */
static u64
userlen(u64 s, u64 max)
{
	char buf[ERRMAX];
	u64 len;
	i64 n;

	for (len = 0; len <= max; len += sizeof buf) {
		n = copyinstr(buf, touva(s + len), sizeof buf);
		if (n < 0)
			validaddr(s + len, USTKTOP, false);
		if (n < (i64)sizeof buf)
			return len + (u64)n;
	}
	error(Enovmem);
}

static u64
argument(u64 argv, u64 i)
{
	u64 v;

	ucopyin(&v, argv + i * sizeof v, sizeof v);
	return v;
}

/* Count the caller's arguments from `from` on, and the bytes of their strings. */
static u64
measure(u64 argv, u64 from, u64 *bytes)
{
	u64 n, s;

	for (n = from; (s = argument(argv, n)) != 0; n++) {
		*bytes += userlen(s, USTKSIZE) + 1;
		if (*bytes >= USTKSIZE || n * sizeof(u64) >= USTKSIZE)
			error(Enovmem);
	}
	return n - from;
}

/* The next argv slot points at the next string. */
static void
startstring(Job *j)
{
	putword(j, j->slots, j->strings);
	j->slots += sizeof(u64);
}

static void
addword(Job *j, const char *w)
{
	startstring(j);
	do
		*stackat(j, j->strings++) = (u8)*w;
	while (*w++ != 0);
}

/* Copy the user's string at s; it may have grown since it was measured, but not past what it got. */
static void
addarg(Job *j, u64 s)
{
	u64 max, left;
	i64 n;

	startstring(j);
	for (;;) {
		left = j->strtop - j->strings;
		if (left == 0)
			error(Ebadarg);
		max = BY2PG - j->strings % BY2PG;
		if (max > left)
			max = left;
		n = copyinstr((char *)stackat(j, j->strings), touva(s), max);
		if (n < 0)
			validaddr(s, USTKTOP, false);
		j->strings += (u64)n;
		s += (u64)n;
		if (n < (i64)max)
			break;
	}
	*stackat(j, j->strings++) = 0;
}

static void
settos(Job *j)
{
	Tos *t;

	t = (Tos *)stackat(j, TOS);
	t->cyclefreq = machp()->cyclehz;
	t->pid = up->pid;
}

/*
 * The new stack [PLAN9-ABI 1.3]: Tos, strings, argv and its nil, argc. A #! line's words come first,
 * the script's own name in the place of the caller's argv[0].
 */
static void
buildstack(Job *j, const char *name, u64 argv)
{
	u64 bytes, argc, n, i, s;
	u32 w;

	j->seg[SSEG] = newseg(SG_STACK | SG_NOEXEC, USTKTOP - USTKSIZE, USTKSIZE / BY2PG);
	if (j->seg[SSEG] == nil)
		error(Enovmem);
	if (argument(argv, 0) == 0)
		error(Ebadarg);
	bytes = 0;
	n = measure(argv, j->nword > 0 ? 1 : 0, &bytes);
	argc = n;
	if (j->nword > 0) {
		bytes += strlen(j->elem) + 1 + strlen(name) + 1;
		for (w = 1; w < j->nword; w++)
			bytes += strlen(j->word[w]) + 1;
		argc += j->nword + 1;
	}
	if (bytes + 8 * (argc + 2) + sizeof(Tos) + BY2PG >= USTKSIZE)
		error(Enovmem);
	settos(j);
	j->strtop = TOS;
	j->slots = USTKTOP - (8 * (argc + 1) + roundup(bytes + sizeof(Tos), 8));
	j->sp = j->slots - 8;
	j->strings = j->slots + 8 * (argc + 1);
	putword(j, j->sp, argc);
	if (j->nword > 0) {
		addword(j, j->elem);
		for (w = 1; w < j->nword; w++)
			addword(j, j->word[w]);
		addword(j, name);
	}
	for (i = j->nword > 0 ? 1 : 0; n-- > 0; i++) {
		s = argument(argv, i);
		if (s == 0)
			error(Ebadarg);
		addarg(j, s);
	}
	putword(j, j->slots, 0);
}

/* --- the change ------------------------------------------------------------------------------------------
 */

/* The old program's segments go, unmapped first; the new one's stand in their place. */
static void
swapsegs(Job *j)
{
	Segment *old[NSEG];

	qlock(&up->seglock);
	for (u32 i = 0; i < NSEG; i++) {
		old[i] = nil;
		if (stays(i))
			continue;
		old[i] = up->seg[i];
		up->seg[i] = j->seg[i];
		j->seg[i] = nil;
	}
	qunlock(&up->seglock);
	spaceflush(&up->space);
	for (u32 i = 0; i < NSEG; i++)
		if (old[i] != nil)
			putseg(old[i]);
}

/* No handler, no notes, no errors: a new program starts with nothing of these. */
static void
forgetnotes(void)
{
	ilock(&up->notelock);
	up->notify = 0;
	up->ureg = 0;
	up->notified = false;
	up->notes.n = 0;
	up->notepending = up->procctl != ProcNone;
	iunlock(&up->notelock);
	up->errbuf0[0] = up->errbuf1[0] = 0;
}

/* The first bytes of the argument strings, for /proc. */
static void
keepargs(Job *j, u64 first)
{
	u64 n, i;

	n = j->strings - first;
	if (n > sizeof up->args)
		n = sizeof up->args;
	qlock(&up->debug);
	for (i = 0; i < n; i++)
		up->args[i] = (char)*stackat(j, first + i);
	up->nargs = (u32)n;
	qunlock(&up->debug);
}

static void
setpriority(const Chan *c)
{
	if (devtab[c->type]->dc == '/' && !up->fixedpri)
		up->priority = up->basepri = PriRoot;
}

i64
sysexec(u64 *a)
{
	char *name;
	Job *j;
	u64 entry, sp;

	name = validnamedup(a[0]);
	if (waserror()) {
		free(name);
		nexterror();
	}
	j = smalloc(sizeof *j);
	if (waserror()) {
		closejob(j);
		nexterror();
	}
	findprogram(j, name);
	buildstack(j, name, a[1]);
	loadsegs(j);
	poperror();
	poperror();
	keepargs(j, j->slots + 8);
	setpriority(j->image->c);
	strecpy(up->text, sizeof up->text, j->elem);
	swapsegs(j);
	closeexecfgrp(up->fgrp);
	forgetnotes();
	fpinit(&up->fp);
	up->privatemem = up->noswap = false;
	entry = j->e.entry;
	sp = j->sp;
	closejob(j);
	free(name);
	execregs(up->dbgreg, touva(entry), touva(sp), touva(TOS));
	return TOS;
}
