/*
 * usercopy.S: the only instructions that touch user memory, and probe(), which touches what may not
 * be there. Each stands in the table `guards`: first instruction, end, where to go on when the fault
 * cannot be answered. Addresses are checked before the first byte; SMAP's door is open only here
 * (and at SYSCALL's argument slots). [SDM 3A 4.6]
 */
#include "offsets.h"

	.text

.macro useropen
	cmpb	$0, usersmap(%rip)
	je	9f
	stac
9:
.endm
.macro userclose
	cmpb	$0, usersmap(%rip)
	je	9f
	clac
9:
.endm

/* Jump to \bad unless [\addr, \addr+\n) lies in the user half. Spoils RAX and R10. */
.macro checkuser addr, n, bad
	movq	\addr, %rax
	addq	\n, %rax
	jc	\bad
	movabsq	$USER_TOP, %r10
	cmpq	%r10, %rax
	ja	\bad
.endm

/* RDI, RSI and R8 are set: words first, then the bytes that are left. */
.macro copybytes
	movq	%r8, %rcx
	shrq	$3, %rcx
	rep movsq
	movl	%r8d, %ecx
	andl	$7, %ecx
	rep movsb
.endm

/* bool copyin(void *d, Uva s, usize n) */
	.globl	copyin
	.seh_proc copyin
copyin:
	pushq	%rsi
	.seh_pushreg %rsi
	pushq	%rdi
	.seh_pushreg %rdi
	.seh_endprologue
	checkuser %rdx, %r8, copyrefused
	movq	%rcx, %rdi
	movq	%rdx, %rsi
	jmp	copy
	.seh_endproc

/* bool copyout(Uva d, const void *s, usize n) */
	.globl	copyout
	.seh_proc copyout
copyout:
	pushq	%rsi
	.seh_pushreg %rsi
	pushq	%rdi
	.seh_pushreg %rdi
	.seh_endprologue
	checkuser %rcx, %r8, copyrefused
	movq	%rcx, %rdi
	movq	%rdx, %rsi
copy:
	useropen
guardcopy:
	copybytes
guardcopyend:
	userclose
	movl	$1, %eax
	popq	%rdi
	popq	%rsi
	ret
copybad:
	userclose
copyrefused:
	xorl	%eax, %eax
	popq	%rdi
	popq	%rsi
	ret
	.seh_endproc

/* i64 copyinstr(char *d, Uva s, usize max): bytes before the NUL; max: none found; -1: bad memory. */
	.globl	copyinstr
copyinstr:
	movabsq	$USER_TOP, %r10
	cmpq	%r10, %rdx
	ja	strrefused
	subq	%rdx, %r10		/* bytes up to the end of the user half */
	xorl	%eax, %eax
	useropen
1:	cmpq	%r8, %rax
	je	2f
	cmpq	%r10, %rax
	je	strbad
guardstr:
	movb	(%rdx,%rax), %r9b
guardstrend:
	movb	%r9b, (%rcx,%rax)
	testb	%r9b, %r9b
	je	2f
	incq	%rax
	jmp	1b
2:	userclose
	ret
strbad:
	userclose
strrefused:
	movq	$-1, %rax
	ret

/* bool usercas(Uva a, u32 expect, u32 value, u32 *old) */
	.globl	usercas
usercas:
	movq	%rcx, %r11
	movl	$4, %eax
	addq	%rax, %r11
	jc	casrefused
	movabsq	$USER_TOP, %r10
	cmpq	%r10, %r11
	ja	casrefused
	movl	%edx, %eax
	useropen
guardcas:
	lock cmpxchgl %r8d, (%rcx)
guardcasend:
	userclose
	movl	%eax, (%r9)
	movl	$1, %eax
	ret
casbad:
	userclose
casrefused:
	xorl	%eax, %eax
	ret

/* bool probe(u64 va, u64 *v): kernel memory that may not be there. */
	.globl	probe
probe:
guardprobe:
	movq	(%rcx), %rax
guardprobeend:
	movq	%rax, (%rdx)
	movl	$1, %eax
	ret
probebad:
	xorl	%eax, %eax
	ret

	.section .rdata,"dr"
	.p2align 3
	.globl	guards
	.globl	guardsend
guards:
	.quad	guardcopy, guardcopyend, copybad
	.quad	guardstr, guardstrend, strbad
	.quad	guardcas, guardcasend, casbad
	.quad	guardprobe, guardprobeend, probebad
	.quad	syscallentryargs, syscallentryargsend, syscallentrybadargs
	.quad	syscallentrysmapargs, syscallentrysmapargsend, syscallentrysmapbadargs
guardsend:
