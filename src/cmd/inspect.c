/*
 * inspect.c - `hod inspect`, and the same for one kind of thing: container, image, volume.
 */
#include "commands.h"

#include "network.h"
#include "operands.h"
#include "output.h"
#include "view.h"

struct inspect_args {
	char *format, *type;
	bool size;
};
#define FORMAT_ROW OPT_STRING('f', "format", inspect_args, format, "FORMAT", "json, or a template")
#define SIZE_ROW   OPT_FLAG('s', "size", inspect_args, size, "with the sizes of containers")

static const struct opt opts[] = {
	FORMAT_ROW,
	SIZE_ROW,
	OPT_ENUM(0, "type", inspect_args, type, "container|image|network|volume",
		 "only things of this kind"),
	OPT_END,
};
static const struct opt container_opts[] = { FORMAT_ROW, SIZE_ROW, OPT_END };
static const struct opt plain_opts[] = { FORMAT_ROW, OPT_END };

/* Each looks one thing up: 1 and *out, 0 absent, -1. */
typedef int lookup_fn(struct app *app, const char *name, bool sizes, json_t **out, struct error *err);

static int look_container(struct app *app, const char *name, bool sizes, json_t **out,
			  struct error *err)
{
	auto_done(container) struct container c;
	int found;

	container_init(&c);
	found = look_for_container(app, name, &c, err);
	if (found > 0 && view_container(app, &c, sizes, out, err) < 0)
		return -1;
	return found;
}

static int look_image(struct app *app, const char *name, bool sizes, json_t **out, struct error *err)
{
	auto_done(image) struct image i;
	int found;

	image_init(&i);
	found = image_find(&app->store, name, NULL, &i, err);
	if (found > 0 && view_image(app, &i, out, err) < 0)
		return -1;
	return found;
}

static int look_volume(struct app *app, const char *name, bool sizes, json_t **out, struct error *err)
{
	auto_done(volume) struct volume v;
	int found;

	volume_init(&v);
	found = volume_find(&app->store, name, &v, err);
	if (found > 0)
		*out = view_volume(&app->store, &v);
	return found;
}

static int look_network(struct app *app, const char *name, bool sizes, json_t **out, struct error *err)
{
	auto_done(network) struct network n = { 0 };
	int found = network_find(&app->store, name, &n, err);

	if (found > 0)
		*out = view_one_network(app, &n);
	return found;
}

static const struct {
	const char *type;
	lookup_fn *look;
} kinds[] = { { "container", look_container },
	      { "image", look_image },
	      { "volume", look_volume },
	      { "network", look_network } };

static int look_up(struct app *app, const char *name, const struct inspect_args *args, json_t **out,
		   struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int found;

		if (args->type && !str_eq(args->type, kinds[i].type))
			continue;
		found = kinds[i].look(app, name, args->size, out, err);
		/* what is no valid name of one kind may be one of the next */
		if (found < 0 && !args->type && err->kind == ERR_INVALID &&
		    i + 1 < ARRAY_SIZE(kinds)) {
			error_clear(err);
			continue;
		}
		if (found)
			return found < 0 ? -1 : 0;
	}
	return error_set(err, ERR_NOTFOUND, "no such %s: %s", args->type ? args->type : "object",
			 name);
}

/* Those found; the errors of the others are printed by the caller, behind the answer. */
typedef VEC(struct error) errors;

static void collect(struct app *app, const struct strv *names, const struct inspect_args *args,
		    json_t *found, errors *failed)
{
	strv_each (names, i) {
		struct error failure = { 0 };
		json_t *o = NULL;

		if (look_up(app, names->v[i], args, &o, &failure) < 0)
			vec_push(failed, failure);
		else
			json_array_append_new(found, o);
	}
}

static int print_template(const char *format, json_t *found, struct error *err)
{
	auto_done(template) struct template *t = template_parse(format, 0, err);
	auto_done(str) struct str out = { 0 };
	size_t i;
	json_t *o;
	int r = 0;

	if (!t)
		return error_add(err, "--format");
	json_array_foreach (found, i, o) {
		r = template_execute(t, o, view_names, 0, &out, err);
		if (r < 0)
			break;
		str_addc(&out, '\n');
	}
	if (r < 0)
		return -1;
	return output_text(&out, err);
}

static int print_json(const char *format, json_t *found, struct error *err)
{
	auto_done(str) struct str out = { 0 };

	template_json(found, format ? 0 : 4, NULL, &out);
	str_addc(&out, '\n');
	return output_text(&out, err);
}

static int inspect(struct app *app, const struct inspect_args *args, const struct strv *names,
		   struct error *err)
{
	json_t *found = json_array();
	errors failed = { 0 };
	int r;

	if (args->size && app_prepare(app, NEED_NAMESPACE, err) < 0)
		return -1;
	collect(app, names, args, found, &failed);
	if (str_empty(args->format) || str_eq(args->format, "json"))
		r = print_json(args->format, found, err);
	else
		r = print_template(args->format, found, err);
	json_decref(found);
	vec_each (&failed, e)
		report_error(e);
	if (r == 0 && failed.n)
		r = 1;
	vec_done(&failed);
	return r;
}

static int inspect_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	return inspect(app, args, operands, err);
}

/* The same, of one kind: --type is not an option then, and its member is ours to fill. */
static int inspect_kind(struct app *app, const struct inspect_args *given, const char *type,
			const struct strv *operands, struct error *err)
{
	struct inspect_args args = *given;
	auto_free char *copy = xstrdup(type);

	args.type = copy;
	return inspect(app, &args, operands, err);
}

static int container_inspect(struct app *app, void *args, struct strv *operands, struct error *err)
{
	return inspect_kind(app, args, "container", operands, err);
}

static int image_inspect(struct app *app, void *args, struct strv *operands, struct error *err)
{
	return inspect_kind(app, args, "image", operands, err);
}

static int volume_inspect(struct app *app, void *args, struct strv *operands, struct error *err)
{
	return inspect_kind(app, args, "volume", operands, err);
}

static int network_inspect(struct app *app, void *args, struct strv *operands, struct error *err)
{
	return inspect_kind(app, args, "network", operands, err);
}

#define INSPECT(words, what, says, table, fn)                                                      \
	{                                                                                          \
		.name = words, .operands = what, .summary = says, .opts = table,                   \
		.args_size = sizeof(struct inspect_args), .needs = NEED_STORE_READ, .min = 1,      \
		.max = -1, .run = fn, .failure = 1                                                 \
	}

const struct command cmd_inspect =
	INSPECT("inspect", "NAME...",
		"show all that is known of containers, images, volumes or networks", opts,
		inspect_run);
const struct command cmd_container_inspect =
	INSPECT("container inspect", "CONTAINER...", "show all that is known of containers",
		container_opts, container_inspect);
const struct command cmd_image_inspect =
	INSPECT("image inspect", "IMAGE...", "show all that is known of images", plain_opts,
		image_inspect);
const struct command cmd_volume_inspect =
	INSPECT("volume inspect", "VOLUME...", "show all that is known of volumes", plain_opts,
		volume_inspect);
const struct command cmd_network_inspect =
	INSPECT("network inspect", "NETWORK...", "show all that is known of networks", plain_opts,
		network_inspect);
