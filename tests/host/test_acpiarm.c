/*
 * test_acpiarm.c: what Arm machines say in their tables: interrupt controllers of both versions, the way to
 * PSCI, the timer's line; and records that are too short for what they should hold.
 *
 * sources: kernel/acpi.c kernel/lib/crc32.c
 */
#include "host.h"
#include "acpi.h"

enum { Base = 0x40000, Size = 2048, AtRsdp = 0, AtXsdt = 64, AtMadt = 256, AtFadt = 640, AtGtdt = 1024 };

static u8 mem[Size];

static const void *
get(Paddr pa, u64 n)
{
	u64 at = pabits(pa) - Base;

	return at <= Size && n <= Size - at ? mem + at : NULL;
}

static void
put(u32 at, u64 v, u32 bytes)
{
	for (u32 i = 0; i < bytes; i++)
		mem[at + i] = (u8)(v >> 8 * i);
}

static void
table(u32 at, const char *sig, u32 n)
{
	memcpy(mem + at, sig, 4);
	put(at + 4, n, 4);
	mem[at + 9] = 0;
	mem[at + 9] = (u8)-bytesum(mem + at, n);
}

/* A record of the MADT with this length byte; its place. */
static u32
record(u32 *at, u8 type, u8 n)
{
	u32 here = *at;

	mem[here] = type;
	mem[here + 1] = n;
	*at += n;
	return here;
}

static void
tables(u8 gicc, u8 gicd, u8 gicr, u32 fadt, u32 gtdt)
{
	u32 at = AtMadt + 44, r;

	memset(mem, 0, sizeof mem);
	r = record(&at, 11, gicc);
	put(r + 8, 7, 4);
	put(r + 12, 1, 4);
	put(r + 32, 0x8010000, gicc >= 40 ? 8 : 0);
	r = record(&at, 12, gicd);
	put(r + 8, 0x8000000, 8);
	r = record(&at, 14, gicr);
	put(r + 4, 0x80a0000, 8);
	put(r + 12, 0xf60000, gicr >= 16 ? 4 : 0);
	table(AtMadt, "APIC", at - AtMadt);
	put(AtFadt + 129, 3, fadt >= 131 ? 2 : 0);
	table(AtFadt, "FACP", fadt);
	put(AtGtdt + 64, 27, gtdt >= 68 ? 4 : 0);
	table(AtGtdt, "GTDT", gtdt);
	put(AtXsdt + 36, Base + AtMadt, 8);
	put(AtXsdt + 44, Base + AtFadt, 8);
	put(AtXsdt + 52, Base + AtGtdt, 8);
	table(AtXsdt, "XSDT", 60);
	memcpy(mem, "RSD PTR ", 8);
	mem[15] = 2;
	put(20, 36, 4);
	put(24, Base + AtXsdt, 8);
	mem[8] = (u8)-bytesum(mem, 20);
	mem[32] = (u8)-bytesum(mem, 36);
}

static void
test_W1_L1_tables_of_an_arm_machine(void **state)
{
	Acpi a;

	(void)state;
	tables(80, 24, 16, 276, 104);
	assert_null(acpiparse(&a, topaddr(Base), get));
	assert_int_equal(a.nbad, 0);
	assert_int_equal(a.ncpu, 1);
	assert_int_equal(a.cpu[0].apicid, 7);
	assert_int_equal(pabits(a.gicc), 0x8010000);
	assert_int_equal(pabits(a.gicd), 0x8000000);
	assert_int_equal(pabits(a.gicr), 0x80a0000);
	assert_int_equal(a.gicrsize, 0xf60000);
	assert_int_equal(a.vtimer, 27);
	assert_true(a.psci && a.psciviahvc);
}

static void
test_W1_short_records_say_nothing(void **state)
{
	Acpi a;

	(void)state;
	tables(39, 23, 15, 130, 67);
	assert_null(acpiparse(&a, topaddr(Base), get));
	assert_int_equal(a.ncpu, 0);
	assert_int_equal(pabits(a.gicc), 0);
	assert_int_equal(pabits(a.gicd), 0);
	assert_int_equal(pabits(a.gicr), 0);
	assert_int_equal(a.vtimer, 0);
	assert_false(a.psci || a.psciviahvc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_W1_L1_tables_of_an_arm_machine),
	    cmocka_unit_test(test_W1_short_records_say_nothing),
	};

	return cmocka_run_group_tests(tests, nil, nil);
}
