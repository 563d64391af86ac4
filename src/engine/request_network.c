/*
 * request_network.c - the networks of a request: --network as it is typed, and as it is kept.
 *
 * Pure. The first network's place (--ip, --mac-address, --network-alias) stands in the request
 * itself, as it has since there was only one; those after it are a list.
 */
#include "engine/request.h"

#include <sys/socket.h>

const struct field request_network_fields[] = {
	F_STR(struct request_network, name, "name"),
	F_STR(struct request_network, ip, "ip"),
	F_STR(struct request_network, ip6, "ip6"),
	F_STR(struct request_network, mac_address, "macAddress"),
	F_STRV(struct request_network, aliases, "aliases"),
	F_END,
};

/* Words that stand for no network of several. */
static const char *const alone[] = { "none", "host", "private", "default", "slirp4netns", "pasta" };

static bool stands_alone(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(alone); i++)
		if (strcmp(name, alone[i]) == 0)
			return true;
	return strncmp(name, "container:", 10) == 0;
}

static int set_once(char **to, const char *key, const char *value, struct error *err)
{
	if (*to)
		return error_set(err, ERR_USAGE, "%s is given twice", key);
	*to = xstrdup(value);
	return 0;
}

static int add_pair(struct request_network *n, const char *pair, struct error *err)
{
	const struct {
		const char *key;
		char **to;
	} keys[] = {
		{ "name=", &n->name },
		{ "ip=", &n->ip },
		{ "ip6=", &n->ip6 },
		{ "mac=", &n->mac_address },
		{ "mac-address=", &n->mac_address },
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (str_starts(pair, keys[i].key))
			return set_once(keys[i].to, keys[i].key, pair + strlen(keys[i].key), err);
	if (!str_starts(pair, "alias="))
		return error_set(err, ERR_USAGE, "'%s': must be ip=, ip6=, mac= or alias=", pair);
	strv_add(&n->aliases, pair + 6);
	return 0;
}

static int parse(const char *text, struct request_network *n, struct error *err)
{
	auto_done(strv) struct strv pairs = { 0 };
	const char *rest = strchr(text, ':');
	bool by_pairs = text[strcspn(text, "=:,")] == '=';

	if (!by_pairs && (str_starts(text, "container:") || !rest)) {
		n->name = xstrdup(text);
	} else {
		if (!by_pairs)
			n->name = xstrndup(text, (size_t)(rest - text));
		strv_split(&pairs, by_pairs ? text : rest + 1, ',');
	}
	strv_each (&pairs, i)
		if (add_pair(n, pairs.v[i], err) < 0)
			return -1;
	if (str_empty(n->name))
		return error_set(err, ERR_USAGE, "a name is missing");
	if (pairs.n && stands_alone(n->name))
		return error_set(err, ERR_USAGE, "'%s' has no options", n->name);
	return 0;
}

/* What was given apart and what is given with the name are one. */
static int add_first(struct run_request *r, struct request_network *n, struct error *err)
{
	if ((n->ip && set_once(&r->ip, "ip", n->ip, err) < 0) ||
	    (n->ip6 && set_once(&r->ip6, "ip6", n->ip6, err) < 0) ||
	    (n->mac_address && set_once(&r->mac_address, "mac", n->mac_address, err) < 0))
		return -1;
	strv_copy(&r->network_alias, &n->aliases);
	r->network = take_ptr(&n->name);
	return 0;
}

static bool is_named(const struct run_request *r, const char *name)
{
	vec_each (&r->more_networks, n)
		if (str_eq(n->name, name))
			return true;
	return str_eq(r->network, name);
}

static int add(struct run_request *r, struct request_network *n, struct error *err)
{
	const char *word = NULL;

	if (!r->network)
		return add_first(r, n, err);
	if (stands_alone(r->network))
		word = r->network;
	else if (stands_alone(n->name))
		word = n->name;
	if (word)
		return error_set(err, ERR_USAGE, "'%s' is the only network, where it is given", word);
	if (is_named(r, n->name))
		return error_set(err, ERR_USAGE, "'%s' is given twice", n->name);
	vec_push(&r->more_networks, *n);
	memset(n, 0, sizeof(*n));
	return 0;
}

int request_add_network(struct run_request *r, const char *text, struct error *err)
{
	struct request_network n;
	int status;

	fields_init(request_network_fields, &n);
	status = parse(text, &n, err);
	if (status == 0)
		status = add(r, &n, err);
	fields_done(request_network_fields, &n);
	return status;
}

static int check_one(const struct request_network *n, struct error *err)
{
	uint8_t mac[6];
	struct ip ip;

	if (n->ip && (!ip_parse(n->ip, &ip) || ip.family != AF_INET))
		return error_set(err, ERR_USAGE, "--ip '%s': no IPv4 address", n->ip);
	if (n->ip6 && (!ip_parse(n->ip6, &ip) || ip.family != AF_INET6))
		return error_set(err, ERR_USAGE, "--ip6 '%s': no IPv6 address", n->ip6);
	if (n->mac_address && !mac_parse(n->mac_address, mac))
		return error_set(err, ERR_USAGE, "--mac-address '%s': no address of one interface",
				 n->mac_address);
	strv_each (&n->aliases, i)
		if (!n->aliases.v[i][0] || strpbrk(n->aliases.v[i], " \t\r\n#"))
			return error_set(err, ERR_USAGE, "--network-alias '%s': not a host name",
					 n->aliases.v[i]);
	return 0;
}

int request_network_check(const struct run_request *r, struct error *err)
{
	struct request_network first = request_first_network(r);

	if (r->network && !r->network[0])
		return error_set(err, ERR_USAGE, "--network: a name is missing");
	if (check_one(&first, err) < 0)
		return -1;
	vec_each (&r->more_networks, n)
		if (check_one(n, err) < 0)
			return error_add(err, "--network %s", n->name);
	return 0;
}

char *request_network_format(const struct request_network *n)
{
	struct str s = { 0 };

	str_addf(&s, "name=%s", n->name);
	if (n->ip)
		str_addf(&s, ",ip=%s", n->ip);
	if (n->ip6)
		str_addf(&s, ",ip6=%s", n->ip6);
	if (n->mac_address)
		str_addf(&s, ",mac-address=%s", n->mac_address);
	strv_each (&n->aliases, i)
		str_addf(&s, ",alias=%s", n->aliases.v[i]);
	return str_take(&s);
}

struct request_network request_first_network(const struct run_request *r)
{
	return (struct request_network){ r->network, r->ip, r->ip6, r->mac_address, r->network_alias };
}
