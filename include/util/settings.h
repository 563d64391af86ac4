/*
 * settings.h - the settings files: /etc/hod/config.json, then ~/.config/hod/config.json, whose keys
 * win, then HOD_* of the environment; behind all, what the registries.conf of other tools has about
 * registries. hod-config(5).
 *
 * Unknown keys are errors with the nearest name. Missing files are empty ones.
 */
#ifndef UTIL_SETTINGS_H
#define UTIL_SETTINGS_H

#include "util/error.h"
#include "util/str.h"
#include "util/vec.h"

/* What is set for a registry, or a part of one. */
struct registry_setting {
	char *prefix;	     /* "docker.io", "quay.io/team", "localhost:5000": the longest wins */
	char *location;	     /* what stands in place of prefix when it is fetched; NULL: itself */
	struct strv mirrors; /* "host[:port][/path]", tried before location, in order */
	struct strv tag_mirrors, digest_mirrors; /* then these, for what has no digest, or has one */
	int insecure;				 /* -1: not said */
	int blocked;				 /* -1: not said */
};
struct settings_proxies { /* where the environment says nothing; NULL: not said */
	char *http, *https, *none;
};
struct settings {
	struct strv registry_mirrors; /* of docker.io, as docker has them: "https://host[/path]" */
	struct strv insecure_registries; /* "host[:port]" or "10.0.0.0/8" */
	struct strv blocked_registries;	 /* "host[:port][/path]" */
	VEC(struct registry_setting) registries;
	int64_t registry_stall_s; /* a transfer below 1 KiB/s for so long is broken; UNSET: 30 */
	char *auth_realm;	  /* "same-host" or "any"; NULL: any */
	struct settings_proxies proxies;
};
void settings_done(struct settings *s);
/* HOD_CONFIG names one file to read instead of all. */
int settings_load(struct settings *s, struct error *err);
int settings_parse(const char *text, size_t n, struct settings *s, struct error *err);

/* ---- registries_conf.c ---- */

/* Appends what containers-registries.conf(5), version 2, says; of it, an earlier one counts. */
int registries_conf_parse(const char *text, size_t n, struct settings *s, struct error *err);
/* The user's file or else the system's, and the folders beside them. */
int registries_conf_load(struct settings *s, struct error *err);

#endif
