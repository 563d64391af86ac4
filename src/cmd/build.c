/*
 * build.c - `hod build`: a Dockerfile and a context become an image.
 */
#include "commands.h"

#include "build_call.h"
#include "build_display.h"
#include "build_opts.h"
#include "image/push.h"
#include "output.h"
#include "registry/docker_config.h"
#include "transfer_display.h"
#include "util/fd.h"

#include <fcntl.h>

static int pull_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	char **pull = field;
	enum pull_policy policy;

	if (str_eq(text, "true")) /* docker's is a boolean */
		text = "always";
	if (str_eq(text, "false"))
		text = "missing";
	if (!pull_policy_parse(text, &policy))
		return error_set(err, ERR_USAGE, "must be always, missing, never or newer");
	free(*pull);
	*pull = xstrdup(text);
	return 0;
}

static void pull_init(void *field)
{
	*(char **)field = NULL;
}

static void pull_done(void *field)
{
	free(*(char **)field);
	*(char **)field = NULL;
}

static const struct opt_type pull = { "policy", "pull", pull_parse, pull_init, pull_done };

static int allow_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	static const char *const known[] = { "security.insecure", "network.host" };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (str_eq(known[i], text)) {
			strv_add(field, text);
			return 0;
		}
	return error_set(err, ERR_USAGE, "must be security.insecure or network.host");
}

static void allow_init(void *field)
{
	*(struct strv *)field = (struct strv){ 0 };
}

static void allow_done(void *field)
{
	strv_done(field);
}

static const struct opt_type allow = { "entitlement", "allow", allow_parse, allow_init, allow_done };

static const struct opt opts[] = {
	{ OPT_(0, "allow", &allow, build_args, allow, struct strv,
	       "what RUN may ask for: security.insecure; network.host always may"),
	  .value = "ENTITLEMENT" },
	{ OPT_(0, "build-arg", &opt_env, build_args, build_args, struct strv,
	       "the value of an ARG; without a value ours"),
	  .value = "NAME[=VALUE]" },
	OPT_STRING(0, "call", build_args, call, "METHOD",
		   "do not build: check, outline or targets; ,format=json behind it for JSON"),
	OPT_FLAG(0, "check", build_args, check, "the same as --call=check"),
	OPT_STRING('f', "file", build_args, file, "FILE",
		   "the Dockerfile; - is stdin (default: Dockerfile or Containerfile)"),
	OPT_STRING(0, "iidfile", build_args, iidfile, "FILE", "write the ID of the image here"),
	OPT_MAP(0, "label", build_args, labels, "KEY[=VALUE]", "a label of the image"),
	OPT_ENUM(0, "network", build_args, network, "default|none|host", "the network of RUN steps"),
	OPT_FLAG(0, "no-cache", build_args, no_cache, "carry out every step anew"),
	OPT_STRING(0, "platform", build_args, platform, "OS/ARCH", "the platform of the image"),
	OPT_ENUM(0, "progress", build_args, progress, "auto|plain|tty|quiet|rawjson",
		 "how steps are shown (default auto: tty on a terminal, else plain)"),
	{ OPT_(0, "pull", &pull, build_args, pull, char *,
	       "when to fetch base images: always, missing, never, newer"),
	  .value = "POLICY", .assumed = "always", .flags = OPT_OPTIONAL },
	OPT_FLAG('q', "quiet", build_args, quiet, "print the ID only"),
	OPT_LIST('t', "tag", build_args, tags, "NAME[:TAG]", "a name of the image"),
	OPT_STRING(0, "target", build_args, target, "STAGE", "build this stage"),
	OPT_END,
};

static int fill(struct build_args *args, const char *context, struct error *err)
{
	struct build_request *r = &args->request;

	r->context = context;
	r->file = args->file;
	r->target = args->target;
	r->platform = args->platform;
	r->no_cache = args->no_cache;
	r->network = xstrdup_or_null(args->network);
	strv_copy(&r->tags, &args->tags);
	strv_each (&args->build_args, i) /* a bare name was looked up in vain: it is not given */
		if (strchr(args->build_args.v[i], '='))
			strv_add(&r->args, args->build_args.v[i]);
	docker_config_proxies(&r->args, &args->build_args);
	strv_copy(&r->allow, &args->allow);
	strmap_copy(&r->labels, &args->labels);
	if (args->pull)
		pull_policy_parse(args->pull, &r->pull);
	return build_args_finish(args, err);
}

static int write_metadata(const struct build_args *args, const struct build_result *result,
			  struct error *err)
{
	auto_done(str) struct str text = { 0 };
	auto_free char *names = strv_join(&result->names, ",");
	char id[DIGEST_TEXT_MAX], manifest[DIGEST_TEXT_MAX];

	digest_format(&result->id, id);
	digest_format(&result->manifest, manifest);
	str_add(&text, "{");
	if (digest_is_set(&result->manifest)) {
		if (!str_eq(result->media_type, MEDIA_OCI_INDEX))
			str_addf(&text, "\n  \"containerimage.config.digest\": \"%s\",", id);
		str_addf(&text,
			 "\n  \"containerimage.descriptor\": {\"mediaType\": \"%s\", \"digest\": "
			 "\"%s\", \"size\": %lld},\n  \"containerimage.digest\": \"%s\",",
			 result->media_type, manifest, (long long)result->manifest_size, manifest);
	}
	str_add(&text, "\n  \"image.name\": ");
	str_add_json(&text, names);
	str_add(&text, "\n}\n");
	return file_write(AT_FDCWD, args->metadata_file, text.s, text.len, 0644, false, err);
}

/* Does the result itself go to stdout? Then the ID does not. */
static bool stdout_is_taken(const struct build_request *r)
{
	vec_each (&r->outputs, o)
		if (str_eq(o->dest, "-"))
			return true;
	return false;
}

static int report(const struct build_args *args, const struct build_result *result, struct error *err)
{
	char id[DIGEST_TEXT_MAX];

	if (args->metadata_file && write_metadata(args, result, err) < 0)
		return error_add(err, "--metadata-file");
	if (!digest_is_set(&result->id))
		return 0;
	digest_format(&result->id, id);
	if (args->iidfile && file_write(AT_FDCWD, args->iidfile, id, strlen(id), 0644, false, err) < 0)
		return error_add(err, "--iidfile");
	return stdout_is_taken(&args->request) ? 0 : output_line(err, "%s", id);
}

/* Where progress is shown. */
static int open_log(const struct build_args *args, struct error *err)
{
	int fd = args->logfile ? open(args->logfile, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)
			       : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);

	return fd < 0 ? error_sys(err, "%s", args->logfile ? args->logfile : "stderr") : fd;
}

static enum display_kind kind_of(const struct build_args *args)
{
	if (args->quiet || str_eq(args->progress, "quiet"))
		return DISPLAY_QUIET;
	if (str_eq(args->progress, "plain"))
		return DISPLAY_PLAIN;
	if (str_eq(args->progress, "tty"))
		return DISPLAY_TTY;
	if (str_eq(args->progress, "rawjson"))
		return DISPLAY_JSON;
	return DISPLAY_AUTO;
}

static int build(struct app *app, struct build_args *args, struct build_result *result,
		 struct error *err)
{
	auto_close int log = open_log(args, err);
	struct display *display;
	int code = 0, r;

	if (log < 0)
		return -1;
	display = display_begin(kind_of(args), log);
	app->engine.progress = display_progress(display);
	r = build_image(&app->engine, &args->request, result, &code, err);
	display_end(display, r == 0);
	return r;
}

/* Each name to its registry; of several platforms all. */
static int push(struct app *app, const struct build_args *args, struct build_result *result,
		struct error *err)
{
	strv_each (&result->names, i) {
		struct transfer_display *d;
		struct push_options o;
		struct pushed pushed;
		struct progress p;
		int r;

		push_options_init(&o);
		o.all = str_eq(result->media_type, MEDIA_OCI_INDEX);
		d = transfer_begin(args->quiet ? TRANSFER_QUIET : TRANSFER_AUTO);
		p = transfer_progress(d);
		r = image_push(&app->store, result->names.v[i], NULL, &o, &p, &pushed, err);
		transfer_end(d);
		if (r == 0) { /* its layers are compressed there: another manifest */
			result->manifest = pushed.digest;
			result->manifest_size = pushed.size;
		}
		pushed_done(&pushed);
		if (r < 0)
			return error_add(err, "--push");
	}
	return 0;
}

static int build_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	struct build_args *args = arg;
	struct build_result result = { 0 };
	const char *call = args->call ? args->call : args->check ? "check" : "build";
	int r = fill(args, operands->v[0], err);

	if (r == 0 && !str_eq(call, "build"))
		return build_call_run(app, &args->request, call, err);
	if (r == 0 && stdout_is_taken(&args->request) && output_is_terminal())
		r = error_set(err, ERR_USAGE, "an archive is not written to a terminal");
	if (r == 0)
		r = build(app, args, &result, err);
	if (r == 0 && args->request.push)
		r = push(app, args, &result, err);
	if (r == 0)
		r = report(args, &result, err);
	build_result_done(&result);
	return r;
}

const struct command cmd_build = {
	.name = "build",
	.operands = "CONTEXT",
	.summary = "build an image from a Dockerfile",
	.description =
		"CONTEXT is a directory, or - for a Dockerfile or a tar on stdin. The last line "
		"of the output is the ID of the image.",
	.opts = opts,
	.more_opts = build_more_opts,
	.init = build_args_init,
	.done = build_args_done,
	.args_size = sizeof(struct build_args),
	.needs = NEED_STORE | NEED_NAMESPACE | NEED_ENGINE | NEED_MOUNTS,
	.min = 1,
	.max = 1,
	.run = build_run,
	.failure = 1,
};
