/*
 * test_devtab.c: the kernel's own table of devices, and tables that are wrong (M2).
 *
 * sources: kernel/devtab.c kernel/dev.c kernel/devroot.c kernel/devcons.c kernel/devdup.c
 * sources: kernel/devenv.c kernel/devpipe.c kernel/devproc.c kernel/devswap.c kernel/devarch.c
 * sources: kernel/pipeq.c kernel/line.c kernel/namec.c kernel/mount.c kernel/fgrp.c
 * sources: kernel/stat.c kernel/chan.c kernel/path.c kernel/conf.c kernel/tod.c
 * sources: kernel/error.c kernel/lib/str.c kernel/lib/format.c
 * sources: kernel/lib/number.c kernel/lib/sha256.c mm/xlat.c mm/ledger.c
 * sources: kernel/lib/kind.c tests/host/filefake.c
 */
#include "filefake.h"
#include "runtime.h"

/* --- the rest of the kernel, as far as the devices call it ------------------------------------ */

const char *const statename[] = {"Dead", "Moribund", "New", "Ready", "Scheding", "Running"};
static Ptab tab;

Proc *
procbypid(u32 pid)
{
	return pid == 1 ? &fakeproc : NULL;
}
Proc *
proctab(u32 i)
{
	return i == 0 ? &fakeproc : NULL;
}
u32
procmax(void)
{
	return 1;
}
void
procdump(void)
{
}
usize
swaptext(char *d, usize n)
{
	return strecpy(d, n, "4096 pagesize\n");
}
usize
walktext(Ptab *t, Ledger *l, u64 va, char *d, usize n)
{
	(void)t, (void)l;
	return snformat(d, n, "walk: va=%016llx\n", va);
}
Ptab *
kernptab(void)
{
	return &tab;
}
Ledger *
balledger(void)
{
	return NULL;
}
static char asked[128];
void
command(const char *word)
{
	strecpy(asked, sizeof asked, word);
	if (strcmp(word, "dance") == 0)
		error(Ebadctl);
}
/* No firmware: the battery clock is asked. */
bool
runtimeseconds(u64 *s)
{
	(void)s;
	return false;
}
u64
nanosec(void)
{
	return 5000000000ull;
}
u64
rtcseconds(void)
{
	return 1000000;
}
void
cpuname(char *d, usize n)
{
	strecpy(d, n, "host");
}
void
printbytes(const char *s, usize n)
{
	print("%.*s", (int)n, s);
}
usize
printread(u64 *from, char *d, usize n)
{
	usize len = strlen(hostlog);

	if (*from > len)
		*from = 0;
	if (n > len - *from)
		n = len - *from;
	memcpy(d, hostlog + *from, n);
	*from += n;
	return n;
}

/* --- M2 ---------------------------------------------------------------------------------------- */

static void
test_M2_our_table_is_whole(void **state)
{
	(void)state;
	assert_null(devcheck(devtab));
	assert_int_equal(devtab[devno('c', false)]->dc, 'c');
	assert_panics("no device", devno('Z', false));
}

static void
test_M2_duplicate_letter(void **state)
{
	Dev a = *devtab[0], b = *devtab[1];
	Dev *const t[] = {&a, &b, NULL};

	(void)state;
	assert_null(devcheck(t));
	b.dc = a.dc;
	assert_string_equal(devcheck(t), "two devices with one letter");
	b.dc = 0;
	assert_string_equal(devcheck(t), "a device without a letter");
}

/* Each pointer of a device in turn is missing. */
static void
test_M2_empty_entry(void **state)
{
	Dev d;
	Dev *const t[] = {&d, NULL};
	usize first = offsetof(Dev, name) / sizeof(void *), n = sizeof d / sizeof(void *);

	(void)state;
	for (usize i = first; i < n; i++) {
		d = *devtab[0];
		((void **)&d)[i] = NULL;
		assert_string_equal(devcheck(t), "a device with an empty entry");
	}
}

/* --- every file of every device can be looked at ---------------------------------------------- */

static int
start(void **state)
{
	static bool ready;

	(void)state;
	fakeup();
	hostclear();
	if (!ready)
		chandevreset();
	ready = true;
	up->started = 0;
	up->pgrp = newpgrp();
	up->fgrp = newfgrp();
	up->egrp = newegrp();
	kernelnamespace();
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	cclose(up->dot);
	cclose(up->slash);
	closefgrp(up->fgrp);
	closepgrp(up->pgrp);
	closeegrp(up->egrp);
	fakedown();
	return 0;
}

/* What a read of the file at off gives. */
static const char *
text(const char *name, i64 off)
{
	static char d[4096];
	Chan *c = namec(name, Aopen, OREAD, 0);
	i64 n;

	if (waserror()) {
		cclose(c);
		nexterror();
	}
	n = kread(c, d, sizeof d - 1, off);
	poperror();
	d[n] = 0;
	cclose(c);
	return d;
}

static void
put(const char *name, const char *s)
{
	Chan *c = namec(name, Aopen, OWRITE, 0);

	if (waserror()) {
		cclose(c);
		nexterror();
	}
	kwrite(c, s, (i64)strlen(s), 0);
	poperror();
	cclose(c);
}

static void
test_M3_console_files(void **state)
{
	(void)state;
	assert_string_equal(text("/dev/pid", 0), "          1 ");
	assert_string_equal(text("#c/pid", 10), "1 ");
	assert_string_equal(text("/dev/user", 0), "glenda");
	assert_string_equal(text("/dev/null", 0), "");
	assert_int_equal(strlen(text("/dev/sysstat", 0)), 121);
	assert_int_equal(strlen(text("/dev/cputime", 0)), 72);
	assert_int_equal(strlen(text("/dev/time", 0)), 78);
	assert_string_equal(text("/dev/swap", 0), "4096 pagesize\n");
	assert_non_null(strstr(text("/dev/drivers", 0), "#\xc2\xb6 swap\n"));
	assert_string_equal(text("/dev/cputype", 0), "host 0\n");
	put("/dev/sysname", "tycho\n");
	assert_string_equal(text("/dev/sysname", 0), "tycho");
	put("/dev/cons", "hello, console\n");
	assert_true(hostsaid("hello, console\n"));
	assert_non_null(strstr(text("/dev/kmesg", 0), "hello, console\n"));
	assert_string_equal(text("/dev/kmesg", 100000), "");
	assert_errors("permission denied", text("/dev/command", 0));
	assert_errors("permission denied", put("/dev/pid", "7"));
}

static void
test_M3_bintime(void **state)
{
	const u8 *p = (const u8 *)text("/dev/bintime", 0);

	(void)state;
	assert_true(be64(p) == 1000000 * 1000000000ull + 1);
	assert_true(be64(p + 24) == 5000000000ull);
	put("/dev/time", "2000000000");
	p = (const u8 *)text("/dev/bintime", 0);
	assert_true(be64(p) == 2000000000000000000ull);
}

static void
test_M3_random_never_repeats(void **state)
{
	u8 a[32], b[32];

	(void)state;
	randomseed("seed", 4);
	randomblock(a);
	randomblock(b);
	assert_memory_not_equal(a, b, 32);
}

static void
type(const char *s)
{
	for (; *s; s++)
		conschar((u8)*s);
}

static void
test_M3_console_lines(void **state)
{
	(void)state;
	type("first\nsec\bcond");
	assert_string_equal(text("/dev/cons", 0), "first\n");
	assert_errors("interrupted", text("/dev/cons", 0));
	type("\x04");
	assert_string_equal(text("/dev/cons", 0), "second");
	type("\x04");
	assert_string_equal(text("/dev/cons", 0), "");
	type("\x03");
	assert_string_equal(lastnote, "interrupt");
	Chan *ctl = namec("/dev/consctl", Aopen, OWRITE, 0);
	kwrite(ctl, "rawon", 5, 0);
	type("x\x04");
	assert_string_equal(text("/dev/cons", 0), "x\x04");
	assert_errors("bad process or channel", kwrite(ctl, "what", 4, 0));
	cclose(ctl);
	type("y");
	assert_errors("interrupted", text("/dev/cons", 0));
	type("\n");
	assert_string_equal(text("/dev/cons", 0), "y\n");
}

static void
test_M5_type_ahead_is_bounded(void **state)
{
	usize got = 0;

	(void)state;
	for (int i = 0; i < 40000; i++)
		conschar(i % 100 == 99 ? '\n' : 'a');
	while (!waserror()) {
		usize n = strlen(text("/dev/cons", 0));
		poperror();
		assert_int_equal(n, 100);
		got += n;
	}
	assert_in_range(got, 10000, 16384);
	type("ok\n");
	assert_string_equal(text("/dev/cons", 0), "ok\n");
}

static void
test_M3_commands(void **state)
{
	(void)state;
	put("/dev/command", "pool\n");
	assert_string_equal(asked, "pool");
	put("/dev/reboot", "halt");
	assert_string_equal(asked, "halt");
	assert_errors("bad process or channel control request", put("/dev/command", "dance"));
}

static void
test_Q6_walk_file(void **state)
{
	char d[64];
	Chan *c = namec("/dev/walk", Aopen, ORDWR, 0);

	(void)state;
	kwrite(c, "ffff800000000000", 16, 0);
	i64 n = kread(c, d, sizeof d - 1, 0);
	d[n] = 0;
	assert_string_equal(d, "walk: va=ffff800000000000\n");
	assert_errors("bad arg", kwrite(c, "zzz", 3, 0));
	cclose(c);
}

static void
test_M3_process_files(void **state)
{
	(void)state;
	strecpy(up->text, sizeof up->text, "test");
	up->state = Running;
	up->procmode = 0640;
	assert_int_equal(strlen(text("/proc/1/status", 0)), 28 + 28 + 12 + 9 * 12);
	assert_string_equal(text("/proc/1/ppid", 0), "          0 ");
	assert_non_null(strstr(text("/proc/1/ns", 0), "bind -a #c /dev\n"));
	put("/proc/1/note", "hey");
	assert_string_equal(lastnote, "hey");
	put("/proc/1/ctl", "kill");
	assert_string_equal(lastnote, "sys: killed");
	assert_errors("bad process or channel", put("/proc/1/ctl", "juggle"));
	assert_errors("does not exist", text("/proc/2/status", 0));
	assert_errors("does not exist", text("/proc/one/status", 0));
	up->state = Dead;
	assert_errors("does not exist", text("/proc/1/status", 0));
}

int
main(void)
{
#define T(t) cmocka_unit_test_setup_teardown(t, start, stop)
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_M2_our_table_is_whole),
	    cmocka_unit_test(test_M2_duplicate_letter),
	    cmocka_unit_test(test_M2_empty_entry),
	    T(test_M3_console_files),
	    T(test_M3_bintime),
	    T(test_M3_random_never_repeats),
	    T(test_M3_console_lines),
	    T(test_M5_type_ahead_is_bounded),
	    T(test_M3_commands),
	    T(test_Q6_walk_file),
	    T(test_M3_process_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
