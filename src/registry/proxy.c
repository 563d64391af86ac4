/*
 * proxy.c - which proxy, if any, stands between us and a server.
 *
 * The rules are those of Go's net/http, which the other tools for images follow: this machine is
 * never spoken to through a proxy; NO_PROXY has names, addresses, CIDR ranges and ports.
 */
#include "transfer.h"

#include "util/settings.h"

#include <arpa/inet.h>
#include <strings.h>

static const char *env_either(const char *upper, const char *lower)
{
	const char *value = getenv(upper);

	return str_empty(value) ? getenv(lower) : value;
}

/* Does host, an address, lie in text, "address/bits"? */
static bool in_range(const char *text, const char *host)
{
	const char *slash = strchr(text, '/');
	auto_free char *net = slash ? xstrndup(text, (size_t)(slash - text)) : NULL;
	unsigned char a[16], b[16];
	int family = net && strchr(net, ':') ? AF_INET6 : AF_INET;
	uint64_t bits, max = family == AF_INET6 ? 128 : 32;

	if (!net || !str_u64(slash + 1, &bits) || bits > max || inet_pton(family, net, a) != 1 ||
	    inet_pton(family, host, b) != 1)
		return false;
	for (size_t i = 0; i < bits; i++)
		if ((a[i / 8] ^ b[i / 8]) & (0x80 >> (i % 8)))
			return false;
	return true;
}

static bool name_matches(const char *rule, const char *host)
{
	size_t n, h = strlen(host);

	if (str_starts(rule, "*."))
		rule++;
	n = strlen(rule);
	if (*rule == '.')
		return h > n && strcasecmp(host + h - n, rule) == 0;
	if (strcasecmp(rule, host) == 0)
		return true;
	return n && h > n && host[h - n - 1] == '.' && strcasecmp(host + h - n, rule) == 0;
}

/* Takes ":port" off the rule; 0: there is none. */
static uint64_t port_take(char *rule)
{
	char *colon = strrchr(rule, ':'), *close = strchr(rule, ']');
	uint64_t port = 0;

	if (colon && (close ? close < colon : strchr(rule, ':') == colon) && str_u64(colon + 1, &port))
		*colon = '\0';
	if (*rule == '[' && close) {
		*close = '\0';
		memmove(rule, rule + 1, strlen(rule + 1) + 1);
	}
	return port;
}

bool proxy_bypassed(const char *no_proxy, const struct url *u)
{
	auto_done(strv) struct strv rules = { 0 };

	if (host_class(u->host) == ADDRESS_LOOPBACK)
		return true;
	if (!no_proxy)
		return false;
	strv_split(&rules, no_proxy, ',');
	strv_each (&rules, i) {
		char *rule = rules.v[i] + strspn(rules.v[i], " \t");
		uint64_t port;

		rule[strcspn(rule, " \t")] = '\0';
		if (strcmp(rule, "*") == 0 || in_range(rule, u->host))
			return true;
		port = port_take(rule);
		if ((!port || port == u->port) && name_matches(rule, u->host))
			return true;
	}
	return false;
}

char *proxy_for(const struct url *u, const struct settings *s)
{
	const char *proxy = u->https ? env_either("HTTPS_PROXY", "https_proxy")
				     : env_either("HTTP_PROXY", "http_proxy");
	const char *none = env_either("NO_PROXY", "no_proxy");

	if (str_empty(proxy))
		proxy = env_either("ALL_PROXY", "all_proxy");
	if (str_empty(proxy))
		proxy = u->https ? s->proxies.https : s->proxies.http;
	if (str_empty(none))
		none = s->proxies.none;
	if (str_empty(proxy) || proxy_bypassed(none, u))
		return xstrdup("");
	return xstrdup(proxy);
}
