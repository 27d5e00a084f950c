/*
 * reboot.c: start the machine again.
 */
#include "user.h"

void
main(int argc, char **argv)
{
	(void)argc, (void)argv;
	kcommand("reboot");
}
