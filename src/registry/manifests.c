/*
 * manifests.c - manifests and indexes: asked for, sent, removed.
 *
 * Never  gives bytes out whose digest is not the one asked for, or not the one that came with them.
 * Spec   distribution-spec 1.1, "Pulling manifests", "Pushing manifests".
 */
#include "client.h"

/* schema 1 too, so that who still has it is told so and not "unknown manifest" */
#define ACCEPT                                                                                     \
	MEDIA_OCI_INDEX ", " MEDIA_DOCKER_LIST ", " MEDIA_OCI_MANIFEST ", " MEDIA_DOCKER_MANIFEST  \
			", application/vnd.docker.distribution.manifest.v1+prettyjws"              \
			", application/vnd.docker.distribution.manifest.v1+json"

static char *manifest_path(const char *repository, const char *reference)
{
	return xasprintf("/v2/%s/manifests/%s", repository, reference);
}

static bool is_digest(const char *reference)
{
	return strchr(reference, ':') != NULL; /* a tag has none */
}

/* The server's word on the digest: 1 and *d, 0 when it says nothing that we understand. */
static int told_digest(const struct answer *a, struct digest *d)
{
	struct error unknown = { 0 }; /* of another algorithm */
	const char *text = answer_header(a, "docker-content-digest");

	return text && digest_parse(text, d, &unknown) == 0;
}

static int digest_check(const struct answer *a, const char *reference, struct digest *d,
			struct error *err)
{
	struct digest wanted;

	sha256_bytes(str_get(&a->text), a->text.len, d->hex);
	if (is_digest(reference) && digest_parse(reference, &wanted, err) < 0)
		return -1;
	if ((is_digest(reference) || told_digest(a, &wanted)) && !digest_eq(&wanted, d))
		return error_set(err, ERR_INVALID, "what came has digest sha256:%s, not sha256:%s",
				 d->hex, wanted.hex);
	return 0;
}

int manifest_get(struct connection *c, const char *repository, const char *reference,
		 struct str *text, char **media_type, struct digest *d, struct error *err)
{
	auto_free char *path = manifest_path(repository, reference);
	auto_free char *scope = scope_of(repository, "pull");
	struct call k = CALL("GET", path);
	struct answer a = { 0 };
	int r;

	k.repository = repository;
	k.scope = scope;
	k.accept = ACCEPT;
	k.text_max = MANIFEST_MAX;
	/* damaged on its way? then once more */
	for (int n = 1;; n++) {
		r = call_make(c, &k, NULL, &a, err);
		if (r == 0)
			r = digest_check(&a, reference, d, err);
		if (r == 0 || err->kind != ERR_INVALID || n == 2)
			break;
		error_clear(err);
	}
	if (r == 0) {
		const char *type = answer_header(&a, "content-type");

		str_addn(text, str_get(&a.text), a.text.len);
		*media_type = type ? xstrndup(type, strcspn(type, "; ")) : NULL;
	}
	answer_done(&a);
	return r < 0 ? error_add(err, "manifest %s%s%s", repository,
				 is_digest(reference) ? "@" : ":", reference)
		     : 0;
}

int manifest_head(struct connection *c, const char *repository, const char *reference,
		  struct digest *d, struct error *err)
{
	static const int no_head[] = { 405, 0 };
	auto_free char *path = manifest_path(repository, reference);
	auto_free char *scope = scope_of(repository, "pull");
	struct call k = CALL("HEAD", path);
	struct answer a = { 0 };
	int r;

	k.repository = repository;
	k.scope = scope;
	k.accept = ACCEPT;
	r = call_make(c, &k, no_head, &a, err);
	if (r == 0)
		r = a.status < 300 ? told_digest(&a, d) : 0;
	else
		error_add(err, "manifest %s:%s", repository, reference);
	answer_done(&a);
	return r;
}

int manifest_put(struct connection *c, const char *repository, const char *reference,
		 const char *media_type, const void *bytes, size_t n, struct error *err)
{
	auto_free char *path = manifest_path(repository, reference);
	auto_free char *scope = scope_of(repository, "pull,push");
	struct call k = CALL("PUT", path);
	struct answer a = { 0 };
	struct digest ours, theirs;
	int r;

	k.repository = repository;
	k.scope = scope;
	k.content_type = media_type;
	k.body = bytes;
	k.body_size = (int64_t)n;
	k.patient = true;
	r = call_make(c, &k, NULL, &a, err);
	if (r == 0) {
		sha256_bytes(bytes, n, ours.hex);
		if (told_digest(&a, &theirs) && !digest_eq(&ours, &theirs))
			r = error_set(err, ERR_INVALID,
				      "the registry took it as sha256:%s, it is sha256:%s",
				      theirs.hex, ours.hex);
	}
	answer_done(&a);
	return r < 0 ? error_add(err, "manifest %s", reference) : 0;
}

int manifest_delete(struct connection *c, const char *repository, const char *reference,
		    struct error *err)
{
	auto_free char *path = manifest_path(repository, reference);
	auto_free char *scope = scope_of(repository, "pull,push,delete");
	struct call k = CALL("DELETE", path);
	struct answer a = { 0 };
	int r;

	k.repository = repository;
	k.scope = scope;
	r = call_make(c, &k, NULL, &a, err);
	answer_done(&a);
	return r;
}
