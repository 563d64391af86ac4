/*
 * volume.c - named directories that outlive containers.
 *
 * Owns   <root>/volumes. A volume is made aside and renamed into place, so it is whole or absent.
 * Never  looks into _data; that is the containers'.
 */
#include "store/volume.h"

#include "store/container.h"
#include "store_private.h"
#include "util/fd.h"
#include "util/text.h"
#include "store/event.h"

#include <ctype.h>
#include <errno.h>

#define VOLUME_NAME_MAX 200

static const struct field volume_fields[] = {
	F_STR_(struct volume, name, "name", FIELD_REQUIRED),
	F_INT_(struct volume, created_ns, "created", FIELD_REQUIRED),
	F_BOOL(struct volume, anonymous, "anonymous"),
	F_BOOL(struct volume, filled, "filled"),
	F_MAP(struct volume, labels, "labels"),
	F_MAP(struct volume, options, "options"),
	F_END,
};

void volume_init(struct volume *v)
{
	fields_init(volume_fields, v);
	v->created_ns = 0;
}

void volume_done(struct volume *v)
{
	fields_done(volume_fields, v);
}

void volumes_done(volumes *l)
{
	vec_each (l, v)
		volume_done(v);
	vec_done(l);
}

static bool volume_name_ok(const char *name)
{
	size_t n = strlen(name);

	if (n < 1 || n > VOLUME_NAME_MAX || !isalnum((unsigned char)name[0]))
		return false;
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p >= 0x80 || (!isalnum((unsigned char)*p) && !strchr("_.-", *p)))
			return false;
	return true;
}

static int volume_write(struct store *st, int dir, const struct volume *v, struct error *err)
{
	auto_done(str) struct str text = { 0 };

	fields_format(volume_fields, v, false, &text);
	str_addc(&text, '\n');
	return file_write(dir, "volume.json", text.s, text.len, 0600, st->durable, err);
}

/* Fills the staged directory: _data, the lock, and what is known about it. */
static int volume_stage(struct store *st, struct staging *s, const struct volume *v, struct error *err)
{
	auto_close int lock = -1, data = -1;

	if (mkdirat(s->fd, "_data", 0755) < 0)
		return error_sys(err, "make _data");
	data = dir_open(s->fd, "_data", err);
	if (data < 0)
		return -1;
	if (fchmod(data, 0755) < 0) /* whatever the umask */
		return error_sys(err, "set the mode of _data");
	lock = openat(s->fd, "lock", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (lock < 0)
		return error_sys(err, "make the lock");
	return volume_write(st, s->fd, v, err);
}

int volume_create(struct store *st, const char *name, const struct strmap *labels,
		  const struct strmap *options, struct volume *v, struct error *err)
{
	int dir = store_dir(st, STORE_VOLUMES, err);
	struct staging s = STAGING_NONE;
	char hex[65];

	volume_init(v);
	if (dir < 0)
		return -1;
	if (name && !volume_name_ok(name))
		return error_set(
			err, ERR_INVALID,
			"'%s' is no name for a volume: 1 to %d of [a-zA-Z0-9_.-], the first a "
			"letter or a digit",
			name, VOLUME_NAME_MAX);
	random_hex(hex, 64);
	v->name = xstrdup(name ? name : hex);
	v->anonymous = !name;
	v->created_ns = time_now_ns();
	if (labels)
		strmap_copy(&v->labels, labels);
	if (options)
		strmap_copy(&v->options, options);
	if (staging_begin(st, &s, err) < 0 || volume_stage(st, &s, v, err) < 0)
		goto fail;
	if (renameat(st->dirs[STORE_TMP], s.name, dir, v->name) < 0) {
		if (errno == EEXIST || errno == ENOTEMPTY)
			error_set(err, ERR_EXISTS, "there is a volume '%s' already", v->name);
		else
			error_sys(err, "publish");
		goto fail;
	}
	staging_end(st, &s);
	event_object(st, "volume", "create", v->name, "driver", "local", EVENT_END);
	return store_sync(st, dir, err);
fail:
	staging_end(st, &s);
	error_add(err, "volume '%s'", v->name);
	volume_done(v);
	return -1;
}

int volume_find(struct store *st, const char *name, struct volume *v, struct error *err)
{
	int dir, r = store_dir_find(st, STORE_VOLUMES, &dir, err);
	auto_done(str) struct str text = { 0 };
	auto_close int fd = -1;

	volume_init(v);
	if (r <= 0)
		return r;
	if (!volume_name_ok(name))
		return 0;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : error_sys(err, "open volume '%s'", name);
	if (file_read(fd, "volume.json", &text, META_MAX, err) < 0 ||
	    fields_parse(volume_fields, text.s, text.len, &store_limits, FIELDS_LENIENT, v, err) < 0)
		return error_add(err, "volume '%s'", name);
	if (strcmp(v->name, name) != 0) {
		volume_done(v);
		return error_set(err, ERR_INVALID, "volume '%s': volume.json has another name", name);
	}
	return 1;
}

int volume_list(struct store *st, volumes *l, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	int dir, r = store_dir_find(st, STORE_VOLUMES, &dir, err);
	struct error damaged = { 0 }; /* such a volume is listed by its name alone; fsck tells */
	struct volume v;

	if (r <= 0)
		return r;
	if (dir_list(dir, &names, err) < 0)
		return error_add(err, "list volumes");
	strv_each (&names, i) {
		if (!volume_name_ok(names.v[i]))
			continue;
		r = volume_find(st, names.v[i], &v, &damaged);
		if (r == 0)
			continue;
		if (r < 0) {
			volume_init(&v);
			v.name = xstrdup(names.v[i]);
		}
		vec_push(l, v);
	}
	return 0;
}

static int volume_open(struct store *st, const char *name, const char *below, int flags,
		       struct error *err)
{
	int dir, fd, r = store_dir_find(st, STORE_VOLUMES, &dir, err);
	auto_free char *path = xasprintf("%s/%s", name, below);

	if (r < 0)
		return -1;
	if (r == 0 || !volume_name_ok(name))
		return error_set(err, ERR_NOTFOUND, "no such volume: %s", name);
	fd = openat(dir, path, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 && errno == ENOENT)
		return error_set(err, ERR_NOTFOUND, "no such volume: %s", name);
	if (fd < 0)
		return error_sys(err, "open volume '%s'", name);
	return fd;
}

int volume_open_data(struct store *st, const char *name, struct error *err)
{
	return volume_open(st, name, "_data", O_RDONLY | O_DIRECTORY, err);
}

int volume_lock(struct store *st, const char *name, struct error *err)
{
	auto_close int fd = volume_open(st, name, "lock", O_RDWR | O_CREAT, err);
	struct stat s;

	if (fd < 0)
		return -1;
	if (lock_take(fd, LOCK_EXCLUSIVE, err) < 0)
		return error_add(err, "volume '%s'", name);
	if (fstat(fd, &s) == 0 && s.st_nlink == 0)
		return error_set(err, ERR_NOTFOUND, "volume '%s' was removed", name);
	return take_fd(&fd);
}

int volume_set_filled(struct store *st, struct volume *v, struct error *err)
{
	auto_close int fd = volume_open(st, v->name, ".", O_RDONLY | O_DIRECTORY, err);

	if (fd < 0)
		return -1;
	v->filled = true;
	if (volume_write(st, fd, v, err) < 0)
		return error_add(err, "volume '%s'", v->name);
	return 0;
}

int volume_users(struct store *st, const char *name, struct strv *ids, struct error *err)
{
	containers l = { 0 };
	int r = container_list(st, &l, err);

	vec_each (&l, c) {
		vec_each (&c->record.mounts, m) {
			if (!str_eq(m->type, "volume") || !str_eq(m->name, name))
				continue;
			strv_add(ids, c->id);
			break;
		}
	}
	containers_done(&l);
	return r;
}

int volume_remove(struct store *st, const char *name, struct error *err)
{
	auto_done(strv) struct strv users = { 0 };
	auto_close int lock = volume_lock(st, name, err);

	if (lock < 0)
		return -1;
	if (volume_users(st, name, &users, err) < 0)
		return error_add(err, "volume '%s'", name);
	if (users.n > 0)
		return error_set(err, ERR_BUSY, "volume '%s' is used by container %.12s%s", name,
				 users.v[0], users.n > 1 ? " and others" : "");
	if (store_trash(st, st->dirs[STORE_VOLUMES], name, err) < 0)
		return error_add(err, "volume '%s'", name);
	event_object(st, "volume", "destroy", name, "driver", "local", EVENT_END);
	return 0;
}
