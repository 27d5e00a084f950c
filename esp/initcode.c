/*
 * initcode.c: the first instructions in user mode. The kernel carries this program's bytes in its image
 * and maps them read-only at UTZERO: entry is the first byte, the stack is empty. It opens the console
 * three times, notes when it began and turns into /boot/init. No data, one page.
 */
#include "user.h"

NORETURN void initmain(u64 tsc);

__asm__(".section .text.first,\"ax\",@progbits\n.globl initstart\ninitstart:\n" INITSTART ".text\n");

static void
complain(const char *s)
{
	u32 n = 0;

	while (s[n])
		n++;
	pwrite(2, s, n, -1);
}

/* When user mode began, in decimal, for who measures boots: /env/usertsc. */
static void
tellstart(u64 tsc)
{
	char text[20], *p = text + sizeof text;
	int fd = create("/env/usertsc", OWRITE, 0666);

	do
		*--p = (char)('0' + tsc % 10);
	while ((tsc /= 10) > 0);
	pwrite(fd, p, (u32)(text + sizeof text - p), -1);
	close(fd);
}

void
initmain(u64 tsc)
{
	char *argv[] = {"init", nil};
	char err[ERRMAX];

	open("/dev/cons", OREAD);
	open("/dev/cons", OWRITE);
	open("/dev/cons", OWRITE);
	tellstart(tsc);
	exec("/boot/init", argv);
	err[0] = 0;
	errstr(err, ERRMAX);
	complain("initcode: cannot exec /boot/init: ");
	complain(err);
	complain("\n");
	exits("no init");
}
