/*
 * mach.h: one for each processor, and the machine-independent half of a saved context.
 * The port finds it without a lock (machp()); assembly reaches `self`, `proc`, `kstack` and `ustack`
 * by offsets generated from here.
 */
#pragma once

#include "addr.h"

typedef struct Mach Mach;
typedef struct Proc Proc;
typedef struct Label Label;
typedef struct Ureg Ureg;     /* the port's trap frame; portable code uses the accessors of arch.h */
typedef struct FPsave FPsave; /* the port's floating-point state */
typedef struct FPuser FPuser;

struct FPuser {	      /* a process's floating point: all zeroes is "not used yet" */
	FPsave *save; /* its registers while another runs */
	u32 state;    /* the port's */
};

/* A place to go back to: setlabel() returns 0 first, then 1 by gotolabel(). The port fills regs. */
struct Label {
	u64 sp;
	u64 pc;
#ifdef IMAGO_HOST
	u64 regs[24]; /* the C library's jump buffer */
#else
	u64 regs[12]; /* what a callee must keep */
#endif
};

struct Mach {
	Mach *self; /* assembly: first */
	Proc *proc; /* current process, or nil: `up` */
	u64 kstack; /* top of the current process's kernel stack */
	u64 ustack; /* scratch: user stack pointer at system call entry */
	u32 machno;
	u64 ticks;	/* of HZ */
	u64 cyclehz;	/* of the cycle counter */
	Label sched;	/* the scheduler's own context, on this processor's stack */
	Proc *prev;	/* who ran here before the switch in progress: procstart() lets him go */
	Proc *readied;	/* for direct hand-off */
	u64 schedticks; /* next forced schedule */
	FPuser *fp;	/* the current process's, or nil */
	u64 cs, intr, syscall, pfault, tlbfault, tlbpurge; /* counters for /dev/sysstat */
	u64 load;
	Paddr root; /* top-level table now in the processor */
	u64 spuriousintr;
	void *port; /* the port's own per-processor struct */
};
