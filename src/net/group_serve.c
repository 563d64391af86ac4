/*
 * group_serve.c - the process of a group: accepts, and hands each connection to a member in turn.
 *
 * Never  outlives the group's last member, or lets a member that does not take its connections
 *        stand in the way of the others.
 */
#include "group.h"

#include "util/fd.h"
#include "util/proc.h"
#include "util/msg.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_MS   20000 /* so long it waits for its first member */
#define ACCEPT_MAX 64	 /* in one turn */

struct member {
	int fd;
	bool enrolled; /* a forwarder; else somebody who asks */
	bool serving;
	char id[65];
};
struct door {
	int fd;
	struct group_door at;
};
struct group {
	int listening;
	VEC(struct door) doors;
	VEC(struct member) members;
	size_t next; /* whose turn it is */
};

/* ---- connections ---- */

/* The one whose turn it is, who serves and has room; so that nobody waits for one that hangs. */
static bool hand_on(struct group *g, int connection, const struct group_door *at)
{
	struct error full = { 0 };

	for (size_t i = 0; i < g->members.n; i++) {
		struct member *m = &g->members.v[(g->next + i) % g->members.n];

		error_clear(&full);
		if (!m->serving ||
		    msg_send(m->fd, MSG_CONNECTION, at, sizeof(*at), connection, &full) < 0)
			continue;
		g->next = (g->next + i + 1) % g->members.n;
		return true;
	}
	return false;
}

static void door_ready(struct group *g, struct door *d)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	for (int i = 0; i < ACCEPT_MAX; i++) {
		int fd = accept4(d->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 && errno == ECONNABORTED)
			continue;
		if (fd < 0)
			return;
		/* nobody serves: a refusal, and no silence */
		if (!hand_on(g, fd, &d->at))
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(fd);
	}
}

/* ---- members ---- */

static void member_add(struct group *g)
{
	int fd = accept4(g->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0)
		vec_push(&g->members, ((struct member){ .fd = fd }));
}

static void control(struct group *g, struct member *from, struct group_control *c)
{
	struct error ignored = { 0 }; /* who asked is gone */
	uint8_t waiting = 0;
	int bytes;

	vec_each (&g->members, m) {
		if (!m->enrolled || strcmp(m->id, c->id) != 0)
			continue;
		if (c->change)
			m->serving = c->serving;
		if (ioctl(m->fd, SIOCOUTQ, &bytes) == 0 && bytes > 0)
			waiting = 1;
	}
	c->serving = waiting;
	msg_send(from->fd, MSG_CONTROL, c, sizeof(*c), -1, &ignored);
}

/* False: it is gone. */
static bool member_turn(struct group *g, struct member *m)
{
	struct error ignored = { 0 };
	struct group_control c;
	struct msg msg;

	if (msg_recv(m->fd, &msg, &ignored) <= 0)
		return false;
	auto_close_fd(&msg.fd);
	if (msg.size != sizeof(c))
		return false;
	memcpy(&c, msg.payload, sizeof(c));
	c.id[sizeof(c.id) - 1] = '\0';
	if (msg.type == MSG_CONTROL) {
		control(g, m, &c);
		return true;
	}
	if (msg.type != MSG_GO)
		return false;
	m->enrolled = true;
	memcpy(m->id, c.id, sizeof(m->id));
	return msg_send(m->fd, MSG_READY, NULL, 0, -1, &ignored) == 0;
}

static bool has_members(const struct group *g)
{
	vec_each (&g->members, m)
		if (m->enrolled)
			return true;
	return false;
}

static void members_turn(struct group *g, const struct pollfd *p, size_t n)
{
	for (size_t i = n; i-- > 0;) {
		if (!p[i].revents || member_turn(g, &g->members.v[i]))
			continue;
		close(g->members.v[i].fd);
		vec_remove(&g->members, i);
		g->next = 0;
	}
}

static void serve(struct group *g)
{
	bool had = false;

	for (;;) {
		VEC(struct pollfd) p = { 0 };
		size_t members = g->members.n, doors = g->doors.n;
		int r;

		vec_push(&p, ((struct pollfd){ .fd = g->listening, .events = POLLIN }));
		vec_each (&g->doors, d)
			vec_push(&p, ((struct pollfd){ .fd = d->fd, .events = POLLIN }));
		vec_each (&g->members, m)
			vec_push(&p, ((struct pollfd){ .fd = m->fd, .events = POLLIN }));
		r = poll(p.v, p.n, had ? -1 : FIRST_MS);
		/* first what members say: a connection that comes later follows it */
		if (r > 0) {
			members_turn(g, p.v + 1 + doors, members);
			for (size_t i = 0; i < doors; i++)
				if (p.v[1 + i].revents)
					door_ready(g, &g->doors.v[i]);
			if (p.v[0].revents)
				member_add(g);
		}
		vec_done(&p);
		had |= has_members(g);
		if (had ? !has_members(g) : r == 0)
			return;
	}
}

/* ---- its birth ---- */

static struct group_door door_of(int fd)
{
	struct sockaddr_storage a = { 0 };
	socklen_t n = sizeof(a);
	struct sockaddr_in *four = (void *)&a;
	struct sockaddr_in6 *six = (void *)&a;
	struct group_door d = { 0 };

	getsockname(fd, (void *)&a, &n);
	d.ip.family = a.ss_family;
	d.port = ntohs(a.ss_family == AF_INET ? four->sin_port : six->sin6_port);
	memcpy(d.ip.b, a.ss_family == AF_INET ? (void *)&four->sin_addr : (void *)&six->sin6_addr,
	       a.ss_family == AF_INET ? 4 : 16);
	return d;
}

static void __attribute__((noreturn)) group_main(const listeners *l, int listening, const char *name)
{
	struct group g = { .listening = listening };
	struct error ignored = { 0 }; /* it goes on with what it has */
	auto_free int *keep = xcalloc(l->n + 1, sizeof(*keep));
	struct rlimit files;
	sigset_t none;
	int null;

	setsid();
	for (size_t i = 0; i < l->n; i++)
		keep[i] = l->v[i].fd;
	keep[l->n] = listening;
	fd_close_others(keep, l->n + 1);
	null = fd_devnull(O_RDWR, &ignored);
	for (int fd = 0; null >= 0 && fd < 3; fd++)
		dup2(null, fd);
	auto_close_fd(&null);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (chdir("/") < 0)
		_exit(1);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	process_title("hod-group", "hod-group %s", name);
	forward_drop_rights();
	vec_each (l, one)
		vec_push(&g.doors, ((struct door){ one->fd, door_of(one->fd) }));
	serve(&g);
	_exit(0);
}

int group_serve_start(const listeners *l, int listening, const char *name, struct error *err)
{
	pid_t pid = fork();

	if (pid < 0)
		return error_sys(err, "fork the process of a group");
	if (pid > 0) {
		waitpid(pid, NULL, 0);
		return 0;
	}
	/* nobody's child: it is of the group, not of who came first */
	pid = fork();
	if (pid != 0)
		_exit(pid < 0);
	group_main(l, listening, name);
}
