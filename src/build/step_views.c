/*
 * step_views.c - bind and cache mounts of a RUN step: directories it gets to see.
 *
 * Never  resolves a source but inside its own tree (CVE-2024-9675).
 */
#include "step_mounts.h"
#include "store/rootfs.h"
#include "tree_layer.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/tree.h"

#include <stdio.h>

/* ---- bind ---- */

/* Layers as a tree; what is written to one that may be goes with the build's staging directory. */
static int mount_view(struct step_mounts *sm, const struct step_mount *m, struct error *err)
{
	const struct strv *layers = &m->origin.layers;
	auto_close int scratch = -1;
	char name[32] = "scratch-";

	if (!m->m.readonly) {
		random_hex(name + 8, 16);
		scratch = dir_make_open(sm->b->staging.fd, name, 0700, err);
		if (scratch < 0)
			return -1;
	}
	return rootfs_mount(sm->b->st, (const char *const *)layers->v, layers->n, scratch,
			    ROOTFS_NODEV | ROOTFS_VOLATILE | ROOTFS_BARE, err);
}

int step_bind_make(struct step_mounts *sm, struct step_mount *m, struct error *err)
{
	auto_free char *path = xstrdup(m->m.source ? m->m.source : "/");
	auto_close int view = -1;
	const char *name;

	if (!m->origin.layered) {
		struct digest layer;
		bool ignored;
		struct node *n;

		if (tree_find(m->origin.tree, path + 1, &n, &ignored, err) != 1)
			return error_set(err, ERR_BUSY, "'%s' has gone", path + 1);
		free(path);
		path = S_ISDIR(n->st.st_mode) ? xstrdup("/") : xasprintf("/%s", n->name);
		if (tree_layer(sm->b, m->origin.tree, n, m->content, path, &layer, err) < 0)
			return -1;
		strv_add(&m->origin.layers, layer.hex);
	}
	view = mount_view(sm, m, err);
	if (view < 0 || step_attach(sm, view, &name, err) < 0)
		return -1;
	m->fd = rootfs_open(view, path[1] ? path : ".", O_PATH, 0, err);
	return m->fd < 0 ? error_add(err, "source") : 0;
}

/* ---- cache ---- */

int step_cache_plan(struct step_mounts *sm, struct step_mount *m, struct error *err)
{
	struct key k;

	if (m->m.from && origin_open(sm->b, m->m.from, &m->origin, err) < 0)
		return -1;
	if (m->m.from && !m->origin.layered)
		return error_set(err, ERR_UNSUPPORTED,
				 "from=%s: a cache begins with a stage or an image", m->m.from);
	key_begin(&k, "CACHE MOUNT");
	key_add(&k, "id", m->m.id);
	if (m->m.from) {
		key_list(&k, "layers", &m->origin.layers);
		key_add(&k, "source", m->m.source);
	}
	key_int(&k, "mode", m->m.mode);
	key_int(&k, "uid", m->m.uid);
	key_int(&k, "gid", m->m.gid);
	key_end(&k, m->content);
	return 0;
}

struct filling {
	struct step_mounts *sm;
	struct step_mount *m;
};

/* A new cache with from= begins as a copy of that place. */
static int fill(void *arg, int dir, struct error *err)
{
	struct filling *f = arg;
	struct step_mount *m = f->m;
	auto_close int from = -1;

	if (!m->m.from)
		return 0;
	if (origin_mount(f->sm->b, &m->origin, err) < 0)
		return -1;
	from = rootfs_open(m->origin.view, m->m.source && m->m.source[1] ? m->m.source : ".",
			   O_RDONLY | O_DIRECTORY, 0, err);
	return from < 0 ? error_add(err, "source") : tree_copy(from, dir, f->sm->b->st->single, err);
}

static void waiting(void *arg)
{
	struct filling *f = arg;
	struct builder *b = f->sm->b;

	progress_note(&b->e->progress, "%s waits for another step with the cache '%s'", b->step_id,
		      f->m->m.id);
}

/* The part that source= names; without from= it is made. */
static int open_part(struct step_mount *m, struct error *err)
{
	if (m->m.from || !m->m.source || !m->m.source[1])
		return fd_reopen(m->cache.dir, O_PATH | O_DIRECTORY, err);
	return rootfs_mkdirs(m->cache.dir, m->m.source + 1, m->m.mode < 0 ? 0755 : (mode_t)m->m.mode,
			     m->m.uid < 0 ? (uid_t)-1 : (uid_t)m->m.uid,
			     m->m.gid < 0 ? (gid_t)-1 : (gid_t)m->m.gid, err);
}

static int open_cache(struct step_mounts *sm, struct step_mount *m, struct error *err)
{
	struct filling f = { sm, m };

	/* the same one twice in a step: it must not wait for itself */
	vec_each (&sm->v, other)
		if (other != m && other->cache.dir >= 0 && strcmp(other->content, m->content) == 0) {
			m->cache.dir = fcntl(other->cache.dir, F_DUPFD_CLOEXEC, 3);
			if (m->cache.dir < 0)
				return error_sys(err, "open the cache");
			m->fd = open_part(m, err);
			return m->fd < 0 ? -1 : 0;
		}
	if (cache_mount_open(sm->b->st, m->content, m->m.id, &m->m, &sm->b->staging, fill, &f,
			     waiting, &m->cache, err) < 0)
		return -1;
	m->fd = open_part(m, err);
	return m->fd < 0 ? -1 : 0;
}

/* Who takes several takes them in one order, everywhere: no two steps wait for each other. */
int step_caches_make(struct step_mounts *sm, struct error *err)
{
	for (;;) {
		struct step_mount *next = NULL;

		vec_each (&sm->v, m)
			if (m->m.type == MOUNT_CACHE && m->cache.dir < 0 &&
			    (!next || strcmp(m->content, next->content) < 0 ||
			     (strcmp(m->content, next->content) == 0 &&
			      m->m.sharing > next->m.sharing)))
				next = m;
		if (!next)
			return 0;
		if (open_cache(sm, next, err) < 0)
			return -1;
	}
}
