/*
 * checkmmu.c: are the page tables of all processes what their records say, and is the kernel's half the same
 * in each? A report for /dev/command; silent but for one line when all is well. Second life, in a process.
 * Interrupts are off while one space is read: with one processor nobody edits it meanwhile.
 */
#include "dat.h"

typedef struct Count Count;
struct Count {
	u32 spaces, bad;
	u32 tables[4]; /* by level */
};

static void
checkone(Proc *p, Count *c)
{
	u32 n[4];

	u32 s = splhi();
	const char *lie = spacecheck(&p->space);
	spacecount(&p->space, n);
	splx(s);
	for (u32 i = 0; i < nelem(n); i++)
		c->tables[i] += n[i];
	c->spaces++;
	if (lie != nil) {
		c->bad++;
		print("checkmmu: %u %s: %s\n", p->pid, p->text, lie);
	}
}

void
checkmmu(void)
{
	Count c = {.spaces = 0};
	Proc *p;

	for (u32 i = 0; i < procmax(); i++) {
		p = proctab(i);
		if (p != nil && p->state != Dead && pabits(p->space.root) != 0)
			checkone(p, &c);
	}
	print("checkmmu: spaces %u PML4 %u PDP %u PD %u PT %u bad=%u\n", c.spaces, c.tables[3], c.tables[2],
	      c.tables[1], c.tables[0], c.bad);
}
