/*
 * import.c - `hod import`: a tar of a file system becomes an image of one layer.
 */
#include "commands.h"

#include "build/change.h"
#include "image/archive.h"
#include "output.h"
#include "store/event.h"

struct import_args {
	struct strv changes;
	char *message, *platform;
};
static const struct opt opts[] = {
	OPT_LIST('c', "change", import_args, changes, "INSTRUCTION",
		 "apply a Dockerfile instruction: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, USER, ..."),
	OPT_STRING('m', "message", import_args, message, "TEXT", "the comment in the history"),
	OPT_STRING(0, "platform", import_args, platform, "OS/ARCH",
		   "the platform of the image (default: this machine's)"),
	OPT_END,
};

static int import_image(struct app *app, const char *path, const struct import_options *o,
			struct error *err)
{
	auto_done(image) struct image image;
	char id[DIGEST_TEXT_MAX];

	image_init(&image);
	if (archive_import(&app->store, path, o, &image, err) < 0)
		return error_add(err, "cannot import %s", path);
	digest_format(&image.id, id);
	event_object(&app->store, "image", "import", id, "name", o->name ? o->name : id, EVENT_END);
	return output_line(err, "%s", id);
}

static int parse_name(const char *text, char **name, struct error *err)
{
	struct reference ref = { 0 };
	int r = reference_parse(text, &ref, err);

	if (r == 0 && (ref.transport != TRANSPORT_NONE || digest_is_set(&ref.digest)))
		r = error_set(err, ERR_INVALID, "'%s' cannot be the name of an image", text);
	if (r == 0)
		*name = reference_name(&ref);
	reference_done(&ref);
	return r;
}

static int import_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct import_args *args = arg;
	struct image_config config;
	struct platform platform = { 0 };
	auto_free char *name = NULL;
	struct import_options o = { .message = args->message };
	int r = 0;

	if (operands->n > 1 && parse_name(operands->v[1], &name, err) < 0)
		return -1;
	if (args->platform && platform_parse(args->platform, &platform, err) < 0)
		return error_add(err, "--platform");
	image_config_init(&config);
	for (size_t i = 0; i < args->changes.n && r == 0; i++)
		r = build_change(args->changes.v[i], &config, err);
	o.name = name;
	o.settings = &config.config;
	o.platform = args->platform ? &platform : NULL;
	if (r == 0)
		r = import_image(app, operands->v[0], &o, err);
	image_config_done(&config);
	platform_done(&platform);
	return r;
}

const struct command cmd_import = {
	.name = "import",
	.operands = "FILE|- [NAME[:TAG]]",
	.summary = "make an image of one layer from a tar",
	.description = "The tar may be compressed by gzip, zstd, xz or bzip2; - is stdin.",
	.opts = opts,
	.args_size = sizeof(struct import_args),
	.needs = NEED_STORE | NEED_NAMESPACE,
	.min = 1,
	.max = 2,
	.run = import_run,
	.failure = 1,
};
