/*
 * keeper.c - the process that owns the bridges of a user without root. See keeper.h.
 */
#include "keeper.h"

#include "helper.h"
#include "netns.h"
#include "util/fd.h"
#include "util/msg.h"
#include "util/proc.h"
#include "util/userns.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_MS    20000 /* so long it waits for its first member */
#define SOCKET_NAME "keeper"
#define ID_MAX	    72

struct wish {
	char id[ID_MAX]; /* of the container */
	char link[LINK_NAME_MAX], subnet[IP_TEXT_MAX + 4];
};
struct gateway {
	char link[LINK_NAME_MAX];
	pid_t pid;
	int life;
};
struct member {
	int fd;
	char id[ID_MAX];
	struct strv links;
};
struct keeper {
	int ns, listening;
	struct rtnl here;
	VEC(struct gateway) gateways;
	VEC(struct member) members;
};

static void address_of(const struct netdir *d, struct sockaddr_un *a)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	snprintf(a->sun_path, sizeof(a->sun_path), "/proc/self/fd/%d/" SOCKET_NAME, d->fd);
}

/* ---- gateways ---- */

static int plug(struct keeper *k, const char *tap, const char *link, struct error *err)
{
	unsigned bridge, index;

	if (rtnl_index(&k->here, link, &bridge, err) < 0 || rtnl_index(&k->here, tap, &index, err) < 0)
		return -1;
	return rtnl_link_up(&k->here, index, bridge, err);
}

static int gateway_ensure(struct keeper *k, const struct wish *w, struct error *err)
{
	struct gateway g = { .life = -1 };
	char tap[LINK_NAME_MAX];

	vec_each (&k->gateways, other)
		if (strcmp(other->link, w->link) == 0 && kill(other->pid, 0) == 0)
			return 0;
	memcpy(g.link, w->link, sizeof(g.link));
	snprintf(tap, sizeof(tap), "ht%.12s", w->link + 3);
	g.pid = helper_start_tap(k->ns, tap, w->subnet, &g.life, err);
	if (g.pid < 0)
		return -1;
	vec_push(&k->gateways, g);
	return plug(k, tap, w->link, err);
}

static bool wanted(const struct keeper *k, const char *link)
{
	vec_each (&k->members, m)
		if (strv_has(&m->links, link))
			return true;
	return false;
}

/*
 * A gateway that no member needs any more goes. Its bridge stays as long as we do: somebody may
 * just be plugging in.
 */
static void gateways_trim(struct keeper *k)
{
	for (size_t i = k->gateways.n; i-- > 0;) {
		struct gateway *g = &k->gateways.v[i];

		if (wanted(k, g->link))
			continue;
		kill(g->pid, SIGKILL);
		waitpid(g->pid, NULL, 0);
		close(g->life);
		vec_remove(&k->gateways, i);
	}
}

/* ---- members ---- */

static void member_add(struct keeper *k)
{
	int fd = accept4(k->listening, NULL, NULL, SOCK_CLOEXEC);
	struct error ignored = { 0 }; /* one that is gone already shows as such */

	if (fd < 0)
		return;
	msg_send(fd, MSG_READY, NULL, 0, k->ns, &ignored);
	vec_push(&k->members, ((struct member){ .fd = fd }));
}

/* The connection that stands for the container: its own, whoever asks. */
static struct member *member_of(struct keeper *k, struct member *asks, const char *id)
{
	vec_each (&k->members, m)
		if (strcmp(m->id, id) == 0)
			return m;
	if (!asks->id[0])
		memcpy(asks->id, id, ID_MAX);
	return asks;
}

static void member_leave(struct keeper *k, struct member *m, const char *link)
{
	for (size_t i = m->links.n; i-- > 0;)
		if (strcmp(m->links.v[i], link) == 0)
			strv_remove(&m->links, i);
	gateways_trim(k);
}

static bool member_turn(struct keeper *k, struct member *m)
{
	struct error err = { 0 }, ignored = { 0 };
	struct member *of;
	struct wish w;
	struct msg msg;

	if (msg_recv(m->fd, &msg, &ignored) <= 0)
		return false;
	auto_close_fd(&msg.fd);
	if ((msg.type != MSG_GO && msg.type != MSG_DETACH) || msg.size != sizeof(w))
		return false;
	memcpy(&w, msg.payload, sizeof(w));
	w.id[sizeof(w.id) - 1] = w.link[sizeof(w.link) - 1] = w.subnet[sizeof(w.subnet) - 1] = '\0';
	of = member_of(k, m, w.id);
	if (msg.type == MSG_DETACH) {
		member_leave(k, of, w.link);
	} else if (w.subnet[0] && gateway_ensure(k, &w, &err) < 0) {
		msg_send_error(m->fd, &err);
		return true;
	} else {
		strv_add(&of->links, w.link);
	}
	msg_send(m->fd, MSG_READY, NULL, 0, -1, &ignored);
	return true;
}

static void serve(struct keeper *k)
{
	bool had = false;

	while (!had || k->members.n) {
		VEC(struct pollfd) p = { 0 };
		size_t n = k->members.n;
		int r;

		vec_push(&p, ((struct pollfd){ .fd = k->listening, .events = POLLIN }));
		vec_each (&k->members, m)
			vec_push(&p, ((struct pollfd){ .fd = m->fd, .events = POLLIN }));
		r = poll(p.v, p.n, had ? -1 : FIRST_MS);
		if (r == 0) {
			vec_done(&p);
			return;
		}
		for (size_t i = n; r > 0 && i-- > 0;) {
			if (!p.v[i + 1].revents || member_turn(k, &k->members.v[i]))
				continue;
			close(k->members.v[i].fd);
			strv_done(&k->members.v[i].links);
			vec_remove(&k->members, i);
			gateways_trim(k);
		}
		if (r > 0 && p.v[0].revents) {
			member_add(k);
			had = true;
		}
		vec_done(&p);
	}
}

/* ---- its birth ---- */

static int become(struct keeper *k, bool single, struct error *err)
{
	struct userns u = { .caller_uid = getuid(), .caller_gid = getgid() };
	int null = fd_devnull(O_RDWR, err);

	if (null < 0)
		return -1;
	setsid();
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	close(null);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	process_title("hod-networks", "hod-networks: those of user %u", u.caller_uid);
	if (chdir("/") < 0)
		return error_sys(err, "enter /");
	if (userns_enter(single, &u, err) < 0)
		return -1;
	k->ns = -1;
	return netns_open(&k->ns, &k->here, err);
}

static void __attribute__((noreturn)) keeper_main(int listening, int ready, bool single)
{
	struct keeper k = { .listening = listening };
	const int keep[] = { listening, ready };
	struct error err = { 0 };

	fd_close_others(keep, ARRAY_SIZE(keep));
	/* whoever connects asks who listens: us, and not our maker */
	if (become(&k, single, &err) < 0 ||
	    (listen(listening, 128) < 0 && error_sys(&err, "listen for members") < 0)) {
		msg_send_error(ready, &err);
		_exit(1);
	}
	msg_send(ready, MSG_READY, NULL, 0, -1, &err);
	close(ready);
	serve(&k);
	_exit(0);
}

static int keeper_spawn(struct netdir *d, bool single, struct error *err)
{
	struct peer peer = { .pidfd = -1, .name = "the keeper of networks" };
	auto_close int listening = -1, ours = -1, theirs = -1;
	struct sockaddr_un a;
	struct msg m;
	int socks[2];
	pid_t pid;

	address_of(d, &a);
	unlinkat(d->fd, SOCKET_NAME, 0); /* of one that is gone */
	listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (listening < 0 || bind(listening, (void *)&a, sizeof(a)) < 0)
		return error_sys(err, "open the socket of networks");
	if (msg_pair(socks, err) < 0)
		return -1;
	ours = socks[0], theirs = socks[1];
	pid = fork();
	if (pid < 0)
		return error_sys(err, "fork the keeper of networks");
	if (pid == 0)
		keeper_main(listening, theirs, single);
	auto_close_fd(&theirs);
	theirs = -1;
	peer.sock = ours;
	if (msg_expect(&peer, MSG_READY, &m, err) < 0) {
		waitpid(pid, NULL, 0);
		return -1;
	}
	return 0;
}

/* A connection, or -1: nobody is there (quiet: without an error). */
static int reach(const struct netdir *d)
{
	auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un a;

	address_of(d, &a);
	if (fd < 0 || connect(fd, (void *)&a, sizeof(a)) < 0)
		return -1;
	return take_fd(&fd);
}

/* The same, and it has taken us as a member: one that is just going away does not. */
static int reach_member(const struct netdir *d)
{
	auto_close int fd = reach(d);
	struct error ignored = { 0 }; /* then it is gone */
	struct msg m;

	if (fd < 0 || msg_recv(fd, &m, &ignored) <= 0)
		return -1;
	auto_close_fd(&m.fd);
	return take_fd(&fd);
}

pid_t network_keeper(uid_t user, bool single, int *hold, struct error *err)
{
	struct netdir d = { .fd = -1 };
	auto_close int lock = -1;
	struct ucred who;
	socklen_t n = sizeof(who);

	if (netdir_open(user, true, true, &d, err) < 0)
		return -1;
	lock = netdir_lock(&d, err);
	if (lock >= 0) {
		*hold = reach_member(&d);
		if (*hold < 0 && keeper_spawn(&d, single, err) == 0) {
			*hold = reach_member(&d);
			if (*hold < 0)
				error_set(err, ERR_SYSTEM, "the keeper of networks does not answer");
		}
	}
	netdir_close(&d);
	if (lock < 0 || *hold < 0)
		return -1;
	if (getsockopt(*hold, SOL_SOCKET, SO_PEERCRED, &who, &n) < 0)
		return error_sys(err, "ask for the keeper of networks");
	return who.pid;
}

int keeper_open(struct netdir *d, int *connection, struct rtnl *here, struct error *err)
{
	struct peer peer = { .pidfd = -1, .name = "the keeper of networks" };
	auto_close int fd = reach(d);
	struct msg m;
	int status;

	if (fd < 0)
		return error_sys(err, "reach the keeper of networks");
	peer.sock = fd;
	if (msg_expect(&peer, MSG_READY, &m, err) < 0)
		return -1;
	status = netns_open(&m.fd, here, err);
	close(m.fd);
	if (status < 0)
		return error_add(err, "enter the networks of this user");
	*connection = take_fd(&fd);
	return 0;
}

static int ask(int connection, enum msg_type what, const char *id, const struct attachment *a,
	       struct error *err)
{
	struct peer peer = { .sock = connection, .pidfd = -1, .name = "the keeper of networks" };
	struct wish w = { 0 };
	struct msg m;

	snprintf(w.id, sizeof(w.id), "%s", id);
	snprintf(w.link, sizeof(w.link), "%s", a->link);
	if (!a->internal && what == MSG_GO)
		snprintf(w.subnet, sizeof(w.subnet), "%s", a->subnet);
	if (msg_send(connection, what, &w, sizeof(w), -1, err) < 0)
		return -1;
	return msg_expect(&peer, MSG_READY, &m, err);
}

int keeper_serve(int connection, const char *id, const struct attachment *a, struct error *err)
{
	return ask(connection, MSG_GO, id, a, err);
}

int keeper_leave(int connection, const char *id, const struct attachment *a, struct error *err)
{
	return ask(connection, MSG_DETACH, id, a, err);
}
