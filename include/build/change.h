/*
 * change.h - one Dockerfile instruction applied to a configuration: --change of import and commit.
 */
#ifndef BUILD_CHANGE_H
#define BUILD_CHANGE_H

#include "oci/image_config.h"
#include "util/error.h"

/*
 * CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL ONBUILD SHELL STOPSIGNAL USER VOLUME WORKDIR; others
 * are ERR_INVALID. Adds nothing to the history.
 */
int build_change(const char *text, struct image_config *config, struct error *err);

#endif
