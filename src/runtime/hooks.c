/*
 * hooks.c - hooks: the state they are told, their processes, their time limits.
 *
 * Theory of operation: the state lies in a memfd, which is each hook's standard input and cannot
 * block us. What a hook prints comes out of our stderr, for our stdout is the answer of a command.
 * A hook is a child in our memory until its exec (clone.h), and is waited for by its pidfd.
 * startContainer hooks come from the image: they get the identity, capabilities and filter of the
 * container's process, never ours.
 */
#include "hooks.h"

#include "clone.h"
#include "create.h"
#include "process.h"
#include "runtime/features.h"
#include "util/compat.h"
#include "util/fd.h"
#include "util/log.h"

#include <errno.h>
#include <limits.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

static const struct hook_rule {
	const char *status;
	size_t offset;	 /* of the list in struct spec_hooks */
	bool keep_going; /* a failure is a warning */
} rules[] = {
	[HOOK_PRESTART] = { "creating", offsetof(struct spec_hooks, prestart), false },
	[HOOK_CREATE_RUNTIME] = { "creating", offsetof(struct spec_hooks, create_runtime), false },
	[HOOK_CREATE_CONTAINER] = { "creating", offsetof(struct spec_hooks, create_container), false },
	[HOOK_START_CONTAINER] = { "created", offsetof(struct spec_hooks, start_container), false },
	[HOOK_POSTSTART] = { "running", offsetof(struct spec_hooks, poststart), true },
	[HOOK_POSTSTOP] = { "stopped", offsetof(struct spec_hooks, poststop), true },
};
const char *const features_hooks[] = {
	[HOOK_PRESTART] = "prestart",
	[HOOK_CREATE_RUNTIME] = "createRuntime",
	[HOOK_CREATE_CONTAINER] = "createContainer",
	[HOOK_START_CONTAINER] = "startContainer",
	[HOOK_POSTSTART] = "poststart",
	[HOOK_POSTSTOP] = "poststop",
	NULL,
};

static const spec_hooks_list *list_of(const struct spec *s, enum hook_kind kind)
{
	static const spec_hooks_list none;

	if (!s->hooks)
		return &none;
	return (const void *)((const char *)s->hooks + rules[kind].offset);
}

bool hooks_present(const struct spec *s, enum hook_kind kind)
{
	return list_of(s, kind)->n > 0;
}

bool hooks_need_talk(const struct spec *s)
{
	return hooks_present(s, HOOK_PRESTART) || hooks_present(s, HOOK_CREATE_RUNTIME) ||
	       hooks_present(s, HOOK_CREATE_CONTAINER) || hooks_present(s, HOOK_START_CONTAINER);
}

/* ---- state ---- */

void hook_state_head(const struct hook_state *st, const char *status, struct str *out)
{
	str_add(out, "{\"ociVersion\":\"" SPEC_VERSION "\",\"id\":");
	str_add_json(out, st->id ? st->id : "");
	str_addf(out, ",\"status\":\"%s\",\"pid\":", status);
}

void hook_state_tail(const struct hook_state *st, struct str *out)
{
	str_add(out, ",\"bundle\":");
	str_add_json(out, st->bundle ? st->bundle : "");
	str_add(out, ",\"annotations\":{");
	for (size_t i = 0; st->annotations && i < st->annotations->n; i++) {
		str_add(out, i ? "," : "");
		str_add_json(out, st->annotations->v[i].key);
		str_addc(out, ':');
		str_add_json(out, st->annotations->v[i].value);
	}
	str_add(out, "}}");
}

static int state_file(const struct hook_state *st, const char *status, struct error *err)
{
	auto_done(str) struct str text = { 0 };
	auto_close int fd = sys_memfd("state", MFD_CLOEXEC);

	if (fd < 0)
		return error_sys(err, "memfd_create");
	hook_state_head(st, status, &text);
	str_addf(&text, "%d", (int)st->pid);
	hook_state_tail(st, &text);
	if (fd_write_all(fd, text.s, text.len, err) < 0)
		return -1;
	return take_fd(&fd);
}

/* ---- one hook ---- */

struct hook_call {
	const struct spec_hook *hook;
	const struct plan_process *as; /* NULL: as we are */
	char *const *argv, *const *envp;
	int state;
	struct error *err;
	bool failed; /* before or at its exec: err says why */
};

static int hook_become(struct hook_call *c)
{
	sigset_t none;

	sigemptyset(&none);
	if (dup2(c->state, 0) < 0 || dup2(2, 1) < 0)
		return error_sys(c->err, "streams");
	if (sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return error_sys(c->err, "close_range");
	if (c->as && process_privileges(c->as, c->err) < 0)
		return -1;
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(c->hook->path, c->argv, c->envp);
	return error_sys(c->err, "execute");
}

static int hook_child(void *arg)
{
	struct hook_call *c = arg;

	c->failed = hook_become(c) < 0;
	return 127;
}

/* 1 it has ended, 0 it did not within the time, -1. */
static int hook_wait(int pidfd, int64_t timeout, struct error *err)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };
	int64_t ms = timeout == UNSET ? -1 : timeout > INT_MAX / 1000 ? INT_MAX : timeout * 1000;
	int r;

	do
		r = poll(&end, 1, (int)ms);
	while (r < 0 && errno == EINTR);
	return r < 0 ? error_sys(err, "poll") : r;
}

static int hook_result(const struct spec_hook *hook, int ended, int status, struct error *err)
{
	if (ended == 0)
		return error_set(err, ERR_FAILED, "not done within %lld seconds",
				 (long long)hook->timeout);
	if (WIFSIGNALED(status))
		return error_set(err, ERR_FAILED, "killed by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status))
		return error_set(err, ERR_FAILED, "exit status %d", WEXITSTATUS(status));
	return 0;
}

static int hook_one(const struct spec_hook *hook, const struct plan_process *as, int state,
		    struct error *err)
{
	static char *const no_environment[] = { NULL };
	char *only_path[] = { hook->path, NULL };
	auto_close int pidfd = -1;
	struct hook_call call = {
		.hook = hook,
		.as = as,
		.argv = hook->args.n ? hook->args.v : only_path,
		.envp = hook->env.n ? hook->env.v : no_environment,
		.state = state,
		.err = err,
	};
	struct clone_request r = { .cgroup = -1, .pidfd = &pidfd, .run = hook_child, .arg = &call };
	int ended, status = 0;
	pid_t pid;

	if (lseek(state, 0, SEEK_SET) < 0)
		return error_sys(err, "state");
	pid = clone_shared(&r);
	if (pid < 0)
		return error_sys(err, "make a process");
	ended = call.failed ? 1 : hook_wait(pidfd, hook->timeout, err);
	if (ended <= 0)
		sys_pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	while (waitpid(pid, &status, __WALL) < 0 && errno == EINTR)
		;
	return call.failed || ended < 0 ? -1 : hook_result(hook, ended, status, err);
}

static int run(const struct spec *s, enum hook_kind kind, const struct plan_process *as,
	       const struct hook_state *st, struct error *err)
{
	const spec_hooks_list *list = list_of(s, kind);
	auto_close int state = -1;
	char text[ERROR_LINE_MAX];

	if (!list->n)
		return 0;
	state = state_file(st, rules[kind].status, err);
	if (state < 0)
		return -1;
	vec_each (list, h) {
		if (hook_one(h, as, state, err) == 0)
			continue;
		error_add(err, "hooks.%s[%zu]: %s", features_hooks[kind], (size_t)(h - list->v),
			  h->path);
		if (!rules[kind].keep_going)
			return -1;
		log_warn("%s", error_text(err, text, sizeof(text)));
		error_clear(err);
	}
	return 0;
}

int hooks_run(const struct spec *s, enum hook_kind kind, const struct hook_state *st,
	      struct error *err)
{
	return run(s, kind, NULL, st, err);
}

int hooks_run_as(const struct spec *s, const struct plan_process *p, const struct hook_state *st,
		 struct error *err)
{
	return run(s, HOOK_START_CONTAINER, p, st, err);
}
