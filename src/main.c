/*
 * main.c - picks the command, prepares what it asks for, prints the one error line.
 *
 * Owns   the options before the command, the environment (HOD_ROOT, HOD_USERNS), exit codes.
 * Never  does anything of a command's work.
 */
#include "cmd/command.h"
#include "cmd/output.h"
#include "engine/network.h"
#include "util/log.h"
#include "util/path.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

struct global_args {
	char *root, *log_level, *config, *context, *host, *storage_driver;
	bool debug, version;
};
static const struct opt global_opts[] = {
	OPT_STRING(0, "config", global_args, config, "DIR",
		   "docker's folder of settings, with the logins to registries"),
	OPT_ENUM(0, "context", global_args, context, "default",
		 "what commands work on: there is one only"),
	OPT_STRING('H', "host", global_args, host, "SOCKET", "refused: there is no daemon"),
	OPT_STRING(0, "root", global_args, root, "DIR", "where the store is"),
	OPT_FLAG('D', "debug", global_args, debug, "say what is being done"),
	OPT_ENUM('l', "log-level", global_args, log_level, "error|warn|info|debug",
		 "what is said on stderr"),
	OPT_ENUM(0, "storage-driver", global_args, storage_driver, "overlay|overlay2",
		 "how layers become one tree: there is one way only"),
	OPT_FLAG('v', "version", global_args, version, "print the version"),
	OPT_END,
};

/* Whatever started us may have closed them; then a file of ours must not get their numbers. */
static void open_standard_streams(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			_exit(EXIT_OURS);
}

static int prepare_store(struct app *app, bool create, struct error *err)
{
	auto_free char *path = NULL;
	const char *root = app->root ? app->root : getenv("HOD_ROOT");

	if (!str_empty(root)) {
		auto_free char *cwd = root[0] == '/' ? NULL : realpath(".", NULL);

		path = root[0] == '/' ? path_clean(root) : path_join(cwd ? cwd : "/", root);
	} else {
		path = store_default_path(app->userns.caller_uid, err);
	}
	if (!path || store_open(path, create ? STORE_CREATE : 0, &app->store, err) < 0)
		return -1;
	app->store.single = !userns_may_chown(&app->userns);
	app->store.durable = !str_eq(getenv("HOD_SYNC"), "no");
	return 0;
}

/*
 * Behind the change of namespace: what was made ready in the world outside is let go of. The
 * store's directories, too: of another mount namespace's mounts no overlay can be made. Returns
 * what must be made ready anew.
 */
static unsigned entered(struct app *app)
{
	unsigned again = app->prepared & (NEED_STORE | NEED_STORE_READ | NEED_ENGINE);

	app_done(app);
	app->prepared = NEED_NAMESPACE;
	return again;
}

int app_join(struct app *app, const struct container *c, struct error *err)
{
	if (app->prepared & NEED_NAMESPACE)
		return 0;
	if (userns_join((pid_t)c->state.monitor_pid, &app->userns, err) < 0)
		return -1;
	return app_prepare(app, entered(app), err);
}

int app_join_network(struct app *app, const char *mode, struct error *err)
{
	pid_t keeper;

	if ((app->prepared & NEED_NAMESPACE) || app->userns.caller_uid == 0 ||
	    !network_mode_is_bridge(mode))
		return 0;
	keeper = network_keeper(app->userns.caller_uid, str_eq(getenv("HOD_USERNS"), "single"),
				&app->keeper, err);
	if (keeper < 0 || userns_join(keeper, &app->userns, err) < 0)
		return error_add(err, "networks of this user");
	return app_prepare(app, entered(app), err);
}

int app_prepare(struct app *app, unsigned needs, struct error *err)
{
	unsigned missing = needs & ~app->prepared;

	if (missing & NEED_NAMESPACE) {
		if (userns_enter(str_eq(getenv("HOD_USERNS"), "single"), &app->userns, err) < 0)
			return -1;
		missing |= entered(app);
	}
	if (missing & NEED_MOUNTS) {
		if (userns_own_mounts(&app->userns, err) < 0)
			return -1;
		missing |= entered(app);
	}
	if (missing & NEED_STORE)
		missing &= ~(unsigned)NEED_STORE_READ;
	if (app->prepared & (NEED_STORE | NEED_STORE_READ))
		missing &= ~(unsigned)(NEED_STORE | NEED_STORE_READ);
	if ((missing & (NEED_STORE | NEED_STORE_READ)) &&
	    prepare_store(app, missing & NEED_STORE, err) < 0)
		return -1;
	if ((missing & NEED_ENGINE) && engine_init(&app->engine, &app->store, &app->userns, err) < 0)
		return -1;
	app->prepared |= needs | missing;
	return 0;
}

void app_done(struct app *app)
{
	if (app->prepared & NEED_ENGINE)
		engine_done(&app->engine);
	if (app->prepared & (NEED_STORE | NEED_STORE_READ))
		store_close(&app->store);
	app->prepared = 0;
}

static int exit_code(const struct command *c, const struct error *err)
{
	switch (err->kind) {
	case ERR_NOCOMMAND:
		return 127;
	case ERR_NOEXEC:
		return 126;
	case ERR_USAGE:
		return EXIT_OURS;
	case ERR_INTERRUPTED:
		return 128 + SIGINT;
	default:
		return c && c->failure ? c->failure : 1;
	}
}

static int fail(const struct command *c, struct error *err)
{
	if (err->kind == ERR_USAGE && !err->hint[0])
		error_hint(err, "see 'hod %s%s--help'", c ? c->name : "", c ? " " : "");
	report_error(err);
	return exit_code(c, err);
}

static int check_operands(const struct command *c, const struct strv *operands, struct error *err)
{
	if ((int)operands->n < c->min)
		return error_set(err, ERR_USAGE, "%s: %s missing (usage: hod %s %s)", c->name,
				 c->min - (int)operands->n == 1 ? "an operand is" : "operands are",
				 c->name, c->operands ? c->operands : "");
	if (c->max >= 0 && (int)operands->n > c->max)
		return error_set(err, ERR_USAGE, "%s: '%s' is one operand too many", c->name,
				 operands->v[c->max]);
	return 0;
}

static int print_help(const struct command *c, const struct app *app, struct error *err)
{
	auto_done(str) struct str text = { 0 };

	command_help(c, app->called_as, &text);
	return output_text(&text, err);
}

/* argv[0] is the command's (last) word. */
static int run_command(struct app *app, const struct command *c, int argc, char **argv)
{
	static const struct opt none[] = { OPT_END };
	const struct opt *const tables[] = { c->opts ? c->opts : none,
					     c->more_opts ? c->more_opts : none, NULL };
	auto_free void *args = xcalloc(1, c->args_size ? c->args_size : 1);
	auto_done(strv) struct strv operands = { 0 };
	struct error err = { 0 };
	int r, code;

	if (c->init)
		c->init(args);
	r = opt_parse(tables, argc, argv, c->order, args, &operands, &err);
	if (r != 0) {
		if (c->done)
			c->done(args);
		r = r < 0 ? -1 : print_help(c, app, &err);
		return r < 0 ? fail(c, &err) : 0;
	}
	r = check_operands(c, &operands, &err);
	if (r == 0)
		r = app_prepare(app, c->needs, &err);
	if (r == 0)
		r = c->run(app, args, &operands, &err);
	code = r < 0 ? fail(c, &err) : r;
	opt_done(tables, args);
	if (c->done)
		c->done(args);
	return code;
}

static void set_log_level(const struct global_args *args)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };

	for (size_t i = 0; args->log_level && i < ARRAY_SIZE(names); i++)
		if (str_eq(args->log_level, names[i]))
			log_set_level((enum log_level)i);
	if (args->debug)
		log_set_level(LOG_LEVEL_DEBUG);
}

/* The words behind the global options; "hod" alone and --help mean the command help. */
static int dispatch(struct app *app, const struct global_args *args, struct strv *words, bool help)
{
	static char help_word[] = "help", version_word[] = "version", short_option[] = "--short";
	char *version[] = { version_word, short_option, NULL };
	char *helping[] = { help_word, NULL };
	struct error err = { 0 };
	const struct command *c;
	char **argv = words->v;
	int argc = (int)words->n, used = 0;

	if (args->version) {
		argv = version;
		argc = 2;
	} else if (help || argc == 0) {
		argv = helping;
		argc = 1;
	}
	c = command_find(argc, argv, &used, &err);
	if (!c)
		return fail(NULL, &err);
	return run_command(app, c, argc - used + 1, argv + used - 1);
}

/* Engines are configured with the path of a runtime; ours may be a link of one of these names. */
static bool called_as_runtime(const char *name)
{
	return str_eq(name, "runc") || str_eq(name, "crun") || str_eq(name, "hod-oci");
}

static const struct command *command_named(const char *name)
{
	for (const struct command *const *c = commands; *c; c++)
		if (str_eq((*c)->name, name))
			return *c;
	return NULL;
}

/*
 * What was copied already is overwritten where ps shows it: passwords. (Until here they were to be
 * seen: that is why login warns.)
 */
static void hide_secrets(int argc, char **argv, const char *command)
{
	static const char *const names[] = { "--creds", "--password", "-p" };
	bool login = strcmp(command, "login") == 0;

	for (int i = 1; i < argc; i++)
		for (size_t k = 0; k < (login ? ARRAY_SIZE(names) : 1); k++) {
			size_t n = strlen(names[k]);

			if (strncmp(argv[i], names[k], n) != 0)
				continue;
			if (argv[i][n] == '=' || (n == 2 && argv[i][n]))
				memset(argv[i] + n, '*', strlen(argv[i] + n));
			else if (!argv[i][n] && i + 1 < argc)
				memset(argv[i + 1], '*', strlen(argv[i + 1]));
		}
}

int main(int argc, char **argv)
{
	static const struct opt *const tables[] = { global_opts, NULL };
	struct app app = { .called_as = argc > 0 ? path_base(argv[0]) : "hod" };
	struct global_args args = { 0 };
	struct strv words = { 0 };
	struct error err = { 0 };
	int r, code;

	open_standard_streams();
	umask(umask(0) & 077);	  /* one that takes our own files from us would spoil the store */
	signal(SIGPIPE, SIG_IGN); /* a write says EPIPE instead; whoever execs sets it back */
	app.userns.caller_uid = getuid();
	app.userns.caller_gid = getgid();
	if (called_as_runtime(app.called_as))
		return run_command(&app, command_named("oci"), argc, argv);
	r = opt_parse(tables, argc, argv, OPT_FIRST, &args, &words, &err);
	if (r < 0)
		return fail(NULL, &err);
	hide_secrets(argc, argv, words.n ? words.v[0] : "");
	if (args.host) {
		error_set(&err, ERR_USAGE, "--host '%s': hod is no client, there is no daemon",
			  args.host);
		return fail(NULL, &err);
	}
	if (args.config) /* the name under which docker hands it on, to credential helpers too */
		setenv("DOCKER_CONFIG", args.config, 1);
	app.root = args.root;
	app.debug = args.debug;
	set_log_level(&args);
	code = dispatch(&app, &args, &words, r > 0);
	app_done(&app);
	opt_done(tables, &args);
	strv_done(&words);
	return code;
}
