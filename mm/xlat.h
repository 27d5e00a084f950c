/*
 * xlat.h: the one translation between physical and kernel addresses; nobody else does arithmetic with
 * HHDM, KZERO or VMAP (tests/static greps). Three windows: the direct map HHDM + pa up to the end of RAM,
 * the image at KZERO, device windows at VMAP + pa. Pure functions over one struct of bounds, inline
 * because every page fault passes here a few times. Second life (the row maker in kmap.c uses the
 * unchecked makers in the first). Bounds are set once by xlatinit() and never change: no lock.
 */
#pragma once

#include "arch.h"
#include "ledger.h"

typedef struct Xlat Xlat;
struct Xlat {
	u64 top;     /* the direct map holds [0, top); 0: not live yet */
	u64 imagepa; /* the image, at KZERO */
	u64 imagesize;
	Ledger *strict; /* test builds: only RAM of this ledger translates */
};
extern Xlat xlat;

/* Set once the tables that hold the direct map are live: top = end of the highest RAM range. */
void xlatinit(Paddr top, BootRun image);
NORETURN void xlatbadpa(Paddr pa);
NORETURN void xlatbadva(const void *va);
bool xlatram(Paddr pa);

/* Where things will be: for the maker of the tables, who has no bounds yet. */
static inline u64
hhdmva(Paddr pa)
{
	return HHDM + pabits(pa);
}
static inline u64
imageva(u64 rva)
{
	return KZERO + rva;
}
static inline u64
windowva(Paddr pa)
{
	return VMAP + pabits(pa);
}
static inline bool
inwindow(u64 va)
{
	return va - VMAP < VMAPSIZE;
}

/* The kernel's half of every address space begins with the direct map. */
static inline bool
iskernelva(u64 va)
{
	return va >= HHDM;
}
static inline u64
kernelhalf(void)
{
	return HHDM;
}

/* Physical address behind a kernel address in any of the three windows; false outside of them. */
static inline bool
xlatpa(const Xlat *x, u64 va, Paddr *pa)
{
	if (va - HHDM < x->top) {
		*pa = topaddr(va - HHDM);
		return true;
	}
	if (va - KZERO < x->imagesize) {
		*pa = topaddr(va - KZERO + x->imagepa);
		return true;
	}
	if (x->top != 0 && inwindow(va)) {
		*pa = topaddr(va - VMAP);
		return true;
	}
	return false;
}

/* The direct map's pointer to pa. Panics on an address that the direct map cannot hold. */
static inline void *
kaddr(Paddr pa)
{
	if (pabits(pa) >= xlat.top)
		xlatbadpa(pa);
#ifdef IMAGO_HOST
	if (!xlatram(pa))
		xlatbadpa(pa);
#endif
	return (void *)(uintptr)hhdmva(pa);
}

/* HHDM, KZERO (image only), VMAP; panics elsewhere. */
static inline Paddr
paddr(const void *va)
{
	Paddr pa;

	if (!xlatpa(&xlat, (uintptr)va, &pa))
		xlatbadva(va);
	return pa;
}

/* Bytes reachable from pa through the direct map; 0: none. */
static inline u64
cankaddr(Paddr pa)
{
	return pabits(pa) < xlat.top ? xlat.top - pabits(pa) : 0;
}

static inline bool
ishhdm(const void *va)
{
	return (uintptr)va - HHDM < xlat.top;
}
