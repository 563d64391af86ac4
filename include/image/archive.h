/*
 * archive.h - images in files: docker-archive, OCI archive, OCI layout directory; import, export.
 */
#ifndef IMAGE_ARCHIVE_H
#define IMAGE_ARCHIVE_H

#include "image/layer_tar.h"
#include "image/stream.h"
#include "oci/reference.h"
#include "store/image.h"
#include "util/progress.h"

enum archive_format { ARCHIVE_DOCKER, ARCHIVE_OCI, ARCHIVE_OCI_DIR };

struct archive_loaded {
	struct strv names;	/* canonical names that were set, in order */
	struct digest id;	/* of the last image; for untagged ones names is empty */
	VEC(struct digest) ids; /* of every image, named or not */
};
void archive_loaded_done(struct archive_loaded *l);
/*
 * Loads every image of an archive (format by content; path may be a directory: an OCI layout; "-"
 * is fd 0). All blobs are verified; nothing becomes visible before its image is complete.
 * want (may be NULL): only the image of that name or, in OCI layouts, ref annotation.
 */
int archive_load(struct store *st, const char *path, const char *want, const struct progress *p,
		 struct archive_loaded *result, struct error *err);
/* Writes images (names or IDs) to fd, or as a directory at path. Identical input, identical bytes. */
int archive_save(struct store *st, const struct strv *images, enum archive_format format, int fd,
		 const char *path, enum compression compression, const struct progress *p,
		 struct error *err);
/* The same of images, or an index of several, by what they are; names are canonical. */
struct archive_image {
	struct descriptor target;
	struct strv names;
};
int archive_save_target(struct store *st, const struct archive_image *image,
			enum archive_format format, int fd, const char *path,
			enum compression compression, const struct progress *p, struct error *err);
/* A tar (any compression, path or "-") becomes an image of one layer. name may be NULL. */
struct import_options {
	const char *name, *message;
	struct image_settings *settings; /* from --change, or NULL */
	const struct platform *platform; /* NULL: the host's */
};
int archive_import(struct store *st, const char *path, const struct import_options *o,
		   struct image *result, struct error *err);

#endif
