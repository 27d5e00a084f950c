/*
 * u.h: the words every room speaks. Fixed widths only: `long` has 4 bytes in the PE and 8 on the
 * host, so it is no word here. Runs in both lives and on the host; holds no state.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64; /* prints with %llu and %llx everywhere */
typedef signed char i8;
typedef short i16;
typedef int i32;
typedef long long i64;
typedef __SIZE_TYPE__ usize; /* prints with %zu */
typedef __UINTPTR_TYPE__ uintptr;
typedef __INTPTR_TYPE__ intptr;

#define nil	 ((void *)0)
#define nelem(a) (sizeof(a) / sizeof((a)[0]))

#define KiB 1024ull
#define MiB (1024 * KiB)
#define GiB (1024 * MiB)
#define TiB (1024 * GiB)

#define MUSTUSE	   __attribute__((warn_unused_result))
#define NORETURN   __attribute__((noreturn))
#define PACKED	   __attribute__((packed))
#define ALIGNED(n) __attribute__((aligned(n)))
#if defined(__clang__)
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define PRINTF(f, a) __attribute__((format(gnu_printf, f, a)))
#endif

_Static_assert(sizeof(u8) == 1 && sizeof(u16) == 2 && sizeof(u32) == 4 && sizeof(u64) == 8, "widths");
_Static_assert(sizeof(usize) == 8 && sizeof(uintptr) == 8 && sizeof(void *) == 8, "64-bit only");

/* Rounding to a power of two; the caller rules out overflow. */
static inline u64
rounddown(u64 v, u64 align)
{
	return v & ~(align - 1);
}

static inline u64
roundup(u64 v, u64 align)
{
	return (v + align - 1) & ~(align - 1);
}
