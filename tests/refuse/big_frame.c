/* A stack frame stays under 1 KiB. room: kernel  refused: frame */
#include "u.h"

void fill(u8 *p);
u8 sum(void);

u8
sum(void)
{
#ifdef REFUSE
	u8 room[2048];
#else
	u8 room[128];
#endif
	fill(room);
	return room[1];
}
