/*
 * endpoint.c - the settings of registries, applied: mirrors, other locations, insecure, blocked.
 *
 * Pure.
 */
#include "endpoint.h"

#include "url.h"

#include <arpa/inet.h>
#include <strings.h>

void endpoints_done(endpoints *l)
{
	vec_each (l, e) {
		free(e->host);
		free(e->repository);
	}
	vec_done(l);
}

/* Does prefix, "host[:port][/path]", cover "host/repository"? How many bytes of it. */
static size_t covers(const char *prefix, const char *full)
{
	size_t n = strlen(prefix);

	while (n && prefix[n - 1] == '/')
		n--;
	if (n > 2 && prefix[0] == '*' && prefix[1] == '.') { /* "*.example.com": of the host only */
		size_t host = strcspn(full, "/:");

		return host > n - 1 && strncasecmp(full + host - (n - 1), prefix + 1, n - 1) == 0
			       ? host
			       : 0;
	}
	return strncmp(prefix, full, n) == 0 && (!full[n] || full[n] == '/') ? n : 0;
}

static const struct registry_setting *setting_find(const struct settings *s, const char *full)
{
	const struct registry_setting *best = NULL;
	size_t length = 0;

	vec_each (&s->registries, r) {
		size_t n = covers(r->prefix, full);

		if (n > length) {
			length = n;
			best = r;
		}
	}
	return best;
}

bool registry_is_blocked(const struct settings *s, const char *host, const char *repository)
{
	auto_free char *full = repository ? xasprintf("%s/%s", host, repository) : xstrdup(host);
	const struct registry_setting *r = setting_find(s, full);

	strv_each (&s->blocked_registries, i)
		if (covers(s->blocked_registries.v[i], full))
			return true;
	return r && r->blocked == 1;
}

static bool in_net(const char *net, const char *host)
{
	const char *slash = strchr(net, '/');
	auto_free char *base = slash ? xstrndup(net, (size_t)(slash - net)) : NULL;
	struct in_addr a, b;
	uint64_t bits;

	if (!slash || !str_u64(slash + 1, &bits) || bits > 32 ||
	    inet_pton(AF_INET, base, &a) != 1 || inet_pton(AF_INET, host, &b) != 1)
		return false;
	return bits == 0 || (ntohl(a.s_addr) ^ ntohl(b.s_addr)) >> (32 - bits) == 0;
}

bool registry_is_insecure(const struct settings *s, const char *name, const char *bare)
{
	const struct registry_setting *r = setting_find(s, name);

	if (r && r->insecure >= 0)
		return r->insecure == 1;
	strv_each (&s->insecure_registries, i) {
		const char *rule = s->insecure_registries.v[i];

		if (strcasecmp(rule, name) == 0 || in_net(rule, bare))
			return true;
	}
	return strcasecmp(bare, "localhost") == 0 || strcmp(bare, "::1") == 0 ||
	       in_net("127.0.0.0/8", bare);
}

/* "[scheme://]host[/path]" and a repository there */
static void endpoint_add(endpoints *l, const char *where, const char *rest, bool mirror)
{
	struct endpoint *e = vec_add(l);
	const char *scheme = strstr(where, "://"), *host = scheme ? scheme + 3 : where;
	size_t n = strcspn(host, "/"), end = strlen(host);

	while (end > n && host[end - 1] == '/')
		end--;
	rest += *rest == '/';
	e->host = xasprintf("%.*s%.*s", (int)(host - where), where, (int)n, host);
	e->repository = end > n + 1 ? xasprintf("%.*s/%s", (int)(end - n - 1), host + n + 1, rest)
				    : xstrdup(rest);
	e->mirror = mirror;
}

static void mirrors_add(endpoints *l, const struct strv *mirrors, const char *rest)
{
	strv_each (mirrors, i)
		endpoint_add(l, mirrors->v[i], rest, true);
}

int endpoints_find(const struct settings *s, const char *host, const char *repository,
		   bool by_digest, endpoints *l, struct error *err)
{
	auto_free char *full = xasprintf("%s/%s", host, repository);
	const struct registry_setting *r = setting_find(s, full);

	if (registry_is_blocked(s, host, repository))
		return error_set(err, ERR_DENIED, "%s is blocked by the settings", full);
	if (r) {
		const char *rest = full + covers(r->prefix, full);

		mirrors_add(l, &r->mirrors, rest);
		mirrors_add(l, by_digest ? &r->digest_mirrors : &r->tag_mirrors, rest);
	}
	if (strcmp(host, "docker.io") == 0)
		mirrors_add(l, &s->registry_mirrors, repository);
	if (r && r->location && r->prefix[0] != '*')
		endpoint_add(l, r->location, full + covers(r->prefix, full), false);
	else
		endpoint_add(l, host, repository, false);
	return 0;
}
