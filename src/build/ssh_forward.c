/*
 * ssh_forward.c - an agent's socket, forwarded.
 *
 * One thread, one poll loop. A peer that does not read for a second loses its connection, so that
 * nobody can keep the thread from ending.
 */
#include "ssh_forward.h"
#include "util/fd.h"
#include "util/socket.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#define PAIRS_MAX 32
#define SLOW_MS	  1000

struct ssh_forward {
	int listener, end;
	char *agent;
	pthread_t thread;
	int pairs[PAIRS_MAX][2]; /* step's, agent's; -1: free */
};

static int address(struct sockaddr_un *a, const char *path, struct error *err)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(a->sun_path))
		return error_set(err, ERR_INVALID, "%s: too long for a socket's path", path);
	strcpy(a->sun_path, path);
	return 0;
}

static void accept_one(struct ssh_forward *f)
{
	struct error ignored = { 0 }; /* the step sees its connection end */
	int step = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC), agent;

	if (step < 0)
		return;
	for (int i = 0; i < PAIRS_MAX; i++) {
		if (f->pairs[i][0] >= 0)
			continue;
		agent = socket_connect(f->agent, &ignored);
		if (agent < 0)
			break;
		f->pairs[i][0] = step;
		f->pairs[i][1] = agent;
		return;
	}
	close(step);
}

static bool send_all(int to, const char *p, ssize_t n)
{
	while (n > 0) {
		struct pollfd room = { to, POLLOUT, 0 };
		ssize_t sent = send(to, p, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent >= 0) {
			p += sent;
			n -= sent;
			continue;
		}
		if (errno != EINTR && (errno != EAGAIN || poll(&room, 1, SLOW_MS) <= 0))
			return false;
	}
	return true;
}

static void relay(int pair[2], int from)
{
	char buf[16 << 10];
	ssize_t n = recv(pair[from], buf, sizeof(buf), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && send_all(pair[!from], buf, n))
		return;
	auto_close_fd(&pair[0]);
	auto_close_fd(&pair[1]);
	pair[0] = pair[1] = -1;
}

static void *serve(void *arg)
{
	struct ssh_forward *f = arg;

	for (;;) {
		struct pollfd p[2 + 2 * PAIRS_MAX] = { { f->listener, POLLIN, 0 },
						       { f->end, POLLIN, 0 } };

		for (int i = 0; i < 2 * PAIRS_MAX; i++)
			p[2 + i] = (struct pollfd){ f->pairs[i / 2][i % 2], POLLIN, 0 };
		if (poll(p, ARRAY_SIZE(p), -1) < 0 && errno != EINTR)
			return NULL;
		if (p[1].revents)
			return NULL;
		for (int i = 0; i < 2 * PAIRS_MAX; i++)
			if (p[2 + i].revents && f->pairs[i / 2][0] >= 0)
				relay(f->pairs[i / 2], i % 2);
		if (p[0].revents)
			accept_one(f);
	}
}

static int start(struct ssh_forward *f, int dir, const char *name, struct error *err)
{
	auto_free char *path = xasprintf("/proc/self/fd/%d/%s", dir, name);
	auto_close int probe = socket_connect(f->agent, err);
	struct sockaddr_un a;
	sigset_t all, old;
	int r;

	if (probe < 0 || address(&a, path, err) < 0)
		return -1;
	f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	f->end = eventfd(0, EFD_CLOEXEC);
	if (f->listener < 0 || f->end < 0 ||
	    bind(f->listener, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(f->listener, 16) < 0)
		return error_sys(err, "listen");
	/* signals are the main thread's */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&f->thread, NULL, serve, f);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r != 0) {
		errno = r;
		return error_sys(err, "start a thread");
	}
	return 0;
}

static void release(struct ssh_forward *f)
{
	for (int i = 0; i < 2 * PAIRS_MAX; i++)
		auto_close_fd(&f->pairs[i / 2][i % 2]);
	auto_close_fd(&f->listener);
	auto_close_fd(&f->end);
	free(f->agent);
	free(f);
}

struct ssh_forward *ssh_forward_start(int dir, const char *name, const char *path, struct error *err)
{
	struct ssh_forward *f = xcalloc(1, sizeof(*f));

	f->listener = f->end = -1;
	f->agent = xstrdup(path);
	for (int i = 0; i < 2 * PAIRS_MAX; i++)
		f->pairs[i / 2][i % 2] = -1;
	if (start(f, dir, name, err) < 0) {
		release(f);
		return NULL;
	}
	return f;
}

void ssh_forward_stop(struct ssh_forward *f)
{
	uint64_t one = 1;

	if (!f)
		return;
	while (write(f->end, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	pthread_join(f->thread, NULL);
	release(f);
}
