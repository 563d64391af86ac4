/*
 * layer_blob.h - private: the bytes of a layer as a manifest names them.
 */
#ifndef LAYER_BLOB_H
#define LAYER_BLOB_H

#include "image/layer_tar.h"
#include "oci/manifest.h"

/*
 * Writes the bytes that d names: the blob where it is held, else the canonical tar. They are
 * verified while they go: ERR_INVALID, behind what was already written, when they are not what d
 * says. ERR_NOTFOUND when they can no longer be had.
 */
int layer_blob_write(struct store *st, const struct digest *diff_id, const struct descriptor *d,
		     const struct layer_sink *out, struct error *err);
/*
 * A compressed form of the layer: one that is known and held, else made now, kept as a blob and
 * remembered. d is filled.
 */
int layer_blob_compress(struct store *st, const struct digest *diff_id, enum compression form,
			struct descriptor *d, struct error *err);

#endif
