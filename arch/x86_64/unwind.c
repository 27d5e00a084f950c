/*
 * unwind.c: backtraces by the tables that the Microsoft convention demands of every function
 * (.pdata: a sorted row for each function; .xdata: what its prologue did to the stack). Both lives.
 * unwindstep is pure and trusts nothing: each offset is checked against the image, each word of the
 * stack is read by a function that may refuse. Assembly carries .seh_ lines, so traces run across
 * traps. A fault inside an epilogue may lose one caller; calls never return there.
 * [Microsoft x64 exception handling; PE/COFF 6.5]
 */
#include "machine/unwind.h"
#include "lib.h"

typedef struct Row Row;
struct Row {		      /* RUNTIME_FUNCTION */
	u32 begin, end, info; /* relative to the image */
};

enum { /* unwind operations */
       OpPush = 0,
       OpAllocLarge = 1,
       OpAllocSmall = 2,
       OpSetFp = 3,
       OpSave = 4,
       OpSaveFar = 5,
       OpEpilog = 6,
       OpSpare = 7,
       OpSaveXmm = 8,
       OpSaveXmmFar = 9,
       OpMachFrame = 10,

       FlagChained = 4,
       HeadBytes = 4,
       ChainMax = 8,
       RowBytes = 12,
       DosLfanew = 0x3c,
       OptOffset = 24,		   /* from the PE signature to the optional header */
       DirException = 112 + 3 * 8, /* in the optional header of PE32+ */
};

/* n bytes of the image at rva, or nil. */
static const u8 *
at(const Image *im, u64 rva, u64 n)
{
	return rva <= im->size && n <= im->size - rva ? im->base + rva : nil;
}

/* The table of functions: rows, 0 if the headers make no sense. */
static u32
table(const Image *im, u32 *rva)
{
	const u8 *p = at(im, DosLfanew, 4);
	u64 dir;

	if (p == nil)
		return 0;
	dir = (u64)le32(p) + OptOffset + DirException;
	p = at(im, dir, 8);
	if (p == nil)
		return 0;
	*rva = le32(p);
	if (at(im, *rva, le32(p + 4)) == nil)
		return 0;
	return le32(p + 4) / RowBytes;
}

static Row
rowat(const Image *im, u32 rva)
{
	const u8 *p = at(im, rva, RowBytes);

	return p == nil ? (Row){0, 0, 0} : (Row){le32(p), le32(p + 4), le32(p + 8)};
}

/* The row whose function holds pc; begin 0: none, a leaf. */
static Row
find(const Image *im, u32 pc)
{
	u32 rva = 0, n = table(im, &rva), lo = 0, hi = n;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;
		Row r = rowat(im, rva + mid * RowBytes);
		if (pc < r.begin)
			hi = mid;
		else if (pc >= r.end)
			lo = mid + 1;
		else
			return r;
	}
	return (Row){0, 0, 0};
}

static bool
pop(const Image *im, Unwind *w, u64 *v)
{
	if (!im->read(w->reg[RegSp], v))
		return false;
	w->reg[RegSp] += 8;
	return true;
}

/* Slots of 16 bits that an operation takes in the table; 0: unknown. */
static u32
slots(u8 op, u8 arg)
{
	switch (op) {
	case OpPush:
	case OpAllocSmall:
	case OpSetFp:
	case OpMachFrame:
		return 1;
	case OpAllocLarge:
		return arg == 0 ? 2 : 3;
	case OpSave:
	case OpSaveXmm:
	case OpEpilog:
		return 2;
	case OpSaveFar:
	case OpSaveXmmFar:
	case OpSpare:
		return 3;
	default:
		return 0;
	}
}

/* The processor's own frame, error code above it or not: pc and stack pointer come from there. */
static bool
machframe(const Image *im, Unwind *w, bool error)
{
	u64 sp = w->reg[RegSp] + (error ? 8 : 0);

	return im->read(sp, &w->pc) && im->read(sp + 24, &w->reg[RegSp]);
}

/* Undo one operation; p is its slot, fp the frame register's byte of the header. */
static bool
undo(const Image *im, Unwind *w, const u8 *p, u8 fp, bool *frame)
{
	u8 op = p[1] & 15, arg = p[1] >> 4;

	switch (op) {
	case OpPush:
		return pop(im, w, &w->reg[arg]);
	case OpAllocLarge:
		w->reg[RegSp] += arg == 0 ? (u64)le16(p + 2) * 8 : le32(p + 2);
		return true;
	case OpAllocSmall:
		w->reg[RegSp] += (u64)arg * 8 + 8;
		return true;
	case OpSetFp:
		w->reg[RegSp] = w->reg[fp & 15] - (u64)(fp >> 4) * 16;
		return true;
	case OpSave:
		return im->read(w->reg[RegSp] + (u64)le16(p + 2) * 8, &w->reg[arg]);
	case OpSaveFar:
		return im->read(w->reg[RegSp] + le32(p + 2), &w->reg[arg]);
	case OpMachFrame:
		*frame = true;
		return machframe(im, w, arg != 0);
	default:
		return true; /* SSE registers are not the kernel's */
	}
}

/*
 * Undo a prologue as far as it had run: `into` bytes of it. *next is the row that it is chained to,
 * begin 0 if none.
 */
static bool
prologue(const Image *im, Unwind *w, u32 info, u32 into, bool *frame, Row *next)
{
	const u8 *h = at(im, info, HeadBytes), *codes;
	u32 n, take;

	*next = (Row){0, 0, 0};
	if (h == nil)
		return false;
	n = h[2];
	codes = at(im, (u64)info + HeadBytes, (u64)n * 2);
	if (codes == nil)
		return false;
	for (u32 i = 0; i < n; i += take) {
		take = slots(codes[2 * i + 1] & 15, codes[2 * i + 1] >> 4);
		if (take == 0 || i + take > n)
			return false;
		if (codes[2 * i] <= into && !undo(im, w, codes + 2 * i, h[3], frame))
			return false;
	}
	if (h[0] >> 3 & FlagChained)
		*next = rowat(im, info + HeadBytes + (n + (n & 1)) * 2);
	return true;
}

bool
unwindstep(const Image *im, Unwind *w)
{
	u64 rva = w->pc - (u64)(uintptr)im->base, sp = w->reg[RegSp];
	bool frame = false;
	u32 into;
	Row r;

	if (rva >= im->size)
		return false;
	r = find(im, (u32)rva);
	into = (u32)rva - r.begin;
	for (int chain = 0; r.begin != 0; chain++, into = ~0u)
		if (chain == ChainMax || !prologue(im, w, r.info, into, &frame, &r))
			return false;
	if (!frame && !pop(im, w, &w->pc))
		return false;
	return w->reg[RegSp] > sp || frame;
}
