/*
 * generate_kube.c - a container as objects of Kubernetes.
 *
 * Owns   which of docker's words has which field there. What has none is left out only where the
 *        cluster decides it anyway (network, log, user namespace); else it is refused by name.
 *
 * Spec   the API's Pod v1, Deployment apps/v1, Job and CronJob batch/v1, Service v1,
 *        PersistentVolumeClaim v1; names are labels of RFC 1123.
 */
#include "generate.h"

#include "engine/health.h"
#include "util/text.h"

#include <ctype.h>

#define NAME_MAX_RFC1123 63
#define CLAIM_SIZE	 "1Gi" /* nobody said how large a volume of ours becomes */

/* A name that the API takes: what is none of [a-z0-9-] becomes a dash. Yours. */
static char *object_name(const char *text)
{
	struct str out = { 0 };

	for (; *text && out.len < NAME_MAX_RFC1123; text++) {
		char c = (char)tolower((unsigned char)*text);

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			str_addc(&out, c);
		else if (out.len)
			str_addc(&out, '-');
	}
	while (out.len && out.s[out.len - 1] == '-')
		out.s[--out.len] = '\0';
	if (!out.len)
		str_add(&out, "container");
	return str_take(&out);
}

static void set_text(json_t *o, const char *key, const char *text)
{
	if (text)
		json_object_set_new(o, key, json_string_nocheck(text));
}

/* Sets it unless it is empty, and takes it. */
static void set_filled(json_t *o, const char *key, json_t *value)
{
	if ((json_is_array(value) && json_array_size(value)) ||
	    (json_is_object(value) && json_object_size(value)))
		json_object_set_new(o, key, value);
	else
		json_decref(value);
}

static json_t *texts(const struct strv *list)
{
	json_t *a = json_array();

	strv_each (list, i)
		json_array_append_new(a, json_string_nocheck(list->v[i]));
	return a;
}

static json_t *named(const char *name)
{
	return json_pack("{s:s}", "name", name);
}

static json_t *metadata(const struct generate_input *in, const char *name)
{
	json_t *o = named(name), *labels = json_pack("{s:s}", "app", name);
	json_t *annotations = json_object();

	for (size_t i = 0; i < in->request->annotations.n; i++)
		set_text(annotations, in->request->annotations.v[i].key,
			 in->request->annotations.v[i].value);
	json_object_set_new(o, "labels", labels);
	set_filled(o, "annotations", annotations);
	return o;
}

/* ---- the container ---- */

static json_t *environment(const struct generate_input *in)
{
	json_t *a = json_array();

	strv_each (&in->request->env, i) {
		const char *entry = in->request->env.v[i], *eq = strchr(entry, '=');
		auto_free char *key = xstrndup(entry, eq ? (size_t)(eq - entry) : strlen(entry));
		json_t *o = named(key);

		set_text(o, "value", eq ? eq + 1 : "");
		json_array_append_new(a, o);
	}
	return a;
}

/* "80/tcp" -> containerPort and protocol */
static json_t *port(const char *text)
{
	const char *slash = strchrnul(text, '/');
	auto_free char *number = xstrndup(text, (size_t)(slash - text));
	auto_free char *protocol = xstrdup(*slash ? slash + 1 : "tcp");
	uint64_t n = 0;

	if (!str_u64(number, &n) || n < 1 || n > 65535)
		return NULL;
	for (char *c = protocol; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return json_pack("{s:I,s:s}", "containerPort", (json_int_t)n, "protocol", protocol);
}

static bool has_port(const json_t *list, const json_t *wanted)
{
	size_t i;
	json_t *p;

	json_array_foreach (list, i, p)
		if (json_equal(p, wanted))
			return true;
	return false;
}

/* Those that were published, then those that the image exposes besides. */
static json_t *ports(const struct generate_input *in)
{
	json_t *a = json_array();

	vec_each (&in->request->publish, p) {
		auto_free char *text = xasprintf("%lld/%s", (long long)p->port, p->proto);

		json_array_append_new(a, port(text));
	}

	strv_each (&in->image->exposed_ports, i) {
		json_t *p = port(in->image->exposed_ports.v[i]);

		if (p && !has_port(a, p))
			json_array_append(a, p);
		json_decref(p);
	}
	return a;
}

/* The API has capabilities without CAP_. */
static json_t *capabilities(const struct strv *list)
{
	json_t *a = json_array();

	strv_each (list, i) {
		auto_free char *name = xstrdup(list->v[i]);

		for (char *c = name; *c; c++)
			*c = (char)toupper((unsigned char)*c);
		json_array_append_new(a,
				      json_string_nocheck(name + (str_starts(name, "CAP_") ? 4 : 0)));
	}
	return a;
}

/* Users by number only: the API knows no names. */
static int set_user(const struct run_request *r, json_t *o, struct error *err)
{
	const char *colon;
	auto_free char *user = NULL;
	uint64_t n;

	if (!r->user)
		return 0;
	colon = strchrnul(r->user, ':');
	user = xstrndup(r->user, (size_t)(colon - r->user));
	if (!str_u64(user, &n)) {
		error_set(err, ERR_UNSUPPORTED, "user '%s': Kubernetes takes numbers only", r->user);
		return error_hint(err, "make the container with -u UID:GID");
	}
	json_object_set_new(o, "runAsUser", json_integer((json_int_t)n));
	if (!*colon)
		return 0;
	if (!str_u64(colon + 1, &n))
		return error_set(err, ERR_UNSUPPORTED, "group '%s': Kubernetes takes numbers only",
				 colon + 1);
	json_object_set_new(o, "runAsGroup", json_integer((json_int_t)n));
	return 0;
}

static json_t *security(const struct generate_input *in, struct error *err)
{
	const struct run_request *r = in->request;
	json_t *o = json_object(), *caps = json_object();

	if (set_user(r, o, err) < 0) {
		json_decref(o);
		json_decref(caps);
		return NULL;
	}
	if (r->privileged)
		json_object_set_new(o, "privileged", json_true());
	if (r->read_only)
		json_object_set_new(o, "readOnlyRootFilesystem", json_true());
	strv_each (&r->security_opt, i)
		if (str_starts(r->security_opt.v[i], "no-new-privileges") &&
		    !str_ends(r->security_opt.v[i], "false"))
			json_object_set_new(o, "allowPrivilegeEscalation", json_false());
	set_filled(caps, "add", capabilities(&r->cap_add));
	set_filled(caps, "drop", capabilities(&r->cap_drop));
	set_filled(o, "capabilities", caps);
	return o;
}

/* ---- volumes ---- */

/* One name for a mount, in the container's list and in the pod's. Yours. */
static char *volume_name(const struct container_mount *m, size_t i)
{
	if (str_eq(m->type, "volume") && m->name)
		return object_name(m->name);
	return xasprintf("%s-%zu", str_eq(m->type, "tmpfs") ? "tmpfs" : "host", i);
}

static json_t *volume_source(const struct container_mount *m, const char *name)
{
	if (str_eq(m->type, "tmpfs"))
		return json_pack("{s:s,s:{s:s}}", "name", name, "emptyDir", "medium", "Memory");
	if (str_eq(m->type, "volume"))
		return json_pack("{s:s,s:{s:s}}", "name", name, "persistentVolumeClaim",
				 "claimName", name);
	return json_pack("{s:s,s:{s:s}}", "name", name, "hostPath", "path", m->source);
}

static json_t *claim(const char *name)
{
	return json_pack("{s:s,s:s,s:{s:s},s:{s:[s],s:{s:{s:s}}}}", "apiVersion", "v1", "kind",
			 "PersistentVolumeClaim", "metadata", "name", name, "spec", "accessModes",
			 "ReadWriteOnce", "resources", "requests", "storage", CLAIM_SIZE);
}

/* mounts: the container's; volumes: the pod's; claims: objects beside it */
static void add_volumes(const struct generate_input *in, json_t *mounts, json_t *volumes,
			json_t *claims)
{
	for (size_t i = 0; i < in->record->mounts.n; i++) {
		const struct container_mount *m = &in->record->mounts.v[i];
		auto_free char *name = volume_name(m, i);
		json_t *mount;

		if (m->anonymous)
			continue; /* of the image: it is in the container's own tree there */
		mount = json_pack("{s:s,s:s}", "name", name, "mountPath", m->destination);
		if (!m->rw)
			json_object_set_new(mount, "readOnly", json_true());
		json_array_append_new(mounts, mount);
		json_array_append_new(volumes, volume_source(m, name));
		if (str_eq(m->type, "volume"))
			json_array_append_new(claims, claim(name));
	}
}

/* Of limits the API knows two, and one that is left to it. */
static json_t *resources(const struct request_limits *l)
{
	json_t *limits = json_object(), *requests = json_object(), *o = json_object();

	if (l->memory > 0)
		json_object_set_new(limits, "memory", json_sprintf("%lld", (long long)l->memory));
	if (l->nano_cpus > 0)
		json_object_set_new(limits, "cpu",
				    json_sprintf("%lldm",
						 (long long)(l->nano_cpus + 999999) / 1000000));
	if (l->memory_reservation > 0)
		json_object_set_new(requests, "memory",
				    json_sprintf("%lld", (long long)l->memory_reservation));
	set_filled(o, "limits", limits);
	set_filled(o, "requests", requests);
	return o;
}

/* The option of a limit that a pod cannot have, or NULL. */
static const char *foreign_limit(const struct run_request *r)
{
	const struct request_limits *l = &r->limits;
	const struct {
		const char *option;
		bool given;
	} all[] = {
		{ "--memory-swap", l->memory_swap != UNSET && l->memory_swap != 0 },
		{ "--cpu-shares", l->cpu_shares > 0 },
		{ "--cpu-quota", l->cpu_quota > 0 },
		{ "--cpuset-cpus", l->cpuset_cpus != NULL },
		{ "--cpuset-mems", l->cpuset_mems != NULL },
		{ "--pids-limit", l->pids_limit != UNSET && l->pids_limit != 0 },
		{ "--blkio-weight", l->blkio_weight > 0 || l->blkio_weight_device.n },
		{ "--device-read-bps", l->device_read_bps.n || l->device_read_iops.n },
		{ "--device-write-bps", l->device_write_bps.n || l->device_write_iops.n },
		{ "--cgroup-conf", l->cgroup_conf.n > 0 },
		{ "--device", r->devices.n || r->device_cgroup_rules.n },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i].given)
			return all[i].option;
	return NULL;
}

/* The API has whole seconds, and at least one. */
static int64_t seconds(int64_t ns)
{
	return MAX((ns + NSEC_PER_SEC - 1) / NSEC_PER_SEC, 1);
}

static json_t *probe(const struct health_plan *p, int64_t period_ns, int64_t failures)
{
	return json_pack("{s:{s:o},s:I,s:I,s:I}", "exec", "command", texts(&p->command),
			 "periodSeconds", (json_int_t)seconds(period_ns), "timeoutSeconds",
			 (json_int_t)seconds(p->timeout_ns), "failureThreshold",
			 (json_int_t)failures);
}

/*
 * The API asks twice: who gets connections, which is what a health check is for, and, where an
 * unhealthy container is to be ended, who is started again. The start period is a probe of its own.
 */
static int add_probes(const struct generate_input *in, json_t *o, struct error *err)
{
	auto_done(health_plan) struct health_plan p = { 0 };

	if (health_plan_make(in->request, in->image, &p, err) < 0)
		return -1;
	if (!p.command.n)
		return 0;
	json_object_set_new(o, "readinessProbe", probe(&p, p.interval_ns, p.retries));
	if (p.on_failure == HEALTH_DO_RESTART || p.on_failure == HEALTH_DO_KILL)
		json_object_set_new(o, "livenessProbe", probe(&p, p.interval_ns, p.retries));
	if (p.start_period_ns > 0)
		json_object_set_new(o, "startupProbe",
				    probe(&p, p.start_interval_ns,
					  p.start_period_ns / p.start_interval_ns + p.retries));
	return 0;
}

static json_t *container(const struct generate_input *in, const char *name, json_t *volumes,
			 json_t *claims, struct error *err)
{
	const struct run_request *r = in->request;
	json_t *o, *mounts, *context = security(in, err);

	if (!context)
		return NULL;
	o = named(name);
	mounts = json_array();
	set_text(o, "image", r->image);
	/* the API's command replaces the entry point, its args the command */
	if (r->has_entrypoint)
		set_filled(o, "command", texts(&r->entrypoint));
	set_filled(o, "args", texts(&r->args));
	set_text(o, "workingDir", r->workdir);
	set_filled(o, "env", environment(in));
	set_filled(o, "ports", ports(in));
	set_filled(o, "resources", resources(&r->limits));
	set_filled(o, "securityContext", context);
	if (r->tty)
		json_object_set_new(o, "tty", json_true());
	if (r->interactive)
		json_object_set_new(o, "stdin", json_true());
	add_volumes(in, mounts, volumes, claims);
	set_filled(o, "volumeMounts", mounts);
	if (add_probes(in, o, err) < 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* ---- the pod and what makes it ---- */

static void set_names(const struct run_request *r, json_t *spec)
{
	json_t *dns = json_object(), *aliases = json_array();

	set_filled(dns, "nameservers", texts(&r->dns));
	set_filled(dns, "searches", texts(&r->dns_search));
	set_filled(spec, "dnsConfig", dns);
	strv_each (&r->add_host, i) {
		const char *text = r->add_host.v[i];
		size_t n = strcspn(text, ":=");
		auto_free char *name = xstrndup(text, n);

		if (text[n])
			json_array_append_new(aliases, json_pack("{s:s,s:[s]}", "ip", text + n + 1,
								 "hostnames", name));
	}
	set_filled(spec, "hostAliases", aliases);
}

static json_t *pod_spec(const struct generate_input *in, const char *name, const char *restart,
			json_t *claims, struct error *err)
{
	const struct run_request *r = in->request;
	json_t *spec = json_object(), *volumes = json_array();
	json_t *c = container(in, name, volumes, claims, err);

	if (!c) {
		json_decref(spec);
		json_decref(volumes);
		return NULL;
	}
	json_object_set_new(spec, "containers", json_pack("[o]", c));
	set_filled(spec, "volumes", volumes);
	set_text(spec, "restartPolicy", restart);
	set_text(spec, "hostname", r->hostname);
	if (str_eq(r->network, "host"))
		json_object_set_new(spec, "hostNetwork", json_true());
	if (str_eq(r->pid, "host"))
		json_object_set_new(spec, "hostPID", json_true());
	if (str_eq(r->ipc, "host"))
		json_object_set_new(spec, "hostIPC", json_true());
	set_names(r, spec);
	if (r->stop_timeout != UNSET && r->stop_timeout >= 0)
		json_object_set_new(spec, "terminationGracePeriodSeconds",
				    json_integer(r->stop_timeout));
	return spec;
}

static json_t *object(const struct generate_input *in, const char *version, const char *kind,
		      const char *name, json_t *spec)
{
	return json_pack("{s:s,s:s,s:o,s:o}", "apiVersion", version, "kind", kind, "metadata",
			 metadata(in, name), "spec", spec);
}

static json_t *template(const struct generate_input *in, const char *name, json_t *spec)
{
	return json_pack("{s:o,s:o}", "metadata", metadata(in, name), "spec", spec);
}

static void set_deadline(const struct generate_input *in, json_t *spec)
{
	if (in->request->timeout != UNSET && in->request->timeout > 0)
		json_object_set_new(spec, "activeDeadlineSeconds",
				    json_integer(in->request->timeout));
}

static json_t *make_pod(const struct generate_input *in, const struct kube_options *o,
			const char *name, json_t *spec)
{
	set_deadline(in, spec);
	return object(in, "v1", "Pod", name, spec);
}

static json_t *make_deployment(const struct generate_input *in, const struct kube_options *o,
			       const char *name, json_t *spec)
{
	json_t *whole = json_pack("{s:I,s:{s:{s:s}},s:o}", "replicas",
				  (json_int_t)(o->replicas == UNSET ? 1 : o->replicas), "selector",
				  "matchLabels", "app", name, "template", template(in, name, spec));

	return object(in, "apps/v1", "Deployment", name, whole);
}

static json_t *job_spec(const struct generate_input *in, const char *name, json_t *spec)
{
	json_t *whole = json_pack("{s:o}", "template", template(in, name, spec));

	if (in->request->timeout != UNSET && in->request->timeout > 0)
		json_object_set_new(whole, "activeDeadlineSeconds",
				    json_integer(in->request->timeout));
	return whole;
}

static json_t *make_job(const struct generate_input *in, const struct kube_options *o,
			const char *name, json_t *spec)
{
	return object(in, "batch/v1", "Job", name, job_spec(in, name, spec));
}

static json_t *make_cronjob(const struct generate_input *in, const struct kube_options *o,
			    const char *name, json_t *spec)
{
	json_t *whole = json_pack("{s:s,s:s,s:{s:o}}", "schedule", o->schedule, "concurrencyPolicy",
				  "Forbid", "jobTemplate", "spec", job_spec(in, name, spec));

	return object(in, "batch/v1", "CronJob", name, whole);
}

/* The i-th of ports(): where the host had it, or the same. */
static json_int_t port_outside(const struct run_request *r, size_t i, json_int_t inside)
{
	return i < r->publish.n && r->publish.v[i].host_port ? r->publish.v[i].host_port : inside;
}

/* Ports of what serves are reached by a service; a job serves nobody. */
static void add_service(const struct generate_input *in, const char *name, json_t *documents)
{
	json_t *list = json_array(), *all = ports(in), *p, *service;
	size_t i;

	json_array_foreach (all, i, p) {
		json_int_t number = json_integer_value(json_object_get(p, "containerPort"));
		const char *protocol = json_string_value(json_object_get(p, "protocol"));
		auto_free char *port_name = xasprintf("%s-%lld", protocol, (long long)number);

		for (char *c = port_name; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		json_array_append_new(list, json_pack("{s:s,s:I,s:I,s:s}", "name", port_name,
						      "port", port_outside(in->request, i, number),
						      "targetPort", number, "protocol", protocol));
	}
	json_decref(all);
	if (json_array_size(list) == 0) {
		json_decref(list);
		return;
	}
	service = json_pack("{s:{s:s},s:o}", "selector", "app", name, "ports", list);
	json_array_append_new(documents, object(in, "v1", "Service", name, service));
}

static const struct {
	const char *kind, *restart;
	bool serves;
	json_t *(*make)(const struct generate_input *in, const struct kube_options *o,
			const char *name, json_t *spec);
} kinds[] = {
	{ "deployment", "Always", true, make_deployment },
	{ "pod", "Never", true, make_pod },
	{ "job", "Never", false, make_job },
	{ "cronjob", "Never", false, make_cronjob },
};

/* What a pod cannot be asked for. */
static int check(const struct generate_input *in, const struct kube_options *o, struct error *err)
{
	const struct run_request *r = in->request;

	if (r->rootfs)
		return error_set(err, ERR_UNSUPPORTED,
				 "a container of --rootfs has no image to name");
	if (r->ulimits.n)
		return error_set(err, ERR_UNSUPPORTED, "--ulimit: pods have no such limits");
	if (foreign_limit(r))
		return error_set(err, ERR_UNSUPPORTED, "%s: pods have no such limits",
				 foreign_limit(r));
	if (r->stop_signal)
		return error_set(err, ERR_UNSUPPORTED,
				 "--stop-signal: only the image's counts there");
	if (strcmp(o->kind, "deployment") == 0 && r->timeout != UNSET && r->timeout > 0)
		return error_set(err, ERR_UNSUPPORTED, "--timeout: a deployment goes on for ever");
	if (r->sysctl.n)
		return error_set(err, ERR_UNSUPPORTED,
				 "--sysctl: belongs to a whole pod and needs its cluster's leave");
	if (strcmp(o->kind, "cronjob") == 0 && !o->schedule)
		return error_set(err, ERR_USAGE, "a cronjob needs --schedule");
	if (strcmp(o->kind, "cronjob") != 0 && o->schedule)
		return error_set(err, ERR_USAGE, "--schedule is for --kind cronjob");
	if (strcmp(o->kind, "deployment") != 0 && o->replicas != UNSET)
		return error_set(err, ERR_USAGE, "--replicas is for --kind deployment");
	return 0;
}

json_t *generate_kube(const struct generate_input *in, const struct kube_options *o, struct error *err)
{
	auto_free char *name = object_name(in->record->name);
	json_t *documents, *spec;
	size_t k = 0;

	if (check(in, o, err) < 0)
		return NULL;
	while (strcmp(kinds[k].kind, o->kind) != 0)
		k++;
	documents = json_array();
	spec = pod_spec(in, name, kinds[k].restart, documents, err);
	if (!spec) {
		json_decref(documents);
		return NULL;
	}
	json_array_append_new(documents, kinds[k].make(in, o, name, spec));
	if (kinds[k].serves)
		add_service(in, name, documents);
	return documents;
}
