/*
 * login.c - logins written down and forgotten.
 *
 * Theory of operation: a login goes into the file that has one for the host already, else into
 * docker's, which all tools read: DOCKER_CONFIG, or ~/.docker/config.json. Nothing depends on
 * XDG_RUNTIME_DIR, which cron and services lack. Files are replaced whole, under a lock of their
 * folder, so that two logins at once both stay.
 *
 * Never  writes a file that others can read, or loses what it does not understand.
 */
#include "registry/login.h"

#include "authfile.h"
#include "util/fd.h"
#include "util/fields.h"
#include "util/path.h"

#include <errno.h>
#include <stdio.h>
#include <sys/file.h>

char *registry_host_typed(const char *text)
{
	const char *s = text ? strstr(text, "://") : NULL;
	char *host;

	if (str_empty(text))
		return xstrdup("docker.io");
	s = s ? s + 3 : text;
	host = xstrndup(s, strcspn(s, "/"));
	if (str_eq(host, "index.docker.io") || str_eq(host, "registry-1.docker.io")) {
		free(host);
		host = xstrdup("docker.io");
	}
	return host;
}

/* ---- one file ---- */

struct file {
	int dir; /* locked, as the folder that it is */
	char *name, *path;
	json_t *json;
};

static void file_done(struct file *f)
{
	auto_close_fd(&f->dir);
	free(f->name);
	free(f->path);
	json_done(&f->json);
}

/* Opens for changing; missing folders are made when make is set. 1, 0 there is none, -1 */
static int file_open(const char *path, bool make, struct file *f, struct error *err)
{
	auto_free char *real = realpath(path, NULL); /* who keeps it elsewhere linked it here */
	auto_free char *folder = NULL;
	struct str text = { 0 };
	int r = 1;

	*f = (struct file){ .dir = -1 };
	if (!real && !make)
		return 0;
	f->path = xstrdup(real ? real : path);
	f->name = xstrdup(path_base(f->path));
	folder = xstrndup(f->path, strlen(f->path) - strlen(f->name));
	if (!*folder) {
		free(folder);
		folder = xstrdup("./");
	}
	if (make && dir_make_all(folder, 0700, err) < 0)
		return -1;
	f->dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->dir < 0)
		return error_sys(err, "open %s", folder);
	if (flock(f->dir, LOCK_EX) < 0)
		return error_sys(err, "lock %s", folder);
	if (file_read(f->dir, f->name, &text, AUTHFILE_MAX, err) < 0) {
		r = err->kind == ERR_NOTFOUND ? 1 : -1;
		if (r > 0)
			error_clear(err);
	}
	if (r > 0)
		f->json = authfile_json(str_get(&text), text.len, err);
	if (r > 0 && !f->json)
		r = error_add(err, "auth file %s", path);
	if (text.s)
		explicit_bzero(text.s, text.cap);
	str_done(&text);
	return r;
}

static int file_save(struct file *f, struct error *err)
{
	char *text = json_dumps(f->json, JSON_INDENT(4) | JSON_PRESERVE_ORDER);
	int r;

	if (!text)
		return error_set(err, ERR_BUG, "%s cannot be written as JSON", f->path);
	r = file_write(f->dir, f->name, text, strlen(text), 0600, true, err);
	secret_free(text);
	return r < 0 ? error_add(err, "auth file %s", f->path) : 0;
}

static bool file_has(const struct file *f, const char *host)
{
	json_t *value;
	const char *key;

	json_object_foreach (json_object_get(f->json, "auths"), key, value)
		if (authfile_match(key, host, NULL))
			return true;
	return false;
}

/* ---- login ---- */

static char *default_path(const struct registry_options *o)
{
	auto_done(strv) struct strv paths = { 0 };
	const char *docker = getenv("DOCKER_CONFIG");

	authfile_paths(o, &paths);
	if (paths.n == 0)
		return NULL;
	if (paths.n > 1 && !str_empty(docker))
		return xstrdup(paths.v[0]);
	return xstrdup(paths.v[paths.n - 1]);
}

/* The file that has a login for the host already, else the default. */
static char *path_for(const char *host, const struct registry_options *o)
{
	auto_done(strv) struct strv paths = { 0 };

	authfile_paths(o, &paths);
	strv_each (&paths, i) {
		struct error unreadable = { 0 };
		struct file f;
		bool has = file_open(paths.v[i], false, &f, &unreadable) > 0 && file_has(&f, host);

		file_done(&f);
		if (has)
			return xstrdup(paths.v[i]);
	}
	return default_path(o);
}

static void entry_set(struct file *f, const char *key, const char *user, const char *password)
{
	json_t *auths = json_object_get(f->json, "auths"), *entry = json_object();
	struct str plain = { 0 }, text = { 0 };

	if (!json_is_object(auths)) {
		auths = json_object();
		json_object_set_new(f->json, "auths", auths);
	}
	str_addf(&plain, "%s:%s", user, password);
	base64_encode(plain.s, plain.len, &text);
	json_object_set_new(entry, "auth", json_string(text.s));
	json_object_set_new(auths, key, entry);
	explicit_bzero(plain.s, plain.cap);
	explicit_bzero(text.s, text.cap);
	str_done(&plain);
	str_done(&text);
}

static int login_store(const char *host, const char *user, const char *password,
		       const struct registry_options *o, char **where, struct error *err)
{
	auto_free char *path = path_for(host, o), *key = authfile_key(host);
	const char *helper;
	struct file f;
	int r = -1;

	if (!path)
		return error_set(err, ERR_NOTFOUND,
				 "there is no home directory to keep the login in: "
				 "use --authfile");
	if (file_open(path, true, &f, err) > 0) {
		helper = authfile_helper(f.json, host);
		if (helper) {
			r = helper_store(helper, key, user, password, err);
			*where = xasprintf("docker-credential-%s", helper);
		} else {
			entry_set(&f, key, user, password);
			r = file_save(&f, err);
			*where = xstrdup(path);
		}
	}
	file_done(&f);
	return r;
}

int registry_login(const char *host, const char *user, const char *password,
		   const struct registry_options *o, const struct settings *s, char **where,
		   struct error *err)
{
	struct registry_options with = *o;
	char *creds = xasprintf("%s:%s", user, password);
	struct registry *r = NULL;
	struct connection *c = NULL;
	int status = -1;

	*where = NULL;
	if (strchr(user, ':')) {
		error_set(err, ERR_INVALID, "a user name cannot have a colon");
	} else {
		with.creds = creds;
		r = registry_open(host, &with, s, err);
		c = r ? connection_open(r, err) : NULL;
		status = c ? registry_check(c, err) : -1;
		connection_close(c);
		registry_close(r);
	}
	secret_free(creds);
	if (status < 0) {
		if (err->kind == ERR_DENIED) /* the hint of other calls is to log in */
			snprintf(err->hint, sizeof(err->hint), "user name or password is wrong");
		return -1;
	}
	return login_store(host, user, password, o, where, err);
}

/* ---- logout ---- */

/* All keys of the host; host NULL: all there are. 1 something went, 0, -1 */
static int file_forget(const char *path, const char *host, struct error *err)
{
	auto_done(strv) struct strv keys = { 0 };
	auto_free char *own = host ? authfile_key(host) : NULL;
	json_t *value, *auths;
	const char *key, *helper;
	struct file f;
	int r = file_open(path, false, &f, err), found = 0;

	if (r <= 0) {
		file_done(&f);
		return r;
	}
	auths = json_object_get(f.json, "auths");
	json_object_foreach (auths, key, value)
		if (!host || authfile_match(key, host, NULL))
			strv_add(&keys, key);
	helper = host ? authfile_helper(f.json, host) : NULL;
	if (helper) {
		struct credential c = { 0 };
		struct error ignored = { 0 };

		if (helper_get(helper, own, &c, &ignored) > 0) {
			r = helper_erase(helper, own, err);
			found = 1;
		}
		credential_done(&c);
	}
	strv_each (&keys, i)
		json_object_del(auths, keys.v[i]);
	if (r >= 0 && keys.n)
		r = file_save(&f, err);
	file_done(&f);
	return r < 0 ? -1 : found || keys.n;
}

static int forget(const char *host, const struct registry_options *o, struct error *err)
{
	auto_done(strv) struct strv paths = { 0 };
	int found = 0;

	authfile_paths(o, &paths);
	strv_each (&paths, i) {
		int r = file_forget(paths.v[i], host, err);

		if (r < 0)
			return -1;
		found |= r;
	}
	return found;
}

int registry_logout(const char *host, const struct registry_options *o, struct error *err)
{
	int found = forget(host, o, err);

	if (found == 0)
		return error_set(err, ERR_NOTFOUND, "not logged in to %s", host);
	return found < 0 ? -1 : 0;
}

int registry_logout_all(const struct registry_options *o, struct error *err)
{
	return forget(NULL, o, err) < 0 ? -1 : 0;
}

int registry_user(const char *host, const struct registry_options *o, char **user, struct error *err)
{
	struct credential c = { 0 };
	int r = credential_find(host, NULL, o, &c, err);

	if (r > 0)
		*user = xstrdup(c.user && !c.identity ? c.user : "<token>");
	credential_done(&c);
	return r;
}
