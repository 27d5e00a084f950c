/*
 * entry.c: where the kernel enters a program: at its start and with a note. Both come with Plan 9's
 * registers and a stack aligned to 8 only; C wants the AAPCS's and 16.
 */
#include "user.h"

/* The program's entry: Tos in R0, argc and argv on the stack [PLAN9-ABI 1.3, 8]. */
__asm__(".globl _start\n.type _start,@function\n_start:\n"
	"\tadrp x9, _tos\n\tstr x0, [x9, :lo12:_tos]\n"
	"\tmov x9, sp\n\tldr x0, [x9]\n\tadd x1, x9, #8\n"
	"\tand x9, x9, #-16\n\tmov sp, x9\n"
	"\tmov x29, xzr\n\tmov x30, xzr\n\tbl start\n");

/*
 * Notes: the kernel enters with the Ureg in R0 and on the stack (SP+8, SP+16: its address, the text's).
 * The handler never returns: it calls noted().
 */
__asm__(".globl notetramp\n.type notetramp,@function\nnotetramp:\n"
	"\tmov x9, sp\n\tldr x0, [x9, #8]\n\tldr x1, [x9, #16]\n"
	"\tand x9, x9, #-16\n\tmov sp, x9\n"
	"\tmov x29, xzr\n\tmov x30, xzr\n\tbl notehandler\n");
