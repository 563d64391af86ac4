/*
 * manifest.h - image manifests and indexes, OCI 1.1 and docker v2 schema 2, which share one form.
 *
 * What we received is kept as the bytes that came; these structs are for reading, and for writing
 * what is new. Refused: schema 1, both `layers` and `manifests`, a mediaType that disagrees.
 */
#ifndef OCI_MANIFEST_H
#define OCI_MANIFEST_H

#include "oci/digest.h"
#include "oci/platform.h"
#include "util/str.h"

#define MEDIA_OCI_MANIFEST	"application/vnd.oci.image.manifest.v1+json"
#define MEDIA_OCI_INDEX		"application/vnd.oci.image.index.v1+json"
#define MEDIA_OCI_CONFIG	"application/vnd.oci.image.config.v1+json"
#define MEDIA_OCI_LAYER		"application/vnd.oci.image.layer.v1.tar"
#define MEDIA_OCI_LAYER_GZIP	"application/vnd.oci.image.layer.v1.tar+gzip"
#define MEDIA_OCI_LAYER_ZSTD	"application/vnd.oci.image.layer.v1.tar+zstd"
#define MEDIA_DOCKER_MANIFEST	"application/vnd.docker.distribution.manifest.v2+json"
#define MEDIA_DOCKER_LIST	"application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_DOCKER_CONFIG	"application/vnd.docker.container.image.v1+json"
#define MEDIA_DOCKER_LAYER	"application/vnd.docker.image.rootfs.diff.tar"
#define MEDIA_DOCKER_LAYER_GZIP "application/vnd.docker.image.rootfs.diff.tar.gzip"

#define MANIFEST_MAX	    (4 << 20) /* bytes; image-spec asks registries to accept that much */
#define MANIFEST_LAYERS_MAX 500	      /* what overlay can mount */

struct descriptor {
	char *media_type;
	char *digest_text; /* as written; digest is its checked form */
	int64_t size;
	struct strmap annotations;
	struct platform *platform; /* NULL: none */
	char *artifact_type;
	struct digest digest;
};
void descriptor_done(struct descriptor *d);
/* Both fill *to or *d, whatever it holds: not freed before. */
void descriptor_copy(struct descriptor *to, const struct descriptor *from);
void descriptor_set(struct descriptor *d, const char *media_type, const struct digest *digest,
		    int64_t size);

struct manifest {
	int64_t schema_version;
	char *media_type; /* NULL: not written */
	struct descriptor config;
	VEC(struct descriptor) layers;	  /* of an image */
	VEC(struct descriptor) manifests; /* of an index */
	struct strmap annotations;
	bool is_index;
};
void manifest_done(struct manifest *m);
/* media_type as the descriptor or the server named it, or NULL. ERR_INVALID, ERR_LIMIT. */
int manifest_parse(const char *text, size_t n, const char *media_type, struct manifest *m,
		   struct error *err);
void manifest_format(const struct manifest *m, struct str *out); /* canonical: compact, our order */
/* Of an index: the entry that fits best, or ERR_NOTFOUND naming the platforms it has. */
const struct descriptor *manifest_choose(const struct manifest *index,
					 const struct platform *wanted, struct error *err);

#endif
