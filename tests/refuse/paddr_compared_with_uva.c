/* Addresses of two kinds are not compared. room: mm  refused: incompatible type */
#include "addr.h"

bool same(Paddr a, Uva b);

bool
same(Paddr a, Uva b)
{
	(void)b;
#ifdef REFUSE
	return paeq(a, b);
#else
	return paeq(a, topaddr(uvabits(b)));
#endif
}
