/*
 * network.h - networks as the user sees them, and which of them a container is on.
 */
#ifndef ENGINE_NETWORK_H
#define ENGINE_NETWORK_H

#include "engine/container.h"
#include "net/net.h"

#define NETWORK_DEFAULT "bridge" /* there without being made; not removable */

typedef VEC(struct network) networks;
void networks_done(networks *l);

/* n: name and settings as asked for; completed with what was chosen. ERR_EXISTS, ERR_BUSY. */
int network_create(struct store *st, struct network *n, bool rootless, struct error *err);
/* By name, ID or unique start of an ID: 1, 0, -1. Zeroed before. */
int network_find(struct store *st, const char *text, struct network *n, struct error *err);
int network_list(struct store *st, networks *l, struct error *err); /* the default one first */
/* ERR_BUSY when a container, running or not, is on it. */
int network_delete(struct store *st, const struct userns *u, const struct network *n,
		   struct error *err);
/* Tells that something was done to it; container: by ID, or NULL. */
void event_network(struct store *st, const struct network *n, const char *action,
		   const char *container);
/* Containers that name it in their request. */
int network_users(struct store *st, const struct network *n, struct strv *ids, struct error *err);
bool network_is_named(const struct network *n,
		      const char *text); /* by name, or 12 digits of its ID */
/*
 * A further network for a container, or one less: at once when it runs, and at its next starts.
 * ERR_UNSUPPORTED: it is on none of our bridges. ERR_EXISTS, ERR_NOTFOUND: it is on it, or is not.
 * Without root a running one is changed from within its user namespace.
 */
int network_connect(struct engine *e, struct container *c, const struct network *n,
		    const struct request_network *place, struct error *err);
int network_disconnect(struct engine *e, struct container *c, const struct network *n,
		       struct error *err);
/* The addresses and ports of a container that runs: 1, 0, -1 */
int network_lease(const struct userns *u, const char *id, struct lease *l, struct error *err);

/* Is it one of the words that name no network: none, host, container:, default, ...? */
bool network_mode_is_word(const char *mode);
/* Does it need the keeper, and so its user namespace, without root? */
bool network_mode_is_bridge(const char *mode);
/* "bridge", "slirp4netns", "pasta", "none", "host": what NULL and "default" come to here. */
const char *network_mode_resolve(const struct userns *u, const char *mode);

/*
 * What a start needs: NULL in *job when it has no network of ours (none, host, container:).
 * exposed: of the image, for --publish-all. lock, hosts: see struct lease. The job is yours.
 */
struct network_wish {
	const struct run_request *request;
	const struct strv *exposed;
	const char *id, *name, *hostname, *lock, *hosts;
};
int network_job_make(struct engine *e, const struct network_wish *w, struct net_job **job,
		     struct error *err);
void network_job_free(struct net_job **job);
/* The name server that stands in for the host's, or NULL: those of the host. Yours. */
char *network_dns(const struct net_job *job);

#endif
