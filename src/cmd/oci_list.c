/*
 * oci_list.c - `hod oci list` and `hod oci ps`.
 */
#include "oci.h"

#include "commands.h"
#include "output.h"
#include "runtime/cgroup.h"
#include "util/fd.h"
#include "util/text.h"

#include <ctype.h>
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- list ---- */

struct list_args {
	char *format;
	bool quiet;
};
static const struct opt list_opts[] = {
	OPT_ENUM('f', "format", list_args, format, "table|json", "form of the list"),
	OPT_FLAG('q', "quiet", list_args, quiet, "only the IDs"),
	OPT_END,
};

struct row {
	const struct oci_state *s;
	char created[TEXT_TIME_MAX];
	long long pid;
};

static void add_table(const struct row *r, struct str *out)
{
	str_addf(out, "%-40s  %-8lld  %-8s  %-30s  %s\n", r->s->id, r->pid,
		 oci_status_name(r->s->status), r->s->bundle, r->created);
}

static json_t *row_json(const struct row *r)
{
	return json_pack("{s:s,s:s,s:I,s:s,s:s,s:s}", "ociVersion", r->s->oci_version, "id",
			 r->s->id, "pid", (json_int_t)r->pid, "status", oci_status_name(r->s->status),
			 "bundle", r->s->bundle, "created", r->created);
}

static int list_each(struct app *app, const struct list_args *args, const struct strv *ids,
		     json_t *all, struct str *out, struct error *err)
{
	strv_each (ids, i) {
		struct error gone = { 0 }; /* deleted meanwhile, or never finished */
		struct row r = { 0 };
		struct oci_state s;

		oci_state_init(&s);
		if (oci_state_load(app, ids->v[i], &s, &gone) == 0) {
			r.s = &s;
			r.pid = s.status == OCI_STOPPED ? 0 : s.pid;
			text_rfc3339nano(s.created_ns, r.created, sizeof(r.created));
			if (args->quiet)
				str_addf(out, "%s\n", s.id);
			else if (str_eq(args->format, "json"))
				json_array_append_new(all, row_json(&r));
			else
				add_table(&r, out);
		}
		oci_state_done(&s);
	}
	return 0;
}

static int list_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct list_args *args = arg;
	auto_done(strv) struct strv ids = { 0 };
	auto_done(str) struct str out = { 0 };
	struct error absent = { 0 }; /* no directory is no container */
	auto_close int root = oci_root_open(app, false, &absent);
	json_t *all = json_array();
	char *text;

	if (root >= 0 && dir_list(root, &ids, err) < 0) {
		json_decref(all);
		return -1;
	}
	if (!args->quiet && !str_eq(args->format, "json"))
		str_addf(&out, "%-40s  %-8s  %-8s  %-30s  %s\n", "ID", "PID", "STATUS", "BUNDLE",
			 "CREATED");
	list_each(app, args, &ids, all, &out, err);
	if (!args->quiet && str_eq(args->format, "json")) {
		text = json_dumps(all, 0);
		str_addf(&out, "%s\n", text);
		free(text);
	}
	json_decref(all);
	return output_text(&out, err);
}

/* ---- ps ---- */

struct ps_args {
	char *format;
};
static const struct opt ps_opts[] = {
	OPT_ENUM('f', "format", ps_args, format, "table|json", "form of the list"),
	OPT_END,
};

/* Without a cgroup of its own: everything in the pid namespace of its init. */
static int pids_by_namespace(const struct oci_state *s, cgroup_pids *pids, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	auto_free char *path = xasprintf("/proc/%lld/ns/pid", (long long)s->pid);
	auto_close int proc = dir_open(AT_FDCWD, "/proc", err);
	struct stat init, other;

	/* path: the host's procfs */
	if (proc < 0 || stat(path, &init) < 0)
		return proc < 0 ? -1 : error_set(err, ERR_BUSY, "container not running");
	if (dir_list(proc, &names, err) < 0)
		return -1;
	strv_each (&names, i) {
		auto_free char *ns = xasprintf("%s/ns/pid", names.v[i]);

		if (isdigit((unsigned char)names.v[i][0]) && fstatat(proc, ns, &other, 0) == 0 &&
		    other.st_ino == init.st_ino && other.st_dev == init.st_dev)
			vec_push(pids, (int64_t)strtoll(names.v[i], NULL, 10));
	}
	return 0;
}

static int find_pids(const struct oci_state *s, cgroup_pids *pids, struct error *err)
{
	if (s->status == OCI_STOPPED)
		return 0;
	return s->cgroup ? cgroup_pids_read(s->cgroup, pids, err) : pids_by_namespace(s, pids, err);
}

static void add_process(int64_t pid, struct str *out)
{
	auto_free char *path = xasprintf("/proc/%lld/cmdline", (long long)pid);
	auto_done(str) struct str line = { 0 };
	struct error ended = { 0 };
	auto_free char *shown = NULL;

	if (file_read(AT_FDCWD, path, &line, 1 << 16, &ended) < 0)
		return;
	for (size_t i = 0; i + 1 < line.len; i++)
		if (line.s[i] == '\0')
			line.s[i] = ' ';
	shown = escaped(str_get(&line));
	str_addf(out, "%-10lld  %s\n", (long long)pid, shown);
}

static int print_pids(const struct ps_args *args, const cgroup_pids *pids, struct error *err)
{
	auto_done(str) struct str out = { 0 };
	bool json = str_eq(args->format, "json");

	str_add(&out, json ? "[" : "PID         CMD\n");
	for (size_t i = 0; i < pids->n; i++) {
		if (json)
			str_addf(&out, "%s%lld", i ? "," : "", (long long)pids->v[i]);
		else
			add_process(pids->v[i], &out);
	}
	if (json)
		str_add(&out, "]\n");
	return output_text(&out, err);
}

static int ps_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	cgroup_pids pids = { 0 };
	struct oci_state s;
	int status;

	oci_state_init(&s);
	status = oci_state_load(app, operands->v[0], &s, err);
	if (status == 0)
		status = find_pids(&s, &pids, err);
	if (status == 0)
		status = print_pids(arg, &pids, err);
	vec_done(&pids);
	oci_state_done(&s);
	return status;
}

const struct command cmd_oci_list = {
	.name = "oci list",
	.summary = "list containers",
	.opts = list_opts,
	.args_size = sizeof(struct list_args),
	.run = list_run,
	.failure = 1,
};
const struct command cmd_oci_ps = {
	.name = "oci ps",
	.operands = "ID",
	.summary = "list the processes of a container",
	.opts = ps_opts,
	.args_size = sizeof(struct ps_args),
	.min = 1,
	.max = 1,
	.run = ps_run,
	.failure = 1,
};
