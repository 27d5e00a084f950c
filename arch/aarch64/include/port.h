/*
 * port.h: the public words of the aarch64 port; reached through arch.h alone.
 */
#pragma once

struct Ureg {	   /* Plan 9's arm64 trap frame, 280 bytes [PLAN9-ABI 8] */
	u64 r[31]; /* r[30] is the link register */
	u64 sp, pc, psr, type;
};
_Static_assert(sizeof(struct Ureg) == 280, "Plan 9's Ureg");

enum {
	ElfMachineHere = 183,	/* EM_AARCH64 */
	AoutMagicHere = 0x8c47, /* [PLAN9-ABI 8] */
	PORTPC = 0,		/* no first megabyte, no I/O ports, no rules of a PC */
	DaifI = 1 << 7,		/* of DAIF and PSR: interrupts are masked */
};

static inline void
uregret(struct Ureg *u, i64 v)
{
	u->r[0] = (u64)v;
}

/* The number of the system call whose frame this is. */
static inline u32
uregsysno(const struct Ureg *u)
{
	return (u32)u->r[0];
}

/* The way out restores every register always. */
static inline void
uregfull(struct Ureg *u)
{
	(void)u;
}

/* This processor's Mach; set once trapinit0() has run. Volatile: after a sleep it may be another one. */
static inline struct Mach *
machp(void)
{
	struct Mach *mp;
	__asm__ volatile("mrs %0, tpidr_el1" : "=r"(mp));
	return mp;
}

/* The running process, or nil. */
static inline struct Proc *
machproc(void)
{
	return machp()->proc;
}

/* The virtual counter: ticks at a fixed rate at every level of power [ARM ARM D11.2]. */
static inline u64
cycles(void)
{
	u64 v;
	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(v));
	return v;
}

/* Interrupts off, on, back to what they were; whether they are on. */
static inline u64
readdaif(void)
{
	u64 f;
	__asm__ volatile("mrs %0, daif" : "=r"(f) : : "memory");
	return f;
}

static inline u32
splhi(void)
{
	u64 f = readdaif();
	__asm__ volatile("msr daifset, #2" : : : "memory");
	return (u32)f;
}

static inline u32
spllo(void)
{
	u64 f = readdaif();
	__asm__ volatile("msr daifclr, #2" : : : "memory");
	return (u32)f;
}

static inline void
splx(u32 s)
{
	if (s & DaifI)
		__asm__ volatile("msr daifset, #2" : : : "memory");
	else
		__asm__ volatile("msr daifclr, #2" : : : "memory");
}

static inline bool
islo(void)
{
	return (readdaif() & DaifI) == 0;
}

static inline u32
pmtimer(u16 port)
{
	(void)port;
	return 0;
}

void textsync(const void *p, usize n);

/* What was written into absent entries is seen by the walker from here on [ARM ARM D8.14]. */
static inline void
ptesync(void)
{
	__asm__ volatile("dsb ishst\n\tisb" : : : "memory");
}

/* One aligned page, 64 bytes at a step. */
static inline void
pagezero(void *d)
{
	u8 *p = d, *end = p + BY2PG;

	__asm__ volatile("1:\tstp xzr, xzr, [%0]\n\tstp xzr, xzr, [%0, #16]\n\tstp xzr, xzr, [%0, #32]\n"
			 "\tstp xzr, xzr, [%0, #48]\n\tadd %0, %0, #64\n\tcmp %0, %1\n\tb.ne 1b"
			 : "+r"(p)
			 : "r"(end)
			 : "memory", "cc");
}

static inline void
pagecopy(void *d, const void *s)
{
	u8 *p = d, *end = p + BY2PG;
	u64 a, b, c, e;

	__asm__ volatile(
	    "1:\tldp %2, %3, [%1]\n\tldp %4, %5, [%1, #16]\n\tadd %1, %1, #32\n"
	    "\tstp %2, %3, [%0]\n\tstp %4, %5, [%0, #16]\n\tadd %0, %0, #32\n\tcmp %0, %6\n\tb.ne 1b"
	    : "+r"(p), "+r"(s), "=&r"(a), "=&r"(b), "=&r"(c), "=&r"(e)
	    : "r"(end)
	    : "memory", "cc");
}
