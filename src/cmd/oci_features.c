/*
 * oci_features.c - `hod oci features` and `hod oci spec`: what can be asked for, and an example of it.
 *
 * Spec   runtime-spec 1.3 features.md, config.md
 */
#include "oci.h"

#include "commands.h"
#include "engine/spec.h"
#include "output.h"
#include "runtime/defaults.h"
#include "runtime/features.h"
#include "util/fd.h"
#include "util/path.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#define VERSION_MIN "1.0.0"

static json_t *texts(const char *const *list)
{
	json_t *a = json_array();

	for (; *list; list++)
		json_array_append_new(a, json_string(*list));
	return a;
}

static json_t *sorted(void (*fill)(struct strv *names))
{
	auto_done(strv) struct strv names = { 0 };
	json_t *a = json_array();

	fill(&names);
	strv_each (&names, i)
		json_array_append_new(a, json_string(names.v[i]));
	return a;
}

static json_t *enabled(bool value)
{
	return json_pack("{s:b}", "enabled", (int)value);
}

static json_t *seccomp(void)
{
#if defined(__x86_64__)
	json_t *archs = json_pack("[s,s,s]", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64", "SCMP_ARCH_X32");
#elif defined(__aarch64__)
	json_t *archs = json_pack("[s,s]", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM");
#else
	json_t *archs = json_array();
#endif

	return json_pack("{s:b,s:o,s:o,s:o}", "enabled", 1, "actions",
			 texts(features_seccomp_actions), "operators",
			 texts(features_seccomp_operators), "archs", archs);
}

static json_t *linux_features(void)
{
	json_t *o = json_object();

	json_object_set_new(o, "namespaces", sorted(features_namespaces));
	json_object_set_new(o, "capabilities", texts(capability_all));
	json_object_set_new(o, "cgroup",
			    json_pack("{s:b,s:b,s:b,s:b,s:b}", "v1", 0, "v2", 1, "systemd", 1,
				      "systemdUser", 1, "rdma", 1));
	json_object_set_new(o, "seccomp", seccomp());
	json_object_set_new(o, "apparmor", enabled(true));
	json_object_set_new(o, "selinux", enabled(true));
	json_object_set_new(o, "intelRdt",
			    json_pack("{s:b,s:b,s:b}", "enabled", 1, "schemata", 1, "monitoring", 1));
	json_object_set_new(o, "memoryPolicy",
			    json_pack("{s:o,s:o}", "modes", texts(spec_memory_modes), "flags",
				      texts(spec_memory_flags)));
	json_object_set_new(o, "netDevices", enabled(true));
	json_object_set_new(o, "mountExtensions",
			    json_pack("{s:o}", "idmap", enabled(features_idmap)));
	return o;
}

static int features_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	json_t *o = json_pack("{s:s,s:s,s:o,s:o,s:o,s:{s:s,s:s}}", "ociVersionMin", VERSION_MIN,
			      "ociVersionMax", SPEC_VERSION_MAX, "hooks", texts(features_hooks),
			      "mountOptions", sorted(features_mount_options), "linux",
			      linux_features(), "annotations", "org.opencontainers.runc.version",
			      HOD_VERSION, "hod.version", HOD_VERSION);
	char *text = json_dumps(o, JSON_INDENT(4));
	int status = output_line(err, "%s", text);

	free(text);
	json_decref(o);
	return status;
}

/* ---- spec ---- */

struct spec_args {
	char *bundle;
	bool rootless;
};
static const struct opt spec_opts[] = {
	OPT_STRING('b', "bundle", spec_args, bundle, "DIR", "where to write (default: here)"),
	OPT_FLAG(0, "rootless", spec_args, rootless, "for an ordinary user: with a user namespace"),
	OPT_END,
};

static void add_map(const struct app *app, struct spec *spec)
{
	struct spec_namespace *ns = vec_add(&spec->linux_.namespaces);
	struct spec_id_map uid = { 0, app->userns.caller_uid, 1 };
	struct spec_id_map gid = { 0, app->userns.caller_gid, 1 };

	ns->type = xstrdup("user");
	vec_push(&spec->linux_.uid_mappings, uid);
	vec_push(&spec->linux_.gid_mappings, gid);
}

/* What `run` would make of an image with nothing in it: sh, at a terminal. */
static int make_spec(const struct app *app, const struct spec_args *args, struct spec *spec,
		     struct error *err)
{
	struct host_facts facts = { 0 };
	struct run_request r;
	struct user user = { 0 };
	struct spec_input in = { .request = &r,
				 .facts = &facts,
				 .user = &user,
				 .id = "",
				 .hostname = "hod",
				 .rootfs = "rootfs" };
	int status = host_facts_find(&app->userns, &facts, err);

	if (status < 0)
		return -1;
	if (args->rootless) {
		struct id_map uid = { 0, app->userns.caller_uid, 1 };
		struct id_map gid = { 0, app->userns.caller_gid, 1 };

		facts.userns.mode = USERNS_SINGLE;
		facts.uids.n = facts.gids.n = 0;
		vec_push(&facts.uids, uid);
		vec_push(&facts.gids, gid);
	}
	run_request_init(&r);
	r.tty = r.read_only = true;
	strv_add(&r.args, "sh");
	status = spec_make(&in, spec, err);
	run_request_done(&r);
	host_facts_done(&facts);
	free(spec->linux_.cgroups_path);
	spec->linux_.cgroups_path = NULL;
	if (args->rootless)
		add_map(app, spec);
	return status;
}

static int write_spec(int dir, const struct spec *spec, struct error *err)
{
	auto_done(str) struct str text = { 0 };
	auto_close int fd = -1;
	json_t *json;
	char *pretty;
	int status;

	spec_format(spec, &text);
	json = json_loadb(str_get(&text), text.len, 0, NULL);
	if (!json)
		return error_set(err, ERR_BUG, "our own config.json is no JSON");
	pretty = json_dumps(json, JSON_INDENT(4));
	json_decref(json);
	fd = openat(dir, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	status = fd < 0 ? error_sys(err, "create config.json")
			: fd_write_all(fd, pretty, strlen(pretty), err);
	free(pretty);
	return status;
}

static int spec_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct spec_args *args = arg;
	const char *path = args->bundle ? args->bundle : ".";
	auto_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct spec spec;
	int status;

	if (dir < 0)
		return error_sys(err, "bundle '%s'", path);
	if (args->rootless && app->userns.caller_uid == 0)
		return error_set(err, ERR_USAGE, "--rootless: root has no need of it");
	spec_init(&spec);
	status = make_spec(app, args, &spec, err);
	if (status == 0)
		status = write_spec(dir, &spec, err);
	spec_done(&spec);
	return status;
}

const struct command cmd_oci_features = {
	.name = "oci features",
	.summary = "print what this runtime can do as JSON",
	.run = features_run,
	.failure = 1,
};
const struct command cmd_oci_spec = {
	.name = "oci spec",
	.summary = "write an example of config.json",
	.opts = spec_opts,
	.args_size = sizeof(struct spec_args),
	.run = spec_run,
	.failure = 1,
};
