/*
 * notes.c - the plain progress of commands that are not build.
 */
#include "notes.h"

#include "output.h"
#include "util/text.h"

static void report(void *arg, const struct progress_report *r)
{
	if (r->event == PROGRESS_NOTE && r->text)
		report_note("%s", r->text);
}

const struct progress notes_progress = { report, NULL };

/* The limit that the request has, as "32MiB"; "" when it has none. */
static void limit_text(const struct container *c, char *text, size_t size)
{
	struct error ignored = { 0 }; /* then it is not told */
	struct run_request r;

	text[0] = '\0';
	run_request_init(&r);
	if (container_request(c, &r, NULL, &ignored) == 0 && r.limits.memory > 0)
		text_size_binary(r.limits.memory, text, size);
	run_request_done(&r);
}

void note_oom(struct app *app, struct container *c, const struct start_result *result)
{
	struct error ignored = { 0 }; /* gone already: nothing to tell */
	char limit[32];
	bool killed = result->oom_killed;

	/* its monitor was another process */
	if (!killed && result->exit_code == 137 && !c->record.auto_remove && !result->detached)
		killed = container_refresh(&app->store, c, &ignored) == 0 && c->state.oom_killed;
	if (!killed)
		return;
	limit_text(c, limit, sizeof(limit));
	report_note("%s '%s' was killed for want of memory%s%s",
		    result->exit_code == 137 ? "container" : "a process of container",
		    c->record.name ? c->record.name : c->id, limit[0] ? ": its limit is " : "",
		    limit);
}
