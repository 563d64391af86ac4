/*
 * client.c - one call to a registry, made as often as it takes: authorised, redirected, repeated.
 *
 * Never  lets curl follow a redirection; never shows a query, which may be signed, or a header that
 *        may be secret, to the log.
 */
#include "client.h"

#include "util/fields.h"
#include "util/log.h"
#include "util/settings.h"
#include "util/text.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

#define RETRIES		3
#define RETRY_DELAY_NS	NSEC_PER_SEC
#define RETRY_AFTER_MAX 60 /* seconds that we wait because a server says so */
#define AUTH_ROUNDS	3

void registry_options_init(struct registry_options *o)
{
	*o = (struct registry_options){ .tls_verify = -1, .retries = UNSET, .retry_delay_ns = UNSET };
}

char *scope_of(const char *repository, const char *actions)
{
	return xasprintf("repository:%s:%s", repository, actions);
}

/* ---- answers ---- */

bool answer_may_pass(const struct answer *a)
{
	return a->status == 408 || a->status == 429 ||
	       (a->status >= 500 && a->status != 501 && a->status != 505);
}

/* "code: message", of {"errors":[...]}, or what the body says as text. Yours, or NULL. */
static char *answer_words(const struct answer *a, char **code)
{
	static const struct fields_limits limits = { REGISTRY_ERROR_MAX, 16 };
	struct error no_json = { 0 };
	auto_done(json) json_t *j = json_parse(str_get(&a->text), a->text.len, &limits, &no_json);
	json_t *e = json_array_get(json_object_get(j, "errors"), 0), *detail;
	const char *text = json_string_value(json_object_get(e, "message")), *kind, *more;

	kind = json_string_value(json_object_get(e, "code"));
	detail = json_object_get(e, "detail");
	more = json_string_value(detail);
	if (!text) /* token servers and Amazon's */
		text = json_string_value(json_object_get(j, "details"));
	if (!text)
		text = json_string_value(json_object_get(j, "message"));
	if (!text)
		text = json_string_value(json_object_get(j, "error"));
	*code = xstrdup_or_null(kind);
	if (text || kind)
		return xasprintf("%.400s%s%.200s%s%.200s", text ? text : "",
				 text && kind ? " (" : "", kind ? kind : "",
				 text && kind ? ")" : "", more && *more ? more : "");
	if (!j && a->text.len && str_get(&a->text)[0] != '<')
		return xasprintf("%.*s", (int)MIN(strcspn(a->text.s, "\r\n"), (size_t)400),
				 a->text.s);
	return NULL;
}

static enum error_kind kind_of(long status)
{
	switch (status) {
	case 401:
	case 403:
		return ERR_DENIED;
	case 404:
		return ERR_NOTFOUND;
	default:
		return ERR_FAILED;
	}
}

int answer_error(const struct answer *a, struct error *err)
{
	auto_free char *code = NULL, *words = answer_words(a, &code);
	const char *remaining = answer_header(a, "ratelimit-remaining");
	const char *after = answer_header(a, "retry-after");

	error_set(err, kind_of(a->status), "%s%sthe server answers %ld%s%s%s%s", words ? words : "",
		  words ? ": " : "", a->status, remaining ? ", pulls that remain: " : "",
		  remaining ? remaining : "",
		  a->status == 429 && after ? ", to be tried again after " : "",
		  a->status == 429 && after ? after : "");
	if (a->status == 429)
		error_hint(err,
			   "the registry limits how often one may ask; with a login ('hod login')"
			   " the limit is higher");
	return -1;
}

/* ---- waiting ---- */

/* 0.5 to 1.5 of it, so that many clients do not come back at once. */
static int64_t jitter(int64_t ns)
{
	uint32_t random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = UINT32_MAX / 2;
	return ns / 2 + (int64_t)((double)ns * random / UINT32_MAX);
}

bool call_again(const struct registry *r, const struct answer *a, int attempt, struct error *err)
{
	int64_t most = r->o->retries == UNSET ? RETRIES : r->o->retries;
	int64_t delay = r->o->retry_delay_ns == UNSET ? RETRY_DELAY_NS : r->o->retry_delay_ns;
	const char *after = answer_header(a, "retry-after");
	int64_t asked = after ? retry_after_parse(after, time_now_ns() / NSEC_PER_SEC) : -1;
	char line[ERROR_LINE_MAX];
	struct timespec wait;

	if (attempt > most || asked > RETRY_AFTER_MAX)
		return false;
	delay = jitter(delay << MIN(attempt - 1, 6));
	if (asked >= 0)
		delay = MAX(delay, asked * NSEC_PER_SEC);
	log_debug("registry: %s: attempt %d failed (%s), next in %lld ms", r->name, attempt,
		  err->kind ? error_text(err, line, sizeof(line)) : "status",
		  (long long)(delay / 1000000));
	error_clear(err);
	wait.tv_sec = delay / NSEC_PER_SEC;
	wait.tv_nsec = delay % NSEC_PER_SEC;
	while (nanosleep(&wait, &wait) < 0 && errno == EINTR)
		;
	return true;
}

/* ---- one hop ---- */

static void headers_make(const struct call *k, struct strv *h)
{
	if (k->accept)
		strv_addf(h, "Accept: %s", k->accept);
	if (k->content_type)
		strv_addf(h, "Content-Type: %s", k->content_type);
	if (k->content_range)
		strv_addf(h, "Content-Range: %s", k->content_range);
	if (k->range > 0)
		strv_addf(h, "Range: bytes=%lld-", (long long)k->range);
}

static int perform_at(struct connection *c, const struct call *k, const struct url *u, bool own,
		      char **used, struct answer *a, struct error *err)
{
	struct registry *r = c->r;
	struct transfer_tls system = { .verify = !r->insecure };
	auto_free char *url = url_format(u), *proxy = proxy_for(u, r->settings),
		       *shown = url_shown(url);
	struct transfer_request q = {
		.method = k->method,
		.url = url,
		.body = k->body,
		.body_fd = k->body_fd,
		.body_from = k->body_from,
		.body_size = k->body_size,
		.sent = k->sent,
		.sent_arg = k->sent_arg,
		.begin = k->begin,
		.write = k->write,
		.arg = k->arg,
		.text_max = k->text_max,
		.tls = own ? &r->tls : &system,
		.proxy = proxy,
		.patient = k->patient,
		.stall_s = r->settings->registry_stall_s,
		.public_only = !own && c->peer == ADDRESS_PUBLIC && !*proxy &&
			       strcmp(u->host, r->base.host) != 0,
	};
	int status;

	*used = NULL;
	headers_make(k, &q.headers);
	if (own) {
		strv_copy(&q.headers, &r->headers);
		auth_apply(r, k->repository ? k->repository : "", k->scope ? k->scope : "",
			   &q.headers, used);
	}
	status = transfer_perform(c->t, &q, a, err);
	strv_each (&q.headers, i)
		explicit_bzero(q.headers.v[i], strlen(q.headers.v[i]));
	strv_done(&q.headers);
	log_debug("registry: %s %s -> %ld, %lld bytes", k->method, shown, a->status,
		  (long long)a->received);
	if (own && a->status) {
		/* behind a proxy we do not know where it is, and judge nothing by it */
		c->peer = *proxy ? ADDRESS_PRIVATE : a->peer;
		c->spoken = true;
	}
	return status;
}

/* ---- redirections ---- */

static int hop_check(const struct connection *c, const struct call *k, const struct url *from,
		     const struct url *to, struct error *err)
{
	const struct registry *r = c->r;
	bool same_host = strcmp(to->host, r->base.host) == 0;

	if (!to->https && (from->https || !r->insecure))
		return error_set(err, ERR_DENIED, "a redirection to %s without encryption", to->host);
	if (!same_host && !k->off_host)
		return error_set(err, ERR_DENIED, "a redirection to another host, %s", to->host);
	if (!same_host && c->peer == ADDRESS_PUBLIC && host_class(to->host) != ADDRESS_PUBLIC)
		return error_set(err, ERR_DENIED,
				 "a redirection to %s, an address of a private network", to->host);
	return 0;
}

static bool is_redirect(const struct answer *a)
{
	return a->status == 301 || a->status == 302 || a->status == 303 || a->status == 307 ||
	       a->status == 308;
}

/* Follows what may be followed: 0 a has the last answer. *u moves on. */
static int follow(struct connection *c, const struct call *k, struct url *u, struct answer *a,
		  struct error *err)
{
	for (int hop = 0; is_redirect(a); hop++) {
		const char *location = answer_header(a, "location");
		auto_free char *text = NULL, *used = NULL;
		struct url to;
		bool own;

		if (strcmp(k->method, "GET") != 0 && strcmp(k->method, "HEAD") != 0)
			return error_set(err, ERR_DENIED, "a redirection of a %s is not followed",
					 k->method);
		if (hop == REDIRECTS_MAX)
			return error_set(err, ERR_LIMIT, "more than %d redirections", REDIRECTS_MAX);
		if (!location)
			return error_set(err, ERR_INVALID, "a redirection without a Location");
		text = url_resolve(u, location, err);
		if (!text || url_parse(text, &to, err) < 0)
			return error_add(err, "redirection");
		if (hop_check(c, k, u, &to, err) < 0) {
			url_done(&to);
			return -1;
		}
		url_done(u);
		*u = to;
		/* the credential stays where scheme, host and port are the registry's */
		own = url_same_origin(u, &c->r->base);
		if (perform_at(c, k, u, own, &used, a, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- the call ---- */

/*
 * Who said http will do gets it when nobody speaks TLS there. Another thread may have come to that
 * before us: then https, as we tried it, is not the way any more.
 */
static bool fall_to_http(struct registry *r, const struct url *tried, const struct answer *a,
			 struct error *err)
{
	bool fall;

	pthread_mutex_lock(&r->auth.lock);
	fall = a->refused && r->insecure && tried->https && (!r->settled || !r->base.https);
	if (fall)
		error_clear(err);
	if (fall && r->base.https) {
		r->base.https = false;
		if (r->base.port == 443)
			r->base.port = 80;
		log_debug("registry: %s does not speak TLS, http is allowed for it", r->name);
	}
	pthread_mutex_unlock(&r->auth.lock);
	return fall;
}

static int call_url(struct registry *r, const struct call *k, struct url *u, struct error *err)
{
	auto_free char *base = NULL, *whole = NULL;

	if (*k->path != '/')
		return url_parse(k->path, u, err);
	pthread_mutex_lock(&r->auth.lock);
	base = url_format(&r->base);
	pthread_mutex_unlock(&r->auth.lock);
	whole = xasprintf("%.*s%s", (int)strlen(base) - 1, base, k->path);
	return url_parse(whole, u, err);
}

/* Amazon answers so when its twelve hours are over, with 401 or with 403. */
static bool says_expired(const struct answer *a)
{
	return (a->status == 401 || a->status == 403) &&
	       strcasestr(str_get(&a->text), "expired") != NULL;
}

static int attempt(struct connection *c, const struct call *k, struct answer *a, struct error *err)
{
	struct registry *r = c->r;
	int status = -1;

	for (int round = 0; round <= AUTH_ROUNDS; round++) {
		auto_free char *used = NULL;
		struct url u;
		int again;

		if (call_url(r, k, &u, err) < 0)
			return -1;
		status = perform_at(c, k, &u, url_same_origin(&u, &r->base), &used, a, err);
		if (status < 0 && fall_to_http(r, &u, a, err)) {
			url_done(&u);
			continue;
		}
		if (status == 0) {
			pthread_mutex_lock(&r->auth.lock);
			r->settled = true;
			pthread_mutex_unlock(&r->auth.lock);
			status = follow(c, k, &u, a, err);
		}
		url_done(&u);
		if (status < 0 || (a->status != 401 && a->status != 403) || round == AUTH_ROUNDS)
			return status;
		again = 0;
		if (a->status == 401)
			again = auth_answer(c, a, k->repository, k->scope, used, err);
		if (again == 0 && says_expired(a))
			again = auth_renew(r);
		if (used)
			explicit_bzero(used, strlen(used));
		if (again <= 0)
			return again;
	}
	return status;
}

static void add_hints(const struct connection *c, const struct call *k, const struct answer *a,
		      struct error *err)
{
	struct registry *r = c->r;
	bool writes = strcmp(k->method, "GET") != 0 && strcmp(k->method, "HEAD") != 0;

	if (says_expired(a))
		auth_age_hint(r, err);
	if (a->status == 401 && !r->auth.known)
		error_hint(err, "there is no login for '%s': see 'hod login %s'", r->name, r->name);
	else if (a->status == 401)
		error_hint(err, "the login from %s was refused: see 'hod login %s'",
			   r->auth.credential.source, r->name);
	else if (a->status == 404 && writes && strstr(str_get(&a->text), "NAME_UNKNOWN"))
		error_hint(err, "this registry wants the repository to be made before the push");
}

int call_make(struct connection *c, const struct call *k, const int *also, struct answer *a,
	      struct error *err)
{
	for (int n = 1;; n++) {
		int status = attempt(c, k, a, err);

		if (status == 0 && a->status >= 200 && a->status < 300)
			return 0;
		for (size_t i = 0; status == 0 && also && also[i]; i++)
			if (a->status == also[i])
				return 0;
		if (status == 0) {
			a->broken = answer_may_pass(a);
			if (a->broken && !k->once && call_again(c->r, a, n, err))
				continue;
			answer_error(a, err);
			add_hints(c, k, a, err);
		} else if (a->broken && !k->once && (c->spoken || n == 1) &&
			   call_again(c->r, a, n, err)) {
			continue;
		}
		if (err->kind == ERR_SYSTEM && !c->spoken && !c->r->insecure && a->refused)
			error_hint(err,
				   "a registry without TLS must be listed in insecure-registries, "
				   "or asked with --tls-verify=false");
		return error_add(err, "registry %s", c->r->name);
	}
}
