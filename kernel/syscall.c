/*
 * syscall.c: from the number in the frame to the call, and its answer back into the frame
 * [PLAN9-ABI 2.1, 2.2]. Second life, in the calling process. A call that we do not have yet says so in its
 * error string; a number that nobody has is a note. Here alone is decided what happens on the way out:
 * no spin lock may be held, notes are delivered, the processor is given up.
 */
#include "dat.h"

#define S(n, name, nargs) SYS_##name = (n),
enum { SYSCALLS(S) };
#undef S

#define S(n, name, nargs) [n] = #name,
static const char *const names[NSYSCALL] = {SYSCALLS(S)};
#undef S

#define ROW(name) [SYS_##name] = sys##name
static Syscall *const calls[NSYSCALL] = {
    ROW(sysr1),	      ROW(alarm),  ROW(exec),	 ROW(exits),	  ROW(sleep),	   ROW(rfork),
    ROW(brk_),	      ROW(notify), ROW(noted),	 ROW(rendezvous), ROW(semacquire), ROW(semrelease),
    ROW(tsemacquire), ROW(errstr), ROW(await),	 ROW(_nsec),	  ROW(bind),	   ROW(chdir),
    ROW(close),	      ROW(dup),	   ROW(open),	 ROW(_read),	  ROW(oseek),	   ROW(_write),
    ROW(pipe),	      ROW(create), ROW(fd2path), ROW(remove),	  ROW(unmount),	   ROW(seek),
    ROW(stat),	      ROW(fstat),  ROW(wstat),	 ROW(fwstat),	  ROW(pread),	   ROW(pwrite),
};

const char *
syscallname(u32 n)
{
	return n < NSYSCALL ? names[n] : nil;
}

/* A number of the interface without a call behind it, or no number at all. */
static i64
sysnone(u64 *a)
{
	const char *name;

	(void)a;
	name = syscallname(up->syscallno);
	if (name == nil) {
		postnote(up, "sys: bad sys call", NDebug);
		error(Ebadarg);
	}
	snformat(up->genbuf, sizeof up->genbuf, "%s: not in this kernel yet", name);
	error(up->genbuf);
}

/* The call's error becomes what the user sees; the buffer of the last one is free for the next. */
static void
failed(void)
{
	char *e;

	e = up->syserrstr;
	up->syserrstr = up->errstr;
	up->errstr = e;
}

static i64
call(u64 *args)
{
	Syscall *fn;
	u32 n;
	i64 v;

	n = up->syscallno;
	if (waserror()) {
		failed();
		return -1;
	}
	if (args == nil) {
		postnote(up, "sys: bad address in syscall", NDebug);
		error(Ebadarg);
	}
	fn = n < NSYSCALL && calls[n] != nil ? calls[n] : sysnone;
	v = fn(args);
	poperror();
	return v;
}

void
syscall(Ureg *u, u64 *args)
{
	i64 v;

	up->dbgreg = u;
	up->sargs = args;
	up->syscallno = uregsysno(u);
	up->nerrlab = 0;
	machp()->syscall++;
	v = call(args);
	if (up->syscallno != SYS_noted || v < 0)
		uregret(u, v);
	if (up->nlocks != 0 || up->nerrlab != 0)
		panic("syscall %u: %s %u leaves with %d locks, %d error labels", up->syscallno, up->text,
		      up->pid, up->nlocks, up->nerrlab);
	if (up->notepending || up->resched) {
		trapexit(u);
		spllo();
	}
}
