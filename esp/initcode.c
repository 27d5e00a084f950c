/*
 * initcode.c: the first instructions in user mode. The kernel carries this program's bytes in its image
 * and maps them read-only at UTZERO: entry is the first byte, the stack is empty. It opens the console
 * three times and turns into /boot/init. No data, one page.
 */
#include "user.h"

NORETURN void initmain(void);

__asm__(".section .text.first,\"ax\",@progbits\n.globl initstart\ninitstart:\n"
	"\txor %ebp, %ebp\n\tand $-16, %rsp\n\tcall initmain\n.text\n");

static void
complain(const char *s)
{
	u32 n = 0;

	while (s[n])
		n++;
	pwrite(2, s, n, -1);
}

void
initmain(void)
{
	char *argv[] = {"init", nil};
	char err[ERRMAX];

	open("/dev/cons", OREAD);
	open("/dev/cons", OWRITE);
	open("/dev/cons", OWRITE);
	exec("/boot/init", argv);
	err[0] = 0;
	errstr(err, ERRMAX);
	complain("initcode: cannot exec /boot/init: ");
	complain(err);
	complain("\n");
	exits("no init");
}
