/*
 * devtab.c: the devices that this kernel has. A channel's type is an index here. devcheck() looks the
 * table over when devices are reset, and a host test does.
 */
#include "dat.h"

extern Dev rootdevtab, consdevtab, dupdevtab, envdevtab, pipedevtab, procdevtab, swapdevtab, archdevtab;

Dev *const devtab[] = {
    &rootdevtab, &consdevtab, &dupdevtab, &envdevtab, &pipedevtab, &procdevtab, &swapdevtab, &archdevtab, nil,
};
