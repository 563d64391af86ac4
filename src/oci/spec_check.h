/*
 * spec_check.h - what config.json must hold beyond the types of its members.
 */
#ifndef SPEC_CHECK_H
#define SPEC_CHECK_H

#include "oci/spec.h"

int spec_check(const struct spec *s, struct error *err); /* ERR_INVALID with the path */
int spec_process_check(const struct spec_process *p, struct error *err);

#endif
