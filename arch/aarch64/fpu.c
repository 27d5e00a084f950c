/*
 * fpu.c: floating point of processes: 32 vector registers and their two control words. Second life; the
 * kernel itself uses none of it. A process that never touched it owns no state: CPACR_EL1 makes the first
 * use trap, and it gets a save area of zeroes. From then on its registers are saved and loaded at each
 * switch, and a switch to one without state first clears them: nothing of another process is ever in the
 * registers. Interrupts off where live registers and m->fp are looked at. [ARM ARM D1.3.5]
 */
#include "machine/cpu.h"
#include "lib.h"

enum { FpFresh = 0, FpUsed = 1 }; /* FPuser.state */

struct FPsave { /* as context.S has it */
	u8 regs[512];
	u64 fpsr, fpcr;
};

void fpregsave(FPsave *s);
void fpregload(const FPsave *s);

static const FPsave fresh ALIGNED(16);

static void
enable(void)
{
	put_cpacr_el1(FpenAll);
	isb();
}

static void
disable(void)
{
	put_cpacr_el1(FpenNone);
	isb();
}

static bool
used(const FPuser *fp)
{
	return fp != nil && fp->state == FpUsed;
}

/* Registers go from the old process to the new one; interrupts off. */
void
fpswitch(FPuser *fp)
{
	Mach *m = machp();
	FPuser *old = m->fp;

	m->fp = fp;
	if (old == fp)
		return;
	if (used(old))
		fpregsave(old->save);
	if (used(fp)) {
		enable();
		fpregload(fp->save);
	} else if (used(old)) {
		fpregload(&fresh);
		disable();
	}
}

/*
 * For a call into firmware: the current process's registers are put by until fpreturn(). Firmware that moves
 * itself runs what it can write: that rule rests as long.
 */
void
fpborrow(void)
{
	put_sctlr_el1(sctlrvalue() & ~(u64)SctlrWxn);
	enable();
	if (used(machp()->fp))
		fpregsave(machp()->fp->save);
	fpregload(&fresh);
}

void
fpreturn(void)
{
	FPuser *fp = machp()->fp;

	fpregload(used(fp) ? fp->save : &fresh);
	if (!used(fp))
		disable();
	put_sctlr_el1(sctlrvalue());
	isb();
}

/* The first use by a program. Waits for memory. */
bool
fptrap(Ureg *u)
{
	FPuser *fp = machp()->fp;
	FPsave *s;
	u32 pl;

	if (!ureguser(u) || fp == nil || used(fp))
		return false;
	spllo();
	s = smalloc(sizeof *s);
	pl = splhi();
	memset(s, 0, sizeof *s);
	fp->save = s;
	fp->state = FpUsed;
	enable();
	fpregload(&fresh);
	splx(pl);
	return true;
}

void
fprelease(FPuser *fp)
{
	u32 s = splhi();
	FPsave *old = fp->save;

	if (machp()->fp == fp && used(fp)) {
		fpregload(&fresh);
		disable();
	}
	fp->state = FpFresh;
	fp->save = nil;
	splx(s);
	free(old);
}

void
fpinit(FPuser *fp)
{
	if (used(fp))
		fprelease(fp);
}

void
fpfork(FPuser *to, const FPuser *from)
{
	u32 s;

	to->state = FpFresh;
	to->save = nil;
	if (!used(from))
		return;
	to->save = smalloc(sizeof *to->save);
	s = splhi();
	if (machp()->fp == from)
		fpregsave(from->save);
	memmove(to->save, from->save, sizeof *to->save);
	to->state = FpUsed;
	splx(s);
}
