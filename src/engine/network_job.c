/*
 * network_job.c - from a request to what the monitor brings up: which network, addresses, ports.
 */
#include "engine/network.h"

#include "util/log.h"

static const char *const words[] = { "none", "host", "default", "private", "slirp4netns", "pasta" };

bool network_mode_is_word(const char *mode)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (str_eq(mode, words[i]))
			return true;
	return mode && str_starts(mode, "container:");
}

bool network_mode_is_bridge(const char *mode)
{
	return mode && !network_mode_is_word(mode);
}

const char *network_mode_resolve(const struct userns *u, const char *mode)
{
	const char *helper;

	if (mode && !str_eq(mode, "default") && !str_eq(mode, "private"))
		return mode;
	if (u->caller_uid == 0)
		return NETWORK_DEFAULT;
	helper = net_helper_find();
	return helper ? helper : "none";
}

static bool asked(const char *mode)
{
	return mode && !str_eq(mode, "default");
}

/* The ports of -p, and with -P one of the kernel's choice for each that is exposed. */
static int collect_ports(const struct network_wish *w, port_list *l, struct error *err)
{
	const struct run_request *r = w->request;
	auto_done(strv) struct strv exposed = { 0 };

	vec_each (&r->publish, p) {
		struct port *copy = vec_add(l);

		fields_init(port_fields, copy);
		fields_copy(port_fields, copy, p);
	}
	if (!r->publish_all)
		return 0;
	strv_each (&r->expose, i)
		if (ports_parse_exposed(r->expose.v[i], &exposed, err) < 0)
			return -1;
	if (w->exposed)
		strv_each (w->exposed, i)
			if (ports_parse_exposed(w->exposed->v[i], &exposed, err) < 0)
				return error_add(err, "EXPOSE of the image");
	strv_each (&exposed, i) {
		bool given = false;

		vec_each (l, p) {
			auto_free char *same = xasprintf("%lld/%s", (long long)p->port, p->proto);

			given |= str_eq(same, exposed.v[i]);
		}
		if (!given && ports_parse(exposed.v[i], l, err) < 0)
			return -1;
	}
	return 0;
}

static int add_join(struct engine *e, const struct request_network *n, const char *name,
		    struct net_job *j, struct error *err)
{
	struct net_join *join = vec_add(&j->joins);
	int found = network_find(e->store, name, &join->network, err);

	if (found == 0) {
		error_set(err, ERR_NOTFOUND, "no such network: %s", name);
		error_hint(err, "'hod network create %s' makes it", name);
	}
	if (found <= 0)
		return -1;
	if (n->aliases.n && join->network.plain)
		return error_set(
			err,
			ERR_INVALID, "--network-alias needs a network of your own: the default one has no names");
	vec_each (&j->joins, other)
		if (other != join && str_eq(other->network.id, join->network.id))
			return error_set(err, ERR_USAGE, "--network: '%s' is given twice", name);
	join->ip = xstrdup_or_null(n->ip);
	join->ip6 = xstrdup_or_null(n->ip6);
	join->mac = xstrdup_or_null(n->mac_address);
	strv_copy(&join->aliases, &n->aliases);
	return 0;
}

static int add_joins(struct engine *e, const struct run_request *r, const char *mode,
		     struct net_job *j, struct error *err)
{
	struct request_network first = request_first_network(r);

	if (add_join(e, &first, mode, j, err) < 0)
		return -1;
	vec_each (&r->more_networks, n)
		if (add_join(e, n, n->name, j, err) < 0)
			return -1;
	return 0;
}

static void add_lease(const struct network_wish *w, struct lease *l)
{
	l->id = xstrdup(w->id);
	l->name = xstrdup_or_null(w->name);
	l->hostname = xstrdup(w->hostname);
	l->lock = xstrdup(w->lock);
	l->hosts = xstrdup(w->hosts);
	l->group = xstrdup_or_null(w->request->publish_group);
	strv_each (&w->request->add_host, i) {
		const char *text = w->request->add_host.v[i];
		size_t n = strcspn(text, "=:");

		if (text[n] && strcmp(text + n + 1, "host-gateway") == 0)
			strv_take(&l->host_gateway, xstrndup(text, n));
	}
}

static int refuse_without(const struct run_request *r, const char *mode, struct error *err)
{
	const struct {
		const char *option;
		bool given;
	} all[] = {
		{ "--ip", r->ip != NULL },
		{ "--ip6", r->ip6 != NULL },
		{ "--mac-address", r->mac_address != NULL },
		{ "--network-alias", r->network_alias.n > 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i].given)
			return error_set(err, ERR_INVALID,
					 "%s needs a bridge network, and --network is %s here",
					 all[i].option, mode);
	if (r->publish_group && !str_eq(mode, "slirp4netns") && !str_eq(mode, "pasta"))
		return error_set(
			err, ERR_INVALID,
			"--publish-group needs a network of its own, and --network is %s here", mode);
	if ((r->publish.n || r->publish_all) && !str_eq(mode, "slirp4netns") && !str_eq(mode, "pasta"))
		log_warn("ports are not published with --network %s", mode);
	return 0;
}

/* There is none to be had: a warning, if nobody asked for it. */
static int refuse_missing(const struct run_request *r, struct error *err)
{
	if (!r->publish.n && !r->publish_all && !asked(r->network)) {
		log_warn("the container has no network: neither slirp4netns nor pasta is installed "
			 "(--network none says so without this line)");
		return 0;
	}
	error_set(err, ERR_UNSUPPORTED, "%s needs slirp4netns or pasta, and neither is installed",
		  asked(r->network) ? "--network" : "--publish");
	return error_hint(err, "install slirp4netns, or use --network none or host");
}

int network_job_make(struct engine *e, const struct network_wish *w, struct net_job **job,
		     struct error *err)
{
	const struct run_request *r = w->request;
	const struct userns *u = &e->facts.userns;
	const char *mode = network_mode_resolve(u, r->network);
	bool bridge = network_mode_is_bridge(mode);
	struct net_job *j;

	*job = NULL;
	if (str_eq(mode, "none") && !str_eq(r->network, "none") && refuse_missing(r, err) < 0)
		return -1;
	if (!bridge && refuse_without(r, mode, err) < 0)
		return -1;
	if (!bridge && !str_eq(mode, "slirp4netns") && !str_eq(mode, "pasta"))
		return 0;
	if (!bridge && u->caller_uid == 0)
		return error_set(err, ERR_UNSUPPORTED, "--network %s is for users without root",
				 mode);
	j = xcalloc(1, sizeof(*j));
	*job = j;
	fields_init(lease_fields, &j->lease);
	j->user = u->caller_uid;
	j->rootless = u->caller_uid != 0;
	j->optional = !asked(r->network) && !r->publish.n && !r->publish_all;
	j->mode = xstrdup(bridge ? "bridge" : mode);
	add_lease(w, &j->lease);
	if ((bridge && add_joins(e, r, mode, j, err) < 0) ||
	    collect_ports(w, &j->lease.ports, err) < 0) {
		network_job_free(job);
		return -1;
	}
	return 0;
}

void network_job_free(struct net_job **job)
{
	if (*job)
		net_job_done(*job);
	free(*job);
	*job = NULL;
}

char *network_dns(const struct net_job *job)
{
	struct error ignored = { 0 }; /* it was checked when the network was made */
	char text[IP_TEXT_MAX];
	struct subnet s;
	struct ip ip;

	if (!job || !job->rootless)
		return NULL;
	if (str_eq(job->mode, "slirp4netns"))
		return xstrdup("10.0.2.3");
	vec_each (&job->joins, j) {
		if (j->network.internal ||
		    subnet_parse(j->network.subnet ? j->network.subnet : "10.87.0.0/16", &s,
				 &ignored) < 0)
			continue;
		ip = subnet_nth(&s, 3);
		return xstrdup(ip_format(&ip, text));
	}
	return NULL;
}
