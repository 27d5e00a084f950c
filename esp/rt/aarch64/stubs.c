/*
 * stubs.c: one function for each system call, made from include/syscall.h. Programs are compiled for
 * the AAPCS; the kernel wants Plan 9's: number in R0, arguments on the stack behind one word, result in
 * R0 [PLAN9-ABI 8]. The kernel keeps every other register.
 */
#include "user.h"

#define ENTER(label)  ".globl " label "\n.type " label ",@function\n" label ":\n\tsub sp, sp, #48\n"
#define LEAVE(number) "\tmov x0, #" number "\n\tsvc #0\n\tadd sp, sp, #48\n\tret\n"

#define ARGS0
#define ARGS1 "\tstr x0, [sp, #8]\n"
#define ARGS2 ARGS1 "\tstr x1, [sp, #16]\n"
#define ARGS3 ARGS2 "\tstr x2, [sp, #24]\n"
#define ARGS4 ARGS3 "\tstr x3, [sp, #32]\n"
#define ARGS5 ARGS4 "\tstr x4, [sp, #40]\n"

/* The name is weak: the library's seek() stands before the call, which it finds as call_seek. */
#define S(number, name, args)                                                                                \
	__asm__(".weak " #name "\n.set " #name ", call_" #name "\n" ENTER("call_" #name)                     \
		    ARGS##args LEAVE(#number));
SYSCALLS(S)
#undef S

__asm__(ENTER("rawcall") "\tstr x1, [sp, #8]\n\tstr x2, [sp, #16]\n\tstr x3, [sp, #24]\n\tstr x4, [sp, #32]\n"
			 "\tstr x5, [sp, #40]\n\tsvc #0\n\tadd sp, sp, #48\n\tret\n");
