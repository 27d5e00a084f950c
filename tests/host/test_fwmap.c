/*
 * The conversion, rule by rule; each case is drawn as a list of descriptors and the ledger they give.
 * sources: efi/fwmap.c efi/fwtext.c mm/ledger.c kernel/lib/kind.c kernel/lib/str.c
 */
#include <stdio.h>
#include "host.h"
#include "fwtext.h"
#include "layout.h"

typedef struct Desc Desc;
struct Desc {
	u32 type;
	u64 start, pages, attr;
};

typedef struct Conv Conv;
struct Conv {
	Fwmap m;
	Ledger l;
	u8 *raw;
	void *scratch;
	Range *space;
	const char *no;
	char text[256 * 1024]; /* ranges, then anomalies, a line each: what the cases compare */
};

static void
putstride(u8 *p, const Desc *d)
{
	memcpy(p, &d->type, 4);
	memcpy(p + 8, &d->start, 8);
	memcpy(p + 24, &d->pages, 8);
	memcpy(p + 32, &d->attr, 8);
}

static void
anomalyline(void *aux, Fwanom kind, const u32 *e, u32 n)
{
	char *t = aux;
	t += strlen(t);
	t += sprintf(t, "%s", fwanomword(kind));
	for (u32 i = 0; i < n; i++)
		t += sprintf(t, " %u", e[i]);
	strcpy(t, "\n");
}

static void
describe(Conv *c)
{
	char *t = c->text;
	*t = 0;
	for (u32 i = 0; i < c->l.n; i++)
		t += sprintf(t, "%llx-%llx %s\n", c->l.r[i].start, c->l.r[i].end,
			     kindword((Kind)c->l.r[i].kind));
	fwanomalies(&c->m, ~0ull, anomalyline, c->text);
}

static Conv *
convertraw(const u8 *raw, u64 bytes, u32 stride, bool x86)
{
	u32 n = stride > 0 ? (u32)(bytes / stride) : 0;
	Conv *c = calloc(1, sizeof(*c));
	c->raw = memcpy(malloc(bytes + 1), raw, bytes);
	c->scratch = malloc(fwmapneed(n) + 1);
	c->space = malloc(fwmapranges(n) * sizeof(Range));
	c->m = (Fwmap){.raw = c->raw, .bytes = bytes, .stride = stride, .version = 1, .x86 = x86};
	ledgerinit(&c->l, c->space, (u32)fwmapranges(n));
	c->no = fwmapconvert(&c->m, &c->l, c->scratch, fwmapneed(n));
	if (c->no == NULL) {
		assert_int_equal(c->m.off, 0);
		assert_null(ledgercheck(&c->l));
		if (n < 100)
			describe(c);
	}
	return c;
}

static Conv *
convert(const Desc *d, u32 n, bool x86)
{
	u8 *raw = calloc(n + 1, 48);
	for (u32 i = 0; i < n; i++)
		putstride(raw + i * 48, &d[i]);
	Conv *c = convertraw(raw, n * 48ull, 48, x86);
	free(raw);
	return c;
}

static void
done(Conv *c)
{
	free(c->raw);
	free(c->scratch);
	free(c->space);
	free(c);
}

/* The descriptors give this text, on a PC. */
#define gives(expect, ...)                                                                                   \
	do {                                                                                                 \
		const Desc ds_[] = {__VA_ARGS__};                                                            \
		Conv *c_ = convert(ds_, nelem(ds_), true);                                                   \
		assert_null(c_->no);                                                                         \
		assert_string_equal(c_->text, expect);                                                       \
		done(c_);                                                                                    \
	} while (0)

#define WB  0xfull
#define RUN 0x8000000000000000ull
#define SP  0x40000ull

static void
test_B2_class_of_each_type(void **state)
{
	(void)state;
	static const char *const want[] = {
	    "reserved", "loader", "loader", "boot", "boot", "runtime",	"runtime",    "free",
	    "bad",	"acpi",	  "nvs",    "mmio", "mmio", "reserved", "persistent", "unaccepted",
	};
	for (u32 t = 0; t < 16; t++) {
		Fwdesc d = {.type = t, .start = GiB, .pages = 1, .attr = WB};
		assert_string_equal(kindword(fwfate(&d).class), want[t]);
		assert_int_equal(fwfate(&d).anoms, 0);
		d.attr |= RUN;
		const char *run = t == 8 ? "bad" : t == 11 || t == 12 ? "mmio" : "runtime";
		assert_string_equal(kindword(fwfate(&d).class), run);
		d.attr = 7;
		bool ram = (t >= 1 && t <= 4) || t == 7;
		assert_string_equal(kindword(fwfate(&d).class), ram ? "reserved" : want[t]);
		assert_int_equal(fwfate(&d).anoms, ram ? 1 << FaNotwb : 0);
		d.attr = SP | WB;
		assert_string_equal(kindword(fwfate(&d).class), ram ? "special" : want[t]);
	}
}

static void
test_B2_unknown_and_oem_types(void **state)
{
	(void)state;
	static const struct {
		u32 type;
		bool unknown;
	} cases[] = {{16, true}, {0x6fffffff, true}, {0x70000000, false}, {0x80000000, false}, {~0u, false}};
	for (usize i = 0; i < nelem(cases); i++) {
		Fwdesc d = {.type = cases[i].type, .start = GiB, .pages = 1, .attr = WB};
		assert_int_equal(fwfate(&d).class, KReserved);
		assert_int_equal(fwfate(&d).anoms, cases[i].unknown ? 1 << FaUnknown : 0);
		d.attr = RUN; /* the rule above wins, and its anomaly is none */
		assert_int_equal(fwfate(&d).class, KRuntime);
		assert_int_equal(fwfate(&d).anoms, 0);
	}
}

static void
test_T1_dropped_descriptors(void **state)
{
	(void)state;
	gives("200000-201000 free\nempty 0\nwraps 1\nwraps 2\nwraps 3\n", {7, 0x100000, 0, WB},
	      {7, 0xfffffffffffff000, 1, WB}, {7, 0, 1ull << 52, WB}, {7, 1ull << 52, 1, WB},
	      {7, 0x200000, 1, WB});
	gives("ffffffffff000-10000000000000 mmio\n", {11, PHYSTOP - 4096, 1, 0});
	gives("wraps 0\n", {11, PHYSTOP - 4096, 2, 0});
	gives("wraps 0\n", {11, PHYSTOP - 4095, 1, 0});
	gives("200000-10000000000000 mmio\n", {11, 0x200000, (1ull << 40) - 512, 0});
}

static void
test_T1_precedence_byte_by_byte(void **state)
{
	(void)state;
	/*  free   |-----------------|
	 *  nvs        |----|
	 *  runtime       |-----|          */
	gives("200000-204000 free\n204000-206000 nvs\n206000-20b000 runtime\n20b000-210000 free\n"
	      "overlap 0 1\noverlap 0 2\noverlap 1 2\n",
	      {7, 0x200000, 16, WB}, {10, 0x204000, 5, WB}, {6, 0x206000, 5, WB});
	/* same class: one range */
	gives("200000-208000 free\noverlap 0 1\n", {7, 0x200000, 6, WB}, {7, 0x204000, 4, WB});
	/* touching is not overlapping */
	gives("200000-202000 free\n202000-204000 boot\n", {7, 0x200000, 2, WB}, {4, 0x202000, 2, WB});
	/* equal ranges */
	gives("200000-201000 bad\noverlap 0 1\n", {8, 0x200000, 1, WB}, {5, 0x200000, 1, RUN});
}

static void
test_T1_rounding(void **state)
{
	(void)state;
	/* ours inward */
	gives("201000-203000 free\nunaligned 0\n", {7, 0x200800, 3, WB});
	gives("unaligned 0\n", {4, 0x200800, 1, WB});
	gives("201000-202000 special\nunaligned 0\n", {7, 0x200800, 2, WB | SP});
	/* others outward */
	gives("200000-204000 acpi\nunaligned 0\n", {9, 0x200800, 3, WB});
	gives("200000-202000 reserved\nnot-wb 0\nunaligned 0\n", {7, 0x200001, 1, 0});
	/* sharing only after rounding, and no more after it */
	gives("200000-203000 acpi\nunaligned 1\noverlap 0 1\n", {9, 0x200000, 1, WB}, {9, 0x200800, 2, WB});
	gives("200000-201000 free\n201000-203000 boot\nunaligned 1\n", {7, 0x200000, 1, WB},
	      {7, 0x200800, 1, WB}, {4, 0x201000, 2, WB});
}

static void
test_T1_unsorted_once(void **state)
{
	(void)state;
	gives("200000-203000 free\nunsorted\n", {7, 0x202000, 1, WB}, {7, 0x201000, 1, WB},
	      {7, 0x200000, 1, WB});
	/* below any earlier one, not only the one before; dropped ones do not count */
	gives("200000-203000 free\n300000-301000 free\nempty 1\n", {7, 0x200000, 3, WB}, {7, 0x100, 0, WB},
	      {7, 0x300000, 1, WB});
}

static void
test_B11_first_megabyte_of_a_pc(void **state)
{
	(void)state;
	gives("0-1000 reserved\n1000-a0000 low\na0000-100000 reserved\n100000-200000 free\nlegacy-hole 0\n",
	      {7, 0, 512, WB});
	/* one anomaly for the whole hole; a descriptor beside what came out as memory is not named */
	gives("90000-a0000 low\na0000-b0000 reserved\nb0000-c0000 mmio\nc0000-d0000 reserved\n"
	      "unsorted\noverlap 0 2\noverlap 1 3\nlegacy-hole 0 1 3\n",
	      {7, 0x90000, 0x28, WB}, {4, 0xc0000, 0x10, WB}, {11, 0xb0000, 0x10, 0}, {1, 0xc0000, 4, WB});
}

static void
test_B11_other_classes_stay(void **state)
{
	(void)state;
	gives("0-1000 nvs\n1000-a0000 low\na0000-c0000 mmio\nc0000-100000 special\n", {10, 0, 1, WB},
	      {2, 0x1000, 0x9f, WB}, {11, 0xa0000, 0x20, 0}, {7, 0xc0000, 0x40, WB | SP});
}

static void
test_B11_not_on_arm(void **state)
{
	(void)state;
	const Desc d[] = {{7, 0, 512, WB}};
	Conv *c = convert(d, 1, false);
	assert_string_equal(c->text, "0-1000 reserved\n1000-200000 free\n");
	done(c);
}

static void
test_A13_strides_give_one_ledger(void **state)
{
	(void)state;
	const Desc d[] = {{7, 0x200000, 16, WB}, {10, 0x204000, 5, WB}, {6, 0x206000, 5, RUN}};
	for (u32 stride = 40; stride <= 64; stride += 8) {
		u8 raw[3 * 64];
		memset(raw, 0xa5, sizeof(raw));
		for (u32 i = 0; i < 3; i++)
			putstride(raw + i * stride, &d[i]);
		Conv *c = convertraw(raw, 3 * stride, stride, true);
		assert_string_equal(c->text, "200000-204000 free\n204000-206000 nvs\n206000-20b000 runtime\n"
					     "20b000-210000 free\noverlap 0 1\noverlap 0 2\noverlap 1 2\n");
		done(c);
	}
}

static void
test_A13_bad_strides_are_refused(void **state)
{
	(void)state;
	static const u32 bad[] = {0, 8, 24, 32, 39, 41, 44, 50, ~0u};
	for (usize i = 0; i < nelem(bad); i++)
		assert_non_null(fwmaprefuse(4800, bad[i]));
	assert_null(fwmaprefuse(0, 40));
	assert_non_null(fwmaprefuse(40ull << 32, 40));
}

static void
test_T1_no_entries(void **state)
{
	(void)state;
	u8 none[1] = {0};
	Conv *c = convertraw(none, 0, 48, true);
	assert_null(c->no);
	assert_int_equal(c->l.n, 0);
	assert_int_equal(c->m.nanomaly, 0);
	done(c);
}

static void
test_T1_sums_that_pass_64_bits(void **state)
{
	(void)state;
	static Desc d[5000];
	for (u32 i = 0; i < 5000; i++)
		d[i] = (Desc){11, 0, 1ull << 40, 0};
	Conv *c = convert(d, 5000, true);
	assert_true(c->m.sumwraps);
	assert_int_equal(c->m.off, 0);
	assert_int_equal(c->m.anomalies[FaOverlap], 5000ull * 4999 / 2);
	done(c);
}

static void
test_B3_a_hundred_thousand_entries(void **state)
{
	(void)state;
	enum { N = 100000 };
	Desc *d = calloc(N, sizeof(*d));
	u64 seed = 7;
	for (u32 i = 0; i < N; i++)
		d[i] = (Desc){(u32)(hostrand(&seed) % 16), (hostrand(&seed) % (1 << 22)) * 4096,
			      1 + hostrand(&seed) % 8, WB};
	Conv *c = convert(d, N, true);
	assert_null(c->no);
	assert_int_equal(c->l.lost, 0);
	done(c);
	free(d);
}

static void
test_B3_too_little_room_is_said(void **state)
{
	(void)state;
	u8 raw[300 * 48];
	Range few[64];
	Ledger l;
	void *scratch = malloc(fwmapneed(300));
	for (u32 i = 0; i < 300; i++)
		putstride(raw + i * 48, &(Desc){7, MiB + i * 0x2000, 1, WB});
	Fwmap m = {.raw = raw, .bytes = sizeof(raw), .stride = 48, .x86 = true};
	ledgerinit(&l, few, nelem(few));
	assert_string_equal(fwmapconvert(&m, &l, scratch, fwmapneed(300)), "too little room for the ledger");
	assert_true(l.lost > 0);
	ledgerinit(&l, few, nelem(few));
	assert_non_null(fwmapconvert(&m, &l, scratch, fwmapneed(299)));
	free(scratch);
}

/* --- the log
 * ------------------------------------------------------------------------------------------------- */

static void
append(void *aux, const char *s, usize n)
{
	strncat(aux, s, n);
}

static void
test_T1_log_grammar(void **state)
{
	(void)state;
	static char text[8192];
	const Desc d[] = {
	    {3, 0, 1, WB},	   {7, 0x1000, 0x9f, WB},	 {7, 0x100000, 0x100, WB},
	    {10, 0x180000, 2, WB}, {0x80000001, 0x200000, 1, 0}, {7, 0x300000, 0, WB},
	    {7, 0x2ff000, 1, 1},
	};
	Conv *c = convert(d, nelem(d), true);
	Fwlog o;
	*text = 0;
	fwlogstart(&o, append, text);
	fwlogmap(&o, &c->m);
	fwlogdescs(&o, &c->m);
	fwlogledger(&o, &c->m);
	char *seal = strstr(text, "ledger: seal ");
	assert_non_null(seal);
	assert_int_equal(strlen(seal), strlen("ledger: seal 0123456789abcdef\n"));
	*seal = 0;
	assert_string_equal(
	    text,
	    "efi: map 7 entries stride 48 version 1\n"
	    "efi: 000 0000000000000000-0000000000001000 3 000000000000000f BootServicesCode\n"
	    "efi: 001 0000000000001000-00000000000a0000 7 000000000000000f Conventional\n"
	    "efi: 002 0000000000100000-0000000000200000 7 000000000000000f Conventional\n"
	    "efi: 003 0000000000180000-0000000000182000 10 000000000000000f ACPINVS\n"
	    "efi: 004 0000000000200000-0000000000201000 2147483649 0000000000000000 type-0x80000001\n"
	    "efi: 005 0000000000300000-0000000000300000 7 000000000000000f Conventional\n"
	    "efi: 006 00000000002ff000-0000000000300000 7 0000000000000001 Conventional\n"
	    "ledger: 0000000000000000-0000000000001000 reserved 000 page zero\n"
	    "ledger: 0000000000001000-00000000000a0000 low 001 kept for starting processors\n"
	    "ledger: 0000000000100000-0000000000180000 free 002 Conventional\n"
	    "ledger: 0000000000180000-0000000000182000 nvs 002,003 ACPINVS, over free\n"
	    "ledger: 0000000000182000-0000000000200000 free 002 Conventional\n"
	    "ledger: 0000000000200000-0000000000201000 reserved 004 OEM type\n"
	    "ledger: 00000000002ff000-0000000000300000 reserved 006 Conventional, not write-back\n"
	    "ledger: anomaly empty 005 no pages: dropped\n"
	    "ledger: anomaly not-wb 006 memory that cannot be cached write-back: reserved\n"
	    "ledger: anomaly overlap 002,003 both describe the same bytes: the higher class wins\n"
	    "ledger: sum described 1720320 = free 1040384 + boot 0 + loader 0 + low 651264 + special 0 + "
	    "unaccepted 0 + persistent 0 + acpi 0 + nvs 8192 + reserved 12288 + mmio 0 + runtime 0 + bad 0 + "
	    "overlap 8192 off 0\n");
	done(c);
}

/* A list longer than any buffer goes out whole. */
static void
test_T1_long_lists_are_not_cut(void **state)
{
	(void)state;
	enum { N = 1200 };
	static Desc d[N];
	static char text[4 * 1024 * 1024];
	for (u32 i = 0; i < N; i++)
		d[i] = (Desc){7, 0x100000 + i * 0x1000ull, 1, WB};
	Conv *c = convert(d, N, true);
	Fwlog o;
	*text = 0;
	fwlogstart(&o, append, text);
	fwlogledger(&o, &c->m);
	assert_non_null(strstr(text, "free 000,001,002,"));
	assert_non_null(strstr(text, ",998,999,1000,1001,"));
	assert_non_null(strstr(text, ",1198,1199 Conventional\n"));
	done(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_B2_class_of_each_type),
	    cmocka_unit_test(test_B2_unknown_and_oem_types),
	    cmocka_unit_test(test_T1_dropped_descriptors),
	    cmocka_unit_test(test_T1_precedence_byte_by_byte),
	    cmocka_unit_test(test_T1_rounding),
	    cmocka_unit_test(test_T1_unsorted_once),
	    cmocka_unit_test(test_B11_first_megabyte_of_a_pc),
	    cmocka_unit_test(test_B11_other_classes_stay),
	    cmocka_unit_test(test_B11_not_on_arm),
	    cmocka_unit_test(test_A13_strides_give_one_ledger),
	    cmocka_unit_test(test_A13_bad_strides_are_refused),
	    cmocka_unit_test(test_T1_no_entries),
	    cmocka_unit_test(test_T1_sums_that_pass_64_bits),
	    cmocka_unit_test(test_B3_a_hundred_thousand_entries),
	    cmocka_unit_test(test_B3_too_little_room_is_said),
	    cmocka_unit_test(test_T1_log_grammar),
	    cmocka_unit_test(test_T1_long_lists_are_not_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
