/*
 * bundle.c - `hod bundle`: an image as a bundle for other runtimes and for schedulers.
 */
#include "commands.h"

#include "engine/bundle.h"
#include "env_file.h"
#include "notes.h"
#include "util/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct bundle_args {
	struct run_request request;
	struct strv env, env_files, volumes, mounts, tmpfs, ulimits;
	char *entrypoint;
	bool quiet;
};

static const struct opt opts[] = {
	OPT_MAP(0, "annotation", bundle_args, request.annotations, "KEY=VALUE",
		"an annotation of config.json"),
	OPT_LIST(0, "cap-add", bundle_args, request.cap_add, "CAPABILITY", "add a capability, or ALL"),
	OPT_LIST(0, "cap-drop", bundle_args, request.cap_drop, "CAPABILITY",
		 "drop a capability, or ALL"),
	OPT_STRING(0, "entrypoint", bundle_args, entrypoint, "COMMAND",
		   "instead of the image's entry point; \"\": none"),
	{ OPT_('e', "env", &opt_env, bundle_args, env, struct strv, "set a variable"),
	  .value = "NAME[=VALUE]" },
	OPT_LIST(0, "env-file", bundle_args, env_files, "FILE", "read variables from a file"),
	OPT_LIST(0, "group-add", bundle_args, request.group_add, "GROUP", "a supplementary group"),
	OPT_STRING('h', "hostname", bundle_args, request.hostname, "NAME",
		   "the host name (default: hod)"),
	OPT_LIST(0, "mount", bundle_args, mounts, "MOUNT", "mount: type=bind|tmpfs,src=...,dst=..."),
	OPT_ENUM(0, "network", bundle_args, request.network, "none|host", "the network namespace"),
	OPT_STRING(0, "platform", bundle_args, request.platform, "OS/ARCH",
		   "the platform of the image"),
	OPT_FLAG(0, "privileged", bundle_args, request.privileged,
		 "all capabilities, no filters, nothing masked"),
	OPT_FLAG('q', "quiet", bundle_args, quiet, "say nothing while images are read"),
	OPT_FLAG(0, "read-only", bundle_args, request.read_only, "make the root read-only"),
	OPT_LIST(0, "security-opt", bundle_args, request.security_opt, "OPTION",
		 "seccomp=FILE|unconfined, no-new-privileges, apparmor=, label=, mask=, unmask="),
	OPT_BYTES(0, "shm-size", bundle_args, request.shm_size, "size of /dev/shm (default 64m)"),
	OPT_MAP(0, "sysctl", bundle_args, request.sysctl, "NAME=VALUE",
		"a kernel parameter of its namespaces"),
	OPT_LIST(0, "tmpfs", bundle_args, tmpfs, "PATH[:OPTIONS]", "mount an empty tmpfs"),
	OPT_FLAG('t', "tty", bundle_args, request.tty, "give it a terminal"),
	OPT_LIST(0, "ulimit", bundle_args, ulimits, "NAME=SOFT[:HARD]", "a limit of its processes"),
	OPT_STRING('u', "user", bundle_args, request.user, "USER[:GROUP]", "run as this user"),
	OPT_LIST('v', "volume", bundle_args, volumes, "SOURCE:PATH[:OPTIONS]",
		 "mount a directory of the host"),
	OPT_STRING('w', "workdir", bundle_args, request.workdir, "DIR", "the working directory"),
	OPT_END,
};

static void bundle_init(void *args)
{
	run_request_init(&((struct bundle_args *)args)->request);
}

static void bundle_done(void *args)
{
	run_request_done(&((struct bundle_args *)args)->request);
}

typedef int request_add_fn(struct run_request *r, const char *text, struct error *err);

static int add_each(struct run_request *r, const struct strv *texts, const char *option,
		    request_add_fn *add, struct error *err)
{
	strv_each (texts, i)
		if (add(r, texts->v[i], err) < 0)
			return error_add(err, "%s '%s'", option, texts->v[i]);
	return 0;
}

static int fill_request(struct bundle_args *args, const struct strv *operands, struct error *err)
{
	struct run_request *r = &args->request;

	r->image = xstrdup(operands->v[0]);
	for (size_t i = 2; i < operands->n; i++)
		strv_add(&r->args, operands->v[i]);
	if (add_each(r, &args->volumes, "--volume", request_add_volume, err) < 0 ||
	    add_each(r, &args->mounts, "--mount", request_add_mount, err) < 0 ||
	    add_each(r, &args->tmpfs, "--tmpfs", request_add_tmpfs, err) < 0 ||
	    add_each(r, &args->ulimits, "--ulimit", request_add_ulimit, err) < 0)
		return -1;
	if (args->entrypoint && request_set_entrypoint(r, args->entrypoint, err) < 0)
		return error_add(err, "--entrypoint");
	return env_files_read(&args->env_files, &args->env, &r->env, err);
}

/* A directory we made is taken away again when the bundle cannot be written. */
static int bundle_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	struct bundle_args *args = arg;
	const char *path = operands->v[1];
	auto_close int dir = -1;
	bool made;

	if (fill_request(args, operands, err) < 0)
		return -1;
	if (!args->quiet)
		app->engine.progress = notes_progress;
	made = mkdir(path, 0777) == 0;
	if (!made && errno != EEXIST)
		return error_sys(err, "make directory '%s'", path);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return error_sys(err, "open directory '%s'", path);
	if (bundle_write(&app->engine, &args->request, dir, err) < 0) {
		if (made)
			rmdir(path);
		return error_add(err, "cannot write a bundle to '%s'", path);
	}
	return 0;
}

const struct command cmd_bundle = {
	.name = "bundle",
	.operands = "IMAGE DIR [COMMAND [ARG...]]",
	.summary = "write an image as an OCI bundle for other runtimes",
	.description =
		"DIR/rootfs holds a copy of the image's tree, DIR/config.json what is to run.",
	.opts = opts,
	.args_size = sizeof(struct bundle_args),
	.init = bundle_init,
	.done = bundle_done,
	.needs = NEED_NAMESPACE | NEED_STORE | NEED_ENGINE,
	.order = OPT_FIRST,
	.min = 2,
	.max = -1,
	.run = bundle_run,
	.failure = 1,
};
