/*
 * sha256.c: SHA-256 of a run of bytes [FIPS 180-4]. Both lives and the host; pure. The first life
 * hashes the initrd with it before the exit, the second after it, and both must agree (A9).
 */
#include "lib.h"

/* First 32 bits of the fractions of the cube roots of the first 64 primes [FIPS 180-4 4.2.2]. */
static const u32 roundword[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static u32
ror(u32 v, int n)
{
	return v >> n | v << (32 - n);
}

/* The message schedule: 16 words of the block grow to 64 [FIPS 180-4 6.2.2]. */
static void
schedule(u32 w[64], const u8 *block)
{
	for (int i = 0; i < 16; i++)
		w[i] = be32(block + 4 * i);
	for (int i = 16; i < 64; i++) {
		u32 a = w[i - 15], b = w[i - 2];
		u32 s0 = ror(a, 7) ^ ror(a, 18) ^ a >> 3;
		u32 s1 = ror(b, 17) ^ ror(b, 19) ^ b >> 10;
		w[i] = w[i - 16] + s0 + w[i - 7] + s1;
	}
}

/* Mix one block of 64 bytes into the state. */
static void
mix(u32 h[8], const u8 *block)
{
	u32 w[64], v[8];

	schedule(w, block);
	memcpy(v, h, sizeof v);
	for (int i = 0; i < 64; i++) {
		u32 s1 = ror(v[4], 6) ^ ror(v[4], 11) ^ ror(v[4], 25);
		u32 choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
		u32 t1 = v[7] + s1 + choice + roundword[i] + w[i];
		u32 s0 = ror(v[0], 2) ^ ror(v[0], 13) ^ ror(v[0], 22);
		u32 majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
		memmove(v + 1, v, 7 * sizeof v[0]);
		v[4] += t1;
		v[0] = t1 + s0 + majority;
	}
	for (int i = 0; i < 8; i++)
		h[i] += v[i];
}

static void
putbe32(u8 *p, u32 v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (u8)(v >> (24 - 8 * i));
}

/* The last, partial block: a one bit, zeros, the length in bits. */
static void
finish(u32 h[8], const u8 *rest, usize nrest, u64 total)
{
	u8 block[64] = {0};

	memcpy(block, rest, nrest);
	block[nrest] = 0x80;
	if (nrest >= 56) {
		mix(h, block);
		memset(block, 0, sizeof block);
	}
	putbe32(block + 56, (u32)(total >> 29));
	putbe32(block + 60, (u32)(total << 3));
	mix(h, block);
}

void
sha256(const void *p, usize n, u8 digest[32])
{
	const u8 *b = p;
	usize whole = n / 64 * 64;
	u32 h[8] = {
	    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};

	for (usize i = 0; i < whole; i += 64)
		mix(h, b + i);
	finish(h, b + whole, n - whole, n);
	for (int i = 0; i < 8; i++)
		putbe32(digest + 4 * i, h[i]);
}
