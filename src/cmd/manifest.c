/*
 * manifest.c - `hod manifest`: images for several platforms, put together by hand.
 */
#include "commands.h"

#include "image/manifest_list.h"
#include "image/push.h"
#include "output.h"
#include "registry_opts.h"
#include "transfer_display.h"

struct manifest_args {
	struct registry_args registry;
	char *os, *arch, *variant;
	struct strmap annotations;
	char *artifact_type;
	bool all, amend, purge, quiet, referrers;
};

#define NOTE_OPTS                                                                                  \
	OPT_MAP(0, "annotation", manifest_args, annotations, "KEY=VALUE", "an annotation of it"),  \
		OPT_STRING(0, "arch", manifest_args, arch, "ARCH", "its architecture"),            \
		OPT_STRING(0, "os", manifest_args, os, "OS", "its operating system"),              \
		OPT_STRING(0, "variant", manifest_args, variant, "VARIANT",                        \
			   "its architecture's variant")

static struct entry_notes notes_of(const struct manifest_args *args)
{
	return (struct entry_notes){ args->os, args->arch, args->variant, &args->annotations };
}

static int print_digest(const struct digest *d, struct error *err)
{
	char text[DIGEST_TEXT_MAX];

	return output_line(err, "%s", digest_format(d, text));
}

/* ---- create, add ---- */

static int add(struct app *app, const struct manifest_args *args, const struct strv *operands,
	       struct digest *d, struct error *err)
{
	struct transfer_display *t = transfer_begin(TRANSFER_AUTO);
	struct progress p = transfer_progress(t);
	struct entry_notes notes = notes_of(args);
	struct registry_options o;
	int r = 0;

	registry_args_options(&args->registry, &o);
	for (size_t i = 1; r == 0 && i < operands->n; i++)
		r = manifest_list_add(&app->store, operands->v[0], operands->v[i], args->all,
				      &notes, &o, &p, d, err);
	transfer_end(t);
	return r;
}

static int create_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct manifest_args *args = arg;
	struct digest d;

	if (manifest_list_create(&app->store, operands->v[0], args->amend, &d, err) < 0 ||
	    add(app, args, operands, &d, err) < 0)
		return -1;
	return print_digest(&d, err);
}

static int add_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	struct digest d;

	return add(app, arg, operands, &d, err) < 0 ? -1 : print_digest(&d, err);
}

static const struct opt create_opts[] = {
	OPT_FLAG(0, "all", manifest_args, all, "of an image for several platforms, every one"),
	OPT_FLAG('a', "amend", manifest_args, amend, "the list may be there, and is added to"),
	OPT_END,
};
static const struct opt add_opts[] = {
	OPT_FLAG(0, "all", manifest_args, all, "of an image for several platforms, every one"),
	NOTE_OPTS,
	OPT_END,
};

const struct command cmd_manifest_create = {
	.name = "manifest create",
	.operands = "LIST [IMAGE...]",
	.summary = "make a list of images for several platforms",
	.opts = create_opts,
	.more_opts = registry_opts,
	.args_size = sizeof(struct manifest_args),
	.needs = NEED_STORE | NEED_NAMESPACE,
	.min = 1,
	.max = -1,
	.run = create_run,
	.failure = 1,
};
const struct command cmd_manifest_add = {
	.name = "manifest add",
	.operands = "LIST IMAGE...",
	.summary = "add images to a list",
	.opts = add_opts,
	.more_opts = registry_opts,
	.args_size = sizeof(struct manifest_args),
	.needs = NEED_STORE | NEED_NAMESPACE,
	.min = 2,
	.max = -1,
	.run = add_run,
	.failure = 1,
};

/* ---- annotate, remove, rm ---- */

static int annotate_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	struct entry_notes notes = notes_of(arg);
	struct digest d;

	if (manifest_list_annotate(&app->store, operands->v[0], operands->v[1], &notes, &d, err) < 0)
		return -1;
	return print_digest(&d, err);
}

static const struct opt annotate_opts[] = { NOTE_OPTS, OPT_END };

const struct command cmd_manifest_annotate = {
	.name = "manifest annotate",
	.operands = "LIST IMAGE",
	.summary = "say more of an image in a list",
	.opts = annotate_opts,
	.args_size = sizeof(struct manifest_args),
	.needs = NEED_STORE | NEED_NAMESPACE,
	.min = 2,
	.max = 2,
	.run = annotate_run,
	.failure = 1,
};

static int remove_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	struct digest d;

	if (manifest_list_remove_entry(&app->store, operands->v[0], operands->v[1], &d, err) < 0)
		return -1;
	return print_digest(&d, err);
}

const struct command cmd_manifest_remove = {
	.name = "manifest remove",
	.operands = "LIST IMAGE",
	.summary = "take an image out of a list",
	.needs = NEED_STORE | NEED_NAMESPACE,
	.min = 2,
	.max = 2,
	.run = remove_run,
	.failure = 1,
};

static int rm_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	auto_done(gc_result) struct gc_result result = { 0 };

	strv_each (operands, i)
		if (manifest_list_rm(&app->store, operands->v[i], err) < 0)
			return -1;
	return store_gc(&app->store, &result, err);
}

const struct command cmd_manifest_rm = {
	.name = "manifest rm",
	.operands = "LIST...",
	.summary = "remove lists, and what only they referred to",
	.needs = NEED_STORE | NEED_NAMESPACE,
	.min = 1,
	.max = -1,
	.run = rm_run,
	.failure = 1,
};

/* ---- inspect, push ---- */

static int inspect_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct manifest_args *args = arg;
	auto_done(str) struct str text = { 0 }, pretty = { 0 };
	auto_done(json) json_t *valid = NULL;
	struct registry_options o;

	if (args->artifact_type && !args->referrers)
		return error_set(err, ERR_USAGE, "--artifact-type is for --referrers");
	registry_args_options(&args->registry, &o);
	if ((args->referrers ? manifest_referrers(operands->v[0], args->artifact_type, &o, &text, err)
			     : manifest_text(&app->store, operands->v[0], &o, &text, err)) < 0)
		return -1;
	valid = json_parse(str_get(&text), text.len, NULL, err);
	if (!valid)
		return -1;
	json_indent(text.s, text.len, &pretty);
	str_addc(&pretty, '\n');
	return output_text(&pretty, err);
}

static const struct opt inspect_opts[] = {
	OPT_STRING(0, "artifact-type", manifest_args, artifact_type, "TYPE",
		   "of --referrers: those of this type only"),
	OPT_FLAG(0, "referrers", manifest_args, referrers,
		 "what refers to it at its registry: signatures and the like"),
	OPT_END,
};
const struct command cmd_manifest_inspect = {
	.name = "manifest inspect",
	.operands = "NAME",
	.summary = "print a list or manifest, of the store or else of its registry",
	.opts = inspect_opts,
	.more_opts = registry_opts,
	.args_size = sizeof(struct manifest_args),
	.needs = NEED_STORE_READ | NEED_NAMESPACE,
	.min = 1,
	.max = 1,
	.run = inspect_run,
	.failure = 1,
};

static int push_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct manifest_args *args = arg;
	struct transfer_display *t = transfer_begin(args->quiet ? TRANSFER_QUIET : TRANSFER_AUTO);
	struct progress p = transfer_progress(t);
	struct push_options o;
	struct pushed pushed;
	int r;

	push_options_init(&o);
	registry_args_options(&args->registry, &o.registry);
	o.all = true;
	r = image_push(&app->store, operands->v[0], operands->n > 1 ? operands->v[1] : NULL, &o, &p,
		       &pushed, err);
	transfer_end(t);
	if (r == 0)
		r = print_digest(&pushed.digest, err);
	pushed_done(&pushed);
	if (r == 0 && args->purge)
		r = manifest_list_rm(&app->store, operands->v[0], err);
	return r;
}

static const struct opt push_opts[] = {
	OPT_FLAG('p', "purge", manifest_args, purge, "remove the list when it is sent"),
	OPT_FLAG('q', "quiet", manifest_args, quiet, "print the digest only"),
	OPT_END,
};
const struct command cmd_manifest_push = {
	.name = "manifest push",
	.operands = "LIST [DESTINATION]",
	.summary = "send a list with all its images to a registry",
	.opts = push_opts,
	.more_opts = registry_opts,
	.args_size = sizeof(struct manifest_args),
	.needs = NEED_STORE | NEED_NAMESPACE,
	.min = 1,
	.max = 2,
	.run = push_run,
	.failure = 1,
};
