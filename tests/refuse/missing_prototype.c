/* A function that others may call is declared first. room: kernel  refused: prototype */
#include "u.h"

#ifndef REFUSE
int answer(void);
#endif

int
answer(void)
{
	return 42;
}
