/*
 * dat.h: the kernel's structures: processes, segments, files. 9front's names where the act is the same.
 * Lock letters stand behind members: (p) the process itself only, (r) runq lock, (l) the struct's
 * own Lock, (q) its QLock, (a) atomic, (-) set once.
 */
#pragma once

#include "mm.h"
#include "segment.h"
#include "ledger.h"
#include "lib.h"
#include "log.h"
#include "phase.h"
#include "syscall.h"

typedef struct Block Block;
typedef struct Buf Buf; /* a caller's memory: files.h */
typedef struct Chan Chan;
typedef struct Dev Dev;
typedef struct Dir Dir;
typedef struct Dirtab Dirtab;
typedef struct Egrp Egrp;
typedef struct Evalue Evalue;
typedef struct Fgrp Fgrp;
typedef struct Mhead Mhead;
typedef struct Mount Mount;
typedef struct Note Note;
typedef struct Noteq Noteq;
typedef struct Path Path;
typedef struct Pgrp Pgrp;
typedef struct Qid Qid;
typedef struct Queue Queue;
typedef struct Rgrp Rgrp;
typedef struct Timer Timer;
typedef struct Tos Tos;
typedef struct Waitq Waitq;

enum {
	ERRMAX = 128,
	KNAMELEN = 28,
	NERR = 32,
	NNOTE = 5,
	MAXSYSARG = 5,
	DELTAFD = 20,
	MAXFD = 5000,
};

/* --- processes (O1-O8) ------------------------------------------------------------------------------- */

enum Procstate {
	Dead,
	Moribund,
	New,
	Ready,
	Scheding,
	Running,
	Queueing,
	QueueingR,
	QueueingW,
	Wakeme,
	Broken,
	Stopped,
	Rendezvous,
	Waitrelease,
};
extern const char *const statename[];

enum { Npriq = 20, PriNormal = 10, PriKproc = 13, PriRoot = 13 };
enum { CpuUnit = 1 << 20 };    /* a whole processor, as prio.c counts shares */
enum { NUser, NDebug, NExit }; /* note classes [PLAN9-ABI 3.5] */

struct Note {
	char msg[ERRMAX];
	int flag;
};
struct Noteq { /* oldest first; noteq.c has the rules */
	Note q[NNOTE];
	u32 n;
};
struct Waitq {
	u32 pid;
	u32 time[3]; /* ms */
	char msg[ERRMAX];
	Waitq *next;
};
struct Fgrp {
	Ref ref;
	Lock l;
	Chan **fd; /* (l) nfd of them */
	u8 *flag;  /* (l) close-on-exec, one for each fd */
	i32 nfd, maxfd;
};
struct Pgrp {
	Ref ref;
	RWlock ns;
	Mhead *mnthash[32]; /* (ns) */
	u32 nmount;	    /* (ns) heads in it; 0: nothing to look up */
	bool noattach;
	u64 notallowed[4];
};
struct Evalue {
	char *name;
	u8 *value;
	usize len, cap;
	u64 path;
	u32 vers;
};
struct Egrp {
	Ref ref;
	RWlock l;
	Evalue *ent;
	u32 nent, cap;
	usize bytes; /* of all values */
	u64 path;    /* the newest qid path given */
};
struct Rgrp {
	Ref ref;
	Lock l;		/* ilock: the clock posts alarms */
	Proc *hash[32]; /* (l) */
	Rgrp *next;	/* free list */
};
struct Tos { /* at the top of every user stack [PLAN9-ABI 1.4] */
	u64 pp, next, last, first;
	u32 profpid, what;
	u64 cyclefreq; /* Hz of the cycle counter */
	u64 kcycles, pcycles;
	u32 pid;
	u32 clock;
};
_Static_assert(sizeof(Tos) == 72, "Plan 9's Tos");
#define TOS (USTKTOP - sizeof(Tos))

struct Timer {	  /* one shot; f runs in the clock interrupt, interrupts off */
	u64 when; /* nanosec() */
	void (*f)(Timer *);
	void *arg;
	Timer *next, *prev; /* (timers) */
	bool on;
};

enum { TUser, TSys, TCUser, TCSys, NTIME }; /* own, and of children that have ended */

/*
 * A process. Its struct, and mostly its kernel stack and top-level table, serve the next one when it has
 * ended; newproc clears what lies between kp and errlab.
 */
struct Proc {
	Label sched;   /* (p) offset 0: the port's assembly; where to go on */
	Label failed;  /* (-) where error() goes that nobody in a system call waits for */
	u64 kstack;    /* (-) top of its kernel stack */
	Mach *mach;    /* (r) the processor whose stack pointer is in this process's stack, or nil */
	Space space;   /* (p) */
	FPuser fp;     /* (p) the port's */
	Proc *pidhash; /* (procalloc) chain of a bucket, or of the free list */

	bool kp;     /* (-) kernel process: never in user mode */
	bool newtlb; /* (a) its user mappings are stale: drop them before it runs on */
	union {
		u16 attention; /* any of: */
		struct {
			bool resched;	  /* (a) give the processor up before going back to user mode */
			bool notepending; /* (a) look at notes and procctl before going back to user mode */
		};
	};
	bool interrupted; /* (a) a note came: the next sleep, or the present one, is broken off */
	bool exiting;	  /* (exl) on its way out: takes no notes and no children's records */
	bool nowait;	  /* (-) leaves no record */
	bool privatemem, noswap, hang;
	union {
		u64 held; /* any of: nothing of it at each return to user mode (Q8) */
		struct {
			i32 nlocks;  /* (p) spin locks */
			i32 nerrlab; /* (p) error labels */
		};
	};
	/* the call in progress */
	Ureg *dbgreg;	 /* (p) frame of the current call or user trap */
	u32 syscallno;	 /* (p) */
	u64 *sargs;	 /* (p) its argument slots, on the kernel stack; nil: not in a call */
	char *errstr;	 /* (p) the call's own error; swapped with */
	char *syserrstr; /* (p) ... what the user sees, when the call fails */
	/* who it is */
	u32 pid, parentpid;   /* (-) */
	u32 noteid;	      /* (debug) */
	u32 procmode;	      /* (debug) */
	Proc *parent;	      /* (-) that process only while parent->pid == parentpid */
	enum Procstate state; /* (r) */
	const char *psstate;  /* (p) what it waits in, or nil */
	QLock debug;	      /* /proc and the process itself */
	u32 procctl;	      /* (debug) what /proc asked for */
	u32 nargs;	      /* (debug) bytes of args */
	/* what it has */
	QLock seglock;	    /* entries of seg, against /proc and killbig */
	Segment *seg[NSEG]; /* (seglock) */
	Fgrp *fgrp;
	Pgrp *pgrp;
	Egrp *egrp;
	Rgrp *rgrp;
	Chan *slash, *dot;
	u64 demand; /* (p) pages that fault() brought in (N2) */
	/* children */
	Lock exl;
	Waitq *waitq; /* (exl) oldest first */
	u32 nchild;   /* (exl) living ones that will leave a record */
	u32 nwait;    /* (exl) records */
	QLock qwaitr;
	Rendez waitr;
	/* sleeping */
	Lock rlock;
	Rendez *r;    /* (rlock) where it sleeps */
	Rendez sleep; /* for waits of its own */
	Timer timer;  /* tsleep */
	bool (*tfn)(void *);
	void *targ;
	bool timedout;
	bool eqlgave; /* (eql's use) a note took it out of the queue */
	QLock *eql;   /* (its use) interruptible qlock it waits for */
	/* notes */
	Lock notelock; /* ilock: the clock posts alarms */
	bool notified; /* (notelock) in the handler */
	u64 notify;    /* (p) handler, 0: none */
	u64 ureg;      /* (p) user address of the handler's Ureg, for nesting */
	Timer alarm;
	/* rendezvous */
	u64 rendtag, rendval; /* (rgrp) */
	Proc *rendhash;	      /* (rgrp) */
	/* scheduling */
	u32 priority, basepri; /* (r) */
	bool fixedpri;
	u32 cpu;	 /* (r) decaying share of a processor, of CpuUnit */
	Mach *lastmach;	 /* (r) */
	Proc *rnext;	 /* (r) run queue */
	Proc *qnext;	 /* queue of a QLock or RWlock, under its use */
	u64 lastupdate;	 /* (r) ticks */
	u64 readytime;	 /* (r) ticks */
	u64 quantum;	 /* (p) ticks at which its turn ends */
	u64 time[NTIME]; /* ms: TUser and on; children's (exl) */
	u64 started;	 /* (-) nanosec() */
	/* kernel processes */
	void (*kpfun)(void *);
	void *kparg;

	Label errlab[NERR]; /* (p) error() */
	Noteq notes;	    /* (notelock) */
	Note lastnote;	    /* (p) in the handler */
	char text[KNAMELEN];
	char user[KNAMELEN];
	char args[ERRMAX]; /* (debug) first bytes of the arguments, NUL after each */
	char errbuf0[ERRMAX], errbuf1[ERRMAX];
	char genbuf[ERRMAX]; /* (p) */
};
enum { ProcNone, ProcStop, ProcExit, ProcTrace };

#define up (machproc())

/*
 * Errors inside a process, as in 9front:
 *	if(waserror()){ clean up; nexterror(); } ... poperror();
 */
#define waserror() (assert(up->nerrlab < NERR), up->nerrlab++, setlabel(&up->errlab[up->nerrlab - 1]))
#define poperror() (up->nerrlab--)
NORETURN void error(const char *s);
NORETURN void nexterror(void);

/* --- files ---------------------------------------------------------------------------------------------- */

struct Qid {
	u64 path;
	u32 vers;
	u8 type;
};
enum { QTDIR = 0x80, QTAPPEND = 0x40, QTEXCL = 0x20, QTFILE = 0 };
#define DMDIR	 0x80000000u
#define DMAPPEND 0x40000000u
#define DMEXCL	 0x20000000u
#define DMTMP	 0x04000000u
enum {
	OREAD = 0,
	OWRITE = 1,
	ORDWR = 2,
	OEXEC = 3,
	OTRUNC = 0x10,
	OCEXEC = 0x20,
	ORCLOSE = 0x40,
	OEXCL = 0x1000
};

struct Path { /* an absolute, cleaned name, and the channels stepped through at mount points */
	Ref ref;
	u32 depth;   /* elements */
	u32 len;     /* bytes of s, without the NUL */
	u32 alen;    /* bytes at s */
	u32 malen;   /* entries at mtpt */
	char *s;     /* text, or malloced when it grew longer */
	Chan **mtpt; /* crossed, or malloced: [i] was mounted upon after i elements, or nil */
	Chan *crossed[4];
	char text[64];
};
enum { COPEN = 1 };
struct Chan {
	Ref ref;
	Lock l;
	u64 offset;    /* (l) */
	u64 devoffset; /* the device's own */
	u16 type;      /* (-) index in devtab */
	u32 dev;       /* (-) */
	u16 mode;      /* (-) after open */
	u16 flag;      /* (-) after open */
	Qid qid;
	Mhead *umh; /* union being read, or found by a bind */
	Chan *umc;  /* (umqlock) its member being read */
	QLock umqlock;
	u32 uri; /* (umqlock) which member */
	u32 dri; /* entries of the directory read so far */
	Path *path;
	void *aux; /* the device's */
};
struct Mount { /* one member */
	Mount *next;
	Chan *to;
	u32 mflag;
};
struct Mhead { /* what is mounted upon one file */
	Ref ref;
	RWlock lock;
	Chan *from;   /* (-) the file */
	Mount *mount; /* (lock) in the order of searching */
	Mhead *hash;  /* (ns) */
};
struct Dir {
	u16 type;
	u32 dev;
	Qid qid;
	u32 mode, atime, mtime;
	u64 length;
	const char *name, *uid, *gid, *muid;
};
struct Dirtab {
	char name[KNAMELEN];
	Qid qid;
	u64 length;
	u32 perm;
};
typedef int Devgen(Chan *, const char *name, Dirtab *, int ntab, int i, Dir *);

struct Dev {	     /* every member is set, by name; dev.c has the defaults */
	u32 dc;	     /* the letter after # */
	bool stream; /* offsets mean nothing: no seeks, nothing to keep */
	const char *name;
	void (*reset)(void);
	void (*init)(void);
	Chan *(*attach)(const char *spec);
	/* name in the directory c, nil: c again: a new channel, not open, without path; nil: no such name */
	Chan *(*walk)(Chan *c, const char *name);
	i64 (*stat)(Chan *, u8 *, i64);
	Chan *(*open)(Chan *, int);
	Chan *(*create)(Chan *, const char *, int, u32);
	void (*close)(Chan *);
	i64 (*read)(Chan *, Buf *, i64, i64 off);
	i64 (*write)(Chan *, const Buf *, i64, i64 off);
	void (*remove)(Chan *);
	i64 (*wstat)(Chan *, u8 *, i64);
};
extern Dev *const devtab[]; /* nil at the end */

#include "fns.h"
