/*
 * copy_sources.h - what COPY and ADD were told to take, found in its tree.
 */
#ifndef BUILD_COPY_SOURCES_H
#define BUILD_COPY_SOURCES_H

#include "origin.h"

struct copy_source {
	struct node *node; /* links followed; NULL: a heredoc */
	char *base;   /* the name it gets in a directory: as it was written, links not followed */
	bool archive; /* ADD: to be unpacked */
	char *text;   /* heredoc */
};
struct copy_sources {
	struct origin from;
	struct ignore exclude;
	VEC(struct copy_source) v;
	bool wildcard; /* a pattern was among them */
};
void copy_sources_done(struct copy_sources *c);
/* Says where sources are from: --from, else the context. Nothing is read yet. */
int copy_sources_open(struct builder *b, const struct instruction *in, struct copy_sources *c,
		      struct error *err);
/* Finds all but the last argument. ERR_NOTFOUND; a pattern may match nothing. */
int copy_sources_find(struct builder *b, const struct instruction *in, struct copy_sources *c,
		      struct error *err);
/* A digest of all that is taken. */
int copy_sources_digest(struct builder *b, const struct instruction *in, struct copy_sources *c,
			char hex[SHA256_HEX], struct error *err);

#endif
