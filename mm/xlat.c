/*
 * xlat.c: the state behind xlat.h, and its slow ways out: panics that name the address and the caller.
 * Second life and host. Set once, before anything else of mm; read without a lock ever after.
 */

#include "mm.h"

Xlat xlat;

void
xlatinit(Paddr top, BootRun image)
{
	assert(pabits(top) != 0 && pabits(top) <= HHDMSIZE);
	assert(image.size <= KIMAGEMAX);
	xlat.top = pabits(top);
	xlat.imagepa = pabits(image.pa);
	xlat.imagesize = image.size;
}

/* Is this byte RAM? Asked in test builds, where xlat.strict is set; the kernel proper trusts the bound. */
bool
xlatram(Paddr pa)
{
	const Range *r;

	if (xlat.strict == nil)
		return true;
	r = ledgerfind(xlat.strict, pabits(pa));
	return r != nil && kindisram((Kind)r->kind);
}

NORETURN __attribute__((noinline, cold)) void
xlatbadpa(Paddr pa)
{
	if (xlat.top == 0)
		panic("kaddr: no direct map yet: pa=0x%llx pc=%p", pabits(pa), __builtin_return_address(0));
	panic("kaddr: pa=0x%llx is not in the direct map [0, 0x%llx) pc=%p", pabits(pa), xlat.top,
	      __builtin_return_address(0));
}

NORETURN __attribute__((noinline, cold)) void
xlatbadva(const void *va)
{
	panic("paddr: va=%p pc=%p", va, __builtin_return_address(0));
}
