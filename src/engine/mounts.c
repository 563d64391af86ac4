/*
 * mounts.c - the mounts that a request asks for: what they are on this host.
 *
 * Owns   the resolution of bind sources and volumes, and copy-up into new volumes.
 * Never  follows a link of the image outside of it: copy-up reads through rootfs_open().
 */
#include "mounts.h"

#include "devices.h"
#include "store/volume.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/path.h"
#include "util/tree.h"

#include <errno.h>

void resolved_mounts_done(struct resolved_mounts *m)
{
	vec_each (&m->v, s) {
		free(s->type);
		free(s->source);
		free(s->destination);
		strv_done(&s->options);
	}
	vec_done(&m->v);
	vec_each (&m->devices, d) {
		free(d->type);
		free(d->path);
	}
	vec_done(&m->devices);
	vec_each (&m->rules, d) {
		free(d->type);
		free(d->access);
	}
	vec_done(&m->rules);
	spec_block_io_free(m->block_io);
	m->block_io = NULL;
}

/* ---- create ---- */

/* Absolute, and existing unless it may be made. A socket or file is as good as a directory. */
static char *bind_source(const char *source, bool create, struct error *err)
{
	auto_free char *cwd = NULL;
	auto_free char *path = NULL;

	if (source[0] == '~') {
		error_set(err, ERR_USAGE, "'%s': '~' is for the shell to expand", source);
		return NULL;
	}
	if (source[0] != '/') {
		cwd = getcwd(NULL, 0);
		if (!cwd) {
			error_sys(err, "working directory");
			return NULL;
		}
	}
	path = path_join(cwd ? cwd : "/", source);
	if (access(path, F_OK) == 0)
		return take_ptr(&path);
	if (errno == ENOENT && create)
		return dir_make_all(path, 0755, err) < 0 ? NULL : take_ptr(&path);
	error_sys(err, "bind source '%s'", path);
	if (errno == ENOENT)
		error_hint(err, "make the directory first, or use "
				"--mount type=bind,...,bind-create-src");
	return NULL;
}

/*
 * Programs written for docker's daemon hand its socket on without looking whether there is one:
 * GitHub's runner does so for each container.
 */
static bool is_absent_socket(const struct request_mount *m)
{
	return strcmp(m->type, "bind") == 0 &&
	       (str_eq(m->source, "/var/run/docker.sock") ||
		str_eq(m->source, "/run/docker.sock")) &&
	       access(m->source, F_OK) < 0 && errno == ENOENT;
}

static int plan_volume(struct engine *e, const char *name, struct container_mount *m,
		       struct error *err)
{
	struct volume v;
	int found = 0;

	volume_init(&v);
	if (name)
		found = volume_find(e->store, name, &v, err);
	if (found == 0) {
		found = volume_create(e->store, name, NULL, NULL, &v, err);
		if (found < 0 && err->kind == ERR_EXISTS) {
			/* another hod was faster; it is the same volume all the same */
			error_clear(err);
			found = volume_find(e->store, name, &v, err);
		}
	}
	if (found < 0) {
		volume_done(&v);
		return error_add(err, "volume '%s'", name ? name : "(anonymous)");
	}
	m->anonymous = !name;
	m->name = xstrdup(v.name);
	m->source = xasprintf("%s/volumes/%s/_data", e->store->path, v.name);
	volume_done(&v);
	return 0;
}

static int plan_one(struct engine *e, const struct request_mount *r, bool make_sources,
		    struct container_record *record, struct error *err)
{
	struct container_mount *m = vec_add(&record->mounts);

	m->type = xstrdup(r->type);
	m->destination = xstrdup(r->destination);
	m->rw = !r->readonly;
	m->mode = xstrdup("");
	m->propagation = xstrdup(r->propagation ? r->propagation : "rprivate");
	m->nonrecursive = r->nonrecursive;
	m->nocopy = r->nocopy;
	strv_copy(&m->options, &r->options);
	if (strcmp(r->type, "bind") == 0) {
		m->source = bind_source(r->source,
					r->create_source || (make_sources && r->by_volume), err);
		return m->source ? 0 : -1;
	}
	if (strcmp(r->type, "volume") == 0)
		return plan_volume(e, str_empty(r->source) ? NULL : r->source, m, err);
	return 0;
}

static bool planned(const struct container_record *record, const char *destination)
{
	vec_each (&record->mounts, m)
		if (strcmp(m->destination, destination) == 0)
			return true;
	return false;
}

static void copy_mount(struct container_record *record, const struct container_mount *from,
		       bool readonly)
{
	struct container_mount *m = vec_add(&record->mounts);

	m->type = xstrdup_or_null(from->type);
	m->name = xstrdup_or_null(from->name);
	m->source = xstrdup_or_null(from->source);
	m->destination = xstrdup(from->destination);
	m->mode = xstrdup_or_null(from->mode);
	m->propagation = xstrdup_or_null(from->propagation);
	m->rw = from->rw && !readonly;
	m->nonrecursive = from->nonrecursive;
	m->nocopy = true;
	strv_copy(&m->options, &from->options);
}

static int plan_volumes_from(struct engine *e, const char *text, struct container_record *record,
			     struct error *err)
{
	auto_free char *name = xstrdup(text);
	char *mode = strrchr(name, ':');
	struct container other;
	int found;

	if (mode)
		*mode++ = '\0';
	if (mode && strcmp(mode, "ro") != 0 && strcmp(mode, "rw") != 0)
		return error_set(err, ERR_USAGE, "--volumes-from '%s': mode must be ro or rw", text);
	container_init(&other);
	found = container_find(e->store, name, &other, err);
	if (found == 0)
		found = error_set(err, ERR_NOTFOUND, "No such container: %s", name);
	if (found > 0)
		vec_each (&other.record.mounts, m)
			if (!planned(record, m->destination) && strcmp(m->type, "tmpfs") != 0)
				copy_mount(record, m, mode && strcmp(mode, "ro") == 0);
	container_done(&other);
	return found < 0 ? error_add(err, "--volumes-from") : 0;
}

int mounts_plan(struct engine *e, const struct run_request *r, const struct image_settings *image,
		struct container_record *record, struct error *err)
{
	vec_each (&r->mounts, m) {
		if (is_absent_socket(m)) {
			log_warn("%s is not mounted: there is no daemon of docker", m->source);
			continue;
		}
		if (plan_one(e, m, r->make_sources, record, err) < 0)
			return -1;
	}
	strv_each (&r->volumes_from, i)
		if (plan_volumes_from(e, r->volumes_from.v[i], record, err) < 0)
			return -1;
	for (size_t i = 0; image && !r->build_step && i < image->volumes.n; i++) {
		auto_free char *path = path_join("/", image->volumes.v[i]);
		auto_free char *type = xstrdup("volume");
		struct request_mount m = { .type = type, .destination = path };

		if (strcmp(path, "/") != 0 && !planned(record, path) &&
		    plan_one(e, &m, false, record, err) < 0)
			return error_add(err, "VOLUME %s of the image", path);
	}
	return 0;
}

/* ---- start ---- */

/* What the image has at the place becomes the new volume's content, once, and its owner and mode. */
static int copy_up(struct engine *e, struct volume *v, int data, int rootfs,
		   const char *destination, struct error *err)
{
	bool lenient = !userns_may_chown(&e->facts.userns);
	auto_done(strv) struct strv present = { 0 };
	auto_close int path = -1;
	auto_close int from = -1;
	struct stat st;
	int found = rootfs_find(rootfs, destination, &path, err);

	if (found < 0 || dir_list(data, &present, err) < 0)
		return -1;
	if (found && present.n == 0 && fstat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		from = fd_reopen(path, O_RDONLY | O_DIRECTORY, err);
		if (from < 0 || tree_copy(from, data, lenient, err) < 0 ||
		    tree_copy_attributes(from, data, lenient, err) < 0)
			return -1;
	}
	return volume_set_filled(e->store, v, err);
}

static int fill_volume(struct engine *e, const struct container_mount *m, int rootfs,
		       struct error *err)
{
	auto_close int lock = -1;
	auto_close int data = -1;
	struct volume v;
	int status = -1;

	volume_init(&v);
	if (volume_find(e->store, m->name, &v, err) > 0 && v.filled) {
		volume_done(&v);
		return 0;
	}
	volume_done(&v);
	lock = volume_lock(e->store, m->name, err);
	if (lock < 0)
		return -1;
	/* read again: the one who held the lock may have filled it */
	volume_init(&v);
	if (volume_find(e->store, m->name, &v, err) > 0) {
		data = volume_open_data(e->store, m->name, err);
		if (data >= 0)
			status = v.filled ? 0 : copy_up(e, &v, data, rootfs, m->destination, err);
	}
	volume_done(&v);
	return status < 0 ? error_add(err, "fill volume '%s'", m->name) : 0;
}

static void mount_options(const struct container_mount *m, struct spec_mount *s)
{
	bool bind = strcmp(m->type, "tmpfs") != 0;

	if (bind) {
		strv_add(&s->options, m->nonrecursive ? "bind" : "rbind");
		strv_add(&s->options, m->propagation);
		if (!m->rw) /* recursive: what is mounted below is read-only too */
			strv_add(&s->options, m->nonrecursive ? "ro" : "rro");
	} else {
		static const char *const defaults[] = { "noexec", "nosuid", "nodev" };

		/* docker's, each undone by its opposite */
		for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
			if (!strv_has(&m->options, defaults[i] + 2))
				strv_add(&s->options, defaults[i]);
		if (!m->rw)
			strv_add(&s->options, "ro");
	}
	strv_each (&m->options, i)
		if (!strv_has(&s->options, m->options.v[i]))
			strv_add(&s->options, m->options.v[i]);
}

static void resolve_one(const struct container_mount *m, struct resolved_mounts *out)
{
	struct spec_mount *s = vec_add(&out->v);
	bool tmpfs = strcmp(m->type, "tmpfs") == 0;

	s->type = xstrdup(tmpfs ? "tmpfs" : "bind");
	s->source = xstrdup(tmpfs ? "tmpfs" : m->source);
	s->destination = xstrdup(m->destination);
	mount_options(m, s);
}

int mounts_fill(struct engine *e, const struct container *c, int rootfs, struct error *err)
{
	vec_each (&c->record.mounts, m)
		if (strcmp(m->type, "volume") == 0 && !m->nocopy && fill_volume(e, m, rootfs, err) < 0)
			return -1;
	return 0;
}

int mounts_resolve(struct engine *e, const struct container *c, const struct run_request *r,
		   int rootfs, struct resolved_mounts *out, struct error *err)
{
	vec_each (&c->record.mounts, m)
		resolve_one(m, out);
	if (mounts_fill(e, c, rootfs, err) < 0)
		return -1;
	if (limits_resolve_io(&r->limits, &out->block_io, err) < 0)
		return -1;
	return devices_resolve(e, r, out, err);
}
