/*
 * date.c: date and time in Greenwich; -n: seconds since 1970.
 */
#include "user.h"

static bool
leap(u64 y)
{
	return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

void
main(int argc, char **argv)
{
	static const u8 days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	u64 sec = (u64)_nsec(nil) / 1000000000, day = sec / 86400, year = 1970, month = 0;

	if (argc > 1 && strcmp(argv[1], "-n") == 0) {
		print("%llu\n", sec);
		return;
	}
	for (; day >= 365u + leap(year); year++)
		day -= 365u + leap(year);
	for (; day >= days[month] + (u64)(month == 1 && leap(year)); month++)
		day -= days[month] + (u64)(month == 1 && leap(year));
	print("%llu-%02llu-%02llu %02llu:%02llu:%02llu GMT\n", year, month + 1, day + 1, sec / 3600 % 24,
	      sec / 60 % 60, sec % 60);
}
