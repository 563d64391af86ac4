/*
 * bridge.c - one interface of a container: its bridge, its address, its link.
 *
 * Why the bridge stays when the last member leaves: to make and to remove one costs tens of
 * milliseconds (the kernel waits for all its cores), which every `run --rm` would pay. `network rm`
 * and `network prune` take it away.
 */
#include "bridge.h"

#include "firewall.h"
#include "lease.h"
#include "util/fd.h"
#include "util/log.h"

#include <errno.h>
#include <stdio.h>

/* The default network's subnets, the first that is free on this host. */
static const char *const defaults[] = { "10.87.0.0/16", "10.86.0.0/16", "10.85.0.0/16",
					"172.31.0.0/16", "192.168.240.0/20" };

void bridge_port_name(const char *id, unsigned n, char name[LINK_NAME_MAX])
{
	snprintf(name, LINK_NAME_MAX, "hv%.10s%u", id, n);
}

/* ---- addresses ---- */

static bool taken(const leases *all, const char *link, const struct ip *ip)
{
	vec_each (all, l)
		vec_each (&l->attachments, a) {
			struct ip other;

			if (str_eq(a->link, link) &&
			    ((a->ip && ip_parse(a->ip, &other) && ip_equal(&other, ip)) ||
			     (a->ip6 && ip_parse(a->ip6, &other) && ip_equal(&other, ip))))
				return true;
		}
	return false;
}

static int wanted_address(const char *text, const struct subnet *s, const struct ip *gateway,
			  const leases *all, const char *link, struct ip *ip, struct error *err)
{
	if (!ip_parse(text, ip))
		return error_set(err, ERR_USAGE, "'%s' is no IP address", text);
	if (!subnet_has(s, ip))
		return error_set(err, ERR_INVALID, "address %s is not in the network's subnet", text);
	if (ip_equal(ip, gateway) || ip_equal(ip, &s->base))
		return error_set(err, ERR_BUSY, "address %s is the network's own", text);
	if (taken(all, link, ip))
		return error_set(err, ERR_BUSY, "address %s is taken", text);
	return 0;
}

static int choose_address(const char *wanted, const char *subnet, const char *range,
			  const char *gateway, uint32_t first, const leases *all, const char *link,
			  struct ip *ip, struct subnet *s, struct error *err)
{
	struct ip gw = { 0 };
	struct subnet from;

	if (subnet_parse(subnet, s, err) < 0)
		return -1;
	ip_parse(gateway, &gw);
	if (wanted)
		return wanted_address(wanted, s, &gw, all, link, ip, err);
	from = *s;
	if (range && subnet_parse(range, &from, err) < 0)
		return -1;
	for (uint32_t i = range ? 0 : first; i < subnet_size(&from) - 1; i++) {
		*ip = subnet_nth(&from, i);
		if (!ip_equal(ip, &gw) && !ip_equal(ip, &s->base) && !taken(all, link, ip))
			return 0;
	}
	return error_set(err, ERR_LIMIT, "no address of %s is free", range ? range : subnet);
}

/* ---- the bridge ---- */

static int sysctl_write(const char *path, const char *value, struct error *err)
{
	auto_close int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return error_sys(err, "open %s", path);
	return fd_write_all(fd, value, strlen(value), err);
}

/* Set only where it is not set yet: the file is read-only in many containers. */
static int sysctl_ensure(const char *path, const char *value, struct error *err)
{
	auto_done(str) struct str now = { 0 };
	struct error ignored = { 0 };

	if (file_read(AT_FDCWD, path, &now, 64, &ignored) == 0 && str_starts(str_get(&now), value))
		return 0;
	return sysctl_write(path, value, err);
}

#define FORWARD_4 "net.ipv4.ip_forward"
#define FORWARD_6 "net.ipv6.conf.all.forwarding"

/* ERR_DENIED: the host does not forward, and we may not change that. */
static int forwarding_ensure(const char *name, struct error *err)
{
	auto_free char *path = xasprintf("/proc/sys/%s", name);
	struct error why = { 0 };
	char text[ERROR_LINE_MAX];

	for (char *p = path; *p; p++)
		if (*p == '.')
			*p = '/';
	if (sysctl_ensure(path, "1", &why) == 0)
		return 0;
	error_set(err, ERR_DENIED, "the host forwards no packets of containers: %s",
		  error_text(&why, text, sizeof(text)));
	return error_hint(err, "sysctl %s=1 lets it", name);
}

/* As root: the host is the gateway, translates and forwards. */
static int gateway_up(struct netdir *d, struct rtnl *here, unsigned index,
		      const struct attachment *a, struct error *err)
{
	auto_free char *loopback = xasprintf("/proc/sys/net/ipv4/conf/%s/route_localnet", a->link);
	struct ip gw;
	struct subnet s;
	struct error e = { 0 };

	if (a->subnet && ip_parse(a->gateway, &gw) && subnet_parse(a->subnet, &s, err) == 0 &&
	    rtnl_address_add(here, index, &gw, s.prefix, err) < 0)
		return -1;
	if (a->subnet6 && ip_parse(a->gateway6, &gw) && subnet_parse(a->subnet6, &s, err) == 0 &&
	    rtnl_address_add(here, index, &gw, s.prefix, err) < 0)
		return -1;
	if (err->kind)
		return -1;
	if (sysctl_ensure(loopback, "1", &e) < 0)
		error_clear(&e); /* the loopback is then served by the forwarder */
	if (!a->internal && (forwarding_ensure(FORWARD_4, err) < 0 ||
			     (a->subnet6 && forwarding_ensure(FORWARD_6, err) < 0)))
		return -1;
	return firewall_network(d, a, true, err);
}

/* What the running default network has is asked of the kernel; else the first that is free. */
static int default_subnet(const struct netdir *d, struct rtnl *here, unsigned index,
			  struct network *n, struct error *err)
{
	struct subnet with;
	char text[IP_TEXT_MAX];
	struct ip ip;
	int prefix, r;

	if (!d->root) { /* a namespace of our own: nothing of the host's is in the way */
		struct subnet s;

		if (subnet_parse(defaults[0], &s, err) < 0)
			return -1;
		ip = subnet_nth(&s, 2);
		n->subnet = xstrdup(defaults[0]);
		n->gateway = xstrdup(ip_format(&ip, text));
		return 0;
	}
	if (index) {
		r = rtnl_address_find(here, index, AF_INET, &ip, &prefix, err);
		if (r < 0)
			return -1;
		if (r > 0) {
			n->gateway = xstrdup(ip_format(&ip, text));
			n->subnet = subnet_around(&ip, prefix);
			return 0;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		struct subnet s;

		subnet_parse(defaults[i], &s, err);
		r = rtnl_overlaps(here, &s, &with, err);
		if (r < 0)
			return -1;
		if (r > 0)
			continue;
		ip = subnet_nth(&s, 1);
		n->subnet = xstrdup(defaults[i]);
		n->gateway = xstrdup(ip_format(&ip, text));
		return 0;
	}
	return error_set(err, ERR_BUSY, "no subnet of the default network is free on this host");
}

static int check_free(struct rtnl *here, const char *subnet, struct error *err)
{
	struct subnet s, with;
	char text[IP_TEXT_MAX];
	int r;

	if (!subnet)
		return 0;
	if (subnet_parse(subnet, &s, err) < 0)
		return -1;
	r = rtnl_overlaps(here, &s, &with, err);
	if (r > 0)
		return error_set(err, ERR_BUSY, "subnet %s overlaps the host's route to %s/%d",
				 subnet, ip_format(&with.base, text), with.prefix);
	return r;
}

static int bridge_ensure(struct netdir *d, struct rtnl *here, struct network *n,
			 struct attachment *a, unsigned *index, struct error *err)
{
	bool made = false;
	uint8_t mac[6];
	struct ip gw = { 0 };
	int status = -1;

	if (rtnl_index(here, a->link, index, err) < 0)
		return -1;
	if (!n->subnet && default_subnet(d, here, *index, n, err) < 0)
		return -1;
	a->subnet = xstrdup_or_null(n->subnet);
	a->gateway = xstrdup_or_null(n->gateway);
	a->subnet6 = xstrdup_or_null(n->subnet6);
	a->gateway6 = xstrdup_or_null(n->gateway6);
	if (*index)
		return 0;
	if (d->root && (check_free(here, n->subnet, err) < 0 || check_free(here, n->subnet6, err) < 0))
		return -1;
	/* one of its own: else it changes with its ports, and neighbours remember the old one */
	ip_parse(a->gateway ? a->gateway : a->gateway6, &gw);
	mac_from_ip(&gw, mac);
	mac[1] ^= 0x80;
	if (rtnl_bridge_add(here, a->link, mac, &made, err) == 0 &&
	    rtnl_index(here, a->link, index, err) == 0)
		status = d->root ? gateway_up(d, here, *index, a, err) : 0;
	if (status < 0 && made) {
		struct error ignored = { 0 }; /* the first error is told */

		rtnl_link_delete(here, a->link, &ignored);
	}
	return status;
}

/* ---- the link ---- */

/* Without root number 3 is the name server that slirp4netns has. */
#define FIRST_ADDRESS(d) ((d)->root ? 2U : 4U)

static int addresses(const struct netdir *d, const struct net_join *j, const leases *all,
		     struct attachment *a, struct ip ip[2], int prefix[2], struct error *err)
{
	char text[IP_TEXT_MAX];
	struct subnet s;

	memset(ip, 0, 2 * sizeof(*ip));
	if (j->ip6 && !a->subnet6)
		return error_set(err, ERR_INVALID, "network %s has no IPv6 subnet", a->network);
	if (a->subnet) {
		if (choose_address(j->ip, a->subnet, j->network.ip_range, a->gateway,
				   FIRST_ADDRESS(d), all, a->link, &ip[0], &s, err) < 0)
			return -1;
		prefix[0] = s.prefix;
		a->ip = xstrdup(ip_format(&ip[0], text));
	}
	if (a->subnet6) {
		if (choose_address(j->ip6, a->subnet6, NULL, a->gateway6, FIRST_ADDRESS(d), all,
				   a->link, &ip[1], &s, err) < 0)
			return -1;
		prefix[1] = s.prefix;
		a->ip6 = xstrdup(ip_format(&ip[1], text));
	}
	return 0;
}

int bridge_route(struct rtnl *inside, const struct attachment *a, struct error *err)
{
	struct ip gw;

	if (a->internal)
		return 0;
	if (a->ip && ip_parse(a->gateway, &gw) && rtnl_route_default(inside, &gw, err) < 0)
		return -1;
	if (a->ip6 && ip_parse(a->gateway6, &gw) && rtnl_route_default(inside, &gw, err) < 0)
		return -1;
	return 0;
}

static int inside_up(struct rtnl *inside, struct attachment *a, const struct ip ip[2],
		     const int prefix[2], struct error *err)
{
	unsigned index;

	if (rtnl_index(inside, a->interface, &index, err) < 0)
		return -1;
	for (int i = 0; i < 2; i++)
		if (ip[i].family && rtnl_address_add(inside, index, &ip[i], prefix[i], err) < 0)
			return -1;
	if (rtnl_link_up(inside, index, 0, err) < 0)
		return -1;
	return bridge_route(inside, a, err);
}

/*
 * A link of this name is the same container's of a moment ago: the kernel takes its time with the
 * namespaces of what has ended.
 */
static int plug(struct rtnl *here, const char *port, unsigned bridge, const char *interface, int ns,
		const uint8_t mac[6], struct error *err)
{
	struct error first = { 0 };

	if (rtnl_veth_add(here, port, bridge, interface, ns, mac, &first) == 0)
		return 0;
	if (first.kind != ERR_EXISTS) {
		*err = first;
		return -1;
	}
	if (rtnl_link_delete(here, port, err) < 0)
		return -1;
	return rtnl_veth_add(here, port, bridge, interface, ns, mac, err);
}

int bridge_join(struct netdir *d, struct net_join *j, const leases *all, const char *id, unsigned n,
		struct rtnl *here, int ns, struct rtnl *inside, struct attachment *a,
		struct error *err)
{
	struct network *net = &j->network;
	char port[LINK_NAME_MAX], link[LINK_NAME_MAX];
	struct ip ip[2];
	int prefix[2] = { 0 };
	unsigned index;
	uint8_t mac[6];

	bridge_port_name(id, n, port);
	network_link(net, link);
	a->network = xstrdup(net->name);
	a->network_id = xstrdup(net->id);
	a->link = xstrdup(link);
	a->interface = xasprintf("eth%u", n);
	a->internal = net->internal;
	a->plain = net->plain;
	strv_copy(&a->aliases, &j->aliases);
	if (bridge_ensure(d, here, net, a, &index, err) < 0 ||
	    addresses(d, j, all, a, ip, prefix, err) < 0)
		return -1;
	mac_from_ip(ip[0].family ? &ip[0] : &ip[1], mac);
	if (j->mac && !mac_parse(j->mac, mac))
		return error_set(err, ERR_USAGE, "--mac-address '%s': no address of one interface",
				 j->mac);
	a->mac = mac_format(mac);
	if (plug(here, port, index, a->interface, ns, mac, err) < 0)
		return -1;
	if (inside_up(inside, a, ip, prefix, err) < 0) {
		struct error ignored = { 0 }; /* the first error is told */

		rtnl_link_delete(here, port, &ignored);
		return -1;
	}
	return 0;
}
