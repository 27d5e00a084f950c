/*
 * test_names.c: names, mounts, descriptors, environment, pipes as channels: the file half of the kernel over
 * a process that filefake.c makes.
 *
 * sources: kernel/namec.c kernel/mount.c kernel/fgrp.c kernel/dev.c kernel/devroot.c kernel/devenv.c
 * sources: kernel/devdup.c kernel/devpipe.c kernel/pipeq.c kernel/stat.c kernel/chan.c kernel/path.c
 * sources: kernel/error.c kernel/sysfile.c kernel/lib/str.c kernel/lib/format.c kernel/lib/number.c
 * sources: tests/host/filefake.c
 */
#include "filefake.h"

extern Dev rootdevtab, envdevtab, dupdevtab, pipedevtab;
Dev *const devtab[] = {&rootdevtab, &envdevtab, &dupdevtab, &pipedevtab, NULL};
char eve[KNAMELEN] = "glenda";

u32
seconds(void)
{
	return 1000;
}

usize
fdtext(int fd, Chan *c, char *d, usize n)
{
	return snformat(d, n, "%d %s\n", fd, c->path->s);
}

static int
start(void **state)
{
	(void)state;
	fakeup();
	up->pgrp = newpgrp();
	up->fgrp = newfgrp();
	up->egrp = newegrp();
	addbootfile("echo", (const u8 *)"ELF echo", 8);
	addbootfile("cat", (const u8 *)"ELF cat, longer", 15);
	up->slash = namec("#/", Atodir, 0, 0);
	pathclose(up->slash->path);
	up->slash->path = newpath("/");
	up->dot = cclone(up->slash);
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

static void
binds(const char *new, const char *old, int flag)
{
	Chan *n = namec(new, Abind, 0, 0), *o = namec(old, Amount, 0, 0);

	if (waserror()) {
		cclose(n);
		cclose(o);
		nexterror();
	}
	cmount(n, o, flag);
	poperror();
	cclose(n);
	cclose(o);
}

/* The path under which name is reached. */
static const char *
reach(const char *name)
{
	static char s[256];
	Chan *c = namec(name, Aaccess, 0, 0);

	strecpy(s, sizeof s, c->path->s);
	cclose(c);
	return s;
}

static bool
exists(const char *name)
{
	if (waserror())
		return false;
	cclose(namec(name, Aaccess, 0, 0));
	poperror();
	return true;
}

static void
cd(const char *name)
{
	Chan *c = namec(name, Atodir, 0, 0);

	cclose(up->dot);
	up->dot = c;
}

static void
test_O5_names_are_clean(void **state)
{
	(void)state;
	assert_string_equal(reach("/boot/echo"), "/boot/echo");
	assert_string_equal(reach("//boot/./echo"), "/boot/echo");
	assert_string_equal(reach("/boot/../boot/cat"), "/boot/cat");
	assert_string_equal(reach("/../../.."), "/");
	assert_string_equal(reach("/boot/"), "/boot");
	assert_string_equal(reach("."), "/");
	cd("boot");
	assert_string_equal(reach("echo"), "/boot/echo");
	assert_string_equal(reach(".."), "/");
	assert_string_equal(reach("#e"), "#e");
}

static void
test_O5_errors_name_the_element(void **state)
{
	(void)state;
	assert_errors("'/nothing' file does not exist", namec("/nothing/more", Aaccess, 0, 0));
	assert_errors("'/boot/echo/x' not a directory", namec("/boot/echo/x", Aaccess, 0, 0));
	assert_errors("'/boot/echo/..' not a directory", namec("/boot/echo/../cat", Aaccess, 0, 0));
	assert_errors("not a directory", namec("/boot/echo/", Aaccess, 0, 0));
	assert_errors("not a directory", namec("/boot/echo", Atodir, 0, 0));
	assert_errors("empty file name", namec("", Aaccess, 0, 0));
	assert_errors("unknown device", namec("#Z", Aaccess, 0, 0));
	assert_errors("bad attach specifier", namec("#enope", Aaccess, 0, 0));
	assert_errors("cannot exec directory", namec("/boot", Aopen, OEXEC, 0));
	assert_errors("file is a directory", namec("/boot", Aopen, OWRITE, 0));
	assert_errors("permission denied", namec("/boot/echo", Aopen, OWRITE, 0));
	assert_errors("permission denied", namec("/boot/new", Acreate, OWRITE, 0666));
}

static void
test_O5_long_names(void **state)
{
	char name[600] = "/boot/";

	(void)state;
	memset(name + 6, 'x', 255);
	assert_errors("' file does not exist", namec(name, Aaccess, 0, 0));
	assert_in_range(strlen(up->errstr), 1, ERRMAX - 1);
	memset(name + 6, 'x', 256);
	assert_errors("name too long", namec(name, Aaccess, 0, 0));
}

static void
test_O5_mounts_are_crossed_and_left(void **state)
{
	(void)state;
	binds("/boot", "/bin", MREPL);
	assert_true(exists("/bin/echo"));
	assert_string_equal(reach("/bin/echo"), "/bin/echo");
	assert_string_equal(reach("/bin/../bin/echo"), "/bin/echo");
	cd("/bin");
	assert_string_equal(reach(".."), "/");
	assert_true(exists("echo"));
	cd("..");
	assert_true(exists("boot"));
	binds("/bin", "/mnt", MREPL);
	assert_true(exists("/mnt/echo"));
	assert_string_equal(reach("/mnt/.."), "/");
}

static void
test_O5_unions_search_in_order(void **state)
{
	(void)state;
	ksetenv("name", "v", false);
	binds("#e", "/mnt", MAFTER | MCREATE);
	binds("/boot", "/mnt", MBEFORE);
	assert_true(exists("/mnt/echo"));
	assert_true(exists("/mnt/name"));
	cclose(namec("/mnt/fresh", Acreate, OWRITE, 0666));
	assert_true(exists("/env/fresh") || exists("#e/fresh"));
	binds("/boot", "/n", MREPL);
	assert_errors("mounted directory forbids creation", namec("/n/fresh", Acreate, OWRITE, 0666));
	assert_errors("is a mount point", namec("/mnt", Aremove, 0, 0));
}

/* Bytes of the file. */
static i64
size(const char *name)
{
	char d[64];
	Chan *c = namec(name, Aopen, OREAD, 0);
	i64 n = kread(c, d, sizeof d, 0);

	cclose(c);
	return n;
}

static void
test_O5_before_and_after(void **state)
{
	(void)state;
	ksetenv("echo", "env", false);
	binds("#e", "/mnt", MREPL);
	assert_int_equal(size("/mnt/echo"), 3);
	binds("/boot", "/mnt", MAFTER);
	assert_int_equal(size("/mnt/echo"), 3);
	binds("/boot", "/mnt", MBEFORE);
	assert_int_equal(size("/mnt/echo"), 8);
}

static void
test_O5_a_mount_on_the_root(void **state)
{
	(void)state;
	binds("/boot", "/", MAFTER);
	assert_string_equal(reach("/../../echo"), "/echo");
	assert_string_equal(reach("/echo"), "/echo");
	assert_true(exists("/mnt/../echo"));
}

static void
test_O5_mount_rules(void **state)
{
	Chan *o;

	(void)state;
	assert_errors("inconsistent mount", binds("/boot/echo", "/mnt", MREPL));
	assert_errors("inconsistent mount", binds("/boot/echo", "/boot/cat", MAFTER));
	binds("/boot/echo", "/boot/cat", MREPL);
	o = namec("/boot/cat", Aopen, OREAD, 0);
	char d[16];
	assert_int_equal(kread(o, d, sizeof d, 0), 8);
	cclose(o);
	o = namec("/mnt", Amount, 0, 0);
	assert_errors("not mounted", cunmount(o, NULL));
	cclose(o);
	binds("/boot", "/mnt", MAFTER);
	o = namec("/mnt", Amount, 0, 0);
	Chan *e = namec("/env", Abind, 0, 0);
	assert_errors("not in union", cunmount(o, e));
	cclose(e);
	cunmount(o, NULL);
	cclose(o);
	assert_int_equal(up->pgrp->nmount, 1);
	assert_false(exists("/mnt/echo"));
}

static void
test_O5_name_spaces_are_copied(void **state)
{
	Pgrp *old = up->pgrp;

	(void)state;
	binds("/boot", "/mnt", MREPL);
	up->pgrp = newpgrp();
	pgrpcpy(up->pgrp, old);
	assert_true(exists("/mnt/echo"));
	binds("#e", "/mnt", MREPL);
	assert_false(exists("/mnt/echo"));
	closepgrp(up->pgrp);
	up->pgrp = old;
	assert_true(exists("/mnt/echo"));
}

static void
test_O5_devices_do_not_cross(void **state)
{
	(void)state;
	binds("/boot", "/bin", MREPL);
	assert_true(exists("/bin/echo"));
	assert_false(exists("#//bin/echo"));
	cd("#/");
	assert_false(exists("bin/echo"));
	up->pgrp->noattach = true;
	assert_errors("mount/attach disallowed", namec("#/", Aaccess, 0, 0));
	assert_true(exists("#e"));
}

/* --- descriptors ------------------------------------------------------------------------------ */

static i64
callopen(const char *name, int mode)
{
	u64 a[5] = {(u64)(uintptr)name, (u64)mode};

	return sysopen(a);
}

static i64
call2(Syscall *f, u64 a0, u64 a1)
{
	u64 a[5] = {a0, a1};

	return f(a);
}

static i64
calldup(int old, int new)
{
	return call2(sysdup, (u64)old, (u64)(u32) new);
}

static void
test_O5_lowest_descriptor_first(void **state)
{
	(void)state;
	assert_int_equal(callopen("/boot", OREAD), 0);
	assert_int_equal(callopen("/boot", OREAD), 1);
	assert_int_equal(callopen("/boot", OREAD), 2);
	call2(sysclose, 1, 0);
	assert_int_equal(callopen("/boot", OREAD), 1);
	assert_errors("fd out of range or not open", call2(sysclose, 99, 0));
	assert_errors("fd out of range or not open", call2(sysclose, ~0ull, 0));
	assert_errors("bad arg in system call", callopen("/boot", 0x80));
}

static void
test_O5_table_grows_in_steps(void **state)
{
	(void)state;
	callopen("/boot", OREAD);
	assert_int_equal(calldup(0, DELTAFD + 19), DELTAFD + 19);
	assert_errors("fd out of range", calldup(0, 3 * DELTAFD + 1));
	assert_errors("fd out of range", calldup(0, -5));
	assert_int_equal(calldup(0, -1), 1);
	for (int i = 2; i < MAXFD - 2; i++)
		calldup(0, -1);
	assert_errors("no free file descriptors", for (int i = 0; i < 2 * DELTAFD; i++) calldup(0, -1));
}

static void
test_O5_close_on_exec_is_copied_by_dup(void **state)
{
	(void)state;
	callopen("/boot", OREAD | OCEXEC);
	callopen("/boot", OREAD);
	calldup(0, 7);
	calldup(1, 8);
	Fgrp *old = up->fgrp;
	up->fgrp = dupfgrp(old);
	closeexecfgrp(up->fgrp);
	assert_errors("not open", fdtochan(7, -1, false));
	fdtochan(8, -1, false);
	closefgrp(up->fgrp);
	up->fgrp = old;
	fdtochan(7, -1, false);
	closeexecfgrp(up->fgrp);
	assert_errors("not open", fdtochan(0, -1, false));
	assert_errors("not open", fdtochan(7, -1, false));
	fdtochan(1, -1, false);
	fdtochan(8, -1, false);
}

static void
test_O5_tables_are_copied(void **state)
{
	Fgrp *old = up->fgrp, *new;
	Chan *c;

	(void)state;
	callopen("/boot", OREAD);
	c = fdtochan(0, -1, false);
	new = dupfgrp(old);
	assert_int_equal(c->ref.ref, 2);
	up->fgrp = new;
	call2(sysclose, 0, 0);
	up->fgrp = old;
	assert_int_equal(fdtochan(0, OREAD, false)->ref.ref, 1);
	assert_errors("inappropriate use of fd", fdtochan(0, OWRITE, true));
	assert_int_equal(c->ref.ref, 1);
	closefgrp(new);
}

/* --- reading ---------------------------------------------------------------------------------- */

static i64
callread(int fd, void *d, u32 n, i64 off)
{
	u64 a[5] = {(u64)fd, (u64)(uintptr)d, n, (u64)off};

	return syspread(a);
}

static i64
callwrite(int fd, const void *d, u32 n, i64 off)
{
	u64 a[5] = {(u64)fd, (u64)(uintptr)d, n, (u64)off};

	return syspwrite(a);
}

static i64
callseek(int fd, i64 off, int type)
{
	i64 r;
	u64 a[5] = {(u64)(uintptr)&r, (u64)fd, (u64)off, (u64)type};

	sysseek(a);
	return r;
}

static void
test_O5_offsets(void **state)
{
	char d[16];

	(void)state;
	callopen("/boot/cat", OREAD);
	assert_int_equal(callread(0, d, 4, -1), 4);
	assert_int_equal(callread(0, d, 4, 10), 4);
	assert_int_equal(callseek(0, 0, 1), 4);
	assert_int_equal(callread(0, d, 16, -1), 11);
	assert_int_equal(callseek(0, 0, 1), 15);
	assert_int_equal(callread(0, d, 16, -1), 0);
	assert_int_equal(callseek(0, -5, 2), 10);
	assert_errors("negative i/o offset", callseek(0, -1, 0));
	assert_errors("negative i/o offset", callread(0, d, 1, -2));
	assert_errors("bad arg", callseek(0, 0, 3));
	assert_errors("bad arg", callread(0, (void *)BADUSER, 4, -1));
	assert_int_equal(callseek(0, 0, 1), 10);
}

static void
test_O5_directory_reads(void **state)
{
	static u8 all[8192], part[8192];
	i64 n, got = 0;

	(void)state;
	callopen("/", OREAD);
	n = callread(0, all, sizeof all, -1);
	assert_in_range(n, 500, 2000);
	assert_int_equal(callread(0, part, sizeof part, -1), 0);
	callseek(0, 0, 0);
	while ((n = callread(0, part + got, 100, -1)) > 0)
		got += n;
	assert_memory_equal(all, part, (usize)got);
	assert_errors("seek in directory", callread(0, part, 100, 7));
	assert_errors("i/o count too small", callread(0, part, 20, 0));
	assert_errors("file is a directory", callseek(0, 10, 0));
	assert_int_equal(callread(0, part, sizeof part, 0), got);
}

/* A union's directory gives each member's records, once after a rewind again. */
static void
test_O5_union_reads(void **state)
{
	static u8 buf[8192];
	i64 n, sum = 0, again;

	(void)state;
	ksetenv("one", "1", false);
	binds("/boot", "/mnt", MREPL);
	binds("#e", "/mnt", MAFTER);
	callopen("/mnt", OREAD);
	while ((n = callread(0, buf, sizeof buf, -1)) > 0)
		sum += n;
	assert_in_range(sum, 150, 400);
	callseek(0, 0, 0);
	for (again = 0; (n = callread(0, buf, 80, -1)) > 0;)
		again += n;
	assert_int_equal(sum, again);
	call2(sysclose, 0, 0);
}

static void
test_O5_stat_by_name(void **state)
{
	u8 buf[256];
	char strs[256];
	Dir d;
	u64 a[5] = {(u64)(uintptr) "/boot/cat", (u64)(uintptr)buf, sizeof buf};
	i64 n = sysstat(a);

	(void)state;
	assert_int_equal(convM2D(buf, (usize)n, &d, strs), n);
	assert_string_equal(d.name, "cat");
	assert_int_equal(d.length, 15);
	a[2] = 2;
	assert_int_equal(sysstat(a), 2);
	assert_int_equal(le16(buf), n - 2);
	a[2] = 1;
	assert_errors("stat buffer too small", sysstat(a));
	a[0] = (u64)(uintptr) "/";
	a[2] = sizeof buf;
	n = sysstat(a);
	assert_int_equal(convM2D(buf, (usize)n, &d, strs), n);
	assert_string_equal(d.name, "/");
}

/* --- the environment -------------------------------------------------------------------------- */

static void
test_M3_environment(void **state)
{
	char d[64];

	(void)state;
	binds("#e", "/env", MAFTER | MCREATE);
	u64 a[5] = {(u64)(uintptr) "/env/x", OWRITE, 0666};
	assert_int_equal(syscreate(a), 0);
	assert_int_equal(callwrite(0, "hello", 5, -1), 5);
	assert_int_equal(callwrite(0, "J", 1, 0), 1);
	assert_int_equal(callwrite(0, "!", 1, 7), 1);
	assert_errors("read or write too large", callwrite(0, "!", 1, 1 << 20));
	assert_int_equal(callopen("/env/x", OREAD), 1);
	assert_int_equal(callread(1, d, sizeof d, 0), 8);
	assert_memory_equal(d, "Jello\0\0!", 8);
	u32 vers = up->egrp->ent[0].vers;
	callwrite(0, "J", 1, 0);
	assert_int_equal(up->egrp->ent[0].vers, vers + 1);
	Egrp *old = up->egrp;
	up->egrp = newegrp();
	envcpy(up->egrp, old);
	call2(sysremove, (u64)(uintptr) "/env/x", 0);
	assert_false(exists("/env/x"));
	closeegrp(up->egrp);
	up->egrp = old;
	assert_true(exists("/env/x"));
	ksetenv("shared", "s", true);
	assert_true(exists("#ec/shared"));
	a[1] = OWRITE | OEXCL;
	assert_errors("file already exists", syscreate(a));
	a[0] = (u64)(uintptr) "/env/y/";
	a[1] = OWRITE;
	assert_errors("create without DMDIR", syscreate(a));
}

static void
test_M3_many_variables(void **state)
{
	char name[16];

	(void)state;
	for (int i = 0; i < 500; i++) {
		snformat(name, sizeof name, "v%d", i);
		ksetenv(name, name, false);
	}
	assert_int_equal(up->egrp->nent, 500);
	assert_true(exists("#e/v499"));
	assert_false(exists("#e/v500"));
}

/* --- pipes ------------------------------------------------------------------------------------ */

static void
test_O7_pipe_ends(void **state)
{
	int fd[2];
	char d[8];

	(void)state;
	call2(syspipe, (u64)(uintptr)fd, 0);
	assert_int_equal(callwrite(fd[0], "ab", 2, -1), 2);
	assert_int_equal(callread(fd[1], d, 8, -1), 2);
	assert_errors("interrupted", callread(fd[1], d, 8, -1));
	assert_errors("seek on a stream", callseek(fd[0], 0, 0));
	callwrite(fd[0], "last", 4, -1);
	call2(sysclose, (u64)fd[0], 0);
	assert_int_equal(callread(fd[1], d, 8, -1), 4);
	for (int i = 0; i < 3; i++)
		assert_int_equal(callread(fd[1], d, 8, -1), 0);
	assert_errors("i/o on hungup channel", callread(fd[1], d, 8, -1));
	assert_errors("i/o on hungup channel", callwrite(fd[1], "x", 1, -1));
	assert_string_equal(lastnote, "sys: write on closed pipe");
	call2(sysclose, (u64)fd[1], 0);
	assert_errors("bad arg", call2(syspipe, BADUSER, 0));
}

static void
test_M3_fd_files(void **state)
{
	int fd[2];
	char d[8];

	(void)state;
	call2(syspipe, (u64)(uintptr)fd, 0);
	assert_int_equal(callopen("#d/0", ORDWR), 2);
	callwrite(2, "via", 3, -1);
	assert_int_equal(callread(1, d, 8, -1), 3);
	assert_errors("'#d/9' file does not exist", callopen("#d/9", OREAD));
	assert_errors("inappropriate use", callopen("/boot/cat", OREAD); callopen("#d/3", OWRITE));
}

int
main(void)
{
#define T(t) cmocka_unit_test_setup_teardown(t, start, stop)
	const struct CMUnitTest tests[] = {
	    T(test_O5_names_are_clean),
	    T(test_O5_errors_name_the_element),
	    T(test_O5_long_names),
	    T(test_O5_mounts_are_crossed_and_left),
	    T(test_O5_unions_search_in_order),
	    T(test_O5_before_and_after),
	    T(test_O5_a_mount_on_the_root),
	    T(test_O5_mount_rules),
	    T(test_O5_name_spaces_are_copied),
	    T(test_O5_devices_do_not_cross),
	    T(test_O5_lowest_descriptor_first),
	    T(test_O5_table_grows_in_steps),
	    T(test_O5_close_on_exec_is_copied_by_dup),
	    T(test_O5_tables_are_copied),
	    T(test_O5_offsets),
	    T(test_O5_directory_reads),
	    T(test_O5_union_reads),
	    T(test_O5_stat_by_name),
	    T(test_M3_environment),
	    T(test_M3_many_variables),
	    T(test_O7_pipe_ends),
	    T(test_M3_fd_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
