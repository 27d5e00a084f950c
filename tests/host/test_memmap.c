/*
 * Settings of the firmware's facts, and the memmap report.
 * sources: kernel/memmap.c kernel/conf.c mm/ledger.c mm/maptext.c mm/xlat.c kernel/lib/kind.c
 * sources: kernel/lib/format.c kernel/lib/number.c
 */
#include "host.h"
#include "dat.h"
#include "memmap.h"

static Range space[32];

static void
test_A8_B9_B13_settings_and_report(void **state)
{
	(void)state;
	Ledger l;
	static BootKeep k;
	ledgerinit(&l, space, nelem(space));
	ledgeradd(&l, 0x1000, 0x9f000, KLow);
	ledgeradd(&l, 0x100000, 0x100000, KFree);
	ledgeradd(&l, 0x200000, 0x1000, KAcpi);
	k.rsdp = topaddr(0x1f77d014);
	k.fb = (BootFb){.pa = topaddr(0x80000000),
			.size = 1 << 20,
			.width = 800,
			.height = 600,
			.pitch = 3328,
			.depth = 32,
			.red = 0xff0000,
			.green = 0xff00,
			.blue = 0xff};
	memmapinit(&l, &k);
	assert_string_equal(getconf("*e820"),
			    "1 0000000000001000 00000000000a0000 1 0000000000100000 0000000000200000 "
			    "3 0000000000200000 0000000000201000 ");
	assert_string_equal(getconf("*acpi"), "0x1f77d014");
	assert_string_equal(getconf("*bootscreen"), "832x600x32 x8r8g8b8 0x80000000");
	hostclear();
	memmapsummary();
	assert_true(hostsaid("0000000000001000-00000000000a0000 1\n0000000000100000-0000000000200000 2\n"));
	assert_true(hostsaid("free                1024 KiB in 1 range\n"));
	assert_true(hostsaid("memmap: 3 ranges of 32, most 3, LOST 0 (0 bytes)\n"));
}

static void
test_A6_channels_of_every_format(void **state)
{
	(void)state;
	static const struct {
		BootFb f;
		const char *want;
	} cases[] = {
	    {{.depth = 32, .red = 0xff0000, .green = 0xff00, .blue = 0xff}, "x8r8g8b8"},
	    {{.depth = 32, .blue = 0xff0000, .green = 0xff00, .red = 0xff}, "x8b8g8r8"},
	    {{.depth = 16, .red = 0xf800, .green = 0x7e0, .blue = 0x1f}, "r5g6b5"},
	    {{.depth = 15, .red = 0x7c00, .green = 0x3e0, .blue = 0x1f}, "r5g5b5"},
	    {{.depth = 0}, ""},
	};
	for (usize i = 0; i < nelem(cases); i++) {
		char d[40];
		assert_int_equal(fbchan(&cases[i].f, d, sizeof(d)), strlen(cases[i].want));
		assert_string_equal(d, cases[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_A8_B9_B13_settings_and_report),
	    cmocka_unit_test(test_A6_channels_of_every_format),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
