/*
 * arch.h: everything that a port owes to the kernel, in the order of first need. Same names, same
 * files in each arch/ directory; arch/host implements what the host tests touch. A port adds public
 * words only through its "port.h" (struct Ureg, inline machp(), cycles()...), its private ones stay in
 * <machine/...>.
 */
#pragma once

#include "addr.h"
#include "layout.h"
#include "mach.h"
#include "boot.h"
#include "log.h"

/* --- early words: both lives ------------------------------------------------------------------ */

/* The polled serial port. uartinit: true if one answers. Never blocks for ever. [16550D, PL011] */
bool uartinit(void);
/* Where the firmware's tables say it is, for ports that cannot know; before uartinit(), in each life. */
void uartat(Paddr pa, u32 irq);
void uartputs(const char *s, usize n); /* polled until uartintr(), queued without loss from then on */
int uartgetc(void);		       /* -1: nothing there */
void uartcrlf(bool on);		       /* send \r before \n: for terminals that want it (*crlf=1) */
void uartintr(void);   /* interrupts from now on: input goes to conschar(), output to a queue */
void uartpolled(void); /* back to polling, the queue drained: panic, power off */
/* The debug ports of emulators (0x402, 0xE9): one byte, no init, always safe. */
void crumbputc(int c);
/* Leave the emulator with a status (isa-debug-exit), if there is one; returns if not. */
enum {			   /* the emulator's own exit status is 2 * code + 1 */
       DexitPass = 0x10,   /* a test boot is content: 33 */
       DexitFail = 0x11,   /* ... is not: 35 */
       DexitPanic = 0x12,  /* 37 */
       DexitRefuse = 0x13, /* this machine cannot carry us: 39 */
};
void debugexit(int code);

/* Programs that run here, by their headers. In port.h: enum { ElfMachineHere, AoutMagicHere }. */
/* A PC: first megabyte, I/O ports, their rules. In port.h: enum { PORTPC }. */
/* The ACPI timer at an I/O port; 0 where there are no such ports. Inline in port.h: u32 pmtimer(u16 port). */
/* Free-running cycle counter; monotone on one processor. Inline in port.h: u64 cycles(void). */
/* One whole aligned page, the fastest way. Inline in port.h: void pagezero(void *), pagecopy(void *, const
 * void *). */

/* What the processor calls itself. */
void cpuname(char *d, usize n);
/* Print the entry audit of the processor (A5, T5) from raw registers saved by efi. */
void cpuaudit(u64 audit[16]);
void cpuauditprint(const u64 audit[16]);
/* Print how the firmware left the devices: bus masters, owners of USB. After the exit, first life. */
void devaudit(void);
/* Text why this processor or mode cannot carry us (LA57, no long mode...), or nil. Before the exit. */
const char *cpurefuse(const u64 audit[16]);

/* --- table entries: pte.c, pure ------------------------------------------------------------------ */

typedef u64 Pte64;
enum Memtype { MtWB, MtWC, MtUC, MtWT };

typedef struct PteFeat PteFeat;
struct PteFeat {    /* what the processor can do; filled by ptefeat() or by a test */
	u8 levels;  /* 4 */
	u8 maxleaf; /* highest level at which a leaf may stand: 1 = 2 MiB, 2 = 1 GiB */
	u8 pabits;  /* physical address width */
	bool nx;    /* no-execute works */
};
void ptefeat(PteFeat *f);

Pte64 pteleaf(const PteFeat *f, int level, Paddr pa, u32 perm, enum Memtype mt);
Pte64 ptetable(const PteFeat *f, Paddr table, bool user);
bool ptevalid(Pte64 e);
bool pteisleaf(int level, Pte64 e);
Paddr ptepa(int level, Pte64 e); /* of a leaf (its base) or of the next table */
u32 pteperm(int level, Pte64 e); /* enum Perm bits of a leaf */
enum Memtype ptememtype(int level, Pte64 e);
Pte64 ptestep(int level);   /* add it to a leaf: the same rights on the next physical page */
Pte64 ptereadonly(Pte64 e); /* the same leaf without the right to write */
/* Words for a walk: "P W U A D PS G NX" and the like. */
usize ptetext(int level, Pte64 e, char *d, usize n);

/* --- the bridge -------------------------------------------------------------------------------------- */

/*
 * Interrupts off; what the new tables need of the processor on (no-execute), what would stop the mover
 * off (write protection of read-only pages, shadow stacks). After the exit, before relocation.
 */
void bridgeopen(void);
/*
 * Turn into the kernel: load root, write protection on, move to the stack top, jump to kmain(parcel);
 * addresses are those of the new tables. The code runs on a page that `root` maps 1:1. Never back.
 */
NORETURN void bridgeenter(Paddr root, u64 kmainva, u64 stacktop, u64 parcelva);
/* The 1:1 window that bridgeenter needs: the mapper's rows name it; kmain drops it. */
BootRun bridgewindow(const BootKeep *k);

/* --- address spaces ------------------------------------------------------------------------------- */

void mmuload(Paddr root); /* switch address space; drops non-global translations */
Paddr mmuroot(void);
void tlbflushva(u64 va); /* one page, this processor */
void tlbflushall(void);	 /* everything, global entries too, this processor */
/* Entries written where there were none are seen from here on. Inline in port.h: void ptesync(void). */
/* Instructions written as data at p are what will be run. In port.h: void textsync(const void *p, usize n).
 */

/* --- traps ------------------------------------------------------------------------------------------ */

void trapinit0(void); /* vectors that can speak: before the tables change and again at KZERO */
void trapinit(void);  /* interrupt controllers, final */
/* Inline in port.h: u32 splhi(void), interrupts off, the old state; u32 spllo(void); void splx(u32); bool
 * islo(void). */
void idle(void); /* wait for an interrupt; called with interrupts off, comes back with them on */
typedef void Intrfn(Ureg *, void *);
/* Route a device interrupt (ISA irq or GSI). 0 or -1. */
int intrenable(int irq, Intrfn *f, void *arg, const char *name) MUSTUSE;

/* What portable code asks of a trap frame. */
u64 uregpc(const Ureg *u);
u64 uregsp(const Ureg *u);
bool ureguser(const Ureg *u); /* came from user mode */
void uregdump(const Ureg *u); /* registers, by iprint */
/* Program counters of the callers above this frame (or of the caller if nil): at most n of them. */
int backtrace(const Ureg *u, u64 *pcs, int n);

/* --- user mode ---------------------------------------------------------------------------------------- */

int setlabel(Label *l) __attribute__((returns_twice));
NORETURN void gotolabel(Label *l);
/* A context that has never run: a label that runs fn(arg) on the stack below top. */
void labelfn(Label *l, u64 stacktop, void (*fn)(void *), void *arg);
/* Leave for user mode the first time, never back. */
NORETURN void touser(Uva pc, Uva sp, u64 arg0);
/* Registers of a new program: pc, sp, address of Tos as first result; everything else clean. */
void execregs(Ureg *u, Uva entry, Uva sp, Uva tos);
/*
 * A child's first run: l is set so that it calls procstart() on the stack below kstack and then
 * leaves for user mode with a copy of the parent's frame and 0 as the answer of its system call.
 */
void forkchild(Label *l, u64 kstack, const Ureg *parent);
/*
 * l leads, from anywhere below in a system call on the stack below kstack, into fn as if the port had
 * called that in the place of syscall(); the frame's registers are all restored then.
 */
void syscalllabel(Label *l, u64 kstack, void (*fn)(void));
/* The processor's part of a switch: kernel stack, tables (root 0: any), floating point (nil: none). */
void procswitch(u64 kstack, Paddr root, FPuser *fp);
/* Inline in port.h: Proc *machproc(), machp()->proc in one step; u32 uregsysno(u), number of the system call;
   uregret(u, i64 v), its answer; uregfull(u), more of the frame than the answer has changed: restore all of
   it. */
/* Note delivery: see PLAN9-ABI 3.5; the port lays out its own Ureg. False: the frame did not fit. */
bool notepush(Ureg *u, Uva handler, Uva *uregp, const char *text);
bool notepop(Ureg *u, Uva uregp, int mode); /* mode: NCONT, NRSTR; false: bad pc or sp */
void noteregs(Ureg *u, Uva handler, Uva uregp);

/*
 * Copies across the border. Any address may be bad: a fault is taken, brought in by fault() or
 * answered by false. Kernel-half and wrapping addresses are refused before the first byte.
 */
bool copyin(void *d, Uva s, usize n) MUSTUSE;
bool copyout(Uva d, const void *s, usize n) MUSTUSE;
/* Bytes of a NUL-terminated string at s, looking at no more than max; -1: bad memory; max: no NUL. */
i64 copyinstr(char *d, Uva s, usize max) MUSTUSE;
/* Atomic compare-and-swap on a user word; *old gets what was there. False: bad address. */
bool usercas(Uva a, u32 expect, u32 value, u32 *old) MUSTUSE;

/* Floating point of a process [PLAN9-ABI 1.5, 2.1]. Interrupts may be on; fp of the running process or of
 * none. */
void fpinit(FPuser *fp);		     /* exec: fresh on first use */
void fpfork(FPuser *to, const FPuser *from); /* copy; from is the running process's; waits for memory */
void fprelease(FPuser *fp);		     /* exit: forget */
/* Around a call into firmware, which may use it: interrupts off from one to the other. */
void fpborrow(void);
void fpreturn(void);

/* --- what a port calls above itself: kernel/'s upper halves ------------------------------------------- */

enum { FaultRead, FaultWrite, FaultExec };

/* Bring the page of addr in for this access; false: the process may not. Interrupts on; may sleep. */
bool fault(Uva addr, u64 pc, u32 access) MUSTUSE;
/* A page fault from user mode: bring in, or post the note that says what it was. */
void faultuser(Ureg *u, Uva addr, u32 access);
/* The program has brought this trap on itself: the note's text without pc; delivered by trapexit(). */
void trapnote(Ureg *u, const char *text);
/* A system call, interrupts on: args are the five raw slots of the user's stack; nil: bad stack. */
void syscall(Ureg *u, u64 *args);
/* Last call before a trap or interrupt from user mode goes back there (not system calls). */
void trapexit(Ureg *u);
enum { HZ = 100 };
/* A trap in the kernel: is it the firmware's, in a runtime call? Returns false, true (retry), or not at all.
 */
bool runtimetrap(const Ureg *u, bool pagefault, u64 addr);
/* HZ times a second, interrupts off. */
void hzclock(Ureg *u);
/* Between ticks, when clockarm() asked for it: run what is due; interrupts off. */
void timercheck(void);
/* First C call of a new process on its own stack. */
void procstart(void);
/* A character from the serial line, in its interrupt. */
void conschar(int c);

/* --- time, power ------------------------------------------------------------------------------------- */

/* Start of time and frequency of the cycle counter, as far as they are known (hz 0: not yet). */
void phaseclock(u64 tentry, u64 hz);

void clockinit(const Boot *b); /* cycle counter frequency, HZ timer on; after trapinit */
void clockarm(u64 when);       /* an interrupt when nanosec() is `when`, at the latest: calls timercheck() */
u64 rtcseconds(void);	       /* the battery clock, seconds since 1970; 0: it makes no sense */
u64 nanosec(void);	       /* monotone nanoseconds since entry */
u64 cycles2ns(u64 c);
NORETURN void machhalt(void); /* interrupts off, stop */
void machreset(void);	      /* by the machine's own means; returns if it cannot */
void machpoweroff(void);

#include "port.h"
