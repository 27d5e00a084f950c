/* A port does not know the kernel's processes. room: port  refused: file not found|No such file */
#ifdef REFUSE
#include "dat.h"
#endif
#include "arch.h"
