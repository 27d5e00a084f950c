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

enum { NROW = 64 }; /* a power of two, for the mask */
#define ROW(name)  [SYS_##name] = sys##name
#define NONE(name) [SYS_##name] = sysnone
static Syscall sysnone;
static Syscall *const calls[NROW] = {
    /* processes */
    ROW(sysr1), ROW(alarm), ROW(exec), ROW(exits), ROW(sleep), ROW(rfork), ROW(brk_), ROW(notify), ROW(noted),
    ROW(rendezvous), ROW(semacquire), ROW(semrelease), ROW(tsemacquire), ROW(errstr), ROW(await), ROW(_nsec),
    /* memory */
    ROW(segattach), ROW(segdetach), ROW(segfree), ROW(segflush), ROW(segbrk),
    /* files */
    ROW(bind), ROW(chdir), ROW(close), ROW(dup), ROW(open), ROW(_read), ROW(oseek), ROW(_write), ROW(pipe),
    ROW(create), ROW(fd2path), ROW(remove), ROW(unmount), ROW(seek), ROW(stat), ROW(fstat), ROW(wstat),
    ROW(fwstat), ROW(pread), ROW(pwrite),
    /* nobody's, and not yet */
    [48] = sysnone, [49] = sysnone, NONE(_errstr), NONE(_fsession), NONE(fauth), NONE(_fstat), NONE(_mount),
    NONE(_stat), NONE(_wstat), NONE(_fwstat), NONE(_wait), NONE(fversion), NONE(mount)};

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

/* On the way back to the program, which must find the kernel as it was: no lock held, notes delivered. */
static void
leave(Proc *p)
{
	if (p->held != 0)
		panic("syscall %u: %s %u leaves with %d locks, %d error labels", p->syscallno, p->text,
		      p->pid, p->nlocks, p->nerrlab);
	p->sargs = nil;
	if (p->attention != 0) {
		trapexit(p->dbgreg);
		spllo();
	}
}

/* The answer of a call. Apart from syscall(), which so has nothing to keep in registers over the call. */
__attribute__((noinline)) static void
answer(i64 v)
{
	Proc *p;

	p = up;
	uregret(p->dbgreg, v);
	leave(p);
}

/*
 * The call has failed: its error becomes what the user sees, and the buffer of the last one is free for the
 * next. Stands on the kernel stack in the place of syscall().
 */
void
syscallfailed(void)
{
	Proc *p;
	char *e;

	p = up;
	e = p->syserrstr;
	p->syserrstr = p->errstr;
	p->errstr = e;
	p->nerrlab = 0;
	uregfull(p->dbgreg);
	answer(-1);
}

static void
leavenow(void)
{
	leave(up);
}

void
syscalldone(void)
{
	Label l;

	syscalllabel(&l, up->kstack, leavenow);
	gotolabel(&l);
}

NORETURN static void
badstack(void)
{
	static u64 none[MAXSYSARG];

	up->sargs = none;
	postnote(up, "sys: bad address in syscall", NDebug);
	error(Ebadarg);
}

/* A checked number once more, for what the processor runs ahead of the check. */
static inline u32
masked(u32 n)
{
	__asm__("" : "+r"(n)); /* or the compiler would see that the mask changes nothing */
	return n & (NROW - 1);
}

void
syscall(Ureg *u, u64 *args)
{
	Proc *p;
	u32 n;

	p = up;
	n = uregsysno(u);
	p->dbgreg = u;
	p->sargs = args;
	p->syscallno = n;
	machp()->syscall++;
	if (args == nil)
		badstack();
	answer(n < NSYSCALL ? calls[masked(n)](args) : sysnone(args));
}
