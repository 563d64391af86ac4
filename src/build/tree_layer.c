/*
 * tree_layer.c - files of a context as a layer of their own: what RUN --mount=type=bind shows, and
 * what FROM of a named directory begins with.
 */
#include "tree_layer.h"
#include "copy_tree.h"
#include "store/rootfs.h"
#include "util/fd.h"

static int copy(struct builder *b, struct tree *t, struct node *n, const char *to,
		struct digest *layer, struct error *err)
{
	auto_done(draft) struct draft d = DRAFT_NONE;
	struct strv none = { 0 };
	auto_close int empty = rootfs_mount(b->st, NULL, 0, -1, ROOTFS_NODEV, err);
	struct copier c = { .draft = &d, .tree = t };
	int r;

	if (empty < 0 || draft_begin(b->st, &none, empty, &d, err) < 0)
		return -1;
	r = copier_copy(&c, n, to, "", err);
	copier_done(&c);
	return r < 0 ? -1 : draft_commit(&d, b->epoch, NULL, layer, err);
}

int tree_layer(struct builder *b, struct tree *t, struct node *n, const char *content,
	       const char *to, struct digest *layer, struct error *err)
{
	struct cache_entry e = { .has_layer = true };
	char key[SHA256_HEX];
	struct key k;
	int r;

	key_begin(&k, "CONTEXT");
	key_add(&k, "content", content);
	key_int(&k, "epoch", b->epoch);
	key_end(&k, key);
	r = b->r->no_cache ? 0 : cache_find(b->st, key, &e, err);
	if (r < 0)
		return -1;
	if (r == 0) {
		e = (struct cache_entry){ .has_layer = true };
		if (copy(b, t, n, to, &e.layer, err) < 0 || cache_put(b->st, key, &e, err) < 0)
			return -1;
	}
	*layer = e.layer;
	return 0;
}
