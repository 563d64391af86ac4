/*
 * info.c - `hod info`: the store, the machine, and how hod works on it.
 */
#include "commands.h"

#include "listing.h"
#include "operands.h"
#include "output.h"
#include "engine/network.h"
#include "util/fd.h"
#include "util/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

struct info_args {
	char *format;
};
static const struct opt opts[] = {
	OPT_STRING('f', "format", info_args, format, "FORMAT", "json, or a template"),
	OPT_END,
};
static const struct template_name names[] = {
	{ "Runtimes", SHAPE_MAP },	   { "Labels", SHAPE_LIST }, { "Warnings", SHAPE_LIST },
	{ "SecurityOptions", SHAPE_LIST }, { NULL, SHAPE_AUTO },
};

static void add_counts(json_t *o, const containers *all)
{
	json_int_t running = 0, paused = 0;

	vec_each (all, c) {
		running += c->status == CONTAINER_RUNNING;
		paused += c->status == CONTAINER_PAUSED;
	}
	json_object_set_new(o, "Containers", json_integer((json_int_t)all->n));
	json_object_set_new(o, "ContainersRunning", json_integer(running));
	json_object_set_new(o, "ContainersPaused", json_integer(paused));
	json_object_set_new(o, "ContainersStopped",
			    json_integer((json_int_t)all->n - running - paused));
}

static int add_store(struct app *app, json_t *o, struct error *err)
{
	containers all = { 0 };
	image_names images = { 0 };
	int r = container_list(&app->store, &all, err);

	if (r == 0)
		r = image_name_list(&app->store, &images, err);
	add_counts(o, &all);
	json_object_set_new(o, "Images", json_integer((json_int_t)images.n));
	json_object_set_new(o, "Driver", json_text("overlay"));
	json_object_set_new(o, "DockerRootDir", json_text(app->store.path));
	json_object_set_new(o, "LoggingDriver", json_text("plain"));
	image_names_done(&images);
	containers_done(&all);
	return r;
}

/* PRETTY_NAME of os-release. Yours. */
static char *operating_system(void)
{
	struct error ignored = { 0 }; /* a system without that file has no such name */
	auto_done(str) struct str text = { 0 };
	auto_done(strv) struct strv lines = { 0 };

	if (file_read(AT_FDCWD, "/etc/os-release", &text, 1 << 16, &ignored) < 0)
		return xstrdup("Linux");
	strv_split(&lines, str_get(&text), '\n');
	strv_each (&lines, i) {
		char *value = lines.v[i] + strlen("PRETTY_NAME=");
		size_t n;

		if (!str_starts(lines.v[i], "PRETTY_NAME="))
			continue;
		n = strlen(value);
		if (n > 1 && value[0] == '"' && value[n - 1] == '"') {
			value[n - 1] = '\0';
			value++;
		}
		return xstrdup(value);
	}
	return xstrdup("Linux");
}

static int add_machine(json_t *o, struct error *err)
{
	struct utsname u;
	struct sysinfo s;

	if (uname(&u) < 0)
		return error_sys(err, "uname");
	if (sysinfo(&s) < 0)
		return error_sys(err, "sysinfo");
	json_object_set_new(o, "KernelVersion", json_text(u.release));
	json_object_set_new(o, "OperatingSystem", json_take(operating_system()));
	json_object_set_new(o, "OSType", json_text("linux"));
	json_object_set_new(o, "Architecture", json_text(u.machine));
	json_object_set_new(o, "NCPU", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
	json_object_set_new(o, "MemTotal",
			    json_integer((json_int_t)((uint64_t)s.totalram * s.mem_unit)));
	json_object_set_new(o, "Name", json_text(u.nodename));
	return 0;
}

static json_t *security(const struct app *app)
{
	json_t *list = json_array();

	json_array_append_new(list, json_text("name=seccomp,profile=builtin"));
	if (app->engine.facts.apparmor)
		json_array_append_new(list, json_text("name=apparmor"));
	if (app->engine.facts.selinux)
		json_array_append_new(list, json_text("name=selinux"));
	if (app->userns.mode != USERNS_HOST)
		json_array_append_new(list, json_text("name=rootless"));
	return list;
}

static const char *mode_name(const struct userns *u)
{
	static const char *const modes[] = {
		[USERNS_HOST] = "host", [USERNS_RANGE] = "range", [USERNS_SINGLE] = "single"
	};

	return modes[u->mode];
}

static void add_cgroup(json_t *o, const struct cgroup_description *d)
{
	auto_free char *controllers = strv_join(&d->controllers, " ");

	json_object_set_new(o, "CgroupDriver", json_text(d->driver));
	json_object_set_new(o, "CgroupVersion", json_text(d->version));
	json_object_set_new(o, "CgroupParent", json_text(d->place));
	json_object_set_new(o, "CgroupControllers", json_text(controllers));
	json_object_set_new(o, "CgroupReason", json_text(d->why));
}

/* What a container gets by default, and where it comes from. */
static char *network_line(const struct app *app)
{
	const char *mode = network_mode_resolve(&app->userns, NULL), *path = net_helper_path(mode);

	if (app->userns.caller_uid == 0)
		return xstrdup("bridge");
	return path ? xasprintf("%s (%s)", mode, path)
		    : xstrdup("none: neither slirp4netns nor pasta is installed");
}

static int make_document(struct app *app, json_t *o, struct error *err)
{
	const struct host_facts *f = &app->engine.facts;

	json_object_set_new(o, "ID", json_text(app->store.path));
	if (add_store(app, o, err) < 0 || add_machine(o, err) < 0)
		return -1;
	json_object_set_new(o, "ServerVersion", json_text(HOD_VERSION));
	json_object_set_new(o, "Runtimes", json_pack("{s:{s:s}}", "hod", "path", "built in"));
	json_object_set_new(o, "DefaultRuntime", json_text("hod"));
	json_object_set_new(o, "SecurityOptions", security(app));
	add_cgroup(o, &f->cgroup);
	json_object_set_new(o, "Userns", json_text(mode_name(&app->userns)));
	json_object_set_new(o, "UsernsReason", json_text(app->userns.reason));
	json_object_set_new(o, "Rootless", json_boolean(app->userns.mode != USERNS_HOST));
	json_object_set_new(o, "Network", json_take(network_line(app)));
	json_object_set_new(o, "Warnings", json_null());
	return 0;
}

static const struct {
	const char *title, *member;
} lines[] = {
	{ "Version", "ServerVersion" },
	{ "Store", "DockerRootDir" },
	{ "Containers", "Containers" },
	{ " Running", "ContainersRunning" },
	{ " Paused", "ContainersPaused" },
	{ " Stopped", "ContainersStopped" },
	{ "Images", "Images" },
	{ "Log driver", "LoggingDriver" },
	{ "User namespace", "Userns" },
	{ " Because", "UsernsReason" },
	{ "Cgroup version", "CgroupVersion" },
	{ "Cgroup driver", "CgroupDriver" },
	{ " Below", "CgroupParent" },
	{ " Limits of", "CgroupControllers" },
	{ " Because", "CgroupReason" },
	{ "Network", "Network" },
	{ "Kernel", "KernelVersion" },
	{ "System", "OperatingSystem" },
	{ "Architecture", "Architecture" },
	{ "CPUs", "NCPU" },
	{ "Name", "Name" },
};

static void format_lines(const json_t *o, struct str *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		const json_t *v = json_object_get(o, lines[i].member);

		if (json_is_integer(v))
			str_addf(out, "%s: %lld\n", lines[i].title, (long long)json_integer_value(v));
		else if (!str_empty(json_string_value(v)))
			str_addf(out, "%s: %s\n", lines[i].title, json_string_value(v));
	}
}

static int print_document(const char *format, json_t *o, struct error *err)
{
	auto_done(template) struct template *t = NULL;
	auto_done(str) struct str out = { 0 };

	if (str_empty(format)) {
		format_lines(o, &out);
		return output_text(&out, err);
	}
	if (str_eq(format, "json")) {
		template_json(o, 0, NULL, &out);
	} else {
		t = template_parse(format, TEMPLATE_ESCAPES, err);
		if (!t || template_execute(t, o, names, 0, &out, err) < 0)
			return error_add(err, "--format");
	}
	str_addc(&out, '\n');
	return output_text(&out, err);
}

static int info_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct info_args *args = arg;
	auto_done(json) json_t *o = json_object();

	if (host_facts_describe(&app->engine.facts, err) < 0 || make_document(app, o, err) < 0)
		return -1;
	return print_document(args->format, o, err);
}

const struct command cmd_info = {
	.name = "info",
	.summary = "show the store, the machine, and how hod works on it",
	.opts = opts,
	.args_size = sizeof(struct info_args),
	.needs = NEED_STORE_READ | NEED_NAMESPACE | NEED_ENGINE,
	.run = info_run,
	.failure = 1,
};
