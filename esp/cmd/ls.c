/*
 * ls.c: names in directories, sorted; -l: mode, device, owner, length too.
 */
#include "user.h"

static bool lflag;

typedef struct Names Names;
struct Names {
	Dir *d;
	usize n, cap;
};

static void
add(Names *l, const Dir *d)
{
	if (l->n == l->cap) {
		usize cap = l->cap ? 2 * l->cap : 32;
		Dir *new = malloc(cap * sizeof *new);
		if (!new)
			fatal("no memory");
		if (l->n)
			memcpy(new, l->d, l->n * sizeof *new);
		free(l->d);
		l->d = new;
		l->cap = cap;
	}
	l->d[l->n++] = *d;
}

/* name: what the user called it, or nil: its own name below dir. */
static void
show(const char *dir, const char *name, const Dir *d)
{
	static const char rwx[] = "rwxrwxrwx";
	char mode[11] = "----------";

	if (lflag) {
		if (d->mode & DMDIR)
			mode[0] = 'd';
		for (int i = 0; i < 9; i++)
			if (d->mode & (0400u >> i))
				mode[i + 1] = rwx[i];
		/* a device's letter is a character below 0x800: one byte of UTF-8, or two */
		char type[3] = {(char)d->type};
		if (d->type >= 0x80) {
			type[0] = (char)(0xc0 | d->type >> 6);
			type[1] = (char)(0x80 | (d->type & 0x3f));
		}
		print("%s %s %u %s %s %8llu ", mode, type, d->dev, d->uid, d->gid, d->length);
	}
	print("%s%s%s\n", dir, *dir ? "/" : "", name ? name : d->name);
}

static void
sort(Names *l)
{
	for (usize i = 1; i < l->n; i++)
		for (usize j = i; j > 0 && strcmp(l->d[j - 1].name, l->d[j].name) > 0; j--) {
			Dir t = l->d[j];
			l->d[j] = l->d[j - 1];
			l->d[j - 1] = t;
		}
}

static void
lsdir(const char *name, bool prefix)
{
	static u8 buf[8192];
	Names l = {nil, 0, 0};
	Dir d;
	i64 n;
	usize used, len;
	int fd = open(name, OREAD);

	if (fd < 0)
		fatal("%s: %s", name, lasterr());
	while ((n = read(fd, buf, sizeof buf)) > 0)
		for (used = 0; (len = dirunpack(buf + used, (usize)n - used, &d)) > 0; used += len)
			add(&l, &d);
	if (n < 0)
		fatal("reading %s: %s", name, lasterr());
	close(fd);
	sort(&l);
	for (usize i = 0; i < l.n; i++)
		show(prefix ? name : "", nil, &l.d[i]);
	free(l.d);
}

static void
ls(const char *name, bool prefix)
{
	Dir d;

	if (dirstat(name, &d) < 0)
		fatal("%s: %s", name, lasterr());
	if (d.mode & DMDIR)
		lsdir(name, prefix);
	else
		show("", name, &d);
}

void
main(int argc, char **argv)
{
	int i = 1;

	if (argc > 1 && strcmp(argv[1], "-l") == 0) {
		lflag = true;
		i++;
	}
	if (i == argc)
		ls(".", false);
	for (; i < argc; i++)
		ls(argv[i], true);
}
