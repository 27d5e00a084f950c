/*
 * note.c: notes, Plan 9's signals: posting from anywhere, delivery on the way back to user mode, the
 * handler's return [PLAN9-ABI 3.5, 3.6]. The port lays the frame out on the user's stack.
 *
 * Locks: a process's notelock (an ilock: the clock posts alarms) for its queue and `notified`.
 */
#include "dat.h"

bool
postnote(Proc *p, const char *msg, int flag)
{
	bool ok;

	if (p->kp || p->exiting)
		return false;
	ilock(&p->notelock);
	ok = noteqput(&p->notes, msg, flag, p->notify == 0 || p->notified);
	p->notepending = true;
	if (p != up)
		p->interrupted = true;
	iunlock(&p->notelock);
	if (p != up) {
		unsleep(p);
		eqlockabort(p);
		rendabort(p);
	}
	return ok;
}

void
postnotepg(u32 noteid, const char *msg, int flag)
{
	Proc *p;

	for (u32 i = 0; i < procmax(); i++) {
		p = proctab(i);
		if (p != up && p->state != Dead && p->noteid == noteid)
			postnote(p, msg, flag);
	}
}

void
pprint(const char *fmt, ...)
{
	char buf[2 * ERRMAX];
	va_list ap;
	Chan *c;
	usize n;

	if (up->fgrp == nil || waserror())
		return;
	c = fdtochan(2, OWRITE, true);
	if (!waserror()) {
		n = snformat(buf, sizeof buf, "%s %u: ", up->text, up->pid);
		va_start(ap, fmt);
		n += vsnformat(buf + n, sizeof buf - n, fmt, ap);
		va_end(ap);
		kwrite(c, buf, (i64)n, (i64)c->offset);
		poperror();
	}
	cclose(c);
	poperror();
}

/* The end that the note asks for: said aloud and kept for a debugger if it was the program's own fault. */
NORETURN static void
die(const Note *n)
{
	if (n->flag == NDebug)
		pprint("suicide: %s\n", n->msg);
	pexit(n->msg, n->flag != NDebug);
}

/* A trap's note says where it was. */
static void
addpc(Note *n, u64 pc)
{
	usize len;

	len = strlen(n->msg);
	if (strncmp(n->msg, "sys:", 4) == 0)
		snformat(n->msg + len, sizeof n->msg - len, " pc=0x%llx", pc);
}

/* The next note to deliver now, or nothing: in a handler only what ends the process is taken. */
static bool
takenote(Note *n)
{
	bool have;

	ilock(&up->notelock);
	have = up->notes.n > 0 && !(up->notified && up->notes.q[0].flag == NUser);
	if (have)
		have = noteqtake(&up->notes, n);
	up->notepending = up->notes.n > 0 && !up->notified;
	iunlock(&up->notelock);
	return have;
}

/* What /proc asked for is done here, where the process holds nothing. */
static void
obey(void)
{
	u32 ctl;

	ctl = up->procctl;
	up->procctl = ProcNone;
	switch (ctl) {
	case ProcExit:
		pexit("Killed", true);
	case ProcStop:
		up->psstate = nil;
		up->state = Stopped;
		sched();
		break;
	}
}

void
notify(Ureg *u)
{
	Note n;
	Uva frame;

	up->interrupted = false;
	if (up->procctl != ProcNone && up->notes.n == 0)
		obey();
	if (!takenote(&n))
		return;
	addpc(&n, uregpc(u));
	if (n.flag == NExit || up->notify == 0 || up->notified)
		die(&n);
	up->lastnote = n;
	up->notified = true;
	frame = touva(up->ureg);
	if (!notepush(u, touva(up->notify), &frame, n.msg)) {
		pprint("suicide: bad address in notify\n");
		pexit("Suicide", true);
	}
	up->ureg = uvabits(frame);
}

void
trapexit(Ureg *u)
{
	if (!up->resched && !up->notepending)
		return;
	up->dbgreg = u;
	spllo();
	if (up->resched) {
		ready(up); /* we may be the best still */
		sched();
	}
	while (up->notepending) {
		up->notepending = false;
		notify(u);
	}
	splhi();
}

void
trapnote(Ureg *u, const char *text)
{
	up->dbgreg = u;
	postnote(up, text, NDebug);
}

static NORETURN void
badframe(void)
{
	pprint("suicide: trap in noted\n");
	pexit("Suicide", true);
}

/* The registers of the frame that the handler was given, as it may have edited them. */
static void
reload(Ureg *u, int mode)
{
	if (!notepop(u, touva(up->ureg), mode))
		badframe();
}

/* End the handler: the frame says where the process goes on, and which frame was there before. */
static void
unnotify(Ureg *u, int mode)
{
	u64 outer;

	if (!copyin(&outer, touva(up->ureg - 8), sizeof outer))
		badframe();
	reload(u, mode);
	up->ureg = outer;
}

void
noted(Ureg *u, int arg)
{
	if (!up->notified && arg != NRSTR) {
		pprint("call to noted() when not notified\n");
		pexit("Suicide", true);
	}
	ilock(&up->notelock);
	up->notified = false;
	up->notepending = up->notes.n > 0;
	iunlock(&up->notelock);
	switch (arg) {
	case NCONT:
	case NRSTR:
		unnotify(u, arg);
		return;
	case NSAVE:
		reload(u, arg); /* on the handler's own frame again, where its pc says */
		noteregs(u, touva(uregpc(u)), touva(up->ureg));
		return;
	default:
		if (arg != NDFLT)
			up->lastnote.flag = NDebug;
		die(&up->lastnote);
	}
}
