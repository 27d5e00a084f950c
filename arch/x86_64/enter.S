/*
 * enter.S: the step from the firmware's tables to our own. Last instructions of the first life; they
 * run on a page that both tables map at the same address, hence they must not leave that page.
 *
 *	bridgeenter(rcx root, rdx kmain, r8 stack top, r9 parcel)
 *
 * Interrupts are off and global pages disabled (bridgeopen), so that loading CR3 drops every
 * translation of the firmware's. kmain finds what the Microsoft convention promises: 32 bytes of
 * shadow space above a return address (0: the end of every backtrace), RSP 8 below a multiple of 16.
 */
	.text
	.balign	64
	.globl	bridgeenter
bridgeenter:
	movq	%cr0, %rax
	orq	$0x10000, %rax		/* WP: read-only holds for us too [SDM 3A 2.5] */
	movq	%rcx, %cr3
	movq	%rax, %cr0
	leaq	-40(%r8), %rsp
	movq	$0, (%rsp)
	movq	%r9, %rcx
	xorl	%ebp, %ebp
	jmp	*%rdx
	.balign	64
