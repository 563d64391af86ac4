/*
 * generate_kube.c - a container as objects of Kubernetes: the pod around it, what makes the pod,
 * the service before it.
 *
 * Owns   what is refused. What has no field there is left out only where the cluster decides it
 *        anyway (network, log, user namespace); else it is refused by name.
 *
 * Spec   the API's Pod v1, Deployment apps/v1, Job and CronJob batch/v1, Service v1,
 *        PersistentVolumeClaim v1.
 */
#include "generate_kube.h"

#include <ctype.h>

static json_t *metadata(const struct generate_input *in, const char *name)
{
	json_t *o = kube_named(name), *labels = json_pack("{s:s}", "app", name);
	json_t *annotations = json_object();

	for (size_t i = 0; i < in->request->annotations.n; i++)
		kube_set_text(annotations, in->request->annotations.v[i].key,
			      in->request->annotations.v[i].value);
	json_object_set_new(o, "labels", labels);
	kube_set_filled(o, "annotations", annotations);
	return o;
}

static void set_names(const struct run_request *r, json_t *spec)
{
	json_t *dns = json_object(), *aliases = json_array();

	kube_set_filled(dns, "nameservers", kube_texts(&r->dns));
	kube_set_filled(dns, "searches", kube_texts(&r->dns_search));
	kube_set_filled(spec, "dnsConfig", dns);
	strv_each (&r->add_host, i) {
		const char *text = r->add_host.v[i];
		size_t n = strcspn(text, ":=");
		auto_free char *name = xstrndup(text, n);

		if (text[n])
			json_array_append_new(aliases, json_pack("{s:s,s:[s]}", "ip", text + n + 1,
								 "hostnames", name));
	}
	kube_set_filled(spec, "hostAliases", aliases);
}

static json_t *pod_spec(const struct generate_input *in, const char *name, const char *restart,
			json_t *claims, struct error *err)
{
	const struct run_request *r = in->request;
	json_t *spec = json_object(), *volumes = json_array();
	json_t *c = kube_container(in, name, volumes, claims, err);

	if (!c) {
		json_decref(spec);
		json_decref(volumes);
		return NULL;
	}
	json_object_set_new(spec, "containers", json_pack("[o]", c));
	kube_set_filled(spec, "volumes", volumes);
	kube_set_text(spec, "restartPolicy", restart);
	kube_set_text(spec, "hostname", r->hostname);
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

/* The i-th of kube_ports(): where the host had it, or the same. */
static json_int_t port_outside(const struct run_request *r, size_t i, json_int_t inside)
{
	return i < r->publish.n && r->publish.v[i].host_port ? r->publish.v[i].host_port : inside;
}

/* Ports of what serves are reached by a service; a job serves nobody. */
static void add_service(const struct generate_input *in, const char *name, json_t *documents)
{
	json_t *list = json_array(), *all = kube_ports(in), *p, *service;
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
	auto_free char *name = kube_name(in->record->name);
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
