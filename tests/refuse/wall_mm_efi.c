/* The river bed knows no EFI. room: mm  refused: file not found|No such file */
#ifdef REFUSE
#include <efi.h>
#endif
#include "mm.h"
