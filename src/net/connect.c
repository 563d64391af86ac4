/*
 * connect.c - a running container on a further bridge network, or on one less.
 *
 * Owns   what changes of its lease, and what follows from that: its link, its way out, the rules of
 *        its published ports, the names of its neighbours.
 */
#include "bridge.h"
#include "firewall.h"
#include "hosts.h"
#include "keeper.h"
#include "lease.h"
#include "netns.h"
#include "util/fd.h"

/* The lowest interface number that is not in use. */
static unsigned free_number(const struct lease *l)
{
	unsigned n = 0;

	for (;; n++) {
		auto_free char *name = xasprintf("eth%u", n);
		bool used = false;

		vec_each (&l->attachments, a)
			used |= str_eq(a->interface, name);
		if (!used)
			return n;
	}
}

/* rtnetlink where the bridges are; without root with a connection to their keeper. */
static int bridges_open(struct netdir *d, int *keeper, struct rtnl *here, struct error *err)
{
	return d->root ? rtnl_open(here, err) : keeper_open(d, keeper, here, err);
}

static struct lease *find_lease(leases *all, const char *id)
{
	vec_each (all, l)
		if (str_eq(l->id, id))
			return l;
	return NULL;
}

static struct attachment *find_attachment(struct lease *l, const char *network)
{
	vec_each (&l->attachments, a)
		if (str_eq(a->network, network))
			return a;
	return NULL;
}

/* The rules for published ports name one address of it: which may be another afterwards. */
static void ports_move(struct netdir *d, const struct lease *l, const leases *all, bool add)
{
	if (!l->ports.n || !d->root)
		return;
	if (!l->group)
		firewall_publish(d, l, add);
	else if (add)
		firewall_group(d, l, all);
}

/* Everything but the lease; what has failed is undone. */
static int link_up(struct netdir *d, struct lease *self, struct net_join *join, const leases *all,
		   int ns, struct attachment *a, struct error *err)
{
	struct rtnl here = { .sock = -1 }, inside = { .sock = -1 };
	auto_close int keeper = -1;
	int status = bridges_open(d, &keeper, &here, err);
	unsigned number = free_number(self);

	if (status == 0)
		status = netns_open(&ns, &inside, err);
	if (status == 0)
		status = bridge_join(d, join, all, self->id, number, &here, ns, &inside, a, err);
	if (status == 0 && !d->root && keeper_serve(keeper, self->id, a, err) < 0) {
		struct error ignored = { 0 }; /* the first error is told */
		char port[LINK_NAME_MAX];

		bridge_port_name(self->id, number, port);
		rtnl_link_delete(&here, port, &ignored);
		status = -1;
	}
	rtnl_close(&here);
	rtnl_close(&inside);
	return status;
}

int net_connect(struct netdir *d, const char *id, struct net_join *join, int ns, struct error *err)
{
	auto_done(leases) leases all = { 0 };
	auto_close int lock = netdir_lock(d, err);
	struct attachment a = { 0 };
	struct lease *self;

	if (lock < 0 || netdir_sweep(d, &all, err) < 0)
		return -1;
	self = find_lease(&all, id);
	if (!self || !str_eq(self->mode, "bridge"))
		return error_set(
			err, ERR_UNSUPPORTED,
			"it runs on no bridge network, and is on this one when it is started "
			"again");
	if (find_attachment(self, join->network.name))
		return error_set(err, ERR_EXISTS, "it is on network %s already", join->network.name);
	if (link_up(d, self, join, &all, ns, &a, err) < 0) {
		attachment_done(&a);
		return -1;
	}
	vec_push(&self->attachments, a);
	if (self->attachments.n == 1) /* else published ports stay where they are */
		ports_move(d, self, &all, true);
	if (lease_save(d, self, err) < 0)
		return -1;
	hosts_refresh(&all);
	return 0;
}

/* The way out may have gone with the link: it is by the next network then. */
static int routes_again(const struct lease *l, int ns, struct error *err)
{
	struct rtnl inside = { .sock = -1 };
	int status = netns_open(&ns, &inside, err);

	vec_each (&l->attachments, a)
		if (status == 0)
			status = bridge_route(&inside, a, err);
	rtnl_close(&inside);
	return status;
}

static int link_down(struct netdir *d, const char *id, const struct attachment *a, struct error *err)
{
	struct rtnl here = { .sock = -1 };
	auto_close int keeper = -1;
	char port[LINK_NAME_MAX];
	int status = bridges_open(d, &keeper, &here, err);

	bridge_port_name(id, (unsigned)strtoul(a->interface + 3, NULL, 10), port);
	if (status == 0)
		status = rtnl_link_delete(&here, port, err);
	if (status == 0 && !d->root)
		status = keeper_leave(keeper, id, a, err);
	rtnl_close(&here);
	return status;
}

int net_disconnect(struct netdir *d, const char *id, const char *network, int ns, struct error *err)
{
	auto_done(leases) leases all = { 0 };
	auto_close int lock = netdir_lock(d, err);
	struct attachment *a;
	struct lease *self;

	if (lock < 0 || netdir_sweep(d, &all, err) < 0)
		return -1;
	self = find_lease(&all, id);
	a = self ? find_attachment(self, network) : NULL;
	if (!a)
		return error_set(err, ERR_NOTFOUND, "it is not on network %s", network);
	if (link_down(d, id, a, err) < 0)
		return -1;
	ports_move(d, self, &all, false);
	attachment_done(a);
	vec_remove(&self->attachments, (size_t)(a - self->attachments.v));
	ports_move(d, self, &all, true);
	if (lease_save(d, self, err) < 0 || routes_again(self, ns, err) < 0)
		return -1;
	hosts_refresh(&all);
	return 0;
}
