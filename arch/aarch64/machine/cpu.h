/*
 * cpu.h: what the port's files share: one Cpu for each processor, the ways between C and assembly.
 */
#pragma once

#include "mm.h"
#include "machine/sysreg.h"

typedef struct Cpu Cpu;
typedef struct Guard Guard;

struct Cpu { /* one for each processor; Mach.port points here */
	Mach mach;
	u64 mpidr;
};

struct Guard { /* usercopy.S: a fault in [start, end) goes on at other */
	u64 start, end, other;
};

enum { /* ways in: vectors.S says which of its entries it was */
       WaySync,
       WayIrq,
       WayFiq,
       WaySerror,
       WayUser = 4,   /* + one of the above: from user mode */
       WayOdd = 8,    /* from a state that we never have */
       WayStack = 12, /* there was no stack to keep the registers on */
};

/* The frame on the kernel stack: the Ureg, a word to spare, a frame record for backtraces. */
enum { FrameRecord = 288, FrameSize = 304, SysArgs = 48 };

extern const Guard guards[], guardsend[];
extern const u8 __ImageBase[]; /* the linker's name for our first byte */
extern char vectors[];
extern u8 userpan; /* the kernel's own loads may not touch user memory */

/* cpu.c */
bool cpuhigh(void); /* do we run at KZERO already? */
void cpuinit0(void);
u64 tcrvalue(void);
u64 sctlrvalue(void);
/* fpu.c */
bool fptrap(Ureg *u);
void fpswitch(FPuser *fp);
/* trap.c */
void trap(Ureg *u, u64 far, u32 way);
/* gic.c: interrupts by number; the clock's is private to a processor */
void gicinit(void);
void gicinterrupt(Ureg *u);
bool gicenable(u32 intid, bool edge);
/* usercopy.S: one word of kernel memory that may not be there */
bool probe(u64 va, u64 *v);
void semihost(u64 operation, const void *block);
/* trap.c: do our vectors speak already? */
bool trapspeaks(void);
