/*
 * net.c - bringing the network of a container up, and down.
 *
 *	lock		the run directory; what the dead left is swept
 *	namespace	made without a process, or the one of a container that waits
 *	links		bridges joined; or a helper is started
 *	ports		sockets opened, the forwarder forked, rules for them
 *	lease		written: from here on others see it; hosts files of all are made anew
 *
 * What can fail undoes itself by closing: a namespace takes its links along. Only the rules for
 * ports and the lease are taken back by name.
 */
#include "net/net.h"

#include "bridge.h"
#include "firewall.h"
#include "helper.h"
#include "hosts.h"
#include "keeper.h"
#include "lease.h"
#include "netns.h"
#include "published.h"
#include "util/fd.h"
#include "util/log.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void join_done(struct net_join *j)
{
	network_done(&j->network);
	free(j->ip);
	free(j->ip6);
	free(j->mac);
	strv_done(&j->aliases);
}

void net_job_done(struct net_job *j)
{
	vec_each (&j->joins, one)
		join_done(one);
	vec_done(&j->joins);
	free(j->mode);
	lease_done(&j->lease);
	memset(j, 0, sizeof(*j));
}

/* ---- up ---- */

static int loopback_up(struct rtnl *inside, struct error *err)
{
	return rtnl_link_up(inside, 1, 0, err); /* lo is number 1 of every namespace */
}

static int bridges_up(struct net_job *j, struct net *n, const leases *all, struct rtnl *inside,
		      struct error *err)
{
	struct rtnl here = { .sock = -1 };
	int status =
		j->rootless ? keeper_open(&n->dir, &n->keeper, &here, err) : rtnl_open(&here, err);
	unsigned i = 0;

	vec_each (&j->joins, join) {
		struct attachment *a;

		if (status < 0)
			break;
		a = vec_add(&j->lease.attachments);
		status = bridge_join(&n->dir, join, all, j->lease.id, i++, &here, n->ns, inside, a,
				     err);
		if (status == 0 && j->rootless)
			status = keeper_serve(n->keeper, j->lease.id, a, err);
	}
	rtnl_close(&here);
	return status;
}

static int helper_up(struct net_job *j, struct net *n, struct rtnl *inside, struct error *err)
{
	struct attachment *a;
	unsigned index = 0;
	char text[IP_TEXT_MAX];
	struct ip ip;
	int prefix;

	n->helper = helper_start(j->mode, n->ns, inside, &n->helper_life, err);
	if (n->helper < 0) {
		n->helper = 0;
		return -1;
	}
	a = vec_add(&j->lease.attachments);
	a->network = xstrdup(j->mode);
	if (str_eq(j->mode, "slirp4netns")) {
		a->interface = xstrdup("tap0");
		a->ip = xstrdup(SLIRP_ADDRESS);
		a->gateway = xstrdup(SLIRP_GATEWAY);
		a->subnet = xstrdup(SLIRP_SUBNET);
		a->plain = true;
		return 0;
	}
	/* pasta gives the container the host's own address, on the first link beside lo */
	for (index = 2; index < 8; index++) {
		int r = rtnl_address_find(inside, index, AF_INET, &ip, &prefix, err);

		if (r < 0)
			return -1;
		if (r == 0)
			continue;
		a->ip = xstrdup(ip_format(&ip, text));
		break;
	}
	a->plain = true;
	return 0;
}

static int ports_up(struct net_job *j, struct net *n, const leases *all, struct error *err)
{
	if (!j->lease.ports.n)
		return 0;
	n->published = published_open(&n->dir, &j->lease, all, n->ns, err);
	if (!n->published)
		return -1;
	if (n->dir.root && !j->lease.group)
		firewall_publish(&n->dir, &j->lease, true);
	return 0;
}

/* Everybody with the new one among them; the copy is shallow and not freed. */
static void refresh_with(leases *all, const struct lease *new)
{
	vec_push(all, *new);
	hosts_refresh(all);
	all->n--;
}

static int up(struct net_job *j, struct net *n, leases *all, struct rtnl *inside, struct error *err)
{
	bool bridge = str_eq(j->mode, "bridge");

	if (netdir_sweep(&n->dir, all, err) < 0)
		return -1;
	if (netns_open(&n->ns, inside, err) < 0 || loopback_up(inside, err) < 0)
		return -1;
	if (bridge ? bridges_up(j, n, all, inside, err) < 0 : helper_up(j, n, inside, err) < 0)
		return -1;
	if (ports_up(j, n, all, err) < 0)
		return -1;
	if (lease_save(&n->dir, &j->lease, err) < 0)
		return -1;
	n->leased = true;
	refresh_with(all, &j->lease);
	return 0;
}

int net_up(struct net_job *j, struct net *n, struct error *err)
{
	struct rtnl inside = { .sock = -1 };
	auto_done(leases) leases all = { 0 };
	auto_close int lock = -1;
	int ns = n->ns, status;

	free(j->lease.mode);
	j->lease.mode = xstrdup(j->mode);
	if (netdir_open(j->user, j->rootless, true, &n->dir, err) < 0)
		return error_add(err, "network");
	lock = netdir_lock(&n->dir, err);
	status = lock < 0 ? -1 : up(j, n, &all, &inside, err);
	rtnl_close(&inside);
	if (status == 0)
		return 0;
	auto_close_fd(&lock);
	lock = -1;
	net_down(n, j);
	if (ns >= 0)
		n->ns = -1;
	return error_add(err, "network");
}

/* ---- down ---- */

static void end(pid_t *pid)
{
	if (*pid <= 0)
		return;
	kill(*pid, SIGKILL);
	while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
		;
	*pid = 0;
}

/* What the lease says now: its networks may have changed while it ran. */
static void ports_down(struct net *n, const struct net_job *j, struct error *err)
{
	struct lease now;

	if (!n->dir.root || !j->lease.ports.n || lease_read(&n->dir, j->lease.id, &now, err) < 0)
		return;
	firewall_publish(&n->dir, &now, false);
	lease_done(&now);
}

void net_down(struct net *n, const struct net_job *j)
{
	struct error e = { 0 };
	char text[ERROR_LINE_MAX];
	auto_close int lock = -1;

	if (n->dir.fd < 0)
		return;
	lock = netdir_lock(&n->dir, &e);
	published_free(take_ptr(&n->published));
	end(&n->helper);
	auto_close_fd(&n->helper_life);
	n->helper_life = -1;
	if (!n->leased && n->dir.root && j->lease.ports.n) /* it came so far, and no further */
		firewall_publish(&n->dir, &j->lease, false);
	if (n->leased) {
		auto_done(leases) leases all = { 0 };

		ports_down(n, j, &e);
		if (lease_remove(&n->dir, j->lease.id, &e) == 0 &&
		    netdir_leases(&n->dir, &all, &e) == 0) {
			hosts_refresh(&all);
			if (n->dir.root && j->lease.group)
				firewall_group(&n->dir, &j->lease, &all);
		}
	}
	if (e.kind)
		log_warn("network: %s", error_text(&e, text, sizeof(text)));
	auto_close_fd(&n->keeper);
	auto_close_fd(&n->ns);
	netdir_close(&n->dir);
	*n = (struct net)NET_NONE;
}

/* ---- and up again ---- */

static bool has_join(const struct net_job *j, const char *id)
{
	vec_each (&j->joins, one)
		if (str_eq(one->network.id, id))
			return true;
	return false;
}

static bool is_on(const struct lease *l, const char *id)
{
	vec_each (&l->attachments, a)
		if (str_eq(a->network_id, id))
			return true;
	return false;
}

/* As it is there now; the address is chosen anew. */
static void join_from(const struct attachment *a, struct net_join *j)
{
	struct network *n = &j->network;

	fields_init(network_fields, n);
	n->name = xstrdup(a->network);
	n->id = xstrdup(a->network_id);
	n->subnet = xstrdup_or_null(a->subnet);
	n->gateway = xstrdup_or_null(a->gateway);
	n->subnet6 = xstrdup_or_null(a->subnet6);
	n->gateway6 = xstrdup_or_null(a->gateway6);
	n->ipv6 = a->subnet6 != NULL;
	n->internal = a->internal;
	n->plain = a->plain;
	strv_copy(&j->aliases, &a->aliases);
}

static void joins_follow(struct net_job *j, const struct lease *now)
{
	for (size_t i = j->joins.n; i-- > 0;) {
		if (is_on(now, j->joins.v[i].network.id))
			continue;
		join_done(&j->joins.v[i]);
		vec_remove(&j->joins, i);
	}
	vec_each (&now->attachments, a)
		if (a->network_id && !has_join(j, a->network_id))
			join_from(a, vec_add(&j->joins));
}

void net_renew(struct net *n, struct net_job *j)
{
	struct error ignored = { 0 }; /* then it is on those that it began with */
	struct lease now;

	if (str_eq(j->mode, "bridge") && n->leased &&
	    lease_read(&n->dir, j->lease.id, &now, &ignored) == 0) {
		joins_follow(j, &now);
		lease_done(&now);
	}
	net_down(n, j);
	vec_each (&j->lease.attachments, a)
		attachment_done(a);
	vec_done(&j->lease.attachments);
}
