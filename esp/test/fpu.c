/*
 * fpu.c: floating-point registers belong to their process (K, PLAN9-ABI 1.5): patterns in all sixteen across
 * switches, calls, faults and notes; the fresh state's control words.
 */
#include "check.h"

typedef struct Regs Regs;
struct Regs {
	u64 r[16][2];
} ALIGNED(16);

#define EACH(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)

static void
load(const Regs *x)
{
#define L(n) FPLOAD(n, x->r[n]);
	EACH(L)
}

static void
store(Regs *x)
{
#define G(n) FPSTORE(n, x->r[n]);
	EACH(G)
}

static void
make(Regs *x, u64 seed)
{
	for (int i = 0; i < 16; i++) {
		x->r[i][0] = seed * 0x9e3779b97f4a7c15ull + (u64)i;
		x->r[i][1] = ~x->r[i][0];
	}
}

/* Nothing between load and store may use them: the calls are made by raw instructions. */
static bool
keeps(u64 seed, i64 (*act)(void))
{
	Regs in, out;

	make(&in, seed);
	load(&in);
	act();
	store(&out);
	return memcmp(&in, &out, sizeof in) == 0;
}

static i64
yield(void)
{
	return rawcall(17, 0, 0, 0, 0, 0);
}

static i64
nap(void)
{
	return rawcall(17, 2, 0, 0, 0, 0);
}

static void
spinner(void)
{
	u64 seed = (u64)getpid();

	for (int i = 0; i < 300; i++)
		if (!keeps(seed + (u64)i, i % 50 ? yield : nap))
			exits("registers of another process");
}

static void
crowd(void)
{
	char msg[ERRMAX];
	int bad = 0;

	for (int i = 0; i < 4; i++)
		if (fork() == 0) {
			spinner();
			exits(nil);
		}
	while (waitpid(msg, sizeof msg) > 0)
		bad += *msg != 0;
	check(bad == 0, "K_four_processes_switching", "%d saw others", bad);
}

static void
forked(void)
{
	Regs in, out;
	char msg[ERRMAX];
	i64 pid;

	make(&in, 99);
	load(&in);
	pid = rawcall(19, RFPROC | RFFDG | RFREND, 0, 0, 0, 0);
	store(&out);
	if (pid == 0)
		exits(memcmp(&in, &out, sizeof in) == 0 ? nil : "child lost them");
	waitpid(msg, sizeof msg);
	check(!*msg && memcmp(&in, &out, sizeof in) == 0, "K_fork_copies_registers", "%s", msg);
}

static void
skipnote(Ureg *u, char *note)
{
	(void)note;
	u->pc += UNDEFINEDSIZE;
	noted(NCONT);
}

static i64
fault(void)
{
	UNDEFINED();
	return 0;
}

void
main(int argc, char **argv)
{
	u64 control = fpcontrol();

	(void)argc, (void)argv;
	check(control == FPCONTROL, "K_fresh_control_words", "%#llx", control);
	check(keeps(1, yield), "K_registers_over_a_call", "changed");
	check(keeps(2, nap), "K_registers_over_a_sleep", "changed");
	forked();
	crowd();
#ifdef FPDIVIDE /* where it can trap */
	checkend("K_division_by_zero_is_told", fpdivide, "sys: fp: division by zero");
#endif
	atnotify(skipnote);
	check(keeps(3, fault), "K_registers_over_a_note", "changed");
	testend();
}
