/*
 * cgroup_systemd.c - a cgroup from a service manager: a transient scope, delegated to us.
 *
 * Theory of operation: where systemd runs, the tree is its own, and it hands a part out on request.
 * The process that becomes the container's monitor asks for a scope with itself in it, over the
 * manager's own socket: neither a bus daemon nor XDG_RUNTIME_DIR nor a login session is needed. The
 * scope lasts as long as a process is in it, so it goes with the monitor, whatever happens to that.
 * Moving a process out of a login session needs rights that a user lacks; the user's manager asks
 * the system's for it.
 *
 * libsystemd is mapped by first use: only limits on a machine with systemd come here. Its header is
 * not needed to build, as what we use of it is a stable ABI.
 */
#include "cgroup.h"

#include "util/fd.h"
#include "util/lazy.h"
#include "util/text.h"
#include "util/userns.h"

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_US (25 * 1000000ull)

typedef struct sd_bus sd_bus;
typedef struct sd_bus_message sd_bus_message;
typedef struct {
	const char *name, *message;
	int need_free;
} sd_bus_error;

struct systemd_api {
	int (*sd_bus_new)(sd_bus **bus);
	int (*sd_bus_set_address)(sd_bus *bus, const char *address);
	int (*sd_bus_start)(sd_bus *bus);
	sd_bus *(*sd_bus_flush_close_unref)(sd_bus *bus);
	int (*sd_bus_message_new_method_call)(sd_bus *bus, sd_bus_message **m, const char *to,
					      const char *path, const char *interface,
					      const char *member);
	int (*sd_bus_message_append)(sd_bus_message *m, const char *types, ...);
	int (*sd_bus_call)(sd_bus *bus, sd_bus_message *m, uint64_t usec, sd_bus_error *e,
			   sd_bus_message **reply);
	int (*sd_bus_message_read)(sd_bus_message *m, const char *types, ...);
	int (*sd_bus_message_is_signal)(sd_bus_message *m, const char *interface, const char *member);
	sd_bus_message *(*sd_bus_message_unref)(sd_bus_message *m);
	int (*sd_bus_process)(sd_bus *bus, sd_bus_message **m);
	int (*sd_bus_wait)(sd_bus *bus, uint64_t usec);
	void (*sd_bus_error_free)(sd_bus_error *e);
};
static const struct lazy_symbol symbols[] = {
	LAZY_SYMBOL(struct systemd_api, sd_bus_new),
	LAZY_SYMBOL(struct systemd_api, sd_bus_set_address),
	LAZY_SYMBOL(struct systemd_api, sd_bus_start),
	LAZY_SYMBOL(struct systemd_api, sd_bus_flush_close_unref),
	LAZY_SYMBOL(struct systemd_api, sd_bus_message_new_method_call),
	LAZY_SYMBOL(struct systemd_api, sd_bus_message_append),
	LAZY_SYMBOL(struct systemd_api, sd_bus_call),
	LAZY_SYMBOL(struct systemd_api, sd_bus_message_read),
	LAZY_SYMBOL(struct systemd_api, sd_bus_message_is_signal),
	LAZY_SYMBOL(struct systemd_api, sd_bus_message_unref),
	LAZY_SYMBOL(struct systemd_api, sd_bus_process),
	LAZY_SYMBOL(struct systemd_api, sd_bus_wait),
	LAZY_SYMBOL(struct systemd_api, sd_bus_error_free),
	LAZY_END,
};
static struct systemd_api sd;
static struct lazy systemd_lazy = LAZY("systemd", "libsystemd.so.0", &sd, symbols);
LAZY_NOTE(systemd, "libsystemd.so.0", "limits on machines run by systemd", "suggested");

#define MANAGER "org.freedesktop.systemd1"
#define OBJECT	"/org/freedesktop/systemd1"
#define METHODS MANAGER ".Manager"

bool cgroup_systemd_runs(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

/* Who we are outside of the user namespace that hod entered. */
static uid_t outer_uid(void)
{
	id_maps uids = { 0 }, gids = { 0 };
	struct error ignored = { 0 }; /* then we are in none */
	uid_t uid = geteuid();

	if (userns_maps(&uids, &gids, &ignored) == 0)
		vec_each (&uids, m)
			if (uid >= m->inside && uid - m->inside < m->count) {
				uid = m->outside + (uid - m->inside);
				break;
			}
	vec_done(&uids);
	vec_done(&gids);
	return uid;
}

static void bus_done(sd_bus **bus)
{
	if (*bus)
		sd.sd_bus_flush_close_unref(*bus);
}

static void message_done(sd_bus_message **m)
{
	if (*m)
		sd.sd_bus_message_unref(*m);
}

static int failed(int r, const char *what, struct error *err)
{
	errno = -r;
	error_sys(err, "systemd: %s", what);
	err->kind = ERR_UNSUPPORTED;
	return -1;
}

char *cgroup_manager_socket(uid_t *uid)
{
	*uid = outer_uid();
	if (*uid == 0)
		return xstrdup("/run/systemd/private");
	return xasprintf("/run/user/%u/systemd/private", (unsigned)*uid);
}

static int manager_connect(sd_bus **bus, struct error *err)
{
	uid_t uid;
	auto_free char *path = cgroup_manager_socket(&uid);
	auto_free char *address = xasprintf("unix:path=%s", path);
	int r;

	if (access(path, F_OK) < 0) {
		error_set(err, ERR_UNSUPPORTED,
			  "no service manager runs for uid %u (%s is not there)", (unsigned)uid,
			  path);
		return error_hint(err, "'loginctl enable-linger', as root, starts one for a user");
	}
	if (lazy_load(&systemd_lazy, err) < 0)
		return -1;
	r = sd.sd_bus_new(bus);
	if (r >= 0)
		r = sd.sd_bus_set_address(*bus, address);
	if (r >= 0)
		r = sd.sd_bus_start(*bus);
	return r < 0 ? failed(r, path, err) : 0;
}

static int method_new(sd_bus *bus, const char *member, sd_bus_message **m, struct error *err)
{
	int r = sd.sd_bus_message_new_method_call(bus, m, MANAGER, OBJECT, METHODS, member);

	return r < 0 ? failed(r, member, err) : 0;
}

static int call(sd_bus *bus, sd_bus_message *m, const char *what, sd_bus_message **reply,
		struct error *err)
{
	sd_bus_error e = { 0 };
	int r = sd.sd_bus_call(bus, m, PATIENCE_US, &e, reply);

	if (r >= 0)
		return 0;
	error_set(err, str_eq(e.name, MANAGER ".UnitExists") ? ERR_EXISTS : ERR_UNSUPPORTED,
		  "systemd: %s: %s", what, e.message ? e.message : strerror(-r));
	sd.sd_bus_error_free(&e);
	return -1;
}

/* The job that the reply names is done when the manager says so. */
static int job_wait(sd_bus *bus, const char *job, const char *unit, struct error *err)
{
	int64_t end = time_monotonic_ns() + (int64_t)PATIENCE_US * 1000;

	while (time_monotonic_ns() < end) {
		__attribute__((cleanup(message_done))) sd_bus_message *m = NULL;
		const char *path, *name, *result;
		uint32_t id;
		int r = sd.sd_bus_process(bus, &m);

		if (r < 0)
			return failed(r, unit, err);
		if (r == 0) {
			r = sd.sd_bus_wait(bus, PATIENCE_US);
			if (r < 0 && r != -EINTR)
				return failed(r, unit, err);
			continue;
		}
		if (!m || sd.sd_bus_message_is_signal(m, METHODS, "JobRemoved") <= 0 ||
		    sd.sd_bus_message_read(m, "uoss", &id, &path, &name, &result) < 0 ||
		    !str_eq(path, job))
			continue;
		if (str_eq(result, "done"))
			return 0;
		return error_set(err, ERR_UNSUPPORTED, "systemd: start of %s: %s", unit, result);
	}
	return error_set(err, ERR_UNSUPPORTED, "systemd: %s was not started in time", unit);
}

static int scope_start(sd_bus *bus, const char *unit, const char *slice, struct error *err)
{
	__attribute__((cleanup(message_done))) sd_bus_message *m = NULL, *reply = NULL;
	const char *job;
	int r;

	if (method_new(bus, "StartTransientUnit", &m, err) < 0)
		return -1;
	/* the array of properties in one go: its length is fixed by whether there is a slice */
	if (slice)
		r = sd.sd_bus_message_append(m, "ssa(sv)a(sa(sv))", unit, "fail", 5, "Description",
					     "s", "container of hod", "Delegate", "b", 1,
					     "CollectMode", "s", "inactive-or-failed", "Slice", "s",
					     slice, "PIDs", "au", 1, (uint32_t)getpid(), 0);
	else
		r = sd.sd_bus_message_append(m, "ssa(sv)a(sa(sv))", unit, "fail", 4, "Description",
					     "s", "container of hod", "Delegate", "b", 1,
					     "CollectMode", "s", "inactive-or-failed", "PIDs", "au",
					     1, (uint32_t)getpid(), 0);
	if (r < 0)
		return failed(r, "StartTransientUnit", err);
	if (call(bus, m, unit, &reply, err) < 0)
		return -1;
	r = sd.sd_bus_message_read(reply, "o", &job);
	if (r < 0)
		return failed(r, unit, err);
	return job_wait(bus, job, unit, err);
}

int cgroup_scope_enter(const char *name, const char *slice, char **path, struct error *err)
{
	__attribute__((cleanup(bus_done))) sd_bus *bus = NULL;
	auto_free char *unit = xasprintf("%s.scope", name);

	if (manager_connect(&bus, err) < 0)
		return -1;
	if (scope_start(bus, unit, slice, err) < 0) {
		if (err->kind != ERR_EXISTS)
			return -1;
		/* that of the container's last run, which is about to go */
		error_clear(err);
		free(unit);
		unit = xasprintf("%s-%d.scope", name, (int)getpid());
		if (scope_start(bus, unit, slice, err) < 0)
			return -1;
	}
	*path = cgroup_path_of(0);
	if (!*path || !str_ends(*path, unit))
		return error_set(err, ERR_UNSUPPORTED, "systemd: %s was started, but we are in %s",
				 unit, *path ? *path : "no cgroup");
	return 0;
}

int cgroup_scope_attach(const char *unit, const char *below, struct error *err)
{
	__attribute__((cleanup(bus_done))) sd_bus *bus = NULL;
	__attribute__((cleanup(message_done))) sd_bus_message *m = NULL, *reply = NULL;
	int r;

	if (manager_connect(&bus, err) < 0 || method_new(bus, "AttachProcessesToUnit", &m, err) < 0)
		return -1;
	r = sd.sd_bus_message_append(m, "ssau", unit, below, 1, (uint32_t)getpid());
	if (r < 0)
		return failed(r, "AttachProcessesToUnit", err);
	return call(bus, m, unit, &reply, err);
}
