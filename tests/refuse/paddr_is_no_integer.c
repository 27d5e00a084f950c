/* A physical address is no integer. room: mm  refused: incompatible type|without a cast|initializing 'u64' */
#include "addr.h"

u64 frame(Paddr pa);

u64
frame(Paddr pa)
{
#ifdef REFUSE
	u64 n = pa;
#else
	u64 n = pabits(pa);
#endif
	return n / 4096;
}
