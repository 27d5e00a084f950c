/*
 * files.h: what the file half of the kernel gives the rest: errors, channels, names, devices,
 * file descriptor tables, name spaces, environments, configuration. Included by fns.h; the other half
 * (locks, processes, sleeping, notes, memory of processes) is declared there.
 *
 * Whose memory a device reads and writes: a Buf. It is the address that the caller of read or write
 * gave, in user memory or in the kernel's, and the type cannot be looked into: only bufput and bufget
 * touch it. They copy straight between the device's data and user memory (no bounce buffer) and raise an
 * error when the user's address turns bad in the middle, so a device may hold a QLock around them (with
 * waserror), but never a spin lock.
 */
#pragma once

/* --- error.c: the words users see [PLAN9-ABI 4.9] --------------------------------------------- */

extern const char Enonexist[], Eexist[], Enotdir[], Eisdir[], Eperm[], Ebadusefd[], Ebadfd[], Enofd[];
extern const char Ebadarg[], Ebadchar[], Efilename[], Etoolong[], Enodev[], Einuse[], Eshutdown[], Eio[];
extern const char Ehungup[], Ecount[], Etoobig[], Etoosmall[], Eisstream[], Edirseek[], Enegoff[];
extern const char Eshortstat[], Ebadstat[], Eismtpt[], Emount[], Eunmount[], Eunion[], Enocreate[];
extern const char Enoattach[], Ebadspec[], Ebadexec[], Enovmem[], Enomem[], Esoverlap[], Enochild[];
extern const char Eprocdied[], Enoreg[], Ebadctl[], Ecmdargs[], Eintr[], Eioload[], Edirexec[];
extern const char Eemptyname[], Enocreatedir[], Enotyet[], Enoprocs[];

/* Names in walk errors: "'name' message", the message kept whole, in at most n bytes. */
void namerror(char *d, usize n, const char *name, usize len, const char *msg);

/* --- buffers of callers ----------------------------------------------------------------------- */

static inline Buf *
kbuf(void *p)
{
	return p;
}
static inline const Buf *
ckbuf(const void *p)
{
	return p;
}
static inline Buf *
ubuf(Uva a)
{
	return (Buf *)(uintptr)uvabits(a);
}
/* Copy n bytes to, from b + at. error(Ebadarg) with the note on bad user memory. */
void bufput(Buf *b, i64 at, const void *s, usize n);
void bufget(void *d, const Buf *b, i64 at, usize n);
/* The same for one who holds something: false on bad memory; badaddr() then, when nothing is held. */
bool trybufput(Buf *b, i64 at, const void *s, usize n) MUSTUSE;
bool trybufget(void *d, const Buf *b, i64 at, usize n) MUSTUSE;
void bufzero(Buf *b, i64 at, usize n);
/* The part of text s[0..len) that a read of n bytes at off gives: how many bytes. */
i64 readmem(i64 off, Buf *b, i64 n, const void *s, usize len);
i64 readstr(i64 off, Buf *b, i64 n, const char *s);
/* At most max-1 bytes written by the caller into d, NUL-terminated, a trailing newline cut. */
usize writestr(char *d, usize max, const Buf *b, i64 n);

/* --- chan.c, path.c, namec.c ------------------------------------------------------------------ */

enum Access { Aaccess, Abind, Atodir, Aopen, Amount, Acreate, Aremove };

Chan *newchan(void);
void cclose(Chan *c);	/* drop a reference; the last one closes */
Chan *cclone(Chan *c);	/* a new channel at the same file, not open */
Chan *cunique(Chan *c); /* c itself if ours alone, or a clone; takes c's reference */
bool eqchan(Chan *a, Chan *b, bool skipvers);
void isdir(Chan *c); /* error(Enotdir) unless it is one */
/*
 * A channel for a name in kernel memory [PLAN9-ABI 4.7]; errors name the name. Acreate: perm;
 * Aopen: omode. The caller closes it.
 */
Chan *namec(const char *name, enum Access a, int omode, u32 perm);
/* A name out of user memory, checked, in kernel memory: free() it. */
char *validnamedup(u64 uaddr);
void validname(const char *name, bool slashok);
/* Read up to n bytes of an open channel into kernel memory at an offset: the count. */
i64 kread(Chan *c, void *p, i64 n, i64 off);
i64 kwrite(Chan *c, const void *p, i64 n, i64 off);

Path *newpath(const char *s);
void pathclose(Path *p);
Path *pathpush(Path *p, const char *elem, Chan *from);
Path *pathpop(Path *p, Chan **from);
const char *pathelem(const Path *p);

/* --- mount.c: name spaces --------------------------------------------------------------------- */

enum { MREPL = 0, MBEFORE = 1, MAFTER = 2, MORDER = 3, MCREATE = 4, MCACHE = 0x10, MMASK = 0x17 };
void cmount(Chan *new, Chan *old, int flag);
void cunmount(Chan *mnt, Chan *mounted);
Mhead *findmount(Chan *c);
void mheadclose(Mhead *mh);
Pgrp *newpgrp(void);
void pgrpcpy(Pgrp *to, Pgrp *from);
void closepgrp(Pgrp *p);
usize nstext(Pgrp *g, Chan *dot, char *d, usize n);
/* userinit: #c #¶ #P #d #e #p and /boot in their places below a fresh root; sets up's slash and dot. */
void kernelnamespace(void);

/* --- fgrp.c: descriptor tables ---------------------------------------------------------------- */

Fgrp *newfgrp(void);
Fgrp *dupfgrp(Fgrp *f);
void closefgrp(Fgrp *f);
void closeexecfgrp(Fgrp *f); /* exec: what was opened with OCEXEC */
/* The channel behind fd, open for mode (-1: any); iref: with a reference. error(Ebadfd), error(Ebadusefd). */
Chan *fdtochan(int fd, int mode, bool iref);
/* A descriptor for c, which it takes; mode's OCEXEC marks it; -1: none left, c is still the caller's. */
int newfd(Chan *c, int mode);
bool newfd2(Chan *c[2], int fd[2]); /* two or none */
bool fdreplace(int fd, Chan *c, int mode);
int fdflag(int fd);
void fdclose(int fd);
usize fdtext(int fd, Chan *c, char *d, usize n); /* its line of /proc/n/fd */

/* --- devenv.c: environments ------------------------------------------------------------------- */

Egrp *newegrp(void);
void envcpy(Egrp *to, Egrp *from);
void closeegrp(Egrp *e);
void ksetenv(const char *name, const char *value, bool shared); /* shared: #ec, seen by all */

/* --- devices ---------------------------------------------------------------------------------------------
 */

void chandevreset(void);
void chandevinit(void);
int devno(u32 dc, bool user); /* index in devtab; -1 (user) or error(Enodev) */
int devgen(Chan *c, const char *name, Dirtab *tab, int ntab, int i, Dir *dp);
void devdir(Chan *c, Qid qid, const char *name, u64 length, const char *user, u32 perm, Dir *dp);
void devreset(void);
void devclose(Chan *c);
void devinit(void);
Chan *devattach(u32 dc, const char *spec);
Chan *devclone(Chan *c);
Chan *devwalk(Chan *c, const char *name, Dirtab *tab, int ntab, Devgen *gen);
i64 devstat(Chan *c, u8 *dp, i64 n, Dirtab *tab, int ntab, Devgen *gen);
i64 devdirread(Chan *c, Buf *b, i64 n, Dirtab *tab, int ntab, Devgen *gen);
Chan *devopen(Chan *c, int omode, Dirtab *tab, int ntab, Devgen *gen);
void devpermcheck(const char *fileuid, u32 perm, int omode);
int openmode(int o);
Chan *devcreate(Chan *c, const char *name, int omode, u32 perm); /* error(Eperm) */
void devremove(Chan *c);
i64 devwstat(Chan *c, u8 *dp, i64 n);
const char *devcheck(Dev *const *tab); /* what is wrong with a table of devices, or nil (M2) */
/* Stat records [PLAN9-ABI 4.4]. */
enum { STATFIXLEN = 49, STATBUF = 400, DEVDOTDOT = -1 }; /* no device's record is longer than STATBUF */
usize sizeD2M(const Dir *d);
usize convD2M(const Dir *d, u8 *buf, usize n);		   /* bytes; 2 with the size wanted; 0: less than 2 */
usize convM2D(const u8 *buf, usize n, Dir *d, char *strs); /* strs: n bytes for the names; 0: malformed */
usize statrename(u8 *buf, usize size, usize n, const char *name);

void addbootfile(const char *name, const u8 *data, usize len); /* /boot/name; data stays */
void pipechans(Chan *c[2]);				       /* both ends of a new pipe, open */
#define SWAPLETTER 0xb6					       /* ¶ */
/* #P/name reads as what text gives; before there are processes. */
typedef usize Archtext(char *d, usize n);
void addarchfile(const char *name, u32 perm, Archtext *text);

/* --- devcons.c, command.c, tod.c -------------------------------------------------------------- */

extern char eve[KNAMELEN]; /* the host owner; conschar() is in arch.h */
enum { WALKTEXT = 4096 };
void command(const char *word); /* what is written to /dev/command; error(Ebadctl) */
void todset(u64 ns);		/* ns since 1970, now */
u64 todns(void);
u32 seconds(void);
void randomseed(const void *p, usize n); /* at most 32 bytes that nobody else knows */
void randomblock(u8 out[32]);

enum { NPROCTIME = 6 };
void proctimes(Proc *p, u64 t[NPROCTIME]);

/* --- sysfile.c: the calls about files --------------------------------------------------------- */

Syscall sysopen, syscreate, sysclose, sysremove, syschdir, sysdup, syspipe, sysfd2path, syspread, syspwrite,
    sys_read, sys_write, sysseek, sysoseek, sysstat, sysfstat, syswstat, sysfwstat, sysbind, sysunmount;

/* --- initrd.c, conf.c ------------------------------------------------------------------------- */

void initrdinit(const BootKeep *k);  /* /boot/<name>; phase PhRegistered */
void initrdcheck(const BootKeep *k); /* its bytes are still what they were (*initrdsum) */
/* Register the files of a ustar archive; how many. A bad header ends it, with a line of why. */
int initrdregister(const u8 *p, usize n);
/*
 * Settings (A8). confset cuts text[0..n), whose last byte is NUL, into lines in place and keeps it;
 * confread does it with the parcel's.
 */
void confset(char *text, usize n);
void confread(const BootKeep *k);
/* A setting of the kernel's own ("name=value", kept as it is): no written one changes it. */
void confown(const char *line);
const char *getconf(const char *name); /* nil: not set */
u64 getconfnum(const char *name, u64 dflt);
const char *confline(u32 i); /* the i-th setting, "name=value"; nil at the end */
