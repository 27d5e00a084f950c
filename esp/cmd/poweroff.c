/*
 * poweroff.c: turn the machine off.
 */
#include "user.h"

void
main(int argc, char **argv)
{
	(void)argc, (void)argv;
	kcommand("poweroff");
}
