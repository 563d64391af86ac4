/*
 * rtnl.c - see util/rtnl.h.
 */
#include "util/rtnl.h"

#include "util/fd.h"
#include "util/lazy.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* The macros of the kernel's headers for netlink cast constness away and mix signs. */
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wsign-compare"

#define ANSWER_MAX (32 << 10)

struct rtnl_mnl mnl;
#define SYMBOL(fn) LAZY_SYMBOL(struct rtnl_mnl, fn),
static const struct lazy_symbol symbols[] = { RTNL_MNL(SYMBOL) LAZY_END };
static struct lazy mnl_lazy = LAZY("network links", "libmnl.so.0", &mnl, symbols);
LAZY_NOTE(mnl, "libmnl.so.0", "links and addresses of bridge networks", "recommended");

int rtnl_socket(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

int rtnl_open(struct rtnl *n, struct error *err)
{
	n->sock = rtnl_socket();
	return n->sock < 0 ? error_sys(err, "open rtnetlink") : 0;
}

void rtnl_close(struct rtnl *n)
{
	auto_close_fd(&n->sock);
	n->sock = -1;
}

int rtnl_begin(union rtnl_message *m, int type, int flags, struct error *err)
{
	if (lazy_load(&mnl_lazy, err) < 0)
		return -1;
	memset(m, 0, sizeof(*m));
	mnl.mnl_nlmsg_put_header(m);
	m->head.nlmsg_type = (uint16_t)type;
	m->head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	return 0;
}

int rtnl_exchange(struct rtnl *n, union rtnl_message *m,
		  void (*each)(const struct nlmsghdr *h, void *arg), void *arg)
{
	char answer[ANSWER_MAX] __attribute__((aligned(8)));
	const struct nlmsghdr *h;

	m->head.nlmsg_seq = ++n->seq;
	if (send(n->sock, m, m->head.nlmsg_len, 0) < 0)
		return -1;
	for (;;) {
		ssize_t got = recv(n->sock, answer, sizeof(answer), 0);
		int left = (int)got;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		for (h = (const void *)answer; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
			if (h->nlmsg_seq != n->seq)
				continue;
			if (h->nlmsg_type == NLMSG_DONE)
				return 0;
			if (h->nlmsg_type == NLMSG_ERROR) {
				errno = -((const struct nlmsgerr *)NLMSG_DATA(h))->error;
				return errno ? -1 : 0;
			}
			if (each)
				each(h, arg);
		}
	}
}
