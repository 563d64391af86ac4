/*
 * rdt.c - see rdt.h.
 *
 * Theory of operation: a class is a directory of the file system's root; the kernel fills it. The
 * container's own is named by its id and goes with it. One that has a name of its own (closID) is
 * shared, so it stays, and when nothing is said of its schemata somebody else has made it. A
 * monitoring group below either is always the container's own.
 *
 * Spec   runtime-spec 1.3 config-linux.md "IntelRdt"; Documentation/filesystems/resctrl.rst.
 */
#include "rdt.h"

#include "runtime/runtime.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROUPS "mon_groups"

void rdt_done(struct rdt *r)
{
	auto_close_fd(&r->tasks[0]);
	auto_close_fd(&r->tasks[1]);
}

int rdt_open(struct error *err)
{
	auto_done(str) struct str text = { 0 };
	char *save = NULL, place[256], type[32];

	if (file_read(AT_FDCWD, "/proc/self/mounts", &text, 16 << 20, err) < 0)
		return -1;
	for (char *l = strtok_r(text.s, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		int fd;

		if (sscanf(l, "%*s %255s %31s", place, type) != 2 || !str_eq(type, "resctrl"))
			continue;
		/* path: of the host, where the kernel says it is mounted */
		fd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return fd < 0 ? error_sys(err, "linux.intelRdt: %s", place) : fd;
	}
	return error_set(err, ERR_UNSUPPORTED,
			 "linux.intelRdt: no resctrl file system is mounted here");
}

static int write_schemata(int root, int dir, const struct spec_intel_rdt *s, struct error *err)
{
	auto_done(str) struct str text = { 0 }, status = { 0 };
	auto_close int fd = -1;
	struct error ignored = { 0 }; /* then there is no reason to be told */
	int saved;

	if (!str_empty(s->l3_cache_schema))
		str_addf(&text, "%s\n", s->l3_cache_schema);
	if (!str_empty(s->mem_bw_schema))
		str_addf(&text, "%s\n", s->mem_bw_schema);
	strv_each (&s->schemata, i)
		str_addf(&text, "%s\n", s->schemata.v[i]);
	if (!text.len)
		return 0;
	fd = openat(dir, "schemata", O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "schemata");
	if (write(fd, text.s, text.len) == (ssize_t)text.len)
		return 0;
	saved = errno;
	file_read(root, "info/last_cmd_status", &status, 4096, &ignored);
	text.s[text.len - 1] = '\0';
	if (!status.len) {
		errno = saved;
		return error_sys(err, "schemata '%.200s'", text.s);
	}
	return error_set(err, ERR_INVALID, "schemata '%.200s': %.*s", text.s,
			 (int)strcspn(status.s, "\n"), status.s);
}

static int open_tasks(int dir, int *fd, struct error *err)
{
	*fd = openat(dir, "tasks", O_WRONLY | O_CLOEXEC);
	return *fd < 0 ? error_sys(err, "tasks") : 0;
}

static int make_group(int dir, const char *id, struct rdt *r, struct error *err)
{
	auto_free char *path = xasprintf(GROUPS "/%s", id);
	auto_close int group = -1;

	if (mkdirat(dir, path, 0755) < 0 && errno != EEXIST)
		return error_sys(err, "enableMonitoring: make %s", path);
	group = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (group < 0)
		return error_sys(err, "enableMonitoring: %s", path);
	return open_tasks(group, &r->tasks[1], err);
}

static int make_class(int root, const struct spec_intel_rdt *s, const char *id, struct rdt *r,
		      struct error *err)
{
	const char *name = s->clos_id ? s->clos_id : id;
	bool given = s->clos_id && !s->schemata.n && str_empty(s->l3_cache_schema) &&
		     str_empty(s->mem_bw_schema);
	auto_close int dir = -1;

	if (!given && mkdirat(root, name, 0755) < 0 && errno != EEXIST)
		return error_sys(err, "make the class '%s'", name);
	dir = openat(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0 && errno == ENOENT)
		return error_set(err, ERR_NOTFOUND,
				 "closID: there is no class '%s', and no schema to make it with",
				 name);
	if (dir < 0)
		return error_sys(err, "class '%s'", name);
	if (write_schemata(root, dir, s, err) < 0 || open_tasks(dir, &r->tasks[0], err) < 0)
		return -1;
	return s->enable_monitoring ? make_group(dir, id, r, err) : 0;
}

int rdt_make(int root, const struct spec_intel_rdt *s, const char *id, struct rdt *r,
	     struct error *err)
{
	*r = (struct rdt)RDT_NONE;
	if (make_class(root, s, id, r, err) == 0)
		return 0;
	rdt_done(r);
	rdt_remove(root, s, id);
	return error_add(err, "linux.intelRdt");
}

void rdt_remove(int root, const struct spec_intel_rdt *s, const char *id)
{
	auto_free char *path =
		s->clos_id ? xasprintf("%s/" GROUPS "/%s", s->clos_id, id) : xstrdup(id);

	if (s->clos_id && !s->enable_monitoring)
		return;
	if (unlinkat(root, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
		log_warn("linux.intelRdt: remove %s: %s", path, strerror(errno));
}

void runtime_rdt_remove(const struct spec *spec, const char *id)
{
	struct error ignored = { 0 }; /* not mounted any more: then all classes are gone */
	auto_close int root = -1;

	if (!spec->linux_.intel_rdt || str_empty(id))
		return;
	root = rdt_open(&ignored);
	if (root >= 0)
		rdt_remove(root, spec->linux_.intel_rdt, id);
}
