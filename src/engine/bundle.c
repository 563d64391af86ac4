/*
 * bundle.c - an image as an OCI bundle: its tree copied out of the store, and a config.json.
 *
 * Theory of operation: the same steps as a start (prepare.c), with a copy of the tree instead of a
 * mount of it, and with nothing of the store in config.json: the bundle may go to another machine.
 *
 * Spec   runtime-spec 1.2, bundle.md and config.md.
 */
#include "engine/bundle.h"

#include "prepare.h"
#include "store/rootfs.h"
#include "util/fd.h"
#include "util/tree.h"

#include <fcntl.h>
#include <jansson.h>
#include <sys/stat.h>

#define BUNDLE_ROOTFS "rootfs"
#define BUNDLE_CONFIG "config.json"
#define BUNDLE_VERSION                                                                             \
	"1.0.2" /* nothing in it is newer, and older runtimes refuse more than they know */
#define BUNDLE_HOSTNAME "hod" /* there is no container yet whose ID could be the name */

static int refuse(const char *what, struct error *err)
{
	return error_set(err, ERR_UNSUPPORTED, "%s: not in a bundle, which stands for itself", what);
}

static int check_request(const struct run_request *r, struct error *err)
{
	const char *const modes[] = { r->network, r->pid, r->ipc, r->uts };
	static const char *const options[] = { "--network", "--pid", "--ipc", "--uts" };

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (modes[i] && str_starts(modes[i], "container:"))
			return refuse(options[i], err);
	if (r->init)
		return refuse("--init", err);
	if (r->volumes_from.n)
		return refuse("--volumes-from", err);
	if (r->userns && strcmp(r->userns, "host") != 0)
		return refuse("--userns", err);
	vec_each (&r->mounts, m)
		if (str_eq(m->type, "volume")) {
			error_set(err, ERR_UNSUPPORTED, "volume '%s': a bundle has none",
				  m->source ? m->source : m->destination);
			return error_hint(err, "name a directory of the host: -v /DIR:%s",
					  m->destination);
		}
	return request_check(r, err);
}

static int check_empty(int dir, struct error *err)
{
	static const char *const names[] = { BUNDLE_ROOTFS, BUNDLE_CONFIG };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (file_exists(dir, names[i]))
			return error_set(err, ERR_EXISTS, "there is a %s already", names[i]);
	return 0;
}

static int copy_rootfs(struct engine *e, const struct image *image, int dir, int *rootfs,
		       struct error *err)
{
	bool lenient = !userns_may_chown(&e->facts.userns);
	auto_done(strv) struct strv layers = { 0 };
	auto_close int mounted = -1;
	auto_close int from = -1;

	vec_each (&image->diff_ids, d)
		strv_add(&layers, d->hex);
	mounted = rootfs_mount(e->store, (const char *const *)layers.v, layers.n, -1, ROOTFS_NODEV,
			       err);
	if (mounted < 0)
		return -1;
	from = fd_reopen(mounted, O_RDONLY | O_DIRECTORY, err);
	if (from < 0)
		return -1;
	*rootfs = dir_make_open(dir, BUNDLE_ROOTFS, 0755, err);
	if (*rootfs < 0 || tree_copy(from, *rootfs, lenient, err) < 0 ||
	    tree_copy_attributes(from, *rootfs, lenient, err) < 0)
		return error_add(err, "copy the tree of the image");
	return 0;
}

/* Binds and tmpfs only: what the record of a container would hold, without the container. */
static int plan_mounts(struct engine *e, const struct run_request *r, int rootfs,
		       struct resolved_mounts *out, struct error *err)
{
	auto_done(container) struct container none;

	container_init(&none);
	if (mounts_plan(e, r, NULL, &none.record, err) < 0)
		return -1;
	return mounts_resolve(e, &none, r, rootfs, out, err);
}

static void add_maps(struct spec *spec, const struct engine *e)
{
	struct spec_namespace *n = vec_add(&spec->linux_.namespaces);

	n->type = xstrdup("user");
	vec_each (&e->facts.uids, m) {
		struct spec_id_map map = { m->inside, m->outside, m->count };

		vec_push(&spec->linux_.uid_mappings, map);
	}
	vec_each (&e->facts.gids, m) {
		struct spec_id_map map = { m->inside, m->outside, m->count };

		vec_push(&spec->linux_.gid_mappings, map);
	}
}

/* Indented, because people edit it. */
static int write_config(int dir, const struct spec *spec, struct error *err)
{
	auto_done(str) struct str text = { 0 };
	json_error_t bad;
	json_t *json;
	char *pretty;
	int status;

	spec_format(spec, &text);
	json = json_loadb(str_get(&text), text.len, 0, &bad);
	if (!json)
		return error_set(err, ERR_BUG, "our own config.json: %s", bad.text);
	pretty = json_dumps(json, JSON_INDENT(2));
	json_decref(json);
	status = file_write(dir, BUNDLE_CONFIG, pretty, strlen(pretty), 0644, false, err);
	free(pretty);
	return status;
}

static int make_config(struct engine *e, const struct run_request *r,
		       const struct image_settings *settings, int dir, int rootfs, struct error *err)
{
	struct prepared p;
	int status = -1;

	prepared_init(&p);
	if (prepare_user(e, r, settings, rootfs, &p.user, err) == 0 &&
	    plan_mounts(e, r, rootfs, &p.mounts, err) == 0) {
		struct spec_input in = {
			.request = r,
			.image = settings,
			.facts = &e->facts,
			.user = &p.user,
			.id = "",
			.hostname = r->hostname ? r->hostname : BUNDLE_HOSTNAME,
			.rootfs = BUNDLE_ROOTFS,
			.mounts = &p.mounts,
		};

		spec_done(&p.spec);
		status = spec_make(&in, &p.spec, err);
		free(p.spec.oci_version);
		p.spec.oci_version = xstrdup(BUNDLE_VERSION);
		/* where its cgroup is, is for the one who runs it to say */
		free(p.spec.linux_.cgroups_path);
		p.spec.linux_.cgroups_path = NULL;
		if (!userns_ids_are_hosts(&e->facts.userns))
			add_maps(&p.spec, e);
		if (status == 0)
			status = write_config(dir, &p.spec, err);
	}
	prepared_done(&p);
	return status;
}

int bundle_write(struct engine *e, struct run_request *r, int dir, struct error *err)
{
	auto_done(image) struct image image = { 0 };
	struct error ignored = { 0 }; /* the failure that brought us there is the one to tell */
	auto_close int rootfs = -1;

	image_init(&image);
	if (check_request(r, err) < 0 || check_empty(dir, err) < 0 ||
	    request_read_profiles(&r->security_opt, err) < 0 || request_image(e, r, &image, err) < 0)
		return -1;
	if (copy_rootfs(e, &image, dir, &rootfs, err) == 0 &&
	    make_config(e, r, &image.config.config, dir, rootfs, err) == 0)
		return 0;
	tree_remove(dir, BUNDLE_ROOTFS, &ignored);
	error_clear(&ignored);
	unlinkat(dir, BUNDLE_CONFIG, 0);
	return -1;
}
