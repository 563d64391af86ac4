/*
 * etc_files.h - hosts, hostname and resolv.conf of a container, in its directory.
 */
#ifndef ENGINE_ETC_FILES_H
#define ENGINE_ETC_FILES_H

#include "engine/request.h"
#include "util/error.h"

/* Writes the three into dir. hostname is what the container will be called. dns: a name server
 * instead of the host's, or NULL. gateway: "host-gateway" is filled in later, with the network.
 */
int etc_files_write(int dir, const struct run_request *r, const char *hostname, const char *dns,
		    bool gateway, struct error *err);
/* resolv.conf alone, anew, in place: its networks are others now. */
int etc_resolv_write(int dir, const struct run_request *r, const char *dns, struct error *err);
/* Pure, for tests: the texts. */
int etc_hosts_make(const struct run_request *r, const char *hostname, struct str *out,
		   struct error *err);
/* host: the text of the host's file. A private network cannot reach the host's loopback servers. */
void etc_resolv_make(const struct run_request *r, const char *host, bool own_network,
		     struct str *out);

#endif
