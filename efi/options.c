/*
 * options.c: what the user wants: \boot.cfg and the load options become one text for getconf().
 *
 * First life. The file has a name=value line for each setting, # comments and blank lines, and goes in as
 * it is; the load options are UCS-2 words of the same form, quoted where a value has blanks, a bare *word
 * meaning *word=1, and follow one on a line, so that they win. The text ends in a NUL. Firmware passes odd
 * things as load options (nothing, binary, a whole EFI_LOAD_OPTION): what is no text is left out. Pure but
 * for optionsread().
 */
#include "guest.h"
#include "options.h"

static bool
blank(int c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Value of the last line that sets this name in conf text, *len bytes without a NUL, or nil. */
const char *
confvalue(const char *conf, const char *name, usize *len)
{
	usize n = strlen(name), line;
	const char *value = nil;

	for (; *conf != 0; conf += line + (conf[line] != 0)) {
		for (line = 0; conf[line] != 0 && conf[line] != '\n'; line++)
			;
		if (line > n && strncmp(conf, name, n) == 0 && conf[n] == '=') {
			value = conf + n + 1;
			*len = line - n - 1;
		}
	}
	return value;
}

/* Add n bytes and a newline to the conf text of at most cap bytes; false: no room, nothing added. */
bool
confadd(char *conf, usize cap, const char *s, usize n)
{
	usize len = strlen(conf);

	if (n >= cap || len + n + 2 > cap)
		return false;
	memcpy(conf + len, s, n);
	memcpy(conf + len + n, "\n", 2);
	return true;
}

/*
 * Some firmware hands over the boot entry itself instead of the options in it (Dell T3620): attributes,
 * length of the device path, a description, the path, and only then the options [UEFI 2.10 3.1.3].
 * Moves *p and *n to the options if the bytes have that shape.
 */
static void
unwrapentry(const u8 **p, usize *n)
{
	enum { Head = 6, Flags = 0x1f0b, PathEnd = 4 };
	const u8 *s = *p;
	usize path, i;

	if (*n < Head + 2 + PathEnd || (le32(s) & ~(u32)Flags) != 0 || (le32(s) & 1) == 0)
		return;
	path = le16(s + 4);
	for (i = Head; i + 2 <= *n && le16(s + i) != 0; i += 2)
		;
	i += 2;
	if (path < PathEnd || i > *n || path > *n - i)
		return;
	if (le32(s + i + path - PathEnd) != 0x0004ff7f) /* end of the whole path [UEFI 2.10 10.3.1] */
		return;
	*p = s + i + path;
	*n -= i + path;
}

/* UCS-2 load options to ASCII in d[0..cap); what is no printable text gives an empty string and false. */
bool
optiontext(const void *options, usize bytes, char *d, usize cap)
{
	const u8 *p = options;
	usize i;
	u16 c;

	d[0] = 0;
	if (p == nil)
		return true;
	unwrapentry(&p, &bytes);
	for (i = 0; 2 * i + 1 < bytes && i + 1 < cap; i++) {
		c = le16(p + 2 * i);
		if (c == 0)
			break;
		if (c >= 0x7f || (c < ' ' && !blank(c))) {
			d[0] = 0;
			return false;
		}
		d[i] = (char)c;
	}
	d[i] = 0;
	return true;
}

/* One word of the options: [*i, end) without its quotes goes to w; false at the end of the text. */
static bool
nextword(const char *s, usize *i, char *w, usize cap)
{
	char quote = 0;
	usize n = 0;

	while (blank(s[*i]))
		++*i;
	if (s[*i] == 0)
		return false;
	for (; s[*i] != 0 && (quote != 0 || !blank(s[*i])); ++*i) {
		if (quote != 0 ? s[*i] == quote : s[*i] == '\'' || s[*i] == '"')
			quote = quote != 0 ? 0 : s[*i];
		else if (n + 3 < cap)
			w[n++] = s[*i];
	}
	w[n] = 0;
	return true;
}

/* Words of the options into the conf text; counts those that set nothing. */
u32
confwords(char *conf, usize cap, const char *s)
{
	char w[OptionMax];
	usize i = 0, n;
	u32 bad = 0;

	while (nextword(s, &i, w, sizeof w)) {
		n = strlen(w);
		if (w[0] == '*' && strchr(w, '=') == nil) {
			memcpy(w + n, "=1", 3);
			n += 2;
		}
		if (strchr(w, '=') == nil || !confadd(conf, cap, w, n))
			bad++;
	}
	return bad;
}

/* \boot.cfg into the empty conf text: as it is, up to the first NUL. A machine without it is fine. */
static EFI_STATUS
cfgread(Guest *g, char *conf)
{
	static const CHAR16 path[] = u"\\boot.cfg";
	BootRun file;
	const char *text;
	usize n;
	EFI_STATUS s;

	s = fileread(g, path, KLoader, "boot.cfg", &file);
	if (s != EFI_SUCCESS)
		return s == EFI_NOT_FOUND ? EFI_SUCCESS : s;
	text = (const char *)(uintptr)pabits(file.pa);
	for (n = 0; n < file.size && text[n] != 0; n++)
		;
	if (n < file.size)
		print(
		    "efi: boot.cfg is no text at byte %zu (%s): the %llu bytes from there are left out\n", n,
		    file.size >= 2 && (u8)text[0] == 0xff && (u8)text[1] == 0xfe ? "UTF-16; save it as UTF-8"
										 : "NUL",
		    file.size - n);
	if (!confadd(conf, ConfMax, text, n))
		s = refuse(g, EFI_BAD_BUFFER_SIZE, "boot.cfg: has more than %d bytes", ConfMax - OptionsMax);
	givepages(g, &file);
	return s;
}

/* The file and then the load options into the parcel's conf; words that set nothing are counted. */
EFI_STATUS
optionsread(Guest *g)
{
	static char words[OptionsMax];
	BootKeep *k = &g->boot->keep;
	char *conf;
	u32 bad;
	bool text;
	EFI_STATUS s;

	s = takepages(g, KConf, ConfMax, 0, "boot.cfg", &k->conf);
	if (s != EFI_SUCCESS)
		return s;
	conf = (char *)(uintptr)pabits(k->conf.pa);
	conf[0] = 0;
	s = cfgread(g, conf);
	if (s != EFI_SUCCESS)
		return s;
	text = optiontext(g->loaded->LoadOptions, g->loaded->LoadOptionsSize, words, sizeof words);
	bad = confwords(conf, ConfMax, words);
	k->conf.size = strlen(conf) + 1;
	print("efi: conf %llu bytes, ignored %u load options%s\n", k->conf.size, bad,
	      text ? "" : ", which are not text");
	return EFI_SUCCESS;
}
