/*
 * kind.c: the words behind the kinds of memory. Both lives and the host; pure, no state.
 * Everything is drawn from the one table in kind.h.
 */
#include "kind.h"

#define K(name, word, type, ram) [name] = {word, type, ram},
static const struct {
	const char *word;
	enum MemType type;
	bool ram;
} kinds[NKIND] = {KINDS(K)};
#undef K

const char *
kindword(Kind k)
{
	return (u32)k < NKIND ? kinds[k].word : "?";
}

bool
kindisram(Kind k)
{
	return (u32)k < NKIND && kinds[k].ram;
}

enum MemType
kindmemtype(Kind k)
{
	return (u32)k < NKIND ? kinds[k].type : MemReserved;
}
