/*
 * network.c - networks as a whole: their subnets, their end, their rules made anew.
 */
#include "net/network.h"

#include "firewall.h"
#include "hosts.h"
#include "rtnl.h"
#include "util/fd.h"

#include <sys/socket.h>
#include <stdio.h>

#define POOL_FIRST 0x0a590000U /* 10.89.0.0 */
#define POOL_COUNT 1024	       /* /24 each */

static bool overlaps_any(const struct subnet *s, const struct strv *others)
{
	struct error ignored = { 0 }; /* they were checked when they were made */

	strv_each (others, i) {
		struct subnet other;

		if (subnet_parse(others->v[i], &other, &ignored) == 0 && subnet_overlaps(s, &other))
			return true;
	}
	return false;
}

static int check_given(const char *text, const struct strv *others, struct rtnl *here, int family,
		       struct subnet *s, struct error *err)
{
	struct subnet with;
	char buf[IP_TEXT_MAX];
	int r;

	if (subnet_parse(text, s, err) < 0)
		return -1;
	if (s->base.family != family)
		return error_set(err, ERR_USAGE, "subnet '%s' is of the wrong version", text);
	if (overlaps_any(s, others))
		return error_set(err, ERR_BUSY, "subnet %s overlaps another network's", text);
	r = here ? rtnl_overlaps(here, s, &with, err) : 0;
	if (r > 0)
		return error_set(err, ERR_BUSY, "subnet %s overlaps the host's route to %s/%d",
				 text, ip_format(&with.base, buf), with.prefix);
	return r;
}

static int choose4(struct network *n, const struct strv *others, struct rtnl *here,
		   struct subnet *s, struct error *err)
{
	struct subnet with;

	s->prefix = 24;
	s->base.family = AF_INET;
	for (uint32_t i = 0; i < POOL_COUNT; i++) {
		uint32_t v = POOL_FIRST + (i << 8);
		char buf[IP_TEXT_MAX];
		int r;

		for (int b = 0; b < 4; b++)
			s->base.b[b] = (uint8_t)(v >> (24 - 8 * b));
		if (overlaps_any(s, others))
			continue;
		r = here ? rtnl_overlaps(here, s, &with, err) : 0;
		if (r < 0)
			return -1;
		if (r > 0)
			continue;
		n->subnet = xasprintf("%s/24", ip_format(&s->base, buf));
		return 0;
	}
	return error_set(err, ERR_LIMIT, "no subnet of 10.89.0.0 and above is free");
}

/* A unique local one (RFC 4193): fd and 56 digits of chance, of which the ID has enough. */
static void choose6(struct network *n, struct subnet *s)
{
	n->subnet6 = xasprintf("fd%.2s:%.4s:%.4s:%.4s::/64", n->id, n->id + 2, n->id + 6, n->id + 10);
	memset(s, 0, sizeof(*s));
}

static int gateway(char **text, const struct subnet *s, bool root, struct error *err)
{
	/* slirp4netns answers as number 2 of its subnet and nowhere else */
	struct ip own = subnet_nth(s, root ? 1 : 2), ip;
	char buf[IP_TEXT_MAX];

	if (!*text) {
		*text = xstrdup(ip_format(&own, buf));
		return 0;
	}
	if (!ip_parse(*text, &ip))
		return error_set(err, ERR_USAGE, "--gateway '%s': no IP address", *text);
	if (!subnet_has(s, &ip) || ip_equal(&ip, &s->base))
		return error_set(err, ERR_INVALID, "gateway %s is not in the subnet", *text);
	if (!root && !ip_equal(&ip, &own))
		return error_set(err, ERR_UNSUPPORTED,
				 "without root the gateway can only be %s, which is slirp4netns's",
				 ip_format(&own, buf));
	return 0;
}

int network_choose_subnets(struct network *n, const struct strv *others, bool root, struct error *err)
{
	struct rtnl rtnl = { .sock = -1 }, *here = root ? &rtnl : NULL;
	struct subnet s = { 0 }, six = { 0 };
	int status;

	if (root && rtnl_open(here, err) < 0)
		return -1;
	status = n->subnet ? check_given(n->subnet, others, here, AF_INET, &s, err)
			   : choose4(n, others, here, &s, err);
	if (status == 0)
		status = gateway(&n->gateway, &s, root, err);
	if (status == 0 && n->ipv6 && !root && !n->internal)
		status = error_set(err, ERR_UNSUPPORTED,
				   "without root a network with IPv6 must be --internal");
	if (status == 0 && n->ipv6) {
		if (n->subnet6)
			status = check_given(n->subnet6, others, here, AF_INET6, &six, err);
		else
			choose6(n, &six);
		if (status == 0)
			status = subnet_parse(n->subnet6, &six, err);
		if (status == 0)
			status = gateway(&n->gateway6, &six, true, err);
	}
	if (status == 0 && n->ip_range) {
		struct subnet range;

		status = subnet_parse(n->ip_range, &range, err);
		if (status == 0 && (!subnet_has(&s, &range.base) || range.prefix < s.prefix))
			status = error_set(err, ERR_INVALID, "--ip-range %s is not in subnet %s",
					   n->ip_range, n->subnet);
	}
	rtnl_close(&rtnl);
	return status;
}

int network_down(struct netdir *d, const struct network *n, struct error *err)
{
	auto_done(leases) leases all = { 0 };
	auto_close int lock = netdir_lock(d, err);
	struct attachment a = { .internal = n->internal, .subnet = n->subnet, .subnet6 = n->subnet6 };
	struct rtnl here = { .sock = -1 };
	char link[LINK_NAME_MAX];
	unsigned index = 0;
	int status;

	if (lock < 0 || netdir_sweep(d, &all, err) < 0)
		return -1;
	vec_each (&all, l)
		vec_each (&l->attachments, on)
			if (str_eq(on->network_id, n->id))
				return error_set(err, ERR_BUSY, "network %s is used by container %s",
						 n->name, l->name ? l->name : l->id);
	if (!d->root)
		return 0; /* the keeper's, which goes with its last member */
	network_link(n, link);
	a.link = link;
	status = rtnl_open(&here, err);
	if (status == 0)
		status = rtnl_index(&here, link, &index, err);
	if (status == 0 && index && !a.subnet) {
		struct ip ip;
		int prefix;

		if (rtnl_address_find(&here, index, AF_INET, &ip, &prefix, err) > 0)
			a.subnet = subnet_around(&ip, prefix);
	}
	if (status == 0 && index)
		status = rtnl_link_delete(&here, link, err);
	if (status == 0 && index)
		status = firewall_network(d, &a, false, err);
	if (a.subnet != n->subnet)
		free(a.subnet);
	rtnl_close(&here);
	return status;
}

int network_reload(struct netdir *d, struct error *err)
{
	auto_done(leases) leases all = { 0 };
	auto_close int lock = netdir_lock(d, err);

	if (lock < 0 || netdir_sweep(d, &all, err) < 0)
		return -1;
	hosts_refresh(&all);
	return d->root ? firewall_rebuild(d, &all, err) : 0;
}

int network_idle(struct netdir *d, struct error *err)
{
	static const struct network plain = { .plain = true };
	auto_done(leases) leases all = { 0 };
	auto_close int lock = netdir_lock(d, err);
	struct rtnl here = { .sock = -1 };
	char link[LINK_NAME_MAX];
	int status;

	if (lock < 0 || netdir_sweep(d, &all, err) < 0)
		return -1;
	vec_each (&all, l)
		if (str_eq(l->mode, "bridge"))
			return 0;
	if (!d->root)
		return 0;
	network_link(&plain, link);
	status = rtnl_open(&here, err);
	if (status == 0)
		status = rtnl_link_delete(&here, link, err);
	rtnl_close(&here);
	return status < 0 ? -1 : firewall_clear(d, err);
}
