/*
 * stage.c - one stage of a build: its state, and its instructions carried out one by one.
 *
 * Owns   struct stage_state, the steps' progress, and the taking of results from the cache.
 */
#include "builder.h"
#include "expand.h"
#include "store/rootfs.h"
#include "util/log.h"
#include "util/text.h"
#include "workers.h"

#include <stdio.h>
#include <strings.h>

void stage_state_init(struct stage_state *s)
{
	*s = (struct stage_state){ .view = -1 };
	image_config_init(&s->config);
}

void stage_state_done(struct stage_state *s)
{
	image_config_done(&s->config);
	strv_done(&s->layers);
	strv_done(&s->args);
	auto_close_fd(&s->view);
	s->view = -1;
}

void stage_scope(const struct stage_state *s, struct strv *env)
{
	strv_copy(env, &s->args);
	strv_each (&s->config.config.env, i) {
		const char *value;
		auto_free char *name = arg_name(s->config.config.env.v[i], &value);

		if (value)
			strv_env_set(env, name, value);
	}
}

int stage_expand(struct builder *b, const struct stage_state *s, const char *word, char **out,
		 struct error *err)
{
	auto_done(strv) struct strv env = { 0 };

	stage_scope(s, &env);
	return expand_word(word, b->escape, &env, out, err);
}

void stage_shell(const struct stage_state *s, struct strv *argv)
{
	if (s->config.config.shell.n) {
		strv_copy(argv, &s->config.config.shell);
		return;
	}
	strv_add(argv, "/bin/sh");
	strv_add(argv, "-c");
}

int stage_view(struct builder *b, struct stage_state *s, struct error *err)
{
	if (s->view < 0)
		s->view = rootfs_mount(b->st, (const char *const *)s->layers.v, s->layers.n, -1,
				       ROOTFS_NODEV, err);
	return s->view;
}

void stage_add_layer(struct stage_state *s, const struct digest *diff_id)
{
	auto_close_fd(&s->view);
	s->view = -1;
	strv_add(&s->layers, diff_id->hex);
	strv_addf(&s->config.diff_ids, "sha256:%s", diff_id->hex);
}

void stage_add_history(struct builder *b, struct stage_state *s, const char *created_by,
		       bool empty_layer, int64_t created)
{
	struct history *h = vec_add(&s->config.history);
	char text[TEXT_TIME_MAX];

	if (b->epoch >= 0)
		created = b->epoch;
	h->created_by = xstrdup(created_by);
	h->empty_layer = empty_layer;
	if (created)
		h->created = xstrdup(text_rfc3339nano(created * NSEC_PER_SEC, text, sizeof(text)));
}

static void take_result(struct builder *b, struct stage_state *s, const char *key,
			const struct cache_entry *e, const char *created_by)
{
	share_note(b, key, e->has_layer ? &e->layer : NULL, e->created);
	if (e->has_layer)
		stage_add_layer(s, &e->layer);
	stage_add_history(b, s, created_by, !e->has_layer, e->created);
}

/* --no-cache-filter names the stage. */
static bool stage_uncached(const struct builder *b)
{
	const char *name = b->stages.v.n > b->stage ? b->stages.v.v[b->stage].name : NULL;

	strv_each (&b->r->no_cache_stages, i)
		if (name && strcasecmp(b->r->no_cache_stages.v[i], name) == 0)
			return true;
	return false;
}

static int look_up(struct builder *b, struct stage_state *s, const char *key,
		   const char *created_by, struct error *err)
{
	struct cache_entry e;
	int r = cache_find(b->st, key, &e, err);

	if (r == 0 && share_fetch(b, key, err) == 1)
		r = cache_find(b->st, key, &e, err);
	if (r != 1)
		return r;
	take_result(b, s, key, &e, created_by);
	b->cached = true;
	return 1;
}

/* To the end of the step. */
static int claim(struct builder *b, const char *key, struct error *err)
{
	int r;

	memcpy(b->step_key, key, sizeof(b->step_key));
	r = cache_lock(b->st, key, false, &b->step_lock, err);
	if (r == 0) {
		progress_note(&b->e->progress, "%s waits for another build with the same step",
			      b->step_id);
		r = cache_lock(b->st, key, true, &b->step_lock, err);
	}
	return r < 0 ? -1 : 0;
}

int step_find(struct builder *b, struct stage_state *s, const char *key, const char *created_by,
	      struct error *err)
{
	int r;

	if (b->r->no_cache || stage_uncached(b))
		return 0;
	r = look_up(b, s, key, created_by, err);
	if (r != 0)
		return r;
	return claim(b, key, err) < 0 ? -1 : look_up(b, s, key, created_by, err);
}

int step_is_new(struct builder *b, const char *outline, struct error *err)
{
	char text[CACHE_TEXT_MAX];
	int seen;

	if (b->r->cache_from.n)
		return 0;
	if (b->r->no_cache || stage_uncached(b))
		return 1;
	seen = cache_find_text(b->st, outline, text, sizeof(text), err);
	if (seen != 0)
		return seen < 0 ? -1 : 0;
	if (claim(b, outline, err) < 0)
		return -1;
	seen = cache_find_text(b->st, outline, text, sizeof(text), err);
	if (seen)
		cache_unlock(b->st, outline, &b->step_lock);
	return seen < 0 ? -1 : !seen;
}

int step_finish(struct builder *b, struct stage_state *s, const char *key,
		const struct digest *layer, const char *created_by, struct error *err)
{
	struct cache_entry e = { .has_layer = layer != NULL, .created = time_now_ns() / NSEC_PER_SEC };

	if (layer)
		e.layer = *layer;
	take_result(b, s, key, &e, created_by);
	return cache_put(b->st, key, &e, err);
}

/* ---- variables ---- */

static int expand_args(const struct instruction *in, char escape, const struct strv *env,
		       struct strv *out, struct error *err)
{
	strv_each (&in->args, i) {
		char *value;

		if (in->def->args == ARGS_WORDS) {
			if (expand_words(in->args.v[i], escape, env, out, err) < 0)
				return -1;
			continue;
		}
		if (expand_word(in->args.v[i], escape, env, &value, err) < 0)
			return -1;
		strv_take(out, value);
	}
	return 0;
}

static int expand_flags(const struct instruction *in, char escape, const struct strv *env,
			struct instruction *out, struct error *err)
{
	vec_each (&in->flags, f) {
		char *value;

		if (strcmp(f->def->name, "from") == 0)
			value = xstrdup(f->value);
		else if (expand_word(f->value, escape, env, &value, err) < 0)
			return error_add(err, "--%s", f->def->name);
		*vec_add(&out->flags) = (struct flag){ f->def, value };
	}
	return 0;
}

/* The instruction with its variables replaced, all by what they were before it (B8). */
static int expand_instruction(const struct stage_state *s, char escape, const struct instruction *in,
			      struct instruction *out, struct error *err)
{
	auto_done(strv) struct strv env = { 0 };
	int r;

	*out = (struct instruction){
		.def = in->def, .line = in->line, .text = xstrdup(in->text), .exec = in->exec
	};
	stage_scope(s, &env);
	heredocs_copy(&out->docs, &in->docs);
	r = expand_args(in, escape, &env, &out->args, err);
	if (r == 0)
		r = expand_flags(in, escape, &env, out, err);
	for (size_t i = 0; r == 0 && i < out->docs.n; i++) {
		struct heredoc *d = &out->docs.v[i];
		char *body;

		if (!d->expand)
			continue;
		r = expand_text(d->body, escape, &env, &body, err);
		if (r == 0) {
			free(d->body);
			d->body = body;
		}
	}
	if (r < 0)
		instruction_done(out);
	return r;
}

int stage_perform(struct builder *b, struct stage_state *s, const struct instruction *in,
		  struct error *err)
{
	struct instruction expanded;
	int r;

	if (in->def->variables == VERBATIM)
		return in->def->perform(b, s, in, err);
	if (expand_instruction(s, b->escape, in, &expanded, err) < 0)
		return -1;
	r = in->def->perform(b, s, &expanded, err);
	instruction_done(&expanded);
	return r;
}

/* ---- steps ---- */

static void set_step_id(struct builder *b, size_t index, size_t step, size_t n_steps)
{
	const char *name = b->stages.v.v[index].name;
	size_t needed = 0;

	vec_each (&b->stages.v, st)
		needed += st->needed;
	if (name)
		snprintf(b->step_id, sizeof(b->step_id), "[%.60s %zu/%zu]", name, step, n_steps);
	else if (needed > 1)
		snprintf(b->step_id, sizeof(b->step_id), "[stage-%zu %zu/%zu]", index, step, n_steps);
	else
		snprintf(b->step_id, sizeof(b->step_id), "[%zu/%zu]", step, n_steps);
}

static int run_step(struct builder *b, size_t index, size_t step, size_t n_steps,
		    const struct instruction *in, struct error *err)
{
	auto_free char *text = xasprintf("%s %s", in->def->name, in->text);
	struct progress_report begin = { .event = PROGRESS_BEGIN }, end = { .event = PROGRESS_END };
	char id[sizeof(b->step_id)];
	int64_t start = time_monotonic_ns();
	int r;

	if (worker_stopping())
		return error_set(err, ERR_INTERRUPTED, "stopped");
	set_step_id(b, index, step, n_steps);
	memcpy(id, b->step_id, sizeof(id)); /* a step may build another stage */
	begin.id = end.id = id;
	begin.text = text;
	progress_report(&b->e->progress, &begin);
	b->stage = index;
	b->cached = false;
	r = stage_perform(b, &b->states[index], in, err);
	cache_unlock(b->st, b->step_key, &b->step_lock);
	end.text = r < 0 ? "failed" : b->cached ? "cached" : "done";
	end.elapsed_ms = (uint64_t)(time_monotonic_ns() - start) / 1000000;
	progress_report(&b->e->progress, &end);
	return r;
}

/* The ONBUILD instructions of what the stage is built from: they are not handed on. */
static int run_triggers(struct builder *b, size_t index, size_t *step, size_t *n_steps,
			struct error *err)
{
	struct stage_state *s = &b->states[index];
	auto_done(strv) struct strv triggers = s->config.config.onbuild;
	struct dockerfile df;

	s->config.config.onbuild = (struct strv){ 0 };
	*n_steps += triggers.n;
	strv_each (&triggers, i) {
		auto_free char *text = xasprintf("FROM x\n%s\n", triggers.v[i]);
		int r = dockerfile_parse("ONBUILD", text, strlen(text), &df, err);

		if (r < 0)
			return -1;
		for (size_t k = 1; r == 0 && k < df.list.n; k++)
			r = run_step(b, index, (*step)++, *n_steps, &df.list.v[k], err);
		dockerfile_done(&df);
		if (r < 0)
			return error_add(err, "ONBUILD %.60s", triggers.v[i]);
	}
	return 0;
}

static int run_all(struct builder *b, size_t index, struct error *err)
{
	const struct stage *st = &b->stages.v.v[index];
	const struct instruction *from = &b->df.list.v[st->first - 1];
	size_t step = 1, n_steps = st->n + 1;

	if (run_step(b, index, step++, n_steps, from, err) < 0 ||
	    run_triggers(b, index, &step, &n_steps, err) < 0)
		return error_add(err, "%s:%u", b->df.name, from->line);
	for (size_t i = 0; i < st->n; i++) {
		const struct instruction *in = &b->df.list.v[st->first + i];

		b->at = st->first + i;
		if (run_step(b, index, step++, n_steps, in, err) < 0)
			return error_add(err, "%s:%u", b->df.name, in->line);
	}
	return 0;
}

int stage_build(struct builder *b, size_t index, struct error *err)
{
	struct stage_state *s = &b->states[index];
	size_t outer = b->stage, at = b->at;
	bool cached = b->cached;
	int r;

	if (s->done)
		return 0;
	if (s->running)
		return error_set(err, ERR_INVALID, "stage %zu needs itself", index);
	s->running = true;
	b->at = 0;
	r = run_all(b, index, err);
	ahead_stop(b);
	s->running = false;
	s->done = r == 0;
	b->stage = outer;
	b->at = at;
	b->cached = cached;
	return r;
}
