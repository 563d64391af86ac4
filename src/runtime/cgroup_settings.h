/*
 * cgroup_settings.h - linux.resources as writes to the files of a cgroup. Pure.
 */
#ifndef RUNTIME_CGROUP_SETTINGS_H
#define RUNTIME_CGROUP_SETTINGS_H

#include "oci/spec.h"
#include "util/error.h"
#include "util/vec.h"

struct cgroup_setting {
	char *file, *value;
	char *other, *other_value; /* what to write where the first file is absent, or NULL */
	bool is_default;	   /* where it cannot be set it is left out */
	bool keep_first; /* the first word of the value is the one that stands in the file now */
};
typedef VEC(struct cgroup_setting) cgroup_settings;

/*
 * In the order in which they are to be written. defaults: blank-separated files, or NULL; see
 * ANNOTATION_DEFAULT_LIMITS. ERR_INVALID for what contradicts itself.
 */
int cgroup_settings_plan(const struct spec_resources *r, const char *defaults, cgroup_settings *s,
			 struct error *err);
void cgroup_settings_done(cgroup_settings *s);
int64_t cgroup_weight_of_shares(int64_t shares); /* v1's 2..262144 -> v2's 1..10000 */
/* "memory.max" -> "memory"; "cgroup.procs" -> NULL, as it needs none. Yours. */
char *cgroup_controller_of(const char *file);

#endif
