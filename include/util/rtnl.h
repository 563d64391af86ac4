/*
 * rtnl.h - rtnetlink: one request and what comes back.
 *
 * libmnl puts the messages together; it is mapped by the first rtnl_begin, and not before.
 * Spec   rtnetlink(7).
 */
#ifndef UTIL_RTNL_H
#define UTIL_RTNL_H

#include "util/error.h"

#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <stdint.h>

struct rtnl {
	int sock; /* of the namespace it was opened in */
	uint32_t seq;
};
/* A raw socket and no library: safe in a child that shares our memory. */
int rtnl_socket(void);
int rtnl_open(struct rtnl *n, struct error *err);
void rtnl_close(struct rtnl *n);

#define RTNL_MESSAGE_MAX 1024
union rtnl_message {
	struct nlmsghdr head;
	char bytes[RTNL_MESSAGE_MAX];
};
/* An empty request; what it says is added by the functions of mnl. */
int rtnl_begin(union rtnl_message *m, int type, int flags, struct error *err);
/* The answers to one request go to each. -1 and errno as the kernel says, or 0. */
int rtnl_exchange(struct rtnl *n, union rtnl_message *m,
		  void (*each)(const struct nlmsghdr *h, void *arg), void *arg);

#define RTNL_MNL(X)                                                                                \
	X(mnl_nlmsg_put_header)                                                                    \
	X(mnl_nlmsg_put_extra_header)                                                              \
	X(mnl_attr_put)                                                                            \
	X(mnl_attr_put_u32)                                                                        \
	X(mnl_attr_put_strz)                                                                       \
	X(mnl_attr_nest_start)                                                                     \
	X(mnl_attr_nest_end)
#define RTNL_MNL_MEMBER(fn) __typeof__(&fn) fn;
struct rtnl_mnl {
	RTNL_MNL(RTNL_MNL_MEMBER)
};
extern struct rtnl_mnl mnl; /* filled by rtnl_begin */

#endif
