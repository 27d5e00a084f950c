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
	OFF(LABEL_SP, offsetof(Label, sp));
	OFF(LABEL_PC, offsetof(Label, pc));
	OFF(LABEL_REGS, offsetof(Label, regs));
	OFF(UREG_SP, offsetof(Ureg, sp));
	OFF(UREG_PC, offsetof(Ureg, pc));
	OFF(UREG_PSR, offsetof(Ureg, psr));
	OFF(UREG_TYPE, offsetof(Ureg, type));
	OFF(FRAME_RECORD, FrameRecord);
	OFF(FRAME_SIZE, FrameSize);
	OFF(SYS_ARGS, SysArgs);
	OFF(WAY_USER, WayUser);
	OFF(WAY_ODD, WayOdd);
	OFF(WAY_STACK, WayStack);
	OFF(EC_SVC, EcSvc);
	OFF(EC_SHIFT, EsrEcShift);
	OFF(USER_TOP, USTKTOP);
	OFF(TTBR1_OFFSET, TTBR1OFFSET);
	OFF(HCR_VALUE, HCRRW | HCRAPI);
	OFF(PSR_KERNEL, PsrKernel);
}
