/*
 * pool.c: the kernel's heaps, on the console.
 */
#include "user.h"

void
main(int argc, char **argv)
{
	(void)argc, (void)argv;
	kcommand("pool");
}
