/*
 * layer_tar.h - a tar applied to a directory tree, and a canonical tar made of one.
 *
 * Spec   image-spec 1.1 layer.md: "Applying Changesets", "Representing Changes", "Whiteouts".
 * Never trusts a name from an archive: every entry goes through rootfs_open().
 *
 * Refused (ERR_INVALID, the text names the entry): "..", whiteouts of nothing, char 0:0 nodes, hard
 * links to what is not in the tree, a name below what is no directory, and all of tar_check.h.
 * Dropped: extended attributes of overlayfs, trusted.*, and security.* other than capability.
 * Limits (ERR_LIMIT): names of 4,095 bytes, parts of 255, attributes of 64 KiB and 1 MiB for one
 * entry, 4 Mi entries, contents as stream.h has it (holes of sparse files count). 5 % or 64 MiB of
 * the file system, whichever is less, stay free.
 */
#ifndef IMAGE_LAYER_TAR_H
#define IMAGE_LAYER_TAR_H

#include "image/stream.h"
#include "oci/digest.h"
#include "store/layer.h"
#include "store/owners.h"

#include <sys/stat.h>

enum layer_form {
	LAYER_OVERLAY, /* whiteouts become char 0:0 and opaque marks: a layer of the store */
	LAYER_PLAIN, /* a plain unpacking over what exists (ADD): whiteout names are ordinary files */
};
enum layer_apply_flags {
	APPLY_KEEP_TYPES = 1, /* a directory and what is none never replace each other: ERR_EXISTS */
	APPLY_NO_DEVICES = 2, /* left out and counted, also where they could be made */
	/* nothing that would make its new owner's rights those of whoever runs it */
	APPLY_NO_PRIVILEGES = 4,
	APPLY_NOTE_ALL = 8, /* owners: 0:0 is noted, too, over what a place may have had before */
	APPLY_FILL = 16,    /* no space is kept free */
	APPLY_HOLES = 32,   /* blocks of zeros are not written */
};
struct layer_apply_options {
	enum layer_form form;
	unsigned flags; /* of LAYER_PLAIN */
	/*
	 * What the file system cannot hold is noted here, with an empty file standing for a device:
	 * devices that may not be made, and in single mode all owners but 0:0. NULL: such devices
	 * are left out and counted.
	 */
	struct owners *owners;
	bool single;
	/* ADD --chown: not negative replaces the owner of every entry */
	int64_t uid, gid;
	const char *prefix; /* LAYER_PLAIN: a directory below root where entries go; NULL: the root */
};
struct layer_stats {
	int64_t entries, bytes;
	int64_t skipped; /* devices left out */
	bool replaced;	 /* an entry took the place of another: bytes counts both */
};
#define LAYER_XATTR_OPAQUE "user.overlay.opaque" /* "y": hides the directory's lower contents */
/*
 * Unpacks to the end of the archive. ERR_INVALID for what SECURITY.md 1b refuses (the text names
 * the entry, escaped), ERR_LIMIT, ERR_SYSTEM (no space, ...).
 */
int layer_apply(struct stream *in, int root, const struct layer_apply_options *o,
		struct layer_stats *stats, struct error *err);

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
/* The merged tree of layers (or of a mounted rootfs, any directory) as tar: export. owners: NULL,
 * or what owners_collect() found in it. Others may change the tree meanwhile: what goes is left
 * out, a file that becomes shorter ends in zeros. */
int tree_tar_write(int root, struct owners *owners, const struct layer_sink *sink, struct error *err);

/* A part of such a tree, under another name. */
struct tree_part {
	int dir;	  /* the directory itself, or the one that `name` is in */
	const char *name; /* a single name of what is no directory; NULL: dir and all below it */
	const char *as;	  /* what entries begin with instead; "." gives names such as "./x" */
	bool bare;	  /* the directory itself has no entry, only what is in it */
	/* directories on these devices are entries, but not gone into, unless dir is on it itself */
	const dev_t *closed;
	size_t n_closed;
	struct owners *owners; /* or NULL; by paths that begin with `owners_at` ("": the root) */
	const char *owners_at;
};
/* Sockets are left out; with `name`, what has gone is ERR_NOTFOUND. */
int tree_tar_write_part(const struct tree_part *part, const struct layer_sink *sink,
			struct layer_stats *stats, struct error *err);

struct layer_import_options {
	const struct digest *blob;    /* expected of the bytes as they come; NULL: any */
	const struct digest *diff_id; /* expected of the tar; NULL: any */
	/*
	 * The bytes are wanted again as they are (save, push): gzip and zstd become a blob; a tar
	 * (or another compression's tar) does unless layer_tar_write gives the very same one.
	 */
	bool keep;
	/*
	 * fd is a pipe that a thread of ours fills from a network: it is read by a thread as a file
	 * is, and the store lock, which nobody holds while waiting, is taken here, around what
	 * finds and what publishes. The bytes are kept by who fills it.
	 */
	bool fed;
	/*
	 * A layer that is new is not published, but handed over here, staged and whole, for a
	 * layer_batch. NULL: it is published.
	 */
	struct staging *later;
};
struct layer_imported {
	struct digest diff_id, blob; /* blob: of media_type, for a manifest */
	const char *media_type;
	int64_t size; /* of blob, in bytes */
};
/*
 * Reads a layer in any compression from fd (size bytes, -1: to the end), unpacks it aside, verifies,
 * publishes; a layer that is there is not unpacked again. ERR_INVALID for what is not as expected.
 * The caller holds a staging entry over all that belongs to one image, and the store lock shared.
 */
int layer_import(struct store *st, int fd, int64_t size, const struct layer_import_options *o,
		 struct layer_imported *result, struct error *err);
/* Is it there already, in this very compressed form? Then no byte of it is needed: 1, 0, -1. */
int layer_import_known(struct store *st, const struct layer_import_options *o,
		       struct layer_imported *result, struct error *err);
/*
 * Hashes the tree staged in s (diff/ and perhaps owners) and publishes it: RUN, COPY, commit.
 * epoch >= 0 clamps mtimes in the tree itself too, so that store and tar agree.
 */
/* When the layer is there already, s is removed. */
int layer_commit(struct store *st, struct staging *s, int64_t epoch, struct digest *diff_id,
		 struct error *err);
/* The same, and who made the tree is told the SHA-256 of each file, by its inode: no second reading. */
struct layer_watch {
	void (*file)(void *arg, const struct stat *st, const char *hex);
	void *arg;
};
int layer_commit_watched(struct store *st, struct staging *s, int64_t epoch,
			 const struct layer_watch *watch, struct digest *diff_id, struct error *err);

/* Does the tree of a layer give the tar again that it is named by? 1, 0, -1. */
int layer_is_canonical(struct store *st, const struct digest *diff_id, struct error *err);
/*
 * Sees to it that a compressed form of the layer is held, for manifests that must not change when
 * they are pushed: those that an index names. The store lock is held shared.
 */
int layer_compress(struct store *st, const struct digest *diff_id, enum compression form,
		   struct error *err);

#endif
