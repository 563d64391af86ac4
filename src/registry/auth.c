/*
 * auth.c - who we are: Basic, and tokens by the challenge of a 401.
 *
 * Theory of operation: nothing is sent before it is asked for. A 401 names how; the token that it
 * leads to is kept for the scope of the call, so that the next calls carry it at once. Several
 * threads may be refused together: the first fetches, the others find the new token. One that is
 * refused in the middle of a long push is replaced by a new one in the same way.
 *
 * Never  sends a credential to a realm that realm_check() refuses, or over a redirection; never
 *        puts one into a message.
 * Spec   docker's token authentication (GET, and POST as OAuth2 for identity tokens); RFC 7617.
 */
#include "client.h"

#include "util/fields.h"
#include "util/log.h"
#include "util/settings.h"
#include "util/text.h"

#include <ctype.h>

#define TOKEN_SECONDS 60 /* when the server does not say */
#define TOKEN_EARLY_S 5	 /* a token is not used in its last seconds */

static const struct fields_limits limits = { REGISTRY_TOKEN_MAX, 8 };

static void token_done(struct token *t)
{
	free(t->scope);
	secret_free(t->text);
}

void auth_done(struct auth *a)
{
	vec_each (&a->tokens, t)
		token_done(t);
	vec_done(&a->tokens);
	credential_done(&a->credential);
	free(a->repository);
	pthread_mutex_destroy(&a->lock);
}

/* ---- what is known ---- */

/* "Basic ...", or NULL */
static char *basic_text(const struct credential *c)
{
	struct str plain = { 0 }, out = { 0 };

	if (!c->user || !c->secret || c->identity)
		return NULL;
	str_addf(&plain, "%s:%s", c->user, c->secret);
	str_add(&out, "Basic ");
	base64_encode(plain.s, plain.len, &out);
	explicit_bzero(plain.s, plain.cap);
	str_done(&plain);
	return str_take(&out);
}

static struct token *token_find(struct auth *a, const char *scope)
{
	vec_each (&a->tokens, t)
		if (strcmp(t->scope, scope) == 0)
			return t;
	return NULL;
}

void auth_apply(struct registry *r, const char *repository, const char *scope, struct strv *headers,
		char **used)
{
	struct auth *a = &r->auth;
	const struct token *t;

	pthread_mutex_lock(&a->lock);
	t = scope ? token_find(a, scope) : NULL;
	*used = NULL;
	if (t && t->until_ns > time_monotonic_ns())
		*used = xasprintf("Bearer %s", t->text);
	else if (a->basic && a->known && str_eq(a->repository, repository))
		*used = basic_text(&a->credential);
	pthread_mutex_unlock(&a->lock);
	if (*used) {
		char *line = xasprintf("Authorization: %s", *used);

		strv_add(headers, line);
		secret_free(line);
	}
}

/* lock is held */
static int credential_load(struct registry *r, const char *repository, struct error *err)
{
	struct auth *a = &r->auth;
	int found;

	if (a->repository && str_eq(a->repository, repository))
		return a->known;
	credential_done(&a->credential);
	free(a->repository);
	a->repository = NULL;
	found = credential_find(r->name, *repository ? repository : NULL, r->o, &a->credential, err);
	if (found < 0)
		return -1;
	a->repository = xstrdup(repository);
	a->known = found > 0;
	log_debug("registry: %s: %s%s", r->name, found ? "credentials from " : "no credentials",
		  found ? a->credential.source : "");
	return found;
}

bool auth_renew(struct registry *r)
{
	struct auth *a = &r->auth;
	bool again;

	pthread_mutex_lock(&a->lock);
	again = a->known && a->credential.helper && !a->renewed;
	if (again) {
		a->renewed = true;
		free(a->repository);
		a->repository = NULL;
		vec_each (&a->tokens, t)
			token_done(t);
		vec_done(&a->tokens);
	}
	pthread_mutex_unlock(&a->lock);
	return again;
}

void auth_age_hint(struct registry *r, struct error *err)
{
	struct auth *a = &r->auth;
	int64_t age;
	char text[64];

	pthread_mutex_lock(&a->lock);
	if (a->known && a->credential.written_s) {
		age = time_now_ns() / NSEC_PER_SEC - a->credential.written_s;
		error_hint(err, "the login in %s was written %s ago: log in again",
			   a->credential.source, text_ago(age, text, sizeof(text)));
	}
	pthread_mutex_unlock(&a->lock);
}

/* ---- tokens ---- */

int realm_check(const struct url *registry, bool insecure, bool same_host, const struct url *realm,
		struct error *err)
{
	bool same = strcmp(registry->host, realm->host) == 0;

	if (!realm->https && !(same && (insecure || !registry->https)))
		return error_set(
			err, ERR_DENIED,
			"the registry asks to send credentials to %s:%u without encryption",
			realm->host, realm->port);
	if (same)
		return 0;
	if (same_host)
		return error_set(err, ERR_DENIED,
				 "the registry asks to send credentials to another host, %s, and "
				 "auth-realm is same-host",
				 realm->host);
	if (host_class(realm->host) != ADDRESS_PUBLIC)
		return error_set(err, ERR_DENIED,
				 "the registry asks to send credentials to %s, which is an address "
				 "of a private network",
				 realm->host);
	return 0;
}

int token_parse(const char *text, size_t n, char **token, int64_t *seconds, struct error *err)
{
	struct error hidden = { 0 }; /* its text could quote the token */
	auto_done(json) json_t *j = json_parse(text, n, &limits, &hidden);
	const char *value = json_string_value(json_object_get(j, "token"));
	json_t *expires = json_object_get(j, "expires_in");

	if (str_empty(value))
		value = json_string_value(json_object_get(j, "access_token"));
	if (str_empty(value))
		return error_set(err, ERR_INVALID, "the token server's answer has no token");
	if (!token_is_valid(value))
		return error_set(err, ERR_INVALID,
				 "the token server's answer has a token with "
				 "characters that it cannot have");
	*seconds = TOKEN_SECONDS;
	if (json_is_integer(expires) && json_integer_value(expires) > 0)
		*seconds = MIN((int64_t)json_integer_value(expires), (int64_t)INT32_MAX);
	*token = xstrdup(value);
	return 0;
}

static void add_param(struct str *s, char first, const char *key, const char *value)
{
	if (!value)
		return;
	str_addf(s, "%c%s=", first, key);
	url_add_encoded(s, value);
}

/* The scopes to ask for: the challenge's, and those of ours that it does not have. */
static void scopes_add(struct str *s, char first, const struct challenge *ch, const char *ours)
{
	auto_done(strv) struct strv all = { 0 };
	const char *theirs = strmap_get(&ch->params, "scope");

	if (!str_empty(theirs))
		strv_split(&all, theirs, ' ');
	if (!str_empty(ours) && (!all.n || strchr(ours, ' '))) {
		auto_done(strv) struct strv own = { 0 };

		strv_split(&own, ours, ' ');
		strv_each (&own, i)
			if (!strv_has(&all, own.v[i]))
				strv_add(&all, own.v[i]);
	}
	strv_each (&all, i) {
		add_param(s, first, "scope", all.v[i]);
		first = '&';
	}
}

/* GET with Basic, or without anybody's name; POST for identity tokens. */
static void token_request(const struct challenge *ch, const struct url *realm,
			  const struct credential *cr, const char *scope, struct str *url,
			  struct str *body, struct strv *headers)
{
	const char *service = strmap_get(&ch->params, "service");
	auto_free char *where = url_format(realm);

	str_add(url, where);
	if (cr && cr->identity) {
		str_add(body, "grant_type=refresh_token&client_id=hod");
		add_param(body, '&', "service", service);
		scopes_add(body, '&', ch, scope);
		add_param(body, '&', "refresh_token", cr->secret);
		strv_add(headers, "Content-Type: application/x-www-form-urlencoded");
		return;
	}
	add_param(url, strchr(where, '?') ? '&' : '?', "client_id", "hod");
	add_param(url, '&', "service", service);
	scopes_add(url, '&', ch, scope);
	if (cr && cr->user) {
		char *basic = basic_text(cr), *line = xasprintf("Authorization: %s", basic);

		add_param(url, '&', "account", cr->user);
		strv_add(headers, line);
		secret_free(basic);
		secret_free(line);
	}
}

static void secrets_done(struct strv *l)
{
	strv_each (l, i)
		explicit_bzero(l->v[i], strlen(l->v[i]));
	strv_done(l);
}

/* One request to the token server. A answer other than 200 is an error. */
static int token_fetch(struct connection *c, const struct challenge *ch, const struct url *realm,
		       const struct credential *cr, const char *scope, struct answer *a,
		       struct error *err)
{
	const struct registry *r = c->r;
	bool same = url_same_origin(realm, &r->base) || strcmp(realm->host, r->base.host) == 0;
	struct transfer_tls system = { .verify = true };
	struct str body = { 0 };
	auto_done(str) struct str url = { 0 };
	auto_free char *proxy = proxy_for(realm, r->settings);
	struct transfer_request q = {
		.method = "GET", .body_fd = -1, .text_max = REGISTRY_TOKEN_MAX, .proxy = proxy
	};
	int status;

	token_request(ch, realm, cr, scope, &url, &body, &q.headers);
	q.url = url.s;
	q.tls = same ? &r->tls : &system;
	q.stall_s = r->settings->registry_stall_s;
	/* a registry of the internet cannot make us ask inside */
	q.public_only = !same && c->peer == ADDRESS_PUBLIC && !*proxy;
	if (body.len) {
		q.method = "POST";
		q.body = body.s;
		q.body_size = (int64_t)body.len;
	}
	for (int attempt = 1;; attempt++) {
		status = transfer_perform(c->t, &q, a, err);
		log_debug("registry: %s token from %s -> %ld", q.method, realm->host, a->status);
		if (status < 0 ? !a->broken : !answer_may_pass(a))
			break;
		if (!call_again(r, a, attempt, err))
			break;
	}
	if (status == 0 && a->status != 200)
		status = answer_error(a, err);
	if (body.s)
		explicit_bzero(body.s, body.cap);
	str_done(&body);
	secrets_done(&q.headers);
	return status < 0 ? error_add(err, "token from %s", realm->host) : 0;
}

static void token_keep(struct auth *a, const char *scope, char *text, int64_t seconds)
{
	struct token *t = token_find(a, scope);

	if (t)
		secret_free(t->text);
	else
		(t = vec_add(&a->tokens))->scope = xstrdup(scope);
	t->text = text;
	t->until_ns =
		time_monotonic_ns() +
		(seconds > 2 * TOKEN_EARLY_S ? seconds - TOKEN_EARLY_S : seconds) * NSEC_PER_SEC;
}

static int bearer_answer(struct connection *c, const struct challenge *ch, const char *scope,
			 struct error *err)
{
	struct registry *r = c->r;
	struct auth *au = &r->auth;
	const struct credential *cr = au->known ? &au->credential : NULL;
	const char *realm_text = strmap_get(&ch->params, "realm");
	struct answer a = { 0 };
	struct url realm;
	char *token = NULL;
	int64_t seconds = 0;
	int status;

	if (cr && cr->bearer) {
		token_keep(au, scope, xstrdup(cr->bearer), INT32_MAX);
		return 1;
	}
	if (!realm_text)
		return error_set(err, ERR_INVALID, "the challenge names no realm");
	if (url_parse(realm_text, &realm, err) < 0)
		return error_add(err, "realm");
	status = realm_check(&r->base, r->insecure, str_eq(r->settings->auth_realm, "same-host"),
			     &realm, err);
	if (status == 0)
		status = token_fetch(c, ch, &realm, cr, scope, &a, err);
	if (status == 0)
		status = token_parse(str_get(&a.text), a.text.len, &token, &seconds, err);
	if (status == 0)
		token_keep(au, scope, token, seconds);
	if (a.text.s)
		explicit_bzero(a.text.s, a.text.cap);
	answer_done(&a);
	url_done(&realm);
	return status < 0 ? -1 : 1;
}

/* lock is held */
static int answer_locked(struct connection *c, const challenges *l, const char *repository,
			 const char *scope, const char *used, struct error *err)
{
	struct registry *r = c->r;
	struct auth *a = &r->auth;
	const struct challenge *ch = challenge_find(l, "bearer");
	const struct token *t = token_find(a, scope);
	auto_free char *now = NULL;

	if (ch) {
		/* another thread was faster */
		now = t ? xasprintf("Bearer %s", t->text) : NULL;
		if (now && !str_eq(now, used))
			return 1;
		if (credential_load(r, repository, err) < 0)
			return -1;
		return bearer_answer(c, ch, scope, err);
	}
	if (!challenge_find(l, "basic"))
		return 0;
	if (credential_load(r, repository, err) < 0)
		return -1;
	if (!a->known || a->credential.identity || !a->credential.user)
		return 0;
	if (!r->base.https && !r->insecure)
		return error_set(err, ERR_DENIED, "credentials are not sent without encryption");
	a->basic = true;
	now = basic_text(&a->credential);
	return !str_eq(now, used); /* the same was refused already */
}

int auth_answer(struct connection *c, const struct answer *a, const char *repository,
		const char *scope, const char *used, struct error *err)
{
	const char *header = answer_header(a, "www-authenticate");
	challenges l = { 0 };
	int r = 0;

	if (header && strlen(header) <= HEADER_MAX)
		r = challenges_parse(header, &l, err);
	if (r == 0 && l.n) {
		pthread_mutex_lock(&c->r->auth.lock);
		r = answer_locked(c, &l, repository ? repository : "", scope ? scope : "", used, err);
		pthread_mutex_unlock(&c->r->auth.lock);
	}
	challenges_done(&l);
	return r;
}
