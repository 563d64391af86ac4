/*
 * container.c - one container on disk: made, loaded, its status, removed.
 *
 * Owns   <root>/containers. record.json has three lines of JSON: the record, the image's settings,
 *        the request; the last two are kept as they came and parsed by who needs them.
 * Never  believes a file about whether a container runs: its lock says so.
 *
 * Theory of operation. A container is made in this order: directory, lock (held by the maker until
 * the record is written or the monitor takes it), name, record. Without a record it is not listed;
 * if nobody holds its lock either, its making was cut short, and the sweep removes it. It is
 * removed in the order directory (one rename), name: killed in between, a stale name is left,
 * which nobody sees and everybody may take.
 */
#include "store/container.h"

#include "container_private.h"
#include "store_private.h"
#include "store/rootfs.h"
#include "store/volume.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/text.h"
#include "store/event.h"

#include <errno.h>
#include <stdio.h>

#define F_MOUNT(member, name) F_STR(struct container_mount, member, name)

static const struct field mount_fields[] = {
	F_MOUNT(type, "type"),
	F_MOUNT(name, "name"),
	F_MOUNT(source, "source"),
	F_MOUNT(destination, "destination"),
	F_MOUNT(mode, "mode"),
	F_MOUNT(propagation, "propagation"),
	F_BOOL(struct container_mount, rw, "rw"),
	F_STRV(struct container_mount, options, "options"),
	F_BOOL(struct container_mount, nonrecursive, "nonrecursive"),
	F_BOOL(struct container_mount, nocopy, "nocopy"),
	F_BOOL(struct container_mount, create_source, "createSource"),
	F_BOOL(struct container_mount, anonymous, "anonymous"),
	F_END,
};
const struct field container_record_fields[] = {
	F_STR_(struct container_record, id, "id", FIELD_REQUIRED),
	F_STR_(struct container_record, name, "name", FIELD_REQUIRED),
	F_INT_(struct container_record, created_ns, "created", FIELD_REQUIRED),
	F_STR(struct container_record, image, "image"),
	F_STR(struct container_record, image_id, "imageId"),
	F_STRV(struct container_record, layers, "layers"),
	F_STR(struct container_record, path, "path"),
	F_STRV(struct container_record, args, "args"),
	F_MAP(struct container_record, labels, "labels"),
	F_VEC(struct container_record, mounts, "mounts", mount_fields),
	F_BOOL(struct container_record, auto_remove, "autoRemove"),
	F_BOOL(struct container_record, tty, "tty"),
	F_BOOL(struct container_record, open_stdin, "openStdin"),
	F_STR(struct container_record, log_driver, "logDriver"),
	F_STR(struct container_record, stop_signal, "stopSignal"),
	F_INT(struct container_record, stop_timeout, "stopTimeout"),
	F_STR(struct container_record, restart, "restart"),
	F_STR(struct container_record, replaces, "replaces"),
	F_BOOL(struct container_record, replacing, "replacing"),
	F_END,
};
const struct field container_state_fields[] = {
	F_INT(struct container_state, pid, "pid"),
	F_INT(struct container_state, pid_start, "pidStart"),
	F_STR(struct container_state, boot_id, "bootId"),
	F_INT(struct container_state, monitor_pid, "monitorPid"),
	F_INT(struct container_state, started_ns, "started"),
	F_INT(struct container_state, finished_ns, "finished"),
	F_INT(struct container_state, exit_code, "exitCode"),
	F_BOOL(struct container_state, oom_killed, "oomKilled"),
	F_STR(struct container_state, error, "error"),
	F_STR(struct container_state, reason, "reason"),
	F_STR(struct container_state, cgroup, "cgroup"),
	F_RAW(struct container_state, report, "report"),
	F_INT(struct container_state, restarts, "restarts"),
	F_BOOL(struct container_state, restarting, "restarting"),
	F_END,
};

/* What is absent from a state is 0, but for the exit code, where 0 has a meaning. */
static void state_init(struct container_state *s)
{
	fields_init(container_state_fields, s);
	s->pid = s->pid_start = s->monitor_pid = s->started_ns = s->finished_ns = s->restarts = 0;
}

static void record_done(struct container_record *r)
{
	free(r->image_settings);
	free(r->request);
	r->image_settings = r->request = NULL;
	fields_done(container_record_fields, r);
}

void container_init(struct container *c)
{
	*c = (struct container){ .fd = -1, .lock = -1 };
	fields_init(container_record_fields, &c->record);
	c->record.created_ns = 0;
	state_init(&c->state);
}

void container_done(struct container *c)
{
	record_done(&c->record);
	fields_done(container_state_fields, &c->state);
	auto_close_fd(&c->fd);
	auto_close_fd(&c->lock);
	free(c->why);
	container_init(c);
}

/*
 * The directory and its held lock: 1; 0 when a sweeper came between the two, for which a directory
 * without a record whose lock is free was never finished; -1.
 */
static int directory_try(int dir, struct container *c, struct error *err)
{
	int r;

	random_hex(c->id, 64);
	if (mkdirat(dir, c->id, 0700) < 0)
		return error_sys(err, "make container %.12s", c->id);
	c->fd = openat(dir, c->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (c->fd < 0)
		return errno == ENOENT ? 0 : error_sys(err, "open container %.12s", c->id);
	c->lock = openat(c->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (c->lock < 0)
		return errno == ENOENT ? 0
				       : error_sys(err, "make the lock of container %.12s", c->id);
	r = lock_try(c->lock, LOCK_EXCLUSIVE, err);
	if (r <= 0)
		return r;
	/* who removes it takes the lock first: what is still there now stays */
	return file_exists(dir, c->id);
}

static int directory_make(struct store *st, struct container *c, struct error *err)
{
	int dir = store_dir(st, STORE_CONTAINERS, err), r;

	if (dir < 0)
		return -1;
	while ((r = directory_try(dir, c, err)) == 0) {
		auto_close_fd(&c->lock);
		auto_close_fd(&c->fd);
	}
	return r;
}

int container_make(struct store *st, struct container *c, const char *name, struct error *err)
{
	struct error ignored = { 0 }; /* of taking back what the error that counts left */
	auto_free char *made = NULL;
	int r;

	if (directory_make(st, c, err) < 0)
		goto undo;
	do {
		if (!name) {
			free(made);
			made = container_make_name(st, err);
			if (!made)
				goto undo;
		}
		r = name_reserve(st, name ? name : made, c->id, err);
	} while (r < 0 && !name && err->kind == ERR_EXISTS);
	if (r < 0)
		goto undo;
	free(c->record.id);
	free(c->record.name);
	c->record.id = xstrdup(c->id);
	c->record.name = xstrdup(name ? name : made);
	c->record.created_ns = time_now_ns();
	c->status = CONTAINER_CREATED;
	return 0;
undo:
	if (c->fd >= 0)
		store_trash(st, st->dirs[STORE_CONTAINERS], c->id, &ignored);
	auto_close_fd(&c->fd);
	auto_close_fd(&c->lock);
	return -1;
}

/* A line of record.json; raw JSON has no newline inside a string, so a blank means the same. */
static void raw_line(struct str *out, const char *raw)
{
	size_t start = out->len;

	str_add(out, raw ? raw : "null");
	for (size_t i = start; i < out->len; i++)
		if (out->s[i] == '\n')
			out->s[i] = ' ';
	str_addc(out, '\n');
}

int container_record_save(struct store *st, struct container *c, struct error *err)
{
	auto_done(str) struct str text = { 0 };

	if (!c->record.id || c->why)
		return error_set(err, ERR_BUG, "container %.12s has no record to save", c->id);
	fields_format(container_record_fields, &c->record, false, &text);
	str_addc(&text, '\n');
	raw_line(&text, c->record.image_settings);
	raw_line(&text, c->record.request);
	if (text.len >= RECORD_MAX)
		return error_set(err, ERR_LIMIT, "the record of container %.12s is over %zu bytes",
				 c->id, RECORD_MAX);
	if (file_write(c->fd, "record.json", text.s, text.len, 0600, false, err) < 0)
		return error_add(err, "container %.12s", c->id);
	return 0;
}

#define LEAVING "leaving" /* an empty file */

int container_mark_leaving(const struct container *c, struct error *err)
{
	auto_close int fd = openat(c->fd, LEAVING, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	return fd < 0 ? error_sys(err, "note that container %.12s is to go", c->id) : 0;
}

bool container_is_leaving(const struct container *c)
{
	return file_exists(c->fd, LEAVING);
}

void container_stays(const struct container *c)
{
	unlinkat(c->fd, LEAVING, 0);
}

int container_state_save(struct store *st, const struct container *c, bool sync, struct error *err)
{
	auto_done(str) struct str text = { 0 };
	int r;

	fields_format(container_state_fields, &c->state, false, &text);
	str_addc(&text, '\n');
	/* soon gone, or, after a power cut, of nobody's interest */
	if (!sync && (c->record.auto_remove || container_is_leaving(c)))
		r = file_write_fleeting(c->fd, "state.json", text.s, text.len, err);
	else
		r = file_write(c->fd, "state.json", text.s, text.len, 0600, sync && st->durable, err);
	if (r < 0)
		return error_add(err, "container %.12s", c->id);
	return 0;
}

/* A lock has no deadline in the kernel, and what is waited for here is over in a moment. */
#define LOCK_LOOK_AGAIN (2 * 1000000) /* ns */

static int lock_container(struct container *c, int64_t patience_ns, struct error *err)
{
	auto_close int fd = take_fd(&c->lock);
	int r;

	if (fd >= 0) /* of who made it */
		return take_fd(&fd);
	fd = openat(c->fd, "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && file_exists(c->fd, "."))
		fd = openat(c->fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_sys(err, "open the lock of container %.12s", c->id);
	while ((r = lock_try(fd, LOCK_EXCLUSIVE, err)) == 0 && patience_ns > 0) {
		nanosleep(&(struct timespec){ .tv_nsec = LOCK_LOOK_AGAIN }, NULL);
		patience_ns -= LOCK_LOOK_AGAIN;
	}
	if (r < 0)
		return error_add(err, "container %.12s", c->id);
	if (r == 0)
		return error_set(err, ERR_BUSY, "container %.12s is running", c->id);
	return take_fd(&fd);
}

int container_lock(struct store *st, struct container *c, struct error *err)
{
	return lock_container(c, 0, err);
}

int container_lock_wait(struct store *st, struct container *c, int64_t patience_ns, struct error *err)
{
	return lock_container(c, patience_ns, err);
}

int container_rename(struct store *st, struct container *c, const char *name, struct error *err)
{
	auto_free char *old = NULL;
	auto_close int lock = -1;
	struct error ignored = { 0 };

	if (c->why)
		return error_set(err, ERR_INVALID, "container %.12s is corrupt: %s", c->id, c->why);
	if (str_eq(c->record.name, name))
		return error_set(err, ERR_EXISTS, "container %.12s has the name '%s' already",
				 c->id, name);
	lock = names_lock(st, err);
	if (lock < 0 || name_reserve_locked(st, name, c->id, err) < 0)
		return -1;
	old = c->record.name;
	c->record.name = xstrdup(name);
	if (container_record_save(st, c, err) < 0) {
		name_release(st, name, c->id, &ignored);
		free(c->record.name);
		c->record.name = take_ptr(&old);
		return -1;
	}
	event_container(st, c, "rename", "oldName", old, EVENT_END);
	/* from here on the record has the new name, and the old one is stale, removed or not */
	return old ? name_release(st, old, c->id, err) : 0;
}

int container_remove(struct store *st, struct container *c, struct error *err)
{
	int dir = store_dir(st, STORE_CONTAINERS, err);
	auto_close int lock = -1;

	if (dir < 0)
		return -1;
	if (c->fd >= 0) {
		container_let_read(c);
		rootfs_work_remove(c->fd); /* without it, it is whole all the same */
	}
	if (store_trash(st, dir, c->id, err) < 0)
		return error_add(err, "container %.12s", c->id);
	/* stale from here on: under the lock, so that a new holder's is not taken for ours */
	lock = names_lock(st, err);
	if (lock < 0)
		return -1;
	/* the name in a damaged record is not to be relied upon */
	return c->record.name && !c->why ? name_release(st, c->record.name, c->id, err)
					 : names_release_all(st, c->id, err);
}

int container_remove_whole(struct store *st, struct container *c, struct error *err)
{
	if (container_remove(st, c, err) < 0)
		return -1;
	event_container(st, c, "destroy", EVENT_END);
	vec_each (&c->record.mounts, m) {
		struct error kept = { 0 }; /* in use by another container: it stays */

		if (m->anonymous && m->name && volume_remove(st, m->name, &kept) < 0)
			log_debug("anonymous volume %s stays", m->name);
	}
	return 0;
}

int container_usage(struct store *st, const struct container *c, uint64_t *bytes, struct error *err)
{
	auto_free char *upper = xasprintf("%s/upper", c->id);
	int dir = store_dir(st, STORE_CONTAINERS, err);
	uint64_t entries;

	*bytes = 0;
	if (dir < 0)
		return -1;
	if (tree_usage(dir, upper, bytes, &entries, err) == 0)
		return 0;
	if (err->kind != ERR_NOTFOUND)
		return -1;
	error_clear(err);
	return 0;
}
