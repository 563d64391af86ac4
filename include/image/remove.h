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
 * FEATURES I8. By a name when others are left: only that goes. Else the image goes, with every
 * layer and blob that nothing else refers to. ERR_BUSY: by ID with several names, or used by a
 * container that does not run, without force; used by a running one, always. ERR_NOTFOUND. The
 * caller holds no store lock. What was done is appended to done, also when it fails half way.
 */
int image_remove(struct store *st, const char *text, bool force, struct image_removal *done,
		 struct error *err);
/*
 * Images without a name, or all of them, unless a container uses them. keep (may be NULL) is asked
 * about each: true saves it. The caller holds no store lock.
 */
int image_prune(struct store *st, bool all, bool (*keep)(const struct image *i, void *arg),
		void *arg, struct image_removal *done, uint64_t *reclaimed, struct error *err);

#endif
