/*
 * port.c - `hod port`: where the ports of a container are on the host.
 */
#include "commands.h"

#include "network.h"
#include "operands.h"
#include "output.h"

static void add_host(struct str *out, const struct port *p)
{
	const char *host = p->host ? p->host : "0.0.0.0";

	str_addf(out, strchr(host, ':') ? "[%s]:%lld\n" : "%s:%lld\n", host, (long long)p->host_port);
}

/* "80", "80/udp" */
static int port_find(const struct lease *l, const char *name, const char *text, struct str *out,
		     struct error *err)
{
	auto_free char *wanted = strchr(text, '/') ? xstrdup(text) : xasprintf("%s/tcp", text);
	bool found = false;

	vec_each (&l->ports, p) {
		auto_free char *key = xasprintf("%lld/%s", (long long)p->port, p->proto);

		if (!str_eq(key, wanted))
			continue;
		add_host(out, p);
		found = true;
	}
	return found ? 0
		     : error_set(err, ERR_NOTFOUND, "no public port '%s' published for %s", wanted,
				 name);
}

static int port_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	auto_done(container) struct container c;
	auto_done(str) struct str out = { 0 };
	auto_done(lease) struct lease l = { 0 };
	const char *name = operands->v[0];

	container_init(&c);
	fields_init(lease_fields, &l);
	if (need_container(app, name, &c, err) < 0)
		return -1;
	if (container_is_up(&c) && network_lease(&app->userns, c.id, &l, err) < 0)
		return -1;
	if (operands->n > 1) {
		if (port_find(&l, name, operands->v[1], &out, err) < 0)
			return -1;
	} else {
		vec_each (&l.ports, p) {
			str_addf(&out, "%lld/%s -> ", (long long)p->port, p->proto);
			add_host(&out, p);
		}
	}
	return output_text(&out, err);
}

const struct command cmd_port = {
	.name = "port",
	.operands = "CONTAINER [PORT[/PROTOCOL]]",
	.summary = "show where the ports of a container are published",
	.needs = NEED_STORE_READ,
	.min = 1,
	.max = 2,
	.run = port_run,
	.failure = 1,
};
