/*
 * panic.c: the end, said clearly. Both lives, from the day vectors can speak. What is printed goes
 * past all locks to the polled serial port, the debug ports, the screen and the ring; it runs on a
 * stack of its own, so that an overflowed one does not matter. A second panic inside the first says
 * one line and gives up; a third is silent. Sure things first, the memory balance (which walks the
 * kernel's lists) last.
 */
#include "arch.h"
#include "lib.h"
#include "log.h"
#include "mm.h"
#include "phase.h"

enum { StackMax = 16 * 1024, Depth = 32 };

static struct {
	u32 count;  /* panics begun */
	bool reset; /* reset the machine at the end instead of halting */
	char text[512];
	Ureg frame; /* what trapped */
	bool trapped;
	u64 pcs[Depth];
	int npcs;
	u64 caller;
} pan;
static u8 stack[StackMax] ALIGNED(16);

bool
panicking(void)
{
	return __atomic_load_n(&pan.count, __ATOMIC_RELAXED) != 0;
}

void
panicreset(bool on)
{
	pan.reset = on;
}

static NORETURN void
end(void)
{
	debugexit(DexitPanic);
	if (pan.reset)
		machreset();
	machhalt();
}

static void
crumbs(const char *s)
{
	for (; *s != 0; s++)
		crumbputc(*s);
}

/* The whole story, on the panic stack. */
static void
tell(void *arg)
{
	(void)arg;
	crumbs("!!panic: ");
	crumbs(pan.text);
	iprint("\npanic: %s\n", pan.text);
	if (phasenow() == NPHASE)
		iprint("panic: before the first phase\n");
	else
		iprint("panic: last phase %02u %s\n", phasenow(), phasetext(phasenow()));
	iprint("panic: called from pc=0x%llx cpu%u\n", pan.caller, machp() == nil ? 0 : machp()->machno);
	if (pan.trapped)
		uregdump(&pan.frame);
	for (int i = 0; i < pan.npcs; i++)
		iprint("panic: #%02d pc=0x%llx\n", i, pan.pcs[i]);
	membal("panic");
	iprint("panic: end\n");
	end();
}

/* Not much can be trusted now. */
static NORETURN void
again(const char *fmt, va_list ap, u64 caller)
{
	if (pan.count > 2)
		end();
	vsnformat(pan.text, sizeof pan.text, fmt, ap);
	iprint("\npanic: again: %s pc=0x%llx\n", pan.text, caller);
	end();
}

static NORETURN void
begin(const Ureg *u, u64 caller, const char *fmt, va_list ap)
{
	Label l;

	(void)splhi();
	if (__atomic_add_fetch(&pan.count, 1, __ATOMIC_SEQ_CST) > 1)
		again(fmt, ap, caller);
	uartpolled();
	vsnformat(pan.text, sizeof pan.text, fmt, ap);
	pan.caller = caller;
	if (u != nil) {
		pan.frame = *u;
		pan.trapped = true;
	}
	pan.npcs = backtrace(u, pan.pcs, Depth);
	labelfn(&l, (u64)(uintptr)(stack + sizeof stack), tell, nil);
	gotolabel(&l);
}

void
panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	begin(nil, (u64)(uintptr)__builtin_return_address(0), fmt, ap);
}

/* The same for a trap in the kernel: registers and backtrace are the interrupted ones. */
void
panictrap(const Ureg *u, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	begin(u, uregpc(u), fmt, ap);
}
