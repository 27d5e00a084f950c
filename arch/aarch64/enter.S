/*
 * enter.S: the step from the firmware's tables to our own, and from EL2 down to EL1. Last instructions of
 * the first life; they run on a page that both tables map at the same address, hence they must not leave it.
 *
 *	bridgecross(x0 root, x1 kmain, x2 stack top, x3 parcel, x4 TCR, x5 MAIR, x6 SCTLR)
 *
 * At EL1 the MMU goes off for the change, because size and types change with the tables: these
 * instructions are cleaned to memory first, and no data are touched until it is on again. At EL2 the EL1
 * registers are not in use yet: they are filled, and the exception return turns all of it on at once.
 */
#include "offsets.h"

	.text
	.balign	1024
	.globl	bridgecross
bridgecross:
	msr	daifset, #15
	adr	x9, bridgecross
	add	x10, x9, #1024
1:	dc	cvac, x9		/* 16 bytes: the smallest line there is */
	add	x9, x9, #16
	cmp	x9, x10
	b.ne	1b
	dsb	sy
	ic	iallu
	dsb	sy
	isb
	add	x8, x0, #TTBR1_OFFSET
	mrs	x9, CurrentEL
	cmp	x9, #8
	b.eq	fromel2

	mrs	x9, sctlr_el1
	and	x9, x9, #~1
	msr	sctlr_el1, x9
	isb
	msr	tcr_el1, x4
	msr	mair_el1, x5
	msr	ttbr0_el1, x0
	msr	ttbr1_el1, x8
	isb
	tlbi	vmalle1
	dsb	nsh
	isb
	msr	sctlr_el1, x6
	isb
	msr	spsel, #1
	mov	sp, x2
	b	landed

fromel2:
	msr	tcr_el1, x4
	msr	mair_el1, x5
	msr	ttbr0_el1, x0
	msr	ttbr1_el1, x8
	msr	sctlr_el1, x6
	msr	cpacr_el1, xzr
	mov	x9, #0x33ff		/* nothing traps to EL2: the bits that read as one */
	msr	cptr_el2, x9
	msr	hstr_el2, xzr
	mrs	x9, mdcr_el2
	and	x9, x9, #0x1f
	msr	mdcr_el2, x9
	mrs	x9, cnthctl_el2
	orr	x9, x9, #3		/* EL1 has the counters and timers */
	msr	cnthctl_el2, x9
	mrs	x9, midr_el1
	msr	vpidr_el2, x9
	mrs	x9, mpidr_el1
	msr	vmpidr_el2, x9
	mrs	x9, id_aa64pfr0_el1
	ubfx	x9, x9, #24, #4
	cbz	x9, 2f			/* no GIC in system registers */
	mrs	x9, s3_4_c12_c9_5	/* ICC_SRE_EL2 */
	mov	x10, #9			/* on, and EL1 may have it too */
	orr	x9, x9, x10
	msr	s3_4_c12_c9_5, x9
	isb
	msr	s3_4_c12_c11_0, xzr	/* ICH_HCR_EL2 */
2:	ldr	x9, =HCR_VALUE
	msr	hcr_el2, x9
	msr	vttbr_el2, xzr
	dsb	sy
	tlbi	alle1
	dsb	sy
	isb
	msr	sp_el1, x2
	adr	x9, landed
	msr	elr_el2, x9
	mov	x9, #PSR_KERNEL
	msr	spsr_el2, x9
	eret

landed:
	mov	x0, x3
	mov	x29, xzr
	mov	x30, xzr
	br	x1
	.ltorg
	.balign	1024
