/*
 * mem.c: physical memory and paging of the host port. Physical memory is one sparse file in memory, seen
 * at HHDM + pa; frames that have other addresses too (struct Page records at PAGES) are the same bytes
 * mapped again, found by walking the very tables that mm made, by a walker of its own. A translation once
 * made stays until tlbflushva() or a load of the root drops it: a forgotten flush shows as stale memory.
 * Host tests only; one thread.
 */

#define _GNU_SOURCE
#define syscall libcsyscall /* the kernel has a function of that name */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#undef syscall

#include "hostmem.h"
#include "mm.h"

enum { NTLB = 65536 };

static int memfd = -1;
static u64 root; /* physical; 0: none */
static u64 tlb[NTLB];
static u32 ntlb;
static struct {
	u64 pa, size;
} ram[64];
static u32 nram;
static struct sigaction oldsegv;
Hostcount hostcount;

static NORETURN void
die(const char *what)
{
	perror(what);
	abort();
}

static void *
mapat(u64 va, u64 size, u64 pa, int prot)
{
	void *p = mmap((void *)va, size, prot, MAP_SHARED | MAP_FIXED_NOREPLACE, memfd, (off_t)pa);

	if (p != (void *)va)
		die("host port: address taken");
	return p;
}

bool
hostmmuwindow(u64 va)
{
	return va - PAGES < PAGESSIZE || va - HOSTUSER < HOSTUSERSIZE;
}

static bool
isram(u64 pa)
{
	for (u32 i = 0; i < nram; i++)
		if (pa - ram[i].pa < ram[i].size)
			return true;
	return false;
}

/* Walk by hand, not with ptab.c: the code under test must not judge itself. False: a fault. */
static bool
walkroot(u64 va, u64 *pa, u32 *perm)
{
	u64 table = root;

	for (int l = hostfeat.levels - 1; l >= 0 && isram(table); l--) {
		Pte64 e = ((Pte64 *)(HHDM + table))[PTLX(va, l)];
		if (!ptevalid(e))
			return false;
		table = pabits(ptepa(l, e));
		if (pteisleaf(l, e)) {
			*pa = table + (va & (PGLSZ(l) - 1));
			*perm = pteperm(l, e);
			return true;
		}
	}
	return false;
}

static bool
fill(u64 va)
{
	u64 pa;
	u32 perm;

	if (!hostmmuwindow(va) || root == 0 || !walkroot(va, &pa, &perm) || !isram(pa) || ntlb == NTLB)
		return false;
	va = rounddown(va, BY2PG);
	mapat(va, BY2PG, rounddown(pa, BY2PG), PROT_READ | (perm & PermW ? PROT_WRITE : 0));
	tlb[ntlb++] = va;
	hostcount.fill++;
	return true;
}

static void
onsegv(int sig, siginfo_t *si, void *ctx)
{
	if (fill((uintptr)si->si_addr))
		return;
	if (oldsegv.sa_flags & SA_SIGINFO)
		oldsegv.sa_sigaction(sig, si, ctx);
	else
		sigaction(SIGSEGV, &oldsegv, NULL); /* and it happens again */
}

bool
hosttouch(u64 va, bool write)
{
	u64 pa;
	u32 perm;

	return walkroot(va, &pa, &perm) && isram(pa) && (!write || (perm & PermW));
}

static void
drop(u32 i)
{
	munmap((void *)tlb[i], BY2PG);
	tlb[i] = tlb[--ntlb];
}

void
tlbflushva(u64 va)
{
	hostcount.flushva++;
	for (u32 i = 0; i < ntlb; i++)
		if (tlb[i] == rounddown(va, BY2PG)) {
			drop(i);
			return;
		}
}

static void
dropall(void)
{
	while (ntlb > 0)
		drop(ntlb - 1);
}

void
tlbflushall(void)
{
	hostcount.flushall++;
	dropall();
}

/* Ours first; a harness may have put its own there for every test. */
static void
catchfaults(void)
{
	struct sigaction sa = {.sa_sigaction = onsegv, .sa_flags = SA_SIGINFO | SA_NODEFER}, old;

	sigaction(SIGSEGV, &sa, &old);
	if (!(old.sa_flags & SA_SIGINFO) || old.sa_sigaction != onsegv)
		oldsegv = old;
}

void
mmuload(Paddr r)
{
	catchfaults();
	hostcount.load++;
	root = pabits(r);
	dropall();
}

Paddr
mmuroot(void)
{
	return topaddr(root);
}

void
hostmemory(void)
{
	dropall();
	for (u32 i = 0; i < nram; i++)
		munmap((void *)(HHDM + ram[i].pa), ram[i].size);
	nram = 0;
	root = 0;
	memset(&hostcount, 0, sizeof hostcount);
	if (memfd >= 0)
		close(memfd);
	memfd = memfd_create("physical memory", 0);
	if (memfd < 0 || ftruncate(memfd, (off_t)HOSTPHYS) < 0)
		die("host port: no physical memory");
}

void
hostram(u64 pa, u64 size, u8 fillbyte)
{
	if (nram == nelem(ram) || pa + size > HOSTPHYS)
		die("host port: too much RAM");
	ram[nram].pa = pa;
	ram[nram++].size = size;
	void *p = mapat(HHDM + pa, size, pa, PROT_READ | PROT_WRITE);
	if (fillbyte != 0)
		memset(p, fillbyte, size);
}

/* The bridge's page: the first section that can be executed, as on a real machine. */
BootRun
bridgewindow(const BootKeep *k)
{
	for (u32 i = 0; i < k->nsect; i++)
		if (k->sect[i].perm & PermX)
			return (BootRun){paadd(k->image.pa, k->sect[i].rva), BY2PG};
	return (BootRun){topaddr(0), 0};
}
