/*
 * spec.h - request + image + facts -> struct spec. Pure: no I/O; every default is applied here.
 *
 * Spec   runtime-spec 1.2; image-spec conversion.md; SECURITY.md section 3.
 */
#ifndef ENGINE_SPEC_H
#define ENGINE_SPEC_H

#include "engine/facts.h"
#include "engine/request.h"
#include "oci/image_config.h"
#include "oci/spec.h"

/* What was resolved by I/O before: plain values. */
struct spec_input {
	const struct run_request *request;
	const struct image_settings *image; /* NULL: --rootfs or none */
	const struct host_facts *facts;
	const struct user *user;       /* resolved in the rootfs */
	const char *id;		       /* 64 hex */
	const char *container_dir;     /* absolute path: hosts, hostname, resolv.conf live there */
	const char *rootfs;	       /* absolute path of the mountpoint */
	VEC(struct spec_mount) mounts; /* request's mounts with sources resolved to host paths */
	struct {
		char *network, *pid, *ipc, *uts; /* "/proc/PID/ns/net" of container:ID */
	} join;
};
int spec_make(const struct spec_input *in, struct spec *out, struct error *err);
/* The command line that results: entrypoint and cmd by the rules of docker. Empty: ERR_INVALID. */
int spec_command(const struct run_request *r, const struct image_settings *image, struct strv *args,
		 struct error *err);

#endif
