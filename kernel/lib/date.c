/*
 * date.c: days of the calendar. Pure.
 */
#include "lib.h"

/*
 * Days from 1970-01-01 to this day of the Gregorian calendar, from year 1970 on; the caller has bounded
 * month (1 to 12) and day. Counted from March, so that the leap day is the last of its year.
 */
u64
datedays(u32 year, u32 month, u32 day)
{
	enum { ToEpoch = 719468 }; /* from 0000-03-01 to 1970-01-01 */
	u64 y = month > 2 ? year : year - 1, m = (month + 9) % 12;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - ToEpoch;
}
