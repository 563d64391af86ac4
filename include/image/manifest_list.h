/*
 * manifest_list.h - images for several platforms: an index in the store, made by hand.
 *
 * A list is a name that points to an index. What is added keeps its digest from then on: layers
 * that were never compressed are, when it is added.
 */
#ifndef IMAGE_MANIFEST_LIST_H
#define IMAGE_MANIFEST_LIST_H

#include "registry/registry.h"
#include "store/image.h"
#include "util/progress.h"

/* What is said of an entry beside what its image says of itself; NULL: nothing. */
struct entry_notes {
	const char *os, *architecture, *variant;
	const struct strmap *annotations;
};
/* amend: a list of that name may be there, and stays. ERR_EXISTS. */
int manifest_list_create(struct store *st, const char *name, bool amend, struct digest *d,
			 struct error *err);
/*
 * Adds an image, pulled when it is not here, in the place of an entry of the same digest. all:
 * every image of an index. The caller holds no store lock.
 */
int manifest_list_add(struct store *st, const char *name, const char *image, bool all,
		      const struct entry_notes *notes, const struct registry_options *o,
		      const struct progress *p, struct digest *d, struct error *err);
/* entry: a digest, or an image. ERR_NOTFOUND */
int manifest_list_annotate(struct store *st, const char *name, const char *entry,
			   const struct entry_notes *notes, struct digest *d, struct error *err);
int manifest_list_remove_entry(struct store *st, const char *name, const char *entry,
			       struct digest *d, struct error *err);
int manifest_list_rm(struct store *st, const char *name, struct error *err);
/* The bytes of the manifest or index that the name has here or, when it is not here, at its registry. */
int manifest_text(struct store *st, const char *name, const struct registry_options *o,
		  struct str *text, struct error *err);
/*
 * What refers to the image at its registry (signatures, attestations, ...), as an index; of one
 * artifact type, or NULL. The name's tag is looked up there.
 */
int manifest_referrers(const char *name, const char *artifact_type,
		       const struct registry_options *o, struct str *text, struct error *err);

#endif
