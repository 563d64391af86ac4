/*
 * registry.h - a client of one registry: manifests, blobs, uploads and lists.
 *
 * Theory of operation: a struct registry knows where a host is, how its certificate is judged, and
 * alone sees credentials; threads share it. Each thread has a struct connection of its own. A call
 * that is refused with 401 asks for a token and is made again; what fails for a reason that may
 * pass (408, 429, 5xx, a broken connection) is made again after a pause, blobs from where they
 * broke. Redirections are followed by hand, each hop checked, without the credential.
 *
 * Errors: ERR_NOTFOUND (404), ERR_DENIED (401, 403), ERR_LIMIT, ERR_INVALID (what came is not what
 * it should be), ERR_FAILED (other answers, with the registry's own words), ERR_SYSTEM (no
 * connection). Spec   OCI distribution-spec 1.1; docker's token authentication; SECURITY.md 1d.
 */
#ifndef REGISTRY_REGISTRY_H
#define REGISTRY_REGISTRY_H

#include "oci/manifest.h"
#include "util/error.h"
#include "util/str.h"

#define REGISTRY_TOKEN_MAX (256 << 10) /* bytes of a token server's answer */
#define REGISTRY_ERROR_MAX (64 << 10)  /* of an error's body */
#define REGISTRY_LIST_MAX  (4 << 20)   /* of one page of a list */

/* What the command line says; all may be unset (NULL, -1, UNSET). */
struct registry_options {
	const char *authfile;	/* where credentials are, instead of the usual places */
	const char *creds;	/* "user[:password]", instead of what is stored */
	const char *cert_dir;	/* instead of certs.d/HOST */
	int tls_verify;		/* 0: no certificate is asked for, http will do */
	int64_t retries;	/* of what may pass; UNSET: 3 */
	int64_t retry_delay_ns; /* before the first; UNSET: 1 s, doubled each time, with jitter */
};
void registry_options_init(struct registry_options *o);

struct settings;
struct registry;
struct connection;
/* o and s are borrowed until registry_close. No connection is made yet. */
struct registry *registry_open(const char *host, const struct registry_options *o,
			       const struct settings *s, struct error *err);
void registry_close(struct registry *r); /* NULL is nothing */
struct connection *connection_open(struct registry *r, struct error *err);
void connection_close(struct connection *c); /* NULL is nothing */

/* ---- manifests: reference is a tag or "sha256:..." ---- */

/*
 * The bytes, their media type as the server names it (yours), and their digest, which is verified:
 * against a reference that is one and against what the server says.
 */
int manifest_get(struct connection *c, const char *repository, const char *reference,
		 struct str *text, char **media_type, struct digest *d, struct error *err);
/* Only its digest, when the server tells it: 1, 0 it does not (or has no HEAD), -1. */
int manifest_head(struct connection *c, const char *repository, const char *reference,
		  struct digest *d, struct error *err);
int manifest_put(struct connection *c, const char *repository, const char *reference,
		 const char *media_type, const void *bytes, size_t n, struct error *err);
int manifest_delete(struct connection *c, const char *repository, const char *reference,
		    struct error *err);

/* ---- blobs ---- */

/* Receives bytes of a blob, in order, each once. */
struct blob_sink {
	int (*write)(void *arg, const void *bytes, size_t n, struct error *err);
	void *arg;
};
/*
 * Bytes from offset `from` to the end of d, never more than d->size. Broken transfers go on where
 * they broke. The caller verifies the digest. *received (may be NULL) counts every byte that came
 * over the wire.
 */
int blob_get(struct connection *c, const char *repository, const struct descriptor *d, int64_t from,
	     const struct blob_sink *sink, int64_t *received, struct error *err);
int blob_head(struct connection *c, const char *repository, const struct digest *d,
	      struct error *err); /* 1 0 -1 */
/*
 * Asks for a blob of another repository of this registry without sending it: 1 done; 0 not, and
 * then *session is where it can be uploaded (yours). from NULL: only the session.
 */
int blob_mount(struct connection *c, const char *repository, const struct digest *d,
	       const char *from, char **session, struct error *err);
struct blob_upload {
	int fd; /* read with pread from offset 0 */
	int64_t size;
	struct digest digest;
	int64_t chunk; /* 0: in one piece; else PATCHes of so many bytes */
	void (*progress)(void *arg, int64_t sent);
	void *arg;
};
/* Uploads to a session of blob_mount (taken). A broken one goes on where the server has it. */
int blob_upload(struct connection *c, const char *repository, char *session,
		const struct blob_upload *u, struct error *err);

/* ---- lists ---- */

/* All of them, page after page; ERR_NOTFOUND: no such repository. (distribution-spec, end-8) */
int tags_list(struct connection *c, const char *repository, struct strv *tags, struct error *err);
/* The index of what refers to d, by the API or by its fallback tag; empty when there is nothing. */
int referrers_get(struct connection *c, const char *repository, const struct digest *d,
		  const char *artifact_type, struct manifest *index, struct error *err);
/* Asks /v2/ with the credentials: are they right? */
int registry_check(struct connection *c, struct error *err);

/* Small blobs (configurations): read whole and verified. */
int blob_text(struct connection *c, const char *repository, const struct descriptor *d, size_t max,
	      struct str *text, struct error *err);
const char *registry_host(const struct registry *r);

#endif
