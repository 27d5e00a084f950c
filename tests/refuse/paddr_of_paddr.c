/* A physical address has no physical address. room: mm  refused: incompatible type */
#include "mm.h"

Paddr down(Paddr pa);

Paddr
down(Paddr pa)
{
#ifdef REFUSE
	return paddr(pa);
#else
	return paddr(kaddr(pa));
#endif
}
