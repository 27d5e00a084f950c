/*
 * pipes.c: pipes: records, both directions, sizes, ends, notes, many writers (O7).
 */
#include "check.h"

static int fd[2];
static volatile int got;

static void
note(Ureg *u, char *text)
{
	(void)u;
	if (strncmp(text, "sys: write on closed pipe", 25) == 0)
		got++;
	noted(NCONT);
}

static void
records(void)
{
	char buf[64];
	i64 n;

	pipe(fd);
	write(fd[1], "one", 3);
	write(fd[1], "two!", 4);
	n = read(fd[0], buf, sizeof buf);
	check(n == 3 && memcmp(buf, "one", 3) == 0, "O7_read_gives_one_write", "%lld", n);
	n = read(fd[0], buf, 2);
	check(n == 2 && memcmp(buf, "tw", 2) == 0, "O7_short_read", "%lld", n);
	n = read(fd[0], buf, sizeof buf);
	check(n == 2 && memcmp(buf, "o!", 2) == 0, "O7_rest_of_the_record", "%lld", n);
	write(fd[0], "back", 4);
	n = read(fd[1], buf, sizeof buf);
	check(n == 4 && memcmp(buf, "back", 4) == 0, "O7_full_duplex", "%lld", n);
	write(fd[1], "", 0);
	write(fd[1], "x", 1);
	n = read(fd[0], buf, sizeof buf);
	check(n == 0, "O7_empty_record_reads_0", "%lld", n);
	n = read(fd[0], buf, sizeof buf);
	check(n == 1, "O7_and_then_the_next", "%lld", n);
	check(seek(fd[0], 0, 0) < 0 && errhas("seek on a stream"), "O7_no_seek", "%s", lasterr());
	close(fd[0]);
	close(fd[1]);
}

static void
ends(void)
{
	char buf[8];
	int zeroes = 0;
	i64 n;

	pipe(fd);
	write(fd[1], "last", 4);
	close(fd[1]);
	n = read(fd[0], buf, sizeof buf);
	check(n == 4, "O7_hangup_drains_first", "%lld", n);
	while ((n = read(fd[0], buf, sizeof buf)) == 0 && zeroes < 100)
		zeroes++;
	check(zeroes == 3, "O7_three_empty_reads", "%d", zeroes);
	check(n < 0 && errhas("i/o on hungup channel"), "O7_then_hungup", "%lld %s", n, lasterr());
	atnotify(note);
	n = write(fd[0], "x", 1);
	check(n < 0 && errhas("i/o on hungup channel"), "O7_write_to_nobody", "%s", lasterr());
	check(got == 1, "O7_and_a_note", "%d notes", got);
	atnotify(nil);
	close(fd[0]);
}

static void
writer(void)
{
	write(fd[0], "x", 1);
}

/* A megabyte through, checked byte by byte; more than the pipe holds. */
static void
bulk(void)
{
	enum { TOTAL = 1024 * 1024, CHUNK = 7777 };
	static u8 buf[CHUNK];
	usize sum = 0;
	bool good = true;
	char msg[ERRMAX];
	i64 n;

	pipe(fd);
	if (fork() == 0) {
		close(fd[0]);
		for (usize at = 0; at < TOTAL;) {
			usize k = TOTAL - at < CHUNK ? TOTAL - at : CHUNK;
			for (usize i = 0; i < k; i++)
				buf[i] = (u8)((at + i) * 31 >> 3);
			if (write(fd[1], buf, (u32)k) != (i64)k)
				exits("short write");
			at += k;
		}
		exits(nil);
	}
	close(fd[1]);
	while ((n = read(fd[0], buf, 1000)) > 0) {
		for (i64 i = 0; i < n; i++)
			good = good && buf[i] == (u8)((sum + (usize)i) * 31 >> 3);
		sum += (usize)n;
	}
	waitpid(msg, sizeof msg);
	check(good && sum == TOTAL && !*msg, "O7_a_megabyte", "%zu bytes, %s", sum, msg);
	close(fd[0]);
}

/* 64 KiB at a time stay whole with two writers. */
static void
atomic(void)
{
	enum { SIZE = 64 * 1024 };
	static u8 buf[SIZE];
	int whole = 0;
	char msg[ERRMAX];

	pipe(fd);
	for (int w = 1; w <= 2; w++)
		if (fork() == 0) {
			memset(buf, w, SIZE);
			for (int i = 0; i < 8; i++)
				write(fd[1], buf, SIZE);
			exits(nil);
		}
	for (int i = 0; i < 16; i++) {
		i64 n = read(fd[0], buf, SIZE);
		bool same = n == SIZE;
		for (i64 j = 1; j < n; j++)
			same = same && buf[j] == buf[0];
		whole += same;
	}
	while (waitpid(msg, sizeof msg) > 0)
		;
	check(whole == 16, "O7_64_KiB_are_atomic", "%d of 16", whole);
	close(fd[0]);
	close(fd[1]);
}

static void
badbuffer(void)
{
	i64 n;
	char c;

	pipe(fd);
	atnotify(note);
	n = write(fd[1], (void *)0x1000, 10);
	(void)n;
	write(fd[1], "z", 1);
	atnotify(nil);
	exits(read(fd[0], &c, 1) == 1 && c == 'z' ? nil : "the pipe broke");
}

static void
many(void)
{
	int i, p[2];

	for (i = 0; i < 200; i++) {
		if (pipe(p) < 0 || write(p[0], "q", 1) != 1)
			break;
		close(p[0]);
		close(p[1]);
	}
	check(i == 200, "O7_200_pipes", "stopped at %d: %s", i, lasterr());
}

void
main(int argc, char **argv)
{
	(void)argc, (void)argv;
	records();
	ends();
	pipe(fd);
	close(fd[1]);
	checkend("O7_write_to_nobody_kills", writer, "sys: write on closed pipe");
	close(fd[0]);
	bulk();
	atomic();
	checkend("N6_bad_buffer_leaves_the_pipe_whole", badbuffer, "");
	many();
	testend();
}
