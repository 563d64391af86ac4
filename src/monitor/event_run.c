/*
 * event_run.c - what happens to a container that runs, told in the journal of events.
 *
 * What happens at one time is one write.
 */
#include "event_run.h"

#include "monitor_private.h"
#include "store/event.h"
#include "util/text.h"

#include <stdio.h>

static void add_networks(struct monitor *m, const char *action, struct str *lines)
{
	if (!m->job->net)
		return;
	vec_each (&m->job->net->lease.attachments, a) {
		const struct event_pair pairs[] = { { "container", m->c->id },
						    { "name", a->network },
						    { "type", m->job->net->mode } };

		event_format_object(lines, "network", action, a->network_id ? a->network_id : "",
				    pairs, ARRAY_SIZE(pairs));
	}
}

static void add_volumes(struct monitor *m, const char *action, struct str *lines)
{
	vec_each (&m->c->record.mounts, mount) {
		const struct event_pair pairs[] = { { "container", m->c->id },
						    { "destination", mount->destination },
						    { "driver", "local" },
						    { "read/write", mount->rw ? "true" : "false" } };

		if (mount->name && str_eq(mount->type, "volume"))
			event_format_object(lines, "volume", action, mount->name, pairs,
					    ARRAY_SIZE(pairs));
	}
}

void event_started(struct monitor *m)
{
	auto_done(str) struct str lines = { 0 };

	add_networks(m, "connect", &lines);
	add_volumes(m, "mount", &lines);
	event_format(&lines, m->c, "start", NULL, 0);
	event_append(m->job->store, &lines);
}

void event_ended(struct monitor *m)
{
	const struct container_state *s = &m->c->state;
	auto_done(str) struct str lines = { 0 };
	char code[16], seconds[24];
	const struct event_pair pairs[] = { { "execDuration", seconds },
					    { "exitCode", code },
					    { "oomKilled", s->oom_killed ? "true" : NULL } };

	snprintf(code, sizeof(code), "%lld", (long long)s->exit_code);
	snprintf(seconds, sizeof(seconds), "%lld",
		 (long long)((s->finished_ns - s->started_ns) / NSEC_PER_SEC));
	if (s->oom_killed)
		event_format(&lines, m->c, "oom", NULL, 0);
	event_format(&lines, m->c, "die", pairs, ARRAY_SIZE(pairs));
	add_networks(m, "disconnect", &lines);
	add_volumes(m, "unmount", &lines);
	event_append(m->job->store, &lines);
}

static void format_health(const struct monitor *m, enum health_status status, struct str *line)
{
	char action[40];

	snprintf(action, sizeof(action), "health_status: %s", health_status_name(status));
	str_clear(line);
	event_format(line, m->c, action, NULL, 0);
}

void event_health(struct monitor *m, enum health_status status, struct str *line)
{
	format_health(m, status, line);
	event_append(m->job->store, line);
}

void event_health_reserve(const struct monitor *m, struct str *line)
{
	format_health(m, HEALTH_IS_BAD, line); /* the longest */
	str_reserve(line, 64);		       /* the time's digits */
}
