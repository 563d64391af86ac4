/*
 * generate_kube_container.c - a container as Kubernetes' Container: what runs, with what, within what.
 *
 * Owns   which of docker's words has which field of it. Volumes and ports are told to the pod, too.
 * Spec   the API's Pod v1; names are labels of RFC 1123.
 */
#include "generate_kube.h"

#include "engine/health.h"
#include "util/text.h"

#include <ctype.h>

#define NAME_MAX_RFC1123 63
#define CLAIM_SIZE	 "1Gi" /* nobody said how large a volume of ours becomes */

char *kube_name(const char *text)
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

void kube_set_text(json_t *o, const char *key, const char *text)
{
	if (text)
		json_object_set_new(o, key, json_string_nocheck(text));
}

void kube_set_filled(json_t *o, const char *key, json_t *value)
{
	if ((json_is_array(value) && json_array_size(value)) ||
	    (json_is_object(value) && json_object_size(value)))
		json_object_set_new(o, key, value);
	else
		json_decref(value);
}

json_t *kube_texts(const struct strv *list)
{
	json_t *a = json_array();

	strv_each (list, i)
		json_array_append_new(a, json_string_nocheck(list->v[i]));
	return a;
}

json_t *kube_named(const char *name)
{
	return json_pack("{s:s}", "name", name);
}

static json_t *environment(const struct generate_input *in)
{
	json_t *a = json_array();

	strv_each (&in->request->env, i) {
		const char *entry = in->request->env.v[i], *eq = strchr(entry, '=');
		auto_free char *key = xstrndup(entry, eq ? (size_t)(eq - entry) : strlen(entry));
		json_t *o = kube_named(key);

		kube_set_text(o, "value", eq ? eq + 1 : "");
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

json_t *kube_ports(const struct generate_input *in)
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
	kube_set_filled(caps, "add", capabilities(&r->cap_add));
	kube_set_filled(caps, "drop", capabilities(&r->cap_drop));
	kube_set_filled(o, "capabilities", caps);
	return o;
}

/* ---- volumes ---- */

/* One name for a mount, in the container's list and in the pod's. Yours. */
static char *volume_name(const struct container_mount *m, size_t i)
{
	if (str_eq(m->type, "volume") && m->name)
		return kube_name(m->name);
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
	kube_set_filled(o, "limits", limits);
	kube_set_filled(o, "requests", requests);
	return o;
}

/* The API has whole seconds, and at least one. */
static int64_t seconds(int64_t ns)
{
	return MAX((ns + NSEC_PER_SEC - 1) / NSEC_PER_SEC, 1);
}

static json_t *probe(const struct health_plan *p, int64_t period_ns, int64_t failures)
{
	return json_pack("{s:{s:o},s:I,s:I,s:I}", "exec", "command", kube_texts(&p->command),
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

json_t *kube_container(const struct generate_input *in, const char *name, json_t *volumes,
		       json_t *claims, struct error *err)
{
	const struct run_request *r = in->request;
	json_t *o, *mounts, *context = security(in, err);

	if (!context)
		return NULL;
	o = kube_named(name);
	mounts = json_array();
	kube_set_text(o, "image", r->image);
	/* the API's command replaces the entry point, its args the command */
	if (r->has_entrypoint)
		kube_set_filled(o, "command", kube_texts(&r->entrypoint));
	kube_set_filled(o, "args", kube_texts(&r->args));
	kube_set_text(o, "workingDir", r->workdir);
	kube_set_filled(o, "env", environment(in));
	kube_set_filled(o, "ports", kube_ports(in));
	kube_set_filled(o, "resources", resources(&r->limits));
	kube_set_filled(o, "securityContext", context);
	if (r->tty)
		json_object_set_new(o, "tty", json_true());
	if (r->interactive)
		json_object_set_new(o, "stdin", json_true());
	add_volumes(in, mounts, volumes, claims);
	kube_set_filled(o, "volumeMounts", mounts);
	if (add_probes(in, o, err) < 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}
