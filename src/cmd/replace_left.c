/*
 * replace_left.c - the end of `hod replace`, and what one that was killed has left.
 *
 * A new container is known by its record: `replaces` is the ID of the one that it is made for, and
 * `replacing` says that it is well, so that the old one is on its way out. Both are gone when it
 * has its name.
 *
 * Never  touches a container that merely has such a name, or one whose `hod replace` still runs.
 */
#include "replace.h"

#include "commands.h"
#include "operands.h"
#include "util/compat.h"
#include "util/lock.h"
#include "util/msg.h"

#include <sys/wait.h>
#include <unistd.h>

int replace_by_child(struct app *app,
		     int (*work)(struct app *app, const void *arg, struct error *err),
		     const void *arg, struct error *err)
{
	struct peer child = { .sock = -1, .pidfd = -1, .name = "the child that does it" };
	auto_close int ours = -1, theirs = -1, pidfd = -1;
	int socks[2], status;
	struct msg m;
	pid_t pid;

	if (msg_pair(socks, err) < 0)
		return -1;
	ours = socks[0];
	theirs = socks[1];
	pid = fork();
	if (pid < 0)
		return error_sys(err, "fork");
	if (pid == 0) {
		struct error why = { 0 };

		if (work(app, arg, &why) < 0)
			msg_send_error(theirs, &why);
		else
			msg_send(theirs, MSG_READY, NULL, 0, -1, &why);
		_exit(0);
	}
	auto_close_fd(&theirs);
	theirs = -1;
	pidfd = sys_pidfd_open(pid, 0);
	child.sock = ours;
	child.pidfd = pidfd;
	status = msg_expect(&child, MSG_READY, &m, err);
	waitpid(pid, NULL, 0);
	return status;
}

int replace_lock(const struct container *c, const char *name, struct error *err)
{
	int r = lock_dir_try(c->fd, err);

	if (r == 0)
		return error_set(err, ERR_BUSY, "another replace of '%s' runs", name);
	return r < 0 ? -1 : 0;
}

void replace_remove(struct app *app, const char *new_name)
{
	struct error ignored = { 0 }; /* who calls has something else to tell */
	auto_done(container) struct container c;

	container_init(&c);
	if (container_find(&app->store, new_name, &c, &ignored) <= 0 || !c.record.replaces)
		return;
	/* signalled from outside, removed from within */
	if (container_is_alive(&c))
		container_stop(&app->engine, &c, 0, &ignored);
	error_clear(&ignored);
	if (app_prepare(app, NEED_NAMESPACE, &ignored) == 0 &&
	    container_refresh(&app->store, &c, &ignored) == 0)
		container_delete(&app->engine, &c, true, true, &ignored);
}

int replace_finish(struct app *app, struct container *old, const char *new_name, const char *name,
		   struct error *err)
{
	auto_done(container) struct container c, new;
	bool stands = old && container_is_alive(old);

	container_init(&c);
	container_init(&new);
	if (stands && container_stop(&app->engine, old, UNSET, err) < 0)
		return -1;
	if (app_prepare(app, NEED_NAMESPACE, err) < 0)
		return -1;
	if (old && container_find(&app->store, old->id, &c, err) > 0 &&
	    container_delete(&app->engine, &c, false, false, err) < 0 && err->kind != ERR_NOTFOUND)
		return -1;
	error_clear(err);
	if (need_container(app, new_name, &new, err) < 0 ||
	    container_take_name(&app->engine, &new, name, err) < 0)
		return error_add(err, "the new container is '%s'", new_name);
	return 0;
}

/* ---- what was left ---- */

struct left {
	const char *name, *new_name, *replaces;
	bool replacing;
};

/* Of the one it was made for, and of nobody who has come to the name since. */
static int put_right(struct app *app, const void *arg, struct error *err)
{
	const struct left *l = arg;
	auto_done(container) struct container old;
	int found;

	container_init(&old);
	found = container_find(&app->store, l->name, &old, err);
	if (found < 0)
		return -1;
	if (l->replacing && (!found || str_eq(old.id, l->replaces)))
		return replace_finish(app, found ? &old : NULL, l->new_name, l->name, err);
	replace_remove(app, l->new_name);
	return 0;
}

int replace_left(struct app *app, const char *name, const char *new_name, struct error *err)
{
	auto_done(container) struct container c;
	int found;

	container_init(&c);
	found = container_find(&app->store, new_name, &c, err);
	if (found <= 0)
		return found;
	/* by its name, and not because its ID begins so */
	if (!str_eq(c.record.name, new_name))
		return 0;
	if (!c.record.replaces) {
		error_set(err, ERR_EXISTS, "there is a container '%s'", new_name);
		return error_hint(err, "the new one has this name for a moment: hod rename %s ...",
				  new_name);
	}
	if (replace_lock(&c, name, err) < 0)
		return -1;
	return replace_by_child(app, put_right,
				&(struct left){ name, new_name, c.record.replaces,
						c.record.replacing },
				err);
}
