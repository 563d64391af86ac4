/*
 * forward.c - the process that carries published ports: its birth and its loop.
 *
 * Never  outlives its monitor, keeps a descriptor or a right that it does not need, or writes a log.
 */
#include "forward.h"

#include "util/fd.h"
#include "util/proc.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TURN_EVENTS 64
#define EXPIRE_MS   5000

void forward_watch(struct forward *f, int fd, uint32_t events, struct event *e)
{
	struct epoll_event ev = { .events = events, .data.ptr = e };

	/* nothing: not its end either, else a hang-up would be told over and over */
	epoll_ctl(f->epoll,
		  !events      ? EPOLL_CTL_DEL
		  : e->watched ? EPOLL_CTL_MOD
			       : EPOLL_CTL_ADD,
		  fd, &ev);
	e->watched = events != 0;
}

/* ---- the container's address ---- */

static bool is_outward(const struct sockaddr *a, int family)
{
	if (!a || a->sa_family != family)
		return false;
	return family == AF_INET ||
	       !IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr);
}

/* It has left the network that it was reached by: another of its addresses. */
static bool target_again(struct forward *f)
{
	static const int families[] = { AF_INET, AF_INET6 };
	struct ifaddrs *list, *i;
	bool found = false;

	if (getifaddrs(&list) < 0)
		return false;
	for (size_t n = 0; !found && n < ARRAY_SIZE(families); n++)
		for (i = list; i && !found; i = i->ifa_next) {
			if ((i->ifa_flags & IFF_LOOPBACK) || !is_outward(i->ifa_addr, families[n]))
				continue;
			f->target_size = families[n] == AF_INET ? sizeof(struct sockaddr_in)
								: sizeof(struct sockaddr_in6);
			memcpy(&f->target, i->ifa_addr, f->target_size);
			found = true;
		}
	freeifaddrs(list);
	return found;
}

static int connect_once(struct forward *f, uint16_t port, int type)
{
	struct sockaddr_storage to = f->target;
	int on = 1, fd = socket(to.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	/* from the same address: one that is not the container's own any more is then told at once,
	 * and not looked for beyond its gateway */
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(fd, (void *)&to, f->target_size) == 0) {
		if (to.ss_family == AF_INET)
			((struct sockaddr_in *)(void *)&to)->sin_port = htons(port);
		else
			((struct sockaddr_in6 *)(void *)&to)->sin6_port = htons(port);
		if (connect(fd, (void *)&to, f->target_size) == 0 || errno == EINPROGRESS)
			return fd;
	}
	on = errno;
	close(fd);
	errno = on;
	return -1;
}

int forward_connect(struct forward *f, uint16_t port, int type)
{
	int fd = connect_once(f, port, type);

	if (fd < 0 && errno == EADDRNOTAVAIL && target_again(f))
		fd = connect_once(f, port, type);
	return fd;
}

/* ---- its birth ---- */

void forward_drop_rights(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 }, { 0 } };

	for (int cap = 0; prctl(PR_CAPBSET_DROP, cap) == 0; cap++)
		;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	syscall(SYS_capset, &head, none);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int become(const listeners *l, int group, int control, int ns, pid_t parent, const char *name)
{
	auto_free int *keep = xcalloc(l->n + 2, sizeof(*keep));
	struct rlimit files;
	size_t n = 0;
	int null;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		return -1;
	setsid();
	process_title("hod-forward", "hod-forward %s", name);
	if (setns(ns, CLONE_NEWNET) < 0)
		return -1;
	keep[n++] = group;
	keep[n++] = control;
	vec_each (l, one)
		keep[n++] = one->fd;
	fd_close_others(keep, n);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	close(null);
	if (chdir("/") < 0)
		return -1;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	forward_drop_rights();
	return 0;
}

static void __attribute__((noreturn))
serve(const listeners *l, const struct forward_group *group, int control, const struct ip *target)
{
	static struct forward f;
	struct epoll_event events[TURN_EVENTS];

	f.epoll = epoll_create1(EPOLL_CLOEXEC);
	f.target.ss_family = (sa_family_t)target->family;
	if (target->family == AF_INET) {
		f.target_size = sizeof(struct sockaddr_in);
		memcpy(&((struct sockaddr_in *)(void *)&f.target)->sin_addr, target->b, 4);
	} else {
		f.target_size = sizeof(struct sockaddr_in6);
		memcpy(&((struct sockaddr_in6 *)(void *)&f.target)->sin6_addr, target->b, 16);
	}
	vec_each (l, one)
		one->udp ? udp_add(&f, one) : tcp_add(&f, one);
	if (group->ports.n)
		group_add(&f, group, control);
	for (;;) {
		int n = epoll_wait(f.epoll, events, TURN_EVENTS, EXPIRE_MS);

		for (int i = 0; i < n; i++) {
			struct event *e = events[i].data.ptr;

			e->ready(e, events[i].events);
		}
		tcp_turn_end(&f);
		udp_expire(&f);
	}
}

pid_t forward_start(const listeners *l, const struct forward_group *group, int control, int ns,
		    const struct ip *target, const char *name, struct error *err)
{
	pid_t parent = getpid(), pid = fork();
	sigset_t none;

	if (pid < 0)
		return error_sys(err, "fork the forwarder of published ports");
	if (pid > 0)
		return pid;
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (become(l, group->fd, control, ns, parent, name) < 0)
		_exit(1);
	serve(l, group, control, target);
}
