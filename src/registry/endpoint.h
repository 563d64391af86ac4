/*
 * endpoint.h - private: the public face, and headers for all registries.
 */
#ifndef ENDPOINT_PRIVATE_H
#define ENDPOINT_PRIVATE_H

#include "registry/endpoint.h"
#include "registry/registry.h"

/* "X-Meta-..." headers of docker's HttpHeaders, the only ones that are meant for registries. */
void authfile_headers(const struct registry_options *o, struct strv *headers);

#endif
