/*
 * network_connect.c - `hod network connect|disconnect|reload`: what changes while containers run.
 */
#include "network.h"

#include "commands.h"
#include "operands.h"

struct connect_args {
	char *ip, *ip6, *mac;
	struct strv aliases;
};
static const struct opt connect_opts[] = {
	OPT_LIST(0, "alias", connect_args, aliases, "NAME", "a further name for the others on it"),
	OPT_STRING(0, "ip", connect_args, ip, "ADDRESS", "its IPv4 address there"),
	OPT_STRING(0, "ip6", connect_args, ip6, "ADDRESS", "its IPv6 address there"),
	OPT_STRING(0, "mac-address", connect_args, mac, "ADDRESS", "its hardware address there"),
	OPT_END,
};

/*
 * Both as they are named. Without root the bridges of one that runs are reached from the user
 * namespace that all their members share, and the store is open anew behind the way there.
 */
static int find_both(struct app *app, const struct strv *operands, struct network *n,
		     struct container *c, struct error *err)
{
	struct strv one = { .v = operands->v + 1, .n = 1 };

	if (need_network(app, operands->v[0], n, err) < 0 ||
	    need_container(app, operands->v[1], c, err) < 0)
		return -1;
	if (app->userns.caller_uid == 0 || !container_is_up(c))
		return 0;
	if (join_networks(app, &one, err) < 0)
		return -1;
	container_done(c);
	container_init(c);
	return need_container(app, operands->v[1], c, err);
}

static int connect_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct connect_args *args = arg;
	const struct request_network place = {
		.ip = args->ip, .ip6 = args->ip6, .mac_address = args->mac, .aliases = args->aliases
	};
	auto_done(network) struct network n = { 0 };
	auto_done(container) struct container c;

	container_init(&c);
	if (find_both(app, operands, &n, &c, err) < 0 ||
	    network_connect(&app->engine, &c, &n, &place, err) < 0)
		return error_add(err, "connect '%s'", operands->v[1]);
	return 0;
}

const struct command cmd_network_connect = {
	.name = "network connect",
	.operands = "NETWORK CONTAINER",
	.summary = "put a container on a further network",
	.description = "At once, when it runs, and whenever it is started.",
	.opts = connect_opts,
	.args_size = sizeof(struct connect_args),
	.needs = NEED_STORE_READ | NEED_ENGINE,
	.min = 2,
	.max = 2,
	.run = connect_run,
	.failure = 1,
};

struct disconnect_args {
	bool force;
};
static const struct opt disconnect_opts[] = {
	OPT_FLAG('f', "force", disconnect_args, force, "do not mind a container that is not on it"),
	OPT_END,
};

static int disconnect_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct disconnect_args *args = arg;
	auto_done(network) struct network n = { 0 };
	auto_done(container) struct container c;

	container_init(&c);
	if (find_both(app, operands, &n, &c, err) == 0 &&
	    network_disconnect(&app->engine, &c, &n, err) == 0)
		return 0;
	if (args->force && err->kind == ERR_NOTFOUND) {
		error_clear(err);
		return 0;
	}
	return error_add(err, "disconnect '%s'", operands->v[1]);
}

const struct command cmd_network_disconnect = {
	.name = "network disconnect",
	.operands = "NETWORK CONTAINER",
	.summary = "take a container off a network",
	.description = "At once, when it runs, and for all of its further starts.",
	.opts = disconnect_opts,
	.args_size = sizeof(struct disconnect_args),
	.needs = NEED_STORE_READ | NEED_ENGINE,
	.min = 2,
	.max = 2,
	.run = disconnect_run,
	.failure = 1,
};

static int reload_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct userns *u = &app->userns;
	struct netdir d = { .fd = -1 };
	int status = netdir_open(u->caller_uid, u->caller_uid != 0, false, &d, err);

	if (status > 0)
		status = network_reload(&d, err);
	netdir_close(&d);
	return status < 0 ? -1 : 0;
}

const struct command cmd_network_reload = {
	.name = "network reload",
	.summary = "make the firewall rules of networks and ports anew",
	.description = "After a firewall of the host was reloaded and has flushed all tables.",
	.run = reload_run,
	.failure = 1,
};
