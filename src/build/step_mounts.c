/*
 * step_mounts.c - the mounts of one RUN step: what they are, and what of them is in its key.
 *
 * Spec   Dockerfile reference, "RUN --mount"; FEATURES B27-B32.
 */
#include "step_mounts.h"
#include "util/compat.h"
#include "util/fd.h"
#include "util/path.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mount.h>

#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 0x00000004
#endif
#ifndef MOVE_MOUNT_T_EMPTY_PATH
#define MOVE_MOUNT_T_EMPTY_PATH 0x00000040
#endif

/* ---- planning ---- */

static char *default_target(const struct step_mount *m, size_t agents)
{
	if (m->m.type == MOUNT_SSH)
		return xasprintf("/run/buildkit/ssh_agent.%zu", agents);
	if (m->m.type == MOUNT_SECRET && !m->m.env)
		return xasprintf("/run/secrets/%s", path_base(m->m.id));
	return NULL;
}

static int set_target(const struct stage_state *s, struct step_mount *m, size_t agents,
		      struct error *err)
{
	const char *workdir = s->config.config.working_dir;
	auto_free char *from = path_join("/", str_empty(workdir) ? "/" : workdir);

	m->target = m->m.target ? path_join(from, m->m.target) : default_target(m, agents);
	if (m->target && strcmp(m->target, "/") == 0)
		return error_set(err, ERR_INVALID, "a mount on / would hide all of the step's files");
	return 0;
}

static void set_id(struct step_mount *m)
{
	struct run_mount *r = &m->m;

	if (r->id)
		return;
	if (r->type == MOUNT_SECRET)
		r->id = xstrdup(r->source ? r->source : path_base(r->target));
	else if (r->type == MOUNT_SSH)
		r->id = xstrdup("default");
	else if (r->type == MOUNT_CACHE)
		r->id = path_clean(r->target);
}

/* The node that a bind mount shows. */
static int find_node(struct step_mount *m, struct node **n, struct error *err)
{
	const char *path = m->m.source ? m->m.source + 1 : "";
	bool ignored;
	int r = tree_find(m->origin.tree, path, n, &ignored, err);

	if (r != 0)
		return r < 0 ? -1 : 0;
	error_set(err, ERR_NOTFOUND, "'%s' is not in %s", path, m->origin.tree->name);
	return ignored ? error_hint(err, "the ignore file leaves it out") : -1;
}

static int hash_node(struct step_mount *m, struct error *err)
{
	struct node *n;
	struct key k;

	if (find_node(m, &n, err) < 0)
		return -1;
	key_begin(&k, "BIND");
	if (node_key(m->origin.tree, n, NULL, "", &k, err) < 0)
		return -1;
	key_end(&k, m->content);
	return 0;
}

/* All of a stage is told by its layers; of a part, what was found out once is remembered. */
static int hash_layered(struct builder *b, struct step_mount *m, struct error *err)
{
	const char *path = str_eq(m->m.source, "/") ? NULL : m->m.source;
	char quick[SHA256_HEX];
	struct key k;
	int r;

	key_begin(&k, "BOUND");
	key_list(&k, "layers", &m->origin.layers);
	key_add(&k, "path", path);
	key_end(&k, quick);
	if (!path) {
		memcpy(m->content, quick, sizeof(quick));
		return 0;
	}
	r = b->r->no_cache ? 0 : cache_find_text(b->st, quick, m->content, SHA256_HEX, err);
	if (r != 0)
		return r < 0 ? -1 : 0;
	if (origin_mount(b, &m->origin, err) < 0 || hash_node(m, err) < 0)
		return -1;
	return cache_put_text(b->st, quick, m->content, err);
}

static int plan_bind(struct builder *b, struct step_mount *m, struct error *err)
{
	if (origin_open(b, m->m.from, &m->origin, err) < 0)
		return -1;
	if (m->origin.layered)
		return hash_layered(b, m, err);
	if (m->origin.tree->root < 0)
		return error_set(
			err, ERR_INVALID,
			"there is no build context, the Dockerfile came from standard input");
	return hash_node(m, err);
}

static int plan_one(struct step_mounts *sm, struct stage_state *s, const char *text,
		    const struct strv *env, size_t *agents, struct error *err)
{
	struct step_mount *m = vec_add(&sm->v);
	int r = 0;

	m->origin = (struct origin)ORIGIN_NONE;
	m->cache = (struct cache_mount)CACHE_MOUNT_NONE;
	m->fd = -1;
	if (run_mount_parse(text, sm->b->escape, env, &m->m, err) < 0)
		return -1;
	set_id(m);
	r = set_target(s, m, *agents, err);
	*agents += m->m.type == MOUNT_SSH;
	if (r == 0 && m->m.type == MOUNT_BIND)
		r = plan_bind(sm->b, m, err);
	if (r == 0 && m->m.type == MOUNT_CACHE)
		r = step_cache_plan(sm, m, err);
	return r < 0 ? error_add(err, "--mount=%s", text) : 0;
}

int step_mounts_plan(struct builder *b, struct stage_state *s, const struct instruction *in,
		     struct step_mounts *sm, struct error *err)
{
	auto_done(strv) struct strv env = { 0 };
	size_t agents = 0;

	*sm = (struct step_mounts){ .b = b, .files = -1 };
	stage_scope(s, &env);
	vec_each (&in->flags, f)
		if (strcmp(f->def->name, "mount") == 0 &&
		    plan_one(sm, s, f->value, &env, &agents, err) < 0)
			return -1;
	return 0;
}

void step_mounts_key(const struct step_mounts *sm, struct key *k)
{
	vec_each (&sm->v, m) {
		key_add(k, "mount", run_mount_type_name(&m->m));
		key_add(k, "target", m->target);
		if (m->m.type == MOUNT_BIND)
			key_add(k, "content", m->content);
		key_add(k, "id", m->m.id);
		key_add(k, "env", m->m.env);
		key_add(k, "from", m->m.type == MOUNT_CACHE ? m->m.from : NULL);
		key_add(k, "source", m->m.type == MOUNT_CACHE ? m->m.source : NULL);
		key_int(k, "sharing", m->m.sharing);
		key_int(k, "readonly", m->m.readonly);
		key_int(k, "required", m->m.required);
		key_int(k, "size", m->m.size);
		key_int(k, "mode", m->m.mode);
		key_int(k, "uid", m->m.uid);
		key_int(k, "gid", m->m.gid);
	}
}

/* ---- making ---- */

int step_attach(struct step_mounts *sm, int mount, const char **name, struct error *err)
{
	char directory[32] = "mount-";
	auto_close int on = -1;

	random_hex(directory + 6, 16);
	on = dir_make_open(sm->b->staging.fd, directory, 0700, err);
	if (on < 0)
		return -1;
	if (sys_move_mount(mount, "", on, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return error_sys(err, "attach a mount of the step");
	strv_add(&sm->attached, directory);
	*name = sm->attached.v[sm->attached.n - 1];
	return 0;
}

static void detach(struct step_mounts *sm, const char *name)
{
	auto_free char *path = xasprintf("%s/tmp/%s/%s", sm->b->st->path, sm->b->staging.name, name);

	/* path: of the store, whose root none but its user may enter */
	umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
	unlinkat(sm->b->staging.fd, name, AT_REMOVEDIR);
}

static void add_bind(const struct step_mount *m, struct run_request *r)
{
	struct request_mount *to = vec_add(&r->mounts);

	to->type = xstrdup("bind");
	to->source = xasprintf("/proc/self/fd/%d", m->fd);
	to->destination = xstrdup(m->target);
	strv_add(&to->options, "bind");
	strv_add(&to->options, "nodev");
	strv_add(&to->options, m->m.readonly || m->m.type == MOUNT_SECRET ? "ro" : "rw");
	if (m->m.type == MOUNT_SECRET)
		strv_add(&to->options, "noexec");
}

static void add_tmpfs(const struct step_mount *m, struct run_request *r)
{
	struct request_mount *to = vec_add(&r->mounts);

	to->type = xstrdup("tmpfs");
	to->destination = xstrdup(m->target);
	strv_add(&to->options, "nosuid");
	strv_add(&to->options, "nodev");
	if (m->m.size > 0)
		strv_addf(&to->options, "size=%lld", (long long)m->m.size);
	if (m->m.readonly)
		strv_add(&to->options, "ro");
}

static int make_one(struct step_mounts *sm, size_t i, struct run_request *r, struct error *err)
{
	struct step_mount *m = &sm->v.v[i];
	int made = 1;

	switch (m->m.type) {
	case MOUNT_TMPFS:
		add_tmpfs(m, r);
		return 0;
	case MOUNT_BIND:
		made = step_bind_make(sm, m, err) < 0 ? -1 : 1;
		break;
	case MOUNT_CACHE:
		break; /* all at once, by step_caches_make */
	case MOUNT_SECRET:
		made = step_secret_make(sm, m, i, r, err);
		break;
	case MOUNT_SSH:
		made = step_ssh_make(sm, m, i, r, err);
		break;
	}
	if (made == 1 && m->fd >= 0)
		add_bind(m, r);
	return made < 0 ? error_add(err, "--mount=type=%s", run_mount_type_name(&m->m)) : 0;
}

int step_mounts_make(struct step_mounts *sm, struct run_request *r, struct error *err)
{
	if (step_caches_make(sm, err) < 0)
		return error_add(err, "--mount=type=cache");
	for (size_t i = 0; i < sm->v.n; i++)
		if (make_one(sm, i, r, err) < 0)
			return -1;
	return 0;
}

void step_mounts_done(struct step_mounts *sm)
{
	vec_each (&sm->agents, a)
		ssh_forward_stop(*a);
	vec_done(&sm->agents);
	vec_each (&sm->v, m) {
		run_mount_done(&m->m);
		free(m->target);
		origin_done(&m->origin);
		cache_mount_close(&m->cache);
		auto_close_fd(&m->fd);
	}
	vec_done(&sm->v);
	auto_close_fd(&sm->files);
	strv_each (&sm->attached, i)
		detach(sm, sm->attached.v[i]);
	strv_done(&sm->attached);
	sm->files = -1;
}
