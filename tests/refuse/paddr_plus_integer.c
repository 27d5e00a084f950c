/* Addresses move by paadd, not by +. room: mm  refused: invalid operands */
#include "addr.h"

Paddr next(Paddr pa);

Paddr
next(Paddr pa)
{
#ifdef REFUSE
	return pa + 4096;
#else
	return paadd(pa, 4096);
#endif
}
