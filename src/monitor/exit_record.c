/*
 * exit_record.c - state.json, whose only writer is the monitor.
 *
 * The start record names the process so that it cannot be mistaken: its number, when it began, and
 * in which boot. The exit record is written once, before anything else is done about the end.
 */
#include "exit_record.h"
#include "util/proc.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int exit_code_of(const siginfo_t *info)
{
	return info->si_code == CLD_EXITED ? info->si_status : 128 + info->si_status;
}

static void set_text(char **member, const char *value)
{
	free(*member);
	*member = xstrdup_or_null(value);
}

static int boot_id(struct container_state *s, struct error *err)
{
	auto_done(str) struct str id = { 0 };

	if (boot_id_read(&id, err) < 0)
		return -1;
	set_text(&s->boot_id, str_get(&id));
	return 0;
}

int record_running(struct store *st, struct container *c, const struct runtime_process *p,
		   struct error *err)
{
	struct container_state *s = &c->state;

	s->pid = p->pid;
	s->pid_start = process_start_time(p->pid, NULL);
	if (s->pid_start < 0)
		s->pid_start = 0; /* it has ended already: there is nobody to mistake it for */
	s->monitor_pid = getpid();
	s->started_ns = time_now_ns();
	s->finished_ns = 0;
	s->exit_code = UNSET;
	s->oom_killed = false;
	set_text(&s->error, NULL);
	set_text(&s->reason, NULL);
	set_text(&s->report, NULL);
	set_text(&s->cgroup, p->cgroup);
	if (boot_id(s, err) < 0)
		return -1;
	return container_state_save(st, c, false, err);
}

void record_exit(struct container *c, const siginfo_t *info, const struct rusage *usage,
		 enum exit_cause cause)
{
	struct container_state *s = &c->state;
	int code = exit_code_of(info);

	s->finished_ns = time_now_ns();
	free(s->report);
	s->report = runtime_usage(s->cgroup, usage, &s->oom_killed);
	if (cause == EXIT_TIMEOUT)
		code = 124;
	else if (cause == EXIT_TIMEOUT_KILLED)
		code = 128 + SIGKILL;
	s->exit_code = code;
	set_text(&s->reason, cause == EXIT_UNHEALTHY	    ? "unhealthy"
			     : cause != EXIT_ITSELF	    ? "timeout"
			     : s->oom_killed && code == 137 ? "oom"
			     : info->si_code == CLD_EXITED  ? "exited"
							    : "signal");
}

static int code_of_failure(const struct error *why)
{
	return why->kind == ERR_NOCOMMAND ? 127 : why->kind == ERR_NOEXEC ? 126 : 125;
}

void record_failure(struct store *st, struct container *c, const struct error *why)
{
	struct error ignored = { 0 }; /* the caller is told of the first error */
	char text[ERROR_LINE_MAX];

	set_text(&c->state.error, error_text(why, text, sizeof(text)));
	c->state.exit_code = code_of_failure(why);
	c->state.pid = c->state.monitor_pid = 0;
	if (st)
		container_state_save(st, c, false, &ignored);
}
