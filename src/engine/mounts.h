/*
 * mounts.h - the mounts that a request asks for: what they are on this host.
 */
#ifndef ENGINE_MOUNTS_H
#define ENGINE_MOUNTS_H

#include "engine/container.h"
#include "engine/spec.h"

/*
 * create: request and image volumes -> the record's mounts. Named volumes are made, anonymous ones
 * too; --volumes-from is copied; the sources of binds become absolute and must exist.
 */
int mounts_plan(struct engine *e, const struct run_request *r, const struct image_settings *image,
		struct container_record *record, struct error *err);
/* start: the record's mounts -> sources on the host. Fills what is to be filled from the rootfs. */
int mounts_resolve(struct engine *e, const struct container *c, const struct run_request *r,
		   int rootfs, struct resolved_mounts *out, struct error *err);
/* Only that: what the image has where a new volume goes becomes its content, once. */
int mounts_fill(struct engine *e, const struct container *c, int rootfs, struct error *err);

#endif
