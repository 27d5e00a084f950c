/*
 * membench.c: what the kernel's allocators cost: its own lines "bench: NAME N instr".
 */
#include "user.h"

void
main(int argc, char **argv)
{
	(void)argc, (void)argv;
	kcommand("membench");
	exits(nil);
}
