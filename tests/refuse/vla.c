/* No array as long as a number from outside. room: kernel  refused: vla|variable length */
#include "u.h"

void fill(u8 *p);
void work(u32 n);

void
work(u32 n)
{
#ifdef REFUSE
	u8 room[n];
#else
	u8 room[16];
	(void)n;
#endif
	fill(room);
}
