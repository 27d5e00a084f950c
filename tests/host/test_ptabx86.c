/*
 * test_ptabx86.c: the table editor over those of x86 64.
 * sources: mm/ptab.c mm/xlat.c mm/ledger.c arch/x86_64/pte.c
 * sources: kernel/lib/kind.c kernel/lib/format.c kernel/lib/str.c
 */
#include "ptabtest.h"

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_D5_walk_finds_and_creates),
	    cmocka_unit_test(test_D5_walk_stops_above_a_large_page),
	    cmocka_unit_test(test_D4_user_bit_only_in_the_user_half),
	    cmocka_unit_test(test_D2_largest_page_that_fits),
	    cmocka_unit_test(test_D11_each_error_once),
	    cmocka_unit_test(test_D11_ranges_that_cannot_be),
	    cmocka_unit_test(test_D11_a_failed_map_leaves_nothing),
	    cmocka_unit_test(test_D11_smaller_pages_around_a_table_in_the_way),
	    cmocka_unit_test(test_D5_split_keeps_the_translation),
	    cmocka_unit_test(test_D5_unmap_of_a_part),
	    cmocka_unit_test(test_D5_unmap_of_nothing),
	    cmocka_unit_test(test_D12_tables_stay_constant),
	    cmocka_unit_test(test_D12_without_freetable_tables_stay),
	    cmocka_unit_test(test_D4_a_dirty_table_is_never_linked),
	    cmocka_unit_test(test_E7_translate_tells_where_it_stopped),
	    cmocka_unit_test(test_E7_mapped_range),
	    cmocka_unit_test(test_D3_canonical),
	    cmocka_unit_test(test_E7_random_there_and_back),
	    cmocka_unit_test(test_D5_random_against_reference),
	    cmocka_unit_test(test_D5_random_against_reference_no1g),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
