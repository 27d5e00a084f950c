/*
 * files.c: names, descriptors, offsets, directories, stat, the devices' own rules (O5, M3, M6).
 */
#include "check.h"

static void
names(void)
{
	char buf[256];
	int fd;

	check(open("/nothing", OREAD) < 0 && strcmp(lasterr(), "'/nothing' file does not exist") == 0,
	      "O5_error_names_the_file", "%s", lasterr());
	check(open("/dev/null/x", OREAD) < 0 && errhas("not a directory"), "O5_file_as_directory", "%s",
	      lasterr());
	check(open("/dev/null/..", OREAD) < 0 && errhas("not a directory"), "O5_dotdot_of_a_file", "%s",
	      lasterr());
	check(open("", OREAD) < 0 && errhas("empty file name"), "O5_empty_name", "%s", lasterr());
	check(open("/dev/nu\tll", OREAD) < 0 && errhas("bad character"), "O5_bad_character", "%s", lasterr());
	check(open("#Z", OREAD) < 0 && errhas("unknown device"), "O5_unknown_device", "%s", lasterr());
	check((fd = open("/env/", OREAD)) >= 0, "O5_slash_behind_a_directory", "%s", lasterr());
	close(fd);
	check(open("/dev/null/", OREAD) < 0, "O5_slash_behind_a_file", "it opened");
	check((fd = open("//dev/./null", OREAD)) >= 0, "O5_odd_slashes", "%s", lasterr());
	check(fd2path(fd, buf, sizeof buf) == 0 && strcmp(buf, "/dev/null") == 0, "O5_fd2path", "%s", buf);
	close(fd);
	check(open("/dev", OWRITE) < 0 && errhas("is a directory"), "O5_write_a_directory", "%s", lasterr());
	check(open("/dev/null", 0x99) < 0 && errhas("bad arg"), "O5_bad_open_mode", "%s", lasterr());
	check(open("/boot/echo", OWRITE) < 0 && errhas("permission denied"), "O5_permission", "%s",
	      lasterr());
}

static bool
cwdis(const char *want)
{
	char buf[256];
	int fd = open(".", OREAD);
	bool ok = fd2path(fd, buf, sizeof buf) == 0 && strcmp(buf, want) == 0;

	if (!ok)
		print("# dot is %s\n", buf);
	close(fd);
	return ok;
}

static void
dirs(void)
{
	check(chdir("/dev") == 0 && cwdis("/dev"), "O5_chdir", "%s", lasterr());
	check(chdir("..") == 0 && cwdis("/"), "O5_chdir_up_over_a_mount", "%s", lasterr());
	check(chdir("../../..") == 0 && cwdis("/"), "O5_dotdot_of_root", "%s", lasterr());
	check(chdir("bin") == 0 && cwdis("/bin"), "O5_relative", "%s", lasterr());
	check(chdir("/dev/null") < 0 && errhas("not a directory"), "O5_chdir_to_a_file", "%s", lasterr());
	check(chdir("#c") == 0 && cwdis("#c"), "O5_chdir_to_a_device", "%s", lasterr());
	int fd = open("null", OREAD);
	check(fd >= 0, "O5_relative_to_a_device", "%s", lasterr());
	close(fd);
	chdir("/");
}

static void
descriptors(void)
{
	int a = open("/boot/echo", OREAD), b, i, *fds;
	u8 x[4], y[4];

	b = dup(a, -1);
	read(a, x, 4);
	read(b, y, 4);
	check(b >= 0 && memcmp(x, y, 4) != 0, "O5_dup_shares_the_offset", "%d", b);
	check(dup(a, b) == b && dup(a, a) == a, "O5_dup_onto", "%s", lasterr());
	check(dup(a, 19) == 19, "O5_dup_to_19", "%s", lasterr());
	close(19);
	check(dup(99, -1) < 0 && errhas("fd out of range or not open"), "O5_dup_of_nothing", "%s", lasterr());
	check(dup(a, 100000) < 0, "O5_dup_too_far", "it worked");
	check(close(b) == 0 && close(b) < 0 && errhas("fd out of range"), "O5_close_twice", "%s", lasterr());
	check(write(a, "x", 1) < 0 && errhas("inappropriate use of fd"), "O5_write_to_a_reader", "%s",
	      lasterr());
	close(a);
	fds = malloc(1500 * sizeof *fds);
	for (i = 0; i < 1500 && (fds[i] = open("/dev/null", OREAD)) >= 0; i++)
		;
	check(i == 1500, "O5_1500_descriptors", "%d: %s", i, lasterr());
	while (i > 0)
		close(fds[--i]);
	free(fds);
}

static void
offsets(void)
{
	int fd = open("/boot/echo", OREAD);
	char a[8], b[8];
	Dir d;

	pread(fd, a, 8, 16);
	read(fd, b, 4);
	check(seek(fd, 0, 1) == 4, "O5_pread_leaves_the_offset", "%lld", seek(fd, 0, 1));
	seek(fd, 16, 0);
	read(fd, b, 8);
	check(memcmp(a, b, 8) == 0, "O5_seek_and_read", "different");
	dirfstat(fd, &d);
	check(seek(fd, 0, 2) == (i64)d.length && d.length > 1000, "O5_seek_to_the_end", "%llu", d.length);
	check(read(fd, b, 8) == 0, "O5_end_of_file", "%s", lasterr());
	check(seek(fd, -5, 0) < 0 && errhas("negative"), "O5_negative_seek", "%s", lasterr());
	check(pread(fd, b, 8, -7) < 0 && errhas("negative i/o offset"), "O5_negative_offset", "%s",
	      lasterr());
	check(seek(fd, 0, 9) < 0, "O5_bad_seek_type", "it worked");
	close(fd);
}

/* Every record is whole, the sum is the same whatever the buffer; offsets must be 0 or running. */
static int
countdir(const char *name, u32 bufsize)
{
	static u8 buf[8192];
	int fd = open(name, OREAD), n = 0;
	i64 got;
	Dir d;

	while ((got = read(fd, buf, bufsize)) > 0)
		for (usize at = 0, len; at < (usize)got; at += len, n++)
			if (!(len = dirunpack(buf + at, (usize)got - at, &d)))
				return -1;
	close(fd);
	return got < 0 ? -1 : n;
}

static void
directories(void)
{
	u8 buf[4096];
	int fd, n = countdir("/boot", 8192);
	i64 got;

	check(n > 20 && countdir("/boot", 200) == n, "M6_directory_reads_agree", "%d and %d", n,
	      countdir("/boot", 200));
	check(countdir("/dev", 8192) > 20 && countdir("/dev", 8192) == countdir("/dev", 150),
	      "M3_union_directory", "%d", countdir("/dev", 8192));
	fd = open("/boot", OREAD);
	got = pread(fd, buf, sizeof buf, 0);
	check(got > 0 && pread(fd, buf, sizeof buf, got) >= 0, "O5_directory_by_offset", "%s", lasterr());
	check(pread(fd, buf, sizeof buf, 5) < 0 && errhas("seek in directory"), "O5_directory_odd_offset",
	      "%s", lasterr());
	check(pread(fd, buf, 10, 0) < 0 && errhas("i/o count too small"), "O5_directory_small_count", "%s",
	      lasterr());
	check(seek(fd, 0, 0) == 0 && seek(fd, 10, 0) < 0, "O5_directory_seek", "%s", lasterr());
	close(fd);
}

static void
stats(void)
{
	u8 buf[300];
	Dir d;
	i64 n = stat("/boot/echo", buf, sizeof buf);

	check(n > 49 && le16(buf) == n - 2, "O5_stat_size", "%lld", n);
	check(stat("/boot/echo", buf, 2) == 2 && le16(buf) == n - 2, "O5_stat_short_buffer_tells", "%d",
	      le16(buf));
	check(stat("/boot/echo", buf, 1) < 0 && errhas("stat buffer too small"), "O5_stat_no_buffer", "%s",
	      lasterr());
	check(dirstat("/", &d) == 0 && strcmp(d.name, "/") == 0, "O5_stat_of_root", "%s", d.name);
	check(dirstat("/bin/echo", &d) == 0 && strcmp(d.name, "echo") == 0 && !(d.mode & DMDIR),
	      "O5_stat_name", "%s", d.name);
	check(dirstat("/dev", &d) == 0 && (d.mode & DMDIR) && (d.qtype & 0x80), "O5_stat_directory", "%x",
	      d.mode);
}

static void
environment(void)
{
	char buf[64];
	usize n;
	char *s;
	int fd = create("/env/filestest", OWRITE, 0666);

	check(fd >= 0 && write(fd, "value", 5) == 5, "M3_env_create", "%s", lasterr());
	close(fd);
	s = readfile("/env/filestest", &n);
	check(s && n == 5 && strcmp(s, "value") == 0, "M3_env_read", "%s", s ? s : lasterr());
	fd = open("/env/filestest", ORDWR);
	check(seek(fd, 0, 2) == 5, "M3_env_length", "%lld", seek(fd, 0, 2));
	pwrite(fd, "V", 1, 0);
	check(pread(fd, buf, sizeof buf, 0) == 5 && memcmp(buf, "Value", 5) == 0, "M3_env_offset_write", "%s",
	      buf);
	close(fd);
	fd = create("/env/filestest", OWRITE, 0666);
	check(seek(fd, 0, 2) == 0, "M3_env_create_truncates", "%lld", seek(fd, 0, 2));
	close(fd);
	check(create("/env/filestest", OWRITE | OEXCL, 0666) < 0 && errhas("already exists"), "M3_env_excl",
	      "%s", lasterr());
	check(remove("/env/filestest") == 0 && open("/env/filestest", OREAD) < 0, "M3_env_remove", "%s",
	      lasterr());
	check(create("/boot/new", OWRITE, 0666) < 0, "M3_root_is_fixed", "it was made");
}

/* A child with an environment of its own does not touch ours. */
static void
ownenv(void)
{
	if (rfork(RFENVG) < 0)
		exits(lasterr());
	close(create("/env/private", OWRITE, 0666));
	exits(open("/env/private", OREAD) >= 0 ? nil : "not there");
}

static void
closeonexec(void)
{
	char *argv[] = {"/bin/files", "fds", nil};
	int a = open("/dev/null", OREAD | OCEXEC), b = dup(a, 15);

	exec(argv[0], argv);
	exits(b == 15 ? "no exec" : "no dup");
}

static void
devfd(void)
{
	char buf[64];
	int p[2], fd;

	pipe(p);
	snformat(buf, sizeof buf, "/fd/%d", p[0]);
	fd = open(buf, ORDWR);
	check(fd >= 0 && write(p[1], "via", 3) == 3 && read(fd, buf, sizeof buf) == 3, "M3_fd_open_is_dup",
	      "%s", lasterr());
	check(countdir("/fd", 8192) >= 8, "M3_fd_directory", "%d", countdir("/fd", 8192));
	snformat(buf, sizeof buf, "/fd/%dctl", p[0]);
	fd = open(buf, OREAD);
	check(fd >= 0 && read(fd, buf, sizeof buf) > 10, "M3_fd_ctl", "%s", lasterr());
	for (int i = 3; i < 15; i++)
		close(i);
}

static void
devices(void)
{
	u8 buf[64];
	char *s;
	i64 n;
	int fd;

	fd = open("/dev/zero", OREAD);
	memset(buf, 1, sizeof buf);
	n = read(fd, buf, sizeof buf);
	check(n == sizeof buf && buf[0] == 0 && buf[63] == 0, "M3_zero", "%lld", n);
	close(fd);
	fd = open("/dev/random", OREAD);
	n = read(fd, buf, sizeof buf);
	check(n == sizeof buf && memcmp(buf, buf + 32, 32) != 0, "M3_random", "%lld", n);
	close(fd);
	fd = open("/dev/bintime", OREAD);
	check(pread(fd, buf, 32, 0) == 32 && (be64(buf + 24) != 0) && pread(fd, buf, 8, 0) == 8, "M3_bintime",
	      "%s", lasterr());
	close(fd);
	s = readfile("#c/pid", nil);
	check(s && strlen(s) == 12 && atoi64(s) == getpid(), "M3_pid", "%s", s);
	s = readfile("/dev/sysstat", nil);
	check(s && strlen(s) == 121, "M3_sysstat", "%zu bytes", s ? strlen(s) : 0);
	s = readfile("/dev/swap", nil);
	check(s && strstr(s, "4096 pagesize\n"), "M4_swap", "%s", s);
	s = readfile("/dev/kmesg", nil);
	check(s && strstr(s, "entering user mode") && !strstr(s, "init: user mode reached"), "M3_kmesg",
	      "%zu bytes", s ? strlen(s) : 0);
	s = readfile("/dev/user", nil);
	check(s && *s && !strchr(s, '\n'), "M3_user", "%s", s);
	s = readfile("/dev/drivers", nil);
	check(s && strstr(s, "#c cons\n"), "M3_drivers", "%s", s);
	s = readfile("#P/cputype", nil);
	check(s && strlen(s) > 4, "M1_cputype", "%s", s);
	s = readfile("/dev/cputime", nil);
	check(s && strlen(s) == 72, "M3_cputime", "%zu", s ? strlen(s) : 0);
	s = readfile("/dev/time", nil);
	check(s && strlen(s) == 78, "M3_time", "%zu", s ? strlen(s) : 0);
}

static void
processes(void)
{
	char file[64], *s, *w[16];

	snformat(file, sizeof file, "/proc/%d/status", getpid());
	s = readfile(file, nil);
	check(s && strlen(s) == 28 + 28 + 12 + 9 * 12 && tokenize(s, w, 16) == 12 &&
		  strcmp(w[0], "files") == 0,
	      "M3_proc_status", "%s", s);
	snformat(file, sizeof file, "/proc/%d/segment", getpid());
	s = readfile(file, nil);
	check(s && strstr(s, "Text") && strstr(s, "Stack"), "M3_proc_segment", "%s", s);
	snformat(file, sizeof file, "/proc/%d/ns", getpid());
	s = readfile(file, nil);
	check(s && strstr(s, "#c /dev"), "M3_proc_ns", "%s", s);
	snformat(file, sizeof file, "/proc/%d/text", getpid());
	int fd = open(file, OREAD);
	check(fd >= 0 && fd2path(fd, file, sizeof file) == 0 && strstr(file, "files"), "M3_proc_text", "%s",
	      file);
	close(fd);
	check(open("/proc/99999999/status", OREAD) < 0, "M3_proc_nobody", "it opened");
}

static void
mounts(void)
{
	Dir d;

	rfork(RFNAMEG);
	if (bind("#c", "/mnt", MREPL) < 0 || dirstat("/mnt/null", &d) < 0)
		exits("bind");
	if (bind("/boot", "/mnt", MBEFORE) < 0 || dirstat("/mnt/echo", &d) < 0 ||
	    dirstat("/mnt/null", &d) < 0)
		exits("union");
	if (unmount("/boot", "/mnt") < 0 || dirstat("/mnt/echo", &d) == 0)
		exits("unmount one");
	if (unmount(nil, "/mnt") < 0 || dirstat("/mnt/null", &d) == 0)
		exits("unmount all");
	if (unmount(nil, "/mnt") == 0 || !errhas("not mounted"))
		exits("unmount nothing");
	if (bind("/dev/null", "/mnt", MREPL) == 0 || !errhas("inconsistent mount"))
		exits("file on directory");
	if (bind("/dev/zero", "/dev/null", MREPL) < 0)
		exits("file on file");
	u8 c = 9;
	if (read(open("/dev/null", OREAD), &c, 1) != 1 || c != 0)
		exits("bound file");
}

void
main(int argc, char **argv)
{
	Dir d;

	if (argc > 1 && strcmp(argv[1], "fds") == 0)
		exits(dirfstat(15, &d) < 0 ? nil : "the copy is still open");
	names();
	dirs();
	descriptors();
	offsets();
	directories();
	stats();
	environment();
	checkend("M3_own_environment", ownenv, "");
	check(open("/env/private", OREAD) < 0, "M3_others_do_not_see_it", "they do");
	checkend("O5_dup_copies_close_on_exec", closeonexec, "");
	devfd();
	devices();
	processes();
	checkend("O5_bind_and_unmount", mounts, "");
	check(dirstat("/mnt/null", &d) < 0, "O5_name_space_of_its_own", "the parent sees it");
	testend();
}
