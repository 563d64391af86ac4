/*
 * ps_filters.c - which containers `hod ps` lists. Filters of one key are alternatives, keys add up.
 */
#include "ps.h"

#include "network.h"
#include "operands.h"
#include "store/health.h"

#include <regex.h>

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
	json_t *request = ps_request(arg);
	const char *mode = json_string_value(json_object_get(request, "network"));
	bool met = str_eq(mode ? mode : NETWORK_DEFAULT, value);

	json_decref(request);
	return met;
}

static bool health_met(const char *value, const void *arg)
{
	return str_eq(value, arg);
}

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
	status = ps_health(c, f->app);
	return filters_match(&f->f, "health", health_met, *status ? status : "none");
}

bool ps_filters_match(const struct ps_filters *f, const struct container *c)
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

	if (str_is_one_of(value, known, ARRAY_SIZE(known)))
		return 0;
	return error_set(err, ERR_USAGE, "--filter status=%s: there is no such status", value);
}

static int check_health(const char *value, struct error *err)
{
	static const char *const known[] = { HEALTH_STARTING, HEALTH_HEALTHY, HEALTH_UNHEALTHY,
					     "none" };

	if (str_is_one_of(value, known, ARRAY_SIZE(known)))
		return 0;
	return error_set(err, ERR_USAGE,
			 "--filter health=%s: must be starting, healthy, unhealthy or none", value);
}

void ps_filters_done(struct ps_filters *f)
{
	filters_done(&f->f);
	strv_done(&f->ancestors);
}

int ps_filters_parse(struct ps_filters *f, const struct strv *given, struct error *err)
{
	return filters_parse(given, filter_keys, &f->f, err);
}

int ps_filters_resolve(struct ps_filters *f, struct error *err)
{
	f->after_ns = INT64_MIN;
	f->before_ns = INT64_MAX;
	vec_each (&f->f.v, x) {
		auto_done(image) struct image image = { 0 };
		int found = 0;

		image_init(&image);
		if (str_eq(x->key, "since") && created_of(f->app, x->value, &f->after_ns, err) < 0)
			return -1;
		if (str_eq(x->key, "before") && created_of(f->app, x->value, &f->before_ns, err) < 0)
			return -1;
		if (str_eq(x->key, "status") && check_status(x->value, err) < 0)
			return -1;
		if (str_eq(x->key, "health") && check_health(x->value, err) < 0)
			return -1;
		if (str_eq(x->key, "ancestor"))
			found = image_find(&f->app->store, x->value, NULL, &image, err);
		if (found < 0)
			return error_add(err, "--filter");
		if (found)
			strv_add(&f->ancestors, image.id.hex);
	}
	return 0;
}
