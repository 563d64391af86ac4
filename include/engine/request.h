/*
 * request.h - what `run` and `create` were asked for, as data: argv -> struct run_request.
 *
 * Not given (NULL, UNSET, -1) and given as empty are different; defaults are applied in
 * engine/spec.c and nowhere else. cmd/run_opts.c fills it from options, build/do_run.c for RUN; it
 * is kept in the container's record as JSON.
 */
#ifndef ENGINE_REQUEST_H
#define ENGINE_REQUEST_H

#include "engine/limits.h"
#include "net/address.h"
#include "util/fields.h"
#include "util/str.h"
#include "util/vec.h"

struct request_mount {	   /* -v, --mount, --tmpfs, and VOLUME of the image */
	char *type;	   /* "bind" "volume" "tmpfs" "devpts" */
	char *source;	   /* host path, volume name; NULL: anonymous volume, tmpfs */
	char *destination; /* absolute, cleaned */
	bool readonly, nocopy, create_source, nonrecursive;
	bool by_volume;	     /* -v */
	char *propagation;   /* "rprivate" ... */
	struct strv options; /* further mount options: "exec", "suid", "size=64m", "mode=1777" */
};
struct request_ulimit {
	char *name;	    /* "nofile" */
	int64_t soft, hard; /* -1: unlimited */
};
struct request_network { /* one network, and the container's place on it */
	char *name, *ip, *ip6, *mac_address;
	struct strv aliases;
};
extern const struct field request_network_fields[];
struct run_request {
	/* what to run */
	char *image;	  /* as typed; NULL with rootfs */
	char *rootfs;	  /* --rootfs DIR */
	struct strv args; /* operands after IMAGE */
	struct strv entrypoint;
	bool has_entrypoint; /* --entrypoint "" is given and empty */
	char *platform, *pull;
	/* process */
	struct strv env; /* resolved: "K=V" only (-e K was looked up when parsed) */
	char *user, *workdir;
	bool tty, interactive, init;
	struct strv group_add;
	VEC(struct request_ulimit) ulimits;
	int64_t oom_score_adj;
	char *umask;
	/* identity */
	char *name, *hostname, *domainname;
	struct strmap labels, annotations;
	/* files */
	VEC(struct request_mount) mounts;
	struct strv volumes_from;
	bool read_only;
	int read_only_tmpfs; /* -1 unset */
	int64_t shm_size;
	/* name resolution */
	struct strv add_host, dns, dns_option, dns_search;
	/* network */
	port_list publish;
	bool publish_all;
	char *publish_group; /* the containers that share these ports of the host */
	int64_t drain_time;  /* seconds for its open connections before it is stopped */
	struct strv expose;  /* "80/tcp", "8000-8010" */
	char *ip, *ip6, *mac_address;
	struct strv network_alias;
	/* those beside the first, whose name is below and whose place is above */
	VEC(struct request_network) more_networks;
	/* namespaces: NULL default, "host", "none", "private", "container:ID", "keep-id", ... */
	char *network, *pid, *ipc, *uts, *userns, *cgroupns;
	/* security */
	bool privileged;
	struct strv cap_add, cap_drop, security_opt;
	struct strmap sysctl;
	/* resources */
	struct request_limits limits;
	char *cgroup_parent; /* absolute below the mount, or relative to ours; "x.slice": systemd's */
	char *cgroups;	     /* "enabled" "disabled" "split": none; below our own */
	struct strv devices;		 /* "HOST[:CONTAINER[:rwm]]" */
	struct strv device_cgroup_rules; /* "c 10:200 rwm" */
	/* life */
	bool detach, auto_remove, replace;
	char *replaces;	   /* the ID of the container that it is to take the place of; not kept */
	bool make_sources; /* docker's way: -v makes a directory where there is none */
	char *restart;	   /* "on-failure:3" */
	char *stop_signal;
	int64_t stop_timeout; /* seconds */
	int64_t timeout;      /* seconds */
	/* health: over what the image has */
	char *health_cmd;	 /* for the shell; "none"; a list in JSON */
	char *health_on_failure; /* "none" "kill" "restart" "stop" */
	int64_t health_interval, health_timeout, health_start_period, health_start_interval; /* ns */
	int64_t health_retries;
	bool no_healthcheck;
	char *log_driver;
	struct strv log_opts;
	char *sdnotify; /* "conmon", "healthy": tell $NOTIFY_SOCKET when it is; NULL, "ignore" */
	char *detach_keys;
	int sig_proxy; /* -1 unset: true */
	char *cidfile;
	/* RUN of a build: set by build only */
	struct strv layers; /* diffID hexes below, instead of an image */
	bool build_step;
};
extern const struct field run_request_fields[];
void run_request_init(struct run_request *r);
void run_request_done(struct run_request *r);

/* The values of options; each ERR_USAGE with the reason. Pure: no host is asked. */
int request_add_volume(struct run_request *r, const char *text, struct error *err); /* -v */
int request_add_mount(struct run_request *r, const char *text, struct error *err);  /* --mount */
int request_add_tmpfs(struct run_request *r, const char *text, struct error *err);
int request_add_ulimit(struct run_request *r, const char *text, struct error *err);
int request_set_entrypoint(struct run_request *r, const char *text, struct error *err);
/*
 * --network: a word (none, host, container:NAME, ...), or a network: NAME[:KEY=VALUE,...] with ip, ip6,
 * mac and alias as podman has them, or name=NAME,KEY=VALUE,... as docker. Again: a further network.
 */
int request_add_network(struct run_request *r, const char *text, struct error *err);
int request_network_check(const struct run_request *r, struct error *err);
/* The way back, for one of more_networks: "name=NAME,ip=..."; yours. */
char *request_network_format(const struct request_network *n);
/* The first network as the others are: all of it is borrowed. */
struct request_network request_first_network(const struct run_request *r);
/* Everything that can be said without a host: conflicts (--rm with ...), names, forms. */
int request_check(const struct run_request *r, struct error *err);

#endif
