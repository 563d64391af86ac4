/*
 * image.h - names of images and what they point to.
 *
 * One file per name, images/SHA256-OF-NAME: the name and a descriptor. Replacing it is the atomic
 * retag. An image that lost its last name stays under the name "<none>@sha256:..." until pruned.
 * The ID of an image is the digest of its configuration, as docker's.
 */
#ifndef STORE_IMAGE_H
#define STORE_IMAGE_H

#include "oci/image_config.h"
#include "oci/manifest.h"
#include "oci/reference.h"
#include "store/store.h"

struct image_name {
	char *name; /* canonical "docker.io/library/x:latest", or "<none>@sha256:..." */
	struct descriptor target; /* manifest or index */
	int64_t created_ns;	  /* when the name was set */
	/* What `images` shows, noted when the name was set; an index: of its entry for this machine. */
	struct digest id;	  /* unset: an index without such an entry */
	char *platform;		  /* "linux/amd64", or NULL */
	int64_t image_created_ns; /* the configuration's; 0: not stated */
	int64_t size;		  /* bytes of all its layers */
};
void image_name_init(struct image_name *n);
typedef VEC(struct image_name) image_names;
void image_names_done(image_names *l);
int image_name_list(struct store *st, image_names *l, struct error *err); /* sorted by name */
int image_name_find(struct store *st, const char *name, struct image_name *out, struct error *err);
void image_name_done(struct image_name *n);
bool image_name_is_none(const char *name); /* "<none>@sha256:..." */
/*
 * Points name at target, which must be whole: ERR_NOTFOUND or ERR_INVALID says what is missing.
 * When the name moved and its old target has no other name left, that is
 * kept as "<none>@...". The store lock must be held shared since the target was put.
 */
int image_name_set(struct store *st, const char *name, const struct descriptor *target,
		   struct error *err);
/* Keeps target under "<none>@..." when no name points to it. */
int image_name_set_none(struct store *st, const struct descriptor *target, struct error *err);
int image_name_remove(struct store *st, const char *name, struct error *err);

/* An image read for use. */
struct image {
	char *name; /* the name it was found by, or NULL */
	struct digest manifest_digest, id;
	int64_t manifest_size;
	struct manifest manifest;
	struct image_config config;
	VEC(struct digest) diff_ids; /* checked: as many as manifest.layers */
};
/* image_load and image_find fill an image that is zeroed or initialised; on failure it stays so. */
void image_init(struct image *i);
void image_done(struct image *i);
/*
 * By name, ID (with or without "sha256:"), ID prefix, name@digest, digest of the manifest. 0 when
 * there is none; ERR_INVALID for an ambiguous prefix. Of an index the entry for platform (NULL: the
 * host's) is taken.
 */
int image_find(struct store *st, const char *text, const struct platform *platform, struct image *i,
	       struct error *err); /* 1 0 -1 */
int image_load(struct store *st, const struct descriptor *target, const struct platform *platform,
	       struct image *i, struct error *err);
/* All names that point to the image with this ID (or manifest), sorted. */
int image_names_of(struct store *st, const struct digest *id, struct strv *names, struct error *err);
/* IDs of containers whose record names this image ID. */
int image_users(struct store *st, const struct digest *id, struct strv *container_ids,
		struct error *err);
/* Bytes of all its layers. */
int image_size(struct store *st, const struct image *i, int64_t *bytes, struct error *err);

/*
 * Writes config and manifest as blobs and, when name is not NULL, points it there (dangling
 * otherwise). layers: diffIDs whose layers are published; media types are OCI's, uncompressed, when
 * no compressed form is known. The result is filled for the caller.
 */
struct image_form {
	bool docker;			  /* docker's media types, else OCI's */
	const struct strmap *annotations; /* of the manifest, or NULL */
};
/* The same without a name: *target is to be named while the caller's staging entry lives. */
int image_put(struct store *st, const struct image_config *config, const struct image_form *form,
	      struct descriptor *target, struct error *err);
int image_commit(struct store *st, const struct image_config *config, const char *const *names,
		 size_t n, struct image *result, struct error *err);

#endif
