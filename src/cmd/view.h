/*
 * view.h - containers, images and volumes as `inspect` shows them: docker's names and order.
 */
#ifndef CMD_VIEW_H
#define CMD_VIEW_H

#include "cmd/command.h"
#include "store/image.h"
#include "store/volume.h"
#include "template.h"

/* New references. */
int view_container(struct app *app, const struct container *c, bool sizes, json_t **out,
		   struct error *err);
int view_image(struct app *app, const struct image *i, json_t **out, struct error *err);
json_t *view_volume(const struct store *st, const struct volume *v);

extern const struct template_name view_names[]; /* what JSON alone does not tell, of all three */

/* The "Config" of an image, or of a container made from it. */
json_t *view_healthcheck(const struct healthcheck *h);
json_t *view_settings(const struct image_settings *s);

/* Members, in the order of the calls. NULL strings are "", empty lists null, as docker has them. */
void view_str(json_t *o, const char *name, const char *value);
void view_take(json_t *o, const char *name, char *taken);
void view_bool(json_t *o, const char *name, bool value);
void view_int(json_t *o, const char *name, int64_t value);
void view_list(json_t *o, const char *name, const struct strv *l);
void view_map(json_t *o, const char *name, const struct strmap *m);
void view_set(json_t *o, const char *name, const struct strv *l); /* {"a":{}} */
void view_time(json_t *o, const char *name, int64_t ns);
void view_null(json_t *o, const char *name);
void view_json(json_t *o, const char *name, json_t *taken);

#endif
