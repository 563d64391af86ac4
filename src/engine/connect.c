/*
 * connect.c - a container on a further network, or on one less.
 *
 * Two things change: what is up, when it runs, and the request in its record, of which the next
 * start makes the same again. What is up comes first: it can be refused.
 */
#include "engine/network.h"
#include "etc_files.h"
#include "prepare.h"

#include <fcntl.h>

static struct request_network *find_more(struct run_request *r, const struct network *n)
{
	vec_each (&r->more_networks, one)
		if (network_is_named(n, one->name))
			return one;
	return NULL;
}

/* The place of the first network moves in and out of the request itself. */
static void first_clear(struct run_request *r)
{
	free(r->network);
	free(r->ip);
	free(r->ip6);
	free(r->mac_address);
	strv_done(&r->network_alias);
	r->network = r->ip = r->ip6 = r->mac_address = NULL;
}

static void first_set(struct run_request *r, const struct request_network *n)
{
	first_clear(r);
	r->network = xstrdup(n->name);
	r->ip = xstrdup_or_null(n->ip);
	r->ip6 = xstrdup_or_null(n->ip6);
	r->mac_address = xstrdup_or_null(n->mac_address);
	strv_copy(&r->network_alias, &n->aliases);
}

static int request_connect(struct run_request *r, const struct userns *u, const struct network *n,
			   const struct request_network *place, struct error *err)
{
	const char *mode = network_mode_resolve(u, r->network);
	struct request_network named = *place;

	named.name = n->name;
	if (network_is_named(n, mode) || find_more(r, n))
		return error_set(err, ERR_EXISTS, "it is on network %s already", n->name);
	if (str_eq(mode, "none")) {
		first_set(r, &named);
		return 0;
	}
	if (!network_mode_is_bridge(mode)) {
		error_set(err, ERR_UNSUPPORTED, "its network is %s, which goes with no other", mode);
		return error_hint(err, "--network bridge, or a network, is for a container that is "
				       "to be on several");
	}
	if (!r->network || network_mode_is_word(r->network)) { /* the default one is named now */
		free(r->network);
		r->network = xstrdup(mode);
	}
	fields_copy(request_network_fields, vec_add(&r->more_networks), &named);
	return 0;
}

static int request_disconnect(struct run_request *r, const struct userns *u,
			      const struct network *n, struct error *err)
{
	struct request_network *more = find_more(r, n);

	if (!more && !network_is_named(n, network_mode_resolve(u, r->network)))
		return error_set(err, ERR_NOTFOUND, "it is not on network %s", n->name);
	if (!more && r->more_networks.n) {
		more = &r->more_networks.v[0];
		first_set(r, more);
	} else if (!more) {
		first_clear(r);
		r->network = xstrdup("none");
		return 0;
	}
	fields_done(request_network_fields, more);
	vec_remove(&r->more_networks, (size_t)(more - r->more_networks.v));
	return 0;
}

static int up_connect(struct container *c, const struct network *n,
		      const struct request_network *place, struct netdir *d, int ns,
		      struct error *err)
{
	struct net_join join = {
		.ip = place->ip,
		.ip6 = place->ip6,
		.mac = place->mac_address,
		.aliases = place->aliases,
	};
	int status;

	fields_init(network_fields, &join.network);
	fields_copy(network_fields, &join.network, n);
	status = net_connect(d, c->id, &join, ns, err);
	network_done(&join.network);
	return status;
}

/* place NULL: off it */
static int change_up(struct engine *e, struct container *c, const struct network *n,
		     const struct request_network *place, struct error *err)
{
	const struct userns *u = &e->facts.userns;
	auto_free char *path = xasprintf("/proc/%lld/ns/net", (long long)c->state.pid);
	auto_close int ns = open(path, O_RDONLY | O_CLOEXEC);
	struct netdir d = { .fd = -1 };
	int status;

	if (ns < 0)
		return error_sys(err, "open %s", path);
	if (netdir_open(u->caller_uid, u->caller_uid != 0, true, &d, err) < 0)
		return -1;
	status = place ? up_connect(c, n, place, &d, ns, err)
		       : net_disconnect(&d, c->id, n->name, ns, err);
	netdir_close(&d);
	return status;
}

/* Without root the name server is that of one of its networks: which may be another now, or none. */
static int resolv_again(struct engine *e, const struct container *c, const struct run_request *r,
			struct error *err)
{
	const struct network_wish w = {
		.request = r, .id = c->id, .hostname = "", .lock = "", .hosts = ""
	};
	struct net_job *job;
	int status = network_job_make(e, &w, &job, err);

	if (status == 0) {
		auto_free char *dns = network_dns(job);

		status = etc_resolv_write(c->fd, r, dns, err);
	}
	network_job_free(&job);
	return status;
}

static int change(struct engine *e, struct container *c, const struct network *n,
		  const struct request_network *place, struct error *err)
{
	const struct userns *u = &e->facts.userns;
	struct run_request r;
	int status;

	run_request_init(&r);
	status = container_request(c, &r, NULL, err);
	if (status == 0)
		status = place ? request_connect(&r, u, n, place, err)
			       : request_disconnect(&r, u, n, err);
	if (status == 0 && place)
		status = request_network_check(&r, err);
	if (status == 0 && (c->status == CONTAINER_RUNNING || c->status == CONTAINER_PAUSED)) {
		status = change_up(e, c, n, place, err);
		if (status == 0 && u->caller_uid != 0)
			status = resolv_again(e, c, &r, err);
	}
	if (status == 0)
		status = container_request_save(e, c, &r, err);
	run_request_done(&r);
	return status;
}

int network_connect(struct engine *e, struct container *c, const struct network *n,
		    const struct request_network *place, struct error *err)
{
	if (n->plain && place->aliases.n)
		return error_set(err, ERR_INVALID, "the default network has no names");
	if (change(e, c, n, place, err) < 0)
		return -1;
	event_network(e->store, n, "connect", c->id);
	return 0;
}

int network_disconnect(struct engine *e, struct container *c, const struct network *n,
		       struct error *err)
{
	if (change(e, c, n, NULL, err) < 0)
		return -1;
	event_network(e->store, n, "disconnect", c->id);
	return 0;
}
