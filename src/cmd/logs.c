/*
 * logs.c - `hod logs`: what a container has printed.
 */
#include "commands.h"

#include "monitor/log_reader.h"
#include "operands.h"
#include "util/text.h"

#include <errno.h>
#include <unistd.h>

struct logs_args {
	bool follow, timestamps, details, names;
	char *since, *until, *tail;
};
static const struct opt opts[] = {
	OPT_FLAG('f', "follow", logs_args, follow, "go on until the container ends"),
	OPT_FLAG('t', "timestamps", logs_args, timestamps, "put the time before each line"),
	OPT_STRING(0, "since", logs_args, since, "TIME", "from this time on, or so long ago (10m)"),
	OPT_STRING(0, "until", logs_args, until, "TIME", "up to this time, or so long ago"),
	OPT_STRING('n', "tail", logs_args, tail, "N", "the last N lines, or all"),
	OPT_FLAG(0, "details", logs_args, details, "put the container's labels before each line"),
	OPT_FLAG(0, "names", logs_args, names, "put the container's name before each line"),
	OPT_END,
};

static int parse_when(const char *option, const char *text, int64_t *ns, struct error *err)
{
	*ns = UNSET;
	if (text && !text_parse_time(text, time_now_ns(), ns))
		return error_set(err, ERR_USAGE, "%s '%s': must be a time or a duration", option,
				 text);
	return 0;
}

/* What stands before each line; NULL: nothing. Yours. */
static char *make_prefix(const struct logs_args *args, const struct container *c)
{
	struct str s = { 0 };

	if (args->names)
		str_addf(&s, "%s ", c->record.name);
	for (size_t i = 0; args->details && i < c->record.labels.n; i++)
		str_addf(&s, "%s%s=%s", i ? "," : "", c->record.labels.v[i].key,
			 c->record.labels.v[i].value);
	if (args->details && c->record.labels.n)
		str_addc(&s, ' ');
	return s.len ? str_take(&s) : NULL;
}

/* What is asked of each log. */
struct logs_query {
	const struct logs_args *args;
	struct log_query q;
};

static int show_log(struct app *app, const char *name, const void *arg, struct error *err)
{
	const struct logs_query *query = arg;
	struct log_query q = query->q;
	auto_done(container) struct container c;
	auto_free char *prefix = NULL;

	container_init(&c);
	if (need_container(app, name, &c, err) < 0)
		return -1;
	q.prefix = prefix = make_prefix(query->args, &c);
	if (log_read(&app->store, &c, &q, STDOUT_FILENO, STDERR_FILENO, err) < 0)
		return error_add(err, "log of '%s'", name);
	return 0;
}

static int logs_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct logs_args *args = arg;
	struct logs_query query = {
		.args = args,
		.q = { .follow = args->follow, .timestamps = args->timestamps, .tail = UNSET }
	};
	uint64_t tail;

	if (parse_when("--since", args->since, &query.q.since_ns, err) < 0 ||
	    parse_when("--until", args->until, &query.q.until_ns, err) < 0)
		return -1;
	if (args->tail && str_u64(args->tail, &tail) && tail <= INT64_MAX)
		query.q.tail = (int64_t)tail; /* what is no number means all, as docker has it */
	return operands_each(app, operands, show_log, &query, false, err);
}

const struct command cmd_logs = {
	.name = "logs",
	.operands = "CONTAINER...",
	.summary = "show what containers have printed",
	.opts = opts,
	.args_size = sizeof(struct logs_args),
	.needs = NEED_STORE_READ,
	.min = 1,
	.max = -1,
	.run = logs_run,
	.failure = 1,
};
