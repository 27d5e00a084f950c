/* kernel/lib is pure. room: lib  refused: file not found|No such file */
#ifdef REFUSE
#include "mm.h"
#endif
#include "lib.h"
