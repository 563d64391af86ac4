/*
 * net_devices.c - see net_devices.h.
 *
 * Theory of operation: a link is moved by the caller, who may do that on the host, while init waits
 * in its new namespaces. It gets a number in there that is known beforehand, by which it is found
 * again whatever its name has become. Moving takes a link down and its addresses away: those that
 * are for good and for more than the host are noted before and given back. A link that is gone from
 * the host is not brought back by us: it belongs to the namespace, as the specification says.
 *
 * Spec   runtime-spec 1.3 config-linux.md "Network Devices"; rtnetlink(7).
 */
#include "net_devices.h"

#include "util/fd.h"
#include "util/rtnl.h"
#include "util/vec.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

/* The macros of the kernel's headers for netlink cast constness away and mix signs. */
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wsign-compare"

struct link_address {
	struct ifaddrmsg head;
	uint32_t flags;
	uint8_t size, local[16], peer[16];
	bool has_local, has_peer;
};
struct moving {
	struct rtnl host, inside;
	unsigned index;	    /* of the link on the host */
	unsigned last;	    /* the highest number in the container */
	const char *wanted; /* a name that is looked for in the container */
	bool taken;
	VEC(struct link_address) addresses;
};

static struct ifinfomsg *link_header(union rtnl_message *m, unsigned index)
{
	struct ifinfomsg *i = mnl.mnl_nlmsg_put_extra_header(&m->head, sizeof(*i));

	i->ifi_family = AF_UNSPEC;
	i->ifi_index = (int)index;
	return i;
}

static void index_seen(const struct nlmsghdr *h, void *arg)
{
	if (h->nlmsg_type == RTM_NEWLINK)
		*(unsigned *)arg = (unsigned)((const struct ifinfomsg *)NLMSG_DATA(h))->ifi_index;
}

static int link_find(struct moving *m, const char *name, struct error *err)
{
	union rtnl_message q;

	m->index = 0;
	if (rtnl_begin(&q, RTM_GETLINK, NLM_F_ACK, err) < 0)
		return -1;
	link_header(&q, 0);
	mnl.mnl_attr_put_strz(&q.head, IFLA_IFNAME, name);
	if (rtnl_exchange(&m->host, &q, index_seen, &m->index) < 0 && errno != ENODEV)
		return error_sys(err, "look for it");
	return m->index ? 0 : error_set(err, ERR_NOTFOUND, "there is no such link");
}

/* ---- what is inside ---- */

static void inside_seen(const struct nlmsghdr *h, void *arg)
{
	const struct ifinfomsg *i = NLMSG_DATA(h);
	struct moving *m = arg;
	int left;

	if (h->nlmsg_type != RTM_NEWLINK)
		return;
	if ((unsigned)i->ifi_index > m->last)
		m->last = (unsigned)i->ifi_index;
	left = (int)IFLA_PAYLOAD(h);
	for (const struct rtattr *a = IFLA_RTA(i); RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == IFLA_IFNAME && str_eq(RTA_DATA(a), m->wanted))
			m->taken = true;
}

/* A link that cannot have its name would be lost inside: it is asked for before. */
static int look_inside(struct moving *m, const char *name, struct error *err)
{
	union rtnl_message q;

	m->wanted = name;
	m->taken = false;
	m->last = 0;
	if (rtnl_begin(&q, RTM_GETLINK, NLM_F_DUMP, err) < 0)
		return -1;
	link_header(&q, 0);
	if (rtnl_exchange(&m->inside, &q, inside_seen, m) < 0)
		return error_sys(err, "list the container's links");
	if (m->taken)
		return error_set(err, ERR_EXISTS, "the container has a link '%s' already", name);
	return 0;
}

/* ---- addresses ---- */

static void address_seen(const struct nlmsghdr *h, void *arg)
{
	const struct ifaddrmsg *i = NLMSG_DATA(h);
	struct moving *m = arg;
	struct link_address a = { .head = *i, .flags = i->ifa_flags };
	int left = (int)IFA_PAYLOAD(h);

	if (h->nlmsg_type != RTM_NEWADDR || i->ifa_index != m->index)
		return;
	a.size = i->ifa_family == AF_INET ? 4 : 16;
	for (const struct rtattr *r = IFA_RTA(i); RTA_OK(r, left); r = RTA_NEXT(r, left)) {
		if (r->rta_type == IFA_FLAGS)
			memcpy(&a.flags, RTA_DATA(r), sizeof(a.flags));
		if (RTA_PAYLOAD(r) != a.size)
			continue;
		if (r->rta_type == IFA_LOCAL) {
			memcpy(a.local, RTA_DATA(r), a.size);
			a.has_local = true;
		} else if (r->rta_type == IFA_ADDRESS) {
			memcpy(a.peer, RTA_DATA(r), a.size);
			a.has_peer = true;
		}
	}
	if (a.flags & IFA_F_PERMANENT && i->ifa_scope == RT_SCOPE_UNIVERSE)
		vec_push(&m->addresses, a);
}

static int addresses_note(struct moving *m, struct error *err)
{
	union rtnl_message q;
	struct ifaddrmsg *a;

	m->addresses.n = 0;
	if (rtnl_begin(&q, RTM_GETADDR, NLM_F_DUMP, err) < 0)
		return -1;
	a = mnl.mnl_nlmsg_put_extra_header(&q.head, sizeof(*a));
	a->ifa_family = AF_UNSPEC;
	if (rtnl_exchange(&m->host, &q, address_seen, m) < 0)
		return error_sys(err, "list its addresses");
	return 0;
}

static int address_give(struct moving *m, const struct link_address *from, unsigned index,
			struct error *err)
{
	union rtnl_message q;
	struct ifaddrmsg *a;

	if (rtnl_begin(&q, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, err) < 0)
		return -1;
	a = mnl.mnl_nlmsg_put_extra_header(&q.head, sizeof(*a));
	a->ifa_family = from->head.ifa_family;
	a->ifa_prefixlen = from->head.ifa_prefixlen;
	a->ifa_scope = from->head.ifa_scope;
	a->ifa_index = index;
	mnl.mnl_attr_put_u32(&q.head, IFA_FLAGS,
			     from->flags & (IFA_F_NODAD | IFA_F_NOPREFIXROUTE | IFA_F_HOMEADDRESS));
	if (from->has_local)
		mnl.mnl_attr_put(&q.head, IFA_LOCAL, from->size, from->local);
	if (from->has_peer)
		mnl.mnl_attr_put(&q.head, IFA_ADDRESS, from->size, from->peer);
	if (rtnl_exchange(&m->inside, &q, NULL, NULL) < 0 && errno != EEXIST)
		return error_sys(err, "give it its address again");
	return 0;
}

/* ---- the move ---- */

static int link_move(struct moving *m, const char *name, pid_t pid, unsigned index, struct error *err)
{
	union rtnl_message q;

	if (rtnl_begin(&q, RTM_NEWLINK, NLM_F_ACK, err) < 0)
		return -1;
	link_header(&q, m->index);
	mnl.mnl_attr_put_u32(&q.head, IFLA_NET_NS_PID, (uint32_t)pid);
	mnl.mnl_attr_put_u32(&q.head, IFLA_NEW_IFINDEX, index);
	mnl.mnl_attr_put_strz(&q.head, IFLA_IFNAME, name);
	if (rtnl_exchange(&m->host, &q, NULL, NULL) < 0)
		return error_sys(err, "move it into the container");
	return 0;
}

static int link_up(struct moving *m, unsigned index, struct error *err)
{
	union rtnl_message q;
	struct ifinfomsg *i;

	if (rtnl_begin(&q, RTM_NEWLINK, NLM_F_ACK, err) < 0)
		return -1;
	i = link_header(&q, index);
	i->ifi_flags = IFF_UP;
	i->ifi_change = IFF_UP;
	if (rtnl_exchange(&m->inside, &q, NULL, NULL) < 0)
		return error_sys(err, "set it up in the container");
	return 0;
}

static int move_one(struct moving *m, const char *host, const char *name, pid_t pid, struct error *err)
{
	unsigned index;

	if (link_find(m, host, err) < 0 || look_inside(m, name, err) < 0 || addresses_note(m, err) < 0)
		return -1;
	index = m->last > m->index ? m->last + 1 : m->index + 1;
	if (link_move(m, name, pid, index, err) < 0 || link_up(m, index, err) < 0)
		return -1;
	vec_each (&m->addresses, a)
		if (address_give(m, a, index, err) < 0)
			return -1;
	return 0;
}

int net_devices_move(const struct spec_linux *l, pid_t pid, int inside, struct error *err)
{
	struct moving m = { .inside.sock = inside };
	struct strmap devices = { 0 };
	int status = spec_net_devices(l, &devices, err);

	if (status == 0 && devices.n && inside < 0)
		status = error_set(err, ERR_UNSUPPORTED, "linux.netDevices: no rtnetlink");
	if (status == 0 && devices.n)
		status = rtnl_open(&m.host, err);
	if (status == 0 && devices.n) {
		for (size_t i = 0; i < devices.n && status == 0; i++) {
			status = move_one(&m, devices.v[i].key, devices.v[i].value, pid, err);
			if (status < 0)
				error_add(err, "linux.netDevices: %s", devices.v[i].key);
		}
		rtnl_close(&m.host);
	}
	vec_done(&m.addresses);
	strmap_done(&devices);
	return status;
}
