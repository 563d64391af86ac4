/*
 * tag.c - `hod tag` and `hod untag`: names of images.
 */
#include "commands.h"

#include "operands.h"
#include "store/event.h"

static int canonical(const char *text, char **name, struct error *err)
{
	struct reference ref = { 0 };
	int r = reference_parse(text, &ref, err);

	if (r == 0 && ref.transport != TRANSPORT_NONE)
		r = error_set(err, ERR_INVALID, "'%s' names a file, not an image", text);
	if (r == 0 && digest_is_set(&ref.digest))
		r = error_set(err, ERR_INVALID, "'%s': a name with a digest cannot be given", text);
	if (r == 0)
		*name = reference_name(&ref);
	reference_done(&ref);
	return r;
}

/*
 * What the text points to. A name gives its own target, which may be an index; an ID gives the
 * image's manifest.
 */
static int find_target(struct app *app, const char *text, struct descriptor *target, struct error *err)
{
	struct error ignored = { 0 }; /* an ID need not be a valid name */
	struct image_name name = { 0 };
	auto_done(image) struct image image = { 0 };
	auto_free char *canon = NULL;

	if (canonical(text, &canon, &ignored) == 0 &&
	    image_name_find(&app->store, canon, &name, &ignored) > 0) {
		descriptor_copy(target, &name.target);
		image_name_done(&name);
		return 0;
	}
	image_init(&image);
	if (need_image(app, text, &image, err) < 0)
		return -1;
	descriptor_set(target,
		       image.manifest.media_type ? image.manifest.media_type : MEDIA_OCI_MANIFEST,
		       &image.manifest_digest, image.manifest_size);
	return 0;
}

static int tag_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	auto_close int lock = store_lock(&app->store, LOCK_SHARED, err);
	auto_done(descriptor) struct descriptor target = { 0 };

	if (lock < 0 || find_target(app, operands->v[0], &target, err) < 0)
		return -1;
	for (size_t i = 1; i < operands->n; i++) {
		auto_free char *name = NULL;

		if (canonical(operands->v[i], &name, err) < 0 ||
		    image_name_set(&app->store, name, &target, err) < 0)
			return error_add(err, "cannot tag '%s'", operands->v[0]);
		event_object(&app->store, "image", "tag", name, "name", name, EVENT_END);
	}
	return 0;
}

/* An image that loses its last name stays, dangling, until it is pruned. */
static int untag_name(struct app *app, const char *name, const struct image *image, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	auto_done(descriptor) struct descriptor target = { 0 };
	struct image_name found = { 0 };
	auto_free char *dangling = NULL;

	if (image_names_of(&app->store, &image->id, &names, err) < 0)
		return -1;
	if (!strv_has(&names, name))
		return error_set(err, ERR_NOTFOUND, "it has no name '%s'", name);
	if (names.n == 1) {
		if (image_name_find(&app->store, name, &found, err) < 0)
			return -1;
		descriptor_copy(&target, &found.target);
		image_name_done(&found);
		dangling = xasprintf("<none>@sha256:%s", target.digest.hex);
		if (image_name_set(&app->store, dangling, &target, err) < 0)
			return -1;
	}
	if (image_name_remove(&app->store, name, err) < 0)
		return -1;
	event_object(&app->store, "image", "untag", name, "name", name, EVENT_END);
	return 0;
}

static int untag_all(struct app *app, const struct image *image, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };

	if (image_names_of(&app->store, &image->id, &names, err) < 0)
		return -1;
	strv_each (&names, i)
		if (!str_starts(names.v[i], "<none>") && untag_name(app, names.v[i], image, err) < 0)
			return -1;
	return 0;
}

static int untag_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	auto_close int lock = store_lock(&app->store, LOCK_SHARED, err);
	auto_done(image) struct image image = { 0 };
	/* `untag NAME` takes that name; `untag ID` all of them; `untag IMAGE NAME...` those */
	size_t first = operands->n > 1 ? 1 : 0;

	image_init(&image);
	if (lock < 0 || need_image(app, operands->v[0], &image, err) < 0)
		return -1;
	if (operands->n == 1 && !image.name)
		return untag_all(app, &image, err);
	for (size_t i = first; i < operands->n; i++) {
		auto_free char *name = NULL;

		if (canonical(operands->v[i], &name, err) < 0 ||
		    untag_name(app, name, &image, err) < 0)
			return error_add(err, "cannot untag '%s'", operands->v[0]);
	}
	return 0;
}

const struct command cmd_tag = {
	.name = "tag",
	.operands = "IMAGE NAME...",
	.summary = "give an image further names",
	.needs = NEED_STORE,
	.min = 2,
	.max = -1,
	.run = tag_run,
	.failure = 1,
};
const struct command cmd_untag = {
	.name = "untag",
	.operands = "IMAGE [NAME...]",
	.summary = "take names from an image",
	.description = "With one operand takes that name, or of an ID all names. The image stays.",
	.needs = NEED_STORE,
	.min = 1,
	.max = -1,
	.run = untag_run,
	.failure = 1,
};
