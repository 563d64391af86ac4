/*
 * ps.c - `hod ps`: containers as a list.
 *
 * Owns   its columns and filters. Reads nothing that no column and no filter asks for.
 */
#include "commands.h"

#include "filters.h"
#include "listing.h"
#include "network.h"
#include "operands.h"
#include "store/health.h"
#include "util/fd.h"
#include "util/text.h"

#include <regex.h>
#include <stdio.h>

struct ps_args {
	bool all, latest, no_trunc, quiet, size;
	int64_t last;
	char *format;
	struct strv filter;
};
static const struct opt opts[] = {
	OPT_FLAG('a', "all", ps_args, all, "those that do not run, too"),
	OPT_LIST('f', "filter", ps_args, filter, "KEY=VALUE", "only those that match"),
	OPT_STRING(0, "format", ps_args, format, "FORMAT", "table, json, json-array or a template"),
	OPT_INT('n', "last", ps_args, last, "the N newest, in whatever state"),
	OPT_FLAG('l', "latest", ps_args, latest, "the newest, in whatever state"),
	OPT_FLAG(0, "no-trunc", ps_args, no_trunc, "cut nothing short"),
	OPT_FLAG('q', "quiet", ps_args, quiet, "only the IDs"),
	OPT_FLAG('s', "size", ps_args, size, "with the size of what they have written"),
	OPT_END,
};

struct ps_ctx {
	struct app *app;
	bool no_trunc;
};

/* ---- columns ---- */

#define COLUMN(name)                                                                               \
	static json_t *make_##name(const void *item, const void *arg)                              \
	{                                                                                          \
		const struct container *c = item;                                                  \
		const struct ps_ctx *ctx = arg;                                                    \
		return column_##name(c, ctx);                                                      \
	}

static json_t *column_id(const struct container *c, const struct ps_ctx *ctx)
{
	return json_take(ctx->no_trunc ? xstrdup(c->id) : xstrndup(c->id, 12));
}
COLUMN(id)

static json_t *column_names(const struct container *c, const struct ps_ctx *ctx)
{
	return json_text(c->record.name);
}
COLUMN(names)

static json_t *column_image(const struct container *c, const struct ps_ctx *ctx)
{
	return json_text(c->record.image);
}
COLUMN(image)

static json_t *column_image_id(const struct container *c, const struct ps_ctx *ctx)
{
	const char *hex = c->record.image_id ? c->record.image_id : "";

	return json_take(ctx->no_trunc && *hex ? xasprintf("sha256:%s", hex) : xstrndup(hex, 12));
}
COLUMN(image_id)

#define COMMAND_WIDTH 20 /* characters, the ellipsis counted */

/* Where character n begins, or where the text ends. */
static size_t character_offset(const char *s, size_t n)
{
	size_t i = 0;

	for (; s[i]; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80 && n-- == 0)
			break;
	return i;
}

/* Quoted, arguments with blanks in single quotes: "sh -c 'a b'" */
static json_t *column_command(const struct container *c, const struct ps_ctx *ctx)
{
	auto_done(str) struct str s = { 0 }, quoted = { 0 };

	str_add(&s, c->record.path ? c->record.path : "");
	strv_each (&c->record.args, i)
		str_addf(&s, strchr(c->record.args.v[i], ' ') ? " '%s'" : " %s", c->record.args.v[i]);
	if (!ctx->no_trunc && s.s[character_offset(s.s, COMMAND_WIDTH)]) {
		s.s[character_offset(s.s, COMMAND_WIDTH - 1)] = '\0';
		s.len = strlen(s.s);
		str_add(&s, "\xe2\x80\xa6");
	}
	str_add_json(&quoted, s.s);
	return json_take(str_take(&quoted));
}
COLUMN(command)

static json_t *column_created_at(const struct container *c, const struct ps_ctx *ctx)
{
	return time_created(c->record.created_ns);
}
COLUMN(created_at)

static json_t *column_running_for(const struct container *c, const struct ps_ctx *ctx)
{
	return time_since(c->record.created_ns);
}
COLUMN(running_for)

static json_t *column_state(const struct container *c, const struct ps_ctx *ctx)
{
	return json_text(container_status_name(c));
}
COLUMN(state)

/* "" when it does not run or has no health check. Yours. */
static char *health_status_of(const struct container *c, struct app *app)
{
	auto_done(health) struct health h = { 0 };
	struct error ignored = { 0 }; /* what cannot be read is not known */

	if (!container_is_up(c) || health_load(&app->store, c, &h, &ignored) <= 0)
		return xstrdup("");
	return xstrdup(h.status);
}

static json_t *column_status(const struct container *c, const struct ps_ctx *ctx)
{
	int64_t now = time_now_ns();
	char ago[TEXT_TIME_MAX];
	auto_free char *health = NULL;

	switch (c->status) {
	case CONTAINER_CREATED:
		return json_text("Created");
	case CONTAINER_CORRUPT:
		return json_text("Dead");
	case CONTAINER_EXITED:
	case CONTAINER_RESTARTING:
		text_ago((now - c->state.finished_ns) / NSEC_PER_SEC, ago, sizeof(ago));
		return json_take(
			xasprintf("%s (%lld) %s ago",
				  c->status == CONTAINER_RESTARTING ? "Restarting" : "Exited",
				  c->state.exit_code == UNSET ? 0LL : (long long)c->state.exit_code,
				  ago));
	default:
		text_ago((now - c->state.started_ns) / NSEC_PER_SEC, ago, sizeof(ago));
		health = health_status_of(c, ctx->app);
		return json_take(xasprintf("Up %s%s%s%s", ago,
					   c->status == CONTAINER_PAUSED     ? " (Paused"
					   : !*health			     ? ""
					   : str_eq(health, HEALTH_STARTING) ? " (health: "
									     : " (",
					   c->status == CONTAINER_PAUSED ? "" : health,
					   c->status == CONTAINER_PAUSED || *health ? ")" : ""));
	}
}
COLUMN(status)

static json_t *column_exit_code(const struct container *c, const struct ps_ctx *ctx)
{
	return json_integer(c->state.exit_code == UNSET ? 0 : c->state.exit_code);
}
COLUMN(exit_code)

static json_t *column_pid(const struct container *c, const struct ps_ctx *ctx)
{
	return json_integer(container_is_up(c) ? c->state.pid : 0);
}
COLUMN(pid)

static json_t *column_labels(const struct container *c, const struct ps_ctx *ctx)
{
	return labels_text(&c->record.labels);
}
COLUMN(labels)

static json_t *column_label(const struct container *c, const struct ps_ctx *ctx)
{
	return labels_object(&c->record.labels);
}
COLUMN(label)

static const char *mount_name(const struct container_mount *m)
{
	return m->name ? m->name : m->source ? m->source : m->destination;
}

static json_t *column_mounts(const struct container *c, const struct ps_ctx *ctx)
{
	struct str s = { 0 };

	vec_each (&c->record.mounts, m) {
		const char *name = mount_name(m) ? mount_name(m) : "";

		if (s.len)
			str_addc(&s, ',');
		if (!ctx->no_trunc && name[character_offset(name, 15)]) {
			str_addn(&s, name, character_offset(name, 14));
			str_add(&s, "\xe2\x80\xa6");
		} else {
			str_add(&s, name);
		}
	}
	return json_take(str_take(&s));
}
COLUMN(mounts)

static json_t *column_local_volumes(const struct container *c, const struct ps_ctx *ctx)
{
	int n = 0;

	vec_each (&c->record.mounts, m)
		n += str_eq(m->type, "volume");
	return json_take(xasprintf("%d", n));
}
COLUMN(local_volumes)

/* The request as far as it concerns the network. Yours: a new reference. */
static json_t *request_of(const struct container *c)
{
	return json_loads(c->record.request ? c->record.request : "{}", 0, NULL);
}

static char *network_of(const struct container *c, const struct userns *u)
{
	json_t *request = request_of(c);
	const char *mode = json_string_value(json_object_get(request, "network"));
	char *copy = xstrdup(network_mode_resolve(u, mode));

	json_decref(request);
	return copy;
}

/* Published where it runs; exposed ports besides, as docker has them. */
static json_t *column_ports(const struct container *c, const struct ps_ctx *ctx)
{
	struct error ignored = { 0 }; /* no lease: nothing is published */
	auto_done(strv) struct strv exposed = { 0 };
	json_t *settings, *request, *item;
	const char *key;
	struct lease l = { 0 };
	char *text;
	size_t i;

	if (!container_is_up(c))
		return json_text("");
	settings = json_loads(c->record.image_settings ? c->record.image_settings : "{}", 0, NULL);
	request = request_of(c);
	json_object_foreach (json_object_get(settings, "ExposedPorts"), key, item)
		ports_parse_exposed(key, &exposed, &ignored);
	json_array_foreach (json_object_get(request, "expose"), i, item)
		ports_parse_exposed(json_string_value(item), &exposed, &ignored);
	if (network_lease(&ctx->app->userns, c->id, &l, &ignored) <= 0)
		memset(&l, 0, sizeof(l));
	text = ports_text(&l, &exposed);
	lease_done(&l);
	json_decref(settings);
	json_decref(request);
	return json_take(text);
}
COLUMN(ports)

static json_t *column_networks(const struct container *c, const struct ps_ctx *ctx)
{
	return json_take(network_of(c, &ctx->app->userns));
}
COLUMN(networks)

static json_t *column_health(const struct container *c, const struct ps_ctx *ctx)
{
	return json_take(health_status_of(c, ctx->app));
}
COLUMN(health)

static json_t *column_size(const struct container *c, const struct ps_ctx *ctx)
{
	struct error ignored = { 0 }; /* a container that is just being removed has no size */
	auto_done(image) struct image image = { 0 };
	uint64_t own = 0;
	int64_t below = 0;
	char a[TEXT_TIME_MAX], b[TEXT_TIME_MAX];

	container_usage(&ctx->app->store, c, &own, &ignored);
	image_init(&image);
	if (c->record.image_id &&
	    image_find(&ctx->app->store, c->record.image_id, NULL, &image, &ignored) > 0)
		image_size(&ctx->app->store, &image, &below, &ignored);
	return json_take(xasprintf("%s (virtual %s)", text_size((int64_t)own, a, sizeof(a)),
				   text_size((int64_t)own + below, b, sizeof(b))));
}
COLUMN(size)

static const struct column columns[] = {
	{ "Command", "COMMAND", make_command, SHAPE_AUTO },
	{ "CreatedAt", "CREATED AT", make_created_at, SHAPE_AUTO },
	{ "ExitCode", "EXIT CODE", make_exit_code, SHAPE_AUTO },
	{ "HealthStatus", "HEALTH", make_health, SHAPE_AUTO },
	{ "ID", "CONTAINER ID", make_id, SHAPE_AUTO },
	{ "Image", "IMAGE", make_image, SHAPE_AUTO },
	{ "ImageID", "IMAGE ID", make_image_id, SHAPE_AUTO },
	{ "Label", NULL, make_label, SHAPE_METHOD },
	{ "Labels", "LABELS", make_labels, SHAPE_AUTO },
	{ "LocalVolumes", "LOCAL VOLUMES", make_local_volumes, SHAPE_AUTO },
	{ "Mounts", "MOUNTS", make_mounts, SHAPE_AUTO },
	{ "Names", "NAMES", make_names, SHAPE_AUTO },
	{ "Networks", "NETWORKS", make_networks, SHAPE_AUTO },
	{ "Pid", "PID", make_pid, SHAPE_AUTO },
	{ "Ports", "PORTS", make_ports, SHAPE_AUTO },
	{ "RunningFor", "CREATED", make_running_for, SHAPE_AUTO },
	{ "Size", "SIZE", make_size, SHAPE_AUTO },
	{ "State", "STATE", make_state, SHAPE_AUTO },
	{ "Status", "STATUS", make_status, SHAPE_AUTO },
	{ NULL, NULL, NULL, SHAPE_AUTO },
};
#define TABLE                                                                                      \
	"{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}"
static const struct list_view view = { columns, TABLE, "{{.ID}}" };
static const struct list_view view_sized = { columns, TABLE "\t{{.Size}}", "{{.ID}}" };

/* ---- filters ---- */

static const char *const filter_keys[] = { "ancestor", "before", "exited", "health",
					   "id",       "label",	 "name",   "network",
					   "since",    "status", "volume", NULL };

static bool id_met(const char *value, const void *arg)
{
	return str_starts(((const struct container *)arg)->id, value);
}

/* A regular expression, as docker has it; what is none is looked for as it is. */
static bool name_met(const char *value, const void *arg)
{
	const struct container *c = arg;
	const char *name = c->record.name ? c->record.name : "";
	regex_t re;
	bool met;

	if (value[0] == '/')
		value++;
	if (regcomp(&re, value, REG_EXTENDED | REG_NOSUB) != 0)
		return strstr(name, value) != NULL;
	met = regexec(&re, name, 0, NULL, 0) == 0;
	regfree(&re);
	return met;
}

static bool status_met(const char *value, const void *arg)
{
	return str_eq(value, container_status_name(arg));
}

static bool exited_met(const char *value, const void *arg)
{
	const struct container *c = arg;
	int64_t code;

	return c->status == CONTAINER_EXITED && str_i64(value, &code) && code == c->state.exit_code;
}

static bool volume_met(const char *value, const void *arg)
{
	vec_each (&((const struct container *)arg)->record.mounts, m)
		if (str_eq(m->name, value) || str_eq(m->destination, value) ||
		    str_eq(m->source, value))
			return true;
	return false;
}

static bool network_met(const char *value, const void *arg)
{
	json_t *request = request_of(arg);
	const char *mode = json_string_value(json_object_get(request, "network"));
	bool met = str_eq(mode ? mode : NETWORK_DEFAULT, value);

	json_decref(request);
	return met;
}

static bool health_met(const char *value, const void *arg)
{
	return str_eq(value, arg);
}

/* What a filter names, looked up once. */
struct ps_filters {
	struct app *app;
	struct filters f;
	struct strv ancestors; /* hexes of image IDs */
	int64_t after_ns, before_ns;
};

static bool ancestor_met(const struct ps_filters *f, const struct container *c)
{
	if (!filters_have(&f->f, "ancestor"))
		return true;
	return c->record.image_id && strv_has(&f->ancestors, c->record.image_id);
}

/* "none": it has no health check, or does not run. */
static bool health_matches(const struct ps_filters *f, const struct container *c)
{
	auto_free char *status = NULL;

	if (!filters_have(&f->f, "health"))
		return true;
	status = health_status_of(c, f->app);
	return filters_match(&f->f, "health", health_met, *status ? status : "none");
}

static bool matches(const struct ps_filters *f, const struct container *c)
{
	return filters_match(&f->f, "id", id_met, c) && filters_match(&f->f, "name", name_met, c) &&
	       filters_match(&f->f, "status", status_met, c) &&
	       filters_match(&f->f, "exited", exited_met, c) &&
	       filters_match(&f->f, "volume", volume_met, c) &&
	       filters_match(&f->f, "network", network_met, c) &&
	       filters_match_labels(&f->f, &c->record.labels) && ancestor_met(f, c) &&
	       c->record.created_ns > f->after_ns && c->record.created_ns < f->before_ns &&
	       health_matches(f, c);
}

static int created_of(struct app *app, const char *name, int64_t *ns, struct error *err)
{
	auto_done(container) struct container c;

	container_init(&c);
	if (need_container(app, name, &c, err) < 0)
		return error_add(err, "--filter");
	*ns = c.record.created_ns;
	return 0;
}

static int check_status(const char *value, struct error *err)
{
	static const char *const known[] = { "created", "restarting", "running", "removing",
					     "paused",	"exited",     "dead" };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (str_eq(known[i], value))
			return 0;
	return error_set(err, ERR_USAGE, "--filter status=%s: there is no such status", value);
}

static int check_health(const char *value, struct error *err)
{
	static const char *const known[] = { HEALTH_STARTING, HEALTH_HEALTHY, HEALTH_UNHEALTHY,
					     "none" };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (str_eq(known[i], value))
			return 0;
	return error_set(err, ERR_USAGE,
			 "--filter health=%s: must be starting, healthy, unhealthy or none", value);
}

static int resolve_filters(struct app *app, struct ps_filters *f, struct error *err)
{
	f->after_ns = INT64_MIN;
	f->before_ns = INT64_MAX;
	vec_each (&f->f.v, x) {
		auto_done(image) struct image image = { 0 };
		int found = 0;

		image_init(&image);
		if (str_eq(x->key, "since") && created_of(app, x->value, &f->after_ns, err) < 0)
			return -1;
		if (str_eq(x->key, "before") && created_of(app, x->value, &f->before_ns, err) < 0)
			return -1;
		if (str_eq(x->key, "status") && check_status(x->value, err) < 0)
			return -1;
		if (str_eq(x->key, "health") && check_health(x->value, err) < 0)
			return -1;
		if (str_eq(x->key, "ancestor"))
			found = image_find(&app->store, x->value, NULL, &image, err);
		if (found < 0)
			return error_add(err, "--filter");
		if (found)
			strv_add(&f->ancestors, image.id.hex);
	}
	return 0;
}

/* ---- the command ---- */

static int list(struct app *app, const struct ps_args *args, const struct ps_filters *f,
		struct listing *l, struct error *err)
{
	containers all = { 0 };
	int64_t left = args->latest ? 1 : args->last != UNSET ? args->last : INT64_MAX;
	bool every = args->all || args->latest || args->last != UNSET ||
		     filters_have(&f->f, "status") || filters_have(&f->f, "exited");
	int r = container_list(&app->store, &all, err);

	vec_each (&all, c) {
		if (r < 0 || left <= 0)
			break;
		if ((!every && !container_is_alive(c)) || !matches(f, c))
			continue;
		left--;
		r = listing_add(l, c, err);
	}
	containers_done(&all);
	return r;
}

static int ps_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct ps_args *args = arg;
	struct ps_ctx ctx = { .app = app, .no_trunc = args->no_trunc };
	struct ps_filters f = { .app = app };
	auto_done(listing) struct listing l = { 0 };
	int r;

	r = filters_parse(&args->filter, filter_keys, &f.f, err);
	if (r == 0)
		r = listing_begin(&l, args->size ? &view_sized : &view, args->format, args->quiet,
				  &ctx, err);
	if (r == 0 && listing_wants(&l, "Size")) /* files of other ids are measured from within */
		r = app_prepare(app, NEED_NAMESPACE, err);
	if (r == 0)
		r = resolve_filters(app, &f, err);
	if (r == 0)
		r = list(app, args, &f, &l, err);
	filters_done(&f.f);
	strv_done(&f.ancestors);
	return r < 0 ? -1 : listing_end(&l, err);
}

const struct command cmd_ps = {
	.name = "ps",
	.summary = "list containers",
	.opts = opts,
	.args_size = sizeof(struct ps_args),
	.needs = NEED_STORE_READ,
	.run = ps_run,
	.failure = 1,
};
