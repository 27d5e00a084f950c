/* print's words fit its format. room: kernel  refused: format */
#include "log.h"

void say(u64 n);

void
say(u64 n)
{
#ifdef REFUSE
	print("n %d\n", n);
#else
	print("n %llu\n", n);
#endif
}
