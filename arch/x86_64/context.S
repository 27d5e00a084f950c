/*
 * context.S: labels, the first call on a fresh stack, what a backtrace starts from. Both lives.
 * A Label keeps stack pointer, pc and the registers that a callee must keep: BX BP SI DI 12 to 15
 * (the kernel uses no SSE registers).
 */
#include "offsets.h"

	.text

/* int setlabel(Label *l): 0 now, 1 when gotolabel(l) comes back. */
	.globl	setlabel
setlabel:
	movq	(%rsp), %rax
	leaq	8(%rsp), %rdx
	movq	%rax, LABEL_PC(%rcx)
	movq	%rdx, LABEL_SP(%rcx)
	movq	%rbx, LABEL_REGS(%rcx)
	movq	%rbp, LABEL_REGS+8(%rcx)
	movq	%rsi, LABEL_REGS+16(%rcx)
	movq	%rdi, LABEL_REGS+24(%rcx)
	movq	%r12, LABEL_REGS+32(%rcx)
	movq	%r13, LABEL_REGS+40(%rcx)
	movq	%r14, LABEL_REGS+48(%rcx)
	movq	%r15, LABEL_REGS+56(%rcx)
	xorl	%eax, %eax
	ret

/* void gotolabel(Label *l) */
	.globl	gotolabel
gotolabel:
	movq	LABEL_REGS(%rcx), %rbx
	movq	LABEL_REGS+8(%rcx), %rbp
	movq	LABEL_REGS+16(%rcx), %rsi
	movq	LABEL_REGS+24(%rcx), %rdi
	movq	LABEL_REGS+32(%rcx), %r12
	movq	LABEL_REGS+40(%rcx), %r13
	movq	LABEL_REGS+48(%rcx), %r14
	movq	LABEL_REGS+56(%rcx), %r15
	movq	LABEL_SP(%rcx), %rsp
	movl	$1, %eax
	jmp	*LABEL_PC(%rcx)

/* Where labelfn() leads: BX is the function, SI its argument; shadow space and a zero lie above. */
	.globl	labelstart
	.seh_proc labelstart
labelstart:
	.seh_stackalloc 32
	.seh_endprologue
	movq	%rsi, %rcx
	call	*%rbx
	ud2
	.seh_endproc

/* void unwindhere(Unwind *w): the caller's registers in the order of the unwind codes, then its pc. */
	.globl	unwindhere
unwindhere:
	movq	%rax, (%rcx)
	movq	%rcx, 8(%rcx)
	movq	%rdx, 16(%rcx)
	movq	%rbx, 24(%rcx)
	leaq	8(%rsp), %rax
	movq	%rax, 32(%rcx)
	movq	%rbp, 40(%rcx)
	movq	%rsi, 48(%rcx)
	movq	%rdi, 56(%rcx)
	movq	%r8, 64(%rcx)
	movq	%r9, 72(%rcx)
	movq	%r10, 80(%rcx)
	movq	%r11, 88(%rcx)
	movq	%r12, 96(%rcx)
	movq	%r13, 104(%rcx)
	movq	%r14, 112(%rcx)
	movq	%r15, 120(%rcx)
	movq	(%rsp), %rax
	movq	%rax, 128(%rcx)
	ret
