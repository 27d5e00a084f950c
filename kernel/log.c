/*
 * log.c: the ring log: the newest bytes of everything printed, in one run of pages that both lives
 * write and a debugger or the next boot finds by its magic. Pure; the host tests compile it. The
 * writer serialises (print's lock); a reader only sees less than it might, never something wrong
 * twice: it checks afterwards that its bytes were not overwritten meanwhile.
 */
#include "log.h"
#include "lib.h"

void
loginit(Log *l, u64 bytes)
{
	l->magic = LOGMAGIC;
	l->size = bytes - sizeof *l;
	l->head = 0;
	l->phase = 0;
}

void
logwrite(Log *l, const char *s, usize n)
{
	u64 at, run;

	if (n > l->size) {
		l->head += n - l->size;
		s += n - l->size;
		n = l->size;
	}
	at = l->head % l->size;
	run = l->size - at;
	if (run > n)
		run = n;
	memmove(l->data + at, s, run);
	memmove(l->data, s + run, n - run);
	__atomic_store_n(&l->head, l->head + n, __ATOMIC_RELEASE);
}

usize
logread(Log *l, u64 *from, char *d, usize n)
{
	u64 head = __atomic_load_n(&l->head, __ATOMIC_ACQUIRE);
	u64 oldest = head > l->size ? head - l->size : 0;
	usize got;

	if (*from < oldest || *from > head)
		*from = oldest;
	for (got = 0; got < n && *from + got < head; got++)
		d[got] = (char)l->data[(*from + got) % l->size];
	head = __atomic_load_n(&l->head, __ATOMIC_ACQUIRE);
	if (head > l->size && *from < head - l->size) { /* the writer overtook us */
		*from = head - l->size;
		return 0;
	}
	*from += got;
	return got;
}
