/*
 * filefake.c: the process, locks and memory under the host tests of the file half: see filefake.h.
 */
#include "filefake.h"

#define WEAK __attribute__((weak))

Proc fakeproc;
char lastnote[ERRMAX];
i64 fakeblocks;
static i64 blocksbefore, qlocks;

void
gotolabel(Label *l)
{
	_longjmp(*(jmp_buf *)(void *)l, 1);
}

/* --- memory ------------------------------------------------------------------------------------------------
 */

void *
smalloc(usize n)
{
	fakeblocks++;
	return calloc(1, n ? n : 1);
}

WEAK bool
copyin(void *d, Uva s, usize n)
{
	if (uvabits(s) >= BADUSER && uvabits(s) < BADUSER + BY2PG)
		return false;
	memcpy(d, (void *)(uintptr)uvabits(s), n);
	return true;
}

WEAK bool
copyout(Uva d, const void *s, usize n)
{
	if (uvabits(d) >= BADUSER && uvabits(d) < BADUSER + BY2PG)
		return false;
	memcpy((void *)(uintptr)uvabits(d), s, n);
	return true;
}

WEAK void
badaddr(void)
{
	strecpy(lastnote, sizeof lastnote, "sys: bad address in syscall");
	error(Ebadarg);
}

WEAK void
ucopyin(void *d, u64 s, usize n)
{
	if (s >= BADUSER && s < BADUSER + BY2PG)
		error(Ebadarg);
	memcpy(d, (void *)(uintptr)s, n);
}

WEAK void
ucopyout(u64 d, const void *s, usize n)
{
	if (d >= BADUSER && d < BADUSER + BY2PG)
		error(Ebadarg);
	memcpy((void *)(uintptr)d, s, n);
}

WEAK char *
ustrdup(u64 s, usize max)
{
	usize n = strnlen((char *)(uintptr)s, max) + 1;

	return memcpy(smalloc(n), (void *)(uintptr)s, n);
}

WEAK void
validaddr(u64 addr, u64 n, bool write)
{
	(void)n, (void)write;
	if (addr >= BADUSER && addr < BADUSER + BY2PG)
		error(Ebadarg);
}

/* --- locks ------------------------------------------------------------------------------------ */

WEAK u32
incref(Ref *r)
{
	return ++r->ref;
}

WEAK u32
decref(Ref *r)
{
	if (r->ref == 0)
		panic("decref: below 0");
	return --r->ref;
}

void
qlock(QLock *q)
{
	if (q->locked)
		panic("qlock: held");
	q->locked = true;
	qlocks++;
}

bool
canqlock(QLock *q)
{
	if (q->locked)
		return false;
	qlock(q);
	return true;
}

bool
eqlock(QLock *q)
{
	qlock(q);
	return true;
}

void
qunlock(QLock *q)
{
	if (!q->locked)
		panic("qunlock: not held");
	q->locked = false;
	qlocks--;
}

void
rlock(RWlock *q)
{
	if (q->writer)
		panic("rlock: written");
	q->readers++;
	qlocks++;
}

void
runlock(RWlock *q)
{
	if (q->readers-- == 0)
		panic("runlock: not held");
	qlocks--;
}

void
wlock(RWlock *q)
{
	if (q->writer || q->readers)
		panic("wlock: held");
	q->writer = true;
	qlocks++;
}

void
wunlock(RWlock *q)
{
	if (!q->writer)
		panic("wunlock: not held");
	q->writer = false;
	qlocks--;
}

/* Nobody else will make it true. */
void
sleep(Rendez *r, bool (*fn)(void *), void *arg)
{
	(void)r;
	if (!fn(arg))
		error(Eintr);
}

void
tsleep(Rendez *r, bool (*fn)(void *), void *arg, u64 ms)
{
	(void)r, (void)fn, (void)arg, (void)ms;
	error(Eintr);
}

Proc *
wakeup(Rendez *r)
{
	(void)r;
	return NULL;
}

bool
returnfalse(void *arg)
{
	(void)arg;
	return false;
}

bool
postnote(Proc *p, const char *msg, int flag)
{
	(void)p, (void)flag;
	strecpy(lastnote, sizeof lastnote, msg);
	return true;
}

void
postnotepg(u32 noteid, const char *msg, int flag)
{
	(void)noteid, (void)flag;
	strecpy(lastnote, sizeof lastnote, msg);
}

/* --- the process ------------------------------------------------------------------------------ */

void
fakeup(void)
{
	memset(&fakeproc, 0, sizeof fakeproc);
	hostmach.proc = &fakeproc;
	fakeproc.pid = 1;
	fakeproc.noteid = 1;
	fakeproc.errstr = fakeproc.errbuf0;
	fakeproc.syserrstr = fakeproc.errbuf1;
	strecpy(fakeproc.user, sizeof fakeproc.user, "glenda");
	lastnote[0] = 0;
	blocksbefore = fakeblocks;
	qlocks = 0;
}

void
fakedown(void)
{
	assert_int_equal(fakeproc.nerrlab, 0);
	assert_int_equal(qlocks, 0);
	assert_int_equal(hostlocks, 0);
	hostmach.proc = NULL;
}
