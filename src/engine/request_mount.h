/*
 * request_mount.h - private to the files of the request.
 */
#ifndef REQUEST_MOUNT_H
#define REQUEST_MOUNT_H

#include "engine/request.h"

void request_mount_done(struct request_mount *m);

#endif
