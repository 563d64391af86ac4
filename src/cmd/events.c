/*
 * events.c - `hod events`: what happens to containers, images, volumes and networks, as it happens.
 */
#include "commands.h"

#include "filters.h"
#include "output.h"
#include "store/event.h"
#include "template.h"
#include "util/text.h"

#include <stdio.h>
#include <time.h>

struct events_args {
	char *format, *since, *until;
	struct strv filters;
};
static const struct opt opts[] = {
	OPT_LIST('f', "filter", events_args, filters, "KEY=VALUE",
		 "container, event, image, label, network, type or volume"),
	OPT_STRING(0, "format", events_args, format, "FORMAT", "json, or a template"),
	OPT_STRING(0, "since", events_args, since, "TIME",
		   "first those from this time on, or since so long ago (10m)"),
	OPT_STRING(0, "until", events_args, until, "TIME", "up to this time"),
	OPT_END,
};
static const char *const filter_keys[] = { "container", "event", "image",  "label",
					   "network",	"type",	 "volume", NULL };

/* ---- which ---- */

static bool is_type(const struct event *e, const char *type)
{
	return str_eq(e->type, type);
}

/* By ID, or its beginning, or by name; of another type by what it says of such a one. */
static bool is_of(const struct event *e, const char *type, const char *value)
{
	if (!is_type(e, type))
		return str_eq(strmap_get(&e->attributes, type), value);
	return str_starts(e->id, value) || str_eq(strmap_get(&e->attributes, "name"), value);
}

static bool met_container(const char *value, const void *arg)
{
	const struct event *e = arg;
	const char *other = strmap_get(&e->attributes, "container");

	return is_type(e, "container") ? is_of(e, "container", value)
				       : other && str_starts(other, value);
}

static bool met_network(const char *value, const void *arg)
{
	return is_of(arg, "network", value);
}

static bool met_volume(const char *value, const void *arg)
{
	const struct event *e = arg;

	return is_type(e, "volume") && str_eq(e->id, value);
}

static bool met_type(const char *value, const void *arg)
{
	return is_type(arg, value);
}

/* "exec_create" for "exec_create: sh" */
static bool met_event(const char *value, const void *arg)
{
	const struct event *e = arg;
	size_t n = strlen(value);

	return str_eq(e->action, value) || (str_starts(e->action, value) && e->action[n] == ':');
}

static bool same_image(const char *named, const char *value)
{
	size_t n = strlen(value);

	return named && (str_eq(named, value) ||
			 (str_starts(named, value) && named[n] == ':' && !strchr(named + n, '/')));
}

static bool met_image(const char *value, const void *arg)
{
	const struct event *e = arg;

	if (is_type(e, "container"))
		return same_image(strmap_get(&e->attributes, "image"), value);
	return is_type(e, "image") &&
	       (same_image(e->id, value) || same_image(strmap_get(&e->attributes, "name"), value));
}

static const struct {
	const char *key;
	bool (*met)(const char *value, const void *arg);
} filters[] = {
	{ "container", met_container }, { "event", met_event }, { "image", met_image },
	{ "network", met_network },	{ "type", met_type },	{ "volume", met_volume },
};

static bool is_wanted(const struct filters *f, const struct event *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++)
		if (!filters_match(f, filters[i].key, filters[i].met, e))
			return false;
	return filters_match_labels(f, &e->attributes);
}

/* ---- how ---- */

struct show {
	struct filters filters;
	struct template *template; /* NULL: text */
};
static const struct template_name names[] = {
	{ "Attributes", SHAPE_MAP },
	{ "From", SHAPE_ALIAS, "from" },
	{ "ID", SHAPE_ALIAS, "id" },
	{ "Scope", SHAPE_ALIAS, "scope" },
	{ "Status", SHAPE_ALIAS, "status" },
	{ "Time", SHAPE_ALIAS, "time" },
	{ "TimeNano", SHAPE_ALIAS, "timeNano" },
	{ NULL, SHAPE_AUTO },
};

/* docker's JSON; its templates have other names for some of it. */
static json_t *object_of(const struct event *e)
{
	json_t *o = json_object(), *attributes = json_object();
	const char *from = strmap_get(&e->attributes, "image");
	bool container = is_type(e, "container"), image = is_type(e, "image");

	for (size_t i = 0; i < e->attributes.n; i++)
		json_object_set_new_nocheck(attributes, e->attributes.v[i].key,
					    json_string_nocheck(e->attributes.v[i].value));
	if (container || image) {
		json_object_set_new(o, "status", json_string_nocheck(e->action));
		json_object_set_new(o, "id", json_string_nocheck(e->id));
	}
	if (container)
		json_object_set_new(o, "from", json_string_nocheck(from ? from : ""));
	json_object_set_new(o, "Type", json_string_nocheck(e->type));
	json_object_set_new(o, "Action", json_string_nocheck(e->action));
	json_object_set_new(o, "Actor",
			    json_pack("{s:s, s:o}", "ID", e->id, "Attributes", attributes));
	json_object_set_new(o, "scope", json_string("local"));
	json_object_set_new(o, "time", json_integer(e->time_ns / NSEC_PER_SEC));
	json_object_set_new(o, "timeNano", json_integer(e->time_ns));
	return o;
}

/* 2006-01-02T15:04:05.000000000+01:00, as docker has it: in local time */
static void add_time(struct str *out, int64_t ns)
{
	time_t s = (time_t)(ns / NSEC_PER_SEC);
	char text[32], zone[8];
	struct tm tm;

	localtime_r(&s, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	str_addf(out, "%s.%09lld", text, (long long)(ns % NSEC_PER_SEC));
	if (str_eq(zone, "+0000"))
		str_addc(out, 'Z');
	else
		str_addf(out, "%.3s:%s", zone, zone + 3);
}

static void add_text(struct str *out, const struct event *e)
{
	add_time(out, e->time_ns);
	str_addf(out, " %s %s %s", e->type, e->action, e->id);
	for (size_t i = 0; i < e->attributes.n; i++)
		str_addf(out, "%s%s=%s", i ? ", " : " (", e->attributes.v[i].key,
			 e->attributes.v[i].value);
	if (e->attributes.n)
		str_addc(out, ')');
}

static int show_event(const struct event *e, void *arg, struct error *err)
{
	const struct show *s = arg;
	auto_done(str) struct str out = { 0 };

	if (!is_wanted(&s->filters, e))
		return 0;
	if (s->template) {
		auto_done(json) json_t *o = object_of(e);

		if (template_execute(s->template, o, names, 0, &out, err) < 0)
			return error_add(err, "--format");
	} else {
		add_text(&out, e);
	}
	str_addc(&out, '\n');
	return output_text(&out, err);
}

static int parse_when(const char *option, const char *text, int64_t *ns, struct error *err)
{
	*ns = UNSET;
	if (text && !text_parse_time(text, time_now_ns(), ns))
		return error_set(err, ERR_USAGE, "%s '%s': must be a time or a duration", option,
				 text);
	return 0;
}

static int events_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct events_args *args = arg;
	struct event_query q;
	struct show show = { 0 };
	int status;

	if (parse_when("--since", args->since, &q.since_ns, err) < 0 ||
	    parse_when("--until", args->until, &q.until_ns, err) < 0 ||
	    filters_parse(&args->filters, filter_keys, &show.filters, err) < 0)
		return -1;
	if (args->format) {
		const char *text = str_eq(args->format, "json") ? "{{json .}}" : args->format;

		show.template = template_parse(text, TEMPLATE_ESCAPES, err);
		if (!show.template) {
			filters_done(&show.filters);
			return error_add(err, "--format");
		}
	}
	status = events_read(&app->store, &q, show_event, &show, err);
	template_free(show.template);
	filters_done(&show.filters);
	return status;
}

const struct command cmd_events = {
	.name = "events",
	.summary = "show what happens to containers, images, volumes and networks",
	.description = "Goes on until it is interrupted, or until the time of --until.",
	.opts = opts,
	.args_size = sizeof(struct events_args),
	.needs = NEED_STORE,
	.run = events_run,
	.failure = 1,
};
