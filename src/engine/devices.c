/*
 * devices.c - --device and --device-cgroup-rule, and the devices of --privileged.
 *
 * As real root a node of the same numbers is made in the container's /dev, and a rule lets it be
 * used. In a user namespace no node can be made: the host's own is bind-mounted there, with the
 * rights that its mode gives the caller, and the kernel takes no rules.
 *
 * Never  opens a device.
 */
#include "devices.h"

#include "util/fd.h"
#include "util/path.h"

#include <errno.h>
#include <sys/sysmacros.h>

#define DIR_DEPTH 3 /* of directories of devices */

struct wanted_device {
	char *host, *inside, *access;
};

static void wanted_done(struct wanted_device *w)
{
	free(w->host);
	free(w->inside);
	free(w->access);
}

static bool access_valid(const char *s)
{
	return *s && !s[strspn(s, "rwm")];
}

/* HOST, HOST:rwm, HOST:CONTAINER, HOST:CONTAINER:rwm */
static int wanted_parse(const char *text, struct wanted_device *w, struct error *err)
{
	auto_done(strv) struct strv parts = { 0 };
	const char *inside = NULL, *access = "rwm";

	strv_split(&parts, text, ':');
	if (text[0] != '/' && strchr(text, '=') && strchr(text, '/'))
		return error_set(err, ERR_UNSUPPORTED,
				 "'%s': devices by CDI name are not part of this version", text);
	if (parts.n > 3 || parts.v[0][0] != '/')
		return error_set(err, ERR_USAGE, "'%s': expected HOST[:CONTAINER[:rwm]]", text);
	if (parts.n == 2 && access_valid(parts.v[1]))
		access = parts.v[1];
	else if (parts.n >= 2)
		inside = parts.v[1];
	if (parts.n == 3)
		access = parts.v[2];
	if (inside && inside[0] != '/')
		return error_set(err, ERR_USAGE, "'%s': the path in the container must be absolute",
				 text);
	if (!access_valid(access))
		return error_set(err, ERR_USAGE, "'%s': '%s' is not made of r, w and m", text,
				 access);
	w->host = path_clean(parts.v[0]);
	w->inside = path_clean(inside ? inside : parts.v[0]);
	w->access = xstrdup(access);
	return 0;
}

int request_device_check(const char *text, struct error *err)
{
	struct wanted_device w = { 0 };
	int status = wanted_parse(text, &w, err);

	wanted_done(&w);
	return status;
}

/* ---- rules ---- */

static int number_parse(const char *s, int64_t *value)
{
	uint64_t n;

	if (strcmp(s, "*") == 0) {
		*value = -1;
		return 0;
	}
	if (!str_u64(s, &n) || n > UINT32_MAX)
		return -1;
	*value = (int64_t)n;
	return 0;
}

int device_rule_parse(const char *text, struct spec_device_rule *rule, struct error *err)
{
	auto_done(strv) struct strv words = { 0 }, numbers = { 0 };

	strv_split(&words, text, ' ');
	if (words.n == 3)
		strv_split(&numbers, words.v[1], ':');
	if (words.n != 3 || numbers.n != 2 || !words.v[0][0] || words.v[0][1] ||
	    !strchr("abc", words.v[0][0]) || number_parse(numbers.v[0], &rule->major) < 0 ||
	    number_parse(numbers.v[1], &rule->minor) < 0 || !access_valid(words.v[2]))
		return error_set(err, ERR_USAGE,
				 "'%s': expected TYPE MAJOR:MINOR ACCESS, such as "
				 "'c 10:200 rwm'",
				 text);
	rule->allow = true;
	rule->type = xstrdup(words.v[0]);
	rule->access = xstrdup(words.v[2]);
	return 0;
}

int request_device_rule_check(const char *text, struct error *err)
{
	struct spec_device_rule rule = { 0 };
	int status = device_rule_parse(text, &rule, err);

	free(rule.type);
	free(rule.access);
	return status;
}

/* ---- on this host ---- */

static void add_node(struct resolved_mounts *out, const char *path, const struct stat *st)
{
	struct spec_device *d = vec_add(&out->devices);

	d->type = xstrdup(S_ISCHR(st->st_mode) ? "c" : "b");
	d->path = xstrdup(path);
	d->major = major(st->st_rdev);
	d->minor = minor(st->st_rdev);
	d->file_mode = st->st_mode & 07777;
	d->uid = st->st_uid;
	d->gid = st->st_gid;
}

/* --privileged: the device nodes of the host's /dev, those of its own file systems apart. */
static int host_devices(int dir, const char *prefix, int depth, struct resolved_mounts *out,
			struct error *err)
{
	static const char *const own[] = { "pts",    "shm",    "mqueue",  "fd",	    "stdin",
					   "stdout", "stderr", "console", "ptmx",   "tty",
					   "null",   "zero",   "full",	  "random", "urandom" };
	auto_done(strv) struct strv names = { 0 };

	if (dir_list(dir, &names, err) < 0)
		return -1;
	strv_each (&names, i) {
		auto_free char *path = xasprintf("%s/%s", prefix, names.v[i]);
		struct stat st;
		bool skip = false;

		for (size_t k = 0; k < ARRAY_SIZE(own); k++)
			skip |= strcmp(own[k], names.v[i]) == 0;
		if (skip || fstatat(dir, names.v[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISDIR(st.st_mode) && depth < DIR_DEPTH) {
			auto_close int sub = dir_open(dir, names.v[i], err);

			if (sub < 0 || host_devices(sub, path, depth + 1, out, err) < 0)
				return -1;
		}
		if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
			continue;
		add_node(out, path, &st);
	}
	return 0;
}

static void add_rule(struct resolved_mounts *out, const struct stat *st, const char *access)
{
	struct spec_device_rule *rule = vec_add(&out->rules);

	rule->allow = true;
	rule->type = xstrdup(S_ISCHR(st->st_mode) ? "c" : "b");
	rule->access = xstrdup(access);
	rule->major = major(st->st_rdev);
	rule->minor = minor(st->st_rdev);
}

static void add_bind(struct resolved_mounts *out, const char *host, const char *inside,
		     const char *access)
{
	struct spec_mount *m = vec_add(&out->v);

	m->type = xstrdup("bind");
	m->source = xstrdup(host);
	m->destination = xstrdup(inside);
	strv_add(&m->options, "bind");
	strv_add(&m->options, "rprivate");
	strv_add(&m->options, "nosuid");
	strv_add(&m->options, "noexec");
	if (!strchr(access, 'w'))
		strv_add(&m->options, "ro");
}

/* A device, or all of them in a directory. */
static int resolve_path(struct engine *e, const struct wanted_device *w, const char *host,
			const char *inside, int depth, struct resolved_mounts *out, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	auto_close int dir = -1;
	struct stat st;

	if (stat(host, &st) < 0) /* path: of the host, named by the caller; links are followed */
		return error_sys(err, "'%s'", host);
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
		if (!e->facts.can_mknod) {
			add_bind(out, host, inside, w->access);
			return 0;
		}
		add_node(out, inside, &st);
		add_rule(out, &st, w->access);
		return 0;
	}
	if (!S_ISDIR(st.st_mode))
		return depth ? 0 : error_set(err, ERR_INVALID, "'%s' is not a device", host);
	if (depth == DIR_DEPTH)
		return 0;
	dir = dir_open(AT_FDCWD, host, err);
	if (dir < 0 || dir_list(dir, &names, err) < 0)
		return -1;
	strv_each (&names, i) {
		auto_free char *from = path_in(host, names.v[i]);
		auto_free char *to = path_in(inside, names.v[i]);

		if (resolve_path(e, w, from, to, depth + 1, out, err) < 0)
			return -1;
	}
	return 0;
}

static int resolve_one(struct engine *e, const char *text, struct resolved_mounts *out,
		       struct error *err)
{
	struct wanted_device w = { 0 };
	int status = wanted_parse(text, &w, err);

	if (status == 0)
		status = resolve_path(e, &w, w.host, w.inside, 0, out, err);
	wanted_done(&w);
	return status < 0 ? error_add(err, "--device") : 0;
}

static int resolve_rules(struct engine *e, const struct run_request *r, struct resolved_mounts *out,
			 struct error *err)
{
	strv_each (&r->device_cgroup_rules, i) {
		struct spec_device_rule *rule;

		if (!e->facts.can_mknod)
			return error_set(err, ERR_UNSUPPORTED,
					 "--device-cgroup-rule: only real root may give a cgroup "
					 "device rules; --device binds the host's node");
		rule = vec_add(&out->rules);
		if (device_rule_parse(r->device_cgroup_rules.v[i], rule, err) < 0)
			return error_add(err, "--device-cgroup-rule");
	}
	return 0;
}

int devices_resolve(struct engine *e, const struct run_request *r, struct resolved_mounts *out,
		    struct error *err)
{
	if (r->privileged && e->facts.can_mknod) {
		auto_close int dev = dir_open(AT_FDCWD, "/dev", err);

		if (dev < 0 || host_devices(dev, "/dev", 0, out, err) < 0)
			return -1;
	}
	strv_each (&r->devices, i)
		if (resolve_one(e, r->devices.v[i], out, err) < 0)
			return -1;
	return resolve_rules(e, r, out, err);
}
