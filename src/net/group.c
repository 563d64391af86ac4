/*
 * group.c - containers that share published ports: joining, and who gets new connections.
 */
#include "group.h"

#include "firewall.h"
#include "lease.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/msg.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/un.h>
#include <time.h>

#define OPEN_TRIES 100	      /* while the process of a group that has just ended lets go */
#define OPEN_PAUSE (10 << 20) /* ns */
#define ANSWER_MS  10000
#define TABLE_MAX  (16 << 20)

static void address_of(const struct netdir *d, const char *group, struct sockaddr_un *a)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	snprintf(a->sun_path, sizeof(a->sun_path), "/proc/self/fd/%d/group-%s", d->fd, group);
}

bool group_serves(const struct lease *l)
{
	return l->group && l->ready && !l->leaving;
}

/* ---- the group's process ---- */

static int reach(const struct netdir *d, const char *group)
{
	auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un a;

	address_of(d, group, &a);
	if (fd < 0 || connect(fd, (void *)&a, sizeof(a)) < 0)
		return -1;
	return take_fd(&fd);
}

static int answer(int fd, struct msg *m, struct error *err)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (poll(&p, 1, ANSWER_MS) <= 0 || msg_recv(fd, m, err) <= 0)
		return error_set(err, ERR_BUSY, "the process of the group does not answer");
	auto_close_fd(&m->fd);
	return 0;
}

static int enrol(int fd, const char *id, struct error *err)
{
	struct group_control c = { 0 };
	struct msg m;

	snprintf(c.id, sizeof(c.id), "%s", id);
	if (msg_send(fd, MSG_GO, &c, sizeof(c), -1, err) < 0)
		return -1;
	return answer(fd, &m, err);
}

/* A group whose last member is just gone still has its ports for a moment. */
static int open_ports(port_list *ports, listeners *l, struct error *err)
{
	const struct timespec pause = { .tv_nsec = OPEN_PAUSE };

	for (int i = 0;; i++) {
		port_list copy = { 0 };
		int status;

		vec_each (ports, p) {
			struct port *one = vec_add(&copy);

			fields_init(port_fields, one);
			fields_copy(port_fields, one, p);
		}
		status = listeners_open(&copy, l, err);
		if (status == 0) {
			ports_done(ports);
			memcpy(ports, &copy, sizeof(copy));
			return 0;
		}
		ports_done(&copy);
		listeners_done(l);
		if (err->kind != ERR_BUSY || i >= OPEN_TRIES)
			return -1;
		error_clear(err);
		nanosleep(&pause, NULL);
	}
}

static int start(struct netdir *d, struct lease *l, struct error *err)
{
	auto_close int listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	auto_done(listeners) listeners open = { 0 };
	struct sockaddr_un a;

	address_of(d, l->group, &a);
	if (listening < 0)
		return error_sys(err, "open the socket of a group");
	if (open_ports(&l->ports, &open, err) < 0)
		return -1;
	unlinkat(d->fd, strrchr(a.sun_path, '/') + 1, 0); /* of one that is gone */
	if (bind(listening, (void *)&a, sizeof(a)) < 0 || listen(listening, 128) < 0)
		return error_sys(err, "open the socket of a group");
	return group_serve_start(&open, listening, l->group, err);
}

/* ---- joining ---- */

static bool same_door(const struct port *a, const struct port *b)
{
	return a->host_port == b->host_port && str_eq(a->host ? a->host : "0.0.0.0", b->host);
}

static bool is_twin(const struct lease *l, const struct port *p)
{
	if (!str_eq(p->host, "::"))
		return false;
	vec_each (&l->ports, four)
		if (four->host_port == p->host_port && str_eq(four->host, "0.0.0.0"))
			return true;
	return false;
}

/* Its ports as those of a member that is there: the same of the host, and twins where that has them. */
static int adopt_ports(struct lease *l, const struct lease *other, struct error *err)
{
	size_t asked = l->ports.n, met = 0;

	for (size_t i = 0; i < asked; i++) {
		bool found = false;

		vec_each (&other->ports, o)
			found |= same_door(&l->ports.v[i], o);
		if (!found)
			return error_set(err, ERR_INVALID,
					 "group '%s' does not publish port %lld of %s", l->group,
					 (long long)l->ports.v[i].host_port,
					 l->ports.v[i].host ? l->ports.v[i].host : "0.0.0.0");
	}
	vec_each (&other->ports, o) {
		struct port *mine = NULL;

		for (size_t i = 0; i < asked; i++)
			if (same_door(&l->ports.v[i], o) ||
			    (!l->ports.v[i].host && is_twin(other, o) &&
			     l->ports.v[i].host_port == o->host_port))
				mine = &l->ports.v[i];
		if (!mine)
			return error_set(err, ERR_INVALID,
					 "group '%s' publishes port %lld of %s, too: all its "
					 "members must",
					 l->group, (long long)o->host_port, o->host);
		if (is_twin(other, o) && !mine->host) {
			struct port twin = { 0 };

			fields_init(port_fields, &twin);
			fields_copy(port_fields, &twin, mine);
			twin.host = xstrdup("::");
			vec_push(&l->ports, twin);
		}
		met++;
	}
	for (size_t i = 0; i < asked; i++)
		if (!l->ports.v[i].host)
			l->ports.v[i].host = xstrdup("0.0.0.0");
	return met ? 0 : error_set(err, ERR_BUG, "a group without ports");
}

int group_join(struct netdir *d, struct lease *l, const leases *all, struct error *err)
{
	const struct lease *other = NULL;
	struct error ignored = { 0 }; /* nobody is there any more */
	auto_close int fd = -1;

	l->ready = l->leaving = false;
	vec_each (all, one)
		if (str_eq(one->group, l->group) && strcmp(one->id, l->id) != 0)
			other = one;
	if (other && adopt_ports(l, other, err) < 0)
		return -1;
	if (other)
		fd = reach(d, l->group);
	if (fd >= 0 && enrol(fd, l->id, &ignored) == 0)
		return take_fd(&fd);
	auto_close_fd(&fd);
	fd = -1;
	/* what was adopted has both versions already: listeners_open makes no further twins */
	if (start(d, l, err) < 0)
		return -1;
	fd = reach(d, l->group);
	if (fd < 0)
		return error_sys(err, "reach the process of group '%s'", l->group);
	return enrol(fd, l->id, err) < 0 ? -1 : take_fd(&fd);
}

int group_tell(struct netdir *d, const struct lease *l, bool change, bool serving, bool *waiting,
	       struct error *err)
{
	struct group_control c = { .serving = serving, .change = change };
	auto_close int fd = reach(d, l->group);
	struct msg m;

	if (waiting)
		*waiting = false;
	if (fd < 0)
		return error_sys(err, "reach the process of group '%s'", l->group);
	snprintf(c.id, sizeof(c.id), "%s", l->id);
	if (msg_send(fd, MSG_CONTROL, &c, sizeof(c), -1, err) < 0 || answer(fd, &m, err) < 0)
		return -1;
	if (m.type != MSG_CONTROL || m.size != sizeof(c))
		return error_set(err, ERR_BUG, "the process of a group answered with message %d",
				 (int)m.type);
	memcpy(&c, m.payload, sizeof(c));
	if (waiting)
		*waiting = c.serving;
	return 0;
}

int group_join_again(struct netdir *d, const char *id, struct error *err)
{
	auto_done(leases) leases all = { 0 };
	auto_close int lock = netdir_lock(d, err), fd = -1;

	if (lock < 0 || netdir_sweep(d, &all, err) < 0)
		return -1;
	vec_each (&all, l) {
		bool serves = group_serves(l);

		if (strcmp(l->id, id) != 0)
			continue;
		fd = group_join(d, l, &all, err);
		if (fd < 0 || (serves && group_tell(d, l, true, true, NULL, err) < 0))
			return -1;
		return take_fd(&fd);
	}
	return error_set(err, ERR_NOTFOUND, "the container has no lease");
}

/* ---- who gets connections ---- */

static void change_lease(struct lease *l, enum group_change change)
{
	if (change == GROUP_READY || change == GROUP_NOT_READY)
		l->ready = change == GROUP_READY;
	else
		l->leaving = change == GROUP_LEAVE;
}

int group_set(struct netdir *d, const char *id, enum group_change change, struct error *err)
{
	auto_done(leases) leases all = { 0 };
	auto_close int lock = netdir_lock(d, err);
	struct lease *self = NULL;
	struct error e = { 0 };
	char text[ERROR_LINE_MAX];
	bool before;

	if (lock < 0 || netdir_sweep(d, &all, err) < 0)
		return -1;
	vec_each (&all, l)
		if (strcmp(l->id, id) == 0)
			self = l;
	if (!self || !self->group)
		return 0;
	before = group_serves(self);
	change_lease(self, change);
	if (lease_save(d, self, err) < 0)
		return -1;
	if (before == group_serves(self))
		return 0;
	if (d->root)
		firewall_group(d, self, &all);
	/* with the last member it ends, which may be just now; without it, as root, the rules still do most */
	if (group_tell(d, self, true, group_serves(self), NULL, &e) < 0 && e.sys != ECONNREFUSED &&
	    e.sys != ENOENT)
		log_warn("%s", error_text(&e, text, sizeof(text)));
	return 0;
}

int group_is_member(struct netdir *d, const char *id, struct error *err)
{
	auto_close int lock = netdir_lock(d, err);
	struct lease l = { 0 };
	int r = lock < 0 ? -1 : netdir_find(d, id, &l, err);

	if (r <= 0)
		return r < 0 ? -1 : 1;
	r = !l.group || group_serves(&l);
	lease_done(&l);
	return r;
}

/* ---- open connections ---- */

enum { TCP_STATES = 16 };
/* By number of the kernel's table. Not: time wait, close, listen; FIN wait 2 has been told all. */
static const bool counts[TCP_STATES] = {
	[1] = true,  /* established */
	[2] = true,  /* syn sent */
	[3] = true,  /* syn received */
	[4] = true,  /* fin wait 1 */
	[8] = true,  /* close wait */
	[9] = true,  /* last ack */
	[11] = true, /* closing */
};

static bool is_published(const struct lease *l, unsigned port)
{
	vec_each (&l->ports, p)
		if (p->port == (int64_t)port)
			return true;
	return false;
}

/*
 * One line: "N: ADDRESS:PORT ADDRESS:PORT STATE ...", in hexadecimal. The forwarder connects from
 * within, so its own ends have the same address on both sides.
 */
static bool line_counts(const struct lease *l, const char *line)
{
	char local[40], remote[40];
	unsigned from, to, state;

	if (sscanf(line, " %*d: %39[0-9A-F]:%x %39[0-9A-F]:%x %x", local, &from, remote, &to,
		   &state) != 5 ||
	    state >= TCP_STATES || !counts[state])
		return false;
	return is_published(l, from) || (is_published(l, to) && strcmp(local, remote) == 0);
}

static int count_table(const struct lease *l, pid_t pid, const char *table, struct error *err)
{
	auto_free char *path = xasprintf("/proc/%d/net/%s", (int)pid, table);
	auto_done(str) struct str text = { 0 };
	int n = 0;

	if (file_read(AT_FDCWD, path, &text, TABLE_MAX, err) < 0) {
		if (err->kind != ERR_NOTFOUND)
			return -1;
		error_clear(err); /* no such version here, or it has ended */
		return 0;
	}
	for (const char *line = text.s; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		n += line_counts(l, line);
	}
	return n;
}

int group_connections(struct netdir *d, const struct lease *l, pid_t pid, struct error *err)
{
	struct error ignored = { 0 }; /* then nobody hands it any */
	bool waiting = false;
	int four, six;

	group_tell(d, l, false, false, &waiting, &ignored);
	four = count_table(l, pid, "tcp", err);
	six = four < 0 ? -1 : count_table(l, pid, "tcp6", err);
	return six < 0 ? -1 : four + six + waiting;
}
