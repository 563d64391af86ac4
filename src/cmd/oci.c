/*
 * oci.c - `hod oci`: the options before the command, the log that engines read, and which command.
 *
 * The commands are rows of the table as all others ("oci create"); what is special is that engines
 * put options between the two words, and that an error goes to a file of theirs besides.
 */
#include "oci.h"

#include "commands.h"
#include "output.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static const struct opt opts[] = {
	OPT_STRING(0, "cgroup-manager", oci, cgroup_manager, "NAME", "cgroupfs, systemd or disabled"),
	OPT_STRING(0, "criu", oci, criu, "PATH", "taken and not used: there is no checkpoint"),
	OPT_FLAG(0, "debug", oci, debug, "say what is being done"),
	OPT_STRING(0, "log", oci, log, "FILE", "append errors to this file"),
	OPT_ENUM(0, "log-format", oci, log_format, "text|json", "form of the log"),
	OPT_STRING(0, "root", oci, root, "DIR", "where the state of containers is"),
	{ OPT_(0, "rootless", &opt_string, oci, rootless, char *,
	       "taken for what it says: whether we are root is found out"),
	  .value = "true|false|auto", .assumed = "true", .flags = OPT_OPTIONAL },
	OPT_FLAG(0, "systemd-cgroup", oci, systemd_cgroup,
		 "cgroupsPath is SLICE:PREFIX:NAME, for systemd to make"),
	OPT_FLAG('v', "version", oci, version, "print the version"),
	OPT_END,
};

/* ---- the log ---- */

static void log_line(const struct oci *o, const char *level, const char *text, struct str *out)
{
	char time[TEXT_TIME_MAX];

	text_rfc3339nano(time_now_ns(), time, sizeof(time));
	if (str_eq(o->log_format, "json")) {
		str_addf(out, "{\"level\":\"%s\",\"msg\":", level);
		str_add_json(out, text);
		str_addf(out, ",\"time\":\"%s\"}\n", time);
		return;
	}
	str_addf(out, "time=\"%s\" level=%s msg=", time, level);
	str_add_json(out, text);
	str_addc(out, '\n');
}

/* The log is told besides; that it cannot be is no reason to say nothing on stderr. */
static void log_error(const struct oci *o, const struct error *what)
{
	auto_done(str) struct str line = { 0 };
	struct error ignored = { 0 };
	char text[ERROR_LINE_MAX];
	auto_close int fd = -1;

	if (!o->log)
		return;
	/* path: of the host, named by the caller */
	fd = open(o->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	log_line(o, "error", error_text(what, text, sizeof(text)), &line);
	fd_write_all(fd, line.s, line.len, &ignored);
}

/* ---- which command ---- */

static const struct command *find(const char *word, struct error *err)
{
	static const char *const absent[] = { "checkpoint", "restore" };
	auto_free char *name = xasprintf("oci %s", word);

	for (const struct command *const *c = commands; *c; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	for (size_t i = 0; i < ARRAY_SIZE(absent); i++)
		if (str_eq(absent[i], word)) {
			error_set(err, ERR_UNSUPPORTED, "%s: processes cannot be saved to disk",
				  word);
			return NULL;
		}
	error_set(err, ERR_USAGE, "'%s' is no command of an OCI runtime", word);
	return NULL;
}

static int check_count(const struct command *c, const struct strv *operands, struct error *err)
{
	if ((int)operands->n < c->min)
		return error_set(err, ERR_USAGE, "%s: an operand is missing (usage: %s %s)",
				 c->name, c->name, c->operands);
	if (c->max >= 0 && (int)operands->n > c->max)
		return error_set(err, ERR_USAGE, "%s: '%s' is one operand too many", c->name,
				 operands->v[c->max]);
	return 0;
}

static int run_words_of(struct app *app, const struct command *c, const struct opt *const tables[],
			const struct strv *words, void *args, struct error *err)
{
	auto_done(strv) struct strv operands = { 0 };
	auto_done(str) struct str help = { 0 };
	int r = opt_parse(tables, (int)words->n, words->v, c->order, args, &operands, err);

	if (r > 0) {
		command_help(c, app->called_as, &help);
		return output_text(&help, err);
	}
	if (r < 0 || check_count(c, &operands, err) < 0 || app_prepare(app, c->needs, err) < 0)
		return -1;
	return c->run(app, args, &operands, err);
}

/* The exit code too is the engine's to read: that of a command that failed is in its row. */
static int dispatch(struct app *app, const struct strv *words, int *failure, struct error *err)
{
	static const struct opt none[] = { OPT_END };
	const struct command *c = find(words->v[0], err);
	const struct opt *tables[3] = { none, none, NULL };
	auto_free void *args = NULL;
	int r;

	if (!c)
		return -1;
	*failure = c->failure;
	for (size_t i = 0; i < 2; i++) {
		const struct opt *own = i ? c->more_opts : c->opts;

		tables[i] = own ? own : none;
	}
	args = xcalloc(1, c->args_size ? c->args_size : 1);
	r = run_words_of(app, c, tables, words, args, err);
	opt_done(tables, args);
	return r;
}

static int print_version(const struct app *app, struct error *err)
{
	/* containerd's shim looks for these very words */
	const char *name = str_eq(app->called_as, "crun") ? "crun" : "runc";

	return output_line(err, "%s version %s\ncommit: hod-%s\nspec: %s", name, HOD_VERSION,
			   HOD_VERSION, SPEC_VERSION_MAX);
}

static int oci_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct oci *o = arg;
	int failure = 1, r;

	app->oci = o;
	if (o->debug)
		log_set_level(LOG_LEVEL_DEBUG);
	if (o->version)
		return print_version(app, err);
	if (operands->n == 0)
		return error_set(err, ERR_USAGE, "oci: a command is missing");
	r = dispatch(app, operands, &failure, err);
	app->oci = NULL;
	if (r >= 0)
		return r;
	log_error(o, err);
	report_error(err);
	return failure;
}

const struct command cmd_oci = {
	.name = "oci",
	.operands = "COMMAND [ARG...]",
	.summary = "be the OCI runtime of an engine",
	.description = "With the command line of runc, for containerd, CRI-O, podman and Slurm.",
	.opts = opts,
	.args_size = sizeof(struct oci),
	.order = OPT_FIRST,
	.max = -1,
	.run = oci_run,
	.failure = 1,
};
