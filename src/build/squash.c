/*
 * squash.c - several layers made one.
 *
 * Theory of operation: overlay merges the layers as it does for a container, so hard links and
 * attributes come out as a step would see them, and they are copied into a new layer. What they
 * removed from the layers below cannot be seen so: it is what the base has and the whole has not,
 * and gets a whiteout.
 */
#include "copy_tree.h"
#include "publish.h"
#include "store/rootfs.h"
#include "util/fd.h"
#include "util/path.h"

#include <errno.h>

struct squashing {
	struct draft draft;
	int base, whole; /* views */
};

static int add_whiteout(struct draft *d, const char *path, struct error *err)
{
	auto_free char *parent = xstrdup(path);
	auto_close int dir = -1;

	*strrchr(parent, '/') = '\0';
	dir = draft_dir(d, *parent ? parent : "/", 0, 0, err);
	if (dir < 0)
		return -1;
	if (mknodat(dir, path_base(path), S_IFCHR, 0) < 0 && errno != EEXIST)
		return error_sys(err, "hide %s", path);
	return 0;
}

/* What is in the base's directory and no more in the whole's. */
static int hide_removed(struct squashing *q, int base, int whole, const char *path, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };

	if (dir_list(base, &names, err) < 0)
		return -1;
	strv_each (&names, i) {
		auto_free char *below = path_in(path, names.v[i]);
		auto_close int from = -1, to = -1;
		struct stat b, w;

		if (fstatat(base, names.v[i], &b, AT_SYMLINK_NOFOLLOW) < 0)
			return error_sys(err, "look at %s", below);
		if (fstatat(whole, names.v[i], &w, AT_SYMLINK_NOFOLLOW) < 0) {
			if (errno != ENOENT)
				return error_sys(err, "look at %s", below);
			if (add_whiteout(&q->draft, below, err) < 0)
				return -1;
			continue;
		}
		if (!S_ISDIR(b.st_mode) || !S_ISDIR(w.st_mode))
			continue;
		from = dir_open(base, names.v[i], err);
		to = from < 0 ? -1 : dir_open(whole, names.v[i], err);
		if (to < 0 || hide_removed(q, from, to, below, err) < 0)
			return -1;
	}
	return 0;
}

static int view(struct builder *b, const struct strv *layers, size_t first, size_t n,
		struct error *err)
{
	return rootfs_mount(b->st, (const char *const *)layers->v + first, n, -1, ROOTFS_NODEV, err);
}

static int copy_new(struct builder *b, struct squashing *q, const struct strv *layers, size_t first,
		    struct error *err)
{
	auto_close int merged = view(b, layers, first, layers->n - first, err);
	auto_done(strv) struct strv new = { 0 };
	struct owner_stack owners = { 0 };
	struct copier c = { .draft = &q->draft };
	struct tree t;
	struct node *top;
	struct stat root;
	bool ignored;
	int r;

	if (merged < 0)
		return -1;
	for (size_t i = first; i < layers->n; i++)
		strv_add(&new, layers->v[i]);
	tree_init(&t, merged, "the new layers");
	t.foreign = true;
	t.owners = b->st->single ? &owners : NULL;
	c.tree = &t;
	r = owner_stack_open(b->st, &new, &owners, err);
	if (r == 0)
		r = tree_find(&t, "", &top, &ignored, err) < 0 ? -1
							       : copier_copy(&c, top, "/", "", err);
	copier_done(&c);
	if (r == 0 && fstat(q->whole, &root) == 0) {
		q->draft.times.v[0].mtime = root.st_mtim; /* the first entry is the root */
		r = draft_set(&q->draft, q->draft.upper, "", "/", root.st_uid, root.st_gid,
			      root.st_mode, 0, err);
	}
	tree_done(&t);
	owner_stack_done(&owners);
	return r;
}

int squash_layers(struct builder *b, struct stage_state *s, size_t first, struct error *err)
{
	struct squashing q = { .draft = DRAFT_NONE, .base = -1, .whole = -1 };
	auto_close int empty = rootfs_mount(b->st, NULL, 0, -1, ROOTFS_NODEV, err);
	struct strv none = { 0 };
	struct digest layer;
	int r = -1;

	q.base = empty < 0 ? -1 : view(b, &s->layers, 0, first, err);
	q.whole = q.base < 0 ? -1 : view(b, &s->layers, 0, s->layers.n, err);
	if (q.whole >= 0 && draft_begin(b->st, &none, empty, &q.draft, err) == 0 &&
	    copy_new(b, &q, &s->layers, first, err) == 0 &&
	    hide_removed(&q, q.base, q.whole, "/", err) == 0)
		r = draft_commit(&q.draft, b->epoch, NULL, &layer, err);
	if (r == 0) {
		while (s->layers.n > first) {
			strv_remove(&s->layers, s->layers.n - 1);
			strv_remove(&s->config.diff_ids, s->config.diff_ids.n - 1);
		}
		stage_add_layer(s, &layer);
	}
	draft_done(&q.draft);
	auto_close_fd(&q.base);
	auto_close_fd(&q.whole);
	return r;
}
