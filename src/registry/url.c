/*
 * url.c - the addresses of servers.
 *
 * Never  lets through what could end a line of a request, or name a user.
 * Spec   RFC 3986; RFC 1918, 4193, 6598, 6890 for the ranges that are not the internet.
 */
#include "url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <strings.h>

void url_done(struct url *u)
{
	free(u->host);
	free(u->path);
	*u = (struct url){ 0 };
}

char *url_shown(const char *text)
{
	return xstrndup(text, strcspn(text, "?#"));
}

static int url_bad(const char *text, const char *why, struct error *err)
{
	auto_free char *shown = url_shown(text);

	return error_set(err, ERR_INVALID, "'%.300s': %s", shown, why);
}

/* host[:port] or [address][:port], n bytes */
static int authority_parse(const char *text, const char *s, size_t n, struct url *u, struct error *err)
{
	const char *end = s + n, *stop;
	uint64_t port;

	if (n && *s == '[') {
		stop = memchr(s, ']', n);
		if (!stop || stop == s + 1)
			return url_bad(text, "not a host", err);
		u->host = xstrndup(s + 1, (size_t)(stop - s - 1));
		if (u->host[strspn(u->host, "0123456789abcdefABCDEF:.")])
			return url_bad(text, "not a host", err);
		stop++;
	} else {
		for (stop = s; stop < end && *stop != ':'; stop++)
			if (!isalnum((unsigned char)*stop) && !strchr(".-_", *stop))
				return url_bad(text, "not a host", err);
		u->host = xstrndup(s, (size_t)(stop - s));
	}
	if (!*u->host)
		return url_bad(text, "not a host", err);
	for (char *c = u->host; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	u->port = u->https ? 443 : 80;
	if (stop < end) {
		auto_free char *digits = xstrndup(stop + 1, (size_t)(end - stop - 1));

		if (*stop != ':' || !str_u64(digits, &port) || port < 1 || port > 65535)
			return url_bad(text, "not a port", err);
		u->port = (unsigned)port;
	}
	return 0;
}

int url_parse(const char *text, struct url *u, struct error *err)
{
	const char *s;
	size_t n;

	*u = (struct url){ 0 };
	if (strlen(text) > URL_MAX)
		return url_bad(text, "longer than 8192 bytes", err);
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if (*c <= ' ' || *c >= 0x7f || strchr("\"<>\\^`{|}", *c))
			return url_bad(text, "a character that an address cannot have", err);
	if (strncasecmp(text, "https://", 8) == 0)
		u->https = true;
	else if (strncasecmp(text, "http://", 7) != 0)
		return url_bad(text, "neither http nor https", err);
	s = text + (u->https ? 8 : 7);
	n = strcspn(s, "/?#");
	if (memchr(s, '@', n))
		return url_bad("", "an address with a user name is not followed", err);
	if (authority_parse(text, s, n, u, err) < 0) {
		url_done(u);
		return -1;
	}
	s += n;
	n = strcspn(s, "#");
	u->path = *s == '/' ? xstrndup(s, n) : xasprintf("/%.*s", (int)n, s);
	return 0;
}

char *url_format(const struct url *u)
{
	bool v6 = strchr(u->host, ':') != NULL, usual = u->port == (u->https ? 443U : 80U);
	char port[16] = "";

	if (!usual)
		snprintf(port, sizeof(port), ":%u", u->port);
	return xasprintf("%s://%s%s%s%s%s", u->https ? "https" : "http", v6 ? "[" : "", u->host,
			 v6 ? "]" : "", port, u->path);
}

char *url_resolve(const struct url *base, const char *location, struct error *err)
{
	struct url u = { .https = base->https, .host = base->host, .port = base->port };
	auto_done(str) struct str path = { 0 };
	auto_free char *whole = NULL;
	size_t keep = strcspn(base->path, "?");
	const char *slash;
	struct url checked;

	if (strncasecmp(location, "http:", 5) == 0 || strncasecmp(location, "https:", 6) == 0) {
		whole = xstrdup(location);
	} else if (str_starts(location, "//")) {
		whole = xasprintf("%s:%s", base->https ? "https" : "http", location);
	} else if (location[strspn(location, "abcdefghijklmnopqrstuvwxyz"
					     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-")] == ':') {
		url_bad(location, "neither http nor https", err);
		return NULL;
	} else {
		if (*location != '/') {
			slash = memrchr(base->path, '/', keep);
			if (*location != '?')
				keep = slash ? (size_t)(slash - base->path) + 1 : 0;
			str_addn(&path, base->path, keep);
		}
		str_add(&path, location);
		u.path = (char *)(uintptr_t)str_get(&path);
		whole = url_format(&u);
	}
	if (url_parse(whole, &checked, err) < 0)
		return NULL;
	url_done(&checked);
	return take_ptr(&whole);
}

bool url_same_origin(const struct url *a, const struct url *b)
{
	return a->https == b->https && a->port == b->port && strcmp(a->host, b->host) == 0;
}

void url_add_encoded(struct str *s, const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if (isalnum(*c) || strchr("-._~", *c))
			str_addc(s, (char)*c);
		else
			str_addf(s, "%%%02X", *c);
}

static enum address_class class4(uint32_t a)
{
	static const struct {
		uint32_t net;
		unsigned bits;
		enum address_class is;
	} nets[] = {
		{ 0x00000000, 8, ADDRESS_LOOPBACK },  { 0x7f000000, 8, ADDRESS_LOOPBACK },
		{ 0xa9fe0000, 16, ADDRESS_LOOPBACK }, { 0x0a000000, 8, ADDRESS_PRIVATE },
		{ 0xac100000, 12, ADDRESS_PRIVATE },  { 0xc0a80000, 16, ADDRESS_PRIVATE },
		{ 0x64400000, 10, ADDRESS_PRIVATE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(nets); i++)
		if ((a ^ nets[i].net) >> (32 - nets[i].bits) == 0)
			return nets[i].is;
	return ADDRESS_PUBLIC;
}

static enum address_class class6(const struct in6_addr *a)
{
	uint32_t low;

	memcpy(&low, a->s6_addr + 12, 4);
	if (IN6_IS_ADDR_LOOPBACK(a) || IN6_IS_ADDR_UNSPECIFIED(a) || IN6_IS_ADDR_LINKLOCAL(a))
		return ADDRESS_LOOPBACK;
	if (IN6_IS_ADDR_V4MAPPED(a) || IN6_IS_ADDR_V4COMPAT(a))
		return class4(ntohl(low));
	if (memcmp(a->s6_addr, "\0\x64\xff\x9b\0\0\0\0\0\0\0\0", 12) == 0) /* NAT64 */
		return class4(ntohl(low));
	if ((a->s6_addr[0] & 0xfe) == 0xfc || IN6_IS_ADDR_SITELOCAL(a))
		return ADDRESS_PRIVATE;
	return ADDRESS_PUBLIC;
}

enum address_class address_class(const struct sockaddr *a)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (a->sa_family == AF_INET) {
		memcpy(&in, a, sizeof(in));
		return class4(ntohl(in.sin_addr.s_addr));
	}
	if (a->sa_family == AF_INET6) {
		memcpy(&in6, a, sizeof(in6));
		return class6(&in6.sin6_addr);
	}
	return ADDRESS_LOOPBACK;
}

enum address_class host_class(const char *host)
{
	struct in6_addr a6;
	struct in_addr a;

	if (strcasecmp(host, "localhost") == 0 || str_ends(host, ".localhost"))
		return ADDRESS_LOOPBACK;
	/* inet_aton also reads 127.1, 0x7f000001 and 2130706433, as resolvers do */
	if (inet_aton(host, &a))
		return class4(ntohl(a.s_addr));
	return inet_pton(AF_INET6, host, &a6) == 1 ? class6(&a6) : ADDRESS_PUBLIC;
}
