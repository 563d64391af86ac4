/*
 * credential.h - private: what we know about who we are at a registry.
 */
#ifndef CREDENTIAL_H
#define CREDENTIAL_H

#include "registry/registry.h"
#include "util/base64.h"

struct credential {
	char *user, *secret; /* secret: a password, or an identity token when identity is set */
	bool identity;
	char *bearer;	   /* "registrytoken": sent as it is */
	char *source;	   /* where it is from, for messages: a file's path, a helper's name */
	bool helper;	   /* of a credential helper: asking again may give a newer one */
	int64_t written_s; /* when the file was written; 0: unknown */
};
void credential_done(struct credential *c); /* what was secret is wiped */
/* Overwrites before freeing. NULL is nothing. */
void secret_free(char *s);
/*
 * The stored credential of host (as references have it) that fits repository best: 1, 0 there is
 * none, -1. The order of the files is in hod-login(1).
 */
int credential_find(const char *host, const char *repository, const struct registry_options *o,
		    struct credential *c, struct error *err);

/* ---- the parts ---- */

/* Of the text of one auth file. helpers may be NULL: then they are not asked. */
int authfile_find(const char *text, size_t n, const char *host, const char *repository,
		  struct credential *c, char **helper, struct error *err); /* 1 0 -1 */
/* The files that are read, in order. */
void authfile_paths(const struct registry_options *o, struct strv *paths);
/* "https://index.docker.io/v1/" for docker.io, else the host: the key that docker writes. Yours. */
char *authfile_key(const char *host);
/* The JSON that "docker-credential-x get" printed. ERR_INVALID without any of its bytes. */
int helper_parse(const char *text, size_t n, struct credential *c, struct error *err);
int helper_get(const char *helper, const char *key, struct credential *c, struct error *err);
int helper_store(const char *helper, const char *key, const char *user, const char *secret,
		 struct error *err);
int helper_erase(const char *helper, const char *key, struct error *err);

#endif
