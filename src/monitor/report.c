/*
 * report.c - the report at the end, as a file that a job's accounting can read.
 */
#include "report.h"

#include "util/fd.h"
#include "util/log.h"
#include "util/text.h"

static void add_text(struct str *out, const char *name, const char *value)
{
	str_addf(out, ",\"%s\":", name);
	str_add_json(out, value ? value : "");
}

static void add_time(struct str *out, const char *name, int64_t ns)
{
	char text[64];

	if (ns > 0)
		add_text(out, name, text_rfc3339nano(ns, text, sizeof(text)));
}

void report_write(int fd, const struct container *c)
{
	const struct container_state *s = &c->state;
	auto_done(str) struct str out = { 0 };
	auto_free char *digest = NULL;
	struct error e = { 0 };
	char text[ERROR_LINE_MAX];

	if (fd < 0)
		return;
	if (c->record.image_id)
		digest = xasprintf("sha256:%s", c->record.image_id);
	str_add(&out, "{\"id\":");
	str_add_json(&out, c->id);
	add_text(&out, "name", c->record.name);
	add_text(&out, "image", c->record.image);
	add_text(&out, "imageDigest", digest);
	add_time(&out, "startedAt", s->started_ns);
	add_time(&out, "finishedAt", s->finished_ns);
	if (s->started_ns > 0 && s->finished_ns >= s->started_ns)
		str_addf(&out, ",\"wallUsec\":%lld",
			 (long long)((s->finished_ns - s->started_ns) / 1000));
	if (s->exit_code != UNSET)
		str_addf(&out, ",\"exitCode\":%lld", (long long)s->exit_code);
	add_text(&out, "reason", s->reason);
	str_addf(&out, ",\"oomKilled\":%s", s->oom_killed ? "true" : "false");
	if (!str_empty(s->error))
		add_text(&out, "error", s->error);
	str_addf(&out, ",\"restarts\":%lld,\"usage\":%s}\n", (long long)s->restarts,
		 str_empty(s->report) ? "{}" : s->report);
	if (fd_write_all(fd, out.s, out.len, &e) < 0)
		log_warn("report: %s", error_text(&e, text, sizeof(text)));
}
