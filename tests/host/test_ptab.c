/*
 * test_ptab.c: the table editor over the invented entries.
 * sources: mm/ptab.c mm/xlat.c mm/ledger.c arch/host/pte.c
 * sources: kernel/lib/kind.c kernel/lib/format.c kernel/lib/str.c
 */
#include "ptabtest.h"

int
main(void)
{
	const struct CMUnitTest tests[] = {PTABTESTS};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
