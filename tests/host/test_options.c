/*
 * Load options as firmware passes them, and the conf text that they and boot.cfg make.
 * sources: efi/options.c kernel/lib/str.c kernel/lib/format.c
 */
#include "host.h"
#include "options.h"
#include "guest.h"

static char text[OptionsMax], conf[ConfMax];

/* optionsread() is of the first life whole: tests/host/test_exit.c. */
EFI_STATUS
takepages(Guest *g, Kind kind, u64 bytes, u64 below, const char *what, BootRun *run)
{
	(void)g, (void)kind, (void)bytes, (void)below, (void)what, (void)run;
	return EFI_OUT_OF_RESOURCES;
}
void
givepages(Guest *g, const BootRun *run)
{
	(void)g, (void)run;
}
EFI_STATUS
fileread(Guest *g, const CHAR16 *path, Kind kind, const char *what, BootRun *run)
{
	(void)g, (void)path, (void)kind, (void)what, (void)run;
	return EFI_NOT_FOUND;
}
EFI_STATUS
refuse(Guest *g, EFI_STATUS s, const char *fmt, ...)
{
	(void)g, (void)fmt;
	return s;
}

static void
words(const char *s, const char *want, u32 bad)
{
	conf[0] = 0;
	assert_int_equal(confwords(conf, sizeof conf, s), bad);
	assert_string_equal(conf, want);
}

static void
test_A8_words_become_lines(void **state)
{
	(void)state;
	words("", "", 0);
	words("  \t ", "", 0);
	words("a=1 b=2", "a=1\nb=2\n", 0);
	words("*nomp a=", "*nomp=1\na=\n", 0);
	words("BOOTX64.EFI a=1 junk", "a=1\n", 2);
	words("n='two words' m=\"it's\"", "n=two words\nm=it's\n", 0);
	words("n='never closed", "n=never closed\n", 0);
}

static void
test_A8_a_full_text_takes_no_more(void **state)
{
	char small[12] = "";

	(void)state;
	assert_true(confadd(small, sizeof small, "abc=1", 5));
	assert_false(confadd(small, sizeof small, "def=22", 6));
	assert_true(confadd(small, sizeof small, "d=2", 3));
	assert_false(confadd(small, sizeof small, "", 0) && strlen(small) > 11);
	assert_memory_equal(small, "abc=1\nd=2\n", 10);
}

static void
test_A8_the_last_line_wins(void **state)
{
	static const char c[] = "# a=0\na=1\nab=2\na=\nb=3\r\na=44";
	usize n;

	(void)state;
	assert_memory_equal(confvalue(c, "a", &n), "44", 3);
	assert_int_equal(n, 2);
	assert_memory_equal(confvalue(c, "ab", &n), "2\n", 2);
	assert_int_equal(n, 1);
	assert_null(confvalue(c, "c", &n));
	assert_null(confvalue("", "c", &n));
	assert_null(confvalue("cc", "c", &n));
}

static void
test_A8_ucs2_becomes_text(void **state)
{
	static const CHAR16 good[] = u"a=1\tb=2";
	static const CHAR16 odd[] = {'a', 0x263a, 0};
	static const u8 binary[] = {0x01, 0xd8, 0xff, 0xff, 0x00, 0xdc, 0x07};

	(void)state;
	assert_true(optiontext(nil, 100, text, sizeof text));
	assert_string_equal(text, "");
	assert_true(optiontext(good, sizeof good, text, sizeof text));
	assert_string_equal(text, "a=1\tb=2");
	assert_true(optiontext(good, 7, text, sizeof text)); /* odd length, no NUL */
	assert_string_equal(text, "a=1");
	assert_true(optiontext(good, sizeof good, text, 3));
	assert_string_equal(text, "a=");
	assert_false(optiontext(odd, sizeof odd, text, sizeof text));
	assert_string_equal(text, "");
	assert_false(optiontext(binary, sizeof binary, text, sizeof text));
}

/* A Dell T3620 hands over the boot entry itself [UEFI 2.10 3.1.3]. */
static usize
entry(u8 *d, const CHAR16 *options, usize n)
{
	static const CHAR16 description[] = u"imago";
	static const u8 path[] = {4, 4, 8, 0, 'x', 0, 0, 0, 0x7f, 0xff, 4, 0};
	usize at = 0;

	memcpy(d, "\x01\x00\x00\x00", 4);
	d[4] = sizeof path;
	d[5] = 0;
	at = 6;
	memcpy(d + at, description, sizeof description);
	at += sizeof description;
	memcpy(d + at, path, sizeof path);
	at += sizeof path;
	memcpy(d + at, options, n);
	return at + n;
}

static void
test_V4_a_whole_boot_entry_is_unwrapped(void **state)
{
	static const CHAR16 options[] = u"*debug=3";
	u8 d[128];
	usize n = entry(d, options, sizeof options);

	(void)state;
	assert_true(optiontext(d, n, text, sizeof text));
	assert_string_equal(text, "*debug=3");
	n = entry(d, options, 0);
	assert_true(optiontext(d, n, text, sizeof text)); /* no options in it */
	assert_string_equal(text, "");
	for (usize cut = 0; cut < n; cut++) { /* cut anywhere: never read behind the end */
		u8 *part = malloc(cut + 1);
		memcpy(part, d, cut);
		(void)optiontext(part, cut, text, sizeof text);
		free(part);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_A8_words_become_lines),
	    cmocka_unit_test(test_A8_a_full_text_takes_no_more),
	    cmocka_unit_test(test_A8_the_last_line_wins),
	    cmocka_unit_test(test_A8_ucs2_becomes_text),
	    cmocka_unit_test(test_V4_a_whole_boot_entry_is_unwrapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
