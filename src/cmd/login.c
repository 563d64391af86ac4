/*
 * login.c - `hod login` and `hod logout`.
 */
#include "commands.h"

#include "output.h"
#include "registry/login.h"
#include "registry_opts.h"
#include "util/fd.h"
#include "util/settings.h"

#include <termios.h>
#include <unistd.h>

#define SECRET_MAX ((size_t)16 << 10)

struct login_args {
	struct registry_args registry;
	char *user, *password;
	bool password_stdin, get_login;
};
static const struct opt login_opts[] = {
	OPT_FLAG(0, "get-login", login_args, get_login, "print the user of a stored login"),
	OPT_STRING('p', "password", login_args, password, "PASSWORD",
		   "the password; other users may see it"),
	OPT_FLAG(0, "password-stdin", login_args, password_stdin, "read the password from stdin"),
	OPT_STRING('u', "username", login_args, user, "USER", "the user"),
	OPT_END,
};

static void cut_line(struct str *s)
{
	while (s->len && (s->s[s->len - 1] == '\n' || s->s[s->len - 1] == '\r'))
		s->s[--s->len] = '\0';
}

/* A line of the terminal, shown or not. */
static int ask(const char *question, bool shown, struct str *answer, struct error *err)
{
	auto_close int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios before, hidden;
	char c;

	if (tty < 0)
		return error_set(err, ERR_USAGE,
				 "without a terminal, name the user with --username "
				 "and give the password with --password-stdin");
	if (tcgetattr(tty, &before) < 0)
		return error_sys(err, "ask the terminal");
	hidden = before;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	if (fd_write_all(tty, question, strlen(question), err) < 0)
		return -1;
	/* keys typed ahead are not for a password; a Ctrl-C leaves ISIG to end us with it as it was */
	if (!shown)
		tcsetattr(tty, TCSAFLUSH, &hidden);
	while (answer->len < SECRET_MAX && read(tty, &c, 1) == 1 && c != '\n')
		str_addc(answer, c);
	if (!shown) {
		tcsetattr(tty, TCSAFLUSH, &before);
		return fd_write_all(tty, "\n", 1, err);
	}
	return 0;
}

static int find_password(const struct login_args *args, struct str *password, struct error *err)
{
	if (args->password && args->password_stdin)
		return error_set(err, ERR_USAGE,
				 "--password and --password-stdin exclude each other");
	if (args->password) {
		report_note(
			"hod: warning: a password on the command line can be seen by other users: "
			"use --password-stdin");
		str_add(password, args->password);
		return 0;
	}
	if (args->password_stdin) {
		if (!args->user)
			return error_set(err, ERR_USAGE, "--password-stdin needs --username");
		if (fd_read_all(STDIN_FILENO, password, SECRET_MAX, err) < 0)
			return error_add(err, "password");
	} else if (ask("Password: ", false, password, err) < 0) {
		return -1;
	}
	cut_line(password);
	if (!password->len)
		return error_set(err, ERR_USAGE, "the password is empty");
	return 0;
}

static int get_login(const char *host, const struct registry_options *o, struct error *err)
{
	auto_free char *user = NULL;
	int r = registry_user(host, o, &user, err);

	if (r == 0)
		return error_set(err, ERR_NOTFOUND, "not logged in to %s", host);
	return r < 0 ? -1 : output_line(err, "%s", user);
}

static int do_login(const struct login_args *args, const char *host,
		    const struct registry_options *o, struct error *err)
{
	struct str user = { 0 }, password = { 0 };
	struct settings settings;
	auto_free char *where = NULL;
	int r = 0;

	if (args->user)
		str_add(&user, args->user);
	else if (!args->password_stdin)
		r = ask("Username: ", true, &user, err);
	if (r == 0)
		r = find_password(args, &password, err);
	if (r == 0 && settings_load(&settings, err) == 0) {
		r = registry_login(host, str_get(&user), str_get(&password), o, &settings, &where,
				   err);
		settings_done(&settings);
	} else {
		r = -1;
	}
	if (password.s)
		explicit_bzero(password.s, password.cap);
	str_done(&password);
	str_done(&user);
	if (r < 0)
		return error_add(err, "login to %s", host);
	report_note("The login is kept in %s", where);
	return output_line(err, "Login Succeeded");
}

static int login_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct login_args *args = arg;
	auto_free char *host = registry_host_typed(operands->n ? operands->v[0] : NULL);
	struct registry_options o;

	registry_args_options(&args->registry, &o);
	return args->get_login ? get_login(host, &o, err) : do_login(args, host, &o, err);
}

const struct command cmd_login = {
	.name = "login",
	.operands = "[REGISTRY]",
	.summary = "log in to a registry",
	.description =
		"Without REGISTRY, to docker.io. The login is tried, then kept where docker and "
		"podman find it too.",
	.opts = login_opts,
	.more_opts = registry_opts,
	.args_size = sizeof(struct login_args),
	.max = 1,
	.run = login_run,
	.failure = 1,
};

/* ---- logout ---- */

struct logout_args {
	char *authfile;
	bool all;
};
static const struct opt logout_opts[] = {
	OPT_FLAG('a', "all", logout_args, all, "forget every login in the files"),
	OPT_STRING(0, "authfile", logout_args, authfile, "FILE",
		   "where logins are stored, instead of the usual places"),
	OPT_END,
};

static int logout_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct logout_args *args = arg;
	auto_free char *host = registry_host_typed(operands->n ? operands->v[0] : NULL);
	struct registry_options o;

	registry_options_init(&o);
	o.authfile = args->authfile;
	if (args->all)
		return registry_logout_all(&o, err);
	if (registry_logout(host, &o, err) < 0)
		return -1;
	return output_line(err, "Removing login credentials for %s", host);
}

const struct command cmd_logout = {
	.name = "logout",
	.operands = "[REGISTRY]",
	.summary = "forget the login to a registry",
	.opts = logout_opts,
	.args_size = sizeof(struct logout_args),
	.max = 1,
	.run = logout_run,
	.failure = 1,
};
