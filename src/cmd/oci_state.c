/*
 * oci_state.c - what `hod oci` remembers of its containers, and what their status is now.
 *
 * Theory of operation: nobody stays with a container of an engine, so its status is found anew each
 * time: whether the process is there (its number, when it began and in which boot must agree) and
 * whether the socket is, on which it waits for `start`.
 */
#include "oci.h"

#include "runtime/cgroup.h"
#include "store/container.h"
#include "util/compat.h"
#include "util/fd.h"
#include "util/lock.h"
#include "util/path.h"
#include "util/proc.h"
#include "util/text.h"

#include <errno.h>

#define ID_LENGTH_MAX 1024
#define STATE_MAX     (1 << 20) /* bytes */

static const struct field state_fields[] = {
	F_STR(struct oci_state, oci_version, "ociVersion"),
	F_STR_(struct oci_state, id, "id", FIELD_REQUIRED),
	F_STR_(struct oci_state, bundle, "bundle", FIELD_REQUIRED),
	F_STR(struct oci_state, rootfs, "rootfs"),
	F_STR(struct oci_state, cgroup, "cgroup"),
	F_STR(struct oci_state, boot_id, "bootId"),
	F_INT_(struct oci_state, pid, "pid", FIELD_REQUIRED),
	F_INT_(struct oci_state, pid_start, "pidStart", FIELD_REQUIRED),
	F_INT_(struct oci_state, created_ns, "created", FIELD_REQUIRED),
	F_INT(struct oci_state, owner, "owner"),
	F_MAP(struct oci_state, annotations, "annotations"),
	F_END,
};
static const struct fields_limits limits = { .max_bytes = STATE_MAX, .max_depth = 8 };

void oci_state_init(struct oci_state *s)
{
	memset(s, 0, sizeof(*s));
	fields_init(state_fields, s);
	s->dir = -1;
}

void oci_state_done(struct oci_state *s)
{
	fields_done(state_fields, s);
	auto_close_fd(&s->dir);
	s->dir = -1;
}

/* ---- where ---- */

/*
 * A function of who we are: --root, else /run/hod-oci for root; for others the run-time directory
 * of their session, or the one that systemd would make, if it is theirs.
 */
static char *root_path(const struct app *app)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	auto_free char *user = NULL;
	struct stat st;

	if (app->oci && app->oci->root)
		return path_clean(app->oci->root);
	if (app->userns.caller_uid == 0)
		return xstrdup("/run/hod-oci");
	user = xasprintf("/run/user/%u", app->userns.caller_uid);
	/* path: of the host */
	if (runtime && runtime[0] == '/' && stat(runtime, &st) == 0 && S_ISDIR(st.st_mode))
		return path_join(runtime, "hod-oci");
	if (stat(user, &st) == 0 && S_ISDIR(st.st_mode))
		return path_join(user, "hod-oci");
	return xasprintf("/tmp/hod-oci-%u", app->userns.caller_uid);
}

int oci_root_open(const struct app *app, bool make, struct error *err)
{
	auto_free char *path = root_path(app);
	auto_close int fd = -1;
	struct stat st;

	if (make && dir_make_all(path, 0700, err) < 0)
		return error_add(err, "state directory");
	/* path: of the host, named by the caller */
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "state directory %s", path);
	if (fstat(fd, &st) < 0)
		return error_sys(err, "state directory %s", path);
	/* in /tmp somebody else may have been faster */
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return error_set(err, ERR_DENIED, "state directory %s belongs to another user", path);
	return take_fd(&fd);
}

int oci_id_check(const char *id, struct error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_+-.";
	size_t n = strlen(id);

	if (n == 0 || n > ID_LENGTH_MAX || id[strspn(id, allowed)] || str_eq(id, ".") ||
	    str_eq(id, ".."))
		return error_set(err, ERR_INVALID, "invalid container id format: '%s'", id);
	return 0;
}

/* ---- files ---- */

int oci_state_make(const struct app *app, const char *id, struct oci_state *s, struct error *err)
{
	auto_close int root = -1;

	if (oci_id_check(id, err) < 0)
		return -1;
	root = oci_root_open(app, true, err);
	if (root < 0)
		return -1;
	if (mkdirat(root, id, 0700) < 0) {
		if (errno == EEXIST)
			return error_set(err, ERR_EXISTS, "container with id exists: %s", id);
		return error_sys(err, "make the state of '%s'", id);
	}
	s->id = xstrdup(id);
	s->dir = dir_open(root, id, err);
	return s->dir < 0 ? -1 : 0;
}

int oci_state_save(const struct oci_state *s, struct error *err)
{
	auto_done(str) struct str text = { 0 };

	fields_format(state_fields, s, false, &text);
	return file_write(s->dir, "state.json", str_get(&text), text.len, 0600, false, err);
}

int oci_state_remove(const struct app *app, struct oci_state *s, struct error *err)
{
	auto_close int root = oci_root_open(app, false, err);

	return root < 0 ? -1 : tree_remove(root, s->id, err);
}

int oci_state_spec(const struct oci_state *s, struct spec *spec, struct error *err)
{
	auto_done(str) struct str text = { 0 };

	if (file_read(s->dir, "config.json", &text, SPEC_MAX, err) < 0 ||
	    spec_parse(str_get(&text), text.len, spec, err) < 0)
		return error_add(err, "config.json of '%s'", s->id);
	return 0;
}

/* ---- status ---- */

static bool is_alive(const struct oci_state *s)
{
	auto_done(str) struct str boot = { 0 };
	struct error ignored = { 0 }; /* an unknown boot is another one */
	bool zombie = false;

	if (s->pid <= 0)
		return false;
	if (process_start_time((pid_t)s->pid, &zombie) != s->pid_start || zombie)
		return false;
	return boot_id_read(&boot, &ignored) == 0 && str_eq(str_get(&boot), s->boot_id);
}

static enum oci_status find_status(const struct oci_state *s)
{
	if (!is_alive(s))
		return OCI_STOPPED;
	if (file_exists(s->dir, OCI_START_SOCKET))
		return OCI_CREATED;
	return container_is_frozen(s->cgroup) ? OCI_PAUSED : OCI_RUNNING;
}

static int load(int root, const char *id, struct oci_state *s, struct error *err)
{
	auto_done(str) struct str text = { 0 };
	struct error missing = { 0 };

	s->dir = dir_open(root, id, &missing);
	if (s->dir < 0 || file_read(s->dir, "state.json", &text, STATE_MAX, &missing) < 0)
		return error_set(err, ERR_NOTFOUND, "container does not exist: %s", id);
	if (fields_parse(state_fields, str_get(&text), text.len, &limits, FIELDS_LENIENT, s, err) < 0)
		return error_add(err, "state.json of '%s'", id);
	s->status = find_status(s);
	return 0;
}

int oci_state_load(const struct app *app, const char *id, struct oci_state *s, struct error *err)
{
	struct error missing = { 0 };
	auto_close int root = -1;

	if (oci_id_check(id, err) < 0)
		return -1;
	root = oci_root_open(app, false, &missing);
	if (root < 0 && missing.kind != ERR_NOTFOUND) {
		*err = missing;
		return -1;
	}
	if (root < 0)
		return error_set(err, ERR_NOTFOUND, "container does not exist: %s", id);
	return load(root, id, s, err);
}

const char *oci_status_name(enum oci_status status)
{
	static const char *const names[] = {
		[OCI_CREATED] = "created",
		[OCI_RUNNING] = "running",
		[OCI_PAUSED] = "paused",
		[OCI_STOPPED] = "stopped",
	};

	return names[status];
}

int oci_state_pidfd(const struct oci_state *s, struct error *err)
{
	auto_close int fd = sys_pidfd_open((pid_t)s->pid, 0);

	if (fd < 0 && errno != ESRCH)
		return error_sys(err, "pidfd of process %lld", (long long)s->pid);
	/* asked behind the open: if it is alive now, the descriptor is that process */
	if (fd < 0 || !is_alive(s))
		return error_set(err, ERR_BUSY, "container not running");
	return take_fd(&fd);
}
