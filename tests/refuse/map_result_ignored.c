/* What a mapping answers must be looked at. room: mm  refused: unused.result|ignoring return value */
#include "mm.h"

void map(Ptab *t);

void
map(Ptab *t)
{
#ifdef REFUSE
	ptmap(t, KZERO, topaddr(0), BY2PG, PermR, MtWB);
#else
	if (ptmap(t, KZERO, topaddr(0), BY2PG, PermR, MtWB) != MapOk)
		panic("map");
#endif
}
