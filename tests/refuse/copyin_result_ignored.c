/* A copy from user memory may fail. room: kernel  refused: unused.result|ignoring return value */
#include "arch.h"

u32 word(Uva a);

u32
word(Uva a)
{
	u32 w = 0;
#ifdef REFUSE
	copyin(&w, a, sizeof w);
#else
	if (!copyin(&w, a, sizeof w))
		w = 0;
#endif
	return w;
}
