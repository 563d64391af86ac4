/*
 * health.h - the health check of a container: what was asked for over what the image has. Pure.
 */
#ifndef ENGINE_HEALTH_H
#define ENGINE_HEALTH_H

#include "engine/request.h"
#include "monitor/health.h"
#include "oci/image_config.h"

/*
 * docker's inheritance: each value that the request does not give is the image's. *out was zeroed;
 * its test is empty when there is none, and {"NONE"} when it was switched off. ERR_USAGE for values
 * of a check that is not there. image may be NULL.
 */
int healthcheck_merge(const struct run_request *r, const struct image_settings *image,
		      struct healthcheck *out, struct error *err);
void healthcheck_done(struct healthcheck *h);
/* The same with docker's defaults, as the monitor carries it out. *plan was zeroed. */
int health_plan_make(const struct run_request *r, const struct image_settings *image,
		     struct health_plan *plan, struct error *err);

#endif
