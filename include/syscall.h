/*
 * syscall.h: Plan 9's system call numbers and constants: the kernel's table and the programs' stubs
 * are made from this one list [PLAN9-ABI 2.3].
 */
#pragma once

/*        number name          arguments */
#define SYSCALLS(S)                                                                                          \
	S(0, sysr1, 0)                                                                                       \
	S(1, _errstr, 1)                                                                                     \
	S(2, bind, 3)                                                                                        \
	S(3, chdir, 1)                                                                                       \
	S(4, close, 1)                                                                                       \
	S(5, dup, 2)                                                                                         \
	S(6, alarm, 1)                                                                                       \
	S(7, exec, 2)                                                                                        \
	S(8, exits, 1)                                                                                       \
	S(9, _fsession, 3)                                                                                   \
	S(10, fauth, 2)                                                                                      \
	S(11, _fstat, 2)                                                                                     \
	S(12, segbrk, 2)                                                                                     \
	S(13, _mount, 4)                                                                                     \
	S(14, open, 2)                                                                                       \
	S(15, _read, 3)                                                                                      \
	S(16, oseek, 3)                                                                                      \
	S(17, sleep, 1)                                                                                      \
	S(18, _stat, 2)                                                                                      \
	S(19, rfork, 1)                                                                                      \
	S(20, _write, 3)                                                                                     \
	S(21, pipe, 1)                                                                                       \
	S(22, create, 3)                                                                                     \
	S(23, fd2path, 3)                                                                                    \
	S(24, brk_, 1)                                                                                       \
	S(25, remove, 1)                                                                                     \
	S(26, _wstat, 2)                                                                                     \
	S(27, _fwstat, 2)                                                                                    \
	S(28, notify, 1)                                                                                     \
	S(29, noted, 1)                                                                                      \
	S(30, segattach, 4)                                                                                  \
	S(31, segdetach, 1)                                                                                  \
	S(32, segfree, 2)                                                                                    \
	S(33, segflush, 2)                                                                                   \
	S(34, rendezvous, 2)                                                                                 \
	S(35, unmount, 2)                                                                                    \
	S(36, _wait, 1)                                                                                      \
	S(37, semacquire, 2)                                                                                 \
	S(38, semrelease, 2)                                                                                 \
	S(39, seek, 4)                                                                                       \
	S(40, fversion, 4)                                                                                   \
	S(41, errstr, 2)                                                                                     \
	S(42, stat, 3)                                                                                       \
	S(43, fstat, 3)                                                                                      \
	S(44, wstat, 3)                                                                                      \
	S(45, fwstat, 3)                                                                                     \
	S(46, mount, 5)                                                                                      \
	S(47, await, 2)                                                                                      \
	S(50, pread, 4)                                                                                      \
	S(51, pwrite, 4)                                                                                     \
	S(52, tsemacquire, 2)                                                                                \
	S(53, _nsec, 1)

#define NSYSCALL 54

enum { /* rfork */
       RFNAMEG = 1 << 0,
       RFENVG = 1 << 1,
       RFFDG = 1 << 2,
       RFNOTEG = 1 << 3,
       RFPROC = 1 << 4,
       RFMEM = 1 << 5,
       RFNOWAIT = 1 << 6,
       RFCNAMEG = 1 << 10,
       RFCENVG = 1 << 11,
       RFCFDG = 1 << 12,
       RFREND = 1 << 13,
       RFNOMNT = 1 << 14,
};
enum { NCONT = 0, NDFLT = 1, NSAVE = 2, NRSTR = 3 };
