/*
 * docker_config.h - what docker's config.json has for containers: proxies.
 */
#ifndef REGISTRY_DOCKER_CONFIG_H
#define REGISTRY_DOCKER_CONFIG_H

#include "util/error.h"
#include "util/str.h"

/*
 * Appends HTTP_PROXY, HTTPS_PROXY, FTP_PROXY, NO_PROXY and ALL_PROXY, in upper and in lower case,
 * of "proxies": {"default": ...}, unless env or given ("K" or "K=V") has the very name. As docker
 * does for containers and builds; for our own connections it is not meant. A file that cannot be
 * read is warned of.
 */
void docker_config_proxies(struct strv *env, const struct strv *given);
/* The same from the text of a file. ERR_INVALID. */
int docker_config_proxies_parse(const char *text, size_t n, struct strv *env,
				const struct strv *given, struct error *err);

#endif
