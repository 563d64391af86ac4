/*
 * network.h - a network as it is defined, and a container's place in networks while it runs.
 *
 * Theory of operation: what is defined lies in the store (networks/NAME.json, the engine's). What is
 * up lies in a run directory of one network namespace of the host: one lease for each container on
 * a network, with its addresses, names and published ports. A lease names the lock that its
 * container's monitor holds: a lease whose lock is free is dead, and whoever comes by takes away
 * what it left (netdir_sweep). All changes are made under the run directory's lock, which is never
 * held while waiting for anything but the kernel and a helper's start.
 */
#ifndef NET_NETWORK_H
#define NET_NETWORK_H

#include "net/address.h"

#include <sys/types.h>

struct network {
	char *name, *id; /* id: 64 hex */
	int64_t created_ns;
	char *subnet, *gateway, *ip_range; /* "10.89.0.0/24"; NULL subnet: chosen when it is made */
	char *subnet6, *gateway6;
	bool internal, ipv6;
	bool plain; /* the default network: members have no names for each other */
	struct strmap labels, options;
};
extern const struct field network_fields[];
void network_done(struct network *n);
#define LINK_NAME_MAX 16
/* "hod0" of the default network, "hod" and ten digits of the ID of others. */
void network_link(const struct network *n, char name[LINK_NAME_MAX]);

/* One interface of a container. */
struct attachment {
	char *network, *network_id, *interface, *link; /* "eth0"; the bridge */
	char *ip, *gateway, *subnet, *mac;
	char *ip6, *gateway6, *subnet6;
	struct strv aliases;
	bool internal, plain;
};
struct lease {
	char *id, *name, *hostname;
	char *lock, *hosts; /* absolute paths: the lock that is its life, its hosts file */
	char *mode;	    /* "bridge", "slirp4netns", "pasta" */
	VEC(struct attachment) attachments;
	port_list ports;	  /* as published: numbers are known */
	char *group;		  /* whose members share the ports, or NULL; then: */
	bool ready, leaving;	  /* it is up and healthy; it is about to end (net/group.h) */
	struct strv host_gateway; /* names for the host beside host.docker.internal */
};
extern const struct field lease_fields[];
void lease_done(struct lease *l);
typedef VEC(struct lease) leases;
void leases_done(leases *l);

/* The run directory. */
struct netdir {
	int fd;
	bool root; /* the host's own namespace is ours to change */
};
void netdir_close(struct netdir *d);
/*
 * rootless: of this user of the host. ERR_DENIED when there is no safe place. Without make: a
 * missing one is 0, else 1.
 */
int netdir_open(uid_t user, bool rootless, bool make, struct netdir *d, struct error *err);
int netdir_lock(struct netdir *d, struct error *err); /* a descriptor: close to give it back */
/* Those that live; reading takes no lock. */
int netdir_leases(struct netdir *d, leases *l, struct error *err);
/* The lease of one container: 1, 0, -1 */
int netdir_find(struct netdir *d, const char *id, struct lease *l, struct error *err);
/* Removes what the dead have left: map entries, lines in hosts files, leases. Lock held. */
int netdir_sweep(struct netdir *d, leases *living, struct error *err);

/* Fills what was not given, apart from all in `others` and the host's routes. */
int network_choose_subnets(struct network *n, const struct strv *others, bool root,
			   struct error *err);
/* The bridge goes, if nobody is on it: ERR_BUSY names one who is. */
int network_down(struct netdir *d, const struct network *n, struct error *err);
/* Firewall rules and forwarding made anew from the leases, after a firewall was reloaded. */
int network_reload(struct netdir *d, struct error *err);
/* When no container is on a bridge: the default network's, and the table, go. */
int network_idle(struct netdir *d, struct error *err);

#endif
