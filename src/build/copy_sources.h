/*
 * copy_sources.h - what COPY and ADD were told to take, found in its tree.
 */
#ifndef BUILD_COPY_SOURCES_H
#define BUILD_COPY_SOURCES_H

#include "origin.h"

enum remote_kind { REMOTE_NONE, REMOTE_HTTP, REMOTE_GIT };
struct remote { /* what ADD fetched */
	struct tree tree;
	int root;
	char *identity; /* of a repository: its commit and what is taken of it */
	/* of a file */
	struct node *node;
	char *etag;	       /* as the server told it, or NULL */
	int64_t last_modified; /* -1: not told */
	/*
	 * The server says that it is what was fetched before, and no byte of it came: the node has
	 * its digest and size, and what is on disk are zeros.
	 */
	bool unfetched;
};
struct copy_source {
	struct node *node; /* links followed; NULL: a heredoc */
	char *base;   /* the name it gets in a directory: as it was written, links not followed */
	char *pivot;  /* --parents: where base, then a path, begins; else NULL */
	bool archive; /* ADD: to be unpacked */
	struct remote *remote; /* borrowed from the list; NULL: in from.tree */
	char *text;	       /* heredoc */
};
struct copy_sources {
	struct origin from;
	struct ignore exclude;
	VEC(struct copy_source) v;
	VEC(struct remote *) remotes;
	bool wildcard; /* a pattern was among them */
	bool pinned;   /* ADD of what is fetched, all of which is always the same */
};
void copy_sources_done(struct copy_sources *c);
/* Says where sources are from: --from, else the context. Nothing is read yet. */
int copy_sources_open(struct builder *b, const struct instruction *in, struct copy_sources *c,
		      struct error *err);
/* Finds all but the last argument. ERR_NOTFOUND; a pattern may match nothing. */
int copy_sources_find(struct builder *b, const struct instruction *in, struct copy_sources *c,
		      struct error *err);
/* copy_parents.c: the same for one word with --parents. */
int copy_parents_find(const struct instruction *in, struct copy_sources *c, const char *word,
		      struct error *err);
/* The directories of the source that are above it and come along, from its pivot down. */
int copy_parents_nodes(struct copy_sources *c, const struct copy_source *s, nodes *parents,
		       struct error *err);
/* Takes a node; ADD finds out whether it is an archive. */
int copy_sources_add(const struct instruction *in, struct copy_sources *c, struct node *n,
		     const char *base, const char *pivot, struct error *err);
int copy_sources_missing(const struct copy_sources *c, const char *path, bool ignored,
			 struct error *err); /* ERR_NOTFOUND */
struct tree *copy_source_tree(struct copy_sources *c, const struct copy_source *s);
/* The same for what was fetched: base is what it is called in a directory, "" when nothing is. */
int copy_sources_take(const struct instruction *in, struct copy_sources *c, struct remote *r,
		      struct node *n, const char *base, struct error *err);
/* copy_remote.c */
int remote_kind(const char *word, enum remote_kind *kind, struct error *err); /* pure */
bool remote_is_pinned(const char *word, enum remote_kind kind, const char *checksum);
int remote_check_checksum(enum remote_kind kind, const char *checksum, struct error *err);
char *remote_base(const char *url); /* the last part of its path, decoded; NULL: there is none */
int copy_remote_find(struct builder *b, const struct instruction *in, struct copy_sources *c,
		     enum remote_kind kind, const char *word, struct error *err);
void remote_free(struct remote *r);
/* Now the bytes are needed: fetches what was not. ERR_BUSY when it is another by now. */
int copy_remote_complete(struct builder *b, const struct instruction *in, struct copy_sources *c,
			 struct error *err);
/* For the next build: what the server calls what was fetched, whose digest is known by now. */
int copy_remote_note(struct builder *b, struct copy_sources *c, struct error *err);
/*
 * The digest of all that is taken, if an earlier build found it out and it cannot have changed: 1,
 * 0, -1. Nothing is looked for.
 */
int copy_sources_recall(struct builder *b, const struct instruction *in, struct copy_sources *c,
			char hex[SHA256_HEX], struct error *err);
/* The same by reading what is not known yet; noted for the next build. */
int copy_sources_digest(struct builder *b, const struct instruction *in, struct copy_sources *c,
			char hex[SHA256_HEX], struct error *err);
/* Of all but contents, once they were found. *unread: the digest takes reading. */
int copy_sources_outline(struct copy_sources *c, char hex[SHA256_HEX], bool *unread,
			 struct error *err);

#endif
