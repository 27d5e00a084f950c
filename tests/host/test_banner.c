/*
 * test_banner.c: page faults in words, held against golden text for all 32 error codes.
 *
 * sources: arch/x86_64/banner.c kernel/lib/format.c
 */
#include "host.h"
#include "../../arch/x86_64/machine/banner.h"

/* Error codes 0 to 31: kind, access, who, letters. Written down by hand from [SDM 3A 4.7]. */
static const char *const golden[32] = {
    "PAGE NOT PRESENT|READ|supervisor|-----",
    "PROTECTION VIOLATION|READ|supervisor|P----",
    "PAGE NOT PRESENT|WRITE|supervisor|-W---",
    "PROTECTION VIOLATION|WRITE|supervisor|PW---",
    "PAGE NOT PRESENT|READ|user|--U--",
    "PROTECTION VIOLATION|READ|user|P-U--",
    "PAGE NOT PRESENT|WRITE|user|-WU--",
    "PROTECTION VIOLATION|WRITE|user|PWU--",
    "RESERVED BIT VIOLATION|READ|supervisor|---R-",
    "RESERVED BIT VIOLATION|READ|supervisor|P--R-",
    "RESERVED BIT VIOLATION|WRITE|supervisor|-W-R-",
    "RESERVED BIT VIOLATION|WRITE|supervisor|PW-R-",
    "RESERVED BIT VIOLATION|READ|user|--UR-",
    "RESERVED BIT VIOLATION|READ|user|P-UR-",
    "RESERVED BIT VIOLATION|WRITE|user|-WUR-",
    "RESERVED BIT VIOLATION|WRITE|user|PWUR-",
    "PAGE NOT PRESENT|EXECUTE|supervisor|----I",
    "PROTECTION VIOLATION|EXECUTE|supervisor|P---I",
    "PAGE NOT PRESENT|EXECUTE|supervisor|-W--I",
    "PROTECTION VIOLATION|EXECUTE|supervisor|PW--I",
    "PAGE NOT PRESENT|EXECUTE|user|--U-I",
    "PROTECTION VIOLATION|EXECUTE|user|P-U-I",
    "PAGE NOT PRESENT|EXECUTE|user|-WU-I",
    "PROTECTION VIOLATION|EXECUTE|user|PWU-I",
    "RESERVED BIT VIOLATION|EXECUTE|supervisor|---RI",
    "RESERVED BIT VIOLATION|EXECUTE|supervisor|P--RI",
    "RESERVED BIT VIOLATION|EXECUTE|supervisor|-W-RI",
    "RESERVED BIT VIOLATION|EXECUTE|supervisor|PW-RI",
    "RESERVED BIT VIOLATION|EXECUTE|user|--URI",
    "RESERVED BIT VIOLATION|EXECUTE|user|P-URI",
    "RESERVED BIT VIOLATION|EXECUTE|user|-WURI",
    "RESERVED BIT VIOLATION|EXECUTE|user|PWURI",
};

/* Field i of a golden line. */
static const char *
field(const char *line, int i, char *d)
{
	for (; i > 0; i--)
		line = strchr(line, '|') + 1;
	snformat(d, 40, "%.*s", (int)strcspn(line, "|"), line);
	return d;
}

static void
test_Q5_banner_of_all_error_codes(void **state)
{
	char got[800], want[800], kind[40], access[40], who[40], bits[40];

	(void)state;
	for (u32 e = 0; e < 32; e++) {
		Banner b = {.error = e,
			    .addr = 0xfffffd0000000ff8,
			    .pc = 0xffffffff80001234,
			    .cr0 = 0x80010033,
			    .cr2 = 0xfffffd0000000ff8,
			    .cr3 = 0xde85000,
			    .cr4 = 0x340ee8,
			    .proc = (void *)0x1000,
			    .cpl = e & 4 ? 3 : 0};
		snformat(
		    want, sizeof want,
		    "trap: ========== PAGE FAULT ==========\n"
		    "trap: Fault Type: %s\n"
		    "trap: Access Type: %s\n"
		    "trap: Fault Addr: 0xfffffd0000000ff8\n"
		    "trap: Instruction: 0xffffffff80001234\n"
		    "trap: Privilege: %s MODE (CPL=%d, access by %s)\n"
		    "trap: Error Code: 0x%04x (%s)\n"
		    "trap: CR0 80010033 CR2 fffffd0000000ff8 CR3 000000000de85000 CR4 00340ee8 up 0x1000\n",
		    field(golden[e], 0, kind), field(golden[e], 1, access), e & 4 ? "USER" : "KERNEL",
		    e & 4 ? 3 : 0, field(golden[e], 2, who), e, field(golden[e], 3, bits));
		assert_int_equal(faultbanner(&b, got, sizeof got), strlen(want));
		assert_string_equal(got, want);
	}
}

static void
test_K6_every_exception_has_its_name(void **state)
{
	(void)state;
	for (u32 i = 0; i < 32; i++) {
		assert_non_null(excname(i));
		for (u32 j = 0; j < i; j++)
			assert_string_not_equal(excname(i), excname(j));
	}
	assert_string_equal(excname(0), "divide error");
	assert_string_equal(excname(6), "invalid opcode");
	assert_string_equal(excname(13), "general protection violation");
	assert_string_equal(excname(19), "simd error");
	assert_string_equal(excname(31), "31 (reserved)");
	assert_string_equal(excname(32), "interrupt");
	assert_string_equal(excname(~0ull), "interrupt");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_Q5_banner_of_all_error_codes),
	    cmocka_unit_test(test_K6_every_exception_has_its_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
