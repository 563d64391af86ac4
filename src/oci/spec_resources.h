/*
 * spec_resources.h - the field table of linux.resources, for spec.c.
 */
#ifndef OCI_SPEC_RESOURCES_H
#define OCI_SPEC_RESOURCES_H

#include "oci/spec.h"

extern const struct field spec_resources_fields[];
int spec_resources_check(const struct spec_resources *r, struct error *err); /* ranges, forms */

#endif
