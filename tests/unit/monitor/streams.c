/*
 * streams.c - a container's streams between pipes, log, caller and attachers, without a container.
 */
#include "log_kit.h"

#include "monitor/attach_server.h"
#include "monitor/streams.h"
#include "util/msg.h"

#include "monitor/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

struct rig {
	struct log_kit k;
	struct loop loop;
	struct stdio io;
	struct stdio_buffers buffers;
	int in[2], out[2], err_[2]; /* the container's pipes: [read, write] */
};

static void rig_open(struct rig *r, const char *driver, const char *opts, int out, int err_)
{
	struct error err = { 0 };

	signal(SIGPIPE, SIG_IGN);
	log_kit_open(&r->k, driver, opts);
	ck_assert_int_eq(loop_init(&r->loop, &err), 0);
	stdio_init(&r->io, &r->loop, &r->buffers);
	r->io.log = r->k.w;
	ck_assert_int_eq(fd_pipe(r->out, &err), 0);
	ck_assert_int_eq(fd_pipe(r->err_, &err), 0);
	ck_assert_int_eq(fd_nonblock(r->out[0], true, &err), 0);
	ck_assert_int_eq(fd_nonblock(r->err_[0], true, &err), 0);
	outflow_open(&r->io, 1, r->out[0], out);
	outflow_open(&r->io, 2, r->err_[0], err_);
}

static void rig_input(struct rig *r, int from)
{
	struct error err = { 0 };

	ck_assert_int_eq(fd_pipe(r->in, &err), 0);
	ck_assert_int_eq(fd_nonblock(r->in[1], true, &err), 0);
	input_open(&r->io, from, r->in[1], NULL);
	r->io.input.close_eof = true;
}

static void rig_close(struct rig *r)
{
	stdio_done(&r->io);
	loop_done(&r->loop);
	log_kit_close(&r->k);
}

/* Until both streams are at their end. */
static void rig_run(struct rig *r)
{
	while (r->io.stream[0].from.fd >= 0 || r->io.stream[1].from.fd >= 0)
		stdio_turn(&r->io, 1000);
}

static char *noise(size_t n)
{
	char *bytes = xmalloc(n);
	unsigned seed = 3;

	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)(rand_r(&seed) >> 4);
	return bytes;
}

/* A child that writes n bytes and ends. */
static pid_t writer(struct rig *r, int fd, const char *bytes, size_t n)
{
	pid_t pid = fork();
	struct error err = { 0 };

	if (pid == 0) {
		signal(SIGPIPE, SIG_DFL);
		fd_close_others(&fd, 1); /* or it would keep the readers' ends open itself */
		_exit(fd_write_all(fd, bytes, n, &err) < 0);
	}
	return pid;
}

static pid_t reader(int fd, int to)
{
	pid_t pid = fork();
	char buf[1000];
	ssize_t n;

	if (pid == 0) {
		while ((n = read(fd, buf, sizeof(buf))) > 0)
			if (write(to, buf, (size_t)n) != n)
				_exit(1);
		_exit(0);
	}
	return pid;
}

static void log_is(struct rig *r, const char *bytes, size_t n)
{
	struct log_query q = log_kit_query();
	struct log_text t;

	log_writer_done(r->k.w, false);
	t = log_kit_read(&r->k, &q);
	ck_assert_uint_eq(t.out.len, n);
	ck_assert(memcmp(t.out.s, bytes, n) == 0);
	log_text_done_(&t);
}

static const char *const drivers[] = { "plain", "json-file", "none" };
#define SIZE 3000000

/* To a pipe that is read in odd pieces. */
START_TEST(output_reaches_log_and_callers_pipe_unchanged)
{
	struct rig r;
	char *bytes = noise(SIZE);
	int caller[2], copy = open("/tmp", O_TMPFILE | O_RDWR, 0600), status;
	struct str got = { 0 };
	struct error err = { 0 };
	pid_t pids[2];

	ck_assert_int_eq(pipe2(caller, O_CLOEXEC), 0);
	rig_open(&r, drivers[_i], "max-size=1m,max-file=100", caller[1], -1);
	pids[0] = writer(&r, r.out[1], bytes, SIZE);
	close(r.out[1]);
	close(r.err_[1]);
	pids[1] = fork();
	if (pids[1] == 0) {
		close(caller[1]);
		waitpid(reader(caller[0], copy), &status, 0);
		_exit(WEXITSTATUS(status));
	}
	rig_run(&r);
	close(caller[0]);
	close(caller[1]);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
		ck_assert_int_eq(status, 0);
	}
	lseek(copy, 0, SEEK_SET);
	ck_assert_int_eq(fd_read_all(copy, &got, 1 << 30, &err), 0);
	ck_assert_uint_eq(got.len, SIZE);
	ck_assert(memcmp(got.s, bytes, SIZE) == 0);
	if (strcmp(drivers[_i], "none") != 0)
		log_is(&r, bytes, SIZE);
	str_done(&got);
	free(bytes);
	close(copy);
	rig_close(&r);
}
END_TEST

/* To a file, opened for appending, where splice(2) is refused. */
START_TEST(output_reaches_a_file)
{
	struct rig r;
	char *bytes = noise(SIZE), path[] = "/tmp/hod-out-XXXXXX";
	struct str got = { 0 };
	struct error err = { 0 };
	int fd = mkstemp(path), append = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	pid_t pid;

	rig_open(&r, drivers[_i], "", append, -1);
	pid = writer(&r, r.out[1], bytes, SIZE);
	close(r.out[1]);
	close(r.err_[1]);
	rig_run(&r);
	waitpid(pid, NULL, 0);
	ck_assert_int_eq(fd_read_all(fd, &got, 1 << 30, &err), 0);
	ck_assert_uint_eq(got.len, SIZE);
	ck_assert(memcmp(got.s, bytes, SIZE) == 0);
	str_done(&got);
	free(bytes);
	close(fd);
	close(append);
	unlink(path);
	rig_close(&r);
}
END_TEST

START_TEST(caller_that_goes_away_ends_the_writer_by_sigpipe)
{
	struct rig r;
	char *bytes = noise(SIZE);
	int caller[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe2(caller, O_CLOEXEC), 0);
	close(caller[0]); /* before the writer could inherit it */
	rig_open(&r, drivers[_i], "", caller[1], -1);
	pid = writer(&r, r.out[1], bytes, SIZE);
	close(r.out[1]);
	close(r.err_[1]);
	rig_run(&r);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGPIPE);
	ck_assert_int_eq(stdio_failed(&r.io), 0);
	close(caller[1]);
	free(bytes);
	rig_close(&r);
}
END_TEST

START_TEST(full_device_of_the_caller_is_told)
{
	struct rig r;
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	rig_open(&r, "plain", "", full, -1);
	ck_assert_int_eq(write(r.out[1], "text\n", 5), 5);
	close(r.out[1]);
	close(r.err_[1]);
	rig_run(&r);
	ck_assert_int_eq(stdio_failed(&r.io), ENOSPC);
	close(full);
	rig_close(&r);
}
END_TEST

/* A caller that does not read holds the container up, and nothing is lost. */
START_TEST(full_pipe_of_the_caller_waits)
{
	struct rig r;
	char *bytes = noise(SIZE), *got = xmalloc(SIZE);
	int caller[2];
	size_t have = 0;
	pid_t pid;

	ck_assert_int_eq(pipe2(caller, O_CLOEXEC), 0);
	rig_open(&r, drivers[_i], "", caller[1], -1);
	pid = writer(&r, r.out[1], bytes, SIZE);
	close(r.out[1]);
	close(r.err_[1]);
	while (r.io.stream[0].from.fd >= 0 || have < SIZE) {
		struct pollfd p = { .fd = caller[0], .events = POLLIN };

		stdio_turn(&r.io, 20);
		if (poll(&p, 1, 0) == 1) {
			ssize_t n = read(caller[0], got + have, MIN((size_t)50000, SIZE - have));

			have += (size_t)n;
		}
	}
	ck_assert_uint_eq(have, SIZE);
	ck_assert(memcmp(got, bytes, SIZE) == 0);
	waitpid(pid, NULL, 0);
	close(caller[0]);
	close(caller[1]);
	free(got);
	free(bytes);
	rig_close(&r);
}
END_TEST

START_TEST(drain_ends_though_somebody_holds_the_pipe)
{
	struct rig r;

	rig_open(&r, "plain", "", -1, -1);
	ck_assert_int_eq(write(r.out[1], "last words", 10), 10);
	ck_assert(stdio_drain(&r.io));
	log_is(&r, "last words", 10);
	rig_close(&r);
}
END_TEST

/* stdin: a pipe, and a file, which cannot be waited for. */
START_TEST(input_comes_whole_and_its_end_too)
{
	struct rig r;
	char *bytes = noise(SIZE), *got = xmalloc(SIZE + 1);
	int from[2] = { -1, -1 };
	size_t have = 0;
	pid_t pid = 0;
	struct error err = { 0 };

	rig_open(&r, "plain", "", -1, -1);
	if (_i == 0) {
		ck_assert_int_eq(pipe2(from, O_CLOEXEC), 0);
		pid = writer(&r, from[1], bytes, SIZE);
		close(from[1]);
	} else {
		from[0] = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		ck_assert_int_eq(fd_write_all(from[0], bytes, SIZE, &err), 0);
		lseek(from[0], 0, SEEK_SET);
	}
	rig_input(&r, from[0]);
	for (;;) {
		struct pollfd p = { .fd = r.in[0], .events = POLLIN };
		ssize_t n;

		stdio_turn(&r.io, r.io.input.to.fd >= 0 ? 20 : 0);
		if (poll(&p, 1, 0) != 1)
			continue;
		n = read(r.in[0], got + have, SIZE + 1 - have);
		ck_assert_int_ge(n, 0);
		if (n == 0)
			break;
		have += (size_t)n;
	}
	ck_assert_uint_eq(have, SIZE);
	ck_assert(memcmp(got, bytes, SIZE) == 0);
	if (pid)
		waitpid(pid, NULL, 0);
	close(from[0]);
	free(got);
	free(bytes);
	rig_close(&r);
}
END_TEST

START_TEST(input_that_nobody_reads_is_given_up)
{
	struct rig r;
	int from[2];

	ck_assert_int_eq(pipe2(from, O_CLOEXEC), 0);
	rig_open(&r, "plain", "", -1, -1);
	rig_input(&r, from[0]);
	close(r.in[0]);
	ck_assert_int_eq(write(from[1], "text", 4), 4);
	while (r.io.input.to.fd >= 0)
		stdio_turn(&r.io, 1000);
	rig_close(&r);
}
END_TEST

/* ---- attachers ---- */

static struct {
	struct winsize size;
	int sig;
} asked;

static void on_resize(struct attach_server *s, const struct winsize *size)
{
	asked.size = *size;
}

static void on_signal(struct attach_server *s, int sig)
{
	asked.sig = sig;
}

static void rig_serve(struct rig *r, struct attach_server *s)
{
	struct error err = { 0 };

	memset(s, 0, sizeof(*s));
	s->resize = on_resize;
	s->signal = on_signal;
	ck_assert_int_eq(attach_server_open(s, &r->io, r->k.c.fd, &err), 0);
	r->io.server = s;
}

static int attacher_connect(struct rig *r, uint32_t flags)
{
	struct attach_hello hello = { .flags = flags };
	struct error err = { 0 };
	struct msg m;
	int sock = monitor_connect(&r->k.c, &err);

	ck_assert_int_ge(sock, 0);
	ck_assert_int_eq(msg_send(sock, MSG_ATTACH, &hello, sizeof(hello), -1, &err), 0);
	stdio_turn(&r->io, 1000); /* accepts */
	stdio_turn(&r->io, 1000); /* hears the hello */
	ck_assert_int_eq(msg_recv(sock, &m, &err), 1);
	ck_assert_int_eq(m.type, MSG_ATTACH);
	return sock;
}

static void expect_stdio(int sock, char stream, const char *text)
{
	struct error err = { 0 };
	struct msg m;

	ck_assert_int_eq(msg_recv(sock, &m, &err), 1);
	ck_assert_int_eq(m.type, MSG_STDIO);
	ck_assert_int_eq(m.payload[0], stream);
	ck_assert_uint_eq(m.size, strlen(text) + 1);
	ck_assert(memcmp(m.payload + 1, text, strlen(text)) == 0);
}

START_TEST(attachers_see_output_and_give_input)
{
	struct rig r;
	struct attach_server s;
	struct winsize size = { .ws_row = 50, .ws_col = 132 };
	int32_t number = SIGUSR1, code;
	struct error err = { 0 };
	int all, watcher;
	char buf[8];
	struct msg m;

	rig_open(&r, "plain", "", -1, -1);
	rig_input(&r, -1);
	rig_serve(&r, &s);
	all = attacher_connect(&r, ATTACH_STDIN | ATTACH_STDOUT | ATTACH_STDERR);
	watcher = attacher_connect(&r, ATTACH_STDERR);
	ck_assert_int_eq(write(r.out[1], "out", 3), 3);
	stdio_turn(&r.io, 1000);
	ck_assert_int_eq(write(r.err_[1], "err", 3), 3);
	stdio_turn(&r.io, 1000);
	expect_stdio(all, 1, "out");
	expect_stdio(all, 2, "err");
	expect_stdio(watcher, 2, "err");
	/* who did not ask to give input gives none */
	ck_assert_int_eq(msg_send(watcher, MSG_STDIO, "\0no", 3, -1, &err), 0);
	stdio_turn(&r.io, 1000);
	ck_assert_int_eq(msg_send(all, MSG_STDIO, "\0yes", 4, -1, &err), 0);
	stdio_turn(&r.io, 1000);
	ck_assert_int_eq(read(r.in[0], buf, sizeof(buf)), 3);
	ck_assert(memcmp(buf, "yes", 3) == 0);
	ck_assert_int_eq(msg_send(all, MSG_RESIZE, &size, sizeof(size), -1, &err), 0);
	stdio_turn(&r.io, 1000);
	ck_assert_int_eq(asked.size.ws_col, 132);
	ck_assert_int_eq(msg_send(all, MSG_SIGNAL, &number, sizeof(number), -1, &err), 0);
	stdio_turn(&r.io, 1000);
	ck_assert_int_eq(asked.sig, SIGUSR1);
	close(watcher);
	attach_server_shut(&s, r.k.c.fd);
	attach_server_end(&s, 42);
	ck_assert_int_eq(msg_recv(all, &m, &err), 1);
	ck_assert_int_eq(m.type, MSG_EXIT);
	memcpy(&code, m.payload, sizeof(code));
	ck_assert_int_eq(code, 42);
	ck_assert_int_eq(msg_recv(all, &m, &err), 0);
	close(all);
	ck_assert_int_eq(monitor_connect(&r.k.c, &err), -1);
	ck_assert_int_eq(err.kind, ERR_BUSY);
	log_is(&r, "out", 3);
	rig_close(&r);
}
END_TEST

START_TEST(attacher_that_does_not_read_holds_nobody_up)
{
	struct rig r;
	struct attach_server s;
	char *bytes = noise(SIZE);
	uint64_t seen = 0, missed = 0;
	struct error err = { 0 };
	struct msg m;
	int sock;
	pid_t pid;

	rig_open(&r, "plain", "", -1, -1);
	rig_serve(&r, &s);
	sock = attacher_connect(&r, ATTACH_STDOUT);
	pid = writer(&r, r.out[1], bytes, SIZE);
	close(r.out[1]);
	close(r.err_[1]);
	rig_run(&r);
	waitpid(pid, NULL, 0);
	ck_assert_int_eq(fd_nonblock(sock, true, &err), 0);
	while (msg_recv(sock, &m, &err) == 1)
		seen += m.size - 1;
	ck_assert_int_eq(fd_nonblock(sock, false, &err), 0);
	attach_server_end(&s, 0);
	while (msg_recv(sock, &m, &err) == 1 && m.type == MSG_STDIO)
		if (m.payload[0] == ATTACH_MISSED)
			memcpy(&missed, m.payload + 1, sizeof(missed));
	ck_assert_uint_gt(missed, 0);
	ck_assert_uint_eq(seen + missed, SIZE);
	close(sock);
	free(bytes);
	attach_server_shut(&s, r.k.c.fd);
	rig_close(&r);
}
END_TEST

START_TEST(first_client_gets_all_at_its_own_pace)
{
	struct rig r;
	struct attach_server s;
	char *bytes = noise(SIZE);
	struct error err = { 0 };
	struct str got = { 0 };
	struct msg m;
	int socks[2];
	pid_t pid;

	rig_open(&r, drivers[_i], "", -1, -1);
	rig_serve(&r, &s);
	ck_assert_int_eq(msg_pair(socks, &err), 0);
	attach_server_session(&s, socks[1]);
	pid = writer(&r, r.out[1], bytes, SIZE);
	close(r.out[1]);
	close(r.err_[1]);
	ck_assert_int_eq(fd_nonblock(socks[0], true, &err), 0);
	while (got.len < SIZE) {
		stdio_turn(&r.io, 0);
		if (msg_recv(socks[0], &m, &err) != 1)
			continue;
		ck_assert_int_eq(m.payload[0], ATTACH_OUT);
		str_addn(&got, m.payload + 1, m.size - 1);
	}
	ck_assert(memcmp(got.s, bytes, SIZE) == 0);
	waitpid(pid, NULL, 0);
	str_done(&got);
	free(bytes);
	attach_server_shut(&s, r.k.c.fd);
	attach_server_end(&s, 0);
	close(socks[0]);
	rig_close(&r);
}
END_TEST

START_TEST(first_client_that_goes_away_holds_nobody_up)
{
	struct rig r;
	struct attach_server s;
	char *bytes = noise(SIZE);
	struct error err = { 0 };
	int socks[2];
	pid_t pid;

	rig_open(&r, "plain", "", -1, -1);
	rig_serve(&r, &s);
	ck_assert_int_eq(msg_pair(socks, &err), 0);
	attach_server_session(&s, socks[1]);
	pid = writer(&r, r.out[1], bytes, SIZE);
	close(r.out[1]);
	close(r.err_[1]);
	for (int i = 0; i < 20; i++)
		stdio_turn(&r.io, 10);
	close(socks[0]);
	rig_run(&r);
	waitpid(pid, NULL, 0);
	log_is(&r, bytes, SIZE);
	free(bytes);
	attach_server_shut(&s, r.k.c.fd);
	attach_server_end(&s, 0);
	rig_close(&r);
}
END_TEST

START_TEST(seventeenth_attacher_is_refused)
{
	struct rig r;
	struct attach_server s;
	struct error err = { 0 };
	struct msg m;
	int socks[17];

	rig_open(&r, "plain", "", -1, -1);
	rig_serve(&r, &s);
	for (int i = 0; i < 16; i++)
		socks[i] = attacher_connect(&r, ATTACH_STDOUT);
	socks[16] = monitor_connect(&r.k.c, &err);
	stdio_turn(&r.io, 1000);
	ck_assert_int_eq(msg_recv(socks[16], &m, &err), 1);
	ck_assert_int_eq(m.type, MSG_ERROR);
	for (int i = 0; i < 17; i++)
		close(socks[i]);
	attach_server_shut(&s, r.k.c.fd);
	attach_server_end(&s, 0);
	rig_close(&r);
}
END_TEST

#define EACH_DRIVER(fn) TEST_LOOP(fn, ARRAY_SIZE(drivers))
UNIT_MAIN("monitor/streams", EACH_DRIVER(output_reaches_log_and_callers_pipe_unchanged),
	  EACH_DRIVER(output_reaches_a_file),
	  EACH_DRIVER(caller_that_goes_away_ends_the_writer_by_sigpipe),
	  TEST(full_device_of_the_caller_is_told), EACH_DRIVER(full_pipe_of_the_caller_waits),
	  TEST(drain_ends_though_somebody_holds_the_pipe),
	  TEST_LOOP(input_comes_whole_and_its_end_too, 2),
	  TEST(input_that_nobody_reads_is_given_up), TEST(attachers_see_output_and_give_input),
	  TEST(attacher_that_does_not_read_holds_nobody_up),
	  EACH_DRIVER(first_client_gets_all_at_its_own_pace),
	  TEST(first_client_that_goes_away_holds_nobody_up), TEST(seventeenth_attacher_is_refused))
