/*
 * stubs.c: one function for each system call, made from include/syscall.h. Programs are compiled for
 * the System V convention; the kernel wants Plan 9's: number in RBP, arguments on the stack above a
 * return address, result in RAX [PLAN9-ABI 2.1]. The kernel keeps every register but RAX, RCX and R11.
 */
#include "user.h"

#define ENTER(label) ".globl " label "\n.type " label ",@function\n" label ":\n\tpush %rbp\n"
#define LEAVE(number, bytes)                                                                                 \
	"\tpush $0\n\tmov $" number ", %ebp\n\tsyscall\n\tadd $" bytes ", %rsp\n\tpop %rbp\n\tret\n"

#define PUSH0
#define PUSH1 "\tpush %rdi\n"
#define PUSH2 "\tpush %rsi\n" PUSH1
#define PUSH3 "\tpush %rdx\n" PUSH2
#define PUSH4 "\tpush %rcx\n" PUSH3
#define PUSH5 "\tpush %r8\n" PUSH4
#define POP0  "8"
#define POP1  "16"
#define POP2  "24"
#define POP3  "32"
#define POP4  "40"
#define POP5  "48"

/* The name is weak: the library's seek() stands before the call, which it finds as call_seek. */
#define S(number, name, args)                                                                                \
	__asm__(".weak " #name "\n.set " #name ", call_" #name "\n" ENTER("call_" #name)                     \
		    PUSH##args LEAVE(#number, POP##args));
SYSCALLS(S)
#undef S

__asm__(ENTER("rawcall") "\tpush %r9\n\tpush %r8\n\tpush %rcx\n\tpush %rdx\n\tpush %rsi\n"
			 "\tpush $0\n\tmov %edi, %ebp\n\tsyscall\n\tadd $48, %rsp\n\tpop %rbp\n\tret\n");
