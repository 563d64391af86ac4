/*
 * spec_parts.h - what spec.c is put together from; see include/engine/spec.h.
 */
#ifndef ENGINE_SPEC_PARTS_H
#define ENGINE_SPEC_PARTS_H

#include "engine/spec.h"

/* One --security-opt, taken apart. */
struct security {
	bool no_new_privileges;
	bool seccomp_unconfined;
	const char *seccomp_profile; /* JSON text, or NULL: the default */
	const char *apparmor;	     /* profile, or NULL */
	const char *label;	     /* "disable" or SELinux parts; NULL */
	bool unmask_all;
	struct strv mask, unmask;
};
void security_done(struct security *s);
int security_parse(const struct strv *opts, struct security *s, struct error *err);

bool mode_is(const char *mode, const char *what); /* NULL is "" */

int spec_mounts(const struct spec_input *in, struct spec *out, struct error *err);
int spec_security(const struct spec_input *in, struct spec *out, struct error *err);
void spec_limits(const struct spec_input *in, struct spec *out);
int spec_namespaces(const struct spec_input *in, struct spec *out, struct error *err);

#endif
