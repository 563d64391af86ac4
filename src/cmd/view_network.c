/*
 * view_network.c - networks, addresses and ports as docker shows them.
 */
#include "network.h"

#include "operands.h"
#include "view.h"

#include <stdio.h>

/* ---- ports ---- */

static char *port_key(const struct port *p)
{
	return xasprintf("%lld/%s", (long long)p->port, p->proto);
}

static void add_text(struct str *s, const struct port *p)
{
	bool six = p->host && strchr(p->host, ':');

	str_addf(s, "%s%s%s%s:%lld->%lld/%s", s->len ? ", " : "", six ? "[" : "",
		 p->host ? p->host : "0.0.0.0", six ? "]" : "", (long long)p->host_port,
		 (long long)p->port, p->proto);
}

/* The same address, and both numbers one higher. */
static bool follows(const struct port *a, const struct port *b)
{
	return str_eq(a->host, b->host) && str_eq(a->proto, b->proto) &&
	       b->host_port == a->host_port + 1 && b->port == a->port + 1;
}

/* The last port of the row that begins at `from` and is of the same host address. */
static const struct port *row_end(const port_list *l, const struct port *from)
{
	const struct port *end = from;

	vec_each (l, p)
		if (follows(end, p))
			end = p;
	return end;
}

static bool inside_row(const port_list *l, const struct port *p)
{
	vec_each (l, other)
		if (follows(other, p))
			return true;
	return false;
}

char *ports_text(const struct lease *l, const struct strv *exposed)
{
	struct str s = { 0 };

	vec_each (&l->ports, p) {
		const struct port *end = row_end(&l->ports, p);
		bool six = p->host && strchr(p->host, ':');

		if (inside_row(&l->ports, p))
			continue;
		if (end == p)
			add_text(&s, p);
		else
			str_addf(&s, "%s%s%s%s:%lld-%lld->%lld-%lld/%s", s.len ? ", " : "",
				 six ? "[" : "", p->host ? p->host : "0.0.0.0", six ? "]" : "",
				 (long long)p->host_port, (long long)end->host_port,
				 (long long)p->port, (long long)end->port, p->proto);
	}
	strv_each (exposed, i) {
		bool published = false;

		vec_each (&l->ports, p) {
			auto_free char *key = port_key(p);

			published |= str_eq(key, exposed->v[i]);
		}
		if (!published)
			str_addf(&s, "%s%s", s.len ? ", " : "", exposed->v[i]);
	}
	return str_take(&s);
}

json_t *ports_object(const port_list *l, const struct strv *exposed, bool asked)
{
	json_t *o = json_object();

	if (exposed)
		strv_each (exposed, i)
			json_object_set_new(o, exposed->v[i], json_null());
	vec_each (l, p) {
		auto_free char *key = port_key(p);
		json_t *list = json_object_get(o, key), *one = json_object();

		if (!json_is_array(list)) {
			list = json_array();
			json_object_set_new(o, key, list);
		}
		view_str(one, "HostIp", p->host ? p->host : asked ? "" : "0.0.0.0");
		view_take(one, "HostPort",
			  p->host_port ? xasprintf("%lld", (long long)p->host_port) : xstrdup(""));
		json_array_append_new(list, one);
	}
	return o;
}

/* ---- a container's networks ---- */

static int prefix_of(const char *subnet)
{
	const char *slash = subnet ? strchr(subnet, '/') : NULL;

	return slash ? atoi(slash + 1) : 0;
}

static void add_addresses(json_t *o, const struct attachment *a)
{
	view_str(o, "Gateway", a ? a->gateway : "");
	view_str(o, "IPAddress", a ? a->ip : "");
	view_int(o, "IPPrefixLen", a && a->ip ? prefix_of(a->subnet) : 0);
	view_str(o, "IPv6Gateway", a ? a->gateway6 : "");
	view_str(o, "GlobalIPv6Address", a ? a->ip6 : "");
	view_int(o, "GlobalIPv6PrefixLen", a && a->ip6 ? prefix_of(a->subnet6) : 0);
	view_str(o, "MacAddress", a ? a->mac : "");
}

static json_t *endpoint(const struct attachment *a, const struct strv *aliases)
{
	json_t *o = json_object();

	view_null(o, "IPAMConfig");
	view_null(o, "Links");
	view_list(o, "Aliases", a ? &a->aliases : aliases);
	view_str(o, "NetworkID", a ? a->network_id : "");
	view_str(o, "EndpointID", "");
	add_addresses(o, a);
	return o;
}

/* Of one that does not run: what it is to be on. */
static void idle_networks(json_t *all, const char *mode, const struct run_request *r)
{
	view_json(all, mode, endpoint(NULL, &r->network_alias));
	vec_each (&r->more_networks, n)
		view_json(all, n->name, endpoint(NULL, &n->aliases));
}

json_t *view_network_settings(struct app *app, const struct container *c,
			      const struct run_request *r, const struct image_settings *image)
{
	const char *mode = network_mode_resolve(&app->userns, r->network);
	json_t *o = json_object(), *all = json_object();
	struct error ignored = { 0 }; /* without a lease it is on no network now */
	auto_done(strv) struct strv exposed = { 0 };
	struct lease l = { 0 };
	bool up = container_is_up(c) && network_lease(&app->userns, c->id, &l, &ignored) > 0;
	bool none = str_eq(mode, "none") || str_eq(mode, "host") || str_starts(mode, "container:");

	if (up && !none) {
		strv_copy(&exposed, &image->exposed_ports);
		strv_each (&r->expose, i)
			ports_parse_exposed(r->expose.v[i], &exposed, &ignored);
	}
	view_str(o, "Bridge", "");
	view_str(o, "SandboxID", up ? c->id : "");
	view_take(o, "SandboxKey",
		  up ? xasprintf("/proc/%lld/ns/net", (long long)c->state.pid) : xstrdup(""));
	view_json(o, "Ports", ports_object(&l.ports, &exposed, false));
	/* docker has the addresses of the default network here, too */
	add_addresses(o, up && l.attachments.n && l.attachments.v[0].plain ? &l.attachments.v[0]
									   : NULL);
	if (up)
		vec_each (&l.attachments, a)
			view_json(all, a->network, endpoint(a, NULL));
	else if (!str_starts(mode, "container:"))
		idle_networks(all, mode, r);
	view_json(o, "Networks", all);
	if (up)
		lease_done(&l);
	return o;
}

/* ---- a network ---- */

static json_t *config_of(const char *subnet, const char *range, const char *gateway)
{
	json_t *o = json_object();

	view_str(o, "Subnet", subnet);
	if (range)
		view_str(o, "IPRange", range);
	view_str(o, "Gateway", gateway);
	return o;
}

static char *with_prefix(const char *ip, const char *subnet)
{
	return ip ? xasprintf("%s/%d", ip, prefix_of(subnet)) : xstrdup("");
}

static json_t *members(const leases *all, const struct network *n, char **subnet, char **gateway)
{
	json_t *o = json_object();

	vec_each (all, l)
		vec_each (&l->attachments, a) {
			json_t *one;

			if (!str_eq(a->network_id, n->id))
				continue;
			one = json_object();
			view_str(one, "Name", l->name ? l->name : l->id);
			view_str(one, "EndpointID", "");
			view_str(one, "MacAddress", a->mac);
			view_take(one, "IPv4Address", with_prefix(a->ip, a->subnet));
			view_take(one, "IPv6Address", with_prefix(a->ip6, a->subnet6));
			view_json(o, l->id, one);
			if (!*subnet) {
				*subnet = xstrdup_or_null(a->subnet);
				*gateway = xstrdup_or_null(a->gateway);
			}
		}
	return o;
}

json_t *view_one_network(struct app *app, const struct network *n)
{
	json_t *o = json_object(), *ipam = json_object(), *configs = json_array(), *on;
	auto_free char *subnet = xstrdup_or_null(n->subnet), *gateway = xstrdup_or_null(n->gateway);
	auto_done(leases) leases all = { 0 };
	struct netdir d = { .fd = -1 };
	struct error ignored = { 0 }; /* nobody is on it then */
	char link[LINK_NAME_MAX];
	struct strmap options = { 0 };

	if (netdir_open(app->userns.caller_uid, app->userns.caller_uid != 0, false, &d, &ignored) > 0)
		netdir_leases(&d, &all, &ignored);
	netdir_close(&d);
	on = members(&all, n, &subnet, &gateway);
	if (subnet)
		json_array_append_new(configs, config_of(subnet, n->ip_range, gateway));
	if (n->subnet6)
		json_array_append_new(configs, config_of(n->subnet6, NULL, n->gateway6));
	view_str(o, "Name", n->name);
	view_str(o, "Id", n->id);
	view_time(o, "Created", n->created_ns);
	view_str(o, "Scope", "local");
	view_str(o, "Driver", "bridge");
	view_bool(o, "EnableIPv4", true);
	view_bool(o, "EnableIPv6", n->subnet6 != NULL);
	view_str(ipam, "Driver", "default");
	view_map(ipam, "Options", &options);
	view_json(ipam, "Config", configs);
	view_json(o, "IPAM", ipam);
	view_bool(o, "Internal", n->internal);
	view_bool(o, "Attachable", false);
	view_bool(o, "Ingress", false);
	view_json(o, "Containers", on);
	view_map(o, "Options", &n->options);
	view_map(o, "Labels", &n->labels);
	network_link(n, link);
	view_str(o, "Link", link);
	return o;
}
