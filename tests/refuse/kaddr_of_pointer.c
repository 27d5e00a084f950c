/* A pointer is not translated twice. room: mm  refused: incompatible type */
#include "mm.h"

void *reach(void *p);

void *
reach(void *p)
{
#ifdef REFUSE
	return kaddr(p);
#else
	return kaddr(paddr(p));
#endif
}
