/*
 * history.c - `hod history`: how an image came to be, newest step first.
 */
#include "commands.h"

#include "listing.h"
#include "operands.h"
#include "store/layer.h"
#include "util/text.h"

struct history_args {
	int human;
	bool no_trunc, quiet;
	char *format;
};
static const struct opt opts[] = {
	OPT_STRING(0, "format", history_args, format, "FORMAT",
		   "table, json, json-array or a template"),
	OPT_TRI('H', "human", history_args, human, "sizes and times for people (default true)"),
	OPT_FLAG(0, "no-trunc", history_args, no_trunc, "cut nothing short"),
	OPT_FLAG('q', "quiet", history_args, quiet, "only the IDs"),
	OPT_END,
};

struct step {
	const struct history *h;
	const char *id; /* of the image for its last step; else NULL */
	int64_t size;
};
struct history_ctx {
	bool human, no_trunc;
};

static json_t *make_id(const void *item, const void *arg)
{
	const struct step *s = item;
	const struct history_ctx *ctx = arg;

	if (!s->id)
		return json_text("<missing>");
	return json_take(ctx->no_trunc ? xasprintf("sha256:%s", s->id) : xstrndup(s->id, 12));
}

static int64_t created_ns(const struct step *s)
{
	int64_t ns = 0;

	if (s->h->created)
		text_parse_time(s->h->created, 0, &ns);
	return ns;
}

static json_t *make_created_since(const void *item, const void *arg)
{
	const struct step *s = item;
	const struct history_ctx *ctx = arg;

	if (!s->h->created)
		return json_text("N/A");
	return ctx->human ? time_since(created_ns(s)) : json_text(s->h->created);
}

static json_t *make_created_at(const void *item, const void *arg)
{
	return json_text(((const struct step *)item)->h->created);
}

#define CREATED_BY_WIDTH 45

static json_t *make_created_by(const void *item, const void *arg)
{
	const struct history_ctx *ctx = arg;
	const char *text = ((const struct step *)item)->h->created_by;
	size_t n = CREATED_BY_WIDTH - 1;

	if (ctx->no_trunc || !text || strlen(text) <= CREATED_BY_WIDTH)
		return json_text(text);
	while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--; /* never half a character */
	return json_take(xasprintf("%.*s\xe2\x80\xa6", (int)n, text));
}

static json_t *make_size(const void *item, const void *arg)
{
	const struct step *s = item;
	const struct history_ctx *ctx = arg;
	char buf[TEXT_TIME_MAX];

	if (ctx->human)
		return json_text(text_size(s->size, buf, sizeof(buf)));
	return json_take(xasprintf("%lld", (long long)s->size));
}

static json_t *make_comment(const void *item, const void *arg)
{
	return json_text(((const struct step *)item)->h->comment);
}

static const struct column columns[] = {
	{ "Comment", "COMMENT", make_comment, SHAPE_AUTO },
	{ "CreatedAt", "CREATED AT", make_created_at, SHAPE_AUTO },
	{ "CreatedBy", "CREATED BY", make_created_by, SHAPE_AUTO },
	{ "CreatedSince", "CREATED", make_created_since, SHAPE_AUTO },
	{ "ID", "IMAGE", make_id, SHAPE_AUTO },
	{ "Size", "SIZE", make_size, SHAPE_AUTO },
	{ NULL, NULL, NULL, SHAPE_AUTO },
};
static const struct list_view view = {
	columns, "{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}", "{{.ID}}"
};

static int64_t layer_size(struct app *app, const struct digest *diff_id)
{
	struct error ignored = { 0 }; /* a layer that is missing is fsck's business */
	auto_done(layer_meta) struct layer_meta m;
	int64_t size = 0;

	layer_meta_init(&m);
	if (layer_meta_load(&app->store, diff_id, &m, &ignored) == 0)
		size = m.size;
	return size;
}

static int add_steps(struct app *app, const struct image *image, struct listing *l, struct error *err)
{
	size_t layer = image->diff_ids.n;

	for (size_t i = image->config.history.n; i > 0; i--) {
		struct step s = { .h = &image->config.history.v[i - 1] };

		if (i == image->config.history.n)
			s.id = image->id.hex;
		if (!s.h->empty_layer && layer > 0)
			s.size = layer_size(app, &image->diff_ids.v[--layer]);
		if (listing_add(l, &s, err) < 0)
			return -1;
	}
	return 0;
}

static int history_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct history_args *args = arg;
	struct history_ctx ctx = { .human = args->human != 0, .no_trunc = args->no_trunc };
	auto_done(listing) struct listing l = { 0 };
	auto_done(image) struct image image = { 0 };

	image_init(&image);
	if (need_image(app, operands->v[0], &image, err) < 0 ||
	    listing_begin(&l, &view, args->format, args->quiet, &ctx, err) < 0 ||
	    add_steps(app, &image, &l, err) < 0)
		return -1;
	return listing_end(&l, err);
}

const struct command cmd_history = {
	.name = "history",
	.operands = "IMAGE",
	.summary = "show the steps by which an image was made",
	.opts = opts,
	.args_size = sizeof(struct history_args),
	.needs = NEED_STORE_READ,
	.min = 1,
	.max = 1,
	.run = history_run,
	.failure = 1,
};
