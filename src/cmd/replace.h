/*
 * replace.h - private to cmd: what replace.c and replace_left.c share.
 */
#ifndef CMD_REPLACE_H
#define CMD_REPLACE_H

#include "cmd/command.h"
#include "store/container.h"

/* Runs work in a child, which may enter a user namespace; its error is returned as if it were ours. */
int replace_by_child(struct app *app,
		     int (*work)(struct app *app, const void *arg, struct error *err),
		     const void *arg, struct error *err);
/*
 * So that of two at a time one is refused: of the old container, or of the new one that is about to
 * have its name. Held as long as c is open.
 */
int replace_lock(const struct container *c, const char *name, struct error *err);
/* The new container goes, whatever it does. Enters the user namespace. */
void replace_remove(struct app *app, const char *new_name);
/* The old one (c, or by its ID) goes, and the new one gets its name. Enters the user namespace. */
int replace_finish(struct app *app, struct container *old, const char *new_name, const char *name,
		   struct error *err);
/*
 * What one that was killed has left of `name`: taken back, or brought to its end when the new one
 * was well by then. A container with such a name that none has made: ERR_EXISTS.
 */
int replace_left(struct app *app, const char *name, const char *new_name, struct error *err);

#endif
