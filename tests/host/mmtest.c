/*
 * mmtest.c: the pretended machine of mmtest.h.
 */
#include "mmtest.h"

#define syscall libcsyscall /* arch.h has one of its own */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#undef syscall

enum { PoolBase = 0x100000, PoolSize = 0x100000, MaxRanges = 32768 };

static Range ranges[MaxRanges];
Ledger led;
static Ptab kern;
static u64 poolnext;
Lock kernptlock;
u32 waits, qunlocks;
void (*onwait)(void);

Ptab *
kernptab(void)
{
	return pabits(kern.root) != 0 ? &kern : nil;
}

static Paddr
pooltable(Ptab *t)
{
	Paddr pa = topaddr(poolnext);

	(void)t;
	poolnext += BY2PG;
	memset(kaddr(pa), 0, BY2PG);
	return pa;
}

void
memwait(const char *why)
{
	(void)why;
	waits++;
	if (onwait == nil)
		fail_msg("waits for ever: %s", why);
	onwait();
}

void
qunlock(QLock *q)
{
	q->locked = false;
	qunlocks++;
}

void
machine(const Span *s, u32 n)
{
	u64 top = PoolBase + PoolSize;

	hostmemory();
	hostram(PoolBase, PoolSize, 0);
	ledgerinit(&led, ranges, MaxRanges);
	ledgeradd(&led, PoolBase, PoolSize, KTables);
	for (u32 i = 0; i < n; i++) {
		ledgeradd(&led, s[i].start, s[i].size, s[i].kind);
		if (kindisram(s[i].kind) && s[i].start + s[i].size > top)
			top = s[i].start + s[i].size;
		u64 end = s[i].start + s[i].size < HOSTPHYS ? s[i].start + s[i].size : HOSTPHYS;
		if (n <= 48 && kindisram(s[i].kind) && s[i].start < end)
			hostram(s[i].start, end - s[i].start, s[i].size <= 64 * MiB ? Junk : 0);
	}
	if (n > 48) /* scattered: one piece for all */
		hostram(2 * MiB, top - 2 * MiB, 0);
	xlatinit(topaddr(top), (BootRun){0});
	poolnext = PoolBase;
	kern = (Ptab){.feat = &hostfeat, .newtable = pooltable};
	kern.root = pooltable(&kern);
	mmuwalk(&kern, PAGES, hostfeat.levels - 2, true); /* the top-level slot exists from boot */
	mmuload(kern.root);
	membalinit(&led);
}

void
booted(const Span *s, u32 n)
{
	machine(s, n);
	meminit(&led);
	confinit(&(Confask){0});
	xinit();
	pageinit();
}

void
bootedmb(u64 mb)
{
	Span s = {4 * MiB, mb * MiB, KFree};

	booted(&s, 1);
}

void
forked(void (*body)(void))
{
	int status;

	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		setenv("CMOCKA_TEST_ABORT", "1", 1);
		hostclear();
		body();
		if (hostlocks != 0)
			fail_msg("%d locks held at the end", hostlocks);
		fflush(NULL);
		exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status != 0)
		fail_msg("the test's process ended with status 0x%x", status);
}

void
openlocks(void)
{
	if (hostlocks == 0)
		return;
	palloc.key = kernptlock.key = 0;
	hostlocks = 0;
}

void
sound(void)
{
	const char *why = pagecheck();

	if (why != nil)
		fail_msg("pagecheck: %s", why);
	if (!membal("sound"))
		fail_msg("%s", strstr(hostlog, "MEMBAL"));
	if (hostlocks != 0)
		fail_msg("%d locks held", hostlocks);
}

bool
filled(const void *p, usize n, u8 c)
{
	const u8 *b = p;

	for (; n > 0; n--)
		if (*b++ != c)
			return false;
	return true;
}

bool
zeroed(const void *p, usize n)
{
	return filled(p, n, 0);
}
