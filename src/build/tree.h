/*
 * tree.h - a tree that COPY and ADD take from: the context, another stage, an image.
 *
 * Directories are read when they are first looked into and files when their digest is asked for, so
 * a build pays for what it names. Links are followed inside the tree only.
 */
#ifndef BUILD_TREE_H
#define BUILD_TREE_H

#include "dockerignore.h"
#include "key.h"
#include "store/owner_stack.h"
#include "stat_cache.h"

#include <sys/stat.h>

struct node {
	struct node *parent;
	char *name; /* "" for the root */
	struct stat st;
	char *link;  /* of a symbolic link */
	bool *flags; /* ignore rules that matched it: directories */
	bool read;   /* children are there */
	bool hashed;
	unsigned char digest[32];
	VEC(struct node *) children; /* sorted bytewise */
};
struct tree {
	int root;		     /* borrowed */
	const struct ignore *ignore; /* NULL: nothing is left out */
	struct stat_cache *stats;    /* NULL: none */
	bool foreign; /* a stage or an image: owners, attributes and devices are kept */
	struct owner_stack *owners; /* of a foreign one in single mode; else NULL */
	const char *name;	    /* "the build context", for messages */
	struct node *top;
};
void tree_init(struct tree *t, int root, const char *name);
void tree_done(struct tree *t);
/*
 * The node at path, links followed (the last too). 1, 0 nothing there, -1. What is ignored is not
 * there; *ignored says that this was the reason.
 */
int tree_find(struct tree *t, const char *path, struct node **n, bool *ignored, struct error *err);
/* All nodes that match a pattern of path components, sorted, links of the last not followed. */
typedef VEC(struct node *) nodes;
int tree_match(struct tree *t, const char *pattern, nodes *found, struct error *err);
int node_read(struct tree *t, struct node *n, struct error *err); /* fills children */
char *node_path(const struct node *n); /* relative, "" for the root: yours */
/* Its mode; the top of a context counts as 0755, whatever the checkout happens to have. */
mode_t node_mode(const struct tree *t, const struct node *n);
/* Is what is open behind fd still what was seen? */
bool node_unchanged(const struct node *n, const struct stat *now);
/* Is its digest there without reading the file? */
bool node_is_hashed(struct tree *t, struct node *n);
/* Reads the file if need be. ERR_BUSY when it changed meanwhile. */
int node_hash(struct tree *t, struct node *n, struct error *err);
void node_digest(const struct node *n, char hex[SHA256_HEX]); /* of a hashed one */
/* Somebody else read it: ctime is the file's after that, which began at read_ns. */
void node_take_digest(struct tree *t, struct node *n, const char *hex, const struct timespec *ctime,
		      int64_t read_ns);
/*
 * All nodes below top whose path from there matches, ** included, sorted; none below such a one.
 * Links are not followed.
 */
int tree_match_deep(struct tree *t, struct node *top, const struct glob *g, nodes *found,
		    struct error *err);
/*
 * Adds all that a copy of n depends on, below it too: names, types, modes, contents, links; with
 * foreign also owners and attributes. Not times. exclude: rules, or NULL, on paths below n, or when
 * `as` is not "" on n and all below as if n had this path.
 */
int node_key(struct tree *t, struct node *n, const struct ignore *exclude, const char *as,
	     struct key *k, struct error *err);
/*
 * The same without contents: sizes stand for these. *unread: some file's digest is not known yet.
 */
int node_outline(struct tree *t, struct node *n, const struct ignore *exclude, const char *as,
		 struct key *k, bool *unread, struct error *err);
/* The extended attributes that a copy keeps, as names: of a descriptor or O_PATH one. */
int attributes_list(int fd, struct strv *names, struct error *err);

#endif
