/*
 * output.h - --output: where the result of a build goes.
 */
#ifndef BUILD_OUTPUT_H
#define BUILD_OUTPUT_H

#include "builder.h"

/* Does some output (or none given) want an image, as against the files alone? */
bool output_wants_image(const struct build_request *r);
bool output_wants_store(const struct build_request *r);
/* The files of the target: type=local and tar. several: each platform has a directory of its own. */
int output_files(struct builder *b, bool several, struct error *err);
/* The image or index: names in the store, archives. names are canonical. */
int output_image(struct store *st, const struct build_request *r, const struct descriptor *target,
		 const struct strv *names, const struct progress *p, struct error *err);

/* ---- files.c ---- */

/*
 * Writes the files below `from` into directory `to`, over what is there: owned by us, with their
 * modes and times. Directories that are there stay, links that are in the way go.
 */
int files_write(int from, int to, struct error *err);

#endif
