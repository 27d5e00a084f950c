/* kaddr takes a physical address, nothing else. room: mm  refused: incompatible type */
#include "mm.h"

void *reach(u64 n);

void *
reach(u64 n)
{
#ifdef REFUSE
	return kaddr(n);
#else
	return kaddr(topaddr(n));
#endif
}
