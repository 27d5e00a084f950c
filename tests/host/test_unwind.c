/*
 * test_unwind.c: one step up the stack in an image made by hand: each unwind operation, prologues that
 * have run in part, leaves, chains, trap frames; then the image broken at every byte.
 *
 * sources: arch/x86_64/unwind.c
 */
#include "host.h"
#include "../../arch/x86_64/machine/unwind.h"

enum {
	Size = 2048,
	Pdata = 512,
	Xdata = 1024,
	Words = 64,
	Stack = 0x10000,
	Rbx = 3,
	Rbp = 5,
	Rsi = 6,
	R12 = 12
};

static u8 *image;
static u64 stack[Words];

static bool
readword(u64 va, u64 *v)
{
	u64 at = va - Stack;

	if (at % 8 != 0 || at / 8 >= Words)
		return false;
	*v = stack[at / 8];
	return true;
}

static void
put(u32 at, u32 v, u32 bytes)
{
	for (u32 i = 0; i < bytes; i++)
		image[at + i] = (u8)(v >> 8 * i);
}

/* Row i of the table: a function of 64 bytes at 256 + 64 * i with its information at info. */
static void
row(u32 i, u32 info)
{
	put(Pdata + 12 * i, 256 + 64 * i, 4);
	put(Pdata + 12 * i + 4, 256 + 64 * i + 64, 4);
	put(Pdata + 12 * i + 8, info, 4);
}

static void
information(u32 at, u8 flags, u8 fp, const u8 *codes, u32 n)
{
	image[at] = (u8)(1 | flags << 3);
	image[at + 1] = 32;
	image[at + 2] = (u8)(n / 2);
	image[at + 3] = fp;
	memcpy(image + at + 4, codes, n);
}

static int
fresh(void **state)
{
	(void)state;
	image = calloc(1, Size);
	put(0x3c, 128, 4);
	put(128 + 24 + 112 + 24, Pdata, 4);
	put(128 + 24 + 112 + 28, 4 * 12, 4);
	for (u32 i = 0; i < 4; i++)
		row(i, Xdata + 64 * i);
	for (u32 i = 0; i < Words; i++)
		stack[i] = 0x1000 + i;
	return 0;
}

static int
gone(void **state)
{
	(void)state;
	free(image);
	return 0;
}

static bool
step(Unwind *w, u32 rva)
{
	Image im = {image, Size, readword};

	w->reg[RegSp] = Stack;
	w->pc = (u64)(uintptr)image + rva;
	return unwindstep(&im, w);
}

/* push rbx; push rsi; sub rsp, 40 */
static const u8 plain[] = {6, 4 << 4 | 2, 2, 6 << 4, 1, 3 << 4, 0, 0};

static void
test_Q4_a_prologue_is_undone(void **state)
{
	Unwind w = {0};

	(void)state;
	information(Xdata, 0, 0, plain, 6);
	assert_true(step(&w, 256 + 20));
	assert_int_equal(w.reg[Rsi], 0x1005);
	assert_int_equal(w.reg[Rbx], 0x1006);
	assert_int_equal(w.pc, 0x1007);
	assert_int_equal(w.reg[RegSp], Stack + 64);
}

static void
test_Q4_a_prologue_that_ran_in_part(void **state)
{
	Unwind w = {0};

	(void)state;
	information(Xdata, 0, 0, plain, 6);
	assert_true(step(&w, 256 + 0)); /* nothing yet */
	assert_int_equal(w.pc, 0x1000);
	assert_true(step(&w, 256 + 1)); /* rbx is pushed */
	assert_int_equal(w.reg[Rbx], 0x1000);
	assert_int_equal(w.pc, 0x1001);
	assert_true(step(&w, 256 + 2)); /* rsi too */
	assert_int_equal(w.reg[Rsi], 0x1000);
	assert_int_equal(w.pc, 0x1002);
}

static void
test_Q4_large_frames_saved_registers_frame_pointer(void **state)
{
	static const u8 large[] = {4, 1, 5, 0};		       /* sub rsp, 40 in 16 bits */
	static const u8 huge[] = {4, 1 << 4 | 1, 48, 0, 0, 0}; /* sub rsp, 48 in 32 bits */
	static const u8 save[] = {9,  12 << 4 | 4, 2, 0, 9, 5 << 4 | 5,
				  24, 0,	   0, 0, 4, 4 << 4 | 2}; /* 40 bytes */
	static const u8 framed[] = {9, 3, 4, 2 << 4 | 2}; /* lea rbp, [rsp+16] after 24 bytes */
	static const u8 sse[] = {9, 8, 1, 0, 4, 0 << 4 | 2};
	Unwind w = {0};

	(void)state;
	information(Xdata, 0, 0, large, sizeof large);
	information(Xdata + 64, 0, 0, huge, sizeof huge);
	information(Xdata + 128, 0, 0, save, sizeof save);
	information(Xdata + 192, 0, Rbp | 1 << 4, framed, sizeof framed);
	assert_true(step(&w, 256 + 32));
	assert_int_equal(w.pc, 0x1005);
	assert_true(step(&w, 256 + 64 + 32));
	assert_int_equal(w.pc, 0x1006);
	assert_true(step(&w, 256 + 128 + 32));
	assert_int_equal(w.reg[R12], 0x1002);
	assert_int_equal(w.reg[Rbp], 0x1003);
	assert_int_equal(w.pc, 0x1005);
	w.reg[Rbp] = Stack + 16 + 80; /* the stack pointer has moved on by an alloca */
	assert_true(step(&w, 256 + 192 + 32));
	assert_int_equal(w.pc, 0x100d);
	information(Xdata, 0, 0, sse, sizeof sse);
	assert_true(step(&w, 256 + 32));
	assert_int_equal(w.pc, 0x1001);
}

static void
test_Q4_leaf_and_trap_frame(void **state)
{
	static const u8 trap[] = {4, 0 << 4 | 2, 0,
				  1 << 4 | 10}; /* 8 bytes under a frame with an error code */
	static const u8 call[] = {0, 0 << 4 | 10};
	Unwind w = {0};

	(void)state;
	assert_true(step(&w, 700)); /* in no row */
	assert_int_equal(w.pc, 0x1000);
	assert_int_equal(w.reg[RegSp], Stack + 8);
	information(Xdata, 0, 0, trap, sizeof trap);
	assert_true(step(&w, 256 + 32)); /* number, error, pc, cs, flags, sp, ss */
	assert_int_equal(w.pc, 0x1002);
	assert_int_equal(w.reg[RegSp], 0x1005);
	information(Xdata, 0, 0, call, sizeof call);
	assert_true(step(&w, 256 + 32));
	assert_int_equal(w.pc, 0x1000);
	assert_int_equal(w.reg[RegSp], 0x1003);
}

static void
test_Q4_chained_information(void **state)
{
	static const u8 inner[] = {4, 0 << 4 | 2};
	Unwind w = {0};

	(void)state;
	information(Xdata, 4, 0, inner, sizeof inner);
	put(Xdata + 8, 256 + 64, 4); /* behind one code and its padding: the row it goes on with */
	put(Xdata + 12, 256 + 128, 4);
	put(Xdata + 16, Xdata + 64, 4);
	information(Xdata + 64, 0, 0, plain, 6);
	assert_true(step(&w, 256 + 32));
	assert_int_equal(w.reg[Rbx], 0x1007);
	assert_int_equal(w.pc, 0x1008);
	put(Xdata + 16, Xdata, 4); /* a chain that bites its tail */
	assert_false(step(&w, 256 + 32));
}

static void
test_Q4_what_makes_no_sense_ends_it(void **state)
{
	static const u8 unknown[] = {4, 11};
	static const u8 cut[] = {4, 1 << 4 | 1};
	static const u8 deep[] = {4, 1 << 4 | 1, 0, 0, 1, 0};
	static const u8 push[] = {1, 3 << 4};
	Unwind w = {0};

	(void)state;
	assert_false(step(&w, Size));
	assert_false(step(&w, (u32)-1));
	information(Xdata, 0, 0, unknown, sizeof unknown);
	assert_false(step(&w, 256 + 32));
	information(Xdata, 0, 0, cut, sizeof cut);
	assert_false(step(&w, 256 + 32));
	information(Xdata, 0, 0, deep, sizeof deep); /* the stack ends before */
	assert_false(step(&w, 256 + 32));
	information(Xdata, 0, 0, push, sizeof push);
	w.pc = (u64)(uintptr)image + 256 + 32;
	w.reg[RegSp] = Stack + 8 * Words;
	assert_false(unwindstep(&(Image){image, Size, readword}, &w));
	put(Pdata + 8, Size - 2, 4);
	assert_false(step(&w, 256 + 32));
}

/* Any byte of headers and tables changed in any bit: never a byte outside, always an end. */
static void
test_Q4_any_byte_changed(void **state)
{
	Unwind w = {0};

	(void)state;
	information(Xdata, 0, 0, plain, 6);
	for (u32 at = 0; at < Size; at++)
		for (u32 bit = 0; bit < 8; bit++) {
			image[at] ^= (u8)(1 << bit);
			(void)step(&w, 256 + 32);
			image[at] ^= (u8)(1 << bit);
		}
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, gone)
	const struct CMUnitTest tests[] = {
	    T(test_Q4_a_prologue_is_undone),
	    T(test_Q4_a_prologue_that_ran_in_part),
	    T(test_Q4_large_frames_saved_registers_frame_pointer),
	    T(test_Q4_leaf_and_trap_frame),
	    T(test_Q4_chained_information),
	    T(test_Q4_what_makes_no_sense_ends_it),
	    T(test_Q4_any_byte_changed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
