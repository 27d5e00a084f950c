/*
 * vectors.S: ways into the kernel and out of it: 256 vectors, SYSCALL, the first step to user mode.
 * Runs in both lives (vectors speak before the tables change). Every way in leaves a Ureg on the
 * kernel stack; from user mode it stands at the very top of the process's kernel stack. Interrupts
 * are off at the ways in; GS is the kernel's from SWAPGS on. The .seh_ lines let backtrace() cross.
 * [SDM 3A 6.12, 6.14; SDM 2B SYSCALL, SYSRET]
 */
#include "offsets.h"

/* What is above a frame's `type`: error code, then what the processor pushed. */
#define PUSHED (UREG_SIZE - UREG_TYPE)
/* For calls: shadow space of 32 bytes and the argument slots; keeps the stack at 16 bytes. */
#define ARGS 40
#define SHADOW 32
#define BELOW (SHADOW + ARGS)
/* The canonical low half ends below bit 47. */
#define CANONICAL 47

/* Two assemblers, two words for "with an error code". */
#ifdef __clang__
#define WITHERROR @code
#else
#define WITHERROR code
#endif

	.text

.macro saveregs at
	movq	%rax, \at+UREG_AX(%rsp)
	movq	%rcx, \at+UREG_CX(%rsp)
	movq	%r11, \at+UREG_R11(%rsp)
	saverest \at
.endm

/* Those that a system call keeps. */
.macro saverest at
	movq	%rbx, \at+UREG_BX(%rsp)
	movq	%rdx, \at+UREG_DX(%rsp)
	movq	%rsi, \at+UREG_SI(%rsp)
	movq	%rdi, \at+UREG_DI(%rsp)
	movq	%rbp, \at+UREG_BP(%rsp)
	movq	%r8, \at+UREG_R8(%rsp)
	movq	%r9, \at+UREG_R9(%rsp)
	movq	%r10, \at+UREG_R10(%rsp)
	movq	%r12, \at+UREG_R12(%rsp)
	movq	%r13, \at+UREG_R13(%rsp)
	movq	%r14, \at+UREG_R14(%rsp)
	movq	%r15, \at+UREG_R15(%rsp)
.endm

.macro restoreregs
	movq	UREG_AX(%rsp), %rax
	movq	UREG_BX(%rsp), %rbx
	movq	UREG_CX(%rsp), %rcx
	movq	UREG_DX(%rsp), %rdx
	movq	UREG_SI(%rsp), %rsi
	movq	UREG_DI(%rsp), %rdi
	movq	UREG_BP(%rsp), %rbp
	movq	UREG_R8(%rsp), %r8
	movq	UREG_R9(%rsp), %r9
	movq	UREG_R10(%rsp), %r10
	movq	UREG_R11(%rsp), %r11
	movq	UREG_R12(%rsp), %r12
	movq	UREG_R13(%rsp), %r13
	movq	UREG_R14(%rsp), %r14
	movq	UREG_R15(%rsp), %r15
.endm

/*
 * One stub for each vector, 16 bytes apart: error code (0 where the processor gives none), number.
 * Those on interrupt stacks may have come in between SWAPGS and its partner.
 */
	.p2align 4
	.globl	vectors
vectors:
	.set	vec, 0
	.rept	256
	.p2align 4
	.if !(vec == 8 || (vec >= 10 && vec <= 14) || vec == 17 || vec == 21 || vec == 29 || vec == 30)
	pushq	$0
	.endif
	pushq	$vec
	.if vec == VEC_NMI || vec == VEC_DF || vec == VEC_MC
	jmp	anywhere
	.else
	jmp	trapentry
	.endif
	.set	vec, vec + 1
	.endr

	.p2align 4
	.seh_proc trapentry
trapentry:
	.seh_pushframe WITHERROR
	.seh_stackalloc 8
	subq	$UREG_TYPE, %rsp
	.seh_stackalloc UREG_TYPE
	saveregs 0
	.seh_savereg %rbx, UREG_BX
	.seh_savereg %rsi, UREG_SI
	.seh_savereg %rdi, UREG_DI
	.seh_savereg %rbp, UREG_BP
	.seh_savereg %r12, UREG_R12
	.seh_savereg %r13, UREG_R13
	.seh_savereg %r14, UREG_R14
	.seh_savereg %r15, UREG_R15
	.seh_endprologue
	movq	$0, UREG_DS(%rsp)
	cld
	testb	$3, UREG_CS(%rsp)
	jz	1f
	swapgs
1:	lfence
	movq	%rsp, %rcx
	subq	$SHADOW+8, %rsp
	call	trap
	addq	$SHADOW+8, %rsp
	testb	$3, UREG_CS(%rsp)
	jnz	frametouser
	restoreregs
	addq	$UREG_PC, %rsp
	iretq
	.seh_endproc

/*
 * Back to user mode with everything from the Ureg at %rsp, interrupts off. A pc outside the low half
 * would fault here, in the kernel with the user's GS: it becomes 0, and faults there.
 */
	.globl	frametouser
frametouser:
	movq	UREG_PC(%rsp), %rax
	shrq	$CANONICAL, %rax
	jz	1f
	movq	$0, UREG_PC(%rsp)
1:	swapgs
	restoreregs
	addq	$UREG_PC, %rsp
	iretq

/*
 * NMI, double fault, machine check: they may interrupt the kernel while GS is still, or again, the
 * user's. The kernel's GS base lies in the high half from the day there are users.
 */
	.p2align 4
	.seh_proc anywhere
anywhere:
	.seh_pushframe WITHERROR
	.seh_stackalloc 8
	subq	$UREG_TYPE, %rsp
	.seh_stackalloc UREG_TYPE
	saveregs 0
	.seh_savereg %rbx, UREG_BX
	.seh_savereg %rsi, UREG_SI
	.seh_savereg %rdi, UREG_DI
	.seh_savereg %rbp, UREG_BP
	.seh_savereg %r12, UREG_R12
	.seh_savereg %r13, UREG_R13
	.seh_savereg %r14, UREG_R14
	.seh_savereg %r15, UREG_R15
	.seh_endprologue
	movq	$0, UREG_DS(%rsp)
	cld
	xorl	%ebx, %ebx
	leaq	vectors(%rip), %rax
	testq	%rax, %rax
	jns	1f			/* first life: no user anywhere */
	movl	$MSR_GSBASE, %ecx
	rdmsr
	testl	%edx, %edx
	js	1f
	swapgs
	incl	%ebx
1:	lfence
	movq	%rsp, %rcx
	subq	$SHADOW+8, %rsp
	call	trap
	addq	$SHADOW+8, %rsp
	testl	%ebx, %ebx
	jz	2f
	swapgs
2:	restoreregs
	addq	$UREG_PC, %rsp
	iretq
	.seh_endproc

/*
 * SYSCALL: number in RBP, arguments on the user's stack behind the return address. RAX, RCX, R11 are
 * the caller's loss, so RAX serves. Ureg.cs, ss, ds.. keep what an earlier way in put there. The
 * way out is by SYSRET only if nobody changed more of the frame than the answer: then the pc is what
 * SYSCALL gave, and no user page is so high that the next pc would leave the low half (gdt.c asserts
 * it). The argument slots are copied here, guarded (the table is in usercopy.S): a bad stack gives syscall() nil.
 */
.macro syscallway name, smap
	.p2align 4
	.globl	\name
	.globl	\name\()args
	.globl	\name\()argsend
	.globl	\name\()badargs
	.seh_proc \name
\name:
	.seh_pushframe
	swapgs
	lfence
	movq	%rsp, %rax
	movq	%gs:MACH_KSTACK, %rsp
	subq	$BELOW+UREG_SIZE, %rsp
	.seh_stackalloc BELOW+UREG_PC
	.seh_endprologue
	saverest BELOW
	movq	%rcx, BELOW+UREG_PC(%rsp)
	movq	%r11, BELOW+UREG_FLAGS(%rsp)
	movq	%rax, BELOW+UREG_SP(%rsp)
	movq	$SYSCALL_TYPE, BELOW+UREG_TYPE(%rsp)
	sti
	leaq	BELOW(%rsp), %rcx
	movq	%rax, %r8
	shrq	$CANONICAL, %r8
	jnz	\name\()nostack
	.if \smap
	stac
	.endif
\name\()args:
	movq	8(%rax), %r8
	movq	16(%rax), %r9
	movq	24(%rax), %r10
	movq	32(%rax), %r11
	movq	40(%rax), %rax
\name\()argsend:
	.if \smap
	clac
	.endif
	leaq	SHADOW(%rsp), %rdx
	movq	%r8, (%rdx)
	movq	%r9, 8(%rdx)
	movq	%r10, 16(%rdx)
	movq	%r11, 24(%rdx)
	movq	%rax, 32(%rdx)
2:	call	syscall
	cli
	cmpb	$SYSCALL_TYPE, BELOW+UREG_TYPE(%rsp)
	jne	3f
	movq	BELOW+UREG_PC(%rsp), %rcx
	movq	BELOW+UREG_AX(%rsp), %rax
	movq	BELOW+UREG_DX(%rsp), %rdx
	movq	BELOW+UREG_R8(%rsp), %r8
	movq	BELOW+UREG_R9(%rsp), %r9
	movq	BELOW+UREG_R10(%rsp), %r10
	movq	BELOW+UREG_FLAGS(%rsp), %r11
	movq	BELOW+UREG_SP(%rsp), %rsp
	swapgs
	sysretq
3:	addq	$BELOW, %rsp
	jmp	frametouser
\name\()badargs:
	.if \smap
	clac
	.endif
	leaq	BELOW(%rsp), %rcx
\name\()nostack:
	xorl	%edx, %edx
	jmp	2b
	.seh_endproc

.endm

	syscallway syscallentry, 0
	syscallway syscallentrysmap, 1

/*
 * A forked child's first instructions, with its stack as in a system call: finish the switch, leave.
 */
	.globl	forkstart
	.seh_proc forkstart
forkstart:
	.seh_pushframe
	.seh_stackalloc BELOW+UREG_PC
	.seh_endprologue
	call	procstart
	cli
	addq	$BELOW, %rsp
	jmp	frametouser
	.seh_endproc

/* void frameleave(Ureg *u): the frame stands at the top of the kernel stack; interrupts off. */
	.globl	frameleave
frameleave:
	movq	%rcx, %rsp
	jmp	frametouser

/* void gdtload(const void *gdtr, u32 tss): new descriptors, code segment, task register. */
	.globl	gdtload
gdtload:
	lgdt	(%rcx)
	ltr	%dx
	movl	$KERNEL_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	popq	%rax
	pushq	$KERNEL_CS
	pushq	%rax
	lretq
