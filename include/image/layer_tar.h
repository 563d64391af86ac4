/*
 * layer_tar.h - a tar applied to a directory tree, and a canonical tar made of one.
 *
 * Spec   image-spec 1.1 layer.md: "Applying Changesets", "Representing Changes", "Whiteouts".
 * Never trusts a name from an archive: every entry goes through rootfs_open().
 */
#ifndef IMAGE_LAYER_TAR_H
#define IMAGE_LAYER_TAR_H

#include "image/stream.h"
#include "oci/digest.h"
#include "store/layer.h"
#include "store/owners.h"

enum layer_form {
	LAYER_OVERLAY, /* whiteouts become char 0:0 and opaque marks: a layer of the store */
	LAYER_PLAIN, /* a plain unpacking over what exists (ADD): whiteout names are ordinary files */
};
struct layer_apply_options {
	enum layer_form form;
	struct owners *owners; /* not NULL: single mode, what cannot be stored is noted here */
	/* ADD --chown: not negative replaces the owner of every entry */
	int64_t uid, gid;
	const char *prefix; /* LAYER_PLAIN: a directory below root where entries go; NULL: the root */
};
struct layer_stats {
	int64_t entries, bytes;
};
/*
 * Unpacks to the end of the archive. ERR_INVALID for what SECURITY.md 1b refuses (the text names
 * the entry, escaped), ERR_LIMIT, ERR_SYSTEM (no space, ...).
 */
int layer_apply(struct stream *in, int root, const struct layer_apply_options *o,
		struct layer_stats *stats, struct error *err);

/* A consumer of tar bytes. */
struct layer_sink {
	int (*write)(void *arg, const void *bytes, size_t n, struct error *err);
	void *arg;
};
/*
 * The canonical tar of a tree in overlay form: sorted (whiteouts before their siblings), PAX only
 * where needed, no names, no atime/ctime, whole seconds unless mtime has a fraction, hard links to
 * their first name, sparse files as plain ones. epoch >= 0 clamps newer mtimes.
 * prefix_opaque: .wh..wh..opq is written for opaque directories.
 */
int layer_tar_write(int root, struct owners *owners, int64_t epoch, const struct layer_sink *sink,
		    struct layer_stats *stats, struct error *err);
/* Only its digest: one pass of hashing. */
int layer_tar_digest(int root, struct owners *owners, int64_t epoch, struct digest *diff_id,
		     int64_t *size, struct layer_stats *stats, struct error *err);
/* The merged tree of layers (or of a mounted rootfs, any directory) as tar: export. */
int tree_tar_write(int root, const struct layer_sink *sink, struct error *err);

/* Reads a compressed or plain layer, unpacks it aside, verifies, publishes. The store lock is held
 * shared by the caller. expected diff_id may be NULL (import). */
int layer_import(struct store *st, int fd, int64_t size, const struct digest *expected_blob,
		 const struct digest *expected_diff_id, struct digest *diff_id, struct error *err);
/*
 * Hashes the tree staged in s (diff/ and perhaps owners) and publishes it: RUN, COPY, commit.
 * epoch >= 0 clamps mtimes in the tree itself too, so that store and tar agree.
 */
int layer_commit(struct store *st, struct staging *s, int64_t epoch, struct digest *diff_id,
		 struct error *err);

#endif
