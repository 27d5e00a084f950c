/* The second life knows no EFI. room: kernel  refused: file not found|No such file */
#ifdef REFUSE
#include <efi.h>
#endif
#include "mm.h"
