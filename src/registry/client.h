/*
 * client.h - private: a registry as its threads share it, and one call made as often as it takes.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "credential.h"
#include "header.h"
#include "transfer.h"

#include <pthread.h>

#define REDIRECTS_MAX 10

struct token {
	char *scope, *text;
	int64_t until_ns; /* monotonic */
};
/* Who we are there. Everything below lock. */
struct auth {
	pthread_mutex_t lock;
	struct credential credential;
	char *repository; /* the credential is of; NULL: not looked up */
	bool known, basic, renewed;
	VEC(struct token) tokens;
};
struct registry {
	char *name;	 /* as references and auth files have it */
	struct url base; /* its path is "/" */
	bool insecure;	 /* http will do, and any certificate */
	bool settled;	 /* the scheme was seen to work */
	struct transfer_tls tls;
	int ca_fd; /* -1, or a file of the system's and our own authorities */
	const struct registry_options *o;
	const struct settings *settings;
	struct strv headers; /* of docker's config.json */
	struct auth auth;
};
struct connection {
	struct registry *r;
	struct transfer *t;
	enum address_class peer; /* of the registry itself */
	bool spoken;		 /* an answer came on it */
	int64_t chunk_min;	 /* of an upload in pieces, as the registry said last; 0: any */
};

/* What is asked for. */
struct call {
	const char *method;
	const char *path; /* "/v2/...", or a whole address that the registry gave us */
	const char *repository, *scope;
	const char *accept, *content_type;
	const void *body;
	int body_fd; /* -1: none */
	int64_t body_from, body_size;
	const char *content_range;
	int64_t range; /* > 0: only from this byte on */
	void (*sent)(void *arg, int64_t bytes);
	void *sent_arg;
	int (*begin)(void *arg, const struct answer *a, struct error *err);
	int (*write)(void *arg, const void *bytes, size_t n, struct error *err);
	void *arg;
	size_t text_max;
	bool off_host; /* may be redirected to another host */
	bool once;     /* is not made again by itself, but for a 401 */
	bool patient;
};
#define CALL(method_, path_)                                                                        \
	{                                                                                           \
		.method = (method_), .path = (path_), .body_fd = -1, .text_max = REGISTRY_ERROR_MAX \
	}
/*
 * 0: an answer of 2xx, or 404 or any 4xx that is listed in `also` (ended by 0, or NULL). Other
 * answers are errors with the registry's words. On -1 a->broken says that it may pass.
 */
int call_make(struct connection *c, const struct call *k, const int *also, struct answer *a,
	      struct error *err);
/* Waits before the next attempt (from 1). False: there is none left. */
bool call_again(const struct registry *r, const struct answer *a, int attempt, struct error *err);
/* The error of an answer. */
int answer_error(const struct answer *a, struct error *err);
bool answer_may_pass(const struct answer *a); /* 408, 429, 5xx */

char *scope_of(const char *repository, const char *actions); /* yours */

/* ---- auth.c ---- */

/* Adds the Authorization header that is known to be right. *used is what was added, or NULL: yours. */
void auth_apply(struct registry *r, const char *repository, const char *scope, struct strv *headers,
		char **used);
/*
 * What to do about a 401: 1 the call can be made again; 0 there is nothing to try; -1.
 * used: the header that was refused.
 */
int auth_answer(struct connection *c, const struct answer *a, const char *repository,
		const char *scope, const char *used, struct error *err);
/* What a helper gave has expired: true when it is asked once more. */
bool auth_renew(struct registry *r);
/* A stored login has expired: how old it is. */
void auth_age_hint(struct registry *r, struct error *err);
void auth_done(struct auth *a);
/* May credentials of the registry be sent to realm? ERR_DENIED says why not. */
int realm_check(const struct url *registry, bool insecure, bool same_host, const struct url *realm,
		struct error *err);
/* The answer of a token server: the token and how long it holds. */
int token_parse(const char *text, size_t n, char **token, int64_t *seconds, struct error *err);

#endif
