/*
 * lib.h: kernel/lib, the pure words: memory, strings, formats, checksums. Both lives and the host.
 * No state, no allocation, no device.
 */
#pragma once

#include "u.h"

#ifndef IMAGO_HOST
void *memset(void *d, int c, usize n);
void *memcpy(void *d, const void *s, usize n);
void *memmove(void *d, const void *s, usize n);
int memcmp(const void *a, const void *b, usize n);
usize strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, usize n);
char *strchr(const char *s, int c);
char *strstr(const char *s, const char *t);
#else
#include <string.h>
#endif

/* Copy at most n-1 bytes and a NUL, never cutting a UTF-8 character; the length it wanted. */
usize strecpy(char *d, usize n, const char *s);

/*
 * Formatted text into d[0..n): always NUL-terminated when n > 0; returns the bytes of text written
 * (without the NUL), never more than n-1. Verbs: %d %i %u %x %X %o %c %s %p %% with 0 - # width
 * .precision * and the sizes hh h l ll z t j. No floating point.
 */
usize vsnformat(char *d, usize n, const char *fmt, va_list ap);
usize snformat(char *d, usize n, const char *fmt, ...) PRINTF(3, 4);

/* Numbers from text: base 0 guesses 0x. False if there is no number or it overflows. */
bool parseu64(const char *s, const char **end, int base, u64 *v) MUSTUSE;

/* Days from 1970-01-01 to a day of the Gregorian calendar, year >= 1970. */
u64 datedays(u32 year, u32 month, u32 day);

/* CRC-32 (IEEE 802.3), as UEFI's tables use it; start with crc = 0. */
u32 crc32(u32 crc, const void *p, usize n);
/* The sum of the bytes, modulo 256: 0 for a sound ACPI table [ACPI 6.5 5.2.5.3]. */
u8 bytesum(const void *p, usize n);
/* SHA-256 of p[0..n) into 32 bytes [FIPS 180-4]. */
void sha256(const void *p, usize n, u8 digest[32]);

/* Unaligned little- and big-endian words. */
static inline u16
le16(const void *p)
{
	const u8 *b = p;
	return (u16)(b[0] | b[1] << 8);
}
static inline u32
le32(const void *p)
{
	const u8 *b = p;
	return b[0] | (u32)b[1] << 8 | (u32)b[2] << 16 | (u32)b[3] << 24;
}
static inline u64
le64(const void *p)
{
	return le32(p) | (u64)le32((const u8 *)p + 4) << 32;
}
static inline u32
be32(const void *p)
{
	const u8 *b = p;
	return (u32)b[0] << 24 | (u32)b[1] << 16 | (u32)b[2] << 8 | b[3];
}
static inline u64
be64(const void *p)
{
	return (u64)be32(p) << 32 | be32((const u8 *)p + 4);
}
