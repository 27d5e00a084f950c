/*
 * xsummary.c: the kernel's holes, on the console.
 */
#include "user.h"

void
main(int argc, char **argv)
{
	(void)argc, (void)argv;
	kcommand("xsummary");
}
