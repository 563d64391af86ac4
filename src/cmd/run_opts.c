/*
 * run_opts.c - the one table of the options of run and create.
 *
 * Owns   how docker's words become struct run_request. Defaults are not applied here: what was not
 *        given stays unset, for engine/spec.c.
 * Never  accepts an option that has no effect: those of later versions are known by name and
 *        refused with what is missing.
 */
#include "run_opts.h"

#include "env_file.h"
#include "limit_opts.h"
#include "monitor/monitor.h"
#include "registry/docker_config.h"

#include <strings.h>
#include <unistd.h>

static void nothing(void *field)
{
}

static int volume_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	return request_add_volume(field, text, err);
}

static int mount_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	return request_add_mount(field, text, err);
}

static int tmpfs_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	return request_add_tmpfs(field, text, err);
}

static int ulimit_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	return request_add_ulimit(field, text, err);
}

static int publish_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	return ports_parse(text, &((struct run_request *)field)->publish, err);
}

static int network_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	return request_add_network(field, text, err);
}

static int entrypoint_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	return request_set_entrypoint(field, text, err);
}

static int pull_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	char **pull = field;

	free(*pull);
	*pull = xstrdup(text);
	return 0;
}

static void pull_init(void *field)
{
	*(char **)field = NULL;
}

static int stream_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	static const char *const streams[] = { "stdin", "stdout", "stderr" };

	for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
		if (strcasecmp(text, streams[i]) != 0)
			continue;
		strv_add(field, streams[i]);
		return 0;
	}
	return error_set(err, ERR_USAGE, "must be stdin, stdout or stderr");
}

static void stream_init(void *field)
{
	*(struct strv *)field = (struct strv){ 0 };
}

static void stream_done(void *field)
{
	strv_done(field);
}

static int refused_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	return error_set(err, ERR_UNSUPPORTED, "%s not part of this version", o->help);
}

static int switch_parse(void *field, const char *text, const struct opt *o, struct error *err)
{
	if (text && str_eq(text, "false"))
		return 0;
	return error_set(err, ERR_UNSUPPORTED, "%s", o->help);
}

/* These work on the whole request, which run_args_init has made. */
static const struct opt_type volume = { "volume", "volume", volume_parse, nothing, NULL };
static const struct opt_type mount = { "mount", NULL, mount_parse, nothing, NULL };
static const struct opt_type tmpfs = { "path", NULL, tmpfs_parse, nothing, NULL };
static const struct opt_type ulimit = { "limit", NULL, ulimit_parse, nothing, NULL };
static const struct opt_type entrypoint = { "command", NULL, entrypoint_parse, nothing, NULL };
static const struct opt_type publish = { "port", NULL, publish_parse, nothing, NULL };
static const struct opt_type network = { "network", "network", network_parse, nothing, NULL };
static const struct opt_type pull = { "policy", "pull", pull_parse, pull_init, NULL };
static const struct opt_type stream = { "stream", NULL, stream_parse, stream_init, stream_done };
static const struct opt_type refused = { "value", NULL, refused_parse, nothing, NULL };
static const struct opt_type no_oom_switch = { NULL, NULL, switch_parse, nothing, NULL };

#define WHOLE(l, n, t, v, h)                                                                       \
	{                                                                                          \
		OPT_TYPE_ROW(l, n, t, h), .value = (v)                                             \
	}
#define OPT_TYPE_ROW(l, n, t, h) OPT_(l, n, t, run_args, request, struct run_request, h)
#define REFUSED(l, n, what)                                                                        \
	{                                                                                          \
		OPT_TYPE_ROW(l, n, &refused, what), .flags = OPT_HIDDEN                            \
	}

#define NETWORKS "links between containers are"
#define DEVICES	 "devices of the host are"

const struct opt run_opts[] = {
	OPT_LIST(0, "add-host", run_args, request.add_host, "NAME:ADDRESS",
		 "add a line to /etc/hosts"),
	OPT_MAP(0, "annotation", run_args, request.annotations, "KEY=VALUE",
		"an annotation of config.json"),
	{ OPT_('a', "attach", &stream, run_args, attach, struct strv,
	       "attach only these streams: stdin, stdout, stderr"),
	  .value = "STREAM" },
	OPT_LIST(0, "blkio-weight-device", run_args, request.limits.blkio_weight_device,
		 "PATH:WEIGHT", "the same for one disk"),
	OPT_LIST(0, "cap-add", run_args, request.cap_add, "CAPABILITY", "add a capability, or ALL"),
	OPT_LIST(0, "cap-drop", run_args, request.cap_drop, "CAPABILITY", "drop a capability, or ALL"),
	OPT_ENUM(0, "cgroupns", run_args, request.cgroupns, "private|host", "the cgroup namespace"),
	OPT_MAP(0, "cgroup-conf", run_args, request.limits.cgroup_conf, "FILE=VALUE",
		"write to a file of its cgroup, such as memory.high=1g"),
	OPT_STRING(0, "cgroup-parent", run_args, request.cgroup_parent, "PATH",
		   "the cgroup that its own is made in, or a slice of systemd"),
	OPT_ENUM(0, "cgroups", run_args, request.cgroups, "enabled|disabled|split",
		 "no cgroup of its own, or one below ours and nowhere else"),
	OPT_STRING(0, "cidfile", run_args, request.cidfile, "FILE",
		   "write the ID to this file, which must not exist"),
	OPT_STRING(0, "detach-keys", run_args, request.detach_keys, "KEYS",
		   "keys that leave the container running (default ctrl-p,ctrl-q)"),
	OPT_LIST(0, "device", run_args, request.devices, "PATH[:PATH][:rwm]",
		 "let it use a device of the host"),
	OPT_LIST(0, "device-cgroup-rule", run_args, request.device_cgroup_rules, "RULE",
		 "let it use devices of these numbers: 'c 10:* rwm'"),
	OPT_LIST(0, "device-read-bps", run_args, request.limits.device_read_bps, "PATH:RATE",
		 "bytes a second that it may read from a disk"),
	OPT_LIST(0, "device-read-iops", run_args, request.limits.device_read_iops, "PATH:RATE",
		 "reads a second from a disk"),
	OPT_LIST(0, "device-write-bps", run_args, request.limits.device_write_bps, "PATH:RATE",
		 "bytes a second that it may write to a disk"),
	OPT_LIST(0, "device-write-iops", run_args, request.limits.device_write_iops, "PATH:RATE",
		 "writes a second to a disk"),
	OPT_LIST(0, "dns", run_args, request.dns, "ADDRESS", "a name server, or none"),
	OPT_LIST(0, "dns-option", run_args, request.dns_option, "OPTION", "an option of resolv.conf"),
	OPT_LIST(0, "dns-search", run_args, request.dns_search, "DOMAIN",
		 "a domain in which names are looked up"),
	OPT_STRING(0, "domainname", run_args, request.domainname, "NAME", "the NIS domain name"),
	OPT_SECS(0, "drain-time", run_args, request.drain_time,
		 "seconds for open connections before a member of a group is stopped (default 10)"),
	WHOLE(0, "entrypoint", &entrypoint, "COMMAND",
	      "instead of the image's entry point; \"\": none"),
	{ OPT_('e', "env", &opt_env, run_args, env, struct strv, "set a variable"),
	  .value = "NAME[=VALUE]" },
	OPT_LIST(0, "env-file", run_args, env_files, "FILE", "read variables from a file"),
	OPT_LIST(0, "expose", run_args, request.expose, "PORT[/PROTOCOL]",
		 "a port that it serves, for --publish-all"),
	OPT_LIST(0, "group-add", run_args, request.group_add, "GROUP", "a supplementary group"),
	OPT_STRING(0, "health-cmd", run_args, request.health_cmd, "COMMAND",
		   "a command in it that succeeds while it is healthy"),
	OPT_DURATION(0, "health-interval", run_args, request.health_interval,
		     "time between two checks (default 30s)"),
	OPT_ENUM(0, "health-on-failure", run_args, request.health_on_failure,
		 "none|kill|restart|stop", "what is done when it becomes unhealthy"),
	OPT_INT(0, "health-retries", run_args, request.health_retries,
		"failures in a row that make it unhealthy (default 3)"),
	OPT_DURATION(0, "health-start-interval", run_args, request.health_start_interval,
		     "time between two checks while it starts (default 5s)"),
	OPT_DURATION(0, "health-start-period", run_args, request.health_start_period,
		     "time to start in, when failures do not count (default 0s)"),
	OPT_DURATION(0, "health-timeout", run_args, request.health_timeout,
		     "time that a check may take (default 30s)"),
	OPT_STRING('h', "hostname", run_args, request.hostname, "NAME",
		   "the host name (default: the short ID)"),
	OPT_FLAG(0, "init", run_args, request.init, "a small init as process 1, which reaps"),
	OPT_FLAG('i', "interactive", run_args, request.interactive, "pass our stdin on"),
	OPT_STRING(0, "ip", run_args, request.ip, "ADDRESS", "its IPv4 address on its network"),
	OPT_STRING(0, "ip6", run_args, request.ip6, "ADDRESS", "its IPv6 address on its network"),
	OPT_STRING(0, "ipc", run_args, request.ipc, "MODE",
		   "the IPC namespace: private, host, container:NAME"),
	OPT_MAP('l', "label", run_args, request.labels, "KEY[=VALUE]", "a label"),
	OPT_LIST(0, "label-file", run_args, label_files, "FILE", "read labels from a file"),
	OPT_ENUM(0, "log-driver", run_args, request.log_driver,
		 "plain|json-file|k8s-file|none|passthrough", "how its output is kept"),
	OPT_LIST(0, "log-opt", run_args, request.log_opts, "KEY=VALUE",
		 "an option of the log: max-size, max-file, mode"),
	OPT_STRING(0, "mac-address", run_args, request.mac_address, "ADDRESS",
		   "the hardware address of its interface"),
	WHOLE(0, "mount", &mount, "MOUNT", "mount: type=bind|volume|tmpfs,src=...,dst=..."),
	OPT_STRING(0, "name", run_args, request.name, "NAME", "its name (default: one is made up)"),
	WHOLE(0, "network", &network, "NETWORK[:OPTIONS]",
	      "none, host, container:NAME, bridge, a network, slirp4netns or pasta"),
	OPT_LIST(0, "network-alias", run_args, request.network_alias, "NAME",
		 "a further name for the others on its network"),
	{ OPT_TYPE_ROW(0, "net", &network, "the same as --network"), .value = "MODE",
	  .flags = OPT_HIDDEN },
	OPT_FLAG(0, "no-healthcheck", run_args, request.no_healthcheck,
		 "no health check, though the image has one"),
	OPT_INT(0, "oom-score-adj", run_args, request.oom_score_adj,
		"how readily the kernel kills it, -1000 to 1000"),
	OPT_STRING(0, "pid", run_args, request.pid, "MODE",
		   "the process namespace: private, host, container:NAME"),
	OPT_STRING(0, "platform", run_args, request.platform, "OS/ARCH", "the platform of the image"),
	OPT_FLAG(0, "privileged", run_args, request.privileged,
		 "all capabilities, no filters, nothing masked"),
	WHOLE('p', "publish", &publish, "[[ADDRESS:]HOSTPORT:]PORT[/PROTOCOL]",
	      "make a port of it reachable by a port of the host"),
	OPT_STRING(0, "publish-group", run_args, request.publish_group, "NAME",
		   "share its published ports with the other members of this group"),
	OPT_FLAG('P', "publish-all", run_args, request.publish_all,
		 "publish every port that it exposes, by ports that are free"),
	{ OPT_(0, "pull", &pull, run_args, request.pull, char *,
	       "when to fetch the image: always, missing, never, newer"),
	  .value = "POLICY" },
	OPT_FLAG('q', "quiet", run_args, quiet, "say nothing while images are read"),
	OPT_FLAG(0, "read-only", run_args, request.read_only, "make the root read-only"),
	OPT_TRI(0, "read-only-tmpfs", run_args, request.read_only_tmpfs,
		"with --read-only: writable /run, /tmp and /var/tmp"),
	OPT_FLAG(0, "replace", run_args, request.replace, "remove a container of this name first"),
	OPT_STRING(0, "restart", run_args, request.restart, "POLICY",
		   "start it again when it ends: no, on-failure[:N], always, unless-stopped"),
	OPT_FLAG(0, "rm", run_args, request.auto_remove, "remove it when it has ended"),
	OPT_ENUM(0, "sdnotify", run_args, request.sdnotify, "conmon|healthy|ignore",
		 "tell the service manager when it runs, or is healthy (default ignore)"),
	OPT_LIST(0, "security-opt", run_args, request.security_opt, "OPTION",
		 "seccomp=FILE|unconfined, no-new-privileges, apparmor=, label=, mask=, unmask="),
	OPT_BYTES(0, "shm-size", run_args, request.shm_size, "size of /dev/shm (default 64m)"),
	OPT_TRI(0, "sig-proxy", run_args, request.sig_proxy, "pass signals on (default true)"),
	OPT_STRING(0, "stop-signal", run_args, request.stop_signal, "SIGNAL", "what stop sends"),
	OPT_SECS(0, "stop-timeout", run_args, request.stop_timeout,
		 "seconds that stop waits before it kills"),
	OPT_MAP(0, "sysctl", run_args, request.sysctl, "NAME=VALUE",
		"a kernel parameter of its namespaces"),
	OPT_SECS(0, "timeout", run_args, request.timeout, "end it after so many seconds"),
	WHOLE(0, "tmpfs", &tmpfs, "PATH[:OPTIONS]", "mount an empty tmpfs"),
	OPT_FLAG('t', "tty", run_args, request.tty, "give it a terminal"),
	WHOLE(0, "ulimit", &ulimit, "NAME=SOFT[:HARD]", "a limit of its processes"),
	OPT_STRING(0, "umask", run_args, request.umask, "MODE", "its umask (default 0022)"),
	OPT_STRING('u', "user", run_args, request.user, "USER[:GROUP]", "run as this user"),
	OPT_STRING(0, "userns", run_args, request.userns, "MODE", "host, or keep-id"),
	OPT_STRING(0, "uts", run_args, request.uts, "MODE",
		   "the namespace of the host name: private, host"),
	WHOLE('v', "volume", &volume, "[SOURCE:]PATH[:OPTIONS]", "mount a directory or a volume"),
	OPT_LIST(0, "volumes-from", run_args, request.volumes_from, "CONTAINER[:ro]",
		 "mount what another container has mounted"),
	OPT_STRING('w', "workdir", run_args, request.workdir, "DIR",
		   "the working directory, made when missing"),

	LIMIT_ROWS(run_args, request.limits),
	REFUSED(0, "link", NETWORKS),
	REFUSED(0, "link-local-ip", NETWORKS),
	{ OPT_TYPE_ROW(0, "oom-kill-disable", &no_oom_switch, "cgroup v2 has no such switch"),
	  .flags = OPT_HIDDEN },
	REFUSED(0, "storage-opt", "limits of the writable layer are"),
	REFUSED(0, "runtime", "other runtimes are"),
	REFUSED(0, "gpus", DEVICES),
	REFUSED(0, "isolation", "kinds of isolation other than namespaces are"),
	REFUSED(0, "volume-driver", "volume drivers are"),
	REFUSED(0, "secret", "secrets are"),
	REFUSED(0, "pod", "pods are"),
	OPT_END,
};

void run_args_init(void *args)
{
	run_request_init(&((struct run_args *)args)->request);
}

void run_args_done(void *args)
{
	run_request_done(&((struct run_args *)args)->request);
}

bool run_args_attaches(const struct run_args *args, const char *name)
{
	return args->attach.n == 0 || strv_has(&args->attach, name);
}

int run_args_finish(struct run_args *args, const struct strv *operands, bool attached,
		    struct error *err)
{
	struct run_request *r = &args->request;

	r->image = xstrdup(operands->v[0]);
	for (size_t i = 1; i < operands->n; i++)
		strv_add(&r->args, operands->v[i]);
	if (r->detach_keys && !detach_keys_valid(r->detach_keys))
		return error_set(err, ERR_USAGE, "--detach-keys '%s': not a list of keys",
				 r->detach_keys);
	if (r->detach && args->attach.n)
		return error_set(err, ERR_USAGE, "--detach and --attach exclude each other");
	if (attached && r->tty && r->interactive && run_args_attaches(args, "stdin") &&
	    !isatty(STDIN_FILENO))
		return error_set(err, ERR_INVALID, "the input device is not a TTY");
	if (env_files_read(&args->env_files, &args->env, &r->env, err) < 0)
		return -1;
	docker_config_proxies(&r->env, &args->env);
	return label_files_read(&args->label_files, &r->labels, err);
}
