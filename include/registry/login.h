/*
 * login.h - who we are at a registry: asked of it, written down, forgotten.
 */
#ifndef REGISTRY_LOGIN_H
#define REGISTRY_LOGIN_H

#include "registry/registry.h"

/*
 * Asks the registry whether it takes user and password (ERR_DENIED), then writes them where they
 * will be found: by the credential helper that the file names for host, or into the file, with mode
 * 0600 and all else in it kept. *where is a file or a helper (yours).
 */
int registry_login(const char *host, const char *user, const char *password,
		   const struct registry_options *o, const struct settings *s, char **where,
		   struct error *err);
/* Forgets it everywhere. ERR_NOTFOUND when there was none. */
int registry_logout(const char *host, const struct registry_options *o, struct error *err);
/* Every host of every file. */
int registry_logout_all(const struct registry_options *o, struct error *err);
/* The name that we are logged in by: 1 (yours; "<token>" for an identity token), 0, -1 */
int registry_user(const char *host, const struct registry_options *o, char **user, struct error *err);
/* What was typed ("https://index.docker.io/v1/", "docker.io", NULL, "host:port/") as a host. Yours. */
char *registry_host_typed(const char *text);

#endif
