/*
 * phase.c: where the boot is. Both lives. A phase gives its crumb to the debug port before anything
 * else, then its line to print, and leaves its number in the ring log's head for a reader from
 * outside. Phases only go forward. Holds no pointer, so the move to KZERO does not touch it.
 * Here too the tests' deliberate faults start: at a named phase, in a named way.
 */
#include "arch.h"
#include "lib.h"
#include "log.h"
#include "mm.h"
#include "phase.h"

enum Inject {
	InjNone,
	InjNull,
	InjUd,
	InjDiv,
	InjGp,
	InjStack,
	InjPrint,
	InjLock,
	InjPanic,
	InjText,  /* write to code */
	InjAlias, /* the same by the direct map */
	InjData,  /* execute a variable */
	InjHhdm,  /* execute RAM by the direct map */
	InjUser	  /* read user memory without asking */
};

static struct {
	u32 entered;	   /* phases entered: the last one plus 1 */
	u32 at;		   /* where to fail */
	u32 how;	   /* enum Inject */
	u64 tentry;	   /* cycle counter at entry, if the times are wanted; else 0 */
	u64 stamp[NPHASE]; /* cycle counter when each was entered; 0: it was not */
} boot;

/* A word for each phase, without a pointer in it. */
#define P(id, crumb, prefix, text) crumb
static const char crumbs[] = PHASES(P);
#undef P
_Static_assert(sizeof crumbs == 2 * NPHASE + 1, "a crumb has two characters");

const char *
phasetext(Phase ph)
{
	switch (ph) {
#define P(id, crumb, prefix, text)                                                                           \
	case id:                                                                                             \
		return text;
		PHASES(P)
#undef P
	default:
		return "nothing yet";
	}
}

static const char *
phaseprefix(Phase ph)
{
	switch (ph) {
#define P(id, crumb, prefix, text)                                                                           \
	case id:                                                                                             \
		return prefix;
		PHASES(P)
#undef P
	default:
		return "BOOT:";
	}
}

/* The phase entered last; NPHASE before the first. */
Phase
phasenow(void)
{
	return boot.entered == 0 ? NPHASE : (Phase)(boot.entered - 1);
}

/* Page 0 is nobody's from the kernel's first moment on; the firmware maps it, and has nothing up there. */
static void
faultnull(void)
{
	volatile u32 *volatile p = boot.entered > PhRelocated ? nil : (void *)(uintptr)(USTKTOP - BY2PG);

	*p = 0;
}

static void
faultdivide(void)
{
	volatile u32 zero = 0;

	boot.at /= zero; /* 1 / zero would be folded */
}

/* An address in the hole between the halves. */
static void
faultnoncanonical(void)
{
	volatile u32 *volatile p = (volatile u32 *)(uintptr)(USTKTOP << 1);

	*p = 0;
}

/* Down into the guard page: nothing is left to run a handler on, so this ends in a double fault. */
static u32
faultstack(u32 depth)
{
	volatile u32 room[64];

	room[depth % nelem(room)] = depth;
	return depth == ~0u ? 0 : faultstack(depth + 1) + room[0];
}

/* What the page tables forbid: one of the last five ways. */
static void
breakrule(enum Inject how)
{
	void *code = (void *)(uintptr)phasenow, *alias = kaddr(paddr(code)), *data = &boot;

	switch (how) {
	case InjText:
		*(volatile u8 *)code = 0xcc;
		break;
	case InjAlias:
		*(volatile u8 *)alias = 0xcc;
		break;
	case InjUser:
		boot.at = *(volatile u8 *)(uintptr)UTZERO;
		break;
	default:
		((void (*)(void))(uintptr)(how == InjData ? data : alias))();
	}
}

/* Apart from phase(), whose frame would hold all of these. */
__attribute__((noinline)) static void
inject(enum Inject how)
{
	switch (how) {
	case InjText:
	case InjAlias:
	case InjData:
	case InjHhdm:
	case InjUser:
		breakrule(how);
		break;
	case InjUd:
		__builtin_trap();
	case InjDiv:
		faultdivide();
		break;
	case InjGp:
		faultnoncanonical();
		break;
	case InjStack:
		boot.at = faultstack(0);
		break;
	case InjPrint:
		printhold(faultnull);
		break;
	case InjLock:
		ilock(&kernptlock);
		faultnull();
		break;
	case InjPanic:
		panic("injected at phase %s", phasetext(phasenow()));
	default:
		faultnull();
	}
}

static const struct {
	char word[8];
	enum Inject how;
} ways[] = {
    {"null", InjNull},	 {"ud", InjUd},	    {"div", InjDiv},	 {"gp", InjGp},	    {"stack", InjStack},
    {"print", InjPrint}, {"lock", InjLock}, {"panic", InjPanic}, {"text", InjText}, {"alias", InjAlias},
    {"data", InjData},	 {"hhdm", InjHhdm}, {"user", InjUser},
};

/* "K5" or "K5:stack": false if there is no such phase or way. */
bool
phaseinject(const char *text)
{
	for (u32 i = 0; i < NPHASE; i++) {
		if (strncmp(crumbs + (usize)2 * i, text, 2) != 0)
			continue;
		boot.at = i;
		boot.how = text[2] == 0 ? InjNull : InjNone;
		for (u32 w = 0; text[2] == ':' && w < nelem(ways); w++)
			if (strcmp(ways[w].word, text + 3) == 0)
				boot.how = (u32)ways[w].how;
		return boot.how != InjNone;
	}
	return false;
}

/* Print where the cycles went, when the last phase is entered. */
void
phasetiming(u64 tentry)
{
	boot.tentry = tentry;
}

/* "timing: <crumb> <cycles from entry to it> <cycles from it to the next> <text>": a grammar (tools/bench).
 */
static void
printtimes(void)
{
	u64 next = cycles();

	for (u32 i = NPHASE; i-- > 0;) {
		if (boot.stamp[i] == 0)
			continue;
		print("timing: %.2s %llu %llu %s\n", crumbs + (usize)2 * i, boot.stamp[i] - boot.tentry,
		      next - boot.stamp[i], phasetext((Phase)i));
		next = boot.stamp[i];
	}
}

void
phase(Phase ph, const char *more, ...)
{
	char rest[256];
	u32 id = (u32)ph;
	va_list ap;

	if (id < boot.entered || id >= NPHASE)
		panic("phase: %s after %s", phasetext(ph), phasetext(phasenow()));
	boot.entered = id + 1;
	boot.stamp[id] = cycles();
	crumbputc(crumbs[2 * id]);
	crumbputc(crumbs[2 * id + 1]);
	va_start(ap, more);
	vsnformat(rest, sizeof rest, more, ap);
	va_end(ap);
	printphase(id);
	print("%s %02u +%llums %s%s%s\n", phaseprefix(ph), id, nanosec() / 1000000, phasetext(ph),
	      rest[0] != 0 ? " " : "", rest);
	if (id == NPHASE - 1 && boot.tentry != 0)
		printtimes();
	if (boot.how != InjNone && boot.at == id)
		inject((enum Inject)boot.how);
}
