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

/* --- error.c: the words users see [PLAN9-ABI 4.9] -------------------------------------------------- */

extern const char Enonexist[], Eexist[], Enotdir[], Eisdir[], Eperm[], Ebadusefd[], Ebadfd[], Enofd[];
extern const char Ebadarg[], Ebadchar[], Efilename[], Etoolong[], Enodev[], Einuse[], Eshutdown[], Eio[];
extern const char Ehungup[], Ecount[], Etoobig[], Etoosmall[], Eisstream[], Edirseek[], Enegoff[];
extern const char Eshortstat[], Ebadstat[], Eismtpt[], Emount[], Eunmount[], Eunion[], Enocreate[];
extern const char Enoattach[], Ebadspec[], Ebadexec[], Enovmem[], Enomem[], Esoverlap[], Enochild[];
extern const char Eprocdied[], Enoreg[], Ebadctl[], Ecmdargs[], Eintr[], Eioload[], Edirexec[];
extern const char Eemptyname[], Eclosedpipe[], Enocreatedir[], Ereadonly[], Enotyet[], Enoprocs[];

/* Names in walk errors: "'name' message", the message kept whole, in at most n bytes. */
void namerror(char *d, usize n, const char *name, usize len, const char *msg);

/* --- buffers of callers ---------------------------------------------------------------------------- */

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
void bufzero(Buf *b, i64 at, usize n);
/* The part of text s[0..len) that a read of n bytes at off gives: how many bytes. */
i64 readmem(i64 off, Buf *b, i64 n, const void *s, usize len);
i64 readstr(i64 off, Buf *b, i64 n, const char *s);
/* At most max-1 bytes written by the caller into d, NUL-terminated, a trailing newline cut. */
usize writestr(char *d, usize max, const Buf *b, i64 n);

/* --- chan.c, path.c, namec.c ------------------------------------------------------------------------- */

enum Access { Aaccess, Abind, Atodir, Aopen, Amount, Acreate, Aremove };

Chan *newchan(void);
void cclose(Chan *c);               /* drop a reference; the last one closes */
Chan *cclone(Chan *c);              /* a new channel at the same file, not open */
Chan *cunique(Chan *c);             /* c itself if ours alone, or a clone; takes c's reference */
bool eqchan(Chan *a, Chan *b, bool skipvers);
bool eqqid(Qid a, Qid b);
void isdir(Chan *c);                /* error(Enotdir) unless it is one */
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
Path *copypath(Path *p);
void pathclose(Path *p);
Path *addelem(Path *p, const char *elem, Chan *from);
void cleanpath(char *s); /* in place: //, ., .. as far as they go; '#' names keep their device */

/* --- name spaces and descriptor tables ---------------------------------------------------------------- */

int cmount(Chan *new, Chan *old, int flag, const char *spec);
void cunmount(Chan *mnt, Chan *mounted);
enum { MREPL = 0, MBEFORE = 1, MAFTER = 2, MORDER = 3, MCREATE = 4, MCACHE = 0x10, MMASK = 0x17 };

Pgrp *newpgrp(void);
void pgrpcpy(Pgrp *to, Pgrp *from);
void closepgrp(Pgrp *p);
Fgrp *newfgrp(void);
Fgrp *dupfgrp(Fgrp *f);
void closefgrp(Fgrp *f);
void closeexecfgrp(Fgrp *f); /* exec: what was opened with OCEXEC */
/* The channel behind fd, with a reference; mode -1: any. error(Ebadfd), error(Ebadusefd). */
Chan *fdtochan(int fd, int mode, bool chkmnt, bool iref);
int newfd(Chan *c, int mode); /* takes c; mode's OCEXEC marks the descriptor; -1: none left */
Egrp *newegrp(void);
void envcpy(Egrp *to, Egrp *from);
void closeegrp(Egrp *e);
void ksetenv(const char *name, const char *value, bool conf); /* conf: #ec, seen by all */
/* userinit: #c #d #e #p #¶ in their places below a fresh root; up's slash and dot. */
void kernelnamespace(void);

/* --- devices --------------------------------------------------------------------------------------------- */

void chandevreset(void);
void chandevinit(void);
int devno(u32 dc, bool user); /* index in devtab; -1 (user) or error(Enodev) */
int devgen(Chan *c, const char *name, Dirtab *tab, int ntab, int i, Dir *dp);
void devdir(Chan *c, Qid qid, const char *name, u64 length, const char *user, u32 perm, Dir *dp);
void devreset(void);
void devinit(void);
Chan *devattach(u32 dc, const char *spec);
Chan *devclone(Chan *c);
Walkqid *devwalk(Chan *c, Chan *nc, char **name, int nname, Dirtab *tab, int ntab, Devgen *gen);
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
enum { STATFIXLEN = 49 };
usize sizeD2M(const Dir *d);
usize convD2M(const Dir *d, u8 *buf, usize n); /* bytes; 2 with the size wanted; 0: less than 2 */
usize convM2D(const u8 *buf, usize n, Dir *d, char *strs); /* strs: n bytes for the names */

void addbootfile(const char *name, const u8 *data, usize len); /* /boot/name; data stays */
/* Pipe whose two ends are channels: what pipe() and programs use. */

/* --- console (devcons.c) ----------------------------------------------------------------------------- */

/* A character typed, from an interrupt handler or a poll: cooked, echoed, queued. */
void conschar(int c);

/* --- initrd.c, conf.c ---------------------------------------------------------------------------------- */

/* Register the files of a ustar archive; how many. A bad header ends it, with a line of why. */
int initrdregister(const u8 *p, usize n);
typedef struct TarFile TarFile;
struct TarFile {
	char name[256];
	const u8 *data;
	usize size;
};
/* Next regular file at *off: 1; 0 at the end; -1 and *why. Pure. */
int tarnext(const u8 *p, usize n, usize *off, TarFile *f, const char **why);

/* Configuration: name=value lines (boot.cfg, load options), names without case, later lines win (A8). */
void confset(const char *text, usize n);
const char *getconf(const char *name); /* nil: not set */
u64 getconfnum(const char *name, u64 dflt);
const char *confline(u32 i, const char **value); /* name of the i-th setting, nil at the end */
