/*
 * removals.h - what rmi and the prune commands share: telling what was removed.
 */
#ifndef CMD_REMOVALS_H
#define CMD_REMOVALS_H

#include "cmd/command.h"
#include "filters.h"
#include "image/remove.h"

int removals_print(const struct image_removal *r, struct error *err); /* Untagged:, Deleted: */
int reclaimed_print(uint64_t bytes, struct error *err); /* Total reclaimed space: 1.2MB */

struct prune_args {
	bool all, force, volumes;
	struct strv filter;
};
/* Each removes without asking and prints what it removed; *bytes grows by what was freed. */
int prune_containers(struct app *app, const struct strv *filter, uint64_t *bytes, struct error *err);
int prune_images(struct app *app, bool all, const struct strv *filter, uint64_t *bytes,
		 struct error *err);
int prune_volumes(struct app *app, bool all, const struct strv *filter, uint64_t *bytes,
		  struct error *err);
int prune_networks(struct app *app, const struct strv *filter, struct error *err);

#endif
