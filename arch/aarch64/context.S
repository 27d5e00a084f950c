/*
 * context.S: labels, the first call on a fresh stack, floating-point registers. Both lives.
 * A Label keeps stack pointer, pc and the registers that a callee must keep: x19 to x29; the last word is
 * the link register with which it goes on.
 */
#include "offsets.h"

	.text

/* int setlabel(Label *l): 0 now, 1 when gotolabel(l) comes back. */
	.globl	setlabel
setlabel:
	mov	x9, sp
	str	x9, [x0, #LABEL_SP]
	str	x30, [x0, #LABEL_PC]
	stp	x19, x20, [x0, #LABEL_REGS]
	stp	x21, x22, [x0, #LABEL_REGS+16]
	stp	x23, x24, [x0, #LABEL_REGS+32]
	stp	x25, x26, [x0, #LABEL_REGS+48]
	stp	x27, x28, [x0, #LABEL_REGS+64]
	stp	x29, x30, [x0, #LABEL_REGS+80]
	mov	x0, xzr
	ret

/* void gotolabel(Label *l) */
	.globl	gotolabel
gotolabel:
	ldp	x19, x20, [x0, #LABEL_REGS]
	ldp	x21, x22, [x0, #LABEL_REGS+16]
	ldp	x23, x24, [x0, #LABEL_REGS+32]
	ldp	x25, x26, [x0, #LABEL_REGS+48]
	ldp	x27, x28, [x0, #LABEL_REGS+64]
	ldp	x29, x30, [x0, #LABEL_REGS+80]
	ldr	x9, [x0, #LABEL_SP]
	ldr	x10, [x0, #LABEL_PC]
	mov	sp, x9
	mov	x0, #1
	br	x10

/* Where labelfn() leads: x19 is the function, x20 its argument; a frame of zeroes ends backtraces. */
	.globl	labelstart
labelstart:
	mov	x0, x20
	blr	x19
	brk	#0

	.arch_extension fp
	.arch_extension simd

/* void fpregsave(void *d), fpregload(const void *s): 32 registers, then FPSR and FPCR. */
	.globl	fpregsave
fpregsave:
	stp	q0, q1, [x0]
	stp	q2, q3, [x0, #32]
	stp	q4, q5, [x0, #64]
	stp	q6, q7, [x0, #96]
	stp	q8, q9, [x0, #128]
	stp	q10, q11, [x0, #160]
	stp	q12, q13, [x0, #192]
	stp	q14, q15, [x0, #224]
	stp	q16, q17, [x0, #256]
	stp	q18, q19, [x0, #288]
	stp	q20, q21, [x0, #320]
	stp	q22, q23, [x0, #352]
	stp	q24, q25, [x0, #384]
	stp	q26, q27, [x0, #416]
	stp	q28, q29, [x0, #448]
	stp	q30, q31, [x0, #480]
	mrs	x9, fpsr
	mrs	x10, fpcr
	str	x9, [x0, #512]
	str	x10, [x0, #520]
	ret

	.globl	fpregload
fpregload:
	ldp	q0, q1, [x0]
	ldp	q2, q3, [x0, #32]
	ldp	q4, q5, [x0, #64]
	ldp	q6, q7, [x0, #96]
	ldp	q8, q9, [x0, #128]
	ldp	q10, q11, [x0, #160]
	ldp	q12, q13, [x0, #192]
	ldp	q14, q15, [x0, #224]
	ldp	q16, q17, [x0, #256]
	ldp	q18, q19, [x0, #288]
	ldp	q20, q21, [x0, #320]
	ldp	q22, q23, [x0, #352]
	ldp	q24, q25, [x0, #384]
	ldp	q26, q27, [x0, #416]
	ldp	q28, q29, [x0, #448]
	ldp	q30, q31, [x0, #480]
	ldr	x9, [x0, #512]
	ldr	x10, [x0, #520]
	msr	fpsr, x9
	msr	fpcr, x10
	ret
