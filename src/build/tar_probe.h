/*
 * tar_probe.h - is a file a tar, of whatever compression?
 */
#ifndef BUILD_TAR_PROBE_H
#define BUILD_TAR_PROBE_H

#include "util/error.h"

/*
 * By content, not by name: it decompresses to a block whose tar checksum is right. 1, 0, -1. An
 * empty or a damaged file is none. The descriptor's position is put back to the start.
 */
int tar_probe(int fd, struct error *err);

#endif
