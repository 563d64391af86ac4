/*
 * attach.c - the client's side of attach: the user's terminal, pipes and signals <-> the socket.
 *
 * The conversation is drawn in attach_server.h. One message from the monitor is on its way out at a
 * time, and one piece of input on its way in; neither is read on before it went through.
 */
#include "attach_server.h"
#include "monitor/monitor.h"
#include "signals.h"
#include "terminal.h"
#include "util/fd.h"
#include "util/msg.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TYPED_MAX (MSG_PAYLOAD_MAX - 1 - DETACH_KEYS_MAX)

struct client {
	const struct attach_options *o;
	struct attach_result *result;
	struct loop loop;
	struct signals signals;
	struct terminal terminal;
	struct watch sock, in;
	struct output out[2];
	struct detach_keys keys;
	bool in_file; /* stdin cannot be waited for: it is read when the socket has room */
	bool ended, have_code;
	struct msg shown;	     /* what the container printed, being written */
	size_t shown_at;	     /* 0: none */
	char typed[MSG_PAYLOAD_MAX]; /* MSG_STDIO's payload, being sent */
	size_t typed_n;
	struct error error;
};

static void client_end(struct client *c)
{
	c->ended = true;
}

/* ---- from the container ---- */

static void missed(struct client *c, const struct msg *m)
{
	char note[96];
	uint64_t n = 0;
	int len;

	memcpy(&n, m->payload + 1, MIN(sizeof(n), (size_t)m->size - 1));
	len = snprintf(note, sizeof(note), "hod: %llu bytes of output were not shown: see the log%s",
		       (unsigned long long)n, c->terminal.raw ? "\r\n" : "\n");
	output_write(&c->out[1], note, (size_t)len);
}

/* Writes on at what was received; true when all of it is out. */
static bool show(struct client *c)
{
	struct output *to = &c->out[c->shown.payload[0] == ATTACH_ERR];
	ssize_t n;

	if (to->kind == OUTPUT_NONE) {
		c->shown_at = 0;
		return true;
	}
	n = output_write(to, c->shown.payload + c->shown_at, c->shown.size - c->shown_at);
	if (n < 0) {
		c->error = (struct error){ 0 };
		errno = to->failed;
		error_sys(&c->error, "write to standard %s", to == c->out ? "output" : "error");
		client_end(c);
		return false;
	}
	c->shown_at += (size_t)n;
	if (c->shown_at < c->shown.size) {
		loop_watch(&c->loop, &c->sock, c->sock.events & ~(uint32_t)EPOLLIN);
		loop_watch(&c->loop, &to->w, EPOLLOUT);
		return false;
	}
	c->shown_at = 0;
	loop_watch(&c->loop, &to->w, 0);
	loop_watch(&c->loop, &c->sock, c->sock.events | EPOLLIN);
	return true;
}

static void out_ready(struct client *c)
{
	if (c->shown_at)
		show(c);
}

static void out0_ready(struct watch *w, uint32_t events)
{
	out_ready(watch_owner(w, struct client, out[0].w));
}

static void out1_ready(struct watch *w, uint32_t events)
{
	out_ready(watch_owner(w, struct client, out[1].w));
}

static void on_exit_code(struct client *c, const struct msg *m)
{
	int32_t code = 0;

	memcpy(&code, m->payload, MIN(sizeof(code), (size_t)m->size));
	c->result->exit_code = code;
	c->have_code = true;
	client_end(c);
}

static void on_message(struct client *c)
{
	const struct msg *m = &c->shown;

	if (m->type == MSG_EXIT) {
		on_exit_code(c, m);
	} else if (m->type == MSG_STDIO && m->size > 1 && m->payload[0] == ATTACH_MISSED) {
		missed(c, m);
	} else if (m->type == MSG_STDIO && m->size > 1) {
		c->shown_at = 1;
		show(c);
	} else if (m->type == MSG_ERROR && m->size == sizeof(c->error)) {
		memcpy(&c->error, m->payload, sizeof(c->error));
		c->error.text[sizeof(c->error.text) - 1] = 0;
		c->error.hint[sizeof(c->error.hint) - 1] = 0;
		client_end(c);
	}
}

/* ---- to the container ---- */

static bool send_or_wait(struct client *c, enum msg_type type, const void *payload, size_t n)
{
	struct error e = { 0 };

	if (msg_send(c->sock.fd, type, payload, n, -1, &e) == 0)
		return true;
	if (e.sys != EAGAIN)
		return true; /* it is gone: reading from it will say so */
	return false;
}

static void input_done(struct client *c)
{
	bool more = c->in.fd >= 0;

	c->typed_n = 0;
	loop_watch(&c->loop, &c->in, more && !c->in_file ? EPOLLIN : 0);
	loop_watch(&c->loop, &c->sock,
		   (c->sock.events & EPOLLIN) | (more && c->in_file ? EPOLLOUT : 0));
}

static void input_send(struct client *c)
{
	if (send_or_wait(c, MSG_STDIO, c->typed, c->typed_n)) {
		input_done(c);
		return;
	}
	loop_watch(&c->loop, &c->in, 0);
	loop_watch(&c->loop, &c->sock, c->sock.events | EPOLLOUT);
}

static void input_read(struct client *c)
{
	char bytes[TYPED_MAX];
	ssize_t n = read(c->in.fd, bytes, sizeof(bytes));
	size_t kept = 0;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	c->typed[0] = ATTACH_IN;
	if (n <= 0) {
		loop_watch(&c->loop, &c->in, 0);
		c->in.fd = -1;
		n = 0;
	}
	c->result->detached = detach_keys_filter(&c->keys, bytes, (size_t)n, c->typed + 1, &kept);
	if (kept || n == 0) {
		c->typed_n = kept + 1;
		input_send(c);
	}
	if (c->result->detached)
		client_end(c);
}

static void in_ready(struct watch *w, uint32_t events)
{
	struct client *c = watch_owner(w, struct client, in);

	if (!c->typed_n)
		input_read(c);
}

static void sock_ready(struct watch *w, uint32_t events)
{
	struct client *c = watch_owner(w, struct client, sock);
	int r;

	if (events & EPOLLOUT) {
		if (c->typed_n)
			input_send(c);
		else if (c->in_file && c->in.fd >= 0)
			input_read(c);
		else
			input_done(c);
	}
	if (c->ended || c->shown_at || !(events & (EPOLLIN | EPOLLHUP)))
		return;
	r = msg_recv(w->fd, &c->shown, &c->error);
	if (r < 0 && c->error.sys == EAGAIN) {
		error_clear(&c->error);
		return;
	}
	if (r <= 0) {
		client_end(c);
		return;
	}
	auto_close_fd(&c->shown.fd);
	on_message(c);
}

static bool own_size(const struct client *c, struct winsize *size)
{
	const int fds[] = { c->o->in, c->o->out, c->o->err_ };

	*size = (struct winsize){ 0 };
	return c->o->tty && terminal_size(fds, 3, size);
}

static void on_own_signal(struct signals *s, int sig)
{
	struct client *c = watch_owner(s, struct client, signals);
	struct winsize size;
	int32_t number = sig;

	if (sig == SIGWINCH && c->o->tty) {
		if (own_size(c, &size))
			send_or_wait(c, MSG_RESIZE, &size, sizeof(size));
		return;
	}
	if (c->o->sig_proxy) {
		send_or_wait(c, MSG_SIGNAL, &number, sizeof(number));
	} else if (signal_ends(sig)) {
		c->result->exit_code = 128 + sig;
		c->have_code = true;
		client_end(c);
	}
}

/* ---- the whole ---- */

int monitor_connect(struct container *c, struct error *err)
{
	auto_close int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un to;

	if (sock < 0)
		return error_sys(err, "make a socket");
	attach_address(c->fd, &to);
	if (connect(sock, (struct sockaddr *)&to, sizeof(to)) == 0)
		return take_fd(&sock);
	if (errno == ENOENT || errno == ECONNREFUSED)
		return error_set(err, ERR_BUSY,
				 "nothing can be attached to: it is not running, or "
				 "its output goes straight to whoever started it");
	return error_sys(err, "connect to the monitor");
}

static int client_open(struct client *c, struct container *k, struct error *err)
{
	struct attach_hello hello = { 0 };
	int sock = c->o->sock >= 0 ? c->o->sock : monitor_connect(k, err);

	c->sock = (struct watch){ .fd = sock, .ready = sock_ready };
	if (sock < 0 || loop_init(&c->loop, err) < 0 || fd_nonblock(sock, true, err) < 0)
		return -1;
	signals_hold(&c->signals);
	if (signals_open(&c->signals, &c->loop, on_own_signal, err) < 0)
		return -1;
	output_init(&c->out[0], c->o->out);
	output_init(&c->out[1], c->o->err_);
	c->out[0].w.ready = out0_ready;
	c->out[1].w.ready = out1_ready;
	own_size(c, &hello.size);
	hello.flags = (c->o->in >= 0 ? ATTACH_STDIN : 0) | (c->o->out >= 0 ? ATTACH_STDOUT : 0) |
		      (c->o->err_ >= 0 ? ATTACH_STDERR : 0);
	if (msg_send(sock, MSG_ATTACH, &hello, sizeof(hello), -1, err) < 0) {
		if (err->sys != EPIPE && err->sys != ECONNRESET)
			return -1;
		error_clear(err); /* it has ended already, and says how */
	}
	if (c->o->tty)
		terminal_init(&c->terminal, c->o->in);
	c->in = (struct watch){ .fd = c->o->in, .ready = in_ready };
	c->in_file = input_is_file(c->o->in);
	loop_watch(&c->loop, &c->sock, EPOLLIN);
	input_done(c);
	return 0;
}

static void client_close(struct client *c)
{
	terminal_done(&c->terminal);
	signals_close(&c->signals);
	output_done(&c->out[0], &c->loop);
	output_done(&c->out[1], &c->loop);
	auto_close_fd(&c->sock.fd);
	loop_done(&c->loop);
}

/* The monitor went without a word: what it, or the next to ask, has recorded. */
static int recorded_code(struct store *st, struct container *k, struct error *err)
{
	if (container_refresh(st, k, err) < 0)
		return -1;
	return k->state.exit_code == UNSET ? 128 + SIGKILL : (int)k->state.exit_code;
}

int monitor_attach(struct store *st, struct container *k, const struct attach_options *o,
		   struct attach_result *result, struct error *err)
{
	struct client *c = xcalloc(1, sizeof(*c));
	int status;

	*result = (struct attach_result){ 0 };
	c->o = o;
	c->result = result;
	c->loop.epoll = c->out[0].w.fd = c->out[1].w.fd = -1;
	c->signals = (struct signals)SIGNALS_NONE;
	if (!detach_keys_parse(o->detach_keys, &c->keys))
		status = error_set(err, ERR_INVALID, "'%s' are no detach keys", o->detach_keys);
	else
		status = client_open(c, k, err);
	while (status == 0 && !c->ended)
		loop_turn(&c->loop, -1);
	client_close(c);
	if (status == 0 && c->error.kind) {
		*err = c->error;
		status = -1;
	} else if (status == 0 && !c->have_code && !result->detached) {
		result->exit_code = recorded_code(st, k, err);
		status = result->exit_code < 0 ? -1 : 0;
	}
	free(c);
	return status;
}
