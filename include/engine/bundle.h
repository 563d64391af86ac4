/*
 * bundle.h - an image as an OCI bundle, for runtimes and schedulers that take one.
 *
 * Spec   runtime-spec 1.2, bundle.md: DIR/config.json and DIR/rootfs.
 */
#ifndef ENGINE_BUNDLE_H
#define ENGINE_BUNDLE_H

#include "engine/container.h"

/*
 * Writes rootfs/ and config.json into the directory dir, which must hold neither (ERR_EXISTS). What
 * a request can ask for that only hod gives (volumes, namespaces of other containers, --init) is
 * ERR_UNSUPPORTED by name. Of an ordinary user the bundle has a user namespace with his ids, so
 * that he can hand it to a runtime himself. On failure nothing is left.
 */
int bundle_write(struct engine *e, struct run_request *r, int dir, struct error *err);

#endif
