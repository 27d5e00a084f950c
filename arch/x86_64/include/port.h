/*
 * port.h: the public words of the x86_64 port; reached through arch.h alone.
 */
#pragma once

struct Ureg { /* Plan 9's amd64 trap frame, 184 bytes [PLAN9-ABI 3.5] */
	u64 ax, bx, cx, dx, si, di, bp, r8, r9, r10, r11, r12, r13, r14, r15;
	u16 ds, es, fs, gs;
	u64 type, error, pc, cs, flags, sp, ss;
};
_Static_assert(sizeof(struct Ureg) == 184, "Plan 9's Ureg");

enum {
	PORTPC = 1,
	ElfMachineHere = 62,	/* EM_X86_64 */
	AoutMagicHere = 0x8a97, /* [PLAN9-ABI 1.1] */
	FLAGIF = 1 << 9,	/* of RFLAGS: interrupts are taken */
	TypeSyscall = 64,	/* Ureg.type of a system call: only the answer has changed */
	TypeFull = 65,		/* ... and more than that */
};

static inline void
uregret(struct Ureg *u, i64 v)
{
	u->ax = (u64)v;
}

/* The number of the system call whose frame this is. */
static inline u32
uregsysno(const struct Ureg *u)
{
	return (u32)u->bp;
}

static inline void
uregfull(struct Ureg *u)
{
	u->type = TypeFull;
}

/* This processor's Mach; set once trapinit0() has run. Volatile: after a sleep it may be another one. */
static inline struct Mach *
machp(void)
{
	struct Mach *mp;
	__asm__ volatile("movq %%gs:0, %0" : "=r"(mp));
	return mp;
}

/* The running process, or nil: for a process always itself, so the compiler may keep it. */
static inline struct Proc *
machproc(void)
{
	struct Proc *p;
	__asm__("movq %%gs:%c1, %0" : "=r"(p) : "i"(offsetof(struct Mach, proc)));
	return p;
}

static inline u64
cycles(void)
{
	u32 lo, hi;
	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (u64)hi << 32 | lo;
}

/* Interrupts off, on, back to what they were; whether they are on. */
static inline u64
readflags(void)
{
	u64 f;
	__asm__ volatile("pushfq; popq %0" : "=r"(f));
	return f;
}

static inline u32
splhi(void)
{
	u64 f = readflags();
	__asm__ volatile("cli" : : : "memory");
	return (u32)f;
}

static inline u32
spllo(void)
{
	u64 f = readflags();
	__asm__ volatile("sti" : : : "memory");
	return (u32)f;
}

static inline void
splx(u32 s)
{
	if (s & FLAGIF)
		__asm__ volatile("sti" : : : "memory");
	else
		__asm__ volatile("cli" : : : "memory");
}

static inline bool
islo(void)
{
	return (readflags() & FLAGIF) != 0;
}

/* I/O ports [SDM 1 19]. */
static inline u8
inb(u16 port)
{
	u8 v;
	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline u16
inw(u16 port)
{
	u16 v;
	__asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline u32
inl(u16 port)
{
	u32 v;
	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline void
outb(u16 port, u8 v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static inline void
outw(u16 port, u16 v)
{
	__asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port));
}

static inline void
outl(u16 port, u32 v)
{
	__asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port));
}

static inline u32
pmtimer(u16 port)
{
	return inl(port);
}

/* The processor never keeps an absent entry, and looks at stores before it runs them [SDM 3A 4.10.2.3, 12.6].
 */
static inline void
ptesync(void)
{
}

static inline void
textsync(const void *p, usize n)
{
	(void)p;
	(void)n;
}

/* n bytes to one port. */
static inline void
outsb(u16 port, const char *s, usize n)
{
	__asm__ volatile("rep outsb" : "+S"(s), "+c"(n) : "d"(port) : "memory");
}

/* One aligned page of zeroes; 512 steps of a string store. */
static inline void
pagezero(void *d)
{
	u64 n = 512;

	__asm__ volatile("rep stosq" : "+D"(d), "+c"(n) : "a"(0) : "memory");
}

static inline void
pagecopy(void *d, const void *s)
{
	u64 n = 512;

	__asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(n) : : "memory");
}
