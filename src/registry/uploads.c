/*
 * uploads.c - blobs sent: mounted from another repository, in one piece, or in chunks.
 *
 * Theory of operation: a POST gives a session, an address that every answer may change. One PUT sends
 * all and names the digest: that is one request, and what every registry does best. When it breaks,
 * the session is asked how much it has, and the rest follows by PATCH and an empty PUT.
 * Spec   distribution-spec 1.1, "Pushing blobs".
 */
#include "client.h"

#include "util/log.h"

#define SESSIONS_MAX 3	/* begun anew, when one got lost */
#define BREAKS_MAX   16 /* of one session */

/* Where the session goes on, by the Location of an answer. *session is replaced. */
static int session_move(struct connection *c, const struct answer *a, const char *from,
			char **session, struct error *err)
{
	const char *location = answer_header(a, "location");
	const struct url *own = &c->r->base;
	struct url base, to;
	char *text;
	int r;

	if (!location)
		return *session ? 0 : error_set(err, ERR_INVALID, "an upload without a Location");
	if (*from == '/') {
		base = (struct url){ own->https, own->host, own->port, (char *)(uintptr_t)from };
		text = url_resolve(&base, location, err);
	} else {
		if (url_parse(from, &base, err) < 0)
			return -1;
		text = url_resolve(&base, location, err);
		url_done(&base);
	}
	if (!text)
		return error_add(err, "upload");
	r = url_parse(text, &to, err);
	free(text);
	if (r < 0)
		return -1;
	/* a server behind a proxy that ends TLS may not know that it is spoken to by https */
	if (strcmp(to.host, own->host) == 0 && own->https && !to.https) {
		to.https = true;
		to.port = own->port;
	}
	if (!to.https && !c->r->insecure)
		r = error_set(err, ERR_DENIED, "an upload to %s without encryption", to.host);
	if (r == 0 && strcmp(to.host, own->host) != 0 && c->peer == ADDRESS_PUBLIC &&
	    host_class(to.host) != ADDRESS_PUBLIC)
		r = error_set(err, ERR_DENIED, "an upload to %s, an address of a private network",
			      to.host);
	if (r == 0) {
		free(*session);
		*session = url_format(&to);
	}
	url_done(&to);
	return r;
}

/* OCI-Chunk-Min-Length: smaller pieces, but for the last one, are refused there. */
static void chunk_min_take(struct connection *c, const struct answer *a)
{
	const char *text = answer_header(a, "oci-chunk-min-length");
	uint64_t n;

	c->chunk_min = text && str_u64(text, &n) && n <= INT64_MAX ? (int64_t)n : 0;
}

int blob_mount(struct connection *c, const char *repository, const struct digest *d,
	       const char *from, char **session, struct error *err)
{
	static const int no_mount[] = { 400, 404, 405, 0 };
	auto_free char *own = scope_of(repository, "pull,push");
	auto_free char *other = from ? scope_of(from, "pull") : NULL;
	auto_free char *scope = from ? xasprintf("%s %s", own, other) : NULL;
	auto_free char *path = from ? xasprintf("/v2/%s/blobs/uploads/?mount=sha256:%s&from=%s",
						repository, d->hex, from)
				    : xasprintf("/v2/%s/blobs/uploads/", repository);
	struct call k = CALL("POST", path);
	struct answer a = { 0 };
	int r;

	k.repository = repository;
	k.scope = from ? scope : own;
	k.body = "";
	*session = NULL;
	r = call_make(c, &k, from ? no_mount : NULL, &a, err);
	if (r == 0 && a.status == 201 && from)
		r = 1;
	else if (r == 0 && a.status >= 400)
		r = blob_mount(c, repository, d, NULL, session, err);
	else if (r == 0)
		r = session_move(c, &a, path, session, err);
	if (*session)
		chunk_min_take(c, &a);
	answer_done(&a);
	return r;
}

static struct call session_call(const char *method, const char *session, const char *repository,
				const char *scope)
{
	struct call k = CALL(method, session);

	k.repository = repository;
	k.scope = scope;
	k.once = true;
	k.patient = true;
	return k;
}

/* PUT, with all of it or with nothing left to send. */
static int session_finish(struct connection *c, const char *repository, const char *scope,
			  const char *session, const struct blob_upload *u, bool all,
			  struct answer *a, struct error *err)
{
	auto_free char *where = xasprintf("%s%cdigest=sha256%%3A%s", session,
					  strchr(session, '?') ? '&' : '?', u->digest.hex);
	struct call k = session_call("PUT", where, repository, scope);

	k.body = all ? NULL : "";
	if (all && u->size == 0)
		k.body = "";
	k.body_fd = all && u->size ? u->fd : -1;
	k.body_size = all ? u->size : 0;
	k.content_type = "application/octet-stream";
	k.sent = all ? u->progress : NULL;
	k.sent_arg = u->arg;
	return call_make(c, &k, NULL, a, err);
}

struct chunk_sent {
	const struct blob_upload *u;
	int64_t from;
};

static void chunk_progress(void *arg, int64_t sent)
{
	const struct chunk_sent *s = arg;

	if (s->u->progress)
		s->u->progress(s->u->arg, s->from + sent);
}

/* PATCH from *at; moves it by what the server says it has. */
static int session_patch(struct connection *c, const char *repository, const char *scope,
			 char **session, const struct blob_upload *u, int64_t *at, struct answer *a,
			 struct error *err)
{
	int64_t left = u->size - *at,
		n = u->chunk > 0 ? MIN(MAX(u->chunk, c->chunk_min), left) : left;
	auto_free char *range = xasprintf("%lld-%lld", (long long)*at, (long long)(*at + n - 1));
	struct call k = session_call("PATCH", *session, repository, scope);
	struct chunk_sent progress = { u, *at };
	const char *has;

	k.content_range = range;
	k.content_type = "application/octet-stream";
	k.body_fd = u->fd;
	k.body_from = *at;
	k.body_size = n;
	k.sent = chunk_progress;
	k.sent_arg = &progress;
	if (call_make(c, &k, NULL, a, err) < 0)
		return -1;
	has = answer_header(a, "range");
	*at += n;
	if (has && upload_range_parse(has) > 0 && upload_range_parse(has) <= u->size)
		*at = upload_range_parse(has);
	return session_move(c, a, *session, session, err);
}

/* How much the session has: *at. 1; 0 it is gone; -1 */
static int session_ask(struct connection *c, const char *repository, const char *scope,
		       char **session, const struct blob_upload *u, int64_t *at, struct error *err)
{
	static const int gone[] = { 404, 400, 405, 416, 0 };
	struct call k = session_call("GET", *session, repository, scope);
	struct answer a = { 0 };
	const char *range;
	int64_t has;
	int r;

	k.once = false;
	r = call_make(c, &k, gone, &a, err);
	if (r == 0 && a.status < 300) {
		range = answer_header(&a, "range");
		has = range ? upload_range_parse(range) : 0;
		*at = has < 0 || has > u->size ? 0 : has;
		r = session_move(c, &a, *session, session, err) < 0 ? -1 : 1;
	}
	answer_done(&a);
	return r;
}

/* One session to its end: 1 done, 0 it got lost, -1 */
static int session_run(struct connection *c, const char *repository, const char *scope,
		       char **session, const struct blob_upload *u, struct error *err)
{
	bool all = u->chunk <= 0;
	int64_t at = 0, before = 0;
	int stuck = 0;

	for (int breaks = 0;; breaks++) {
		struct answer a = { 0 };
		bool may_pass;
		int r = 0;

		while (!all && r == 0 && at < u->size)
			r = session_patch(c, repository, scope, session, u, &at, &a, err);
		if (r == 0)
			r = session_finish(c, repository, scope, *session, u, all, &a, err);
		may_pass = a.broken || a.status == 416 || a.status == 404;
		if (r < 0 && may_pass) {
			stuck = at > before ? 1 : stuck + 1;
			before = at;
			may_pass = breaks < BREAKS_MAX && call_again(c->r, &a, stuck, err);
		}
		answer_done(&a);
		if (r == 0)
			return 1;
		if (!may_pass)
			return -1;
		all = false;
		r = session_ask(c, repository, scope, session, u, &at, err);
		if (r <= 0)
			return r;
		log_debug("registry: upload goes on at byte %lld of %lld", (long long)at,
			  (long long)u->size);
	}
}

static void session_drop(struct connection *c, const char *repository, const char *scope,
			 const char *session)
{
	struct call k = session_call("DELETE", session, repository, scope);
	struct error ignored = { 0 }; /* it times out there by itself */
	struct answer a = { 0 };

	k.patient = false;
	call_make(c, &k, NULL, &a, &ignored);
	answer_done(&a);
}

int blob_upload(struct connection *c, const char *repository, char *session,
		const struct blob_upload *u, struct error *err)
{
	auto_free char *scope = scope_of(repository, "pull,push");
	int r = 0;

	for (int n = 0; r == 0 && n < SESSIONS_MAX; n++) {
		if (!session && blob_mount(c, repository, &u->digest, NULL, &session, err) < 0) {
			r = -1;
			break;
		}
		r = session_run(c, repository, scope, &session, u, err);
		if (r < 0 && err->kind != ERR_SYSTEM)
			session_drop(c, repository, scope, session);
		free(session);
		session = NULL;
	}
	if (r == 0)
		r = error_set(err, ERR_FAILED, "the registry lost the upload %d times", SESSIONS_MAX);
	return r < 0 ? error_add(err, "blob sha256:%.12s", u->digest.hex) : 0;
}
