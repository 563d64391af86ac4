/*
 * streams.c - a container's stdout and stderr: pipe or terminal -> log, caller, attachers.
 *
 * The fast way moves pages: tee(2) from the container's pipe to the caller's, splice(2) from it to
 * the log. Everything else (terminals, files, sockets, attachers, the other log drivers, rotation)
 * reads into the stream's buffer and writes from there.
 */
#include "streams.h"
#include "attach_server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define MOVE_MAX     (1 << 20)
#define PIPE_DEFAULT (64 << 10) /* bytes, as the kernel makes one */
#define PIPE_GROWN   (1 << 20)
#define ROUNDS	     16 /* of one stream, before the others have their turn */
#define LOG_RETRY_MS 500

enum step { STEP_AGAIN, STEP_WAIT };

void stdio_init(struct stdio *io, struct loop *l, struct stdio_buffers *b)
{
	io->loop = l;
	io->log = NULL;
	io->server = NULL;
	io->draining = io->detached = io->log_full = io->resume = false;
	for (int i = 0; i < LOG_STREAMS; i++) {
		io->stream[i].from = (struct watch){ .fd = -1 };
		output_init(&io->stream[i].to, -1);
		io->stream[i].have = io->stream[i].teed = 0;
		io->stream[i].buffer = b->out[i];
	}
	io->input.from = io->input.to = (struct watch){ .fd = -1 };
	io->input.io = io;
	io->input.buffer = b->in;
	io->input.have = io->input.done = 0;
	io->input.ended = io->input.file = io->input.close_eof = false;
}

static void outflow_close(struct outflow *s)
{
	loop_close(s->io->loop, &s->from);
	output_done(&s->to, s->io->loop);
	s->have = s->teed = 0;
}

void stdio_done(struct stdio *io)
{
	if (!io->loop)
		return;
	for (int i = 0; i < LOG_STREAMS; i++)
		if (io->stream[i].from.fd >= 0)
			outflow_close(&io->stream[i]);
	input_close(&io->input);
	loop_watch(io->loop, &io->input.from, 0);
	io->input.from.fd = -1;
}

/*
 * The caller's end is broken. Whoever writes into the container's pipe gets SIGPIPE at its next
 * write, as it would without us in between; it is not ours to kill.
 */
static enum step caller_gone(struct outflow *s)
{
	outflow_close(s);
	return STEP_WAIT;
}

static void wait_for_caller(struct outflow *s)
{
	loop_watch(s->io->loop, &s->from, 0);
	loop_watch(s->io->loop, &s->to.w, EPOLLOUT);
}

/* Gives what is in the buffer to those who have not had it. */
static enum step outflow_push(struct outflow *s)
{
	struct stdio *io = s->io;
	bool full = false;

	if (io->log && s->logged < s->have) {
		s->logged +=
			log_write(io->log, s->number, s->buffer + s->logged, s->have - s->logged);
		io->log_full |= s->logged < s->have;
		full |= s->logged < s->have;
	}
	if (s->to.kind != OUTPUT_NONE && s->sent < s->have) {
		ssize_t n = output_write(&s->to, s->buffer + s->sent, s->have - s->sent);

		if (n < 0)
			return caller_gone(s);
		s->sent += (size_t)n;
		if (s->sent < s->have)
			wait_for_caller(s);
		full |= s->sent < s->have;
	}
	if (io->server)
		full |= !attach_server_output(io->server, s->number, s->buffer, s->have, !s->shown,
					      &s->paced);
	s->shown = true;
	if (full) {
		loop_watch(io->loop, &s->from, 0);
		return STEP_WAIT;
	}
	s->have = 0;
	loop_watch(io->loop, &s->to.w, 0);
	loop_watch(io->loop, &s->from, EPOLLIN);
	return STEP_AGAIN;
}

/* The container's end is empty (or broken): closed when no more can come. */
static enum step outflow_empty(struct outflow *s, ssize_t n)
{
	/* a terminal whose other side is closed says EIO */
	if (n == 0 || (errno != EAGAIN && errno != EINTR) || s->io->draining)
		outflow_close(s);
	return STEP_WAIT;
}

/* A program that fills its pipe need not wait for us each time; a refusal is no loss. */
static void outflow_grow(struct outflow *s)
{
	if (!s->grown)
		fcntl(s->from.fd, F_SETPIPE_SZ, PIPE_GROWN);
	s->grown = true;
}

static enum step outflow_copy(struct outflow *s)
{
	size_t want = s->teed ? MIN(s->teed, (size_t)STREAM_BUFFER) : STREAM_BUFFER;
	ssize_t n = read(s->from.fd, s->buffer, want);

	if (n <= 0)
		return outflow_empty(s, n);
	if (n == STREAM_BUFFER)
		outflow_grow(s);
	s->have = (size_t)n;
	s->logged = s->paced = 0;
	s->shown = false;
	s->sent = MIN(s->teed, s->have);
	s->teed -= s->sent;
	return outflow_push(s);
}

/* Is there anything to tee, and does the caller's pipe take it? */
static enum step outflow_tee_failed(struct outflow *s)
{
	struct pollfd p[] = { { .fd = s->from.fd, .events = POLLIN },
			      { .fd = s->to.w.fd, .events = POLLOUT } };

	if (errno == EPIPE) {
		s->to.failed = errno;
		return caller_gone(s);
	}
	if (errno != EAGAIN && errno != EINTR)
		return outflow_copy(s);
	poll(p, 2, 0);
	if (!(p[0].revents & (POLLIN | POLLHUP))) {
		errno = EAGAIN;
		return outflow_empty(s, -1);
	}
	if (!p[1].revents) {
		wait_for_caller(s);
		return STEP_WAIT;
	}
	return outflow_copy(s);
}

static bool can_move(const struct outflow *s)
{
	const struct stdio *io = s->io;

	return io->log && (!io->server || !attach_server_wants(io->server)) &&
	       (s->to.kind == OUTPUT_NONE || s->to.kind == OUTPUT_PIPE);
}

static enum step outflow_move(struct outflow *s)
{
	ssize_t n;

	if (s->to.kind == OUTPUT_PIPE && !s->teed) {
		n = tee(s->from.fd, s->to.w.fd, MOVE_MAX, SPLICE_F_NONBLOCK);
		if (n < 0)
			return outflow_tee_failed(s);
		if (n == 0)
			return outflow_empty(s, 0);
		s->teed = (size_t)n;
	}
	n = log_splice(s->io->log, s->number, s->from.fd, s->teed ? s->teed : MOVE_MAX, s->grown);
	if (n == LOG_MUST_COPY)
		return outflow_copy(s);
	if (n <= 0)
		return outflow_empty(s, n);
	s->teed -= s->teed ? (size_t)n : 0;
	if (n >= PIPE_DEFAULT)
		outflow_grow(s);
	/* what comes in small pieces is awaited rather than asked for again */
	return s->teed || n >= 4096 || s->io->draining ? STEP_AGAIN : STEP_WAIT;
}

static void outflow_pump(struct outflow *s)
{
	enum step next = STEP_AGAIN;

	if (s->have)
		next = outflow_push(s);
	for (int i = 0; i < ROUNDS && next == STEP_AGAIN && s->from.fd >= 0; i++)
		next = s->teed || can_move(s) ? outflow_move(s) : outflow_copy(s);
}

static void outflow_ready(struct watch *w, uint32_t events)
{
	outflow_pump(watch_owner(w, struct outflow, from));
}

static void outflow_caller_ready(struct watch *w, uint32_t events)
{
	struct outflow *s = watch_owner(w, struct outflow, to.w);

	loop_watch(s->io->loop, w, 0);
	loop_watch(s->io->loop, &s->from, EPOLLIN);
	outflow_pump(s);
}

void outflow_open(struct stdio *io, int number, int from, int to)
{
	struct outflow *s = &io->stream[number - 1];

	s->io = io;
	s->number = number;
	s->from = (struct watch){ .fd = from, .ready = outflow_ready };
	output_init(&s->to, to);
	s->to.w.ready = outflow_caller_ready;
	loop_watch(io->loop, &s->from, EPOLLIN);
}

static void resume(struct stdio *io)
{
	io->resume = io->log_full = false;
	for (int i = 0; i < LOG_STREAMS; i++)
		if (io->stream[i].from.fd >= 0 && io->stream[i].have)
			outflow_pump(&io->stream[i]);
	if (io->server && !input_busy(&io->input))
		attach_server_resume_input(io->server);
}

void stdio_turn(struct stdio *io, int timeout_ms)
{
	/* a full disk does not say when it has room again */
	if (io->log_full)
		timeout_ms = timeout_ms < 0 ? LOG_RETRY_MS : MIN(timeout_ms, LOG_RETRY_MS);
	loop_turn(io->loop, timeout_ms);
	if (io->resume || io->log_full)
		resume(io);
}

bool stdio_drain(struct stdio *io)
{
	bool done = true;

	io->draining = true;
	for (int i = 0; i < LOG_STREAMS; i++) {
		struct outflow *s = &io->stream[i];

		/* not where the caller is awaited: then the loop has to turn */
		if (s->from.fd >= 0 && !s->to.w.events)
			outflow_pump(s);
		done &= s->from.fd < 0;
	}
	return done;
}

int stdio_failed(const struct stdio *io)
{
	for (int i = 0; i < LOG_STREAMS; i++)
		if (io->stream[i].to.failed && io->stream[i].to.failed != EPIPE)
			return io->stream[i].to.failed;
	return 0;
}
