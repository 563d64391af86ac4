/*
 * request_check.c - what can be said against a request without asking a host: forms, conflicts.
 */
#include "engine/request.h"

#include "devices.h"

#include <ctype.h>

#define HEALTH_TIME_MIN 1000000 /* ns */
#define GROUP_NAME_MAX	40	/* characters: it becomes the name of a socket */
#define NAME_FORM	"[a-zA-Z0-9][a-zA-Z0-9_.-]*"

/* Members meet at numbers that are known beforehand, and at connections that can be handed on. */
static int group_check(const struct run_request *r, struct error *err)
{
	const char *name = r->publish_group;

	if (!isalnum((unsigned char)*name) || strlen(name) > GROUP_NAME_MAX)
		return error_set(err, ERR_USAGE, "--publish-group '%s': must be " NAME_FORM, name);
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("_.-", *p))
			return error_set(err, ERR_USAGE, "--publish-group '%s': must be " NAME_FORM,
					 name);
	if (r->publish_all || !r->publish.n)
		return error_set(err, ERR_USAGE, "--publish-group needs -p with a port of the host%s",
				 r->publish_all ? ", not -P" : "");
	vec_each (&r->publish, p) {
		if (!str_eq(p->proto, "tcp"))
			return error_set(err, ERR_UNSUPPORTED,
					 "--publish-group: port %lld/%s cannot be shared, only tcp",
					 (long long)p->port, p->proto);
		if (p->host_port == 0 || p->host_last != p->host_port)
			return error_set(err, ERR_USAGE,
					 "--publish-group: port %lld needs one port of the host",
					 (long long)p->port);
	}
	return 0;
}

static int network_check(const struct run_request *r, struct error *err)
{
	auto_done(strv) struct strv ignored = { 0 };

	strv_each (&r->expose, i)
		if (ports_parse_exposed(r->expose.v[i], &ignored, err) < 0)
			return error_add(err, "--expose");
	if (r->publish_group && group_check(r, err) < 0)
		return -1;
	if (!r->publish_group && r->drain_time != UNSET)
		return error_set(err, ERR_USAGE, "--drain-time goes with --publish-group only");
	if (r->drain_time != UNSET && r->drain_time < 0)
		return error_set(err, ERR_USAGE, "--drain-time: must not be below 0");
	return request_network_check(r, err);
}

static int resources_check(const struct run_request *r, struct error *err)
{
	if (request_limits_check(&r->limits, err) < 0)
		return -1;
	if (str_eq(r->cgroups, "disabled") && (request_limits_any(&r->limits) || r->cgroup_parent))
		return error_set(err, ERR_USAGE,
				 "--cgroups disabled: there is no cgroup then for limits or "
				 "--cgroup-parent");
	if (r->cgroup_parent && (strstr(r->cgroup_parent, "..") || strchr(r->cgroup_parent, ':') ||
				 !r->cgroup_parent[0]))
		return error_set(err, ERR_USAGE, "--cgroup-parent '%s': must be a path, or a slice",
				 r->cgroup_parent);
	strv_each (&r->devices, i)
		if (request_device_check(r->devices.v[i], err) < 0)
			return error_add(err, "--device");
	strv_each (&r->device_cgroup_rules, i)
		if (request_device_rule_check(r->device_cgroup_rules.v[i], err) < 0)
			return error_add(err, "--device-cgroup-rule");
	return 0;
}

static int health_check(const struct run_request *r, struct error *err)
{
	const struct {
		const char *option;
		int64_t ns;
	} times[] = {
		{ "--health-interval", r->health_interval },
		{ "--health-timeout", r->health_timeout },
		{ "--health-start-period", r->health_start_period },
		{ "--health-start-interval", r->health_start_interval },
	};

	if (r->no_healthcheck && r->health_cmd)
		return error_set(err, ERR_USAGE,
				 "--no-healthcheck and --health-cmd exclude each other");
	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		if (times[i].ns != UNSET && times[i].ns != 0 && times[i].ns < HEALTH_TIME_MIN)
			return error_set(err, ERR_USAGE, "%s: must be 0 or at least 1ms",
					 times[i].option);
	if (r->health_retries != UNSET && r->health_retries < 0)
		return error_set(err, ERR_USAGE, "--health-retries: must not be below 0");
	return 0;
}

int request_check(const struct run_request *r, struct error *err)
{
	if (r->name) {
		const char *p = r->name;

		if (!isalnum((unsigned char)*p))
			return error_set(err, ERR_USAGE, "--name '%s': must be " NAME_FORM, r->name);
		for (; *p; p++)
			if (!isalnum((unsigned char)*p) && !strchr("_.-", *p))
				return error_set(err, ERR_USAGE, "--name '%s': must be " NAME_FORM,
						 r->name);
	}
	if (r->workdir && r->workdir[0] != '/')
		return error_set(err, ERR_USAGE, "--workdir '%s': must be absolute", r->workdir);
	if (r->hostname && (strlen(r->hostname) > 63 || strchr(r->hostname, '/')))
		return error_set(err, ERR_USAGE,
				 "--hostname '%s': must be at most 63 characters, "
				 "without '/'",
				 r->hostname);
	if (r->hostname && (!r->hostname[0] || strpbrk(r->hostname, " \t\r\n#")))
		return error_set(err, ERR_USAGE, "--hostname '%s': not a host name", r->hostname);
	if (r->hostname && r->uts && strcmp(r->uts, "host") == 0)
		return error_set(err, ERR_USAGE, "--hostname does not go with --uts host");
	if (r->umask && (strspn(r->umask, "01234567") != strlen(r->umask) || strlen(r->umask) > 4))
		return error_set(err, ERR_USAGE, "--umask '%s': must be octal", r->umask);
	if (r->shm_size != UNSET && r->shm_size <= 0)
		return error_set(err, ERR_USAGE, "--shm-size: must be above 0");
	if (r->ipc && strcmp(r->ipc, "host") == 0 && r->shm_size != UNSET)
		return error_set(err, ERR_USAGE, "--shm-size does not go with --ipc host");
	if (network_check(r, err) < 0 || health_check(r, err) < 0)
		return -1;
	return resources_check(r, err);
}
