/*
 * ahead.c - COPYs of a stage made before their turn.
 *
 * Never  lets a fork's failure be more than work lost: the step itself will meet the reason.
 */
#include "ahead.h"
#include "builder.h"
#include "util/fd.h"
#include "util/log.h"
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define RESULT_MAX (256 << 20)

/* ---- the result on the wire ---- */

static void put_result(struct str *out, const struct builder *b, const struct ahead_result *r,
		       size_t n_stats)
{
	size_t n_new = b->context.stats.added.n - n_stats;

	wire_put(out, &r->layer, sizeof(r->layer));
	wire_put(out, r->sources, sizeof(r->sources));
	wire_put(out, r->outline, sizeof(r->outline));
	wire_put_int(out, r->skipped);
	wire_put_int(out, (int64_t)n_new);
	if (n_new)
		wire_put(out, b->context.stats.added.v + n_stats,
			 n_new * sizeof(*b->context.stats.added.v));
	wire_put_int(out, (int64_t)r->looks.v.n);
	vec_each (&r->looks.v, i) {
		wire_put(out, i, sizeof(*i));
		wire_put_string(out, i->path);
	}
}

static bool get_result(struct wire *in, struct builder *b, struct ahead_result *r)
{
	int64_t n;

	if (!wire_get(in, &r->layer, sizeof(r->layer)) ||
	    !wire_get(in, r->sources, sizeof(r->sources)) ||
	    !wire_get(in, r->outline, sizeof(r->outline)) || !wire_int(in, &r->skipped) ||
	    !wire_int(in, &n))
		return false;
	for (int64_t i = 0; i < n; i++)
		if (!wire_get(in, vec_add(&b->context.stats.added), sizeof(*b->context.stats.added.v)))
			return false;
	if (!wire_int(in, &n))
		return false;
	for (int64_t i = 0; i < n; i++) {
		struct look *l = vec_add(&r->looks.v);
		char *path = NULL;
		bool whole = wire_get(in, l, sizeof(*l)) && wire_string(in, &path) && path;

		l->path = path;
		if (!whole)
			return false;
	}
	return true;
}

void ahead_result_done(struct ahead_result *r)
{
	looks_done(&r->looks);
}

/* ---- in the fork ---- */

/* What changes settings only: between COPYs it is carried out here too. */
static bool is_setting(const struct instruction *in)
{
	static const char *const names[] = { "ARG",	"CMD",	       "ENTRYPOINT", "ENV",
					     "EXPOSE",	"HEALTHCHECK", "LABEL",	     "MAINTAINER",
					     "ONBUILD", "SHELL",       "STOPSIGNAL", "USER",
					     "VOLUME" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (instruction_is(in, names[i]))
			return true;
	return false;
}

static int make(struct builder *b, size_t at, struct ahead_result *result, struct error *err)
{
	struct stage_state *s = &b->states[b->stage];

	for (size_t i = b->at + 1; i < at; i++)
		if (is_setting(&b->df.list.v[i]) && stage_perform(b, s, &b->df.list.v[i], err) < 0)
			return -1;
	b->at = at;
	b->making = result;
	return stage_perform(b, s, &b->df.list.v[at], err);
}

/* Does not return, and leaves by no other way: all that it shares with its maker stays as it is. */
static void work(struct builder *b, size_t at, int sock, pid_t parent)
{
	auto_done(str) struct str out = { 0 };
	size_t n_stats = b->context.stats.added.n;
	struct ahead_result result = { 0 };
	struct error err = { 0 };
	char why[256];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	/* its maker's lock is not to live longer than its maker wants it */
	auto_close_fd(&b->step_lock);
	b->step_lock = -1;
	vec_each (&b->ahead.v, j)
		auto_close_fd(&j->sock);
	b->ahead.v.n = 0;
	b->e->progress = (struct progress){ 0 };
	if (make(b, at, &result, &err) < 0) {
		log_debug("build: not made ahead: %s", error_text(&err, why, sizeof(why)));
		_exit(1);
	}
	put_result(&out, b, &result, n_stats);
	_exit(fd_write_all(sock, out.s, out.len, &err) < 0);
}

/* ---- in the builder ---- */

static bool may_begin(struct builder *b, const struct instruction *in)
{
	const char *from = instruction_flag(in, "from");
	struct error ignored = { 0 }; /* the step itself will say so */
	size_t index;

	if (!instruction_is(in, "COPY") && !instruction_is(in, "ADD"))
		return false;
	if (!from)
		return true;
	return !named_find(b->r, from) &&
	       stage_find(&b->stages, from, b->stage, &index, &ignored) == 1 &&
	       b->states[index].done;
}

static bool has_begun(const struct builder *b, size_t at)
{
	vec_each (&b->ahead.v, j)
		if (j->at == at)
			return true;
	return false;
}

static bool begin(struct builder *b, const struct stage_state *s, size_t at)
{
	pid_t parent = getpid(), pid;
	struct ahead_job *j;
	int socks[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks) < 0)
		return false;
	pid = fork();
	if (pid == 0)
		work(b, at, socks[1], parent);
	close(socks[1]);
	if (pid < 0) {
		close(socks[0]);
		return false;
	}
	j = vec_add(&b->ahead.v);
	*j = (struct ahead_job){ at, s->layers.n, pid, socks[0] };
	return true;
}

void ahead_begin(struct builder *b, const struct stage_state *s)
{
	const struct stage *st = &b->stages.v.v[b->stage];

	if (b->making)
		return;
	for (size_t i = b->at + 1; b->at >= st->first && i < st->first + st->n; i++) {
		const struct instruction *in = &b->df.list.v[i];

		if (has_begun(b, i) || is_setting(in))
			continue;
		if (!instruction_is(in, "COPY") && !instruction_is(in, "ADD"))
			return;
		if (!may_begin(b, in))
			continue;
		if (!slot_take(&b->slots))
			return;
		if (!begin(b, s, i)) {
			slot_give(&b->slots);
			return;
		}
	}
}

static void end(struct builder *b, struct ahead_job *j, bool now)
{
	if (now)
		kill(j->pid, SIGKILL);
	close(j->sock);
	while (waitpid(j->pid, NULL, 0) < 0 && errno == EINTR)
		;
	slot_give(&b->slots);
}

void ahead_stop(struct builder *b)
{
	struct error ignored = { 0 }; /* it is swept by who comes by */
	bool any = b->ahead.v.n > 0;

	vec_each (&b->ahead.v, j)
		end(b, j, true);
	vec_done(&b->ahead.v);
	if (any)
		staging_sweep(b->st, true, &ignored);
}

/* All that the fork says, to its end. */
static int receive(int sock, struct str *in, struct error *err)
{
	for (;;) {
		struct pollfd p = { sock, POLLIN, 0 };
		char buf[65536];
		ssize_t n;

		if (poll(&p, 1, -1) < 0)
			return errno == EINTR ? error_set(err, ERR_INTERRUPTED, "interrupted")
					      : error_sys(err, "wait for a COPY made ahead");
		n = read(sock, buf, sizeof(buf));
		if (n < 0)
			return error_sys(err, "receive what was made ahead");
		if (n == 0 || in->len > RESULT_MAX)
			return 0;
		str_addn(in, buf, (size_t)n);
	}
}

int ahead_take(struct builder *b, const struct stage_state *s, struct ahead_result *r,
	       struct error *err)
{
	auto_done(str) struct str text = { 0 };
	struct wire in;
	struct ahead_job job;
	size_t i = 0;
	int hold;

	while (i < b->ahead.v.n && b->ahead.v.v[i].at != b->at)
		i++;
	if (i == b->ahead.v.n)
		return 0;
	if (receive(b->ahead.v.v[i].sock, &text, err) < 0)
		return -1;
	job = b->ahead.v.v[i];
	vec_remove(&b->ahead.v, i);
	end(b, &job, false);
	in = (struct wire){ text.s, text.len };
	if (!text.len || !get_result(&in, b, r))
		return 0;
	hold = looks_hold(b->st, &r->looks, s->layers.v + job.n_layers, s->layers.n - job.n_layers,
			  b->epoch, err);
	log_debug("build: %s was made ahead%s", b->step_id, hold == 1 ? "" : ", in vain");
	return hold;
}
