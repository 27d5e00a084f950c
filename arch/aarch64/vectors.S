/*
 * vectors.S: ways into the kernel and out of it: the sixteen vectors, system calls, the first step to user
 * mode. Runs in both lives (vectors speak before the tables change), hence at EL1 and EL2. Every way in
 * leaves a Ureg on the kernel stack, and below x29 a frame record through which backtraces go on; from
 * user mode it stands at the very top of the process's kernel stack. All interrupts are masked at the ways in.
 * [ARM ARM D1.3, D1.4]
 */
#include "offsets.h"

	.text

.macro saveregs
	stp	x0, x1, [sp]
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	str	x30, [sp, #240]
.endm

.macro restoreregs
	ldp	x0, x1, [sp]
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x18, x19, [sp, #144]
	ldp	x20, x21, [sp, #160]
	ldp	x22, x23, [sp, #176]
	ldp	x24, x25, [sp, #192]
	ldp	x26, x27, [sp, #208]
	ldp	x28, x29, [sp, #224]
	ldr	x30, [sp, #240]
.endm

/* From the kernel, not a synchronous one: the stack is good. */
.macro kernelway way
	.balign	128
	sub	sp, sp, #FRAME_SIZE
	saveregs
	mov	x2, #\way
	add	x3, sp, #FRAME_SIZE
	b	kerneltrap
.endm

.macro userway way
	.balign	128
	sub	sp, sp, #FRAME_SIZE
	saveregs
	mov	x2, #\way
	b	usertrap
.endm

	.balign	2048
	.globl	vectors
vectors:
	kernelway WAY_ODD		/* on the user's stack pointer: never */
	kernelway WAY_ODD+1
	kernelway WAY_ODD+2
	kernelway WAY_ODD+3
	.balign	128
	b	kernelsync
	kernelway 1
	kernelway 2
	kernelway 3
	userway	WAY_USER
	userway	WAY_USER+1
	userway	WAY_USER+2
	userway	WAY_USER+3
	userway	WAY_ODD			/* 32-bit programs: there are none */
	userway	WAY_ODD+1
	userway	WAY_ODD+2
	userway	WAY_ODD+3

/*
 * A fault in the kernel: is there a stack to say it on? The processor is asked for its translation; the
 * register that users can read serves for a moment as the place for x0.
 */
	.balign	128
kernelsync:
	msr	tpidrro_el0, x0
	mrs	x0, CurrentEL
	tbnz	x0, #3, 1f		/* EL2, first life: the firmware's stack is long */
	sub	x0, sp, #FRAME_SIZE
	at	s1e1w, x0
	isb
	mrs	x0, par_el1
	tbnz	x0, #0, nostack
1:	mrs	x0, tpidrro_el0
	msr	tpidrro_el0, xzr
	sub	sp, sp, #FRAME_SIZE
	saveregs
	mov	x2, xzr
	add	x3, sp, #FRAME_SIZE
	b	kerneltrap
nostack:
	mov	x0, sp
	msr	tpidr_el0, x0
	adrp	x0, laststack+8192
	mov	sp, x0
	mrs	x0, tpidrro_el0
	msr	tpidrro_el0, xzr
	sub	sp, sp, #FRAME_SIZE
	saveregs
	mov	x2, #WAY_STACK
	mrs	x3, tpidr_el0

/* x2: the way; x3: the stack pointer as it was; registers are saved. */
kerneltrap:
	mrs	x4, CurrentEL
	tbnz	x4, #3, 1f
	mrs	x5, elr_el1
	mrs	x6, spsr_el1
	mrs	x7, esr_el1
	mrs	x1, far_el1
	b	2f
1:	mrs	x5, elr_el2
	mrs	x6, spsr_el2
	mrs	x7, esr_el2
	mrs	x1, far_el2
2:	stp	x3, x5, [sp, #UREG_SP]
	stp	x6, x7, [sp, #UREG_PSR]
	stp	x29, x5, [sp, #FRAME_RECORD]
	add	x29, sp, #FRAME_RECORD
	mov	x0, sp
	bl	trap
	ldp	x3, x5, [sp, #UREG_SP]
	ldr	x6, [sp, #UREG_PSR]
	mrs	x4, CurrentEL
	tbnz	x4, #3, 3f
	msr	elr_el1, x5
	msr	spsr_el1, x6
	b	4f
3:	msr	elr_el2, x5
	msr	spsr_el2, x6
4:	restoreregs
	add	sp, sp, #FRAME_SIZE
	eret

/* x2: the way; registers are saved at the top of the kernel stack. */
usertrap:
	mrs	x3, sp_el0
	mrs	x5, elr_el1
	mrs	x6, spsr_el1
	mrs	x7, esr_el1
	stp	x3, x5, [sp, #UREG_SP]
	stp	x6, x7, [sp, #UREG_PSR]
	stp	xzr, xzr, [sp, #FRAME_RECORD]
	add	x29, sp, #FRAME_RECORD
	cmp	x2, #WAY_USER
	b.ne	1f
	ubfx	x4, x7, #EC_SHIFT, #6
	cmp	x4, #EC_SVC
	b.eq	systemcall
1:	mrs	x1, far_el1
	mov	x0, sp
	bl	trap
	b	frametouser

/*
 * SVC: number in R0, arguments on the user's stack behind one word [PLAN9-ABI 8]. They are copied here, with
 * loads that have the user's rights, guarded (the table is in usercopy.S): a bad stack gives syscall() nil.
 */
systemcall:
	mov	x0, sp
	msr	daifclr, #2
	sub	sp, sp, #SYS_ARGS
	ldr	x4, =USER_TOP-48
	cmp	x3, x4
	b.hi	badargs
	tst	x3, #7
	b.ne	badargs
	.globl	sysargs
sysargs:
	ldtr	x4, [x3, #8]
	ldtr	x5, [x3, #16]
	ldtr	x6, [x3, #24]
	ldtr	x7, [x3, #32]
	ldtr	x8, [x3, #40]
	.globl	sysargsend
sysargsend:
	stp	x4, x5, [sp]
	stp	x6, x7, [sp, #16]
	str	x8, [sp, #32]
	mov	x1, sp
1:	bl	syscall
	.globl	syscallback
syscallback:
	msr	daifset, #2
	add	sp, sp, #SYS_ARGS
	b	frametouser
	.globl	sysbadargs
sysbadargs:
	add	x0, sp, #SYS_ARGS
badargs:
	mov	x1, xzr
	b	1b
	.ltorg

/* Back to user mode with everything from the Ureg at sp, interrupts masked. */
frametouser:
	ldp	x3, x5, [sp, #UREG_SP]
	ldr	x6, [sp, #UREG_PSR]
	msr	sp_el0, x3
	msr	elr_el1, x5
	msr	spsr_el1, x6
	restoreregs
	add	sp, sp, #FRAME_SIZE
	eret

/* A forked child's first instructions, sp at its frame: finish the switch, leave. */
	.globl	forkstart
forkstart:
	add	x29, sp, #FRAME_RECORD
	bl	procstart
	msr	daifset, #2
	b	frametouser

/* void frameleave(Ureg *u): the frame stands at the top of the kernel stack; interrupts masked. */
	.globl	frameleave
frameleave:
	mov	sp, x0
	b	frametouser

	.bss
	.balign	4096
laststack:
	.space	8192
	.space	16
