/* mm knows no process. room: mm  refused: file not found|No such file */
#ifdef REFUSE
#include "dat.h"
#endif
#include "mm.h"
