/*
 * net.h - the network of one container: up before it starts, down when it has ended.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include "net/network.h"

struct net_join {
	struct network network;
	char *ip, *ip6, *mac; /* asked for, or NULL */
	struct strv aliases;
};
struct net_job {
	uid_t user; /* of the host */
	bool rootless;
	bool optional;		    /* nobody asked for it: what cannot be had is a warning */
	char *mode;		    /* "bridge", "slirp4netns", "pasta" */
	VEC(struct net_join) joins; /* bridge */
	struct lease lease; /* id, name, hostname, lock, hosts, ports: filled by the caller */
};
void net_job_done(struct net_job *j);

struct net {
	int ns; /* the container's network namespace, or -1: it has none of ours */
	struct netdir dir;
	pid_t helper;		     /* 0: none */
	int helper_life;	     /* the helper goes when this is closed */
	int keeper;		     /* the connection that keeps the rootless bridges up */
	struct published *published; /* its ports; NULL: none */
	bool leased;
};
#define NET_NONE                                                                                   \
	{                                                                                          \
		.ns = -1, .dir.fd = -1, .helper_life = -1, .keeper = -1                            \
	}
/*
 * Brings it up. n->ns -1: makes the namespace; else it is the (running, waiting) container's.
 * ERR_BUSY: a port or address is taken; ERR_UNSUPPORTED, ERR_DENIED: it cannot be had here. On
 * failure nothing is left. The job's lease is completed with what was chosen.
 */
int net_up(struct net_job *j, struct net *n, struct error *err);
void net_down(struct net *n, const struct net_job *j); /* harmless on what is not up */
/*
 * Down, to be brought up anew for the next run: on the networks that it is on by now, which may be
 * others than it began with.
 */
void net_renew(struct net *n, struct net_job *j);

/*
 * Published ports, while they are up. Their forwarder is a child of the caller of net_up, who is
 * told of its end, and of the end of its group's process, by a descriptor (-1: it has no ports).
 */
int net_ports_watch(const struct net *n);
enum net_ports {
	NET_PORTS_UP,
	NET_PORTS_DOWN, /* the forwarder has ended: net_ports_start; the descriptor is another one then */
	NET_PORTS_ALONE, /* the process of the group is gone: net_ports_join */
};
/* What the descriptor, which is readable, says; the dead are reaped. Allocates nothing. */
enum net_ports net_ports_hear(struct net *n);
/* The forwarder again; callers that came meanwhile are served. ALONE, if it is of a group, or UP. */
enum net_ports net_ports_start(struct net *n, struct error *err); /* still DOWN: failed */
/* Joins the group anew, and starts its process if nobody has: waits and allocates, so in a child. */
int net_ports_join(struct net *n, struct error *err);

/*
 * Without root, before a user namespace is entered: the process whose namespaces the members of
 * bridge networks share, started when there is none. hold: keeps it until closed; yours.
 */
pid_t network_keeper(uid_t user, bool single, int *hold, struct error *err);

/* A further network for, or one less of, a container that runs; ns is its namespace. */
int net_connect(struct netdir *d, const char *id, struct net_join *join, int ns, struct error *err);
int net_disconnect(struct netdir *d, const char *id, const char *network, int ns, struct error *err);

/* "slirp4netns" or "pasta", whichever is there and faster, or NULL. */
const char *net_helper_find(void);
const char *net_helper_path(const char *name); /* NULL: not installed */

#endif
