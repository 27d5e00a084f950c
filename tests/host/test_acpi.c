/*
 * test_acpi.c: ACPI tables as q35 and a VMware-like machine give them, and every way to break them:
 * cut at each byte, each byte changed, lengths that lie, addresses that lead nowhere. The pretended
 * physical memory is a heap block of exactly its size, so that one byte too far is caught.
 *
 * sources: kernel/acpi.c kernel/lib/crc32.c
 */
#include "host.h"
#include "acpi.h"

enum {
	Base = 0x7f000,
	Size = 4096,
	AtRsdp = 0,
	AtXsdt = 64,
	AtRsdt = 160,
	AtMadt = 256,
	AtFadt = 640,
	AtDsdt = 1024
};

static u8 *mem;
static u64 end; /* physical memory is [Base, Base + end) */
static u32 asked;

static const void *
get(Paddr pa, u64 n)
{
	u64 at = pabits(pa) - Base;

	asked++;
	return at <= end && n <= end - at ? mem + at : NULL;
}

static void
put(u32 at, u64 v, u32 bytes)
{
	for (u32 i = 0; i < bytes; i++)
		mem[at + i] = (u8)(v >> 8 * i);
}

/* Make the bytes [at, at+n) sum to 0 by the one at `sum`. */
static void
fix(u32 at, u32 n, u32 sum)
{
	mem[sum] = 0;
	mem[sum] = (u8)-bytesum(mem + at, n);
}

static void
header(u32 at, const char *sig, u32 n)
{
	memcpy(mem + at, sig, 4);
	put(at + 4, n, 4);
}

static void
makemadt(u32 n)
{
	static const u8 records[] = {
	    0,	  8,  0,    0, 1,    0,	   0,	 0,				/* processor 0 */
	    0,	  8,  1,    5, 0,    0,	   0,	 0,				/* processor 5, off */
	    9,	  16, 0,    0, 0x34, 0x12, 0,	 0,    1,  0, 0, 0, 7, 0, 0, 0, /* x2APIC 0x1234 */
	    1,	  12, 2,    0, 0,    0,	   0xc0, 0xfe, 24, 0, 0, 0, /* I/O APIC 2 from interrupt 24 */
	    2,	  10, 0,    0, 2,    0,	   0,	 0,    0,  0,	    /* timer goes to 2 */
	    2,	  10, 0,    9, 9,    0,	   0,	 0,    13, 0,	    /* 9: high, level */
	    4,	  6,  0xff, 0, 0,    1,				    /* NMI pin: not ours to keep */
	    0x7f, 3,  0,					    /* from the future */
	    5,	  12, 0,    0, 0,    0,	   0xe0, 0xfe, 1,  0, 0, 0, /* the local APIC lies high */
	};

	header(AtMadt, "APIC", n);
	put(AtMadt + 36, 0xfee00000, 4);
	put(AtMadt + 40, 1, 4);
	memcpy(mem + AtMadt + 44, records, sizeof records);
	assert_int_equal(n, 44 + sizeof records);
	fix(AtMadt, n, AtMadt + 9);
}

static void
makefadt(void)
{
	header(AtFadt, "FACP", 244);
	put(AtFadt + 40, Base + AtDsdt, 4);
	put(AtFadt + 48, 0xb2, 4);
	mem[AtFadt + 52] = 2;
	put(AtFadt + 64, 0x604, 4);
	put(AtFadt + 76, 0x608, 4);
	put(AtFadt + 112, 1 << 10 | 1 << 8, 4);
	mem[AtFadt + 116] = 1;
	put(AtFadt + 120, 0xcf9, 8);
	mem[AtFadt + 128] = 0xf;
	fix(AtFadt, 244, AtFadt + 9);
}

/* Name(\_S5, Package(4){5, 1, 0, 0}) between things that look like it. */
static void
makedsdt(void)
{
	static const u8 aml[] = {'_', 'S', '5', '_', 8,	   '_', 'S', '4', '_', 10, 6, 8, '\\',
				 '_', 'S', '5', '_', 0x12, 8,	4,   10,  5,   1,  0, 0};

	header(AtDsdt, "DSDT", 36 + sizeof aml);
	memcpy(mem + AtDsdt + 36, aml, sizeof aml);
	fix(AtDsdt, 36 + sizeof aml, AtDsdt + 9);
}

static int
machine(void **state)
{
	(void)state;
	mem = calloc(1, Size);
	end = Size;
	memcpy(mem + AtRsdp, "RSD PTR ", 8);
	mem[AtRsdp + 15] = 2;
	put(AtRsdp + 16, Base + AtRsdt, 4);
	put(AtRsdp + 20, 36, 4);
	put(AtRsdp + 24, Base + AtXsdt, 8);
	fix(AtRsdp, 20, AtRsdp + 8);
	fix(AtRsdp, 36, AtRsdp + 32);
	header(AtXsdt, "XSDT", 36 + 16);
	put(AtXsdt + 36, Base + AtMadt, 8);
	put(AtXsdt + 44, Base + AtFadt, 8);
	fix(AtXsdt, 36 + 16, AtXsdt + 9);
	header(AtRsdt, "RSDT", 36 + 4);
	put(AtRsdt + 36, Base + AtFadt, 4);
	fix(AtRsdt, 36 + 4, AtRsdt + 9);
	makemadt(129);
	makefadt();
	makedsdt();
	return 0;
}

static int
gone(void **state)
{
	(void)state;
	free(mem);
	return 0;
}

static void
test_L1_everything_is_found(void **state)
{
	static Acpi a;

	(void)state;
	assert_null(acpiparse(&a, topaddr(Base), get));
	assert_true(a.ok && a.madt && a.fadt && a.pcat);
	assert_int_equal(a.ntables, 3);
	assert_int_equal(a.nbad, 0);
	assert_int_equal(a.ncpu, 3);
	assert_int_equal(a.cpu[1].apicid, 5);
	assert_int_equal(a.cpu[1].flags, 0);
	assert_int_equal(a.cpu[2].apicid, 0x1234);
	assert_int_equal(a.nioapic, 1);
	assert_int_equal(pabits(a.ioapic[0].pa), 0xfec00000);
	assert_int_equal(a.ioapic[0].gsi, 24);
	assert_int_equal(a.ioapic[0].id, 2);
	assert_int_equal(a.nroute, 2);
	assert_int_equal(a.route[0].gsi, 2);
	assert_int_equal(a.route[1].flags, 13);
	assert_int_equal(pabits(a.lapic), 0x1fee00000);
	assert_int_equal(a.pm1a, 0x604);
	assert_int_equal(a.pm1b, 0);
	assert_int_equal(a.pmtimer, 0x608);
	assert_true(a.pm32 && a.hasreset);
	assert_int_equal(a.resetaddr, 0xcf9);
	assert_int_equal(a.resetvalue, 0xf);
	assert_int_equal(a.smicmd, 0xb2);
	assert_false(a.s5);
	acpisleep(&a, get);
	assert_true(a.s5);
	assert_int_equal(a.s5a, 5);
	assert_int_equal(a.s5b, 1);
}

static void
test_L1_extended_registers_win(void **state)
{
	static Acpi a;

	(void)state;
	mem[AtFadt + 172] = 1;
	put(AtFadt + 176, 0x1804, 8);
	mem[AtFadt + 208] = 0; /* memory space: the old port stays */
	put(AtFadt + 212, 0xfed00000, 8);
	fix(AtFadt, 244, AtFadt + 9);
	assert_null(acpiparse(&a, topaddr(Base), get));
	assert_int_equal(a.pm1a, 0x1804);
	assert_int_equal(a.pmtimer, 0x608);
}

static void
test_L1_old_root_when_the_new_one_is_broken(void **state)
{
	static Acpi a;

	(void)state;
	mem[AtXsdt + 20]++;
	assert_null(acpiparse(&a, topaddr(Base), get));
	assert_int_equal(a.nbad, 1);
	assert_true(a.fadt && !a.madt);
	mem[AtRsdt + 20]++;
	assert_string_equal(acpiparse(&a, topaddr(Base), get), "the root table is broken");
	assert_false(a.ok);
	mem[AtRsdp]++;
	assert_string_equal(acpiparse(&a, topaddr(Base), get), "the RSDP is broken");
	assert_string_equal(acpiparse(&a, topaddr(0), get), "there is no RSDP");
	assert_string_equal(acpiparse(&a, topaddr(Base + Size), get), "there is no RSDP");
}

/* Memory that ends at any byte: what is found is whole, the rest is counted or refused. */
static void
test_L1_truncated_anywhere(void **state)
{
	static Acpi a;
	u8 *whole = mem;

	(void)state;
	for (u32 n = 0; n < AtDsdt + 64; n++) {
		mem = malloc(n + 1); /* never of no size */
		memcpy(mem, whole, n);
		mem = realloc(mem, n > 0 ? n : 1);
		end = n;
		const char *err = acpiparse(&a, topaddr(Base), get);
		assert_true((err == NULL) == a.ok);
		if (n < AtMadt + 129)
			assert_false(a.madt);
		if (n < AtFadt + 244)
			assert_false(a.fadt);
		acpisleep(&a, get);
		assert_int_equal(a.s5, n >= AtDsdt + 61);
		free(mem);
	}
	mem = whole;
	end = Size;
}

/* Any one byte changed: the sums notice it, nothing is read outside, and the time is bounded. */
static void
test_L1_any_byte_changed(void **state)
{
	static Acpi a;

	(void)state;
	for (u32 at = 0; at < AtDsdt + 61; at++)
		for (u32 bit = 0; bit < 8; bit++) {
			mem[at] ^= (u8)(1 << bit);
			asked = 0;
			(void)acpiparse(&a, topaddr(Base), get);
			acpisleep(&a, get);
			assert_true(asked < 32);
			mem[at] ^= (u8)(1 << bit);
		}
}

/* Sums are right but the records lie about their lengths. */
static void
test_L1_records_that_lie(void **state)
{
	static Acpi a;

	(void)state;
	for (u32 n = 0; n < 256; n++) {
		mem[AtMadt + 45] = (u8)n;
		fix(AtMadt, 129, AtMadt + 9);
		assert_null(acpiparse(&a, topaddr(Base), get));
		assert_true(a.ncpu <= 3);
		if (n < 2 || n > 129 - 44)
			assert_int_equal(a.nbad, 1);
	}
	for (u32 n = 0; n < 300; n++) {
		header(AtFadt, "FACP", n);
		if (n >= 36)
			fix(AtFadt, n, AtFadt + 9);
		(void)acpiparse(&a, topaddr(Base), get);
		assert_int_equal(a.fadt, n >= 116);
	}
}

enum { AtFpdt = 2048, AtFbpt = 2200, FbptLen = 8 + 16 + 48 };

/* The boot's times: a record from the future, then reset, load, start, exit begun and done. */
static void
makefpdt(void)
{
	header(AtFpdt, "FPDT", 36 + 16);
	put(AtFpdt + 36 + 2, 16, 1);
	put(AtFpdt + 36 + 8, Base + AtFbpt, 8);
	fix(AtFpdt, 36 + 16, AtFpdt + 9);
	header(AtFbpt, "FBPT", FbptLen);
	put(AtFbpt + 8, 0x1000 | 16 << 16, 4);
	put(AtFbpt + 24, 2 | 48 << 16, 4);
	for (u32 i = 0; i < 5; i++)
		put(AtFbpt + 24 + 8 + 8 * i, (i + 1) * 1000000007ull, 8);
	put(AtXsdt + 44, Base + AtFpdt, 8);
	fix(AtXsdt, 36 + 16, AtXsdt + 9);
}

static void
test_T7_the_firmwares_times_are_read(void **state)
{
	static Acpi a;

	(void)state;
	makefpdt();
	assert_null(acpiparse(&a, topaddr(Base), get));
	assert_true(a.fpdt);
	assert_int_equal(a.nbad, 0);
	assert_int_equal(a.nsreset, 1000000007ull);
	assert_int_equal(a.nsload, 2000000014ull);
	assert_int_equal(a.nsstart, 3000000021ull);
	assert_int_equal(a.nsexit0, 4000000028ull);
	assert_int_equal(a.nsexit1, 5000000035ull);
}

/* The table of times has no sum: wrong name, any length, any length of a record, memory that ends. */
static void
test_T7_times_that_lie(void **state)
{
	static Acpi a;

	(void)state;
	makefpdt();
	for (u32 n = 0; n < 2 * FbptLen; n++) {
		put(AtFbpt + 4, n, 4);
		assert_null(acpiparse(&a, topaddr(Base), get));
		assert_int_equal(a.fpdt, n >= FbptLen);
	}
	put(AtFbpt + 4, FbptLen, 4);
	for (u32 n = 0; n < 256; n++) {
		mem[AtFbpt + 26] = (u8)n;
		assert_null(acpiparse(&a, topaddr(Base), get));
		assert_int_equal(a.fpdt, n >= 48);
	}
	makefpdt();
	mem[AtFbpt] = 'X';
	assert_null(acpiparse(&a, topaddr(Base), get));
	assert_true(!a.fpdt && a.nbad == 1);
	makefpdt();
	end = AtFbpt + FbptLen - 1;
	assert_null(acpiparse(&a, topaddr(Base), get));
	assert_false(a.fpdt);
}

static void
test_B3_too_many_are_counted(void **state)
{
	static Acpi a;
	u32 n = 44, want = 0;

	(void)state;
	for (; n + 8 <= AtMadt + 3 * 1000 && want < 300; n += 8, want++)
		memcpy(mem + 1100 + n, (u8[]){0, 8, 0, (u8)want, 1, 0, 0, 0}, 8);
	memset(mem + 1100, 0, 44);
	header(1100, "APIC", n);
	fix(1100, n, 1109);
	put(AtXsdt + 36, Base + 1100, 8);
	fix(AtXsdt, 36 + 16, AtXsdt + 9);
	assert_null(acpiparse(&a, topaddr(Base), get));
	assert_int_equal(a.ncpu, AcpiCpus);
	assert_int_equal(a.lost, want - AcpiCpus);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, machine, gone)
	const struct CMUnitTest tests[] = {
	    T(test_L1_everything_is_found),
	    T(test_L1_extended_registers_win),
	    T(test_L1_old_root_when_the_new_one_is_broken),
	    T(test_L1_truncated_anywhere),
	    T(test_L1_any_byte_changed),
	    T(test_L1_records_that_lie),
	    T(test_T7_the_firmwares_times_are_read),
	    T(test_T7_times_that_lie),
	    T(test_B3_too_many_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
