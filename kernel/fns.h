/*
 * fns.h: what the files of kernel/ promise each other. One section for each file; whoever owns the
 * file owns the section. What mm and the ports promise stands in mm.h, segment.h, sync.h and arch.h.
 */
#pragma once

/* --- lock.c: see sync.h ------------------------------------------------------------------------------ */

void lockowners(void); /* from now on machp() works: locks note who holds them */
/* As qlock, but false if a note came first. */
bool eqlock(QLock *q) MUSTUSE;
/* A note for p: take it out of the queue that eqlock waits in, if it does. */
void eqlockabort(Proc *p);

/* --- proc.c: processes, their numbers, their ends --------------------------------------------------- */

void procinit0(void);
/* A new process in state New, with number, kernel stack, address space, empty errors; nil: the table is full.
 */
Proc *newproc(void);
/* Give back a process from newproc that never ran, with what it has so far. */
void procabort(Proc *p);
/* A process that runs fn(arg) in the kernel, priority PriKproc; ends when fn returns or by pexit(). */
void kproc(const char *name, void (*fn)(void *), void *arg);
/* End the running process. status nil or "": success. freemem false: become Broken instead of going. */
NORETURN void pexit(const char *status, bool freemem);
/* Let a Broken process finish its end; nil: the oldest. False: it is not Broken, or none is. */
bool unbreak(Proc *p);
/* The oldest wait record into *w; the child's pid. error(Enochild), error(Eintr). */
u32 pwait(Waitq *w);
/* The process with this number, or nil; it may end any time: take p->debug and look at p->pid again. */
Proc *procbypid(u32 pid);
/* Slot i of the process table, nil if never used; procmax slots. State Dead: free. */
Proc *proctab(u32 i);
u32 procmax(void);
/* /dev/command's report on the page tables of all processes (N5, C6). */
void checkmmu(void);
/* A number for a new note group. */
u32 newnoteid(void);
u32 proccount(void);
/* Make every other process that has s drop its mappings before it runs on (copy on write, brk, segfree). */
void procflushseg(Segment *s);
void procdump(void); /* ps, by print */

/* The remains of a process that has left its stack for good: sched.c alone calls it, interrupts off. */
void procreap(Proc *p);

/* --- prio.c, sched.c: who runs
 * ------------------------------------------------------------------------------- */

NORETURN void schedinit(void); /* this processor becomes the scheduler */
/* Run someone else; back when this process is chosen again. Its state must be set, interrupts stay as they
 * were. */
void sched(void);
void yield(void);    /* let others of the same or higher priority run */
void ready(Proc *p); /* p may run; state becomes Ready */
bool anyready(void);
/* procstart (finishes the switch, interrupts on), hzclock: arch.h */

u32 cpushare(u32 cpu, u64 n, bool running);
u32 cpupriority(u32 cpu, u32 base, u32 load, u32 nproc);

/* --- sleep.c: waiting, timers ------------------------------------------------------------------------- */

/* Wait until fn(arg), which wakeup's callers make true before they call. error(Eintr) if a note comes. */
void sleep(Rendez *r, bool (*fn)(void *), void *arg);
/* The same for at most ms milliseconds; the caller looks again what is true. */
void tsleep(Rendez *r, bool (*fn)(void *), void *arg, u64 ms);
/* Wake the one who sleeps at r, if anyone; who it was. Any context. */
Proc *wakeup(Rendez *r);
bool returnfalse(void *);
/* Call t->f(t) at `when` of nanosec(), from the clock interrupt; t must stay where it is while on. */
void timeradd(Timer *t, u64 when);
void timerdel(Timer *t); /* when it returns f does not run and will not */
void timercheck(void);	 /* run what is due: hzclock */
/* Take p out of its sleep, if it sleeps: a note came, or its time is over. Any context. */
void unsleep(Proc *p);

/* --- note.c, noteq.c ------------------------------------------------------------------------------------ */

/* Queue a note for p and wake it; false: dropped. Any context, p must not go away meanwhile. */
bool postnote(Proc *p, const char *msg, int flag);
void postnotepg(u32 noteid, const char *msg, int flag); /* everyone in the note group but up */
/* trapexit, trapnote: arch.h */
/* Deliver what is pending: edits u, or does not come back. */
void notify(Ureg *u);
/* noted(2): u becomes what the handler left, or the process ends. */
void noted(Ureg *u, int arg);
/* Say "<name> <pid>: ..." on descriptor 2, if there is one. */
void pprint(const char *fmt, ...) PRINTF(1, 2);

bool noteqput(Noteq *q, const char *msg, int flag, bool busy); /* busy: no handler, or inside it */
bool noteqtake(Noteq *q, Note *n);
/* Text of a wait record into d[0..n): "17 10 20 310 ''"; its length. */
usize waittext(const Waitq *w, char *d, usize n);

/* --- memwait.c --------------------------------------------------------------------------------------------
 */

extern const char Ekillbig[];
/* The largest process dies, and who shares its memory (H14), unless one is dying already. False: nobody can.
 */
bool killbig(void);

/* --- fault.c -------------------------------------------------------------------------------------------- */

/* fault, faultuser: arch.h */
/* Is [addr, addr + n) inside the process's segments (and writable)? */
bool okaddr(u64 addr, u64 n, bool write);
/* okaddr, or the note "sys: bad address in syscall" and error(Ebadarg). */
void validaddr(u64 addr, u64 n, bool write);
/* The note and the error themselves. */
NORETURN void badaddr(void);
/* Copies with validaddr's answer for bad memory. */
void ucopyin(void *d, u64 s, usize n);
void ucopyout(u64 d, const void *s, usize n);
/* The string at s, cut at max - 1 bytes, in memory of its own: free() it. */
char *ustrdup(u64 s, usize max);

/* --- exechdr.c: what the first bytes of a file say ----------------------------------------------------- */

typedef struct Exec Exec;
typedef struct Execseg Execseg;

enum { ExecHdr = 1024, ScriptLine = 256, ScriptWords = 32, Nexecseg = NSEG };
struct Execseg {
	u32 slot, type;	  /* of up->seg; SG_* */
	u64 base, top;	  /* page aligned */
	u64 fstart, flen; /* bytes of the file at base */
};
struct Exec {
	u64 entry;
	u32 nseg;
	Execseg seg[Nexecseg]; /* DSEG and BSEG always among them, perhaps empty */
};
/* The segments that a Plan 9 a.out or static ELF64 wants, from its first n bytes. False: exec header invalid.
 */
bool execparse(const u8 *h, usize n, Exec *e) MUSTUSE;
/* The words of a #! line, cut in place, ScriptWords at most; how many; 0: it is none. */
u32 scriptparse(char *line, usize n, char **word);

/* --- exec.c, userinit.c, syscall.c, sysproc.c, sysseg.c
 * -------------------------------------------------------- */

/*
 * A system call: a[n] is the raw 8-byte slot n of the user's arguments (the upper half of an int is
 * garbage). The value goes back to the user; error() makes it -1.
 */
typedef i64 Syscall(u64 *a);
/* syscall, the port's entry: arch.h */
NORETURN void syscalldone(void);  /* leave a call with the frame as it is: it has been replaced whole */
void syscallfailed(void);	  /* a call ends by error(): reached by up->failed alone */
const char *syscallname(u32 n);	  /* nil: no such call */
void userinit(const BootKeep *k); /* *init* waits to run; k stays */
/* Calls of sysproc.c, sysseg.c and exec.c, for the table in syscall.c. */
Syscall syssysr1, sysalarm, sysexec, sysexits, syssleep, sysrfork, sysbrk_, sysnotify, sysnoted,
    sysrendezvous;
Syscall syssemacquire, syssemrelease, systsemacquire, syserrstr, sysawait, sys_nsec;
Syscall syssegattach, syssegdetach, syssegfree, syssegflush, syssegbrk;
/* Put p's number into the Tos of its stack segment, on a page of its own. error(Enovmem). */
void tospid(Proc *p);
Rgrp *newrgrp(void);
void closergrp(Rgrp *r);
/* A note for p: take it out of its rendezvous, if it waits in one. */
void rendabort(Proc *p);

#include "files.h"
