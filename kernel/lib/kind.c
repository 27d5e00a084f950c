/*
 * kind.c: the words behind the kinds of memory. Both lives and the host; pure, no state.
 * Everything is drawn from the one table in kind.h.
 */
#include "kind.h"

#define K(name, word, type, ram, color) [name] = {word, type, ram, color},
static const struct {
	const char *word;
	enum MemType type;
	bool ram;
	u32 color;
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

u32
kindcolor(Kind k)
{
	return (u32)k < NKIND ? kinds[k].color : 0;
}
