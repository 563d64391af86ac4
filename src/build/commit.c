/*
 * commit.c - a container's changes become an image.
 *
 * The upper directory has the form of a layer already: it is copied (by reflink where there is
 * one), since the container goes on using it, and hashed once.
 */
#include "build/commit.h"

#include "build/change.h"
#include "engine/request.h"
#include "image/layer_tar.h"
#include "publish.h"
#include "store/blob.h"
#include "store/owner_stack.h"
#include "util/fd.h"
#include "util/text.h"
#include "util/tree.h"

#include <errno.h>

/* ---- the layer ---- */

/*
 * In single mode: what the file system could not hold. from: the container's own upper directory;
 * notes are about the inodes in it, not about those of the copy.
 */
static int note_owners(struct engine *e, const struct container *c, struct staging *s, int from,
		       struct error *err)
{
	auto_done(owner_stack) struct owner_stack below = { 0 };
	auto_done(owners) struct owners owners = { 0 };

	if (owner_stack_open(e->store, &c->record.layers, &below, err) < 0 ||
	    owners_collect(from, from, c->fd, &below, &owners, err) < 0)
		return -1;
	return owners.v.n ? owners_save(s->fd, &owners, err) : 0;
}

static int copy_upper(struct engine *e, const struct container *c, struct staging *s,
		      struct error *err)
{
	auto_close int from = openat(c->fd, "upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int upper = -1;

	if (from < 0 && errno != ENOENT)
		return error_sys(err, "open the container's files");
	upper = dir_make_open(s->fd, "upper", 0755, err);
	if (upper < 0)
		return -1;
	if (from < 0)
		return 0; /* it was never started */
	if (tree_copy(from, upper, false, err) < 0 ||
	    tree_copy_attributes(from, upper, false, err) < 0)
		return -1;
	return e->store->single ? note_owners(e, c, s, from, err) : 0;
}

/* The copy in the form of a layer to be. */
static int settle(struct staging *s, struct error *err)
{
	if (tree_remove(s->fd, "work", err) < 0)
		return -1;
	return renameat(s->fd, "upper", s->fd, "diff") < 0 ? error_sys(err, "finish the layer") : 0;
}

static int make_layer(struct engine *e, struct container *c, const struct commit_request *q,
		      struct digest *layer, struct error *err)
{
	struct staging s = STAGING_NONE;
	struct error refused = { 0 };
	bool paused = false;
	int r = staging_begin(e->store, &s, err);

	if (r == 0 && q->pause && c->status == CONTAINER_RUNNING) {
		paused = container_pause(e, c, true, &refused) == 0;
		if (!paused)
			progress_note(&e->progress, "it cannot be paused here: files may change "
						    "while they are read");
	}
	if (r == 0)
		r = copy_upper(e, c, &s, err);
	if (paused && (container_refresh(e->store, c, r < 0 ? &refused : err) < 0 ||
		       container_pause(e, c, false, r < 0 ? &refused : err) < 0))
		r = -1;
	if (r == 0)
		r = settle(&s, err);
	if (r == 0)
		r = layer_commit(e->store, &s, q->epoch, layer, err);
	staging_end(e->store, &s);
	return r;
}

/* ---- the configuration ---- */

static int load_base(struct store *st, const struct container *c, struct image_config *config,
		     struct error *err)
{
	auto_done(str) struct str text = { 0 };
	struct digest id;

	if (!c->record.image_id)
		return error_set(err, ERR_UNSUPPORTED, "it was not made from an image");
	memcpy(id.hex, c->record.image_id, sizeof(id.hex));
	if (blob_read(st, &id, IMAGE_CONFIG_MAX, &text, err) < 0)
		return error_add(err, "its image");
	image_config_done(config);
	return image_config_parse(str_get(&text), text.len, config, err);
}

/* What it was started with is what the image starts with. */
static void take_request(const struct run_request *r, struct image_settings *s)
{
	strv_each (&r->env, i) {
		auto_free char *name = xstrndup(r->env.v[i], strcspn(r->env.v[i], "="));

		strv_env_set(&s->env, name, strchr(r->env.v[i], '=') + 1);
	}
	if (r->has_entrypoint) {
		strv_done(&s->entrypoint);
		strv_copy(&s->entrypoint, &r->entrypoint);
		s->has_entrypoint = true;
		strv_done(&s->cmd); /* the old one was meant for the old entry point */
	}
	if (r->args.n) {
		strv_done(&s->cmd);
		strv_copy(&s->cmd, &r->args);
		s->has_cmd = true;
	}
	if (r->user) {
		free(s->user);
		s->user = xstrdup(r->user);
	}
	if (r->workdir) {
		free(s->working_dir);
		s->working_dir = xstrdup(r->workdir);
	}
	if (r->stop_signal) {
		free(s->stop_signal);
		s->stop_signal = xstrdup(r->stop_signal);
	}
	strmap_copy(&s->labels, &r->labels);
}

static int take_settings(const struct container *c, const struct commit_request *q,
			 struct image_config *config, struct error *err)
{
	static const struct fields_limits limits = { .max_bytes = 16 << 20, .max_depth = 32 };
	struct run_request r;
	int status = 0;

	run_request_init(&r);
	if (c->record.request)
		status = fields_parse(run_request_fields, c->record.request,
				      strlen(c->record.request), &limits, FIELDS_LENIENT, &r, err);
	if (status == 0)
		take_request(&r, &config->config);
	run_request_done(&r);
	for (size_t i = 0; status == 0 && i < q->changes.n; i++)
		status = build_change(q->changes.v[i], config, err);
	return status;
}

static void note_history(const struct container *c, const struct commit_request *q,
			 const struct digest *layer, struct image_config *config)
{
	int64_t at = q->epoch >= 0 ? q->epoch * NSEC_PER_SEC : time_now_ns();
	auto_free char *args = strv_join(&c->record.args, " ");
	struct history *h = vec_add(&config->history);
	char text[TEXT_TIME_MAX];

	/* zero would be printed as "never" */
	text_rfc3339nano(at ? at : 1, text, sizeof(text));
	strv_addf(&config->diff_ids, "sha256:%s", layer->hex);
	free(config->created);
	config->created = xstrdup(at ? text : "1970-01-01T00:00:00Z");
	h->created = xstrdup(config->created);
	h->created_by =
		xasprintf("%s%s%s", c->record.path ? c->record.path : "", *args ? " " : "", args);
	h->comment = xstrdup_or_null(q->message);
	h->author = xstrdup_or_null(q->author);
	if (q->author) {
		free(config->author);
		config->author = xstrdup(q->author);
	}
}

static int put_image(struct store *st, const struct commit_request *q,
		     const struct image_config *config, struct digest *id, struct error *err)
{
	auto_done(descriptor) struct descriptor target = { 0 };
	const struct image_form form = { .docker = q->docker_format };
	auto_done(str) struct str text = { 0 };
	auto_close int lock = store_lock(st, LOCK_SHARED, err);

	if (lock < 0 || image_put(st, config, &form, &target, err) < 0)
		return -1;
	image_config_format(config, &text);
	sha256_bytes(str_get(&text), text.len, id->hex);
	return q->name ? image_name_set(st, q->name, &target, err)
		       : image_name_set_none(st, &target, err);
}

int container_commit(struct engine *e, struct container *c, const struct commit_request *q,
		     struct digest *id, struct error *err)
{
	struct staging session = STAGING_NONE; /* the layer lives until the image names it */
	struct image_config config;
	struct digest layer;
	int r;

	image_config_init(&config);
	r = staging_begin(e->store, &session, err);
	if (r == 0 && (load_base(e->store, c, &config, err) < 0 ||
		       take_settings(c, q, &config, err) < 0 || make_layer(e, c, q, &layer, err) < 0))
		r = -1;
	if (r == 0) {
		note_history(c, q, &layer, &config);
		r = put_image(e->store, q, &config, id, err);
	}
	image_config_done(&config);
	staging_end(e->store, &session);
	return r;
}
