/*
 * caps.h - capabilities as bit masks.
 */
#ifndef RUNTIME_CAPS_H
#define RUNTIME_CAPS_H

#include "util/str.h"

#include <stdint.h>

int capability_number(const char *name);	    /* "CAP_CHOWN": 0; unknown: -1 */
uint64_t capability_mask(const struct strv *names); /* unknown names are left out */

#endif
