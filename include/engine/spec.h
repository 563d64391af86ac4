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

/* PATH of a command whose image sets none, and of an image that begins with nothing */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What was resolved by I/O before: plain values, all borrowed. */
struct spec_input {
	const struct run_request *request;
	const struct image_settings *image; /* NULL: --rootfs or none */
	const struct host_facts *facts;
	const struct user *user; /* resolved in the rootfs */
	const char *id;		 /* 64 hex */
	const char *etc_dir;	 /* absolute: hosts, hostname, resolv.conf to bind; NULL: none */
	const char *hostname;	 /* what the container will be called */
	const char *rootfs;	 /* absolute path of the mountpoint */
	const char *init;	 /* --init: path of the init program on the host */
	const struct resolved_mounts *mounts;
	const char *join_network, *join_pid, *join_ipc, *join_uts; /* "/proc/PID/ns/net" */
};
/* The request's mounts and devices as they are on the host. */
struct resolved_mounts {
	VEC(struct spec_mount) v;
	VEC(struct spec_device) devices; /* --device; --privileged: the host's */
	VEC(struct spec_device_rule) rules;
	struct spec_block_io *block_io; /* limits of devices, by their numbers; NULL: none */
};
void resolved_mounts_done(struct resolved_mounts *m);

/* Pure: request, image and host's facts -> what config.json will be. out: spec_done() in any case. */
int spec_make(const struct spec_input *in, struct spec *out, struct error *err);
/* The command line that results: entrypoint and cmd by the rules of docker. Empty: ERR_INVALID. */
int spec_command(const struct run_request *r, const struct image_settings *image, struct strv *args,
		 struct error *err);

#endif
