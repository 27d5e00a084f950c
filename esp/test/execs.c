/*
 * execs.c: what exec takes and refuses: ELF64, a.out, #! scripts, and damaged headers, made in /env (O4,
 * P17).
 */
#include "check.h"

static u8 image[65536];
static usize imagelen;

static bool
put(const char *name, const void *p, usize n)
{
	int fd = create(name, OWRITE, 0777);
	bool ok = fd >= 0 && write(fd, p, (u32)n) == (i64)n;

	close(fd);
	return ok;
}

static const char *
tryexec(const char *name, char *msg)
{
	char *argv[] = {"prog", "arg", nil};
	int pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", OWRITE);
		dup(null, 1);
		dup(null, 2);
		exec(name, argv);
		exits(lasterr());
	}
	waitpid(msg, ERRMAX);
	return msg;
}

static void
refused(const char *name, const void *p, usize n)
{
	char msg[ERRMAX];

	if (!check(put("/env/bad", p, n), name, "cannot make the file: %s", lasterr()))
		return;
	tryexec("/env/bad", msg);
	check(strstr(msg, "exec header invalid") || strstr(msg, "virtual memory"), name, "'%s'", msg);
	remove("/env/bad");
}

static void
load(const char *name)
{
	int fd = open(name, OREAD);
	i64 n;

	for (imagelen = 0; (n = read(fd, image + imagelen, (u32)(sizeof image - imagelen))) > 0;)
		imagelen += (usize)n;
	close(fd);
}

static void
setbe32(usize at, u32 v)
{
	for (int i = 0; i < 4; i++)
		image[at + (usize)i] = (u8)(v >> (24 - 8 * i));
}

static void
badaout(void)
{
	load("/boot/aouthello");
	refused("O4_aout_cut_in_the_header", image, 20);
	setbe32(36, 0x1000);
	refused("O4_aout_entry_below_text", image, imagelen);
	load("/boot/aouthello");
	setbe32(36, 0x7fffffff);
	refused("O4_aout_entry_behind_text", image, imagelen);
	load("/boot/aouthello");
	setbe32(0, 0x1eb);
	refused("O4_aout_of_another_machine", image, imagelen);
}

static void
badelf(void)
{
	static const struct {
		const char *name;
		usize at;
		u8 value;
	} edits[] = {
	    {"O4_elf_32_bit", 4, 1},
	    {"O4_elf_big_endian", 5, 2},
	    {"O4_elf_of_another_machine", 18, 3},
	    {"O4_elf_shared_object", 16, 3},
	    {"O4_elf_entry_outside", 30, 0x70},
	    {"O4_elf_program_headers_outside", 38, 0x70},
	    {"O4_elf_kernel_address", 64 + 16 + 7, 0xff},
	    {"O4_elf_huge_memsize", 64 + 40 + 7, 0x7f},
	    {"O4_elf_file_offset_outside", 64 + 8 + 3, 0x7f},
	};

	for (usize i = 0; i < nelem(edits); i++) {
		load("/boot/echo");
		image[edits[i].at] = edits[i].value;
		refused(edits[i].name, image, imagelen);
	}
	load("/boot/echo");
	refused("O4_elf_cut_in_the_header", image, 50);
}

static void
scripts(void)
{
	static const char sh[] = "#!/bin/sh\nexit fine\n", twice[] = "#!/env/script\n",
			  none[] = "#!/bin/nothing\n", noline[] = "#!/bin/sh";
	char msg[ERRMAX];

	put("/env/script", sh, sizeof sh - 1);
	check(strstr(tryexec("/env/script", msg), ": fine"), "O4_script", "%s", msg);
	put("/env/twice", twice, sizeof twice - 1);
	check(strstr(tryexec("/env/twice", msg), "exec header invalid"), "O4_script_of_a_script", "%s", msg);
	put("/env/none", none, sizeof none - 1);
	check(strstr(tryexec("/env/none", msg), "does not exist"), "O4_script_without_interpreter", "%s",
	      msg);
	refused("O4_script_without_a_line", noline, sizeof noline - 1);
	remove("/env/script");
	remove("/env/twice");
	remove("/env/none");
}

void
main(int argc, char **argv)
{
	char msg[ERRMAX], *hello[] = {"/bin/aouthello", "a", "b", nil};

	(void)argc, (void)argv;
	check(run(hello, msg, sizeof msg) == 0 && !*msg, "O4_aout_runs", "%s", msg);
	load("/boot/echo");
	put("/env/copy", image, imagelen);
	check(!*tryexec("/env/copy", msg), "O4_elf_from_the_environment", "%s", msg);
	remove("/env/copy");
	check(strstr(tryexec("/boot", msg), "cannot exec directory"), "O4_directory", "%s", msg);
	check(strstr(tryexec("/boot/nothing", msg), "'/boot/nothing' file does not exist"), "O4_nothing",
	      "%s", msg);
	check(*tryexec("/dev/null", msg) != 0, "O4_device", "it ran");
	refused("O4_empty_file", "", 0);
	refused("O4_text_file", "hello world, this is no program at all, whatever it says here\n", 60);
	badaout();
	badelf();
	scripts();
	testend();
}
