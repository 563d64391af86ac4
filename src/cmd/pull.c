/*
 * pull.c - `hod pull`: images from registries.
 */
#include "commands.h"

#include "image/pull.h"
#include "image/resolve.h"
#include "output.h"
#include "registry_opts.h"
#include "transfer_display.h"

struct pull_args {
	struct registry_args registry;
	char *platform, *policy, *progress;
	bool all_tags, quiet;
};
static const struct opt opts[] = {
	OPT_FLAG('a', "all-tags", pull_args, all_tags, "every tag of the repository"),
	OPT_STRING(0, "platform", pull_args, platform, "OS/ARCH[/VARIANT]",
		   "of a multi-platform image, the one for this platform"),
	OPT_ENUM(0, "policy", pull_args, policy, "always|missing|never|newer",
		 "when to ask the registry (default always)"),
	OPT_ENUM(0, "progress", pull_args, progress, TRANSFER_KINDS,
		 "how it is shown (default auto: tty on a terminal, else plain)"),
	OPT_FLAG('q', "quiet", pull_args, quiet, "print the name only"),
	OPT_END,
};

static int print_pulled(const struct pulled *p, bool quiet, struct error *err)
{
	auto_free char *familiar = reference_familiar(p->name);
	char digest[DIGEST_TEXT_MAX];

	if (!quiet &&
	    (output_line(err, "Digest: %s", digest_format(&p->digest, digest)) < 0 ||
	     output_line(err, "Status: %s %s",
			 p->changed ? "Downloaded newer image for" : "Image is up to date for",
			 familiar) < 0))
		return -1;
	return output_line(err, "%s", p->name);
}

/* Is it here already, so that the policy says not to ask? 1 printed, 0, -1 */
static int pull_not(struct app *app, const struct pull_args *args, const struct platform *platform,
		    const char *name, struct error *err)
{
	auto_done(image) struct image i = { 0 };
	int found;

	if (!args->policy || str_eq(args->policy, "always"))
		return 0;
	image_init(&i);
	found = image_find(&app->store, name, platform, &i, err);
	if (found < 0)
		return -1;
	if (!found && str_eq(args->policy, "never"))
		return error_set(err, ERR_NOTFOUND, "image '%s' is not in the store", name);
	if (!found || str_eq(args->policy, "newer"))
		return 0;
	return output_line(err, "%s", i.name ? i.name : name) < 0 ? -1 : 1;
}

static int pull_one(struct app *app, const struct pull_args *args, const struct pull_options *o,
		    const char *name, struct error *err)
{
	struct transfer_display *d;
	struct pulled pulled;
	struct progress p;
	int r = pull_not(app, args, o->platform, name, err);

	if (r)
		return r < 0 ? -1 : 0;
	d = transfer_begin(args->quiet ? TRANSFER_QUIET : transfer_kind_of(args->progress));
	p = transfer_progress(d);
	r = image_pull(&app->store, name, o, &p, &pulled, err);
	transfer_end(d);
	if (r == 0)
		r = print_pulled(&pulled, args->quiet, err);
	pulled_done(&pulled);
	return r;
}

static int pull_all(struct app *app, const struct pull_args *args, const struct pull_options *o,
		    const char *name, struct error *err)
{
	auto_done(strv) struct strv tags = { 0 };
	struct reference r = { 0 };
	int status = 0;

	if (image_remote_tags(name, &o->registry, &tags, err) < 0 ||
	    reference_parse(name, &r, err) < 0)
		return -1;
	if (r.tag || digest_is_set(&r.digest))
		status = error_set(err, ERR_USAGE, "--all-tags wants a name without a tag");
	for (size_t i = 0; status == 0 && i < tags.n; i++) {
		auto_free char *one = xasprintf("%s/%s:%s", r.host, r.repository, tags.v[i]);

		status = pull_one(app, args, o, one, err);
	}
	reference_done(&r);
	return status;
}

static int pull_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct pull_args *args = arg;
	struct platform platform = { 0 };
	struct pull_options o;
	int r = 0;

	pull_options_init(&o);
	registry_args_options(&args->registry, &o.registry);
	if (args->platform) {
		if (platform_parse(args->platform, &platform, err) < 0)
			return error_add(err, "--platform");
		o.platform = &platform;
	}
	for (size_t i = 0; r == 0 && i < operands->n; i++)
		r = args->all_tags ? pull_all(app, args, &o, operands->v[i], err)
				   : pull_one(app, args, &o, operands->v[i], err);
	platform_done(&platform);
	return r;
}

const struct command cmd_pull = {
	.name = "pull",
	.operands = "IMAGE...",
	.summary = "fetch images from a registry",
	.description = "A name without a host is docker.io's. What is here already is not fetched "
		       "again, and what an interrupted pull has received is kept.",
	.opts = opts,
	.more_opts = registry_opts,
	.args_size = sizeof(struct pull_args),
	.needs = NEED_STORE | NEED_NAMESPACE,
	.min = 1,
	.max = -1,
	.run = pull_run,
	.failure = 1,
};
