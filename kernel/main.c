/*
 * main.c: the order of the second life, one call a line. Entered once, by the bridge, at KZERO on the
 * first kernel stack, interrupts off, firmware gone; takes the parcel and never returns. Each line may use
 * what the lines above it made, and nothing else.
 */
#include "dat.h"
#include "acpi.h"
#include "own.h"
#include "runtime.h"
#include "screen.h"
#include "mapview.h"
#include "memmap.h"

static Ledger ledger; /* every byte of described memory, for the life of the kernel */

NORETURN void kmain(Boot *b);

/* The ledger as the conversion left it, in the pages that the first life took for it. */
static void
openledger(const BootOnce *o, const BootKeep *k)
{
	ledger.r = kvaptr(tokva(hhdmva(o->ranges.pa)));
	ledger.n = ledger.high = o->nranges;
	ledger.cap = o->caprange;
	PteFeat f;
	ptefeat(&f);
	xlatinit(kmaptop(&ledger, &f), k->image);
}

/* Own tables, own traps, a voice: from here on a mistake can be read. */
static void
hello(const Boot *b)
{
	const BootKeep *k = &b->keep;
	trapinit0();
	lockowners();
	openledger(&b->once, k);
	mmuenter(k);
	printlog(kaddr(k->log.pa));
	uartat(k->uart.pa, k->uartirq);
	uartinit();
	const char *broke = bootcheck(b);
	if (broke != nil)
		panic("BOOT: FATAL bootinfo %s", broke);
	phaseclock(k->tentry, k->hz0);
	phase(PhRelocated, "%u left %u bad %u", k->relocmoved, k->relocleft, k->relocbad);
	phase(PhLive, "");
	phase(PhPrint, "");
	cpuauditprint(k->audit);
}

/* What the firmware left, less what the first life took for us under its own kinds. */
static void
settle(const BootKeep *k)
{
	enum { RsdpSize = 36 }; /* [ACPI 6.5 5.2.5.3] */
	const char *broke = ledgercheck(&ledger);
	if (broke != nil)
		panic("ledger: %s", broke);
	membound(&ledger);
	memreserve(&ledger, k->fb.pa, k->fb.size);
	memreserve(&ledger, k->rsdp, pabits(k->rsdp) != 0 ? RsdpSize : 0);
	membalinit(&ledger);
	phase(PhLedger, "");
	membal("ledger");
}

/* What the user of boot.cfg asked for, before anything depends on it. */
static void
configure(const BootKeep *k)
{
	confread(k);
	panicreset(getconfnum("*debug", 0) == 0 && getconfnum("*panicreset", 0) != 0);
	uartcrlf(getconfnum("*crlf", 0) != 0);
	const char *where = getconf("*panicat");
	if (where != nil && !phaseinject(where))
		print("boot: *panicat=%s names no phase\n", where);
	if (getconfnum("*timing", 0) != 0)
		phasetiming(k->tentry);
	pagepoison(getconfnum("*poison", 0) != 0);
	randomseed(k->cookie, sizeof k->cookie);
}

/* Banks, the split, the kernel's first memory. */
static void
memory(void)
{
	const char *service = getconf("service");
	meminit(&ledger);
	confinit(&(Confask){
	    .kernelpercent = getconfnum("*kernelpercent", 0),
	    .imagemaxmb = getconfnum("*imagemaxmb", 0),
	    .cpuserver = service != nil && strcmp(service, "cpu") == 0,
	});
	xinit();
	phase(PhXinit, "");
	membal("xinit");
}

/* Nobody looks at the once-part again: whoever does reads poison. */
static void
bootdone(Boot *b)
{
	memset(&b->once, 0xde, sizeof b->once);
}

/* The page allocator takes over, and the firmware's own memory with it. */
static void
pages(Boot *b)
{
	pageinit();
	phase(PhPageinit, "");
	membal("pageinit");
	initrdcheck(&b->keep);
	bootdone(b);
	runtimeinit(&b->keep, &ledger);
	memreclaim(&ledger);
	phase(PhReclaimed, "");
	membal("reclaim");
}

/* The bridge's way in: the parcel's place in the direct map. */
NORETURN void
kmain(Boot *b)
{
	const BootKeep *k = &b->keep;

	hello(b);     /* traps, console, the parcel checked */
	configure(k); /* boot.cfg and load options */
	settle(k);    /* the ledger, in normal form */
	memory();     /* banks, and the kernel's front */
	borrowinit(); /* who owns which page */
	phase(PhBorrow, "");
	mmuinit(&ledger); /* the final tables, audited */
	phase(PhMmuinit, "");
	membal("mmuinit");
	archinit(k->rsdp);	/* ACPI, or a plain PC */
	trapinit();		/* interrupt controllers */
	clockinit(b);		/* frequency, ticks of HZ */
	screeninit(&k->fb);	/* the framebuffer, if there is one */
	memmapinit(&ledger, k); /* *e820, *acpi, *bootscreen */
	mapview(&ledger);	/* the memory as a picture above the text */
	procinit0();		/* the process table */
	phase(PhProcinit, "");
	chandevreset(); /* devices find their hardware */
	uartintr();	/* the console can take what is typed */
	phase(PhDevreset, "");
	initrdinit(k); /* /boot, from the archive */
	pages(b);      /* the page allocator takes over */
	userinit(k);   /* *init* waits to run */
	phase(PhSched, "");
	membal("sched");
	schedinit(); /* processes; never back */
}
