/*
 * tree_key.c - what a copy of a node depends on, as part of a step's key.
 *
 * Never  adds a time: a checkout gives new ones.
 * Spec   FEATURES B15, D4.
 */
#include "tree.h"
#include "util/fd.h"
#include "util/path.h"

#include <fcntl.h>
#include <sys/xattr.h>

/* Where hard links of one file are in one copy: their order is part of the key. */
struct link_seen {
	dev_t dev;
	ino_t ino;
};
struct key_walk {
	struct tree *t;
	const struct ignore *exclude;
	struct key *k;
	bool *unread; /* not NULL: sizes stand for contents */
	VEC(struct link_seen) links;
};

static int key_attributes(struct key_walk *w, struct node *n, struct error *err)
{
	auto_free char *path = node_path(n);
	auto_done(strv) struct strv names = { 0 };
	auto_close int fd = rootfs_open(w->t->root, *path ? path : ".",
					O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, err);

	if (fd < 0 || attributes_list(fd, &names, err) < 0)
		return -1;
	strv_each (&names, i) {
		char value[65536];
		ssize_t len = fgetxattr(fd, names.v[i], value, sizeof(value));

		if (len < 0)
			return error_sys(err, "read attribute %s of %s", names.v[i], path);
		key_addn(w->k, names.v[i], value, (size_t)len);
	}
	return 0;
}

static int key_file(struct key_walk *w, struct node *n, struct error *err)
{
	if (n->st.st_nlink > 1) {
		for (size_t i = 0; i < w->links.n; i++)
			if (w->links.v[i].ino == n->st.st_ino && w->links.v[i].dev == n->st.st_dev) {
				key_int(w->k, "same as", (int64_t)i);
				return 0;
			}
		*vec_add(&w->links) = (struct link_seen){ n->st.st_dev, n->st.st_ino };
		key_int(w->k, "linked", (int64_t)w->links.n);
	}
	if (w->unread) {
		key_int(w->k, "size", n->st.st_size);
		*w->unread = *w->unread || !node_is_hashed(w->t, n);
		return 0;
	}
	if (node_hash(w->t, n, err) < 0)
		return -1;
	key_addn(w->k, "content", n->digest, sizeof(n->digest));
	return 0;
}

static int key_node(struct key_walk *w, struct node *n, const char *path, const bool *above,
		    struct error *err);

static int key_children(struct key_walk *w, struct node *n, const char *path, const bool *above,
			struct error *err)
{
	if (node_read(w->t, n, err) < 0)
		return -1;
	key_int(w->k, "enter", 0);
	vec_each (&n->children, c) {
		auto_free char *below =
			*path ? xasprintf("%s/%s", path, (*c)->name) : xstrdup((*c)->name);

		if (key_node(w, *c, below, above, err) < 0)
			return -1;
	}
	key_int(w->k, "leave", 0);
	return 0;
}

static int key_node(struct key_walk *w, struct node *n, const char *path, const bool *above,
		    struct error *err)
{
	bool *flags = NULL;
	mode_t type = n->st.st_mode & S_IFMT;
	int r = 0;

	if (S_ISSOCK(type) || (S_ISFIFO(type) && !w->t->foreign))
		return 0; /* they are not copied */
	if (w->exclude && *path) {
		flags = xcalloc(w->exclude->rules.n + 1, sizeof(*flags));
		if (ignore_step(w->exclude, path, above, flags)) {
			free(flags);
			return 0;
		}
	}
	key_add(w->k, "name", n->name);
	key_int(w->k, "mode", S_ISLNK(type) ? type : node_mode(w->t, n));
	if (w->t->foreign) {
		key_int(w->k, "uid", n->st.st_uid);
		key_int(w->k, "gid", n->st.st_gid);
		if (S_ISREG(type) || S_ISDIR(type))
			r = key_attributes(w, n, err);
	}
	if (r == 0 && S_ISREG(type))
		r = key_file(w, n, err);
	if (r == 0 && S_ISDIR(type))
		r = key_children(w, n, path, flags, err);
	if (n->link)
		key_add(w->k, "link", n->link);
	if (S_ISCHR(type) || S_ISBLK(type))
		key_int(w->k, "device", (int64_t)n->st.st_rdev);
	free(flags);
	return r;
}

static int walk(struct tree *t, struct node *n, const struct ignore *exclude, const char *as,
		struct key *k, bool *unread, struct error *err)
{
	struct key_walk w = { t, exclude, k, unread, { 0 } };
	bool *above = exclude ? ignore_above(exclude, as) : NULL;
	int r = key_node(&w, n, as, above, err);

	free(above);
	vec_done(&w.links);
	return r;
}

int node_key(struct tree *t, struct node *n, const struct ignore *exclude, const char *as,
	     struct key *k, struct error *err)
{
	return walk(t, n, exclude, as, k, NULL, err);
}

int node_outline(struct tree *t, struct node *n, const struct ignore *exclude, const char *as,
		 struct key *k, bool *unread, struct error *err)
{
	return walk(t, n, exclude, as, k, unread, err);
}
