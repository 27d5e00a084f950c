/*
 * test_ptabx86.c: the table editor over those of x86 64.
 * sources: mm/ptab.c mm/xlat.c mm/ledger.c arch/x86_64/pte.c
 * sources: kernel/lib/kind.c kernel/lib/format.c kernel/lib/str.c
 */
#include "ptabtest.h"

int
main(void)
{
	const struct CMUnitTest tests[] = {PTABTESTS};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
