/*
 * workers.c - stages built side by side, each in a process of its own.
 *
 * Theory of operation: a stage whose stages before it are done may begin. When only one may, it is
 * built here; else each is built by a fork of this process, which shares all that was read so far
 * and tells what happens through a socket: first what there is to show, at last the state of its
 * stage, or its error. It never removes anything of the build's own, and dies with us. When one
 * fails the others are killed: what they were making is swept, what they finished is in the cache.
 *
 *	worker		builder
 *	  |- REPORT ------>|  shown
 *	  |- DONE -------->|  the state of the stage, what was learnt; or
 *	  |- FAILED ------>|  the error and the exit code
 */
#include "workers.h"
#include "util/fd.h"
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

enum frame_type { FRAME_REPORT = 1, FRAME_DONE, FRAME_FAILED };
struct frame_head {
	uint32_t type, size;
};
#define FRAME_MAX (256 << 20) /* a stage's state with all that was learnt about files */

#define STOP_TRIES    150
#define STOP_PAUSE_NS 20000000L

struct worker {
	size_t stage;
	pid_t pid;
	int sock;
	bool answered;
	bool slot; /* it has one: all but the first */
};
struct workers {
	struct builder *b;
	size_t jobs;
	VEC(struct worker) running;
	bool *begun;
	bool waiting; /* a stage may begin as soon as there is a slot */
};

/* ---- in the worker ---- */

static volatile sig_atomic_t stopping;

static void on_stop(int sig)
{
	stopping = 1;
}

bool worker_stopping(void)
{
	return stopping;
}

static int send_frame(int sock, enum frame_type type, const struct str *payload, struct error *err)
{
	struct frame_head head = { type, (uint32_t)payload->len };

	if (fd_write_all(sock, &head, sizeof(head), err) < 0)
		return -1;
	return fd_write_all(sock, str_get(payload), payload->len, err);
}

static void send_report(void *arg, const struct progress_report *r)
{
	auto_done(str) struct str payload = { 0 };
	struct error gone = { 0 }; /* then nobody is there to be told */

	wire_put_report(&payload, r);
	send_frame(*(const int *)arg, FRAME_REPORT, &payload, &gone);
}

/* Does not return. */
static void work(struct builder *b, size_t stage, int sock, pid_t parent)
{
	struct sigaction stop = { .sa_handler = on_stop }; /* it interrupts what waits */
	auto_done(str) struct str payload = { 0 };
	struct error err = { 0 };
	size_t n_stats = b->context.stats.added.n;

	sigaction(SIGTERM, &stop, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	b->e->progress = (struct progress){ send_report, &sock };
	/* what it adds to these is told; what was there before is known */
	b->share.notes.n = 0;
	b->result->warnings.n = 0;
	if (stage_build(b, stage, &err) < 0) {
		wire_put_int(&payload, *b->exit_code);
		wire_put(&payload, &err, sizeof(err));
		send_frame(sock, FRAME_FAILED, &payload, &err);
		_exit(1);
	}
	wire_put_stage(&payload, b, stage, n_stats);
	_exit(send_frame(sock, FRAME_DONE, &payload, &err) < 0);
}

/* ---- in the builder ---- */

static int start(struct workers *w, size_t stage, struct error *err)
{
	pid_t parent = getpid();
	struct worker *worker;
	int socks[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks) < 0)
		return error_sys(err, "make a socket");
	pid = fork();
	if (pid < 0) {
		error_sys(err, "fork");
		close(socks[0]);
		close(socks[1]);
		return -1;
	}
	if (pid == 0)
		work(w->b, stage, socks[1], parent);
	close(socks[1]);
	worker = vec_add(&w->running);
	*worker = (struct worker){
		.stage = stage, .pid = pid, .sock = socks[0], .slot = w->running.n > 1
	};
	w->begun[stage] = true;
	return 0;
}

/* It has come to its end; one of the others is the first now. */
static void remove_worker(struct workers *w, size_t i)
{
	bool slot = w->running.v[i].slot;

	vec_remove(&w->running, i);
	if (!slot && w->running.n) {
		w->running.v[0].slot = false;
		slot = true;
	}
	if (slot)
		slot_give(&w->b->slots);
}

static int take_failure(struct builder *b, struct wire *in, struct error *err)
{
	int64_t code;
	struct error theirs;

	if (!wire_int(in, &code) || !wire_get(in, &theirs, sizeof(theirs)))
		return error_set(err, ERR_BUG, "a worker's error is cut short");
	*b->exit_code = (int)code;
	*err = theirs;
	return -1;
}

static int take_frame(struct builder *b, struct worker *w, const struct frame_head *head,
		      struct wire *in, struct error *err)
{
	switch (head->type) {
	case FRAME_REPORT:
		wire_replay_report(in, &b->e->progress);
		return 0;
	case FRAME_DONE:
		w->answered = true;
		return wire_take_stage(in, b, w->stage, err);
	case FRAME_FAILED:
		w->answered = true;
		return take_failure(b, in, err);
	default:
		return error_set(err, ERR_BUG, "a worker says %u", head->type);
	}
}

/* 1; 0: the worker is at its end. */
static int receive(struct builder *b, struct worker *w, struct error *err)
{
	auto_done(str) struct str payload = { 0 };
	struct frame_head head;
	struct wire in;
	ssize_t n = fd_read_full(w->sock, &head, sizeof(head), err);

	if (n < 0)
		return -1;
	if (n == 0)
		return 0;
	if ((size_t)n < sizeof(head) || head.size > FRAME_MAX)
		return error_set(err, ERR_BUG, "a worker's message is cut short");
	str_reserve(&payload, head.size + 1);
	if (fd_read_full(w->sock, payload.s, head.size, err) != (ssize_t)head.size)
		return err->kind ? -1 : error_set(err, ERR_BUG, "a worker's message is cut short");
	payload.len = head.size;
	in = (struct wire){ payload.s, payload.len };
	return take_frame(b, w, &head, &in, err) < 0 ? -1 : 1;
}

static int reap(struct worker *w, struct error *err)
{
	int status = 0;

	close(w->sock);
	while (waitpid(w->pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_sys(err, "wait for a worker");
	if (w->answered)
		return 0;
	return error_set(err, ERR_FAILED, "the process that built stage %zu was killed by signal %d",
			 w->stage, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

static int wait_for_one(struct workers *w, struct error *err)
{
	struct pollfd *p = xcalloc(w->running.n + 1, sizeof(*p));
	int r = 0;

	for (size_t i = 0; i < w->running.n; i++)
		p[i] = (struct pollfd){ w->running.v[i].sock, POLLIN, 0 };
	p[w->running.n] = (struct pollfd){ w->waiting ? w->b->slots.free[0] : -1, POLLIN, 0 };
	if (poll(p, (nfds_t)w->running.n + 1, -1) < 0)
		r = errno == EINTR ? error_set(err, ERR_INTERRUPTED, "interrupted")
				   : error_sys(err, "wait for workers");
	for (size_t i = w->running.n; r == 0 && i-- > 0;) {
		int got;

		if (!p[i].revents)
			continue;
		got = receive(w->b, &w->running.v[i], err);
		if (got == 0) {
			r = reap(&w->running.v[i], err);
			remove_worker(w, i);
		} else if (got < 0) {
			r = -1;
		}
	}
	free(p);
	return r;
}

static bool any_alive(const struct workers *w)
{
	siginfo_t info;

	vec_each (&w->running, r) {
		info.si_pid = 0;
		if (waitid(P_PID, (id_t)r->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		    info.si_pid == 0)
			return true;
	}
	return false;
}

/*
 * They are asked first, so that they undo their mounts; again and again, since a signal that comes
 * just before a worker begins to wait does not wake it.
 */
static void kill_all(struct workers *w)
{
	struct error ignored = { 0 }; /* why it ended is known already */

	if (!w->running.n)
		return;
	for (int i = 0; i < STOP_TRIES && any_alive(w); i++) {
		vec_each (&w->running, r)
			kill(r->pid, SIGTERM);
		nanosleep(&(struct timespec){ .tv_nsec = STOP_PAUSE_NS }, NULL);
	}
	vec_each (&w->running, r)
		kill(r->pid, SIGKILL);
	vec_each (&w->running, r)
		reap(r, &ignored);
	vec_done(&w->running);
	error_clear(&ignored);
	staging_sweep(w->b->st, true, &ignored);
}

/* Are all stages that it takes from done? */
static bool may_begin(struct builder *b, size_t index)
{
	const struct stage *st = &b->stages.v.v[index];
	auto_done(strv) struct strv names = { 0 };
	struct error ignored = { 0 }; /* the stage itself will say so */

	if (st->base_stage >= 0 && !b->states[st->base_stage].done)
		return false;
	for (size_t k = 0; k < st->n; k++)
		instruction_origins(&b->df.list.v[st->first + k], &names);
	strv_each (&names, i) {
		size_t other;

		if (!named_find(b->r, names.v[i]) &&
		    stage_find(&b->stages, names.v[i], index, &other, &ignored) == 1 &&
		    !b->states[other].done)
			return false;
	}
	return true;
}

/* Begins what may begin; alone, a stage is built here. */
static int begin_some(struct workers *w, struct error *err)
{
	struct builder *b = w->b;
	VEC(size_t) ready = { 0 };
	int r = 0;

	for (size_t i = 0; i < b->stages.v.n; i++)
		if (b->stages.v.v[i].needed && !w->begun[i] && may_begin(b, i))
			vec_push(&ready, i);
	w->waiting = false;
	if (ready.n && (ready.n == 1 || w->jobs == 1) && w->running.n == 0) {
		w->begun[ready.v[0]] = true;
		r = stage_build(b, ready.v[0], err);
	} else {
		for (size_t i = 0; r == 0 && !w->waiting && i < ready.n; i++)
			if (w->running.n == 0 || slot_take(&b->slots))
				r = start(w, ready.v[i], err);
			else
				w->waiting = true;
	}
	vec_done(&ready);
	return r;
}

static bool all_done(const struct builder *b)
{
	for (size_t i = 0; i < b->stages.v.n; i++)
		if (b->stages.v.v[i].needed && !b->states[i].done)
			return false;
	return true;
}

int workers_build(struct builder *b, size_t jobs, struct error *err)
{
	struct workers w = { .b = b, .jobs = jobs, .begun = xcalloc(b->stages.v.n, sizeof(bool)) };
	int r = slots_open(&b->slots, jobs - 1, err);

	while (r == 0 && !all_done(b)) {
		r = begin_some(&w, err);
		if (r == 0 && w.running.n)
			r = wait_for_one(&w, err);
	}
	while (r == 0 && w.running.n) /* they have answered and come to their end */
		r = wait_for_one(&w, err);
	kill_all(&w);
	slots_close(&b->slots);
	vec_done(&w.running);
	free(w.begun);
	return r;
}
