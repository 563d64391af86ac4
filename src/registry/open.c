/*
 * open.c - a registry and its connections: where it is, and how its certificate is judged.
 *
 * Owns   the certs.d folders: HOST/x.crt are authorities beside the system's, HOST/x.cert with
 *        x.key is our own certificate.
 */
#include "client.h"

#include "endpoint.h"
#include "util/fd.h"
#include "util/home.h"
#include "util/log.h"
#include "util/settings.h"

#include <sys/mman.h>
#include <stdio.h>

#define CERT_MAX ((size_t)4 << 20)

static int bundle_add(int fd, int dir, const char *name, struct error *err)
{
	auto_done(str) struct str text = { 0 };

	if (file_read(dir, name, &text, CERT_MAX, err) < 0)
		return -1;
	str_addc(&text, '\n');
	return fd_write_all(fd, text.s, text.len, err);
}

/* The authorities that are there for everybody, then those of the folder: in memory. */
static int bundle_begin(struct registry *r, struct error *err)
{
	const char *all = transfer_authorities();

	if (r->ca_fd >= 0)
		return 0;
	r->ca_fd = memfd_create("hod-certificates", MFD_CLOEXEC);
	if (r->ca_fd < 0)
		return error_sys(err, "memfd_create");
	r->tls.ca_file = xasprintf("/proc/self/fd/%d", r->ca_fd);
	return all ? bundle_add(r->ca_fd, AT_FDCWD, all, err) : 0;
}

static int folder_file(struct registry *r, const char *folder, int dir, const char *name,
		       struct error *err)
{
	size_t stem = strlen(name) - (str_ends(name, ".cert") ? 5 : 0);
	auto_free char *key = xasprintf("%.*s.key", (int)stem, name);

	if (str_ends(name, ".crt")) {
		if (bundle_begin(r, err) < 0)
			return -1;
		return bundle_add(r->ca_fd, dir, name, err);
	}
	if (!str_ends(name, ".cert") || r->tls.cert)
		return 0;
	if (!file_exists(dir, key))
		return error_set(err, ERR_NOTFOUND, "%s has no %s beside it", name, key);
	r->tls.cert = xasprintf("%s/%s", folder, name);
	r->tls.key = xasprintf("%s/%s", folder, key);
	return 0;
}

/* 1 the folder is there, 0, -1 */
static int folder_read(struct registry *r, const char *folder, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	auto_close int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return 0;
	if (dir_list(dir, &names, err) < 0)
		return -1;
	strv_each (&names, i)
		if (folder_file(r, folder, dir, names.v[i], err) < 0)
			return error_add(err, "%s", folder);
	return 1;
}

static int certificates_find(struct registry *r, struct error *err)
{
	static const char *const system[] = { "/etc/hod/certs.d", "/etc/containers/certs.d",
					      "/etc/docker/certs.d" };
	auto_free char *home = home_path();
	auto_done(strv) struct strv folders = { 0 };

	if (r->o->cert_dir) {
		int found = folder_read(r, r->o->cert_dir, err);

		if (found == 0)
			return error_set(err, ERR_NOTFOUND, "--cert-dir: no directory '%s'",
					 r->o->cert_dir);
		return found < 0 ? -1 : 0;
	}
	if (home) {
		strv_addf(&folders, "%s/.config/hod/certs.d", home);
		strv_addf(&folders, "%s/.config/containers/certs.d", home);
		strv_addf(&folders, "%s/.docker/certs.d", home);
	}
	for (size_t i = 0; i < ARRAY_SIZE(system); i++)
		strv_add(&folders, system[i]);
	strv_each (&folders, i) {
		auto_free char *folder = xasprintf("%s/%s", folders.v[i], r->name);
		int found = folder_read(r, folder, err);

		if (found)
			return found < 0 ? -1 : 0;
	}
	return 0;
}

static int address_find(struct registry *r, const char *host, struct error *err)
{
	/* the one name that is not where it is served */
	const char *at = strcmp(host, "docker.io") == 0 ? "registry-1.docker.io" : host;
	auto_free char *url = strstr(at, "://") ? xstrdup(at) : xasprintf("https://%s", at);
	char *name;

	if (url_parse(url, &r->base, err) < 0)
		return -1;
	name = strstr(host, "://") ? strstr(host, "://") + 3 : (char *)(uintptr_t)host;
	r->name = xstrndup(name, strcspn(name, "/"));
	free(r->base.path);
	r->base.path = xstrdup("/");
	r->settled = !r->base.https; /* http was said: nothing to fall back from */
	return 0;
}

struct registry *registry_open(const char *host, const struct registry_options *o,
			       const struct settings *s, struct error *err)
{
	struct registry *r = xcalloc(1, sizeof(*r));

	r->ca_fd = -1;
	r->o = o;
	r->settings = s;
	pthread_mutex_init(&r->auth.lock, NULL);
	if (address_find(r, host, err) < 0)
		goto fail;
	if (registry_is_blocked(s, r->name, NULL)) {
		error_set(err, ERR_DENIED, "registry %s is blocked by the settings", r->name);
		goto fail;
	}
	r->insecure = o->tls_verify >= 0
			      ? o->tls_verify == 0
			      : registry_is_insecure(s, r->name, r->base.host) || !r->base.https;
	r->tls.verify = !r->insecure;
	if (certificates_find(r, err) < 0)
		goto fail;
	authfile_headers(o, &r->headers);
	return r;
fail:
	registry_close(r);
	return NULL;
}

void registry_close(struct registry *r)
{
	if (!r)
		return;
	auth_done(&r->auth);
	auto_close_fd(&r->ca_fd);
	free(r->tls.ca_file);
	free(r->tls.cert);
	free(r->tls.key);
	strv_done(&r->headers);
	url_done(&r->base);
	free(r->name);
	free(r);
}

const char *registry_host(const struct registry *r)
{
	return r->name;
}

struct connection *connection_open(struct registry *r, struct error *err)
{
	struct transfer *t = transfer_open(err);
	struct connection *c;

	if (!t)
		return NULL;
	c = xcalloc(1, sizeof(*c));
	c->r = r;
	c->t = t;
	c->peer = ADDRESS_PUBLIC; /* the careful guess, until we have spoken to it */
	return c;
}

void connection_close(struct connection *c)
{
	if (!c)
		return;
	transfer_close(c->t);
	free(c);
}
