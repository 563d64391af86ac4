/*
 * build.c - a Dockerfile and a context become an image.
 *
 * Owns   the order of a build: context, Dockerfile, plan, stages, image. Nothing is visible before
 *        the last step, which names the image; what the steps made are cache entries.
 */
#include "builder.h"
#include "foreign.h"
#include "output.h"
#include "publish.h"
#include "verify.h"
#include "workers.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/text.h"

#include <stdio.h>
#include <strings.h>
#include <unistd.h>

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

int builder_plan(struct builder *b, bool *strict, struct error *err)
{
	auto_done(strv) struct strv predefined = { 0 };
	struct stages_input in = { &b->r->args, &predefined, b->r->target, is_named, b->r };
	const char *epoch = strv_env_get(&b->r->args, "SOURCE_DATE_EPOCH");

	b->epoch = b->r->epoch;
	if (epoch && (!str_i64(epoch, &b->epoch) || b->epoch < 0))
		return error_set(err, ERR_INVALID, "SOURCE_DATE_EPOCH '%s': seconds since 1970",
				 epoch);
	if (b->platform_text) {
		if (platform_parse(b->platform_text, &b->platform, err) < 0)
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
	return builder_lint(b, &predefined, strict, err);
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

static int build_stages(struct builder *b, struct error *err)
{
	int64_t jobs = b->r->jobs;

	if (jobs == UNSET)
		jobs = sysconf(_SC_NPROCESSORS_ONLN);
	return workers_build(b, jobs > 0 ? (size_t)jobs : SIZE_MAX, err);
}

/* What the parts of one request have in common. */
struct building {
	struct engine *e;
	const struct build_request *r;
	struct build_result *result;
	int *exit_code;
	struct strv platforms; /* "": this machine's */
	struct context context;
	struct pins pins;
	VEC(struct descriptor) images; /* of each platform */
	VEC(struct descriptor) caches; /* the same: --cache-to type=registry */
	struct descriptor index;
};

static void building_done(struct building *g)
{
	struct error ignored = { 0 }; /* the next build hashes those files again */

	if (context_save(g->e->store, &g->context, &ignored) < 0)
		log_debug("build: what was learnt about the context's files could not be kept");
	context_done(&g->context);
	pins_done(&g->pins);
	vec_each (&g->images, d)
		descriptor_done(d);
	vec_done(&g->images);
	vec_each (&g->caches, d)
		descriptor_done(d);
	vec_done(&g->caches);
	descriptor_done(&g->index);
	strv_done(&g->platforms);
}

void builder_init(struct builder *b, struct engine *e, const struct build_request *r,
		  const char *platform, struct pins *pins, struct build_result *result,
		  int *exit_code)
{
	*b = (struct builder){ .e = e,
			       .st = e->store,
			       .r = r,
			       .platform_text = platform,
			       .pins = pins,
			       .result = result,
			       .exit_code = exit_code,
			       .staging = STAGING_NONE,
			       .step_lock = -1,
			       .context = CONTEXT_NONE,
			       .slots = SLOTS_NONE };
}

static void begin(struct builder *b, struct building *g, const char *platform)
{
	builder_init(b, g->e, g->r, platform, &g->pins, g->result, g->exit_code);
}

void builder_done(struct builder *b)
{
	for (size_t i = 0; b->states && i < b->stages.v.n; i++)
		stage_state_done(&b->states[i]);
	free(b->states);
	stages_done(&b->stages);
	dockerfile_done(&b->df);
	named_done(b);
	share_done(&b->share);
	platform_done(&b->platform);
	strv_done(&b->args_used);
	staging_end(b->st, &b->staging);
}

/* Up to the configuration of the image. */
static int build_platform(struct builder *b, struct error *err)
{
	bool strict = false;

	if (staging_begin(b->st, &b->staging, err) < 0 || builder_plan(b, &strict, err) < 0 ||
	    builder_tell_lints(b, strict, err) < 0 || foreign_check(b, err) < 0 ||
	    build_stages(b, err) < 0)
		return -1;
	warn_unused_args(b);
	return publish_settle(b, err);
}

/* The same again, of which nothing is kept but what it gave. */
static int verify(struct building *g, struct builder *first, struct error *err)
{
	struct build_request again = *first->r;
	struct builder b;
	struct verify_side one = { 0 }, two = { 0 };
	int r;

	again.no_cache = true;
	verify_side_set(&one, &first->states[first->stages.target].config);
	begin(&b, g, first->platform_text);
	b.r = &again;
	context_move(&first->context, &b.context);
	r = build_platform(&b, err);
	if (r == 0) {
		verify_side_set(&two, &b.states[b.stages.target].config);
		r = verify_compare(b.st, &one, &two, err);
	}
	context_move(&b.context, &first->context);
	builder_done(&b);
	verify_side_done(&one);
	verify_side_done(&two);
	return r < 0 ? error_add(err, "--verify") : 0;
}

static int build_and_write(struct building *g, struct builder *b, struct descriptor *target,
			   struct error *err)
{
	if (build_platform(b, err) < 0 || (b->r->verify && verify(g, b, err) < 0) ||
	    output_files(b, g->platforms.n > 1, err) < 0)
		return -1;
	if (output_wants_image(b->r) && publish_put(b, target, &g->result->id, err) < 0)
		return -1;
	if (share_export(b, err) < 0)
		return -1;
	return share_wants_image(b->r) ? share_put(b, g->platforms.n > 1, vec_add(&g->caches), err)
				       : 0;
}

static int build_each(struct building *g, struct error *err)
{
	strv_each (&g->platforms, i) {
		const char *platform = g->platforms.v[i];
		struct builder b;
		int status;

		begin(&b, g, *platform ? platform : NULL);
		context_move(&g->context, &b.context);
		status = build_and_write(g, &b, vec_add(&g->images), err);
		context_move(&b.context, &g->context);
		builder_done(&b);
		if (status < 0)
			return g->platforms.n > 1 ? error_add(err, "platform %s", platform) : -1;
	}
	return 0;
}

static int finish(struct building *g, struct error *err)
{
	const struct descriptor *target = &g->images.v[0];
	struct build_result *result = g->result;
	struct store *st = g->e->store;
	bool several = g->images.n > 1;

	if (!output_wants_image(g->r))
		return 0;
	if (several) {
		target = &g->index;
		if (publish_index(st, g->images.v, g->images.n, &g->index, err) < 0)
			return -1;
		result->id = g->index.digest;
	}
	result->manifest = target->digest;
	result->manifest_size = target->size;
	result->media_type = several		   ? MEDIA_OCI_INDEX
			     : g->r->docker_format ? MEDIA_DOCKER_MANIFEST
						   : MEDIA_OCI_MANIFEST;
	return output_image(st, g->r, target, &result->names, &g->e->progress, err);
}

static int build_all(struct building *g, struct staging *session, struct error *err)
{
	strv_split(&g->platforms, g->r->platform ? g->r->platform : "", ',');
	if (publish_names(&g->r->tags, &g->result->names, err) < 0 ||
	    staging_begin(g->e->store, session, err) < 0 ||
	    context_open(g->e->store, g->r, session, &g->context, err) < 0 ||
	    pins_open(g->r, g->context.root, &g->pins, err) < 0)
		return -1;
	if (g->r->lock && !g->context.cached)
		return error_set(err, ERR_INVALID,
				 "--lock: " PINS_FILE " is written into a directory");
	if (build_each(g, err) < 0 ||
	    share_push(g->e->store, g->r, g->caches.v, g->caches.n, &g->e->progress, err) < 0 ||
	    finish(g, err) < 0)
		return -1;
	return pins_save(&g->pins, g->context.root, err);
}

int build_image(struct engine *e, const struct build_request *r, struct build_result *result,
		int *exit_code, struct error *err)
{
	/* over all of it: what one platform gave lives until it has a name */
	struct staging session = STAGING_NONE;
	struct build_request timed = *r;
	struct building g = {
		.e = e, .r = &timed, .result = result, .exit_code = exit_code, .context = CONTEXT_NONE
	};
	int status;

	*result = (struct build_result){ 0 };
	*exit_code = 0;
	if (r->verify && r->epoch < 0) /* no two builds take place at one time */
		timed.epoch = time_now_ns() / NSEC_PER_SEC;
	status = build_all(&g, &session, err);
	building_done(&g);
	staging_end(e->store, &session);
	return status;
}
