/*
 * run_mount.h - RUN --mount=...: what was asked for, as data. Pure.
 *
 * Spec   Dockerfile reference, "RUN --mount"; FEATURES B27-B32.
 */
#ifndef BUILD_RUN_MOUNT_H
#define BUILD_RUN_MOUNT_H

#include "util/error.h"
#include "util/str.h"
#include "util/vec.h"

enum run_mount_type { MOUNT_BIND, MOUNT_CACHE, MOUNT_TMPFS, MOUNT_SECRET, MOUNT_SSH };
enum mount_sharing {
	SHARING_SHARED,	 /* any number of steps at once */
	SHARING_PRIVATE, /* who comes second gets another directory */
	SHARING_LOCKED,	 /* who comes second waits */
};
struct run_mount {
	enum run_mount_type type;
	char *from; /* bind, cache: a stage, an image, a context; NULL: the build context, nothing */
	char *source; /* bind, cache: path in it, cleaned and absolute */
	char *target; /* as written; NULL: the type's default */
	char *id;     /* cache, secret, ssh; NULL: the type's default */
	char *env;    /* secret: the variable that holds it */
	enum mount_sharing sharing;
	bool readonly, required;
	int64_t size;		/* tmpfs: bytes; -1 */
	int64_t mode, uid, gid; /* -1: not given */
};
typedef VEC(struct run_mount) run_mounts;
/*
 * "type=cache,target=/x": comma-separated, CSV quotes, keys in any case, variables in all values
 * but from's replaced from env ("K=V"); NULL: none are replaced and values with a '$' are not
 * looked into. ERR_INVALID, naming the nearest key.
 */
int run_mount_parse(const char *text, char escape, const struct strv *env, struct run_mount *m,
		    struct error *err);
void run_mount_done(struct run_mount *m);
void run_mounts_done(run_mounts *v);
const char *run_mount_type_name(const struct run_mount *m);

#endif
