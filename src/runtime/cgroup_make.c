/*
 * cgroup_make.c - the cgroup of a new container, on the first rung of the ladder that does.
 *
 * Theory of operation: cgroup v2 lets a cgroup hand controllers to those below only while it holds
 * no process itself, and lets a process be moved only by who may write at the common ancestor. So
 * where a container can have limits depends on where we are:
 *
 *	absolute	the caller named a path below the mount (--cgroup-parent, engines)
 *	own		our own cgroup was delegated to us (a unit with Delegate=, our world in a
 *			container, a job's): below it, after its processes went into a leaf
 * "hod-self" ancestor	without systemd: the nearest cgroup above us that is ours to write and hands
 *			the controllers down. For root that is the root of the tree in the end
 *	scope		with systemd: a delegated transient scope from the manager of who we are
 *	"./X"		below our own and nowhere else (--cgroups split)
 *	none		no limits; what was asked for is refused by name
 *
 * Without limits the first place that can be had is good enough, and no manager is asked: it serves
 * for freezing, killing and counting. A v2 tree beside v1 (hybrid) has no controllers and is never
 * asked for any.
 */
#include "cgroup.h"

#include "device_filter.h"
#include "runtime/runtime.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/path.h"

#include <errno.h>
#include <sys/xattr.h>

#define LEAF	    "hod-self" /* for the processes of a cgroup that hands controllers down */
#define SCOPE_INNER "container"
#define TRIES	    50 /* against others who remove or fill what we make and empty */

struct making {
	int mount;
	const cgroup_settings *settings;
	struct strv needed, liked; /* controllers: asked for; only for defaults */
	char *path;		   /* of what was made */
	int fd;
};

static void controllers_find(struct making *m)
{
	vec_each (m->settings, s) {
		auto_free char *name = cgroup_controller_of(s->file);

		if (!name || strv_has(&m->needed, name))
			continue;
		if (!s->is_default)
			strv_add(&m->needed, name);
		else if (!strv_has(&m->liked, name))
			strv_add(&m->liked, name);
	}
}

static const char *setting_of(const cgroup_settings *all, const char *controller)
{
	vec_each (all, s)
		if (!s->is_default && str_starts(s->file, controller))
			return s->file;
	return controller;
}

/* ---- making one below a base ---- */

static int open_below(int mount, const char *path)
{
	return openat(mount, path[1] ? path + 1 : ".",
		      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/*
 * Has it processes, and is not the root of all? The kernel would let it hand down some controllers
 * (cpu, pids), but then for its threads only, and containers could not be below it.
 */
static bool is_inhabited(int dir)
{
	auto_free char *procs = cgroup_get(dir, "cgroup.procs");

	return *procs && faccessat(dir, "cgroup.type", F_OK, 0) == 0;
}

/* 0 all that is needed is handed down; -1 and errno */
static int hand_down(int dir, const struct strv *needed, const struct strv *liked)
{
	struct str all = { 0 };
	int status;

	strv_each (needed, i)
		str_addf(&all, "+%s ", needed->v[i]);
	strv_each (liked, i)
		str_addf(&all, "+%s ", liked->v[i]);
	status = all.len ? cgroup_put(dir, "cgroup.subtree_control", all.s) : 0;
	str_done(&all);
	if (status < 0 && (errno == ENOENT || errno == EINVAL))
		errno = EOPNOTSUPP; /* a controller that is not there, not a directory */
	if (status == 0 || !liked->n)
		return status;
	/* one that is not there spoils the whole line */
	strv_each (liked, i) {
		auto_free char *plus = xasprintf("+%s", liked->v[i]);

		cgroup_put(dir, "cgroup.subtree_control", plus);
	}
	return needed->n ? hand_down(dir, needed, &(struct strv){ 0 }) : 0;
}

/* The last directory must be ours alone: one of that name that holds nobody is from a dead one. */
static int make_last(int dir, const char *name)
{
	if (mkdirat(dir, name, 0755) == 0)
		return 0;
	if (errno != EEXIST)
		return -1;
	if (unlinkat(dir, name, AT_REMOVEDIR) < 0) {
		errno = EEXIST;
		return -1;
	}
	return mkdirat(dir, name, 0755);
}

static int make_once(int base, const char *below, const struct strv *needed, const struct strv *liked)
{
	auto_close int dir = fcntl(base, F_DUPFD_CLOEXEC, 3);
	auto_free char *copy = xstrdup(below);
	char *save = NULL, *part = strtok_r(copy, "/", &save), *next;
	bool controllers = needed->n + liked->n > 0;

	if (controllers && dir >= 0 && is_inhabited(dir)) {
		errno = EBUSY;
		if (needed->n)
			return -1;
		controllers = false;
	}
	for (; part && dir >= 0; part = next) {
		int inner;

		next = strtok_r(NULL, "/", &save);
		if (controllers && hand_down(dir, needed, liked) < 0)
			return -1;
		if (next ? mkdirat(dir, part, 0755) < 0 && errno != EEXIST : make_last(dir, part) < 0)
			return -1;
		inner = openat(dir, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (inner < 0)
			return -1;
		close(dir);
		dir = inner;
	}
	return take_fd(&dir);
}

/* 0: m->fd and m->path are base/below; else -1 and errno, and nothing is left of it */
static int make_at(struct making *m, const char *base, const char *below, const struct strv *needed,
		   const struct strv *liked)
{
	auto_close int dir = open_below(m->mount, base);
	int saved;

	if (dir < 0)
		return -1;
	for (int i = 0; i < TRIES; i++) {
		/* another container's end may take the directory in between away */
		m->fd = make_once(dir, below, needed, liked);
		if (m->fd >= 0 || (errno != ENOENT && errno != ENODEV))
			break;
	}
	if (m->fd >= 0) {
		m->path = path_in(base, below);
		return 0;
	}
	saved = errno;
	unlinkat(dir, CGROUP_HOME, AT_REMOVEDIR); /* in use by others it stays */
	errno = saved;
	return -1;
}

/* ---- rungs ---- */

/* systemd marks what it has delegated; our own leaf tells as much. */
static bool is_delegated(const char *path, int mount)
{
	auto_close int dir = open_below(mount, path);
	char value[8];

	return dir >= 0 &&
	       (fgetxattr(dir, "user.delegate", value, sizeof(value)) == 1 ||
		fgetxattr(dir, "trusted.delegate", value, sizeof(value)) == 1) &&
	       value[0] == '1';
}

static bool cut_leaf(char *path)
{
	char *end = strrchr(path, '/');

	if (!end || !str_eq(end + 1, LEAF))
		return false;
	end[end == path ? 1 : 0] = '\0';
	return true;
}

bool cgroup_is_ours(char **own)
{
	enum cgroup_tree tree;
	auto_close int mount = -1;

	if (cut_leaf(*own))
		return true;
	mount = cgroup_mount_open(&tree);
	return mount >= 0 && is_delegated(*own, mount);
}

/* Moves all processes of a cgroup into a leaf below it, so that it may hand controllers down. */
static int evacuate(int mount, const char *path)
{
	auto_close int dir = open_below(mount, path), leaf = -1;

	if (dir < 0 || (mkdirat(dir, LEAF, 0755) < 0 && errno != EEXIST))
		return -1;
	leaf = open_below(dir, "/" LEAF);
	if (leaf < 0)
		return -1;
	for (int i = 0; i < TRIES; i++) {
		auto_free char *text = cgroup_get(dir, "cgroup.procs");
		char *save = NULL;

		if (!*text)
			return 0;
		for (char *pid = strtok_r(text, "\n", &save); pid; pid = strtok_r(NULL, "\n", &save))
			/* one that has ended meanwhile, or is not ours to move: seen next time */
			cgroup_put(leaf, "cgroup.procs", pid);
	}
	errno = EBUSY;
	return -1;
}

/* Has the cgroup the controllers itself? Else its processes would be moved for nothing. */
static bool has_needed(const struct making *m, const char *path)
{
	auto_close int dir = open_below(m->mount, path);
	auto_free char *has = dir < 0 ? xstrdup("") : cgroup_get(dir, "cgroup.controllers");

	strv_each (&m->needed, i)
		if (!cgroup_has_word(has, m->needed.v[i]))
			return false;
	return true;
}

/* Below a cgroup that is ours, whose processes may be moved for it. */
static int try_own(struct making *m, const char *own, const char *below)
{
	if (make_at(m, own, below, &m->needed, &m->liked) == 0)
		return 0;
	if (errno != EBUSY || !m->needed.n || !has_needed(m, own) || evacuate(m->mount, own) < 0)
		return -1;
	return make_at(m, own, below, &m->needed, &m->liked);
}

/* From our own cgroup up to the root of the tree. */
static int try_ancestors(struct making *m, const char *own, const char *below,
			 const struct strv *needed, const struct strv *liked)
{
	auto_free char *at = xstrdup(own);

	for (;;) {
		char *end = strrchr(at, '/');

		if (make_at(m, at, below, needed, liked) == 0)
			return 0;
		if (!at[1] || !end)
			return -1;
		end[end == at ? 1 : 0] = '\0';
	}
}

static bool is_login(const char *path)
{
	return str_starts(path, "/user.slice/") || str_starts(path, "/init.scope");
}

/* "hod/ID" -> "hod-ID", which names a unit */
static char *unit_of(const char *below)
{
	char *name = xstrdup(below);

	for (char *c = name; *c; c++)
		if (*c == '/')
			*c = '-';
	return name;
}

static int try_scope(struct making *m, const char *name, const char *slice, struct error *err)
{
	auto_free char *scope = NULL;

	if (cgroup_scope_enter(name, slice, &scope, err) < 0)
		return -1;
	if (evacuate(m->mount, scope) == 0 &&
	    make_at(m, scope, SCOPE_INNER, &m->needed, &m->liked) == 0)
		return 0;
	if (errno == EOPNOTSUPP)
		strv_each (&m->needed, i) {
			auto_close int dir = open_below(m->mount, scope);
			auto_free char *has = cgroup_get(dir, "cgroup.controllers");

			if (!cgroup_has_word(has, m->needed.v[i]))
				return cgroup_missing(scope, m->needed.v[i], "linux.resources", err);
		}
	return error_sys(err, "cgroup %s", scope);
}

/* A relative path: where we see fit. */
static int make_anywhere(struct making *m, const char *below, struct error *err)
{
	auto_free char *own = cgroup_path_of(0);
	struct strv none = { 0 };
	struct error why = { 0 };

	if (!own)
		own = xstrdup("/");
	if (cgroup_is_ours(&own) && try_own(m, own, below) == 0)
		return 0;
	if (cgroup_systemd_runs()) {
		auto_free char *unit = unit_of(below);

		if (!m->needed.n) {
			/* what was begun in a login may outlive it, where that is ours to say */
			if (!is_login(own) || make_at(m, "/", below, &none, &m->liked) < 0)
				make_at(m, own, below, &none, &m->liked);
			return 0; /* without one, then */
		}
		if (try_scope(m, unit, NULL, &why) == 0)
			return 0;
		if (m->fd < 0 && why.kind != ERR_UNSUPPORTED) {
			*err = why;
			return -1;
		}
	} else if (m->liked.n) {
		struct strv all = { 0 };
		int status;

		strv_copy(&all, &m->needed);
		strv_copy(&all, &m->liked);
		status = try_ancestors(m, own, below, &all, &none);
		strv_done(&all);
		if (status == 0)
			return 0;
	}
	/* by hand, and last by moving who is in our own cgroup */
	if (try_ancestors(m, own, below, &m->needed, &none) == 0)
		return 0;
	if (m->needed.n && try_own(m, own, below) == 0)
		return 0;
	if (!why.kind)
		return 0;
	*err = why;
	return error_add(err, "%s: no cgroup with the %s controller to be had",
			 setting_of(m->settings, m->needed.v[0]), m->needed.v[0]);
}

/* Below the mount, as it says; where that is not ours to do, below our own. */
static int make_named(struct making *m, const char *path)
{
	auto_free char *own = NULL, *clean = path_clean(path);

	if (!clean[1])
		return 0;
	if (make_at(m, "/", clean + 1, &m->needed, &m->liked) == 0 ||
	    (errno != EACCES && errno != EPERM && errno != EROFS && errno != ENOENT))
		return 0;
	own = cgroup_path_of(0);
	if (!own || !own[1])
		return 0;
	cut_leaf(own);
	if (try_own(m, own, clean + 1) < 0)
		try_ancestors(m, own, clean + 1, &m->needed, &m->liked);
	return 0;
}

/* "./X": below our own cgroup and nowhere else. */
static int make_split(struct making *m, const char *below, struct error *err)
{
	auto_free char *own = cgroup_path_of(0);

	if (own)
		cut_leaf(own);
	if (!own || try_own(m, own, below) == 0)
		return 0;
	return m->needed.n ? 0 : error_sys(err, "cgroup %s: make one below it", own);
}

/* SLICE:PREFIX:NAME, as kubelet and podman have it for systemd. */
static int make_unit(struct making *m, const char *text, struct error *err)
{
	auto_done(strv) struct strv parts = { 0 };
	auto_free char *name = NULL, *path = NULL;

	strv_split(&parts, text, ':');
	if (parts.n != 3 || !parts.v[2][0])
		return error_set(err, ERR_INVALID, "linux.cgroupsPath: '%s': not SLICE:PREFIX:NAME",
				 text);
	name = parts.v[1][0] ? xasprintf("%s-%s", parts.v[1], parts.v[2]) : xstrdup(parts.v[2]);
	if (cgroup_systemd_runs())
		return try_scope(m, name, parts.v[0][0] ? parts.v[0] : NULL, err);
	path = xasprintf("/" CGROUP_HOME "/%s", parts.v[2]);
	return make_named(m, path);
}

/* ---- for a spec ---- */

/* A tree without controllers: as the spec says, without asking for any. */
static void make_bare(struct making *m, const char *text)
{
	auto_free char *path = NULL;
	const char *name = strrchr(text, ':');

	strv_done(&m->needed);
	strv_done(&m->liked);
	path = xasprintf("/%s%s", name ? CGROUP_HOME "/" : "", name ? name + 1 : text);
	make_named(m, path);
}

/* The hybrid tree may have been given a controller that no v1 hierarchy has. */
static const char *first_missing(const struct making *m)
{
	auto_free char *has = m->mount < 0 || !m->needed.n
				      ? xstrdup("")
				      : cgroup_get(m->mount, "cgroup.controllers");

	strv_each (&m->needed, i)
		if (!cgroup_has_word(has, m->needed.v[i]))
			return m->needed.v[i];
	return NULL;
}

static int make(struct making *m, const char *path, enum cgroup_tree tree, struct error *err)
{
	const char *missing = tree == CGROUP_TREE_PURE ? NULL : first_missing(m);
	auto_free char *own = NULL, *place = NULL;
	int status = 0;

	if (missing)
		return cgroup_missing(NULL, missing, setting_of(m->settings, missing), err);
	if (m->mount < 0)
		return 0;
	if (tree == CGROUP_TREE_HYBRID && !m->needed.n)
		make_bare(m, path);
	else if (strchr(path, ':'))
		status = make_unit(m, path, err);
	else if (str_starts(path, "./"))
		status = make_split(m, path + 2, err);
	else if (path[0] == '/')
		status = make_named(m, path);
	else
		status = make_anywhere(m, path, err);
	if (status < 0 || m->fd >= 0 || !m->needed.n)
		return status;
	own = cgroup_path_of(0);
	place = path_in(own ? own : "/", CGROUP_HOME);
	return cgroup_missing(place, m->needed.v[0], setting_of(m->settings, m->needed.v[0]), err);
}

static int fill(struct making *m, const struct spec_resources *r, struct error *err)
{
	if (r && m->fd >= 0 && cgroup_settings_apply(m->fd, m->path, m->settings, err) < 0)
		return -1;
	if (!r || !r->devices.n)
		return 0;
	if (m->fd >= 0)
		return device_filter_attach(m->fd, r, err);
	log_debug("runtime: linux.resources.devices: there is no cgroup v2 to set them in");
	return 0;
}

int cgroup_make(const struct spec *spec, int *fd, char **path, bool *required, struct error *err)
{
	const struct spec_resources *r = spec->linux_.resources;
	cgroup_settings settings = { 0 };
	struct making m = { .mount = -1, .fd = -1, .settings = &settings };
	enum cgroup_tree tree;
	int status = 0;

	*required = false;
	if (str_empty(spec->linux_.cgroups_path))
		return 0;
	if (r)
		status = cgroup_settings_plan(r,
					      strmap_get(&spec->annotations,
							 ANNOTATION_DEFAULT_LIMITS),
					      &settings, err);
	if (status == 0) {
		controllers_find(&m);
		*required = m.needed.n > 0;
		m.mount = cgroup_mount_open(&tree);
		status = make(&m, spec->linux_.cgroups_path, tree, err);
	}
	*fd = m.fd;
	*path = m.path;
	if (status == 0)
		status = fill(&m, r, err);
	auto_close_fd(&m.mount);
	strv_done(&m.needed);
	strv_done(&m.liked);
	cgroup_settings_done(&settings);
	return status;
}

/* ---- a further process ---- */

bool cgroup_is_required(const struct spec *spec)
{
	cgroup_settings settings = { 0 };
	struct error ignored = { 0 }; /* such a spec has not been started */
	bool asked = false;

	if (spec->linux_.resources &&
	    cgroup_settings_plan(spec->linux_.resources,
				 strmap_get(&spec->annotations, ANNOTATION_DEFAULT_LIMITS),
				 &settings, &ignored) == 0)
		vec_each (&settings, s)
			asked |= !s->is_default;
	cgroup_settings_done(&settings);
	return asked;
}

int cgroup_approach(const char *cgroup, struct error *err)
{
	auto_done(strv) struct strv parts = { 0 };

	strv_split(&parts, cgroup, '/');
	for (size_t i = parts.n; i-- > 0 && cgroup_systemd_runs();)
		if (str_ends(parts.v[i], ".scope"))
			return cgroup_scope_attach(parts.v[i], "/" LEAF, err);
	return error_set(err, ERR_DENIED, "cgroup %s: not ours to enter", cgroup);
}
