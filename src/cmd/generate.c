/*
 * generate.c - `hod generate systemd|cron|slurm|kube`: a container in the words of what shall run it.
 */
#include "generate.h"

#include "commands.h"
#include "operands.h"
#include "output.h"

#include <limits.h>
#include <unistd.h>

/* What the generators work from, with what it borrows. */
struct source {
	struct container container;
	struct run_request request;
	struct image_settings image;
	char program[PATH_MAX];
	struct generate_input in;
};

static void source_done(struct source *s)
{
	container_done(&s->container);
	run_request_done(&s->request);
	fields_done(image_settings_fields, &s->image);
}

static int source_load(struct app *app, const char *name, struct source *s, struct error *err)
{
	ssize_t n;

	container_init(&s->container);
	run_request_init(&s->request);
	fields_init(image_settings_fields, &s->image);
	if (need_container(app, name, &s->container, err) < 0 ||
	    container_request(&s->container, &s->request, &s->image, err) < 0)
		return -1;
	n = readlink("/proc/self/exe", s->program, sizeof(s->program) - 1);
	if (n < 0)
		return error_sys(err, "find our own program");
	s->program[n] = '\0';
	s->in = (struct generate_input){
		.program = s->program,
		.store = app->root ? app->root : getenv("HOD_ROOT"),
		.record = &s->container.record,
		.request = &s->request,
		.image = &s->image,
		.root = geteuid() == 0,
	};
	return 0;
}

typedef int make_fn(const struct generate_input *in, const void *args, struct str *out,
		    struct error *err);

static int generate(struct app *app, const struct strv *operands, make_fn *make, const void *args,
		    struct error *err)
{
	auto_done(source) struct source s = { 0 };
	auto_done(str) struct str out = { 0 };
	const char *name = operands->v[0];

	if (source_load(app, name, &s, err) < 0 || make(&s.in, args, &out, err) < 0)
		return error_add(err, "generate from '%s'", name);
	return output_text(&out, err);
}

#define GENERATE(words, says, more, table, args, fn)                                               \
	{                                                                                          \
		.name = words, .operands = "CONTAINER", .summary = says, .description = more,      \
		.opts = table, .args_size = args, .needs = NEED_STORE_READ, .min = 1, .max = 1,    \
		.run = fn, .failure = 1                                                            \
	}

/* ---- systemd ---- */

static int make_systemd(const struct generate_input *in, const void *args, struct str *out,
			struct error *err)
{
	return generate_systemd(in, out, err);
}

static int systemd_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	return generate(app, operands, make_systemd, args, err);
}

const struct command cmd_generate_systemd =
	GENERATE("generate systemd", "write a unit of systemd for a container", NULL, NULL, 0,
		 systemd_run);

/* ---- cron ---- */

struct cron_args {
	char *schedule;
};
static const struct opt cron_opts[] = {
	OPT_STRING(0, "schedule", cron_args, schedule, "FIELDS",
		   "when: five fields as in crontab(5), or @daily and the like (default @daily)"),
	OPT_END,
};

static int make_cron(const struct generate_input *in, const void *arg, struct str *out,
		     struct error *err)
{
	const struct cron_args *args = arg;

	return generate_cron(in, args->schedule ? args->schedule : "@daily", out, err);
}

static int cron_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	return generate(app, operands, make_cron, args, err);
}

const struct command cmd_generate_cron =
	GENERATE("generate cron", "write a line of a crontab for a container", NULL, cron_opts,
		 sizeof(struct cron_args), cron_run);

/* ---- slurm ---- */

static int make_slurm(const struct generate_input *in, const void *args, struct str *out,
		      struct error *err)
{
	return generate_slurm(in, out, err);
}

static int slurm_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	return generate(app, operands, make_slurm, args, err);
}

const struct command cmd_generate_slurm =
	GENERATE("generate slurm", "write a batch script of Slurm for a container", NULL, NULL, 0,
		 slurm_run);

/* ---- kube ---- */

struct kube_args {
	char *kind, *schedule;
	int64_t replicas;
};
static const struct opt kube_opts[] = {
	OPT_ENUM(0, "kind", kube_args, kind, "deployment|job|cronjob|pod",
		 "what makes the pod (default deployment)"),
	OPT_INT(0, "replicas", kube_args, replicas, "pods of a deployment (default 1)"),
	OPT_STRING(0, "schedule", kube_args, schedule, "FIELDS", "when a cronjob runs"),
	OPT_END,
};

static int make_kube(const struct generate_input *in, const void *arg, struct str *out,
		     struct error *err)
{
	const struct kube_args *args = arg;
	struct kube_options o = { args->kind ? args->kind : "deployment", args->schedule,
				  args->replicas };
	json_t *documents;

	if (o.replicas != UNSET && o.replicas < 0)
		return error_set(err, ERR_USAGE, "--replicas must not be negative");
	documents = generate_kube(in, &o, err);
	if (!documents)
		return -1;
	yaml_print(documents, out);
	json_decref(documents);
	return 0;
}

static int kube_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	return generate(app, operands, make_kube, args, err);
}

const struct command cmd_generate_kube =
	GENERATE("generate kube", "write objects of Kubernetes for a container", NULL, kube_opts,
		 sizeof(struct kube_args), kube_run);
