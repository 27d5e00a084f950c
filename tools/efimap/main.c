/*
 * efimap: what an EFI memory map says, and what a kernel makes of it. Host.
 * Reads the dumps of many programs and converts them with the kernel's own files; see efimap.1.
 * Here: the command line, one input after the other, the exit status.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "efimap.h"

static const char usage[] =
    "usage: efimap [options] [FILE...]        (- or no file: standard input)\n"
    "       efimap --diff [options] A B\n"
    "\n"
    "Reads an EFI memory map from a log (Linux with efi=debug, UEFI shell memmap, GRUB lsefimmap,\n"
    "FreeBSD boot -v, Xen, imago) and shows what becomes of every byte, and why.\n"
    "\n"
    "      --table        a table, coloured on a terminal (default)\n"
    "      --json         one JSON object per input, one line each\n"
    "      --svg          a picture\n"
    "      --html         one page: zoomable picture, decisions, search; no network\n"
    "      --as FORMAT    the descriptors in another program's words: imago linux-old linux-flags\n"
    "                     linux-arm64 uefi-shell uefi-shell-sfo grub freebsd xen raw e820\n"
    "      --diff         what changed from A to B, by address and class (--table, --json, --html)\n"
    "      --check        imago's boot log: recompute the ledger and compare\n"
    "      --raw          FILE holds the descriptors themselves\n"
    "      --stride N     bytes from one raw descriptor to the next (default 48)\n"
    "      --arch ARCH    x86_64 or aarch64: the machine's rules (default: as the log says)\n"
    "      --nth N        the Nth dump of the file (default: the last complete one)\n"
    "      --strict       exit 1 if the map has anomalies\n"
    "      --color WHEN   always, never or auto\n"
    "  -h, --help         this text\n"
    "\n"
    "Exit: 0 fine, 1 anomalies under --strict or a difference, 2 unusable input.\n";

enum {
	OptTable = 256,
	OptJson,
	OptSvg,
	OptHtml,
	OptCheck,
	OptAs,
	OptDiff,
	OptRaw,
	OptStride,
	OptArch,
	OptNth,
	OptStrict,
	OptColor
};

static const struct option longopts[] = {
    {"table", no_argument, nil, OptTable},
    {"json", no_argument, nil, OptJson},
    {"svg", no_argument, nil, OptSvg},
    {"html", no_argument, nil, OptHtml},
    {"check", no_argument, nil, OptCheck},
    {"as", required_argument, nil, OptAs},
    {"diff", no_argument, nil, OptDiff},
    {"raw", no_argument, nil, OptRaw},
    {"stride", required_argument, nil, OptStride},
    {"arch", required_argument, nil, OptArch},
    {"nth", required_argument, nil, OptNth},
    {"strict", no_argument, nil, OptStrict},
    {"color", required_argument, nil, OptColor},
    {"colour", required_argument, nil, OptColor},
    {"help", no_argument, nil, 'h'},
    {nil, 0, nil, 0},
};

static int
refuse(const char *what, const char *word)
{
	fprintf(stderr, "efimap: %s%s%s\nTry `efimap --help'.\n", what, word != nil ? ": " : "",
		word != nil ? word : "");
	return ExitUnusable;
}

static bool
numeric(const char *s, u32 *v)
{
	char *end;
	errno = 0;
	unsigned long n = strtoul(s, &end, 0);
	*v = (u32)n;
	return *s >= '0' && *s <= '9' && *end == 0 && errno == 0 && n <= 0xffffffff;
}

static int
format(Options *o, const char *word)
{
	o->mode = ModeAs;
	o->as = sourcebyname(word);
	return o->as != SrcNone || strcmp(word, "e820") == 0 ? 0 : refuse("no such format", word);
}

static int
color(Options *o, const char *when)
{
	if (strcmp(when, "always") == 0)
		o->color = true;
	else if (strcmp(when, "never") == 0)
		o->color = false;
	else if (strcmp(when, "auto") != 0)
		return refuse("--color is always, never or auto, not", when);
	return 0;
}

static int
option(Options *o, int c)
{
	switch (c) {
	case OptTable:
	case OptJson:
	case OptSvg:
	case OptHtml:
	case OptCheck:
		o->mode = (enum Mode)(c - OptTable);
		return 0;
	case OptAs:
		return format(o, optarg);
	case OptDiff:
		o->diff = true;
		return 0;
	case OptRaw:
		o->raw = true;
		return 0;
	case OptStride:
		return numeric(optarg, &o->stride) ? 0
						   : refuse("--stride wants a number of bytes, not", optarg);
	case OptArch:
		o->arch = optarg;
		if (strcmp(optarg, "x86_64") == 0 || strcmp(optarg, "aarch64") == 0)
			return 0;
		return refuse("--arch is x86_64 or aarch64, not", optarg);
	case OptNth:
		return numeric(optarg, &o->nth) && o->nth > 0
			   ? 0
			   : refuse("--nth wants a number from 1, not", optarg);
	case OptStrict:
		o->strict = true;
		return 0;
	case OptColor:
		return color(o, optarg);
	default:
		return refuse("unknown option", nil);
	}
}

static int
load(Map *m, const char *name, const Options *o)
{
	bool std = strcmp(name, "-") == 0;
	FILE *f = std ? stdin : fopen(name, "r");
	if (f == nil) {
		fprintf(stderr, "efimap: %s: %s\n", name, strerror(errno));
		*m = (Map){0};
		return ExitUnusable;
	}
	int r = mapread(m, std ? "standard input" : name, f, o);
	if (!std)
		fclose(f);
	if (r == ExitFine)
		r = mapconvert(m, o);
	if (r == ExitFine && m->note[0] != 0)
		fprintf(stderr, "efimap: %s: %s\n", m->name, m->note);
	return r;
}

static int
show(Map *m, const Options *o)
{
	switch (o->mode) {
	case ModeJson:
		return jsonwrite(stdout, m);
	case ModeSvg:
		svgwrite(stdout, m);
		return ExitFine;
	case ModeHtml:
		return htmlwrite(stdout, m, nil);
	case ModeCheck:
		return checkwrite(stdout, m);
	case ModeAs:
		aswrite(stdout, m, o->as);
		return ExitFine;
	default:
		tablewrite(stdout, m, o);
		return ExitFine;
	}
}

static int
one(const char *name, const Options *o)
{
	Map m;
	int r = load(&m, name, o);
	if (r == ExitFine)
		r = show(&m, o);
	if (r == ExitFine && o->strict && m.m.nanomaly > 0)
		r = ExitDiffers;
	mapfree(&m);
	return r;
}

static void
forget(void *aux, u64 start, u64 end, const char *was, const char *is)
{
	(void)aux, (void)start, (void)end, (void)was, (void)is;
}

static int
two(char **name, const Options *o)
{
	Map a, b;
	int r = load(&a, name[0], o), s = load(&b, name[1], o);
	r = r > s ? r : s;
	if (r == ExitFine && o->mode == ModeHtml) {
		r = htmlwrite(stdout, &a, &b);
		if (r == ExitFine && diffwalk(&a, &b, forget, nil))
			r = ExitDiffers;
	} else if (r == ExitFine)
		r = diffwrite(stdout, &a, &b, o);
	if (r == ExitFine && o->strict && a.m.nanomaly + b.m.nanomaly > 0)
		r = ExitDiffers;
	mapfree(&a);
	mapfree(&b);
	return r;
}

int
main(int argc, char **argv)
{
	Options o = {.stride = 48, .color = isatty(1) && getenv("NO_COLOR") == nil};
	static char *stdinput[] = {"-"};
	int worst = ExitFine, c;
	while ((c = getopt_long(argc, argv, "h", longopts, nil)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			return ExitFine;
		}
		if (option(&o, c) != 0)
			return ExitUnusable;
	}
	char **names = optind < argc ? argv + optind : stdinput;
	int n = optind < argc ? argc - optind : 1;
	if (o.diff && (n != 2 || o.mode == ModeSvg || o.mode == ModeCheck || o.mode == ModeAs))
		return refuse("--diff wants two files, and --table, --json or --html", nil);
	if (o.diff)
		worst = two(names, &o);
	for (int i = 0; i < n && !o.diff; i++) {
		if (i > 0 && o.mode == ModeTable)
			putchar('\n');
		int r = one(names[i], &o);
		worst = r > worst ? r : worst;
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "efimap: writing: %s\n", strerror(errno));
		return ExitUnusable;
	}
	return worst;
}
