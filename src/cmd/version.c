/*
 * version.c - `hod version`. Three numbers, as callers that parse it expect.
 */
#include "commands.h"

#include "output.h"
#include "template.h"

#include <stdio.h>
#include <sys/utsname.h>

#define API_VERSION	"1.43" /* the level of docker's commands that scripts may rely on */
#define MIN_API_VERSION "1.24"

struct version_args {
	char *format;
	bool brief;
};
static const struct opt opts[] = {
	OPT_STRING('f', "format", version_args, format, "FORMAT", "json, or a template"),
	OPT_FLAG(0, "short", version_args, brief, "one line"),
	OPT_END,
};

static const char *go_arch(const char *machine)
{
	static const struct {
		const char *machine, *arch;
	} names[] = {
		{ "x86_64", "amd64" }, { "aarch64", "arm64" }, { "i686", "386" },
		{ "armv7l", "arm" },   { "armv6l", "arm" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(names[i].machine, machine))
			return names[i].arch;
	return machine;
}

/* There is no server: what docker's client asks of one is answered for the program itself. */
static json_t *side(const struct utsname *u)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "Version", HOD_VERSION, "ApiVersion",
			 API_VERSION, "MinAPIVersion", MIN_API_VERSION, "Os", "linux", "Arch",
			 go_arch(u->machine), "KernelVersion", u->release);
}

static json_t *document(const struct utsname *u)
{
	json_t *client = side(u), *server = side(u), *both;

	/* templates of callers use both spellings */
	json_object_set_new(client, "APIVersion", json_string(API_VERSION));
	json_object_set_new(server, "APIVersion", json_string(API_VERSION));
	both = json_object();
	json_object_set_new(both, "Client", client);
	json_object_set_new(both, "Server", server);
	return both;
}

static int print_format(const char *format, const struct utsname *u, struct error *err)
{
	auto_done(template) struct template *t = NULL;
	auto_done(str) struct str out = { 0 };
	json_t *doc = document(u);
	int r = 0;

	if (str_eq(format, "json")) {
		template_json(doc, 0, NULL, &out);
	} else {
		t = template_parse(format, TEMPLATE_ESCAPES, err);
		r = t ? template_execute(t, doc, NULL, 0, &out, err) : -1;
	}
	json_decref(doc);
	if (r < 0)
		return error_add(err, "--format");
	str_addc(&out, '\n');
	return output_text(&out, err);
}

static int version_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct version_args *args = arg;
	struct utsname u;

	if (args->brief)
		return output_line(err, "%s version %s", app->called_as, HOD_VERSION);
	if (uname(&u) < 0)
		return error_sys(err, "uname");
	if (!str_empty(args->format))
		return print_format(args->format, &u, err);
	return output_line(err,
			   "Version:      %s\nAPI version:  %s\nOS/Arch:      linux/%s\n"
			   "Kernel:       %s",
			   HOD_VERSION, API_VERSION, go_arch(u.machine), u.release);
}

const struct command cmd_version = {
	.name = "version",
	.summary = "print the version",
	.opts = opts,
	.args_size = sizeof(struct version_args),
	.run = version_run,
	.failure = 1,
};
