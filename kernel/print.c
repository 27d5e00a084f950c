/*
 * print.c: one line or part of one to the ring log, the serial port and the screen. Both lives.
 * Its state holds one pointer, the ring's, and remembers where the image stood when it was set: the
 * move to KZERO makes it stale, and text goes into the small early ring until the kernel attaches
 * the big one again. Lock: one flag of its own with interrupts off, because the first life has no
 * processes; open while panicking.
 */
#include "arch.h"
#include "lib.h"
#include "log.h"

enum {
	PrintMax = 768, /* bytes of one print; longer text ends in a mark that says so */
	EarlyMax = 4096,
};

static struct {
	Log *ring;   /* where text goes, or nil: the early ring */
	u64 home;    /* address of this struct when ring was set */
	u32 busy;    /* lock */
	u64 dropped; /* prints longer than PrintMax */
	u64 seal;    /* checksum of all that went out, in words of eight bytes */
	u64 part;    /* the bytes of a word not yet full */
	u64 sent;    /* bytes that went out */
} out;

static union {
	Log log;
	u8 space[EarlyMax];
} early;

static Log *
ring(void)
{
	if (out.ring != nil && out.home == (u64)(uintptr)&out)
		return out.ring;
	if (early.log.magic != LOGMAGIC)
		loginit(&early.log, sizeof early);
	return &early.log;
}

static u32
take(void)
{
	u32 s = splhi();

	while (__atomic_exchange_n(&out.busy, 1, __ATOMIC_ACQUIRE) != 0 && !panicking())
		continue;
	return s;
}

static void
give(u32 s)
{
	__atomic_store_n(&out.busy, 0, __ATOMIC_RELEASE);
	splx(s);
}

void
printlog(Log *l)
{
	char part[128];
	u64 from = 0;
	usize n;
	u32 s = take();

	if (l != nil) {
		Log *old = &early.log;
		while (old->magic == LOGMAGIC && (n = logread(old, &from, part, sizeof part)) > 0)
			logwrite(l, part, n);
		if (old->phase > l->phase)
			l->phase = old->phase;
		loginit(old, sizeof early);
	}
	out.ring = l;
	out.home = (u64)(uintptr)&out;
	give(s);
}

usize
printread(u64 *from, char *d, usize n)
{
	return logread(ring(), from, d, n);
}

void
printphase(u32 ph)
{
	ring()->phase = ph;
}

/* One word into the checksum; no step of it forgets anything, so no changed digit goes unseen. */
static u64
mix(u64 sum, u64 word)
{
	return ((sum ^ word) * SEALODD) ^ (sum >> 29);
}

/* Does one of the eight bytes say carriage return? Ways of saving a log differ in those. */
static bool
hascr(u64 w)
{
	u64 x = w ^ '\r' * 0x0101010101010101ull;

	return ((x - 0x0101010101010101ull) & ~x & 0x8080808080808080ull) != 0;
}

/* The same sum whatever pieces the text comes in. */
static void
seal(const char *s, usize n)
{
	while (n > 0) {
		u32 have = 8 * (u32)(out.sent % 8), take = n >= 8 && !hascr(le64(s)) ? 8 : 1;
		u64 w = take == 8 ? le64(s) : (u8)*s;

		if (take == 8 || w != '\r') {
			out.part |= w << have;
			out.sent += take;
			if (have + 8 * take >= 64) {
				out.seal = mix(out.seal, out.part);
				out.part = have != 0 && take == 8 ? w >> (64 - have) : 0;
			}
		}
		s += take;
		n -= take;
	}
}

static void
show(const char *s, usize n)
{
	seal(s, n);
	uartputs(s, n);
	screenputs(s, n);
}

static void
emit(const char *s, usize n)
{
	logwrite(ring(), s, n);
	show(s, n);
}

/* Text that did not fit ends in words that say so. */
static void
markcut(char *buf, usize n)
{
	static const char mark[] = "[cut]\n";

	memmove(buf + n - sizeof mark, mark, sizeof mark);
	out.dropped++;
}

static usize
fill(char *buf, const char *fmt, va_list ap)
{
	usize n = vsnformat(buf, PrintMax, fmt, ap);

	if (n == PrintMax - 1)
		markcut(buf, PrintMax);
	return n;
}

int
print(const char *fmt, ...)
{
	char buf[PrintMax];
	va_list ap;
	usize n;
	u32 s;

	va_start(ap, fmt);
	n = fill(buf, fmt, ap);
	va_end(ap);
	s = take();
	emit(buf, n);
	give(s);
	return (int)n;
}

void
printtext(const char *s, usize n)
{
	u32 sr = take();

	emit(s, n);
	give(sr);
}

void
printbytes(const char *s, usize n)
{
	u32 sr = take();

	show(s, n); /* not into the ring: who reads the log on the console would feed it for ever */
	give(sr);
}

int
iprint(const char *fmt, ...)
{
	char buf[PrintMax];
	va_list ap;
	usize n;

	va_start(ap, fmt);
	n = fill(buf, fmt, ap);
	va_end(ap);
	emit(buf, n);
	return (int)n;
}

void
printhold(void (*f)(void))
{
	u32 s = take();

	f();
	give(s);
}

void
printseal(void)
{
	char buf[64];
	u32 s = take();
	u64 sum = mix(out.seal, out.part);

	emit(buf, snformat(buf, sizeof buf, "log: seal %016llx bytes %llu\n", sum, out.sent));
	give(s);
}
