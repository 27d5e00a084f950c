/*
 * test_exechdr.c: executable headers: what a.out and ELF files get, what hostile ones do not, #! lines; and
 * half a million mutated headers, each answer checked against what execparse promises.
 *
 * sources: kernel/exechdr.c
 */
#include "host.h"
#include "dat.h"

static u8 h[ExecHdr];
static Exec e;

static void
put16(u32 at, u32 v)
{
	h[at] = (u8)v;
	h[at + 1] = (u8)(v >> 8);
}

static void
put32(u32 at, u32 v)
{
	put16(at, v & 0xffff);
	put16(at + 2, v >> 16);
}

static void
put64(u32 at, u64 v)
{
	put32(at, (u32)v);
	put32(at + 4, (u32)(v >> 32));
}

static void
putbe(u32 at, u64 v, u32 n)
{
	for (u32 i = 0; i < n; i++)
		h[at + i] = (u8)(v >> 8 * (n - 1 - i));
}

static void
aout(u32 text, u32 data, u32 bss, u64 entry)
{
	memset(h, 0, sizeof h);
	putbe(0, 0x8a97, 4);
	putbe(4, text, 4);
	putbe(8, data, 4);
	putbe(12, bss, 4);
	putbe(32, entry, 8);
}

static u32 nph;

static void
elf(u64 entry)
{
	memset(h, 0, sizeof h);
	memcpy(h, "\177ELF\2\1\1", 7);
	put16(16, 2);
	put16(18, 62);
	put32(20, 1);
	put64(24, entry);
	put64(32, 64);
	put16(54, 56);
	nph = 0;
}

/* A program header; flags 1 x, 2 w, 4 r. */
static void
ph(u32 type, u32 flags, u64 off, u64 va, u64 filesz, u64 memsz)
{
	u32 at = 64 + 56 * nph;

	put32(at, type);
	put32(at + 4, flags);
	put64(at + 8, off);
	put64(at + 16, va);
	put64(at + 24, va);
	put64(at + 32, filesz);
	put64(at + 40, memsz);
	put16(56, ++nph);
}

static const Execseg *
slot(u32 n)
{
	for (u32 i = 0; i < e.nseg; i++)
		if (e.seg[i].slot == n)
			return &e.seg[i];
	return nil;
}

/* --- a.out -------------------------------------------------------------------------------------------------
 */

/* The example of the manual: Go 1.27's hello. */
static void
test_O4_aout_example(void **state)
{
	static const u8 hello[40] = {
	    0, 0,    0x8a, 0x97, 0, 0x10, 0x6f, 8, 0, 0, 0x6a, 0x40, 0, 2, 0x40, 0x10, 0, 1,	0x0e, 0x4b,
	    0, 0x26, 0xf3, 0x60, 0, 0,	  0,	0, 0, 0, 0,    0,    0, 0, 0,	 0,    0, 0x26, 0xf3, 0x60};

	(void)state;
	assert_true(execparse(hello, sizeof hello, &e));
	assert_true(e.entry == 0x26f360);
	assert_true(slot(TSEG)->base == UTZERO && slot(TSEG)->top == 0x400000);
	assert_true(slot(TSEG)->fstart == 0 && slot(TSEG)->flen == 40 + 0x106f08);
	assert_true(slot(DSEG)->base == 0x400000 && slot(DSEG)->top == 0x407000);
	assert_true(slot(DSEG)->fstart == 40 + 0x106f08 && slot(DSEG)->flen == 0x6a40);
	assert_true(slot(BSEG)->base == 0x407000 && slot(BSEG)->top == 0x42b000);
	assert_int_equal(slot(TSEG)->type, SG_TEXT | SG_RONLY);
	assert_int_equal(slot(DSEG)->type, SG_DATA | SG_NOEXEC);
	assert_int_equal(slot(BSEG)->type, SG_BSS | SG_NOEXEC);
}

static void
test_O4_aout_entry_must_be_in_the_text(void **state)
{
	(void)state;
	aout(100, 0, 0, UTZERO + 39);
	assert_false(execparse(h, 40, &e));
	aout(100, 0, 0, UTZERO + 40);
	assert_true(execparse(h, 40, &e));
	aout(100, 0, 0, UTZERO + 139);
	assert_true(execparse(h, 40, &e));
	aout(100, 0, 0, UTZERO + 140);
	assert_false(execparse(h, 40, &e));
	aout(0, 100, 100, UTZERO + 40);
	assert_false(execparse(h, 40, &e));
}

static void
test_O4_aout_short_and_foreign(void **state)
{
	(void)state;
	aout(100, 0, 0, UTZERO + 40);
	assert_false(execparse(h, 39, &e));
	assert_false(execparse(h, 0, &e));
	putbe(0, 0x1eb, 4);
	assert_false(execparse(h, 40, &e));
	putbe(0, 0x80008a97, 4);
	assert_false(execparse(h, 40, &e));
}

static void
test_O4_aout_bss_may_be_empty(void **state)
{
	(void)state;
	aout(100, 4096, 0, UTZERO + 40);
	assert_true(execparse(h, 40, &e));
	assert_true(slot(BSEG)->base == slot(BSEG)->top);
	assert_true(slot(BSEG)->base == slot(DSEG)->top);
}

static void
test_O4_aout_largest_sizes_fit(void **state)
{
	(void)state;
	aout(~0u, ~0u, ~0u, UTZERO + 40);
	assert_true(execparse(h, 40, &e));
	assert_true(slot(BSEG)->top < USTKTOP - USTKSIZE);
}

/* --- ELF ---------------------------------------------------------------------------------------------------
 */

static void
test_O4_elf_usual_layout(void **state)
{
	(void)state;
	elf(0x201120);
	ph(1, 4, 0, 0x200000, 0x120, 0x120);
	ph(1, 5, 0x120, 0x201120, 0x500, 0x500);
	ph(1, 6, 0x620, 0x202620, 0x100, 0x3000);
	ph(0x6474e551, 6, 0, 0, 0, 0);
	assert_true(execparse(h, sizeof h, &e));
	assert_int_equal(e.nseg, 4);
	assert_int_equal(slot(LSEG)->type, SG_TEXT | SG_RONLY | SG_NOEXEC | SG_CEXEC);
	assert_int_equal(slot(TSEG)->type, SG_TEXT | SG_RONLY);
	assert_true(slot(TSEG)->base == 0x201000 && slot(TSEG)->top == 0x202000);
	assert_true(slot(TSEG)->fstart == 0 && slot(TSEG)->flen == 0x620);
	assert_true(slot(DSEG)->base == 0x202000 && slot(DSEG)->top == 0x203000);
	assert_true(slot(DSEG)->fstart == 0 && slot(DSEG)->flen == 0x720);
	assert_true(slot(BSEG)->base == 0x203000 && slot(BSEG)->top == 0x206000);
}

static void
test_O4_elf_without_data_can_grow(void **state)
{
	(void)state;
	elf(0x200000);
	ph(1, 5, 0x1000, 0x200000, 10, 10);
	assert_true(execparse(h, sizeof h, &e));
	assert_true(slot(DSEG)->base == 0x201000 && slot(DSEG)->top == 0x201000);
	assert_true(slot(BSEG)->base == 0x201000 && slot(BSEG)->top == 0x201000);
}

static void
test_O4_elf_bss_alone(void **state)
{
	(void)state;
	elf(0x200000);
	ph(1, 5, 0x1000, 0x200000, 10, 10);
	ph(1, 6, 0x100a, 0x20100a, 0, 100);
	assert_true(execparse(h, sizeof h, &e));
	assert_true(slot(DSEG)->base == slot(DSEG)->top);
	assert_true(slot(BSEG)->base == 0x201000 && slot(BSEG)->top == 0x202000);
}

static void
test_O4_elf_two_writable(void **state)
{
	(void)state;
	elf(0x200000);
	ph(1, 5, 0x1000, 0x200000, 10, 10);
	ph(1, 6, 0x2000, 0x300000, 10, 5000);
	ph(1, 6, 0x3000, 0x400000, 10, 10);
	assert_true(execparse(h, sizeof h, &e));
	assert_true(slot(LSEG)->base == 0x300000 && slot(LSEG)->top == 0x302000 && slot(LSEG)->flen == 10);
	assert_int_equal(slot(LSEG)->type, SG_DATA | SG_NOEXEC | SG_CEXEC);
	assert_true(slot(DSEG)->base == 0x400000);
}

static void
good(void)
{
	elf(0x200010);
	ph(1, 5, 0x1000, 0x200000, 0x100, 0x100);
	ph(1, 6, 0x2000, 0x201000, 0x100, 0x200);
}

static void
refused(const char *what)
{
	if (execparse(h, sizeof h, &e))
		fail_msg("accepted: %s", what);
}

static void
test_O4_elf_each_field_is_looked_at(void **state)
{
	(void)state;
	good();
	assert_true(execparse(h, sizeof h, &e));
	for (u32 i = 0; i < 7; i++) {
		good();
		h[i] ^= 1;
		refused("ident");
	}
	good();
	put16(16, 3);
	refused("type");
	good();
	put16(18, 3);
	refused("machine");
	good();
	put32(20, 2);
	refused("version");
	good();
	put16(54, 57);
	refused("phentsize");
	good();
	put16(56, 0);
	refused("phnum 0");
	good();
	put16(56, 0xffff);
	refused("phnum too large");
	good();
	put64(32, ~0ull);
	refused("phoff");
	good();
	put64(32, sizeof h - 111);
	refused("phoff at the end");
	good();
	put64(32, 0);
	refused("phoff in the header");
	assert_false(execparse(h, 63, &e));
}

static void
test_O4_elf_entry_must_be_in_file_backed_text(void **state)
{
	(void)state;
	good();
	put64(24, 0x1fffff);
	refused("below");
	good();
	put64(24, 0x200100);
	refused("behind");
	good();
	put64(24, 0x201000);
	refused("in the data");
	good();
	put64(24, 0x2000ff);
	assert_true(execparse(h, sizeof h, &e));
}

static void
segcase(const char *what, u32 flags, u64 off, u64 va, u64 filesz, u64 memsz)
{
	good();
	nph = 1;
	ph(1, flags, off, va, filesz, memsz);
	refused(what);
}

static void
test_O4_elf_hostile_segments(void **state)
{
	(void)state;
	segcase("write and execute", 7, 0x2000, 0x201000, 1, 1);
	segcase("file larger than memory", 6, 0x2000, 0x201000, 2, 1);
	segcase("page zero", 6, 0x2000, 0, 1, 1);
	segcase("below UTZERO", 6, 0x2000, UTZERO - 0x1000, 1, 0x1000);
	segcase("on the stack", 6, 0x2000, USTKTOP - 0x1000, 1, 1);
	segcase("into the stack", 6, 0x2000, USTKTOP - USTKSIZE - 0x1000, 1, 0x1001);
	segcase("kernel", 6, 0x2000, 0xffff800000000000, 1, 1);
	segcase("wraps", 6, 0x2000, 0x201000, 1, ~0ull);
	segcase("wraps to zero", 6, 0x2000, 0x201000, 1, 0 - 0x201000ull);
	segcase("offset wraps", 6, ~0xfffull, 0x201000, 1, 1);
	segcase("offset out of step", 6, 0x2001, 0x201000, 1, 1);
	segcase("overlap", 6, 0x2000, 0x200000, 1, 1);
	segcase("same page", 6, 0x1100, 0x200100, 1, 1);
	good();
	nph = 1;
	ph(1, 6, 0x2000, USTKTOP - USTKSIZE - 0x2000, 1, 0x1000);
	assert_true(execparse(h, sizeof h, &e));
}

static void
test_O4_elf_dynamic_is_refused(void **state)
{
	(void)state;
	good();
	ph(2, 6, 0, 0x300000, 1, 1);
	refused("dynamic");
	good();
	ph(3, 4, 0, 0x300000, 1, 1);
	refused("interpreter");
}

static void
test_O4_elf_too_many_segments(void **state)
{
	(void)state;
	for (u32 n = 1; n <= 8; n++) {
		good();
		for (u32 i = 0; i < n; i++)
			ph(1, 4, 0x3000, 0x300000 + i * 0x1000, 1, 1);
		assert_int_equal(execparse(h, sizeof h, &e), n <= 5);
	}
}

/* --- hostile headers by the hundred thousand ------------------------------------------------------------ */

static void
promised(void)
{
	bool entry = false;

	assert_true(e.nseg <= Nexecseg);
	assert_non_null(slot(TSEG));
	assert_non_null(slot(DSEG));
	assert_non_null(slot(BSEG));
	for (u32 i = 0; i < e.nseg; i++) {
		const Execseg *s = &e.seg[i];
		assert_true(s->base % BY2PG == 0 && s->top % BY2PG == 0);
		assert_true(UTZERO <= s->base && s->base <= s->top && s->top <= USTKTOP - USTKSIZE);
		assert_true(s->flen <= s->top - s->base || s->type == (SG_TEXT | SG_RONLY));
		assert_true(s->fstart + s->flen >= s->fstart);
		assert_true(s->slot < NSEG && s->slot != SSEG && s->slot != ESEG);
		bool exec = (s->type & SG_TYPE) == SG_TEXT && (s->type & SG_NOEXEC) == 0;
		if (exec && e.entry >= s->base && e.entry < s->top)
			entry = true;
		for (u32 j = 0; j < i; j++) {
			const Execseg *t = &e.seg[j];
			assert_int_not_equal(s->slot, t->slot);
			assert_true(s->base >= t->top || t->base >= s->top || s->base == s->top ||
				    t->base == t->top);
		}
	}
	assert_true(entry);
}

static void
test_O4_mutated_headers_keep_the_promise(void **state)
{
	static const u64 words[] = {0,		1,    0xfff, 0x1000, UTZERO, USTKTOP, USTKTOP - USTKSIZE,
				    1ull << 63, ~0ull};
	u64 seed = 2;
	u32 ok = 0;

	(void)state;
	for (u32 n = 0; n < 500000; n++) {
		if (n % 4 == 0)
			aout((u32)hostrand(&seed), (u32)hostrand(&seed), (u32)hostrand(&seed), UTZERO + 40);
		else
			good();
		for (u64 k = hostrand(&seed) % 4; k > 0; k--) {
			u32 at = hostrand(&seed) % 180;
			switch (hostrand(&seed) % 3) {
			case 0:
				h[at] ^= 1 << hostrand(&seed) % 8;
				break;
			case 1:
				put64(at & ~7u, words[hostrand(&seed) % nelem(words)]);
				break;
			case 2:
				put64(at & ~7u, le64(h + (at & ~7u)) + hostrand(&seed) % 0x4000 - 0x2000);
				break;
			}
		}
		if (execparse(h, hostrand(&seed) % 8 == 0 ? hostrand(&seed) % sizeof h : sizeof h, &e)) {
			promised();
			ok++;
		}
	}
	assert_true(ok > 50000);
}

/* --- #!
 * ------------------------------------------------------------------------------------------------------ */

static u32
words(const char *text, char **word)
{
	static char line[ScriptLine];

	memset(line, 'x', sizeof line);
	memcpy(line, text, strlen(text));
	return scriptparse(line, strlen(text), word);
}

static void
test_O4_script_words(void **state)
{
	char *w[ScriptWords];

	(void)state;
	assert_int_equal(words("#!/bin/sh\n", w), 1);
	assert_string_equal(w[0], "/bin/sh");
	assert_int_equal(words("#! /bin/sh -e\t'a b' 'it''s' '' \nrest", w), 5);
	assert_string_equal(w[0], "/bin/sh");
	assert_string_equal(w[1], "-e");
	assert_string_equal(w[2], "a b");
	assert_string_equal(w[3], "it's");
	assert_string_equal(w[4], "");
	assert_int_equal(words("#!/bin/sh 'open\n", w), 2);
	assert_string_equal(w[1], "open");
}

static void
test_O4_no_script(void **state)
{
	char *w[ScriptWords], many[ScriptLine];

	(void)state;
	assert_int_equal(words("", w), 0);
	assert_int_equal(words("#", w), 0);
	assert_int_equal(words("#!", w), 0);
	assert_int_equal(words("#!\n", w), 0);
	assert_int_equal(words("#!  \n", w), 0);
	assert_int_equal(words("#!/bin/sh", w), 0);
	assert_int_equal(words("# !/bin/sh\n", w), 0);
	memset(many, 0, sizeof many);
	memcpy(many, "#!a", 3);
	for (u32 i = 3; i < 101; i += 2)
		memcpy(many + i, " a", 2);
	many[101] = '\n';
	assert_int_equal(scriptparse(many, 102, w), ScriptWords);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_O4_aout_example),
	    cmocka_unit_test(test_O4_aout_entry_must_be_in_the_text),
	    cmocka_unit_test(test_O4_aout_short_and_foreign),
	    cmocka_unit_test(test_O4_aout_bss_may_be_empty),
	    cmocka_unit_test(test_O4_aout_largest_sizes_fit),
	    cmocka_unit_test(test_O4_elf_usual_layout),
	    cmocka_unit_test(test_O4_elf_without_data_can_grow),
	    cmocka_unit_test(test_O4_elf_bss_alone),
	    cmocka_unit_test(test_O4_elf_two_writable),
	    cmocka_unit_test(test_O4_elf_each_field_is_looked_at),
	    cmocka_unit_test(test_O4_elf_entry_must_be_in_file_backed_text),
	    cmocka_unit_test(test_O4_elf_hostile_segments),
	    cmocka_unit_test(test_O4_elf_dynamic_is_refused),
	    cmocka_unit_test(test_O4_elf_too_many_segments),
	    cmocka_unit_test(test_O4_mutated_headers_keep_the_promise),
	    cmocka_unit_test(test_O4_script_words),
	    cmocka_unit_test(test_O4_no_script),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
