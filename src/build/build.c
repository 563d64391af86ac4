/*
 * build.c - a Dockerfile and a context become an image.
 *
 * Owns   the order of a build: context, Dockerfile, plan, stages, image. Nothing is visible before
 *        the last step, which names the image; what the steps made are cache entries.
 */
#include "builder.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/text.h"

#include <stdio.h>
#include <strings.h>

void build_request_init(struct build_request *r)
{
	*r = (struct build_request){ .epoch = -1, .jobs = UNSET };
	run_request_init(&r->step);
}

static void caches_done(struct build_cache *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i].place);
}

void build_request_done(struct build_request *r)
{
	strv_done(&r->tags);
	strv_done(&r->args);
	strmap_done(&r->labels);
	free(r->network);
	vec_each (&r->secrets, s) {
		free(s->id);
		free(s->file);
		free(s->env);
	}
	vec_done(&r->secrets);
	vec_each (&r->ssh, s) {
		free(s->id);
		free(s->socket);
	}
	vec_done(&r->ssh);
	vec_each (&r->contexts, c) {
		free(c->name);
		free(c->source);
	}
	vec_done(&r->contexts);
	strv_done(&r->allow);
	run_request_done(&r->step);
	strv_done(&r->no_cache_stages);
	strv_done(&r->env);
	strv_done(&r->unset_env);
	strv_done(&r->unset_labels);
	strmap_done(&r->annotations);
	vec_each (&r->outputs, o) {
		free(o->dest);
		strv_done(&o->names);
	}
	vec_done(&r->outputs);
	caches_done(r->cache_from.v, r->cache_from.n);
	vec_done(&r->cache_from);
	caches_done(r->cache_to.v, r->cache_to.n);
	vec_done(&r->cache_to);
	*r = (struct build_request){ .epoch = -1 };
}

void build_result_done(struct build_result *r)
{
	strv_done(&r->names);
	strv_done(&r->warnings);
}

static void warn_text(struct builder *b, char *text)
{
	progress_note(&b->e->progress, "%s", text);
	strv_take(&b->result->warnings, text);
}

void builder_warn(struct builder *b, unsigned line, const char *fmt, ...)
{
	auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	warn_text(b, xasprintf("%s:%u: %s", b->df.name, line, text));
}

/* Is the rule in the list of "# check=skip=A,B"? */
static bool check_skips(const char *check, const char *rule)
{
	auto_done(strv) struct strv options = { 0 };

	strv_split(&options, check ? check : "", ';');
	strv_each (&options, i) {
		auto_done(strv) struct strv rules = { 0 };

		if (!str_starts(options.v[i], "skip="))
			continue;
		strv_split(&rules, options.v[i] + 5, ',');
		if (strv_has(&rules, rule) || strv_has(&rules, "all"))
			return true;
	}
	return false;
}

static int tell_lints(struct builder *b, struct error *err)
{
	const char *check = b->df.lexed.check;
	unsigned first = 0;

	vec_each (&b->df.lexed.lints, l) {
		if (check_skips(check, l->rule))
			continue;
		builder_warn(b, l->line, "%s (%s)", l->text, l->rule);
		first = first ? first : l->line;
	}
	if (first && check && strstr(check, "error=true"))
		return error_set(err, ERR_INVALID, "%s:%u: warnings are errors (check=error=true)",
				 b->df.name, first);
	return 0;
}

/* "# syntax=" names a program that docker would run instead of its parser; ours is built in. */
static int check_syntax(const struct builder *b, struct error *err)
{
	static const char *const known[] = { "docker/dockerfile", "docker.io/docker/dockerfile",
					     "docker/dockerfile-upstream",
					     "docker.io/docker/dockerfile-upstream" };
	const char *syntax = b->df.lexed.syntax;
	const char *given = strv_env_get(&b->r->args, "BUILDKIT_SYNTAX");

	if (given && strcmp(given, "dockerfile.v0") == 0)
		return 0;
	syntax = given ? given : syntax;
	if (!syntax)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		size_t n = strlen(known[i]);

		if (strncmp(syntax, known[i], n) == 0 && (!syntax[n] || strchr(":@", syntax[n])))
			return 0;
	}
	error_set(err, ERR_UNSUPPORTED, "%s: the front end '%s' of '# syntax=' is not supported",
		  b->df.name, syntax);
	return error_hint(err, "--build-arg BUILDKIT_SYNTAX=dockerfile.v0 builds with our parser");
}

/* ---- what is known before the first line (B11) ---- */

static void add_platform(struct strv *env, const char *prefix, const struct platform *p)
{
	auto_free char *text = platform_format(p);

	strv_addf(env, "%sPLATFORM=%s", prefix, text);
	strv_addf(env, "%sOS=%s", prefix, p->os ? p->os : "");
	strv_addf(env, "%sARCH=%s", prefix, p->architecture ? p->architecture : "");
	strv_addf(env, "%sVARIANT=%s", prefix, p->variant ? p->variant : "");
}

static void predefined_args(const struct builder *b, struct strv *env)
{
	struct platform host = { 0 };

	platform_host(&host);
	add_platform(env, "BUILD", &host);
	add_platform(env, "TARGET", &b->platform);
	strv_addf(env, "TARGETSTAGE=%s", b->r->target ? b->r->target : "default");
	platform_done(&host);
}

static bool is_named(const void *request, const char *name)
{
	return named_find(request, name) != NULL;
}

static int plan(struct builder *b, struct error *err)
{
	auto_done(strv) struct strv predefined = { 0 };
	struct stages_input in = { &b->r->args, &predefined, b->r->target, is_named, b->r };
	const char *epoch = strv_env_get(&b->r->args, "SOURCE_DATE_EPOCH");

	b->epoch = b->r->epoch;
	if (epoch && (!str_i64(epoch, &b->epoch) || b->epoch < 0))
		return error_set(err, ERR_INVALID, "SOURCE_DATE_EPOCH '%s': seconds since 1970",
				 epoch);
	if (b->r->platform) {
		if (platform_parse(b->r->platform, &b->platform, err) < 0)
			return -1;
	} else {
		platform_host(&b->platform);
	}
	predefined_args(b, &predefined);
	if (dockerfile_parse(b->context.file, str_get(&b->context.text), b->context.text.len,
			     &b->df, err) < 0)
		return -1;
	b->escape = b->df.lexed.escape;
	if (check_syntax(b, err) < 0 || stages_plan(&b->df, &in, &b->stages, err) < 0)
		return -1;
	strv_copy(&b->args_used, &b->stages.used);
	b->states = xcalloc(b->stages.v.n, sizeof(*b->states));
	for (size_t i = 0; i < b->stages.v.n; i++)
		stage_state_init(&b->states[i]);
	return tell_lints(b, err);
}

static void warn_unused_args(struct builder *b)
{
	auto_done(str) struct str unused = { 0 };

	strv_each (&b->r->args, i) {
		const char *value;
		auto_free char *name = arg_name(b->r->args.v[i], &value);

		if (strv_has(&b->args_used, name) || arg_is_proxy(name) ||
		    str_starts(name, "BUILDKIT_") || strcmp(name, "SOURCE_DATE_EPOCH") == 0)
			continue;
		str_addf(&unused, "%s%s", unused.len ? " " : "", name);
	}
	if (unused.len)
		warn_text(b, xasprintf("[Warning] One or more build-args [%s] were not consumed",
				       unused.s));
}

/* ---- the image ---- */

/*
 * When it was created: the time of the first build that gave just this image, so that a build in
 * which nothing changed gives the same ID.
 */
static int creation_time(struct builder *b, const struct image_config *c, int64_t *created,
			 struct error *err)
{
	auto_done(str) struct str text = { 0 };
	char key[SHA256_HEX], known[32];
	struct key k;
	int r;

	*created = b->epoch;
	if (b->epoch >= 0)
		return 0;
	image_config_format(c, &text);
	key_begin(&k, "IMAGE");
	key_add(&k, "configuration", str_get(&text));
	key_end(&k, key);
	r = b->r->no_cache ? 0 : cache_find_text(b->st, key, known, sizeof(known), err);
	if (r < 0)
		return -1;
	if (r == 1 && str_i64(known, created) && *created > 0)
		return 0;
	*created = time_now_ns() / NSEC_PER_SEC;
	snprintf(known, sizeof(known), "%lld", (long long)*created);
	return cache_put_text(b->st, key, known, err);
}

static int set_created(struct builder *b, struct image_config *c, struct error *err)
{
	char text[TEXT_TIME_MAX];
	int64_t created;

	if (creation_time(b, c, &created, err) < 0)
		return -1;
	if (created)
		text_rfc3339nano(created * NSEC_PER_SEC, text, sizeof(text));
	else /* zero would be printed as "never" */
		snprintf(text, sizeof(text), "1970-01-01T00:00:00Z");
	free(c->created);
	c->created = xstrdup(text);
	vec_each (&c->history, h)
		if (!h->created)
			h->created = xstrdup(text);
	return 0;
}

static int parse_tags(struct builder *b, struct error *err)
{
	strv_each (&b->r->tags, i) {
		auto_done(reference) struct reference ref = { 0 };

		if (reference_parse(b->r->tags.v[i], &ref, err) < 0)
			return error_add(err, "tag '%s'", b->r->tags.v[i]);
		if (ref.transport != TRANSPORT_NONE || digest_is_set(&ref.digest))
			return error_set(err, ERR_INVALID, "tag '%s': a name and a tag only",
					 b->r->tags.v[i]);
		strv_take(&b->result->names, reference_name(&ref));
	}
	return 0;
}

static int commit(struct builder *b, struct error *err)
{
	struct image_config *c = &b->states[b->stages.target].config;
	const struct strv *names = &b->result->names;
	auto_close int lock = -1;
	struct image image;

	strmap_copy(&c->config.labels, &b->r->labels);
	if (set_created(b, c, err) < 0)
		return -1;
	lock = store_lock(b->st, LOCK_SHARED, err);
	if (lock < 0)
		return -1;
	if (image_commit(b->st, c, (const char *const *)names->v, names->n, &image, err) < 0)
		return -1;
	b->result->id = image.id;
	image_done(&image);
	return 0;
}

/* Each after those it needs, which stand in front of it. */
static int build_stages(struct builder *b, struct error *err)
{
	for (size_t i = 0; i < b->stages.v.n; i++)
		if (b->stages.v.v[i].needed && stage_build(b, i, err) < 0)
			return -1;
	return 0;
}

static void builder_done(struct builder *b)
{
	struct error ignored = { 0 }; /* the next build hashes those files again */

	if (context_save(b->st, &b->context, &ignored) < 0)
		log_debug("build: what was learnt about the context's files could not be kept");
	for (size_t i = 0; b->states && i < b->stages.v.n; i++)
		stage_state_done(&b->states[i]);
	free(b->states);
	stages_done(&b->stages);
	dockerfile_done(&b->df);
	context_done(&b->context);
	named_done(b);
	platform_done(&b->platform);
	strv_done(&b->args_used);
	staging_end(b->st, &b->staging);
}

int build_image(struct engine *e, const struct build_request *r, struct build_result *result,
		int *exit_code, struct error *err)
{
	struct builder b = { .e = e,
			     .st = e->store,
			     .r = r,
			     .result = result,
			     .exit_code = exit_code,
			     .staging = STAGING_NONE,
			     .step_lock = -1,
			     .context = CONTEXT_NONE };
	int status = -1;

	*result = (struct build_result){ 0 };
	*exit_code = 0;
	if (parse_tags(&b, err) == 0 && staging_begin(b.st, &b.staging, err) == 0 &&
	    context_open(b.st, r, &b.staging, &b.context, err) == 0 && plan(&b, err) == 0 &&
	    build_stages(&b, err) == 0) {
		warn_unused_args(&b);
		status = commit(&b, err);
	}
	builder_done(&b);
	return status;
}
