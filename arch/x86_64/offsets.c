/*
 * offsets.c: constants that assembly shares with C, counted by the compiler. Never linked: the
 * Makefile compiles it to assembly and takes the arrows out of it into offsets.h.
 */
#include "machine/cpu.h"

#define OFF(name, value) __asm__ volatile(".ascii \"->" #name " %0\"" : : "i"((u64)(value)))

void offsets(void);

void
offsets(void)
{
	OFF(MACH_KSTACK, offsetof(Mach, kstack));
	OFF(LABEL_SP, offsetof(Label, sp));
	OFF(LABEL_PC, offsetof(Label, pc));
	OFF(LABEL_REGS, offsetof(Label, regs));
	OFF(UREG_AX, offsetof(Ureg, ax));
	OFF(UREG_BX, offsetof(Ureg, bx));
	OFF(UREG_CX, offsetof(Ureg, cx));
	OFF(UREG_DX, offsetof(Ureg, dx));
	OFF(UREG_SI, offsetof(Ureg, si));
	OFF(UREG_DI, offsetof(Ureg, di));
	OFF(UREG_BP, offsetof(Ureg, bp));
	OFF(UREG_R8, offsetof(Ureg, r8));
	OFF(UREG_R9, offsetof(Ureg, r9));
	OFF(UREG_R10, offsetof(Ureg, r10));
	OFF(UREG_R11, offsetof(Ureg, r11));
	OFF(UREG_R12, offsetof(Ureg, r12));
	OFF(UREG_R13, offsetof(Ureg, r13));
	OFF(UREG_R14, offsetof(Ureg, r14));
	OFF(UREG_R15, offsetof(Ureg, r15));
	OFF(UREG_DS, offsetof(Ureg, ds));
	OFF(UREG_TYPE, offsetof(Ureg, type));
	OFF(UREG_PC, offsetof(Ureg, pc));
	OFF(UREG_CS, offsetof(Ureg, cs));
	OFF(UREG_FLAGS, offsetof(Ureg, flags));
	OFF(UREG_SP, offsetof(Ureg, sp));
	OFF(UREG_SIZE, sizeof(Ureg));
	OFF(SYSCALL_TYPE, TypeSyscall);
	OFF(KERNEL_DS, KDSEL);
	OFF(KERNEL_CS, KESEL);
	OFF(VEC_NMI, VecNmi);
	OFF(VEC_DF, VecDf);
	OFF(VEC_MC, VecMc);
	OFF(MSR_GSBASE, MsrGsbase);
	OFF(USER_TOP, USTKTOP);
}
