/* A user address cannot be followed. room: kernel  refused: invalid type|requires pointer|indirection */
#include "addr.h"

u8 peek(Uva a, const u8 *p);

u8
peek(Uva a, const u8 *p)
{
	(void)a, (void)p;
#ifdef REFUSE
	return *a;
#else
	return *p;
#endif
}
