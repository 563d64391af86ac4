/*
 * cp.h - files copied between containers and this host, or a tar in the place of either.
 *
 * What an operand means and what is to be done follow docker's table (docker cp, "Extended
 * description"); cp_plan() is that table. Every copy is a tar that is written on one side and
 * applied on the other, so that all ways are one.
 *
 * Names in a container are resolved in it, also while it changes them: rootfs_open() alone.
 */
#ifndef ENGINE_CP_H
#define ENGINE_CP_H

#include "engine/container.h"

/* ---- operands ---- */

struct cp_operand {
	char *container; /* NULL: this host */
	char *path;
	bool stream; /* "-": a tar on stdin or stdout; path is NULL */
};
/*
 * "CONTAINER:PATH", "PATH", "-". A name with a slash before its first colon is one of this host, as
 * is one that begins with a dot. ERR_USAGE.
 */
int cp_operand_parse(const char *text, struct cp_operand *o, struct error *err);
void cp_operand_done(struct cp_operand *o);

/* ---- the table ---- */

enum cp_source {
	CP_FILE, /* all that is no directory */
	CP_DIR,
	CP_CONTENTS, /* DIR/. */
	CP_IN_TAR,   /* from stdin */
	CP_SOURCES,
};
enum cp_target {
	CP_AT_DIR,
	CP_AT_FILE,    /* all that is no directory; links are followed */
	CP_AT_NOTHING, /* there is nothing of that name, in a directory that is there */
	CP_AT_NOWHERE, /* nor is there the directory */
	CP_OUT_TAR,    /* to stdout */
	CP_TARGETS,
};
enum cp_action {
	CP_INTO,   /* under the source's name into the directory */
	CP_AS,	   /* under the destination's name, in its parent */
	CP_MERGE,  /* what is in the source, or the tar, into the directory */
	CP_STREAM, /* written to stdout */
};
/* slash: the destination was named with a slash behind it, and so as a directory. Pure. */
int cp_plan(enum cp_source from, enum cp_target to, bool slash, enum cp_action *action,
	    struct error *err);

/* ---- copying ---- */

/* The files of a container as it sees them, or of this host. */
struct cp_view {
	int root;	 /* -1: this host */
	int lock;	 /* of a container that does not run: nobody starts it meanwhile; or -1 */
	int mounts;	 /* the mount namespace of one that runs; or -1 */
	dev_t closed[3]; /* where /proc, /sys, /dev are: not gone into on the way */
	size_t n_closed;
	dev_t absent; /* what is there only while it runs; 0: there is no such thing */
};
#define CP_VIEW_HOST                                                                               \
	(struct cp_view)                                                                           \
	{                                                                                          \
		.root = -1, .lock = -1, .mounts = -1                                               \
	}
void cp_view_done(struct cp_view *v);
/* Of one that runs or is paused. To be called in the caller's own namespaces. ERR_BUSY: it ended. */
int cp_view_running(const struct container *c, struct cp_view *v, struct error *err);
/*
 * Of one that does not: its tree is mounted in our private mount namespace, with its volumes and
 * binds. Its lock is held in v; another copy that has it is waited for. Where a tmpfs would be, and
 * /proc, /sys and /dev, is nothing.
 */
int cp_view_stopped(struct engine *e, struct container *c, struct cp_view *v, struct error *err);
/* The same view a second time: source and destination in one container. */
int cp_view_again(const struct cp_view *from, struct cp_view *v, struct error *err);

struct cp_side {
	struct cp_operand what;
	struct container c; /* when it is one */
	struct cp_view view;
};
struct cp_options {
	bool archive; /* owners are kept; else 0:0 in a container, and the caller's on this host */
	bool follow;  /* the source, when it is a link, is what the link leads to */
};
/*
 * *bytes: of the files' contents. ERR_INVALID for what the table forbids, ERR_NOTFOUND,
 * ERR_UNSUPPORTED for what cannot be copied by its nature. What was copied until it failed stays.
 */
int cp_perform(struct store *st, const struct cp_side *from, const struct cp_side *to,
	       const struct cp_options *o, int64_t *bytes, struct error *err);

#endif
