/*
 * mapview.h: the memory as a picture at the top of the screen.
 */
#pragma once

#include "ledger.h"

/* Draw it, if there is a screen with room. Once, before anything scrolls. */
void mapview(Ledger *l);
