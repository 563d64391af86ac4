/*
 * rtnl.c - rtnetlink: each function is one request and its acknowledgement.
 *
 * Spec   rtnetlink(7), veth(4).
 */
#include "rtnl.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <unistd.h>

/* The macros of the kernel's headers for netlink cast constness away and mix signs. */
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wsign-compare"

static struct ifinfomsg *link_header(union rtnl_message *m, unsigned index)
{
	struct ifinfomsg *i = mnl.mnl_nlmsg_put_extra_header(&m->head, sizeof(*i));

	i->ifi_family = AF_UNSPEC;
	i->ifi_index = (int)index;
	return i;
}

/* A request that makes or sets up a link. */
static int begin_up(union rtnl_message *m, int flags, unsigned index, struct error *err)
{
	struct ifinfomsg *i;

	if (rtnl_begin(m, RTM_NEWLINK, NLM_F_ACK | flags, err) < 0)
		return -1;
	i = link_header(m, index);
	i->ifi_flags = IFF_UP;
	i->ifi_change = IFF_UP;
	return 0;
}

static void index_found(const struct nlmsghdr *h, void *arg)
{
	if (h->nlmsg_type == RTM_NEWLINK)
		*(unsigned *)arg = (unsigned)((const struct ifinfomsg *)NLMSG_DATA(h))->ifi_index;
}

int rtnl_index(struct rtnl *n, const char *name, unsigned *index, struct error *err)
{
	union rtnl_message m;

	*index = 0;
	if (rtnl_begin(&m, RTM_GETLINK, NLM_F_ACK, err) < 0)
		return -1;
	link_header(&m, 0);
	mnl.mnl_attr_put_strz(&m.head, IFLA_IFNAME, name);
	if (rtnl_exchange(n, &m, index_found, index) < 0 && errno != ENODEV)
		return error_sys(err, "look for the link %s", name);
	return 0;
}

int rtnl_bridge_add(struct rtnl *n, const char *name, const uint8_t mac[6], bool *made,
		    struct error *err)
{
	struct nlattr *info;
	union rtnl_message m;

	if (begin_up(&m, NLM_F_CREATE | NLM_F_EXCL, 0, err) < 0)
		return -1;
	mnl.mnl_attr_put_strz(&m.head, IFLA_IFNAME, name);
	mnl.mnl_attr_put(&m.head, IFLA_ADDRESS, 6, mac);
	info = mnl.mnl_attr_nest_start(&m.head, IFLA_LINKINFO);
	mnl.mnl_attr_put_strz(&m.head, IFLA_INFO_KIND, "bridge");
	mnl.mnl_attr_nest_end(&m.head, info);
	*made = rtnl_exchange(n, &m, NULL, NULL) == 0;
	if (!*made && errno != EEXIST)
		return error_sys(err, "make the bridge %s", name);
	return 0;
}

int rtnl_veth_add(struct rtnl *n, const char *name, unsigned master, const char *peer, int ns,
		  const uint8_t mac[6], struct error *err)
{
	struct nlattr *info, *data, *other;
	union rtnl_message m;

	if (begin_up(&m, NLM_F_CREATE | NLM_F_EXCL, 0, err) < 0)
		return -1;
	mnl.mnl_attr_put_strz(&m.head, IFLA_IFNAME, name);
	mnl.mnl_attr_put_u32(&m.head, IFLA_MASTER, master);
	info = mnl.mnl_attr_nest_start(&m.head, IFLA_LINKINFO);
	mnl.mnl_attr_put_strz(&m.head, IFLA_INFO_KIND, "veth");
	data = mnl.mnl_attr_nest_start(&m.head, IFLA_INFO_DATA);
	other = mnl.mnl_attr_nest_start(&m.head, VETH_INFO_PEER);
	mnl.mnl_nlmsg_put_extra_header(&m.head, sizeof(struct ifinfomsg));
	mnl.mnl_attr_put_strz(&m.head, IFLA_IFNAME, peer);
	mnl.mnl_attr_put(&m.head, IFLA_ADDRESS, 6, mac);
	mnl.mnl_attr_put_u32(&m.head, IFLA_NET_NS_FD, (uint32_t)ns);
	mnl.mnl_attr_nest_end(&m.head, other);
	mnl.mnl_attr_nest_end(&m.head, data);
	mnl.mnl_attr_nest_end(&m.head, info);
	if (rtnl_exchange(n, &m, NULL, NULL) < 0)
		return error_sys(err, "make the link %s", name);
	return 0;
}

int rtnl_link_up(struct rtnl *n, unsigned index, unsigned master, struct error *err)
{
	union rtnl_message m;

	if (begin_up(&m, 0, index, err) < 0)
		return -1;
	if (master)
		mnl.mnl_attr_put_u32(&m.head, IFLA_MASTER, master);
	if (rtnl_exchange(n, &m, NULL, NULL) < 0)
		return error_sys(err, "set link %u up", index);
	return 0;
}

int rtnl_link_delete(struct rtnl *n, const char *name, struct error *err)
{
	union rtnl_message m;

	if (rtnl_begin(&m, RTM_DELLINK, NLM_F_ACK, err) < 0)
		return -1;
	link_header(&m, 0);
	mnl.mnl_attr_put_strz(&m.head, IFLA_IFNAME, name);
	if (rtnl_exchange(n, &m, NULL, NULL) < 0 && errno != ENODEV)
		return error_sys(err, "remove the link %s", name);
	return 0;
}

int rtnl_address_add(struct rtnl *n, unsigned index, const struct ip *ip, int prefix,
		     struct error *err)
{
	struct ifaddrmsg *a;
	union rtnl_message m;
	char text[IP_TEXT_MAX];

	if (rtnl_begin(&m, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, err) < 0)
		return -1;
	a = mnl.mnl_nlmsg_put_extra_header(&m.head, sizeof(*a));
	a->ifa_family = (uint8_t)ip->family;
	a->ifa_prefixlen = (uint8_t)prefix;
	a->ifa_index = index;
	if (ip->family == AF_INET6)
		a->ifa_flags = IFA_F_NODAD; /* nobody else has it, and a second is long */
	mnl.mnl_attr_put(&m.head, IFA_LOCAL, ip_size(ip), ip->b);
	mnl.mnl_attr_put(&m.head, IFA_ADDRESS, ip_size(ip), ip->b);
	if (rtnl_exchange(n, &m, NULL, NULL) < 0 && errno != EEXIST)
		return error_sys(err, "add the address %s", ip_format(ip, text));
	return 0;
}

int rtnl_route_default(struct rtnl *n, const struct ip *gateway, struct error *err)
{
	struct rtmsg *r;
	union rtnl_message m;
	char text[IP_TEXT_MAX];

	if (rtnl_begin(&m, RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, err) < 0)
		return -1;
	r = mnl.mnl_nlmsg_put_extra_header(&m.head, sizeof(*r));
	r->rtm_family = (uint8_t)gateway->family;
	r->rtm_table = RT_TABLE_MAIN;
	r->rtm_protocol = RTPROT_BOOT;
	r->rtm_type = RTN_UNICAST;
	mnl.mnl_attr_put(&m.head, RTA_GATEWAY, ip_size(gateway), gateway->b);
	if (rtnl_exchange(n, &m, NULL, NULL) < 0 && errno != EEXIST)
		return error_sys(err, "add the route by %s", ip_format(gateway, text));
	return 0;
}

/* ---- questions ---- */

struct overlap {
	const struct subnet *wanted;
	struct subnet *with;
	bool found;
};

static void route_seen(const struct nlmsghdr *h, void *arg)
{
	const struct rtmsg *r = NLMSG_DATA(h);
	struct overlap *o = arg;
	struct subnet s = { .prefix = r->rtm_dst_len };
	int left = (int)RTM_PAYLOAD(h);

	if (h->nlmsg_type != RTM_NEWROUTE || r->rtm_dst_len == 0 || r->rtm_type != RTN_UNICAST)
		return;
	s.base.family = r->rtm_family;
	for (const struct rtattr *a = RTM_RTA(r); RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == RTA_DST && RTA_PAYLOAD(a) == ip_size(&s.base))
			memcpy(s.base.b, RTA_DATA(a), ip_size(&s.base));
	if (!subnet_overlaps(&s, o->wanted))
		return;
	o->found = true;
	*o->with = s;
}

int rtnl_overlaps(struct rtnl *n, const struct subnet *s, struct subnet *with, struct error *err)
{
	struct overlap o = { .wanted = s, .with = with };
	struct rtmsg *r;
	union rtnl_message m;

	if (rtnl_begin(&m, RTM_GETROUTE, NLM_F_DUMP, err) < 0)
		return -1;
	r = mnl.mnl_nlmsg_put_extra_header(&m.head, sizeof(*r));
	r->rtm_family = (uint8_t)s->base.family;
	if (rtnl_exchange(n, &m, route_seen, &o) < 0)
		return error_sys(err, "list routes");
	return o.found;
}

struct address {
	unsigned index;
	struct ip *ip;
	int *prefix;
	bool found;
};

static void address_seen(const struct nlmsghdr *h, void *arg)
{
	const struct ifaddrmsg *i = NLMSG_DATA(h);
	struct address *want = arg;
	int left = (int)IFA_PAYLOAD(h);

	if (h->nlmsg_type != RTM_NEWADDR || want->found || i->ifa_index != want->index ||
	    i->ifa_scope >= RT_SCOPE_LINK || i->ifa_family != want->ip->family)
		return;
	for (const struct rtattr *a = IFA_RTA(i); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if (a->rta_type != IFA_ADDRESS || RTA_PAYLOAD(a) != ip_size(want->ip))
			continue;
		memcpy(want->ip->b, RTA_DATA(a), ip_size(want->ip));
		*want->prefix = i->ifa_prefixlen;
		want->found = true;
	}
}

int rtnl_address_find(struct rtnl *n, unsigned index, int family, struct ip *ip, int *prefix,
		      struct error *err)
{
	struct address want = { .index = index, .ip = ip, .prefix = prefix };
	struct ifaddrmsg *a;
	union rtnl_message m;

	memset(ip, 0, sizeof(*ip));
	ip->family = family;
	if (rtnl_begin(&m, RTM_GETADDR, NLM_F_DUMP, err) < 0)
		return -1;
	a = mnl.mnl_nlmsg_put_extra_header(&m.head, sizeof(*a));
	a->ifa_family = (uint8_t)family;
	if (rtnl_exchange(n, &m, address_seen, &want) < 0)
		return error_sys(err, "list addresses");
	return want.found;
}
