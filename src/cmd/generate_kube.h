/*
 * generate_kube.h - private to the two files of Kubernetes: the container, and what stands around it.
 */
#ifndef GENERATE_KUBE_H
#define GENERATE_KUBE_H

#include "generate.h"

/* A name that the API takes: what is none of [a-z0-9-] becomes a dash. Yours. */
char *kube_name(const char *text);
void kube_set_text(json_t *o, const char *key, const char *text); /* unless it is NULL */
/* Sets the array or object unless it is empty, and takes it. */
void kube_set_filled(json_t *o, const char *key, json_t *value);
json_t *kube_texts(const struct strv *list);
json_t *kube_named(const char *name); /* {"name": name} */

/* ContainerPorts: those that were published, in their order, then those that the image exposes. */
json_t *kube_ports(const struct generate_input *in);
/*
 * A Container. What it mounts is appended to volumes (of the pod) and claims (objects beside it).
 * ERR_UNSUPPORTED, ERR_USAGE: NULL.
 */
json_t *kube_container(const struct generate_input *in, const char *name, json_t *volumes,
		       json_t *claims, struct error *err);

#endif
