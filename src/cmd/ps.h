/*
 * ps.h - private to the files of `hod ps`: what a row shows, and which rows there are.
 */
#ifndef PS_H
#define PS_H

#include "commands.h"

#include "filters.h"
#include "listing.h"

/* What the columns are made with: the second argument of their functions. */
struct ps_ctx {
	struct app *app;
	bool no_trunc;
};
/* Rows are struct container; without and with SIZE. */
extern const struct list_view ps_view, ps_view_sized;

/* The request as far as it concerns the network. Yours: a new reference. */
json_t *ps_request(const struct container *c);
/* "" when it does not run or has no health check. Yours. */
char *ps_health(const struct container *c, struct app *app);

/* What --filter names, looked up once. */
struct ps_filters {
	struct app *app;
	struct filters f;
	struct strv ancestors; /* hexes of image IDs */
	int64_t after_ns, before_ns;
};
void ps_filters_done(struct ps_filters *f);
/* f: zeroed but for app. ERR_USAGE: a key that ps has not. */
int ps_filters_parse(struct ps_filters *f, const struct strv *given, struct error *err);
/* Looks containers and images up. ERR_NOTFOUND, ERR_USAGE. */
int ps_filters_resolve(struct ps_filters *f, struct error *err);
bool ps_filters_match(const struct ps_filters *f, const struct container *c);

#endif
