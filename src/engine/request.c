/*
 * request.c - struct run_request: its JSON form, and the values of --ulimit and --entrypoint.
 *
 * Pure: no host, no store.
 */
#include "engine/request.h"

#include "request_mount.h"

static const struct field mount_fields[] = {
	F_STR(struct request_mount, type, "type"),
	F_STR(struct request_mount, source, "source"),
	F_STR(struct request_mount, destination, "destination"),
	F_BOOL(struct request_mount, readonly, "readonly"),
	F_BOOL(struct request_mount, nocopy, "nocopy"),
	F_BOOL(struct request_mount, create_source, "createSource"),
	F_BOOL(struct request_mount, nonrecursive, "nonrecursive"),
	F_STR(struct request_mount, propagation, "propagation"),
	F_STRV(struct request_mount, options, "options"),
	F_END,
};

static const struct field ulimit_fields[] = {
	F_STR(struct request_ulimit, name, "name"),
	F_INT(struct request_ulimit, soft, "soft"),
	F_INT(struct request_ulimit, hard, "hard"),
	F_END,
};

/* detach, replace, cidfile and the like concern the command that was given, not the container */
const struct field run_request_fields[] = {
	F_STR(struct run_request, image, "image"),
	F_STR(struct run_request, rootfs, "rootfs"),
	F_STRV(struct run_request, args, "args"),
	F_STRV(struct run_request, entrypoint, "entrypoint"),
	F_BOOL(struct run_request, has_entrypoint, "hasEntrypoint"),
	F_STR(struct run_request, platform, "platform"),
	F_STRV(struct run_request, env, "env"),
	F_STR(struct run_request, user, "user"),
	F_STR(struct run_request, workdir, "workdir"),
	F_BOOL(struct run_request, tty, "tty"),
	F_BOOL(struct run_request, interactive, "interactive"),
	F_BOOL(struct run_request, init, "init"),
	F_STRV(struct run_request, group_add, "groupAdd"),
	F_VEC(struct run_request, ulimits, "ulimits", ulimit_fields),
	F_INT(struct run_request, oom_score_adj, "oomScoreAdj"),
	F_STR(struct run_request, umask, "umask"),
	F_STR(struct run_request, name, "name"),
	F_STR(struct run_request, hostname, "hostname"),
	F_STR(struct run_request, domainname, "domainname"),
	F_MAP(struct run_request, labels, "labels"),
	F_MAP(struct run_request, annotations, "annotations"),
	/* mounts are kept resolved, in the record itself */
	F_STRV(struct run_request, volumes_from, "volumesFrom"),
	F_BOOL(struct run_request, read_only, "readOnly"),
	F_TRI(struct run_request, read_only_tmpfs, "readOnlyTmpfs"),
	F_INT(struct run_request, shm_size, "shmSize"),
	F_STRV(struct run_request, add_host, "addHost"),
	F_STRV(struct run_request, dns, "dns"),
	F_STRV(struct run_request, dns_option, "dnsOption"),
	F_STRV(struct run_request, dns_search, "dnsSearch"),
	F_STR(struct run_request, network, "network"),
	F_VEC(struct run_request, publish, "publish", port_fields),
	F_BOOL(struct run_request, publish_all, "publishAll"),
	F_STR(struct run_request, publish_group, "publishGroup"),
	F_INT(struct run_request, drain_time, "drainTime"),
	F_STRV(struct run_request, expose, "expose"),
	F_STR(struct run_request, ip, "ip"),
	F_STR(struct run_request, ip6, "ip6"),
	F_STR(struct run_request, mac_address, "macAddress"),
	F_STRV(struct run_request, network_alias, "networkAlias"),
	F_VEC(struct run_request, more_networks, "moreNetworks", request_network_fields),
	F_STR(struct run_request, pid, "pid"),
	F_STR(struct run_request, ipc, "ipc"),
	F_STR(struct run_request, uts, "uts"),
	F_STR(struct run_request, userns, "userns"),
	F_STR(struct run_request, cgroupns, "cgroupns"),
	F_BOOL(struct run_request, privileged, "privileged"),
	F_STRV(struct run_request, cap_add, "capAdd"),
	F_STRV(struct run_request, cap_drop, "capDrop"),
	F_STRV(struct run_request, security_opt, "securityOpt"),
	F_MAP(struct run_request, sysctl, "sysctl"),
	F_OBJ(struct run_request, limits, "limits", request_limits_fields),
	F_STR(struct run_request, cgroup_parent, "cgroupParent"),
	F_STR(struct run_request, cgroups, "cgroups"),
	F_STRV(struct run_request, devices, "devices"),
	F_STRV(struct run_request, device_cgroup_rules, "deviceCgroupRules"),
	F_BOOL(struct run_request, auto_remove, "autoRemove"),
	F_STR(struct run_request, restart, "restart"),
	F_STR(struct run_request, stop_signal, "stopSignal"),
	F_INT(struct run_request, stop_timeout, "stopTimeout"),
	F_INT(struct run_request, timeout, "timeout"),
	F_STR(struct run_request, health_cmd, "healthCmd"),
	F_STR(struct run_request, health_on_failure, "healthOnFailure"),
	F_INT(struct run_request, health_interval, "healthInterval"),
	F_INT(struct run_request, health_timeout, "healthTimeout"),
	F_INT(struct run_request, health_start_period, "healthStartPeriod"),
	F_INT(struct run_request, health_start_interval, "healthStartInterval"),
	F_INT(struct run_request, health_retries, "healthRetries"),
	F_BOOL(struct run_request, no_healthcheck, "noHealthcheck"),
	F_STR(struct run_request, log_driver, "logDriver"),
	F_STRV(struct run_request, log_opts, "logOpts"),
	F_STR(struct run_request, sdnotify, "sdnotify"),
	F_STR(struct run_request, detach_keys, "detachKeys"),
	F_TRI(struct run_request, sig_proxy, "sigProxy"),
	F_STRV(struct run_request, layers, "layers"),
	F_BOOL(struct run_request, build_step, "buildStep"),
	F_END,
};

void run_request_init(struct run_request *r)
{
	memset(r, 0, sizeof(*r));
	fields_init(run_request_fields, r);
}

void request_mount_done(struct request_mount *m)
{
	fields_done(mount_fields, m);
}

void run_request_done(struct run_request *r)
{
	free(r->pull);
	free(r->cidfile);
	free(r->replaces);
	vec_each (&r->mounts, m)
		request_mount_done(m);
	vec_done(&r->mounts);
	fields_done(run_request_fields, r);
	r->pull = r->cidfile = NULL;
}

static const char *const ulimit_names[] = { "as",     "core",	    "cpu",     "data",
					    "fsize",  "locks",	    "memlock", "msgqueue",
					    "nice",   "nofile",	    "nproc",   "rss",
					    "rtprio", "sigpending", "stack",   "rttime" };

static bool parse_limit(const char *s, int64_t *value)
{
	if (strcmp(s, "-1") == 0 || strcmp(s, "unlimited") == 0) {
		*value = -1;
		return true;
	}
	return str_i64(s, value) && *value >= 0;
}

int request_add_ulimit(struct run_request *r, const char *text, struct error *err)
{
	auto_free char *name = xstrdup(text);
	char *soft = strchr(name, '='), *hard;
	struct request_ulimit u = { 0 };

	if (!soft)
		return error_set(err, ERR_USAGE, "expected NAME=SOFT[:HARD]");
	*soft++ = '\0';
	if (!str_is_one_of(name, ulimit_names, ARRAY_SIZE(ulimit_names)))
		return error_set(err, ERR_USAGE, "limit '%s' is not known", name);
	hard = strchr(soft, ':');
	if (hard)
		*hard++ = '\0';
	if (!parse_limit(soft, &u.soft) || !parse_limit(hard ? hard : soft, &u.hard))
		return error_set(err, ERR_USAGE, "'%s' has no valid numbers", text);
	if (u.hard >= 0 && (u.soft < 0 || u.soft > u.hard))
		return error_set(err, ERR_USAGE, "%s: soft limit is above the hard limit", name);
	vec_each (&r->ulimits, other)
		if (strcmp(other->name, name) == 0) {
			other->soft = u.soft;
			other->hard = u.hard;
			return 0;
		}
	u.name = take_ptr(&name);
	vec_push(&r->ulimits, u);
	return 0;
}

int request_set_entrypoint(struct run_request *r, const char *text, struct error *err)
{
	struct fields_limits limits = { .max_bytes = 1 << 17, .max_depth = 4 };

	strv_done(&r->entrypoint);
	r->has_entrypoint = true;
	if (text[0] == '[') {
		struct error ignored = { 0 }; /* no JSON: then it is a word that starts with '[' */
		auto_done(json) json_t *list = json_parse(text, strlen(text), &limits, &ignored);
		json_t *item;
		size_t i;

		if (json_is_array(list)) {
			json_array_foreach (list, i, item) {
				if (!json_is_string(item))
					return error_set(err, ERR_USAGE, "must be a list of strings");
				strv_add(&r->entrypoint, json_string_value(item));
			}
			return 0;
		}
	}
	if (*text)
		strv_add(&r->entrypoint, text);
	return 0;
}
