/*
 * cp.c - `hod cp`: files between a container and this host, two containers, or a tar.
 *
 * Theory of operation: a container that runs is looked into from the namespaces of our caller, who
 * may see all of them, before we enter the one in which we work; one that does not is mounted
 * behind that. When one of them runs, its user namespace is the one.
 */
#include "commands.h"

#include "engine/cp.h"
#include "operands.h"
#include "output.h"
#include "util/text.h"

#include <unistd.h>

struct cp_args {
	bool archive, follow, quiet;
};
static const struct opt opts[] = {
	OPT_FLAG('a', "archive", cp_args, archive, "keep who owns the files"),
	OPT_FLAG('L', "follow-link", cp_args, follow, "copy what SOURCE leads to when it is a link"),
	OPT_FLAG('q', "quiet", cp_args, quiet, "say nothing on success"),
	OPT_END,
};

static void side_init(struct cp_side *s)
{
	*s = (struct cp_side){ .view = CP_VIEW_HOST };
	container_init(&s->c);
}

static void side_done(struct cp_side *s)
{
	cp_view_done(&s->view);
	container_done(&s->c);
	cp_operand_done(&s->what);
}

static int check_sides(const struct cp_side *from, const struct cp_side *to, struct error *err)
{
	if (!from->what.container && !to->what.container)
		return error_set(err, ERR_USAGE,
				 "neither side is in a container: it is named CONTAINER:PATH");
	if (to->what.stream && output_is_terminal())
		return error_set(err, ERR_USAGE, "a tar is not written to a terminal");
	if (from->what.stream && isatty(STDIN_FILENO))
		return error_set(err, ERR_USAGE, "a tar is not read from a terminal");
	return 0;
}

/* Finds the container, and of one that runs the files. */
static int side_find(struct app *app, struct cp_side *s, struct error *err)
{
	if (!s->what.container)
		return 0;
	if (need_container(app, s->what.container, &s->c, err) < 0)
		return -1;
	return container_is_up(&s->c) ? cp_view_running(&s->c, &s->view, err) : 0;
}

static bool is_stopped(const struct cp_side *s)
{
	return s->what.container && s->view.root < 0;
}

/* Found once more, from within our namespace: its directory is to be mounted. */
static int side_mount(struct app *app, struct cp_side *s, struct error *err)
{
	char id[CONTAINER_ID_MAX];

	if (!is_stopped(s))
		return 0;
	memcpy(id, s->c.id, sizeof(id));
	container_done(&s->c);
	container_init(&s->c);
	if (need_container(app, id, &s->c, err) < 0)
		return -1;
	return cp_view_stopped(&app->engine, &s->c, &s->view, err);
}

static int prepare(struct app *app, struct cp_side *from, struct cp_side *to, struct error *err)
{
	const struct cp_side *runs = to->view.root >= 0 ? to : from->view.root >= 0 ? from : NULL;

	if (runs && app_join(app, &runs->c, err) < 0)
		return -1;
	if (!is_stopped(from) && !is_stopped(to))
		return 0;
	if (app_prepare(app, NEED_NAMESPACE | NEED_MOUNTS | NEED_ENGINE, err) < 0 ||
	    side_mount(app, from, err) < 0)
		return -1;
	/* both sides in one container, which has one lock and is mounted once */
	if (is_stopped(to) && from->what.container && strcmp(from->c.id, to->c.id) == 0)
		return cp_view_again(&from->view, &to->view, err);
	return side_mount(app, to, err);
}

static int copy(struct app *app, const struct cp_args *args, struct cp_side *from,
		struct cp_side *to, int64_t *bytes, struct error *err)
{
	const struct cp_options o = { .archive = args->archive, .follow = args->follow };

	if (side_find(app, from, err) < 0 || side_find(app, to, err) < 0 ||
	    prepare(app, from, to, err) < 0)
		return -1;
	return cp_perform(&app->store, from, to, &o, bytes, err);
}

static int cp_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	const struct cp_args *args = arg;
	const char *source = operands->v[0], *destination = operands->v[1];
	struct cp_side from, to;
	char size[32];
	int64_t bytes = 0;
	int status = -1;

	side_init(&from);
	side_init(&to);
	if (cp_operand_parse(source, &from.what, err) == 0 &&
	    cp_operand_parse(destination, &to.what, err) == 0 && check_sides(&from, &to, err) == 0) {
		status = copy(app, args, &from, &to, &bytes, err);
		if (status < 0)
			error_add(err, "cannot copy '%s' to '%s'", source, destination);
	}
	if (status == 0 && !args->quiet && isatty(STDERR_FILENO))
		report_note("copied %s to %s", text_size(bytes, size, sizeof(size)), destination);
	side_done(&from);
	side_done(&to);
	return status;
}

const struct command cmd_cp = {
	.name = "cp",
	.operands = "[CONTAINER:]SOURCE|- [CONTAINER:]DESTINATION|-",
	.summary = "copy files between containers and this host",
	.description = "At least one side is in a container, which may run or not. '-' is a tar on "
		       "stdin or stdout. Of a directory DIR/. only what is in it is copied.",
	.opts = opts,
	.args_size = sizeof(struct cp_args),
	.needs = NEED_STORE_READ,
	.min = 2,
	.max = 2,
	.run = cp_run,
	.failure = 1,
};
