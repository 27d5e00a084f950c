/*
 * dat.h: the kernel's structures: processes, segments, files. 9front's names where the act is the same.
 * Lock letters stand behind members: (p) the process itself only, (r) runq lock, (l) the struct's
 * own Lock, (q) its QLock, (a) atomic, (-) set once.
 */
#pragma once

#include "mm.h"
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
typedef struct Image Image;
typedef struct Mhead Mhead;
typedef struct Mount Mount;
typedef struct Note Note;
typedef struct Path Path;
typedef struct Pgrp Pgrp;
typedef struct Pte Pte;
typedef struct QLock QLock;
typedef struct Qid Qid;
typedef struct Queue Queue;
typedef struct Ref Ref;
typedef struct Rendez Rendez;
typedef struct Rgrp Rgrp;
typedef struct RWlock RWlock;
typedef struct Segment Segment;
typedef struct Sema Sema;
typedef struct Timer Timer;
typedef struct Waitq Waitq;
typedef struct Walkqid Walkqid;

enum {
	ERRMAX = 128,
	KNAMELEN = 28,
	NERR = 32,
	NNOTE = 5,
	MAXSYSARG = 5,
	DELTAFD = 20,
	MAXFD = 5000,
	HZ = 100,
};

struct Ref {
	u32 ref; /* (a) */
};
u32 incref(Ref *r);
u32 decref(Ref *r); /* the new value; panics below 0 */

struct QLock {
	Lock use;   /* guards the rest */
	Proc *head, *tail;
	bool locked;
	u64 pc;
	Proc *owner;
};
struct RWlock {
	Lock use;
	Proc *head, *tail;
	Proc *wproc;
	u32 readers;
	bool writer;
};
struct Rendez {
	Lock l;
	Proc *p;
};

/* --- segments (N1-N8) --------------------------------------------------------------------------------- */

enum { SSEG, TSEG, DSEG, BSEG, ESEG, LSEG, SEG1, SEG2, SEG3, SEG4, NSEG };
enum {
	SG_TYPE = 07,
	SG_TEXT = 0,
	SG_DATA = 1,
	SG_BSS = 2,
	SG_STACK = 3,
	SG_SHARED = 4,
	SG_PHYSICAL = 5,
	SG_FIXED = 6,
	SG_STICKY = 7,
	SG_RONLY = 040,
	SG_CEXEC = 0100,
	SG_FAULT = 0200,
	SG_CACHED = 0400,
	SG_DEVICE = 01000,
	SG_NOEXEC = 02000,
};
enum {
	PTEPERTAB = 256,                     /* pages in one Pte */
	PTEMAPMEM = PTEPERTAB * 4096,        /* 1 MiB */
	SEGMAPSIZE = 65536,                  /* 64 GiB */
	SSEGMAPSIZE = 16,                    /* inline: 16 MiB */
};
struct Pte {
	Page *pages[PTEPERTAB];
	u16 first, last; /* used ones lie in [first, last] */
};
struct Sema {
	Rendez r;
	u64 addr;
	u32 waiting;
	Sema *next, *prev;
};
struct Segment {
	Ref ref;
	QLock q;
	u32 type;      /* (-) SG_* */
	u64 base, top; /* (q) */
	u64 size;      /* (q) pages */
	u64 fstart, flen; /* (-) part of the file behind it */
	Image *image;  /* (-) */
	bool exec;     /* pages may be fetched (text, segflush) */
	Pte **map;     /* (q) mapsize of them; nil entries are untouched */
	u32 mapsize;
	Pte *ssegmap[SSEGMAPSIZE];
	Lock semalock;
	Sema sema;     /* (semalock) head of the list */
	u64 pa;        /* SG_PHYSICAL */
};
struct Image { /* one executable: its channel, its running text, its cached pages */
	Ref ref;
	Lock l;
	Chan *c;
	u64 qidpath;
	u32 qidvers, dev;
	u8 type;
	Segment *s;    /* (l) running text, no reference */
	Image *hash, *next;
	u64 pgref;
	Page *pghash[64];
	bool notext;
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
enum { NUser, NDebug, NExit }; /* note flags */

struct Note {
	char msg[ERRMAX];
	int flag;
	Note *next;
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
	Chan **fd;   /* (l) nfd of them */
	u8 *flag;    /* (l) close-on-exec, one for each fd */
	i32 nfd, maxfd;
};
struct Pgrp {
	Ref ref;
	RWlock ns;
	Mhead *mnthash[32]; /* (ns) */
	bool noattach;
	u64 notallowed[4];
};
struct Evalue {
	char *name;
	u8 *value;
	usize len;
	u64 path;
	u32 vers;
};
struct Egrp {
	Ref ref;
	RWlock l;
	Evalue *ent;
	u32 nent, cap;
	u64 path;
	u32 vers;
};
struct Rgrp {
	Ref ref;
	Lock l;
	Proc *hash[32];
};
struct Timer {
	u64 when; /* nanosec() */
	void (*f)(Timer *);
	Proc *p;
	Timer *next, *prev;
	bool on;
};

struct Proc {
	Label sched;     /* (-) offset 0: the port's assembly */
	u64 kstack;      /* top of its kernel stack */
	Mach *mach;      /* running there */
	char text[KNAMELEN];
	char user[KNAMELEN];
	char *args;
	u32 nargs;
	u32 pid, noteid, parentpid;
	Proc *parent;
	enum Procstate state;
	const char *psstate; /* what it waits in, or the system call's name */
	Space space;
	Segment *seg[NSEG]; /* (seglock) */
	QLock seglock;
	Fgrp *fgrp;
	Pgrp *pgrp;
	Egrp *egrp;
	Rgrp *rgrp;
	Chan *slash, *dot;
	Ureg *dbgreg;    /* frame of the current trap or call */
	u64 sargs[MAXSYSARG];
	/* error() */
	Label errlab[NERR];
	int nerrlab;
	char *errstr, *syserrstr;
	char errbuf0[ERRMAX], errbuf1[ERRMAX];
	/* waiting for children */
	Lock exl;
	Waitq *waitq; /* (exl) */
	u32 nchild, nwait;
	QLock qwaitr;
	Rendez waitr;
	/* sleeping */
	Lock rlock;
	Rendez *r;
	Rendez sleep;
	Timer timer;
	bool trend;
	bool interrupted;
	/* notes */
	QLock debug;
	Note *note;    /* queue of at most NNOTE */
	u32 nnote;
	bool notified; /* in the handler */
	Note lastnote;
	u64 notify;    /* handler, 0: none */
	u64 ureg;      /* user address of the handler's Ureg, for nesting */
	bool notepending;
	/* rendezvous, semaphores */
	u64 rendtag, rendval;
	Proc *rendhash;
	/* scheduling */
	u32 priority, basepri;
	bool fixedpri, kp, privatemem, noswap, procctl_kill, newtlb, hang;
	Proc *rnext, *qnext, *pidhash, *link;
	u64 cpu, lastupdate, readytime;
	Lock *lockwait;
	i32 nlocks; /* spin locks held: 0 at each return to user mode (Q8) */
	u32 time[6]; /* ms: user, sys, real start, child user, child sys, child real */
	u64 kentry, pcycles;
	void (*kpfun)(void *);
	void *kparg;
	u32 procmode;
	FPsave *fpsave;
	u32 fpstate;
	u32 syscallno;
	u64 demand; /* pages that fault() brought in (N2) */
	char genbuf[128];
};

static inline Proc *
upof(void)
{
	Mach *mm = machp();
	return mm->proc;
}
#define up (upof())


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
#define DMDIR    0x80000000u
#define DMAPPEND 0x40000000u
#define DMEXCL   0x20000000u
#define DMTMP    0x04000000u
enum { OREAD = 0, OWRITE = 1, ORDWR = 2, OEXEC = 3, OTRUNC = 0x10, OCEXEC = 0x20, ORCLOSE = 0x40, OEXCL = 0x1000 };

struct Path { /* an absolute, cleaned name, and the channels stepped through at mount points */
	Ref ref;
	char *s;
	u32 len, alen;
	Chan **mtpt;
	u32 mlen, malen;
};
enum { COPEN = 1, CMSG = 2, CFREE = 4, CCEXEC = 8 };
struct Chan {
	Ref ref;
	Lock l;
	Chan *next;
	u64 offset;   /* (l) */
	u64 devoffset;
	u16 type;     /* index in devtab */
	u32 dev;
	u16 mode;
	u16 flag;
	Qid qid;
	Mhead *umh;   /* union being read */
	Chan *umc;
	QLock umqlock;
	u32 uri;
	u32 dri;
	Path *path;
	void *aux;
};
struct Mount {
	Mount *next;
	Mhead *head;
	Chan *to;
	u32 mflag;
	char *spec;
};
struct Mhead {
	Ref ref;
	RWlock lock;
	Chan *from;
	Mount *mount;
	Mhead *hash;
};
struct Walkqid {
	Chan *clone;
	u32 nqid;
	Qid qid[];
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

struct Dev { /* every member is set, by name; dev.c has the defaults */
	u32 dc; /* the letter after # */
	const char *name;
	void (*reset)(void);
	void (*init)(void);
	Chan *(*attach)(const char *spec);
	Walkqid *(*walk)(Chan *c, Chan *nc, char **name, int nname);
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
