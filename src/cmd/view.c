/*
 * view.c - the pieces of `inspect`: members of JSON objects, and what is a map in them.
 */
#include "view.h"

#include "listing.h"
#include "util/text.h"

/* docker's types, as far as templates can tell them apart. */
const struct template_name view_names[] = {
	{ "Labels", SHAPE_MAP },
	{ "Annotations", SHAPE_MAP },
	{ "Containers", SHAPE_MAP },
	{ "Ports", SHAPE_MAP },
	{ "PortBindings", SHAPE_MAP },
	{ "Networks", SHAPE_MAP },
	{ "ExposedPorts", SHAPE_MAP },
	{ "Volumes", SHAPE_MAP },
	{ "Sysctls", SHAPE_MAP },
	{ "Tmpfs", SHAPE_MAP },
	{ "Options", SHAPE_MAP },
	{ "LogConfig.Config", SHAPE_MAP },
	{ "GraphDriver.Data", SHAPE_MAP },
	{ "Env", SHAPE_LIST },
	{ "Cmd", SHAPE_LIST },
	{ "Args", SHAPE_LIST },
	{ "Entrypoint", SHAPE_LIST },
	{ "OnBuild", SHAPE_LIST },
	{ "Config.Shell", SHAPE_LIST },
	{ "ExecIDs", SHAPE_LIST },
	{ "Binds", SHAPE_LIST },
	{ "CapAdd", SHAPE_LIST },
	{ "CapDrop", SHAPE_LIST },
	{ "SecurityOpt", SHAPE_LIST },
	{ "Dns", SHAPE_LIST },
	{ "DnsOptions", SHAPE_LIST },
	{ "DnsSearch", SHAPE_LIST },
	{ "ExtraHosts", SHAPE_LIST },
	{ "GroupAdd", SHAPE_LIST },
	{ "VolumesFrom", SHAPE_LIST },
	{ "Ulimits", SHAPE_LIST },
	{ "RepoTags", SHAPE_LIST },
	{ "RepoDigests", SHAPE_LIST },
	{ "RootFS.Layers", SHAPE_LIST },
	{ "Config.Healthcheck", SHAPE_OPTIONAL },
	{ "State.Health", SHAPE_OPTIONAL },
	{ "Config.StopTimeout", SHAPE_OPTIONAL },
	{ "Hod.Report", SHAPE_MAP },
	{ NULL, SHAPE_AUTO },
};

void view_json(json_t *o, const char *name, json_t *taken)
{
	json_object_set_new_nocheck(o, name, taken);
}

void view_str(json_t *o, const char *name, const char *value)
{
	view_json(o, name, json_text(value));
}

void view_take(json_t *o, const char *name, char *taken)
{
	view_json(o, name, json_take(taken));
}

void view_bool(json_t *o, const char *name, bool value)
{
	view_json(o, name, json_boolean(value));
}

void view_int(json_t *o, const char *name, int64_t value)
{
	view_json(o, name, json_integer(value));
}

void view_null(json_t *o, const char *name)
{
	view_json(o, name, json_null());
}

void view_list(json_t *o, const char *name, const struct strv *l)
{
	json_t *list = l->n ? json_array() : json_null();

	strv_each (l, i)
		json_array_append_new(list, json_text(l->v[i]));
	view_json(o, name, list);
}

void view_map(json_t *o, const char *name, const struct strmap *m)
{
	view_json(o, name, labels_object(m));
}

void view_set(json_t *o, const char *name, const struct strv *l)
{
	json_t *set = l->n ? json_object() : json_null();

	strv_each (l, i)
		view_json(set, l->v[i], json_object());
	view_json(o, name, set);
}

void view_time(json_t *o, const char *name, int64_t ns)
{
	char buf[TEXT_TIME_MAX];

	view_str(o, name, text_rfc3339nano(ns, buf, sizeof(buf)));
}

json_t *view_healthcheck(const struct healthcheck *h)
{
	const struct {
		const char *name;
		int64_t value;
	} numbers[] = {
		{ "Interval", h->interval },	    { "Timeout", h->timeout },
		{ "StartPeriod", h->start_period }, { "StartInterval", h->start_interval },
		{ "Retries", h->retries },
	};
	json_t *o = json_object();

	view_list(o, "Test", &h->test);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (numbers[i].value != UNSET && numbers[i].value != 0)
			view_int(o, numbers[i].name, numbers[i].value);
	return o;
}

json_t *view_settings(const struct image_settings *s)
{
	json_t *o = json_object();

	view_str(o, "Hostname", "");
	view_str(o, "Domainname", "");
	view_str(o, "User", s->user);
	view_bool(o, "AttachStdin", false);
	view_bool(o, "AttachStdout", false);
	view_bool(o, "AttachStderr", false);
	if (s->exposed_ports.n)
		view_set(o, "ExposedPorts", &s->exposed_ports);
	view_bool(o, "Tty", false);
	view_bool(o, "OpenStdin", false);
	view_bool(o, "StdinOnce", false);
	view_list(o, "Env", &s->env);
	view_list(o, "Cmd", &s->cmd);
	if (s->healthcheck)
		view_json(o, "Healthcheck", view_healthcheck(s->healthcheck));
	view_str(o, "Image", "");
	view_set(o, "Volumes", &s->volumes);
	view_str(o, "WorkingDir", s->working_dir);
	view_list(o, "Entrypoint", &s->entrypoint);
	view_list(o, "OnBuild", &s->onbuild);
	view_map(o, "Labels", &s->labels);
	if (!str_empty(s->stop_signal))
		view_str(o, "StopSignal", s->stop_signal);
	if (s->shell.n)
		view_list(o, "Shell", &s->shell);
	return o;
}
