/*
 * ports.c - published and exposed ports as they are typed. Pure.
 */
#include "net/address.h"

const struct field port_fields[] = {
	F_STR(struct port, host, "host"),	   F_INT(struct port, host_port, "hostPort"),
	F_INT(struct port, host_last, "hostLast"), F_INT(struct port, port, "port"),
	F_STR(struct port, proto, "proto"),	   F_END,
};

void ports_done(port_list *l)
{
	vec_each (l, p)
		fields_done(port_fields, p);
	vec_done(l);
}

/* "80", "80-82" */
static bool range_parse(const char *text, int64_t *first, int64_t *last)
{
	const char *dash = strchr(text, '-');
	auto_free char *low = dash ? xstrndup(text, (size_t)(dash - text)) : xstrdup(text);
	uint64_t a, b;

	if (!str_u64(low, &a) || !str_u64(dash ? dash + 1 : low, &b))
		return false;
	*first = (int64_t)a;
	*last = (int64_t)b;
	return a >= 1 && b <= 65535 && a <= b;
}

/* Cuts "/udp" off; the result is the protocol's name, or NULL and err. */
static const char *proto_cut(char *text, struct error *err)
{
	char *slash = strchr(text, '/');

	if (!slash || strcmp(slash, "/tcp") == 0) {
		if (slash)
			*slash = '\0';
		return "tcp";
	}
	if (strcmp(slash, "/udp") == 0) {
		*slash = '\0';
		return "udp";
	}
	error_set(err, strcmp(slash, "/sctp") == 0 ? ERR_UNSUPPORTED : ERR_USAGE,
		  "'%s': the protocol must be tcp or udp", slash + 1);
	return NULL;
}

/* Takes the last part behind a colon that is not inside of brackets; NULL when there is none. */
static char *last_part(char *text)
{
	char *colon = strrchr(text, ':'), *bracket = strrchr(text, ']');

	if (!colon || (bracket && bracket > colon))
		return NULL;
	*colon = '\0';
	return colon + 1;
}

static int add_range(port_list *l, const char *host, int64_t from, int64_t to, int64_t first,
		     int64_t last, const char *proto, struct error *err)
{
	bool one_of = first == last && to > from; /* -p 8000-8010:80: the first that is free */

	if (from && !one_of && to - from != last - first)
		return error_set(err, ERR_USAGE,
				 "the ranges differ in length: %lld ports of the host, %lld of the "
				 "container",
				 (long long)(to - from + 1), (long long)(last - first + 1));
	for (int64_t p = first; p <= last; p++) {
		struct port *new = vec_add(l);

		new->host = xstrdup_or_null(host);
		new->host_port = from ? from + (p - first) : 0;
		new->host_last = one_of ? to : new->host_port;
		new->port = p;
		new->proto = xstrdup(proto);
	}
	return 0;
}

int ports_parse(const char *text, port_list *l, struct error *err)
{
	auto_free char *copy = xstrdup(text);
	const char *proto = proto_cut(copy, err);
	char *container, *host, *address = NULL;
	int64_t first, last, from = 0, to = 0;
	struct ip ip;

	if (!proto)
		return -1;
	container = last_part(copy);
	host = container ? last_part(copy) : NULL;
	if (host)
		address = copy;
	else if (container)
		host = copy;
	else
		container = copy;
	if (!range_parse(container, &first, &last))
		return error_set(err, ERR_USAGE, "'%s' is no port from 1 to 65535", container);
	if (host && *host && strcmp(host, "0") != 0 && !range_parse(host, &from, &to))
		return error_set(err, ERR_USAGE, "'%s' is no port from 1 to 65535", host);
	if (address && *address) {
		if (!ip_parse(address, &ip))
			return error_set(err, ERR_USAGE, "'%s' is no IP address", address);
		if (address[0] == '[') { /* kept bare */
			address[strlen(address) - 1] = '\0';
			address++;
		}
	}
	return add_range(l, address && *address ? address : NULL, from, to, first, last, proto, err);
}

int ports_parse_exposed(const char *text, struct strv *l, struct error *err)
{
	auto_free char *copy = xstrdup(text);
	const char *proto = proto_cut(copy, err);
	int64_t first, last;

	if (!proto)
		return -1;
	if (!range_parse(copy, &first, &last))
		return error_set(err, ERR_USAGE, "'%s': not a port from 1 to 65535", text);
	for (; first <= last; first++) {
		auto_free char *one = xasprintf("%lld/%s", (long long)first, proto);

		if (!strv_has(l, one))
			strv_add(l, one);
	}
	return 0;
}
