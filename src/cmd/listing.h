/*
 * listing.h - lists of things as tables, templates or JSON (FEATURES.md 5.3).
 *
 *	static const struct column columns[] = {
 *		{ "ID", "CONTAINER ID", make_id }, ..., { NULL } };
 *	static const struct list_view view = { columns, "{{.ID}}\t{{.Names}}", "{{.ID}}" };
 *
 *	listing_begin(&l, &view, format, quiet, &ctx, err)
 *	listing_add(&l, item, err)	for each
 *	listing_end(&l, err)		prints
 */
#ifndef CMD_LISTING_H
#define CMD_LISTING_H

#include "template.h"

struct column {
	const char *field, *header;
	/* the value of an item: a new reference, never NULL */
	json_t *(*make)(const void *item, const void *ctx);
	enum template_shape shape; /* SHAPE_METHOD: make gives an object of strings */
};
struct list_view {
	const struct column *columns; /* sorted by field; ended by a NULL field */
	const char *table;	      /* the default */
	const char *quiet;	      /* of -q */
};
#define LISTING_COLUMNS_MAX 40
struct listing {
	const struct list_view *view;
	const void *ctx;
	bool is_table, is_array;
	struct template *template;
	struct template_name names[LISTING_COLUMNS_MAX];
	bool wanted[LISTING_COLUMNS_MAX];
	size_t items;
	struct str out;
};
/*
 * format: NULL or "table": the default; "json": an object on each line; "json-array"; "table ..."
 * with a template; or a template. quiet wins over format. ERR_INVALID for a bad template.
 */
int listing_begin(struct listing *l, const struct list_view *view, const char *format, bool quiet,
		  const void *ctx, struct error *err);
bool listing_wants(const struct listing *l, const char *field); /* is that column shown? */
int listing_add(struct listing *l, const void *item, struct error *err);
int listing_end(struct listing *l, struct error *err);
void listing_done(struct listing *l);

/* Strings as jansson values; NULL is "". */
json_t *json_text(const char *s);
/* Takes the text. */
json_t *json_take(char *s);

/* Columns of labels, as text and as a method. */
json_t *labels_text(const struct strmap *labels); /* "a=b,c=d" */
json_t *labels_object(const struct strmap *labels);
/* Times, from nanoseconds since 1970. */
json_t *time_created(int64_t ns); /* 2006-01-02 15:04:05 -0700 MST, local */
json_t *time_since(int64_t ns);	  /* 3 minutes ago */

#endif
