/*
 * Rights of runtime memory: what the memory attributes table may change, and what it may not.
 * sources: efi/rtmap.c efi/fwmap.c mm/ledger.c kernel/lib/kind.c
 */
#include <stdio.h>
#include "host.h"
#include "guest.h"
#include "rtmap.h"

enum { Code = 5, Data = 6, Stride = 48, MaxRt = 16 };
#define RO (1ull << 17)
#define XP (1ull << 14)
#define WB 0xfull

static BootRt rt[MaxRt];
static u8 mat[8 * Stride];
static u32 nmat;
static char text[1024];

void *
configtable(Guest *g, EFI_GUID guid)
{
	(void)g, (void)guid;
	return nil;
}

static void
attr(u32 type, u64 start, u64 pages, u64 bits)
{
	u8 *p = mat + nmat++ * Stride;

	memset(p, 0, Stride);
	memcpy(p, &type, 4);
	memcpy(p + 8, &start, 8);
	memcpy(p + 24, &pages, 8);
	memcpy(p + 32, &bits, 8);
}

/* The stretches of one descriptor, as text: "start-end rights[ uc]; ..." */
static const char *
stretches(u32 type, u64 start, u64 pages, u64 bits, u32 max)
{
	Rtlist l = {.rt = rt, .max = max, .mat = mat, .matentries = nmat, .matstride = Stride};
	Fwdesc d = {.type = type, .start = start, .pages = pages, .attr = bits};
	usize n = 0;

	rtstretch(&l, &d);
	text[0] = 0;
	for (u32 i = 0; i < l.n; i++)
		n += (usize)snprintf(text + n, sizeof text - n, "%s%llx-%llx %s%s%s%s", i > 0 ? "; " : "",
				     pabits(rt[i].pa), pabits(rt[i].pa) + rt[i].size,
				     rt[i].perm & PermR ? "r" : "", rt[i].perm & PermW ? "w" : "",
				     rt[i].perm & PermX ? "x" : "", rt[i].uncached ? " uc" : "");
	nmat = 0;
	return text;
}

static void
test_A16_types_give_rights_where_no_table_does(void **state)
{
	(void)state;
	assert_string_equal(stretches(Code, 0x10000, 4, WB, MaxRt), "10000-14000 rwx");
	assert_string_equal(stretches(Data, 0x10000, 4, WB, MaxRt), "10000-14000 rw");
	assert_string_equal(stretches(11, 0xffc00000, 1, 1, MaxRt), "ffc00000-ffc01000 rw uc");
}

static void
test_A16_the_table_cuts_in_rising_order(void **state)
{
	(void)state;
	attr(Data, 0x10000, 1, XP | WB);
	attr(Code, 0x11000, 2, RO | WB);
	attr(Data, 0x13000, 1, RO | XP | WB);
	assert_string_equal(stretches(Code, 0x10000, 5, WB, MaxRt),
			    "10000-11000 rw; 11000-13000 rx; 13000-14000 r; 14000-15000 rwx");
	attr(Code, 0x12000, 1, RO | WB);
	assert_string_equal(stretches(Code, 0x10000, 4, WB, MaxRt),
			    "10000-12000 rwx; 12000-13000 rx; 13000-14000 rwx");
}

static void
test_A16_entries_that_break_a_rule_change_nothing(void **state)
{
	(void)state;
	attr(Code, 0x10000, 1, WB); /* neither read-only nor not executable */
	attr(7, 0x10000, 1, RO);    /* of a type that is none of the firmware's */
	attr(Code, 0x10800, 1, RO); /* not on a page */
	attr(Code, 0x10000, 0, RO);
	attr(Code, 0x10000, 1ull << 52, RO);
	attr(Code, 0x13000, 2, RO); /* leaves the descriptor */
	attr(Code, 0xf000, 2, RO);  /* begins before it */
	assert_string_equal(stretches(Code, 0x10000, 4, WB, MaxRt), "10000-14000 rwx");
	attr(Code, 0x12000, 1, RO);
	attr(Code, 0x11000, 1, RO); /* behind one that lies higher: out of order */
	assert_string_equal(stretches(Code, 0x10000, 4, WB, MaxRt),
			    "10000-12000 rwx; 12000-13000 rx; 13000-14000 rwx");
}

static void
test_A16_a_full_list_stops(void **state)
{
	(void)state;
	attr(Data, 0x10000, 1, XP);
	attr(Code, 0x11000, 1, RO);
	assert_string_equal(stretches(Code, 0x10000, 3, WB, 2), "10000-11000 rw; 11000-12000 rx");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_A16_types_give_rights_where_no_table_does),
	    cmocka_unit_test(test_A16_the_table_cuts_in_rising_order),
	    cmocka_unit_test(test_A16_entries_that_break_a_rule_change_nothing),
	    cmocka_unit_test(test_A16_a_full_list_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
