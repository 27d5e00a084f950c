/*
 * tod.c: the time of day and random bytes. Time of day is a base added to nanosec(), read from the battery
 * clock when it is first asked for (a boot need not wait for that), and set by writes to /dev/time. Random
 * bytes are SHA-256 over a secret of 32 bytes that changes with each block; it starts from the firmware's
 * random bytes and takes in the cycle counter. Second life. Locks: l guards both.
 */
#include "dat.h"
#include "runtime.h"

static struct {
	Lock l;
	u64 base;      /* (l) ns since 1970 at nanosec() 0; 0: not known yet */
	u8 secret[32]; /* (l) */
	u64 count;     /* (l) blocks given */
} tod;

void
todset(u64 ns)
{
	ilock(&tod.l);
	tod.base = ns - nanosec();
	iunlock(&tod.l);
}

u64
todns(void)
{
	u64 s;

	if (tod.base == 0) {
		if (!runtimeseconds(&s))
			s = rtcseconds();
		todset(s * 1000000000 + 1);
	}
	return tod.base + nanosec();
}

u32
seconds(void)
{
	return (u32)(todns() / 1000000000);
}

/* One way on: the new secret, or the block given, is a digest of the old secret and a word. */
static void
stir(const u8 secret[32], u64 word, u64 more, u8 out[32])
{
	u8 in[48];

	memcpy(in, secret, 32);
	memcpy(in + 32, &word, 8);
	memcpy(in + 40, &more, 8);
	sha256(in, sizeof in, out);
}

void
randomseed(const void *p, usize n)
{
	u8 in[64] = {0};

	ilock(&tod.l);
	memcpy(in, tod.secret, 32);
	memcpy(in + 32, p, n < 32 ? n : 32);
	sha256(in, sizeof in, tod.secret);
	iunlock(&tod.l);
}

void
randomblock(u8 out[32])
{
	u8 old[32];

	ilock(&tod.l);
	memcpy(old, tod.secret, sizeof old);
	stir(old, 0, cycles(), tod.secret);
	stir(old, 1, tod.count++, out);
	iunlock(&tod.l);
}
