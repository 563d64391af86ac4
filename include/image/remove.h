/*
 * remove.h - rmi and image prune: plan what a removal means, then perform it.
 */
#ifndef IMAGE_REMOVE_H
#define IMAGE_REMOVE_H

#include "store/image.h"

struct image_removal {
	struct strv untag;  /* canonical names */
	struct strv delete; /* "sha256:..." of the image and of layers that go with it */
};
void image_removal_done(struct image_removal *r);
/*
 * FEATURES I8: by name with other names left only untags; by ID with several names, or in use by a
 * stopped container: ERR_BUSY without force; used by a running one: ERR_BUSY always.
 * `running` is asked about container IDs by the caller's word: see image_remove.
 */
int image_remove(struct store *st, const char *text, bool force, struct image_removal *done,
		 struct error *err);
/* Dangling images, or all that no container uses; filters by label and age are applied by `keep`. */
int image_prune(struct store *st, bool all, bool (*keep)(const struct image *i, void *arg),
		void *arg, struct image_removal *done, uint64_t *reclaimed, struct error *err);

#endif
