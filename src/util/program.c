/*
 * program.c - another program run to its end.
 *
 * Never  through a shell; never with a descriptor of ours: all are close-on-exec.
 */
#include "util/program.h"

#include "util/fd.h"

#include <errno.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

static void add_env(struct strv *all, const struct strv *more)
{
	for (char **e = environ; *e; e++)
		strv_add(all, *e);
	strv_each (more, i) {
		const char *eq = strchr(more->v[i], '=');
		auto_free char *name = xstrndup(more->v[i], (size_t)(eq - more->v[i]));

		strv_env_set(all, name, eq + 1);
	}
}

/* in: a descriptor, or -1 for nothing to read */
static int start(const struct strv *argv, const struct strv *env, const char *cwd, int in, int out,
		 int err_fd, pid_t *pid, struct error *err)
{
	auto_done(strv) struct strv all = { 0 };
	posix_spawn_file_actions_t actions;
	int r;

	add_env(&all, env);
	posix_spawn_file_actions_init(&actions);
	if (in >= 0)
		posix_spawn_file_actions_adddup2(&actions, in, 0);
	else
		posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	posix_spawn_file_actions_adddup2(&actions, err_fd, 2);
	if (cwd)
		posix_spawn_file_actions_addchdir_np(&actions, cwd);
	r = posix_spawnp(pid, argv->v[0], &actions, NULL, argv->v, all.v);
	posix_spawn_file_actions_destroy(&actions);
	if (r == 0)
		return 0;
	errno = r;
	if (r != ENOENT)
		return error_sys(err, "run %s", argv->v[0]);
	error_set(err, ERR_UNSUPPORTED, "the program '%s' is not installed", argv->v[0]);
	return error_hint(err, "install the package that has %s", argv->v[0]);
}

/* More than is kept is read and dropped: a full pipe would stop the program. */
static int collect(int fds[2], struct str *texts[2], struct error *err)
{
	struct pollfd p[2] = { { fds[0], POLLIN, 0 }, { fds[1], POLLIN, 0 } };
	char buf[8192];

	while (p[0].fd >= 0 || p[1].fd >= 0) {
		if (poll(p, 2, -1) < 0)
			return errno == EINTR ? error_set(err, ERR_INTERRUPTED, "interrupted")
					      : error_sys(err, "wait for output");
		for (int i = 0; i < 2; i++) {
			ssize_t n;

			if (!p[i].revents)
				continue;
			n = read(p[i].fd, buf, sizeof(buf));
			if (n <= 0)
				p[i].fd = -1;
			else if (texts[i]->len + (size_t)n <= PROGRAM_OUTPUT_MAX)
				str_addn(texts[i], buf, (size_t)n);
		}
	}
	return 0;
}

/* The last line that says something. */
static char *last_line(struct str *text)
{
	char *line;

	while (text->len && (text->s[text->len - 1] == '\n' || text->s[text->len - 1] == '\r'))
		text->s[--text->len] = '\0';
	if (!text->len)
		return NULL;
	line = strrchr(text->s, '\n');
	return line ? line + 1 : text->s;
}

static int finish(const char *name, pid_t pid, struct str *said, struct error *err)
{
	const char *line = last_line(said);
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_sys(err, "wait for %s", name);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		return error_set(err, ERR_FAILED, "%s was killed by signal %d", name,
				 WTERMSIG(status));
	return error_set(err, ERR_FAILED, "%s: %.500s", name, line ? line : "it failed");
}

static int run(const struct strv *argv, const struct strv *env, const char *cwd, int in,
	       struct str *out, struct error *err)
{
	auto_done(str) struct str said = { 0 }, dropped = { 0 };
	struct str *texts[2] = { out ? out : &dropped, &said };
	int o[2], e[2], fds[2], r;
	struct error killed = { 0 }; /* we did that */
	pid_t pid;

	if (fd_pipe(o, err) < 0)
		return -1;
	if (fd_pipe(e, err) < 0) {
		auto_close_fd(&o[0]);
		auto_close_fd(&o[1]);
		return -1;
	}
	r = start(argv, env, cwd, in, o[1], e[1], &pid, err);
	auto_close_fd(&o[1]);
	auto_close_fd(&e[1]);
	if (r == 0) {
		fds[0] = o[0];
		fds[1] = e[0];
		r = collect(fds, texts, err);
		if (r < 0)
			kill(pid, SIGTERM);
		if (finish(argv->v[0], pid, &said, r < 0 ? &killed : err) < 0)
			r = -1;
	}
	auto_close_fd(&o[0]);
	auto_close_fd(&e[0]);
	return r;
}

int program_run(const struct strv *argv, const struct strv *env, const char *cwd, struct str *out,
		struct error *err)
{
	return run(argv, env, cwd, -1, out, err);
}

int program_feed(const struct strv *argv, const void *input, size_t n, struct str *out,
		 struct error *err)
{
	static const struct strv none = { 0 };
	auto_close int in = -1;
	int fds[2], r = -1;

	if (n > PROGRAM_INPUT_MAX)
		return error_set(err, ERR_LIMIT, "%s: more than %d bytes of input", argv->v[0],
				 PROGRAM_INPUT_MAX);
	if (fd_pipe(fds, err) < 0)
		return -1;
	in = fds[0];
	r = fd_write_all(fds[1], input, n, err); /* it fits the pipe: nobody needs to read yet */
	auto_close_fd(&fds[1]);
	return r < 0 ? -1 : run(argv, &none, NULL, in, out, err);
}
