/*
 * reference.c - image names, and the transports that name files.
 *
 * Owns   the grammar of names and the rules that complete short ones: docker.io, library/, latest.
 * Never  prompts, and never searches several hosts: one text means one image.
 * Spec   distribution/reference:
 *	reference  = name [":" tag] ["@" digest]
 *	name       = [host "/"] part *("/" part)
 *	host       = (label *("." label) | "[" ipv6 "]") [":" port]
 *	part       = alnum *(("." | "_" | "__" | 1*"-") alnum)      alnum: a-z 0-9
 *	tag        = word *127(word | "." | "-")                    word: A-Z a-z 0-9 _
 */
#include "oci/reference.h"

#include "util/str.h"

#define DEFAULT_HOST "docker.io"
#define NAME_BYTES   255
#define TAG_MAX	     128

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

void reference_done(struct reference *r)
{
	free(r->path);
	free(r->host);
	free(r->repository);
	free(r->tag);
	free(r->text);
	*r = (struct reference){ 0 };
}

/* ---- the grammar ---- */

static bool is_host(const char *s, size_t n)
{
	const char *end = s + n, *port = s;

	if (*s == '[') {
		size_t inner = strspn(s + 1, DIGITS "abcdefABCDEF:.");

		if (inner < 2 || s + 1 + inner >= end || s[1 + inner] != ']')
			return false;
		port = s + inner + 2;
	} else {
		/* labels: no '-' at either end, none empty */
		while (port < end && *port != ':') {
			size_t label = strspn(port, LOWER UPPER DIGITS "-");

			if (!label || *port == '-' || port[label - 1] == '-')
				return false;
			port += label;
			if (*port == '.' && port + 1 < end)
				port++;
			else if (port < end && *port != ':')
				return false;
		}
		if (port == s || port[-1] == '.')
			return false;
	}
	if (port == end)
		return true;
	return *port == ':' && port + 1 < end && port + 1 + strspn(port + 1, DIGITS) >= end;
}

/* One part of a repository's path; n bytes of s. */
static bool is_part(const char *s, size_t n)
{
	const char *end = s + n;

	for (;;) {
		size_t word = strspn(s, LOWER DIGITS);

		if (!word)
			return false;
		s += word;
		if (s >= end)
			return s == end;
		if (*s == '.')
			s++;
		else if (*s == '_')
			s += s[1] == '_' ? 2 : 1;
		else if (*s == '-')
			s += strspn(s, "-");
		else
			return false;
	}
}

static bool is_repository(const char *s)
{
	for (;;) {
		size_t n = strcspn(s, "/");

		if (!is_part(s, n))
			return false;
		if (!s[n])
			return true;
		s += n + 1;
	}
}

static bool is_tag(const char *s)
{
	size_t n = strspn(s, LOWER UPPER DIGITS "_.-");

	return n && n <= TAG_MAX && !s[n] && *s != '.' && *s != '-';
}

/* ---- names ---- */

/* Is the first part of a name, n bytes, a host and no part of the path? */
static bool first_is_host(const char *name, size_t n)
{
	return (n == 9 && memcmp(name, "localhost", 9) == 0) || memchr(name, '.', n) ||
	       memchr(name, ':', n);
}

static int name_split(const char *name, struct reference *r, struct error *err)
{
	const char *slash = strchr(name, '/');
	size_t n = slash ? (size_t)(slash - name) : 0;

	if (slash && first_is_host(name, n)) {
		if (!is_host(name, n))
			return error_set(err, ERR_INVALID, "'%.*s' is not a host", (int)n, name);
		r->host = xstrndup(name, n);
		name = slash + 1;
		if (strcmp(r->host, "index.docker.io") == 0) {
			free(r->host);
			r->host = xstrdup(DEFAULT_HOST);
		}
	} else {
		r->host = xstrdup(DEFAULT_HOST);
	}
	if (!is_repository(name)) {
		if (strpbrk(name, UPPER))
			return error_set(err, ERR_INVALID, "repository '%s' must be lower case",
					 name);
		return error_set(err, ERR_INVALID, "'%s' is not a repository name", name);
	}
	if (strcmp(r->host, DEFAULT_HOST) == 0 && !strchr(name, '/'))
		r->repository = xasprintf("library/%s", name);
	else
		r->repository = xstrdup(name);
	if (strlen(r->host) + 1 + strlen(r->repository) > NAME_BYTES)
		return error_set(err, ERR_LIMIT, "name longer than %d bytes", NAME_BYTES);
	return 0;
}

static int name_parse(const char *text, struct reference *r, struct error *err)
{
	auto_free char *name = xstrdup(text);
	char *at = strchr(name, '@'), *slash, *colon;

	if (digest_is_hex(name))
		return error_set(err, ERR_INVALID, "64 hex digits are an image ID, not a name");
	if (at) {
		*at++ = '\0';
		if (digest_parse(at, &r->digest, err) < 0)
			return -1;
	}
	slash = strrchr(name, '/');
	colon = strrchr(slash ? slash : name, ':');
	if (colon) {
		*colon++ = '\0';
		if (!is_tag(colon))
			return error_set(err, ERR_INVALID, "'%.*s' is not a tag", 2 * TAG_MAX, colon);
		r->tag = xstrdup(colon);
	}
	return name_split(name, r, err);
}

/* ---- transports ---- */

static const struct {
	const char *prefix;
	enum transport transport;
} transports[] = {
	{ "oci:", TRANSPORT_OCI },
	{ "oci-archive:", TRANSPORT_OCI_ARCHIVE },
	{ "docker-archive:", TRANSPORT_DOCKER_ARCHIVE },
};

/* PATH[:REF]; the path ends at the first colon, as containers-transports(5) has it */
static int transport_parse(const char *rest, struct reference *r, struct error *err)
{
	const char *colon = strchrnul(rest, ':');

	if (colon == rest)
		return error_set(err, ERR_INVALID, "a path is missing");
	r->path = xstrndup(rest, (size_t)(colon - rest));
	if (*colon && !colon[1])
		return error_set(err, ERR_INVALID, "nothing behind the last colon");
	if (*colon)
		r->tag = xstrdup(colon + 1);
	return 0;
}

int reference_parse(const char *text, struct reference *r, struct error *err)
{
	int status = 1;

	*r = (struct reference){ 0 };
	if (!*text)
		return error_set(err, ERR_INVALID, "the name of the image is empty");
	for (size_t i = 0; i < ARRAY_SIZE(transports) && status > 0; i++)
		if (str_starts(text, transports[i].prefix)) {
			r->transport = transports[i].transport;
			status = transport_parse(text + strlen(transports[i].prefix), r, err);
		}
	if (status > 0)
		status = name_parse(text, r, err);
	if (status < 0) {
		reference_done(r);
		return error_add(err, "image name '%.300s'", text);
	}
	r->text = xstrdup(text);
	return 0;
}

/* ---- formatting ---- */

char *reference_name(const struct reference *r)
{
	struct str out = { 0 };
	char digest[DIGEST_TEXT_MAX];

	if (r->transport != TRANSPORT_NONE)
		return xstrdup(r->text);
	str_addf(&out, "%s/%s", r->host, r->repository);
	if (r->tag || !digest_is_set(&r->digest))
		str_addf(&out, ":%s", r->tag ? r->tag : "latest");
	if (digest_is_set(&r->digest))
		str_addf(&out, "@%s", digest_format(&r->digest, digest));
	return str_take(&out);
}

/* The end of the repository in a canonical name: where ":tag" or "@digest" begins. */
static const char *repository_end(const char *name)
{
	const char *at = strchrnul(name, '@'), *end = at;

	while (end > name && end[-1] != '/' && end[-1] != ':')
		end--;
	return end > name && end[-1] == ':' ? end - 1 : at;
}

char *reference_familiar(const char *name)
{
	const char *short_name = name;

	if (str_starts(name, DEFAULT_HOST "/"))
		short_name = name + strlen(DEFAULT_HOST "/");
	if (short_name != name && str_starts(short_name, "library/") &&
	    !memchr(short_name + 8, '/', (size_t)(repository_end(name) - short_name) - 8))
		short_name += 8;
	return xstrdup(short_name);
}

char *reference_familiar_repository(const char *name)
{
	char *familiar = reference_familiar(name);

	familiar[repository_end(familiar) - familiar] = '\0';
	return familiar;
}

char *reference_tag(const char *name)
{
	const char *end = repository_end(name);

	if (*end != ':')
		return xstrdup("<none>");
	return xstrndup(end + 1, strcspn(end + 1, "@"));
}
