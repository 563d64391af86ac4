/*
 * push.c - `hod push`: images to registries.
 */
#include "commands.h"

#include "image/push.h"
#include "output.h"
#include "registry_opts.h"
#include "transfer_display.h"
#include "util/fd.h"
#include "store/event.h"

struct push_args {
	struct registry_args registry;
	char *compression, *digestfile, *platform, *progress;
	int64_t chunk;
	bool all, quiet;
};
static const struct opt opts[] = {
	OPT_FLAG(0, "all", push_args, all, "of an image for several platforms, every one"),
	OPT_BYTES(0, "chunk-size", push_args, chunk,
		  "send layers in pieces of so many bytes (default: in one)"),
	OPT_ENUM(0, "compression-format", push_args, compression, "gzip|zstd",
		 "of layers that were never compressed (default gzip)"),
	OPT_STRING(0, "digestfile", push_args, digestfile, "FILE", "write the digest here"),
	OPT_STRING(0, "platform", push_args, platform, "OS/ARCH[/VARIANT]",
		   "of an image for several platforms, the one for this platform"),
	OPT_ENUM(0, "progress", push_args, progress, TRANSFER_KINDS,
		 "how it is shown (default auto: tty on a terminal, else plain)"),
	OPT_FLAG('q', "quiet", push_args, quiet, "print the name only"),
	OPT_END,
};

static int report(const struct push_args *args, const struct pushed *p, struct error *err)
{
	auto_free char *tag = reference_tag(p->name);
	char digest[DIGEST_TEXT_MAX];

	digest_format(&p->digest, digest);
	if (args->digestfile &&
	    file_write(AT_FDCWD, args->digestfile, digest, strlen(digest), 0644, false, err) < 0)
		return -1;
	if (args->quiet)
		return output_line(err, "%s", p->name);
	return output_line(err, "%s: digest: %s size: %lld", tag, digest, (long long)p->size);
}

static int push_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct push_args *args = arg;
	struct platform platform = { 0 };
	struct transfer_display *d;
	struct pushed pushed;
	struct push_options o;
	struct progress p;
	int r;

	push_options_init(&o);
	registry_args_options(&args->registry, &o.registry);
	o.all = args->all;
	o.chunk = args->chunk == UNSET ? 0 : args->chunk;
	if (args->compression)
		compression_parse(args->compression, &o.compression);
	if (args->platform) {
		if (platform_parse(args->platform, &platform, err) < 0)
			return error_add(err, "--platform");
		o.platform = &platform;
	}
	d = transfer_begin(args->quiet ? TRANSFER_QUIET : transfer_kind_of(args->progress));
	p = transfer_progress(d);
	r = image_push(&app->store, operands->v[0], operands->n > 1 ? operands->v[1] : NULL, &o, &p,
		       &pushed, err);
	transfer_end(d);
	if (r == 0) {
		event_object(&app->store, "image", "push", pushed.name, "name", pushed.name,
			     EVENT_END);
		r = report(args, &pushed, err);
	}
	pushed_done(&pushed);
	platform_done(&platform);
	return r;
}

const struct command cmd_push = {
	.name = "push",
	.operands = "IMAGE [DESTINATION]",
	.summary = "send an image to a registry",
	.description =
		"What the registry has already is not sent again. Without DESTINATION it goes to "
		"where its own name says.",
	.opts = opts,
	.more_opts = registry_opts,
	.args_size = sizeof(struct push_args),
	.needs = NEED_STORE | NEED_NAMESPACE,
	.min = 1,
	.max = 2,
	.run = push_run,
	.failure = 1,
};
