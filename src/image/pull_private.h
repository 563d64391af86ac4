/*
 * pull_private.h - private: one pull, shared by its parts.
 */
#ifndef PULL_PRIVATE_H
#define PULL_PRIVATE_H

#include "image/layer_tar.h"
#include "image/pull.h"
#include "store/layer_batch.h"

struct pulling {
	struct store *st;
	const struct pull_options *o;
	const struct progress *progress;
	struct settings settings;
	struct registry *registry; /* of the endpoint that is tried */
	struct connection *c;
	const char *repository; /* there */
};
/* Fetches and unpacks the layers of m, several at a time. */
int pull_layers(struct pulling *p, const struct manifest *m, const struct strv *diff_ids,
		struct error *err);
/* One layer, by one thread with a connection of its own. report may be called from another one. */
struct layer_fetch {
	struct store *st;
	struct connection *c;
	const char *repository;
	const struct descriptor *d;
	struct digest diff_id;
	struct layer_batch *batch; /* where new layers go */
	void (*report)(void *arg, enum progress_event event, const char *text, int64_t now);
	void *arg;
};
int layer_fetch(struct layer_fetch *f, struct error *err);

#endif
