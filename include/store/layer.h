/*
 * layer.h - one unpacked layer, named by its diffID, immutable, independent of those below it.
 *
 *	layers/HEX/diff/	the tree in overlay form: whiteout = char 0:0, opaque = user.overlay.opaque
 *	layers/HEX/meta.json	size, entries, known compressed digests
 *	layers/HEX/owners	single mode only: what the file system could not hold (owners.h)
 */
#ifndef STORE_LAYER_H
#define STORE_LAYER_H

#include "oci/digest.h"
#include "store/store.h"

struct layer_blob { /* a compressed form of the layer, seen or made */
	char *media_type, *digest;
	int64_t size;
};
struct layer_meta {
	int64_t size;	  /* bytes of the files' contents, as tree_usage() counts them */
	int64_t tar_size; /* bytes of the canonical or received tar; UNSET */
	int64_t entries;
	bool canonical; /* made here: its name is the digest of the tar that its tree gives */
	VEC(struct layer_blob) blobs;
};
void layer_meta_init(struct layer_meta *m);
void layer_meta_done(struct layer_meta *m);

int layer_find(struct store *st, const struct digest *diff_id, struct error *err); /* 1 0 -1 */
/* Finds it and marks it as in use from now on, for who will name it later (see struct staging). */
int layer_keep(struct store *st, const struct digest *diff_id, struct error *err); /* 1 0 -1 */
int layer_open(struct store *st, const struct digest *diff_id, struct error *err); /* layers/HEX */
int layer_open_diff(struct store *st, const struct digest *diff_id, struct error *err);
int layer_meta_load(struct store *st, const struct digest *diff_id, struct layer_meta *m,
		    struct error *err);
/* Remembers a compressed form; the meta file is replaced. The store lock is held shared. */
int layer_add_blob(struct store *st, const struct digest *diff_id, const struct layer_blob *b,
		   struct error *err);
/* Its parts, for layer_batch.h: writes meta; names what is on disk already. */
int layer_stage(struct store *st, const struct staging *s, const struct layer_meta *m,
		struct error *err);
int layer_publish_synced(struct store *st, struct staging *s, const struct digest *diff_id,
			 struct error *err);
/*
 * Makes s's directory, which holds diff/ (and perhaps owners), the layer: writes meta, syncs,
 * renames. When the layer is there already that is success and s is removed.
 */
int layer_publish(struct store *st, struct staging *s, const struct digest *diff_id,
		  const struct layer_meta *m, struct error *err);
int layer_list(struct store *st, struct strv *hexes, struct error *err);

#endif
