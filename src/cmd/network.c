/*
 * network.c - `hod network create|ls|rm`; connect and disconnect are in network_connect.c, inspect,
 * exists and prune with those of other nouns.
 */
#include "network.h"

#include "commands.h"
#include "filters.h"
#include "listing.h"
#include "operands.h"
#include "output.h"

static bool rootless(const struct app *app)
{
	return app->userns.caller_uid != 0;
}

/* ---- create ---- */

struct create_args {
	char *driver, *ip_range;
	struct strv subnet, gateway, options;
	bool internal, ipv6, ignore, attachable;
	struct strmap labels;
};
static const struct opt create_opts[] = {
	OPT_FLAG(0, "attachable", create_args, attachable, "every network is; for docker's scripts"),
	OPT_ENUM('d', "driver", create_args, driver, "bridge", "the driver; there is one"),
	OPT_LIST(0, "gateway", create_args, gateway, "ADDRESS", "the host's address on it"),
	OPT_FLAG(0, "ignore", create_args, ignore, "do not mind one that is there already"),
	OPT_FLAG(0, "internal", create_args, internal, "no way out of it, and none in"),
	OPT_STRING(0, "ip-range", create_args, ip_range, "SUBNET",
		   "choose addresses only in this part of the subnet"),
	OPT_FLAG(0, "ipv6", create_args, ipv6, "with IPv6, of a subnet that is made up"),
	OPT_MAP(0, "label", create_args, labels, "KEY[=VALUE]", "a label"),
	OPT_LIST('o', "opt", create_args, options, "KEY=VALUE",
		 "an option of the driver: none is known"),
	OPT_LIST(0, "subnet", create_args, subnet, "SUBNET", "its addresses; once for each version"),
	OPT_END,
};

static bool is_six(const char *text)
{
	return strchr(text, ':') != NULL;
}

static int take_each(const struct strv *from, const char *option, char **four, char **six,
		     struct error *err)
{
	strv_each (from, i) {
		char **to = is_six(from->v[i]) ? six : four;

		if (*to)
			return error_set(err, ERR_USAGE, "%s: only one of each version", option);
		*to = xstrdup(from->v[i]);
	}
	return 0;
}

static int fill(const struct create_args *args, const char *name, struct network *n, struct error *err)
{
	fields_init(network_fields, n);
	n->name = xstrdup(name);
	n->internal = args->internal;
	n->ip_range = xstrdup_or_null(args->ip_range);
	strmap_copy(&n->labels, &args->labels);
	if (args->options.n)
		return error_set(err, ERR_UNSUPPORTED,
				 "--opt %s: there are no options of the driver", args->options.v[0]);
	if (take_each(&args->subnet, "--subnet", &n->subnet, &n->subnet6, err) < 0 ||
	    take_each(&args->gateway, "--gateway", &n->gateway, &n->gateway6, err) < 0)
		return -1;
	n->ipv6 = args->ipv6 || n->subnet6;
	if (n->gateway6 && !n->ipv6)
		return error_set(err, ERR_USAGE, "--gateway %s needs --ipv6", n->gateway6);
	return 0;
}

static int create_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct create_args *args = arg;
	auto_done(network) struct network n = { 0 };
	const char *name = operands->v[0];

	if (fill(args, name, &n, err) < 0)
		return -1;
	if (network_create(&app->store, &n, rootless(app), err) < 0) {
		if (!args->ignore || err->kind != ERR_EXISTS)
			return error_add(err, "cannot make network '%s'", name);
		error_clear(err);
		return output_line(err, "%s", name);
	}
	return output_line(err, "%s", n.id);
}

const struct command cmd_network_create = {
	.name = "network create",
	.operands = "NETWORK",
	.summary = "make a network",
	.description = "Containers on it reach each other by name. Nothing runs for it until the "
		       "first of them is started.",
	.opts = create_opts,
	.args_size = sizeof(struct create_args),
	.needs = NEED_STORE,
	.min = 1,
	.max = 1,
	.run = create_run,
	.failure = 1,
};

/* ---- ls ---- */

struct ls_args {
	bool quiet, no_trunc;
	char *format;
	struct strv filter;
};
static const struct opt ls_opts[] = {
	OPT_LIST('f', "filter", ls_args, filter, "KEY=VALUE",
		 "only those that match: name, id, label, driver, dangling"),
	OPT_STRING(0, "format", ls_args, format, "FORMAT", "table, json, json-array or a template"),
	OPT_FLAG(0, "no-trunc", ls_args, no_trunc, "cut nothing short"),
	OPT_FLAG('q', "quiet", ls_args, quiet, "only the IDs"),
	OPT_END,
};
struct ls_ctx {
	bool no_trunc;
};

static json_t *make_id(const void *item, const void *ctx)
{
	const struct network *n = item;

	return ((const struct ls_ctx *)ctx)->no_trunc ? json_text(n->id)
						      : json_take(xstrndup(n->id, 12));
}

static json_t *make_name(const void *item, const void *ctx)
{
	return json_text(((const struct network *)item)->name);
}

static json_t *make_driver(const void *item, const void *ctx)
{
	return json_text("bridge");
}

static json_t *make_scope(const void *item, const void *ctx)
{
	return json_text("local");
}

static json_t *make_internal(const void *item, const void *ctx)
{
	return json_text(((const struct network *)item)->internal ? "true" : "false");
}

static json_t *make_ipv6(const void *item, const void *ctx)
{
	return json_text(((const struct network *)item)->subnet6 ? "true" : "false");
}

static json_t *make_subnet(const void *item, const void *ctx)
{
	return json_text(((const struct network *)item)->subnet);
}

static json_t *make_label(const void *item, const void *ctx)
{
	return labels_object(&((const struct network *)item)->labels);
}

static json_t *make_labels(const void *item, const void *ctx)
{
	return labels_text(&((const struct network *)item)->labels);
}

static json_t *make_created(const void *item, const void *ctx)
{
	return time_created(((const struct network *)item)->created_ns);
}

static const struct column columns[] = {
	{ "CreatedAt", "CREATED AT", make_created, SHAPE_AUTO },
	{ "Driver", "DRIVER", make_driver, SHAPE_AUTO },
	{ "ID", "NETWORK ID", make_id, SHAPE_AUTO },
	{ "IPv6", "IPV6", make_ipv6, SHAPE_AUTO },
	{ "Internal", "INTERNAL", make_internal, SHAPE_AUTO },
	{ "Label", NULL, make_label, SHAPE_METHOD },
	{ "Labels", "LABELS", make_labels, SHAPE_AUTO },
	{ "Name", "NAME", make_name, SHAPE_AUTO },
	{ "Scope", "SCOPE", make_scope, SHAPE_AUTO },
	{ "Subnet", "SUBNET", make_subnet, SHAPE_AUTO },
	{ NULL, NULL, NULL, SHAPE_AUTO },
};
static const struct list_view view = { columns, "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}",
				       "{{.ID}}" };

static bool name_met(const char *value, const void *arg)
{
	return strstr(((const struct network *)arg)->name, value) != NULL;
}

static bool id_met(const char *value, const void *arg)
{
	return str_starts(((const struct network *)arg)->id, value);
}

static bool driver_met(const char *value, const void *arg)
{
	return str_eq(value, "bridge");
}

/* 1, 0, -1 */
static int matches(struct app *app, const struct filters *f, const struct network *n,
		   struct error *err)
{
	const char *dangling = filters_first(f, "dangling");
	auto_done(strv) struct strv users = { 0 };

	if (!filters_match(f, "name", name_met, n) || !filters_match(f, "id", id_met, n) ||
	    !filters_match(f, "driver", driver_met, n) || !filters_match_labels(f, &n->labels))
		return 0;
	if (!dangling)
		return 1;
	if (network_users(&app->store, n, &users, err) < 0)
		return -1;
	return (users.n == 0) == (str_eq(dangling, "true") || str_eq(dangling, "1"));
}

static int ls_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	static const char *const keys[] = { "dangling", "driver", "id", "label", "name", NULL };
	const struct ls_args *args = arg;
	struct ls_ctx ctx = { args->no_trunc };
	auto_done(listing) struct listing l = { 0 };
	struct filters f = { 0 };
	networks all = { 0 };
	int r = filters_parse(&args->filter, keys, &f, err);

	if (r == 0)
		r = listing_begin(&l, &view, args->format, args->quiet, &ctx, err);
	if (r == 0)
		r = network_list(&app->store, &all, err);
	vec_each (&all, n) {
		if (r < 0)
			break;
		r = matches(app, &f, n, err);
		if (r > 0)
			r = listing_add(&l, n, err);
	}
	networks_done(&all);
	filters_done(&f);
	return r < 0 ? -1 : listing_end(&l, err);
}

const struct command cmd_network_ls = {
	.name = "network ls",
	.summary = "list networks",
	.opts = ls_opts,
	.args_size = sizeof(struct ls_args),
	.needs = NEED_STORE_READ,
	.run = ls_run,
	.failure = 1,
};

/* ---- rm ---- */

struct rm_args {
	bool force;
};
static const struct opt rm_opts[] = {
	OPT_FLAG('f', "force", rm_args, force, "do not mind names that are not there"),
	OPT_END,
};

int need_network(struct app *app, const char *name, struct network *n, struct error *err)
{
	int found = network_find(&app->store, name, n, err);

	return found > 0   ? 0
	       : found < 0 ? -1
			   : error_set(err, ERR_NOTFOUND, "no such network: %s", name);
}

static int rm_one(struct app *app, const char *name, const void *arg, struct error *err)
{
	const struct rm_args *args = arg;
	auto_done(network) struct network n = { 0 };

	if (need_network(app, name, &n, err) == 0 &&
	    network_delete(&app->store, &app->userns, &n, err) == 0)
		return 0;
	if (args->force && err->kind == ERR_NOTFOUND) {
		error_clear(err);
		return 0;
	}
	return error_add(err, "cannot remove network '%s'", name);
}

static int rm_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	return operands_each(app, operands, rm_one, args, true, err);
}

const struct command cmd_network_rm = {
	.name = "network rm",
	.operands = "NETWORK...",
	.summary = "remove networks",
	.opts = rm_opts,
	.args_size = sizeof(struct rm_args),
	.needs = NEED_STORE_READ,
	.min = 1,
	.max = -1,
	.run = rm_run,
	.failure = 1,
};
