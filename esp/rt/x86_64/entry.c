/*
 * entry.c: where the kernel enters a program: at its start and with a note. Both come with Plan 9's
 * registers and a stack aligned to 8 only; C wants System V's and 16.
 */
#include "user.h"

/* The program's entry: Tos in RAX, argc and argv on a stack aligned to 8 only [PLAN9-ABI 1.3, 1.5]. */
__asm__(".globl _start\n.type _start,@function\n_start:\n"
	"\tmov %rax, _tos(%rip)\n"
	"\tmov (%rsp), %rdi\n"
	"\tlea 8(%rsp), %rsi\n"
	"\txor %ebp, %ebp\n"
	"\tand $-16, %rsp\n"
	"\tcall start\n");

/*
 * Notes: the kernel enters with the Ureg in RBP and on the stack (RSP+8, RSP+16: its address, the
 * text's), RSP only 8-byte aligned. The handler never returns: it calls noted().
 */
__asm__(".globl notetramp\n.type notetramp,@function\nnotetramp:\n"
	"\tmov 8(%rsp), %rdi\n"
	"\tmov 16(%rsp), %rsi\n"
	"\tand $-16, %rsp\n"
	"\tcall notehandler\n");
