/*
 * secret.h - what --secret gave, read when it is wanted.
 */
#ifndef BUILD_SECRET_H
#define BUILD_SECRET_H

#include "build/build.h"

/* 1, 0 no such secret was given, -1. The caller wipes the value. ERR_LIMIT. */
int secret_read(const struct build_request *r, const char *id, struct str *value, struct error *err);
/*
 * The Authorization header for a URL, whole: of the secret HTTP_AUTH_HEADER_<host>, or of
 * HTTP_AUTH_TOKEN_<host> as a bearer's. 1, 0, -1.
 */
int secret_authorization(const struct build_request *r, const char *url, struct str *header,
			 struct error *err);
/*
 * The same for a repository by http or https: of GIT_AUTH_HEADER.<host> or GIT_AUTH_TOKEN.<host>,
 * else of GIT_AUTH_HEADER or GIT_AUTH_TOKEN. 1, 0, -1.
 */
int secret_git_authorization(const struct build_request *r, const char *url, struct str *header,
			     struct error *err);
void secret_done(struct str *value); /* wipes it */

#endif
