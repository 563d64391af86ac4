/*
 * view_container.c - a container as `inspect` shows it.
 *
 * Owns   the translation of record, state and request into docker's names (FEATURES.md 5.4). What
 *        docker has no name for goes under "Hod".
 */
#include "view.h"

#include "engine/health.h"
#include "monitor/log_writer.h"
#include "monitor/restart.h"
#include "network.h"
#include "operands.h"
#include "runtime/cgroup.h"
#include "util/fd.h"
#include "util/text.h"

#define RECORD_MAX (4 << 20) /* bytes of a request or of image settings */

static const struct fields_limits limits = { .max_bytes = RECORD_MAX, .max_depth = 64 };

/* The parts that a container is made of, read from its record. */
struct parts {
	const struct container *c;
	struct run_request request;
	struct image_settings image;
	const char *dir; /* containers/ID, absolute */
	const struct userns *userns;
};

static int read_part(const struct field *fields, const char *text, void *out, struct error *err)
{
	if (!text)
		return 0;
	return fields_parse(fields, text, strlen(text), &limits, FIELDS_LENIENT, out, err);
}

static json_t *view_health(const struct health *h)
{
	json_t *o = json_object(), *log = json_array();

	view_str(o, "Status", h->status);
	view_int(o, "FailingStreak", h->failing_streak);
	vec_each (&h->log, e) {
		json_t *one = json_object();

		view_time(one, "Start", e->start_ns);
		view_time(one, "End", e->end_ns);
		view_int(one, "ExitCode", e->exit_code);
		view_str(one, "Output", e->output);
		json_array_append_new(log, one);
	}
	view_json(o, "Log", log);
	return o;
}

static json_t *view_state(struct app *app, const struct container *c)
{
	struct error ignored = { 0 }; /* what cannot be read is not shown */
	auto_done(health) struct health health = { 0 };
	json_t *o = json_object();

	view_str(o, "Status", container_status_name(c));
	view_bool(o, "Running", container_is_alive(c));
	view_bool(o, "Paused", c->status == CONTAINER_PAUSED);
	view_bool(o, "Restarting", c->status == CONTAINER_RESTARTING);
	view_bool(o, "OOMKilled", c->state.oom_killed);
	view_bool(o, "Dead", c->status == CONTAINER_CORRUPT);
	view_int(o, "Pid", container_is_up(c) ? c->state.pid : 0);
	view_int(o, "ExitCode", c->state.exit_code == UNSET ? 0 : c->state.exit_code);
	view_str(o, "Error", c->status == CONTAINER_CORRUPT ? c->why : c->state.error);
	view_time(o, "StartedAt", c->state.started_ns);
	view_time(o, "FinishedAt", container_is_up(c) ? 0 : c->state.finished_ns);
	if (health_load(&app->store, c, &health, &ignored) > 0)
		view_json(o, "Health", view_health(&health));
	return o;
}

/* ---- HostConfig ---- */

static json_t *view_log(const struct run_request *r, const char *driver)
{
	json_t *o = json_object(), *config = json_object();

	strv_each (&r->log_opts, i) {
		const char *opt = r->log_opts.v[i], *eq = strchr(opt, '=');
		auto_free char *key = xstrndup(opt, eq ? (size_t)(eq - opt) : strlen(opt));

		view_str(config, key, eq ? eq + 1 : "");
	}
	view_str(o, "Type", driver);
	view_json(o, "Config", config);
	return o;
}

/* SOURCE:PATH[:MODE] of what was mounted by -v or --mount, except tmpfs and anonymous volumes */
static void view_binds(json_t *o, const struct container_record *record)
{
	auto_done(strv) struct strv binds = { 0 };

	vec_each (&record->mounts, m) {
		const char *source = str_eq(m->type, "volume") ? m->name : m->source;

		if (str_eq(m->type, "tmpfs") || m->anonymous || !source)
			continue;
		strv_addf(&binds, "%s:%s%s", source, m->destination, m->rw ? "" : ":ro");
	}
	view_list(o, "Binds", &binds);
}

static void view_tmpfs(json_t *o, const struct container_record *record)
{
	json_t *map = json_object();

	vec_each (&record->mounts, m)
		if (str_eq(m->type, "tmpfs"))
			view_take(map, m->destination, strv_join(&m->options, ","));
	if (json_object_size(map))
		view_json(o, "Tmpfs", map);
	else
		json_decref(map);
}

static void view_ulimits(json_t *o, const struct run_request *r)
{
	json_t *list = json_array();

	vec_each (&r->ulimits, u) {
		json_t *limit = json_object();

		view_str(limit, "Name", u->name);
		view_int(limit, "Hard", u->hard);
		view_int(limit, "Soft", u->soft);
		json_array_append_new(list, limit);
	}
	view_json(o, "Ulimits", list);
}

static json_t *view_restart_policy(const struct run_request *r)
{
	json_t *o = json_object();
	struct error ignored = { 0 }; /* it was checked when the container was made */
	struct restart_policy p;

	restart_policy_parse(r->restart, &p, &ignored);
	view_str(o, "Name", restart_policy_name(&p));
	view_int(o, "MaximumRetryCount", p.max);
	return o;
}

static int64_t or_none(int64_t v)
{
	return v == UNSET ? 0 : v;
}

/* "PATH:VALUE" as docker's {"Path","Rate"} or {"Path","Weight"} */
static void view_rates(json_t *o, const char *name, const char *what, const struct strv *list)
{
	json_t *all = json_array();

	strv_each (list, i) {
		const char *colon = strrchr(list->v[i], ':');
		json_t *one = json_object();
		int64_t value = 0;

		if (colon && !text_parse_bytes(colon + 1, &value))
			value = 0;
		view_take(one, "Path",
			  xstrndup(list->v[i],
				   colon ? (size_t)(colon - list->v[i]) : strlen(list->v[i])));
		view_int(one, what, value);
		json_array_append_new(all, one);
	}
	view_json(o, name, all);
}

static void view_devices(json_t *o, const struct run_request *r)
{
	json_t *all = json_array();

	strv_each (&r->devices, i) {
		auto_done(strv) struct strv parts = { 0 };
		json_t *one = json_object();
		bool has_path;

		strv_split(&parts, r->devices.v[i], ':');
		has_path = parts.n > 1 && parts.v[1][0] == '/';
		view_str(one, "PathOnHost", parts.v[0]);
		view_str(one, "PathInContainer", has_path ? parts.v[1] : parts.v[0]);
		view_str(one, "CgroupPermissions",
			 parts.n > 2		     ? parts.v[2]
			 : parts.n == 2 && !has_path ? parts.v[1]
						     : "rwm");
		json_array_append_new(all, one);
	}
	view_json(o, "Devices", all);
}

static void view_limits(json_t *o, const struct run_request *r)
{
	const struct request_limits *l = &r->limits;
	bool swap_given = l->memory_swap != UNSET && l->memory_swap != 0;

	view_int(o, "CpuShares", or_none(l->cpu_shares));
	view_int(o, "Memory", or_none(l->memory));
	view_int(o, "NanoCpus", or_none(l->nano_cpus));
	view_int(o, "BlkioWeight", or_none(l->blkio_weight));
	view_rates(o, "BlkioWeightDevice", "Weight", &l->blkio_weight_device);
	view_rates(o, "BlkioDeviceReadBps", "Rate", &l->device_read_bps);
	view_rates(o, "BlkioDeviceWriteBps", "Rate", &l->device_write_bps);
	view_rates(o, "BlkioDeviceReadIOps", "Rate", &l->device_read_iops);
	view_rates(o, "BlkioDeviceWriteIOps", "Rate", &l->device_write_iops);
	view_int(o, "CpuPeriod", or_none(l->cpu_period));
	view_int(o, "CpuQuota", or_none(l->cpu_quota));
	view_str(o, "CpusetCpus", l->cpuset_cpus);
	view_str(o, "CpusetMems", l->cpuset_mems);
	view_devices(o, r);
	view_list(o, "DeviceCgroupRules", &r->device_cgroup_rules);
	view_int(o, "MemoryReservation", or_none(l->memory_reservation));
	view_int(o, "MemorySwap",
		 swap_given || l->memory == UNSET || l->memory < 0 ? or_none(l->memory_swap)
								   : 2 * l->memory);
	view_null(o, "MemorySwappiness");
	view_null(o, "OomKillDisable");
	if (l->pids_limit == UNSET)
		view_null(o, "PidsLimit");
	else
		view_int(o, "PidsLimit", l->pids_limit);
}

static json_t *view_host_config(const struct parts *p)
{
	const struct run_request *r = &p->request;
	const struct container_record *record = &p->c->record;
	json_t *o = json_object();

	view_binds(o, record);
	view_str(o, "ContainerIDFile", r->cidfile);
	view_json(o, "LogConfig", view_log(r, record->log_driver));
	view_str(o, "NetworkMode", network_mode_resolve(p->userns, r->network));
	view_json(o, "PortBindings", ports_object(&r->publish, NULL, true));
	view_json(o, "RestartPolicy", view_restart_policy(r));
	view_bool(o, "AutoRemove", record->auto_remove);
	view_str(o, "VolumeDriver", "");
	view_list(o, "VolumesFrom", &r->volumes_from);
	view_list(o, "CapAdd", &r->cap_add);
	view_list(o, "CapDrop", &r->cap_drop);
	view_str(o, "CgroupnsMode", r->cgroupns ? r->cgroupns : "private");
	view_list(o, "Dns", &r->dns);
	view_list(o, "DnsOptions", &r->dns_option);
	view_list(o, "DnsSearch", &r->dns_search);
	view_list(o, "ExtraHosts", &r->add_host);
	view_list(o, "GroupAdd", &r->group_add);
	view_str(o, "IpcMode", r->ipc ? r->ipc : "private");
	view_str(o, "Cgroup", "");
	view_str(o, "CgroupParent", r->cgroup_parent);
	view_int(o, "OomScoreAdj", r->oom_score_adj == UNSET ? 0 : r->oom_score_adj);
	view_str(o, "PidMode", r->pid);
	view_bool(o, "Privileged", r->privileged);
	view_bool(o, "PublishAllPorts", r->publish_all);
	view_bool(o, "ReadonlyRootfs", r->read_only);
	view_list(o, "SecurityOpt", &r->security_opt);
	view_tmpfs(o, record);
	view_str(o, "UTSMode", r->uts);
	view_str(o, "UsernsMode", r->userns);
	view_int(o, "ShmSize", r->shm_size == UNSET ? 64 << 20 : r->shm_size);
	if (r->sysctl.n)
		view_map(o, "Sysctls", &r->sysctl);
	view_str(o, "Runtime", "hod");
	view_str(o, "Isolation", "");
	view_limits(o, r);
	view_ulimits(o, r);
	view_bool(o, "Init", r->init);
	return o;
}

/* ---- Mounts, Config, NetworkSettings ---- */

static json_t *view_mounts(const struct container_record *record)
{
	json_t *list = json_array();

	vec_each (&record->mounts, m) {
		json_t *o = json_object();

		view_str(o, "Type", m->type);
		if (m->name)
			view_str(o, "Name", m->name);
		view_str(o, "Source", m->source);
		view_str(o, "Destination", m->destination);
		if (str_eq(m->type, "volume"))
			view_str(o, "Driver", "local");
		view_str(o, "Mode", m->mode);
		view_bool(o, "RW", m->rw);
		view_str(o, "Propagation", m->propagation);
		json_array_append_new(list, o);
	}
	return list;
}

/* The image's variables under those of the request. */
static void view_env(json_t *o, const struct parts *p)
{
	auto_done(strv) struct strv env = { 0 };

	strv_copy(&env, &p->image.env);
	strv_each (&p->request.env, i) {
		const char *eq = strchr(p->request.env.v[i], '=');
		auto_free char *name =
			eq ? xstrndup(p->request.env.v[i], (size_t)(eq - p->request.env.v[i])) : NULL;

		if (eq)
			strv_env_set(&env, name, eq + 1);
	}
	view_list(o, "Env", &env);
}

/* The image's settings, with what the request says instead. */
static json_t *view_config(const struct parts *p)
{
	const struct run_request *r = &p->request;
	const struct container_record *record = &p->c->record;
	auto_done(healthcheck) struct healthcheck health = { 0 };
	struct error ignored = { 0 }; /* it was checked when the container was made */
	json_t *o = view_settings(&p->image);
	char id[13];

	short_id(p->c->id, id);
	view_str(o, "Hostname", r->hostname ? r->hostname : id);
	view_str(o, "Domainname", r->domainname);
	if (r->user)
		view_str(o, "User", r->user);
	view_bool(o, "AttachStdout", true);
	view_bool(o, "AttachStderr", true);
	view_bool(o, "AttachStdin", r->interactive);
	view_bool(o, "Tty", record->tty);
	view_bool(o, "OpenStdin", record->open_stdin);
	view_bool(o, "StdinOnce", record->open_stdin);
	view_env(o, p);
	if (r->args.n || r->has_entrypoint)
		view_list(o, "Cmd", &r->args);
	view_str(o, "Image", record->image);
	if (r->workdir)
		view_str(o, "WorkingDir", r->workdir);
	if (r->has_entrypoint)
		view_list(o, "Entrypoint", &r->entrypoint);
	if (healthcheck_merge(r, &p->image, &health, &ignored) == 0 && health.test.n)
		view_json(o, "Healthcheck", view_healthcheck(&health));
	view_map(o, "Labels", &record->labels);
	view_str(o, "StopSignal", record->stop_signal ? record->stop_signal : "SIGTERM");
	if (record->stop_timeout != UNSET)
		view_int(o, "StopTimeout", record->stop_timeout);
	return o;
}

/* ---- files, and what is ours ---- */

static void view_file(json_t *o, const char *member, const struct parts *p, const char *name)
{
	if (file_exists(p->c->fd, name))
		view_take(o, member, xasprintf("%s/%s", p->dir, name));
	else
		view_str(o, member, "");
}

static void view_log_path(json_t *o, const struct parts *p)
{
	struct error ignored = { 0 }; /* it was accepted when the container was made */
	const char *driver = p->c->record.log_driver, *file = NULL;
	struct log_options log;

	if (log_options_parse(driver, &p->request.log_opts, &log, &ignored) == 0)
		file = log_driver_file(log.driver);
	if (file)
		view_take(o, "LogPath", xasprintf("%s/%s", p->dir, file));
	else
		view_str(o, "LogPath", "");
}

/* A limit as the cgroup has it: -1 no limit, null no such controller. */
static void view_limit(json_t *o, const char *name, uint64_t value)
{
	if (value == CGROUP_UNKNOWN)
		view_null(o, name);
	else
		view_int(o, name, value == CGROUP_NO_LIMIT ? -1 : (int64_t)value);
}

/* What holds while it runs, defaults among it: these are left out where they cannot be had. */
static json_t *view_enforced(const struct container *c)
{
	json_t *o = json_object();
	struct cgroup_stats s;
	struct error none = { 0 }; /* without a cgroup nothing is enforced */

	if (!container_is_up(c) || str_empty(c->state.cgroup) ||
	    cgroup_stats_read(c->state.cgroup, &s, &none) < 0)
		return o;
	view_limit(o, "Memory", s.memory.limit);
	view_limit(o, "MemorySwapAlone", s.memory.swap_limit);
	view_limit(o, "Pids", s.pids.limit);
	cgroup_stats_done(&s);
	return o;
}

static json_t *view_hod(const struct parts *p)
{
	const struct container_state *s = &p->c->state;
	json_t *o = json_object();
	json_t *report = s->report ? json_loads(s->report, 0, NULL) : NULL;

	view_str(o, "Reason", s->reason);
	view_str(o, "Cgroup", s->cgroup);
	view_json(o, "Enforced", view_enforced(p->c));
	view_int(o, "MonitorPid", container_is_up(p->c) ? s->monitor_pid : 0);
	view_json(o, "Report", report ? report : json_object());
	return o;
}

static json_t *view_graph_driver(const struct parts *p)
{
	json_t *o = json_object(), *data = json_object();

	view_take(data, "UpperDir", xasprintf("%s/upper", p->dir));
	view_take(data, "WorkDir", xasprintf("%s/work", p->dir));
	view_json(o, "Data", data);
	view_str(o, "Name", "overlay");
	return o;
}

static int view_sizes(struct app *app, const struct container *c, json_t *o, struct error *err)
{
	auto_done(image) struct image image = { 0 };
	uint64_t own = 0;
	int64_t below = 0;

	image_init(&image);
	if (container_usage(&app->store, c, &own, err) < 0)
		return -1;
	if (c->record.image_id && image_find(&app->store, c->record.image_id, NULL, &image, err) > 0 &&
	    image_size(&app->store, &image, &below, err) < 0)
		return -1;
	view_int(o, "SizeRw", (int64_t)own);
	view_int(o, "SizeRootFs", (int64_t)own + below);
	return 0;
}

static int view_all(struct app *app, const struct parts *p, bool sizes, json_t *o, struct error *err)
{
	const struct container *c = p->c;
	struct strv none = { 0 };
	json_t *args = json_array();

	strv_each (&c->record.args, i)
		json_array_append_new(args, json_string_nocheck(c->record.args.v[i]));
	view_str(o, "Id", c->id);
	view_time(o, "Created", c->record.created_ns);
	view_str(o, "Path", c->record.path);
	view_json(o, "Args", args);
	view_json(o, "State", view_state(app, c));
	view_take(o, "Image",
		  c->record.image_id ? xasprintf("sha256:%s", c->record.image_id) : xstrdup(""));
	view_file(o, "ResolvConfPath", p, "resolv.conf");
	view_file(o, "HostnamePath", p, "hostname");
	view_file(o, "HostsPath", p, "hosts");
	view_log_path(o, p);
	view_take(o, "Name", xasprintf("/%s", c->record.name ? c->record.name : ""));
	view_int(o, "RestartCount", c->state.restarts);
	view_str(o, "Driver", "overlay");
	view_str(o, "Platform", "linux");
	view_str(o, "MountLabel", "");
	view_str(o, "ProcessLabel", "");
	view_str(o, "AppArmorProfile", "");
	view_list(o, "ExecIDs", &none);
	view_json(o, "HostConfig", view_host_config(p));
	view_json(o, "GraphDriver", view_graph_driver(p));
	if (sizes && view_sizes(app, c, o, err) < 0)
		return -1;
	view_json(o, "Mounts", view_mounts(&c->record));
	view_json(o, "Config", view_config(p));
	view_json(o, "NetworkSettings", view_network_settings(app, c, &p->request, &p->image));
	view_json(o, "Hod", view_hod(p));
	return 0;
}

int view_container(struct app *app, const struct container *c, bool sizes, json_t **out,
		   struct error *err)
{
	auto_free char *dir = xasprintf("%s/containers/%s", app->store.path, c->id);
	struct parts p = { .c = c, .dir = dir, .userns = &app->userns };
	json_t *o = json_object();
	int r;

	run_request_init(&p.request);
	fields_init(image_settings_fields, &p.image);
	r = read_part(run_request_fields, c->record.request, &p.request, err);
	if (r == 0)
		r = read_part(image_settings_fields, c->record.image_settings, &p.image, err);
	if (r == 0)
		r = view_all(app, &p, sizes, o, err);
	fields_done(image_settings_fields, &p.image);
	run_request_done(&p.request);
	if (r < 0) {
		json_decref(o);
		return error_add(err, "container '%s'", c->id);
	}
	*out = o;
	return 0;
}
