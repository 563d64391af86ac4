/*
 * listen.c - the host's side of published ports: sockets, and the numbers they got.
 */
#include "forward.h"
#include "util/fd.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

#define BACKLOG	     4096
#define RANDOM_TRIES 64
#define FIRST_FREE   "/proc/sys/net/ipv4/ip_unprivileged_port_start"

void listeners_done(listeners *l)
{
	vec_each (l, one)
		auto_close_fd(&one->fd);
	vec_done(l);
}

static socklen_t address_make(const struct ip *ip, int64_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in *four = (void *)out;
	struct sockaddr_in6 *six = (void *)out;

	memset(out, 0, sizeof(*out));
	out->ss_family = (sa_family_t)ip->family;
	if (ip->family == AF_INET) {
		four->sin_port = htons((uint16_t)port);
		memcpy(&four->sin_addr, ip->b, 4);
		return sizeof(*four);
	}
	six->sin6_port = htons((uint16_t)port);
	memcpy(&six->sin6_addr, ip->b, 16);
	return sizeof(*six);
}

static int64_t port_of(int fd)
{
	struct sockaddr_storage a;
	socklen_t n = sizeof(a);

	if (getsockname(fd, (void *)&a, &n) < 0)
		return 0;
	return ntohs(a.ss_family == AF_INET ? ((struct sockaddr_in *)(void *)&a)->sin_port
					    : ((struct sockaddr_in6 *)(void *)&a)->sin6_port);
}

/* -1 and errno */
static int open_one(const struct ip *ip, int64_t port, bool udp)
{
	auto_close int fd =
		socket(ip->family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0);
	struct sockaddr_storage a;
	socklen_t n = address_make(ip, port, &a);
	int on = 1;

	if (fd < 0)
		return -1;
	if (ip->family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (udp && ip->family == AF_INET) /* answers leave from where the question came in */
		setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	else if (udp)
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	else
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (void *)&a, n) < 0 || (!udp && listen(fd, BACKLOG) < 0))
		return -1;
	return take_fd(&fd);
}

static int first_free(void)
{
	auto_done(str) struct str text = { 0 };
	struct error ignored = { 0 }; /* then it is the old rule */

	if (file_read(AT_FDCWD, FIRST_FREE, &text, 64, &ignored) < 0)
		return 1024;
	return atoi(str_get(&text));
}

static int refused(const struct port *p, int64_t number, int why, struct error *err)
{
	const char *host = p->host ? p->host : "0.0.0.0";

	errno = why;
	if (why == EADDRINUSE) {
		error_set(err, ERR_BUSY, "port %lld/%s of %s is in use", (long long)number,
			  p->proto, host);
		return error_hint(err, "see who has it: ss -lp 'sport = :%lld'", (long long)number);
	}
	if (why == EACCES) {
		int first = first_free();

		error_set(err, ERR_DENIED, "port %lld of the host is below %d and not yours to open",
			  (long long)number, first);
		return error_hint(err, "sysctl net.ipv4.ip_unprivileged_port_start=%lld allows it",
				  (long long)number);
	}
	if (why == EADDRNOTAVAIL)
		return error_set(err, ERR_INVALID, "%s is no address of this host", host);
	return error_sys(err, "open port %lld of %s", (long long)number, host);
}

/* The socket of version 6 beside one of version 4: no such version here is no failure. 1, 0, -1 */
static int open_twin(int64_t port, bool udp, int *fd)
{
	static const struct ip any6 = { .family = AF_INET6 };

	*fd = open_one(&any6, port, udp);
	if (*fd >= 0)
		return 1;
	return errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL ? 0 : -1;
}

/* One number tried: 0, or -1 and errno. */
static int try_number(struct port *p, int64_t number, listeners *l, bool *twin)
{
	struct ip ip = { .family = AF_INET };
	bool udp = str_eq(p->proto, "udp");
	auto_close int fd = -1;
	int other = -1;

	if (p->host)
		ip_parse(p->host, &ip);
	fd = open_one(&ip, number, udp);
	if (fd < 0)
		return -1;
	number = port_of(fd);
	if (!p->host && open_twin(number, udp, &other) < 0)
		return -1;
	*twin = other >= 0;
	vec_push(l, ((struct listener){ take_fd(&fd), udp, (uint16_t)p->port }));
	if (*twin)
		vec_push(l, ((struct listener){ other, udp, (uint16_t)p->port }));
	p->host_port = p->host_last = number;
	return 0;
}

static int open_port(struct port *p, listeners *l, bool *twin, struct error *err)
{
	int64_t number = p->host_port;

	*twin = false;
	for (int tries = 0; number == 0; tries++) /* taken only by its twin: another */
		if (try_number(p, 0, l, twin) == 0)
			return 0;
		else if (errno != EADDRINUSE || tries > RANDOM_TRIES)
			return refused(p, 0, errno, err);
	for (;; number++) {
		if (try_number(p, number, l, twin) == 0)
			return 0;
		if (errno != EADDRINUSE || number >= p->host_last)
			return refused(p, number, errno, err);
	}
}

int listeners_open(port_list *p, listeners *l, struct error *err)
{
	port_list all = { 0 };
	int status = 0;

	vec_each (p, one) {
		bool twin = false;
		struct port six = { 0 };

		if (status == 0)
			status = open_port(one, l, &twin, err);
		if (twin) {
			fields_init(port_fields, &six);
			fields_copy(port_fields, &six, one);
			six.host = xstrdup("::");
		}
		if (status == 0 && !one->host)
			one->host = xstrdup("0.0.0.0");
		vec_push(&all, *one);
		if (twin)
			vec_push(&all, six);
	}
	vec_done(p);
	memcpy(p, &all, sizeof(all));
	return status;
}
