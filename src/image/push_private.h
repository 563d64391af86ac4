/*
 * push_private.h - private: one push, shared by its parts.
 */
#ifndef PUSH_PRIVATE_H
#define PUSH_PRIVATE_H

#include "image/push.h"

struct pushing {
	struct store *st;
	const struct push_options *o;
	const struct progress *progress;
	struct registry *registry;
	struct connection *c;
	const char *host, *repository; /* host as names in the store have it */
	struct strmap mounts; /* hex of a blob -> a repository of this registry that has it */
};
/*
 * Sends the layers of an image, several at a time. A layer that had to be compressed gets a new
 * descriptor in i->manifest, and *changed is set.
 */
int push_layers(struct pushing *p, struct image *i, bool *changed, struct error *err);
/* A blob that is held, unless the registry has it. */
int push_blob(struct pushing *p, struct connection *c, const struct descriptor *d,
	      void (*sent)(void *arg, int64_t bytes), void *arg, const char **how, struct error *err);
/* Notes for every blob of the image where it could be mounted from. */
int push_find_mounts(struct pushing *p, const struct manifest *m, struct error *err);

#endif
