/*
 * network.c - the definitions of networks: made, found, listed, removed.
 */
#include "engine/network.h"

#include "store/network.h"
#include "util/fd.h"
#include "util/text.h"
#include "store/event.h"

#include <errno.h>

#define DEFAULT_ID "b0d0000000000000000000000000000000000000000000000000000000000000"

static const struct fields_limits limits = { .max_bytes = 1 << 20, .max_depth = 8 };

void networks_done(networks *l)
{
	vec_each (l, n)
		network_done(n);
	vec_done(l);
}

static void make_default(struct network *n)
{
	fields_init(network_fields, n);
	n->name = xstrdup(NETWORK_DEFAULT);
	n->id = xstrdup(DEFAULT_ID);
	n->created_ns = 0;
	n->plain = true;
}

static int read_one(struct store *st, const char *name, struct network *n, struct error *err)
{
	auto_done(str) struct str text = { 0 };
	int found;

	fields_init(network_fields, n);
	if (str_eq(name, NETWORK_DEFAULT)) {
		make_default(n);
		return 1;
	}
	found = network_file_read(st, name, &text, err);
	if (found > 0 && fields_parse(network_fields, str_get(&text), text.len, &limits,
				      FIELDS_LENIENT, n, err) < 0)
		return error_add(err, "network '%s'", name);
	return found;
}

int network_list(struct store *st, networks *l, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };

	make_default(vec_add(l));
	if (network_file_list(st, &names, err) < 0)
		return -1;
	strv_each (&names, i) {
		struct error damaged = { 0 }; /* such a one is listed by its name alone */
		struct network n;
		int found = read_one(st, names.v[i], &n, &damaged);

		if (found == 0)
			continue;
		if (found < 0) {
			fields_init(network_fields, &n);
			n.name = xstrdup(names.v[i]);
			n.id = xstrdup("");
		}
		vec_push(l, n);
	}
	return 0;
}

int network_find(struct store *st, const char *text, struct network *n, struct error *err)
{
	networks all = { 0 };
	struct network *hit = NULL;
	int found = read_one(st, text, n, err), matches = 0;

	if (found || strlen(text) < 2)
		return found;
	if (network_list(st, &all, err) < 0)
		found = -1;
	vec_each (&all, one)
		if (found == 0 && str_starts(one->id, text)) {
			hit = one;
			matches++;
		}
	if (matches > 1)
		found = error_set(err, ERR_INVALID, "'%s' is the start of several network IDs", text);
	else if (matches == 1) {
		fields_copy(network_fields, n, hit);
		found = 1;
	}
	networks_done(&all);
	return found;
}

void event_network(struct store *st, const struct network *n, const char *action,
		   const char *container)
{
	event_object(st, "network", action, n->id, "container", container, "name", n->name, "type",
		     "bridge", EVENT_END);
}

int network_create(struct store *st, struct network *n, bool rootless, struct error *err)
{
	auto_done(str) struct str text = { 0 };
	auto_done(strv) struct strv subnets = { 0 };
	networks all = { 0 };
	char id[65];

	if (network_mode_is_word(n->name) || str_eq(n->name, NETWORK_DEFAULT))
		return error_set(err, ERR_INVALID,
				 "'%s' is a word of --network and no name for a network", n->name);
	if (network_list(st, &all, err) < 0)
		return -1;
	vec_each (&all, other) {
		if (str_eq(other->name, n->name)) {
			networks_done(&all);
			return error_set(err, ERR_EXISTS, "there is a network '%s' already", n->name);
		}
		if (other->subnet)
			strv_add(&subnets, other->subnet);
		if (other->subnet6)
			strv_add(&subnets, other->subnet6);
	}
	networks_done(&all);
	random_hex(id, 64);
	n->id = xstrdup(id);
	n->created_ns = time_now_ns();
	if (network_choose_subnets(n, &subnets, !rootless, err) < 0)
		return -1;
	fields_format(network_fields, n, false, &text);
	str_addc(&text, '\n');
	if (network_file_add(st, n->name, text.s, text.len, err) < 0)
		return -1;
	event_network(st, n, "create", NULL);
	return 0;
}

/* Does the JSON of a container's request name it? Only so much of it is read as that takes. */
static bool is_on(const struct container *c, const struct network *n)
{
	json_t *request = c->record.request ? json_loads(c->record.request, 0, NULL) : NULL;
	json_t *one;
	size_t i;
	bool found = network_is_named(n, json_string_value(json_object_get(request, "network")));

	json_array_foreach (json_object_get(request, "moreNetworks"), i, one)
		found |= network_is_named(n, json_string_value(json_object_get(one, "name")));
	json_decref(request);
	return found;
}

bool network_is_named(const struct network *n, const char *text)
{
	return text && (str_eq(text, n->name) || (strlen(text) >= 12 && str_starts(n->id, text)));
}

int network_users(struct store *st, const struct network *n, struct strv *ids, struct error *err)
{
	containers l = { 0 };
	int r = container_list(st, &l, err);

	vec_each (&l, c)
		if (is_on(c, n))
			strv_add(ids, c->record.name ? c->record.name : c->id);
	containers_done(&l);
	return r;
}

int network_lease(const struct userns *u, const char *id, struct lease *l, struct error *err)
{
	struct netdir d = { .fd = -1 };
	int found = netdir_open(u->caller_uid, u->caller_uid != 0, false, &d, err);

	if (found > 0)
		found = netdir_find(&d, id, l, err);
	netdir_close(&d);
	return found;
}

int network_delete(struct store *st, const struct userns *u, const struct network *n,
		   struct error *err)
{
	auto_done(strv) struct strv users = { 0 };
	struct netdir d = { .fd = -1 };
	int status;

	if (str_eq(n->name, NETWORK_DEFAULT))
		return error_set(err, ERR_INVALID, "the default network cannot be removed");
	if (network_users(st, n, &users, err) < 0)
		return -1;
	if (users.n)
		return error_set(err, ERR_BUSY, "network '%s' is used by container %s%s", n->name,
				 users.v[0], users.n > 1 ? " and others" : "");
	status = netdir_open(u->caller_uid, u->caller_uid != 0, false, &d, err);
	if (status > 0)
		status = network_down(&d, n, err);
	netdir_close(&d);
	if (status < 0 || network_file_remove(st, n->name, err) < 0)
		return -1;
	event_network(st, n, "destroy", NULL);
	return 0;
}
