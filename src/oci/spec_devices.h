/*
 * spec_devices.h - private to oci: links of the host that move in, and classes of cache and memory.
 */
#ifndef OCI_SPEC_DEVICES_H
#define OCI_SPEC_DEVICES_H

#include "oci/spec.h"

int spec_net_devices_check(const struct spec_linux *l, struct error *err);
int spec_intel_rdt_check(const struct spec_intel_rdt *r, struct error *err);

#endif
