/*
 * user.h: everything a program of imago's initrd can call: the system calls with their types, and a
 * small library without libc. Programs are static ELF64 at UTZERO; `main` returns or calls exits().
 * The words (strings, formats, numbers) are kernel/lib's own files, compiled once more for user mode.
 */
#pragma once

#include "u.h"
#include "lib.h"
#include "syscall.h"
#include "layout.h"
#include "machine.h"

enum { OREAD, OWRITE, ORDWR, OEXEC, OTRUNC = 0x10, OCEXEC = 0x20, ORCLOSE = 0x40, OEXCL = 0x1000 };
enum { MREPL, MBEFORE, MAFTER, MCREATE = 4 };
enum { ERRMAX = 128, STATFIXLEN = 49, STATMAX = 1024 };
#define DMDIR 0x80000000u

/* --- the system calls: stubs.c makes one function for each line of SYSCALLS ------------------- */

int bind(const char *name, const char *old, int flag);
int chdir(const char *path);
int close(int fd);
int dup(int old, int new);
i64 alarm(u32 ms);
i64 exec(const char *path, char *const *argv);
NORETURN void exits(const char *status);
int segbrk(void *in, void *top);
int open(const char *path, int mode);
i64 oseek(int fd, int off, int type);
int sleep(int ms);
int rfork(int flags);
int pipe(int fd[2]);
int create(const char *path, int mode, u32 perm);
int fd2path(int fd, char *buf, u32 n);
i64 brk_(void *end);
int remove(const char *path);
int notify(void (*f)(void *ureg, char *note));
int noted(int how);
i64 segattach(int attr, const char *class, void *va, u64 len);
int segdetach(void *va);
int segfree(void *va, u64 len);
int segflush(void *va, u64 len);
u64 rendezvous(u64 tag, u64 value);
int unmount(const char *name, const char *old);
int semacquire(i32 *a, int block);
int semrelease(i32 *a, int n);
int tsemacquire(i32 *a, u32 ms);
int errstr(char *buf, u32 n);
i64 stat(const char *path, u8 *buf, u32 n);
i64 fstat(int fd, u8 *buf, u32 n);
i64 wstat(const char *path, const u8 *buf, u32 n);
i64 fwstat(int fd, const u8 *buf, u32 n);
int mount(int fd, int afd, const char *old, int flag, const char *spec);
i64 await(char *buf, u32 n);
i64 pread(int fd, void *buf, u32 n, i64 off);
i64 pwrite(int fd, const void *buf, u32 n, i64 off);
i64 _nsec(u64 *ignored);
int sysr1(void);
/* Any call by number, five raw arguments: for tests. */
i64 rawcall(u64 number, u64 a, u64 b, u64 c, u64 d, u64 e);

/* --- what the kernel leaves at the top of the stack [PLAN9-ABI 1.4] --------------------------- */

typedef struct Tos Tos;
struct Tos {
	u64 prof[4];
	u32 profpid, profwhat;
	u64 cyclefreq, kcycles, pcycles;
	u32 pid, clock;
};
extern Tos *_tos;

/* --- the library ------------------------------------------------------------------------------ */

i64 read(int fd, void *buf, u32 n);
i64 write(int fd, const void *buf, u32 n);
i64 seek(int fd, i64 off, int type);
int fork(void);
int getpid(void);
/* The last error, in a buffer that the next call of it overwrites; the string stays set. */
const char *lasterr(void);
void werrstr(const char *fmt, ...) PRINTF(1, 2);

int print(const char *fmt, ...) PRINTF(1, 2);
int fprint(int fd, const char *fmt, ...) PRINTF(2, 3);
/* Complain on fd 2 as `argv0: text` and exit with it. */
NORETURN void fatal(const char *fmt, ...) PRINTF(1, 2);
extern const char *argv0;
/* A word to the kernel's /dev/command; fatal if it does not take it. */
void kcommand(const char *word);

/* Whole text of a file in malloc'ed memory, NUL-terminated; nil and errstr. */
char *readfile(const char *name, usize *len);
i64 atoi64(const char *s);
/* Words of s, cut in place at blanks and newlines, quotes as in await's records: how many. */
int tokenize(char *s, char **words, int max);

typedef struct Dir Dir;
struct Dir {
	u16 type;
	u32 dev;
	u8 qtype;
	u32 qvers;
	u64 qpath;
	u32 mode, atime, mtime;
	u64 length;
	char name[128], uid[32], gid[32], muid[32];
};
/* One record at p of at most n bytes into d: its length, 0 if it is broken. */
usize dirunpack(const u8 *p, usize n, Dir *d);
int dirstat(const char *name, Dir *d); /* 0 or -1 */
int dirfstat(int fd, Dir *d);

/* Wait for any child: its pid or -1; msg gets the status text, "" for success. */
int waitpid(char *msg, usize n);
/* fork, exec, wait: the exit status text in msg. -1 if it could not start. */
int run(char *const *argv, char *msg, usize n);

void *sbrk(i64 n);
void *malloc(usize n); /* zeroed; nil when there is no memory */
void free(void *p);

/*
 * Install a handler written in C: notify() hands registers over as Plan 9's compilers like it, so a
 * trampoline turns it into f(ureg, note). 0: none.
 */
int atnotify(void (*f)(Ureg *, char *));
