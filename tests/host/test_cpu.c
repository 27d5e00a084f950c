/*
 * test_cpu.c: which processors and modes are refused, before the exit, by the words of the entry audit;
 * the order of those words is this port's own and fixed by what the second life prints.
 *
 * sources: arch/x86_64/cpu.c kernel/lib/format.c kernel/lib/str.c
 */
#include "host.h"

enum { NWords = 16, La57 = 1 << 12 };

void cpuaudit(u64 audit[16]);
void cpuauditprint(const u64 audit[16]);
const char *cpurefuse(const u64 audit[16]);
void fpuinit0(void);

void
fpuinit0(void)
{
}

/* Words 2, 6 and 8 of a processor that has all it needs: CR4, CPUID 1, CPUID 80000001. */
static void
good(u64 a[NWords])
{
	memset(a, 0, NWords * sizeof a[0]);
	a[2] = 0x668;
	a[6] = 1u << 9 | 1u << 24 | 1u << 25 | 1u << 26;
	a[8] = 1u << 11 | 1u << 20 | 1u << 29;
}

static void
test_A5_what_cannot_carry_us(void **state)
{
	u64 a[NWords];

	(void)state;
	good(a);
	assert_null(cpurefuse(a));
	a[2] |= La57;
	assert_non_null(strstr(cpurefuse(a), "LA57"));
	good(a);
	a[6] &= ~(1ull << 26);
	assert_non_null(strstr(cpurefuse(a), "SSE2"));
	good(a);
	a[6] &= ~(1ull << 24);
	assert_non_null(strstr(cpurefuse(a), "SSE2"));
	good(a);
	a[6] &= ~(1ull << 9);
	assert_non_null(strstr(cpurefuse(a), "local APIC"));
	good(a);
	a[8] &= ~(1ull << 11);
	assert_non_null(strstr(cpurefuse(a), "SYSCALL"));
	good(a);
	a[8] &= ~(1ull << 20); /* no NX: carried, and said */
	assert_null(cpurefuse(a));
	hostclear();
	cpuauditprint(a);
	assert_true(hostsaid("cpu: no NX"));
}

static void
test_A5_the_audit_says_what_firmware_left(void **state)
{
	u64 a[NWords];

	(void)state;
	good(a);
	a[0] = 0x80010033;
	a[3] = 0xd00;
	a[5] = 0xfee00c00;
	a[7] = 1u << 7 | 1u << 20 | (u64)(1 << 2 | 1 << 16) << 32;
	a[9] = 46;
	memcpy(&a[10], "GenuineI", 8);
	memcpy(&a[11], "ntel", 4);
	hostclear();
	cpuauditprint(a);
	assert_true(hostsaid("CR0=0x80010033 "));
	assert_true(hostsaid("EFER=0xd00 "));
	assert_true(hostsaid("APIC_BASE=0xfee00c00 "));
	assert_true(
	    hostsaid("cpu: GenuineIntel signature 0x0 width 46 NX yes 1GiB no SMEP yes SMAP yes UMIP yes "));
	assert_true(hostsaid("LA57 yes/off"));
	assert_false(hostsaid("no NX"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_A5_what_cannot_carry_us),
	    cmocka_unit_test(test_A5_the_audit_says_what_firmware_left),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
