/*
 * wire.c - what a worker tells its builder, as bytes.
 */
#include "wire.h"

void wire_put(struct str *out, const void *bytes, size_t n)
{
	str_addn(out, bytes, n);
}

void wire_put_int(struct str *out, int64_t n)
{
	wire_put(out, &n, sizeof(n));
}

static void put_text(struct str *out, const char *text, size_t n)
{
	wire_put_int(out, text ? (int64_t)n : -1);
	if (text && n)
		wire_put(out, text, n);
}

void wire_put_string(struct str *out, const char *text)
{
	put_text(out, text, text ? strlen(text) : 0);
}

static void put_list(struct str *out, const struct strv *l)
{
	wire_put_int(out, (int64_t)l->n);
	strv_each (l, i)
		wire_put_string(out, l->v[i]);
}

bool wire_get(struct wire *in, void *bytes, size_t n)
{
	if (in->left < n)
		return false;
	memcpy(bytes, in->at, n);
	in->at += n;
	in->left -= n;
	return true;
}

bool wire_int(struct wire *in, int64_t *n)
{
	return wire_get(in, n, sizeof(*n));
}

bool wire_string(struct wire *in, char **text)
{
	int64_t n;

	*text = NULL;
	if (!wire_int(in, &n) || n > (int64_t)in->left)
		return false;
	if (n < 0)
		return true;
	*text = xstrndup(in->at, (size_t)n);
	in->at += n;
	in->left -= (size_t)n;
	return true;
}

static bool get_list(struct wire *in, struct strv *l)
{
	int64_t n;

	if (!wire_int(in, &n))
		return false;
	for (int64_t i = 0; i < n; i++) {
		char *text;

		if (!wire_string(in, &text))
			return false;
		strv_take(l, text ? text : xstrdup(""));
	}
	return true;
}

/* ---- reports ---- */

void wire_put_report(struct str *out, const struct progress_report *r)
{
	bool output = r->event == PROGRESS_OUTPUT;

	wire_put(out, r, sizeof(*r));
	wire_put_string(out, r->id);
	put_text(out, r->text, output ? (size_t)r->now : r->text ? strlen(r->text) : 0);
}

void wire_replay_report(struct wire *in, const struct progress *p)
{
	struct progress_report r;
	auto_free char *id = NULL, *text = NULL;

	if (!wire_get(in, &r, sizeof(r)) || !wire_string(in, &id))
		return;
	r.id = id;
	if (r.event == PROGRESS_OUTPUT && in->left >= sizeof(int64_t)) {
		r.text = in->at + sizeof(int64_t); /* bytes, which may hold NULs */
		r.now = MIN(r.now, (uint64_t)(in->left - sizeof(int64_t)));
	} else if (wire_string(in, &text)) {
		r.text = text;
	} else {
		return;
	}
	progress_report(p, &r);
}

/* ---- stages ---- */

static void put_map(struct str *out, const struct strmap *m)
{
	wire_put_int(out, (int64_t)m->n);
	for (size_t i = 0; i < m->n; i++) {
		wire_put_string(out, m->v[i].key);
		wire_put_string(out, m->v[i].value);
	}
}

static bool get_map(struct wire *in, struct strmap *m)
{
	int64_t n;

	if (!wire_int(in, &n))
		return false;
	for (int64_t i = 0; i < n; i++) {
		auto_free char *key = NULL, *value = NULL;

		if (!wire_string(in, &key) || !wire_string(in, &value) || !key || !value)
			return false;
		strmap_set(m, key, value);
	}
	return true;
}

void wire_put_stage(struct str *out, const struct builder *b, size_t stage, size_t n_stats)
{
	const struct stage_state *s = &b->states[stage];
	size_t n_new = b->context.stats.added.n - n_stats;
	auto_done(str) struct str config = { 0 };

	image_config_format(&s->config, &config);
	put_text(out, str_get(&config), config.len);
	put_list(out, &s->layers);
	put_list(out, &s->args);
	wire_put_int(out, s->cmd_set);
	wire_put_int(out, (int64_t)s->base_layers);
	put_list(out, &b->args_used);
	put_list(out, &b->result->warnings);
	wire_put_int(out, (int64_t)b->share.notes.n);
	if (b->share.notes.n)
		wire_put(out, b->share.notes.v, b->share.notes.n * sizeof(*b->share.notes.v));
	wire_put_int(out, (int64_t)n_new);
	if (n_new)
		wire_put(out, b->context.stats.added.v + n_stats,
			 n_new * sizeof(*b->context.stats.added.v));
	put_map(out, &b->pins->images);
	put_map(out, &b->pins->files);
	put_map(out, &b->pins->repositories);
}

static bool take_learnt(struct wire *in, struct builder *b)
{
	auto_done(strv) struct strv used = { 0 };
	int64_t n;

	if (!get_list(in, &used) || !get_list(in, &b->result->warnings) || !wire_int(in, &n))
		return false;
	strv_each (&used, i)
		if (!strv_has(&b->args_used, used.v[i]))
			strv_add(&b->args_used, used.v[i]);
	for (int64_t i = 0; i < n; i++)
		if (!wire_get(in, vec_add(&b->share.notes), sizeof(*b->share.notes.v)))
			return false;
	if (!wire_int(in, &n))
		return false;
	for (int64_t i = 0; i < n; i++)
		if (!wire_get(in, vec_add(&b->context.stats.added), sizeof(*b->context.stats.added.v)))
			return false;
	return get_map(in, &b->pins->images) && get_map(in, &b->pins->files) &&
	       get_map(in, &b->pins->repositories);
}

int wire_take_stage(struct wire *in, struct builder *b, size_t stage, struct error *err)
{
	struct stage_state *s = &b->states[stage];
	auto_free char *config = NULL;
	int64_t cmd_set, base_layers;

	image_config_done(&s->config);
	image_config_init(&s->config);
	if (!wire_string(in, &config) || !config || !get_list(in, &s->layers) ||
	    !get_list(in, &s->args) || !wire_int(in, &cmd_set) || !wire_int(in, &base_layers) ||
	    !take_learnt(in, b))
		return error_set(err, ERR_BUG, "a worker's result is cut short");
	if (image_config_parse(config, strlen(config), &s->config, err) < 0)
		return error_add(err, "a worker's result");
	s->cmd_set = cmd_set;
	s->base_layers = (size_t)base_layers;
	s->done = true;
	return 0;
}
