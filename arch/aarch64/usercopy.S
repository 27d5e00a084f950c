/*
 * usercopy.S: the only instructions that touch user memory; probe(), which touches what may not be there;
 * semihost(), which nobody may hear. Each stands in the table `guards`: first instruction, end, where to go on when the fault cannot be
 * answered. Addresses are checked before the first byte. Loads and stores are the unprivileged ones: they
 * have the user's rights, so the kernel's right to touch user pages stays off all the time (PAN); the
 * one exclusive pair has no such form and opens that door. [ARM ARM C3.2.5, D8.4.4]
 */
#include "offsets.h"

	.text

/* Jump to \bad unless [\addr, \addr+\n) lies in the user half. Spoils x9 and x10. */
.macro checkuser addr, n, bad
	adds	x9, \addr, \n
	b.cs	\bad
	ldr	x10, =USER_TOP
	cmp	x9, x10
	b.hi	\bad
.endm

/* bool copyin(void *d, Uva s, usize n) */
	.globl	copyin
copyin:
	checkuser x1, x2, refused
guardin:
1:	subs	x2, x2, #8
	b.lo	2f
	ldtr	x9, [x1]
	str	x9, [x0], #8
	add	x1, x1, #8
	b	1b
2:	adds	x2, x2, #8
	b.eq	good
3:	ldtrb	w9, [x1]
	strb	w9, [x0], #1
	add	x1, x1, #1
	subs	x2, x2, #1
	b.ne	3b
guardinend:
good:
	mov	w0, #1
	ret
refused:
	mov	w0, wzr
	ret

/* bool copyout(Uva d, const void *s, usize n) */
	.globl	copyout
copyout:
	checkuser x0, x2, refused
guardout:
1:	subs	x2, x2, #8
	b.lo	2f
	ldr	x9, [x1], #8
	sttr	x9, [x0]
	add	x0, x0, #8
	b	1b
2:	adds	x2, x2, #8
	b.eq	4f
3:	ldrb	w9, [x1], #1
	sttrb	w9, [x0]
	add	x0, x0, #1
	subs	x2, x2, #1
	b.ne	3b
guardoutend:
4:	mov	w0, #1
	ret

/* i64 copyinstr(char *d, Uva s, usize max): bytes before the NUL; max: none found; -1: bad memory. */
	.globl	copyinstr
copyinstr:
	ldr	x10, =USER_TOP
	subs	x10, x10, x1		/* bytes up to the end of the user half */
	b.lo	strbad
	mov	x11, xzr
1:	cmp	x11, x2
	b.eq	2f
	cmp	x11, x10
	b.eq	strbad
	add	x12, x1, x11
guardstr:
	ldtrb	w9, [x12]
guardstrend:
	strb	w9, [x0, x11]
	cbz	w9, 2f
	add	x11, x11, #1
	b	1b
2:	mov	x0, x11
	ret
strbad:
	mov	x0, #-1
	ret

/* bool usercas(Uva a, u32 expect, u32 value, u32 *old) */
	.globl	usercas
usercas:
	tst	x0, #3
	b.ne	refused
	mov	x11, #4
	checkuser x0, x11, refused
	adrp	x12, userpan
	ldrb	w12, [x12, :lo12:userpan]
	cbz	w12, guardcas
	.inst	0xd500409f		/* msr pan, #0 */
guardcas:
1:	ldaxr	w9, [x0]
	cmp	w9, w1
	b.ne	2f
	stlxr	w10, w2, [x0]
	cbnz	w10, 1b
guardcasend:
2:	clrex
	cbz	w12, 3f
	.inst	0xd500419f		/* msr pan, #1 */
3:	str	w9, [x3]
	mov	w0, #1
	ret
casbad:
	cbz	w12, refused
	.inst	0xd500419f
	b	refused

/* bool probe(u64 va, u64 *v): kernel memory that may not be there. */
	.globl	probe
probe:
guardprobe:
	ldr	x9, [x0]
guardprobeend:
	str	x9, [x1]
	mov	w0, #1
	ret

/*
 * void semihost(u64 operation, const void *block): a word to the emulator or debugger that listens for it;
 * where none does, the instruction is undefined and nothing happens. [Arm semihosting 2.0 4]
 */
	.globl	semihost
semihost:
guardhost:
	hlt	#0xf000
guardhostend:
	ret
	.ltorg

	.section .rdata,"dr"
	.balign	8
	.globl	guards
	.globl	guardsend
guards:
	.quad	guardin, guardinend, refused
	.quad	guardout, guardoutend, refused
	.quad	guardstr, guardstrend, strbad
	.quad	guardcas, guardcasend, casbad
	.quad	guardprobe, guardprobeend, refused
	.quad	guardhost, guardhostend, guardhostend
	.quad	sysargs, sysargsend, sysbadargs
guardsend:
