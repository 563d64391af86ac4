/*
 * operands.h - what many commands do alike with the names they were given.
 */
#ifndef CMD_OPERANDS_H
#define CMD_OPERANDS_H

#include "cmd/command.h"
#include "store/image.h"
#include "store/volume.h"

/* One operand. -1 and *err: it failed, the others go on. */
typedef int operand_fn(struct app *app, const char *name, const void *args, struct error *err);
/*
 * Does fn for each; prints the errors, and on success the operand itself when echo is set. Returns
 * the exit code: 0, or 1 when one failed. -1 only when stdout failed.
 */
int operands_each(struct app *app, const struct strv *operands, operand_fn *fn, const void *args,
		  bool echo, struct error *err);
/*
 * The same at once, each in a process of its own when there are several, for what waits (stop,
 * restart). In the order of the operands for everything that is printed.
 */
int operands_parallel(struct app *app, const struct strv *operands, operand_fn *fn,
		      const void *args, struct error *err);

/* Found, or ERR_NOTFOUND "no such container: x". */
/* 1, 0, -1; what its killed monitor has left behind is removed on the way. */
int look_for_container(struct app *app, const char *name, struct container *c, struct error *err);
int need_container(struct app *app, const char *name, struct container *c, struct error *err);
int need_image(struct app *app, const char *name, struct image *i, struct error *err);
int need_volume(struct app *app, const char *name, struct volume *v, struct error *err);

const char *container_status_name(const struct container *c); /* "running", "exited", ... */
bool container_is_up(const struct container *c);	      /* running or paused */
void short_id(const char *hex, char buf[13]);		      /* 12 digits */

/* What start needs before the namespace is entered: app_join_network for all that are named. */
int join_networks(struct app *app, const struct strv *names, struct error *err);

#endif
