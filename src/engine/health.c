/*
 * health.c - request + image -> the health check of a container. Pure; its defaults are docker's.
 */
#include "engine/health.h"

#include "util/text.h"

#define INTERVAL       (30 * NSEC_PER_SEC)
#define TIMEOUT	       (30 * NSEC_PER_SEC)
#define START_INTERVAL (5 * NSEC_PER_SEC)
#define RETRIES	       3

void healthcheck_done(struct healthcheck *h)
{
	fields_done(healthcheck_fields, h);
}

/* --health-cmd: a line for the shell, or a list in JSON; "none" switches it off. */
static int command_parse(const char *text, struct strv *test, struct error *err)
{
	const struct fields_limits limits = { .max_bytes = 1 << 17, .max_depth = 4 };
	struct error ignored = { 0 }; /* no JSON: then it is a line that starts with '[' */
	auto_done(json) json_t *list =
		text[0] == '[' ? json_parse(text, strlen(text), &limits, &ignored) : NULL;
	const char *first = json_string_value(json_array_get(list, 0));
	json_t *item;
	size_t i;

	if (str_eq(text, "none")) {
		strv_add(test, "NONE");
		return 0;
	}
	if (!json_is_array(list) || !first) {
		strv_add(test, "CMD-SHELL");
		strv_add(test, text);
		return 0;
	}
	if (strcmp(first, "CMD") != 0 && strcmp(first, "CMD-SHELL") != 0)
		strv_add(test, "CMD");
	json_array_foreach (list, i, item) {
		if (!json_is_string(item))
			return error_set(err, ERR_USAGE, "--health-cmd: must be a list of strings");
		strv_add(test, json_string_value(item));
	}
	return 0;
}

/* 0 means "not given" in an image, and to docker on the command line, too. */
static int64_t over(int64_t asked, const struct healthcheck *image, int64_t value)
{
	if (asked != UNSET && asked != 0)
		return asked;
	return image ? value : UNSET;
}

static const char *first_value(const struct run_request *r)
{
	const struct {
		const char *option;
		bool given;
	} all[] = {
		{ "--health-interval", r->health_interval != UNSET },
		{ "--health-timeout", r->health_timeout != UNSET },
		{ "--health-start-period", r->health_start_period != UNSET },
		{ "--health-start-interval", r->health_start_interval != UNSET },
		{ "--health-retries", r->health_retries != UNSET },
		{ "--health-on-failure",
		  r->health_on_failure && strcmp(r->health_on_failure, "none") != 0 },
		{ "--sdnotify healthy", str_eq(r->sdnotify, "healthy") },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i].given)
			return all[i].option;
	return NULL;
}

int healthcheck_merge(const struct run_request *r, const struct image_settings *image,
		      struct healthcheck *out, struct error *err)
{
	const struct healthcheck *from = image ? image->healthcheck : NULL;
	const char *option = first_value(r);

	fields_init(healthcheck_fields, out);
	if (r->no_healthcheck) {
		strv_add(&out->test, "NONE");
	} else if (!str_empty(r->health_cmd)) {
		if (command_parse(r->health_cmd, &out->test, err) < 0)
			return -1;
	} else if (from) {
		strv_copy(&out->test, &from->test);
	}
	if (option && (out->test.n == 0 || str_eq(out->test.v[0], "NONE")))
		return error_set(err, ERR_USAGE,
				 "%s: neither --health-cmd nor the image has a health check", option);
	if (out->test.n == 0)
		return 0;
	out->interval = over(r->health_interval, from, from ? from->interval : 0);
	out->timeout = over(r->health_timeout, from, from ? from->timeout : 0);
	out->start_period = over(r->health_start_period, from, from ? from->start_period : 0);
	out->start_interval = over(r->health_start_interval, from, from ? from->start_interval : 0);
	out->retries = over(r->health_retries, from, from ? from->retries : 0);
	return 0;
}

static int64_t or_default(int64_t value, int64_t otherwise)
{
	return value == UNSET || value <= 0 ? otherwise : value;
}

static int command_make(const struct strv *test, const struct image_settings *image,
			struct strv *command, struct error *err)
{
	const char *kind = test->n ? test->v[0] : "NONE";

	if (strcmp(kind, "NONE") == 0)
		return 0;
	if (strcmp(kind, "CMD-SHELL") == 0 && image && image->shell.n) {
		strv_copy(command, &image->shell);
	} else if (strcmp(kind, "CMD-SHELL") == 0) {
		strv_add(command, "/bin/sh");
		strv_add(command, "-c");
	} else if (strcmp(kind, "CMD") != 0) {
		return error_set(err, ERR_INVALID,
				 "health check of the image: '%.40s' is none of "
				 "NONE, CMD, CMD-SHELL",
				 kind);
	}
	if (test->n < 2)
		return error_set(err, ERR_INVALID, "health check: %s has no command", kind);
	for (size_t i = 1; i < test->n; i++)
		strv_add(command, test->v[i]);
	return 0;
}

int health_plan_make(const struct run_request *r, const struct image_settings *image,
		     struct health_plan *plan, struct error *err)
{
	auto_done(healthcheck) struct healthcheck h = { 0 };

	if (healthcheck_merge(r, image, &h, err) < 0 ||
	    command_make(&h.test, image, &plan->command, err) < 0)
		return -1;
	plan->interval_ns = or_default(h.interval, INTERVAL);
	plan->timeout_ns = or_default(h.timeout, TIMEOUT);
	plan->start_period_ns = or_default(h.start_period, 0);
	plan->start_interval_ns = or_default(h.start_interval, START_INTERVAL);
	plan->retries = or_default(h.retries, RETRIES);
	return health_action_parse(r->health_on_failure, &plan->on_failure, err);
}
