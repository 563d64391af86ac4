/*
 * sd_notify.h - telling the service manager that the container runs.
 *
 * Spec   sd_notify(3): one datagram of NAME=VALUE lines to the socket that $NOTIFY_SOCKET names.
 */
#ifndef MONITOR_SD_NOTIFY_H
#define MONITOR_SD_NOTIFY_H

#include "util/error.h"

/*
 * The calling process is the service's main one, and it is ready. address: an absolute path, or
 * "@name" of the abstract space. ERR_INVALID for another, ERR_SYSTEM.
 */
int sd_notify_ready(const char *address, struct error *err);

#endif
