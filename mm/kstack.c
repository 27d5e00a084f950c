/*
 * kstack.c: kernel stacks, each KSTACK bytes above an unmapped page, in slots of the KSTACKS window. Second
 * life. The first NBOOTSTACK slots were mapped by the first life. A freed stack stays mapped and is given
 * out again first, so that a fork costs a few instructions; past MaxIdle of them their pages go back.
 * Always true: the page under a stack is never mapped, and a slot has one owner. One lock: kstacks.l.
 */

#include "mm.h"

enum { NSLOT = 8192, MaxIdle = 32, StackOrder = 2 };
_Static_assert(KSTACK == BY2PG << StackOrder, "a stack is one block of pages");
_Static_assert(NSLOT *KSTACKSTRIDE <= KSTACKSSIZE, "slots fit in their window");

enum Slot { SlotEmpty, SlotIdle, SlotUsed };

static struct {
	Lock l;
	u32 nidle;	   /* (l) */
	u16 idle[MaxIdle]; /* (l) the last one freed is the first one out */
	u32 hint;	   /* (l) no empty slot below */
	u8 slot[NSLOT];	   /* (l) enum Slot, of those past the boot stacks */
} kstacks = {.hint = NBOOTSTACK};

/* Slot of a stack that is in use; panics on anything else. */
static u32
slotof(u64 top)
{
	u64 n = (top - KSTACKS) / KSTACKSTRIDE - 1;

	if (top <= KSTACKTOP(0) || n >= NSLOT || KSTACKTOP(n) != top || kstacks.slot[n] != SlotUsed)
		panic("kstackfree: 0x%llx is no stack in use pc=%p", top, __builtin_return_address(0));
	return (u32)n;
}

/* An idle stack's top, its slot now used; 0: none. */
static u64
takeidle(void)
{
	u64 top = 0;

	ilock(&kstacks.l);
	if (kstacks.nidle > 0) {
		u32 n = kstacks.idle[--kstacks.nidle];
		kstacks.slot[n] = SlotUsed;
		top = KSTACKTOP(n);
	}
	iunlock(&kstacks.l);
	return top;
}

/* An empty slot, marked used; NSLOT: none. */
static u32
takeslot(void)
{
	u32 n;

	ilock(&kstacks.l);
	for (n = kstacks.hint; n < NSLOT && kstacks.slot[n] != SlotEmpty; n++)
		;
	kstacks.hint = n;
	if (n < NSLOT)
		kstacks.slot[n] = SlotUsed;
	iunlock(&kstacks.l);
	return n;
}

static void
giveslot(u32 n)
{
	ilock(&kstacks.l);
	kstacks.slot[n] = SlotEmpty;
	if (n < kstacks.hint)
		kstacks.hint = n;
	iunlock(&kstacks.l);
}

/*
 * A stack for a process or a processor: the address past its end, 16-byte aligned; 0: no memory or no
 * slot left. Its bytes are whatever they were. Takes page and table locks; not from interrupts.
 */
u64
kstackalloc(void)
{
	u64 top = takeidle();
	Page *p;
	u32 n;

	if (top != 0)
		return top;
	n = takeslot();
	if (n == NSLOT)
		return 0;
	p = kpages(PgKernel, StackOrder);
	if (p == nil) {
		giveslot(n);
		return 0;
	}
	top = KSTACKTOP(n);
	pmap(pagepa(p), top - KSTACK, KSTACK, PermR | PermW, MtWB);
	return top;
}

/* Give a stack back; nobody runs on it any more. Panics if it is not one that is in use. */
void
kstackfree(u64 top)
{
	u32 n = slotof(top);

	ilock(&kstacks.l);
	bool keep = kstacks.nidle < MaxIdle;
	if (keep) {
		kstacks.slot[n] = SlotIdle;
		kstacks.idle[kstacks.nidle++] = (u16)n;
	}
	iunlock(&kstacks.l);
	if (keep)
		return;
	Walk w = translate(kernptab(), top - KSTACK);
	punmap(top - KSTACK, KSTACK);
	kpagesfree(pagefor(w.pa), StackOrder);
	giveslot(n);
}
