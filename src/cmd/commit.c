/*
 * commit.c - `hod commit`: a container's changes become an image.
 */
#include "commands.h"

#include "build/commit.h"
#include "operands.h"
#include "output.h"
#include "util/fd.h"
#include "store/event.h"

struct commit_args {
	struct strv changes;
	char *author, *message, *iidfile, *format;
	int pause;
	bool quiet;
};
static const struct opt opts[] = {
	OPT_STRING('a', "author", commit_args, author, "NAME", "who made it"),
	OPT_LIST('c', "change", commit_args, changes, "INSTRUCTION",
		 "apply a Dockerfile instruction: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, USER, ..."),
	OPT_ENUM('f', "format", commit_args, format, "oci|docker", "the media types (default oci)"),
	OPT_STRING(0, "iidfile", commit_args, iidfile, "FILE", "write the ID of the image here"),
	OPT_STRING('m', "message", commit_args, message, "TEXT", "the comment in the history"),
	OPT_TRI('p', "pause", commit_args, pause,
		"pause the container while its files are read (default true)"),
	OPT_FLAG('q', "quiet", commit_args, quiet, "say nothing but the ID"),
	OPT_END,
};

static void tell(void *arg, const struct progress_report *r)
{
	if (r->event == PROGRESS_NOTE && r->text)
		report_note("%s", r->text);
}

static int parse_name(const char *text, char **name, struct error *err)
{
	auto_done(reference) struct reference ref = { 0 };

	if (reference_parse(text, &ref, err) < 0)
		return -1;
	if (ref.transport != TRANSPORT_NONE || digest_is_set(&ref.digest))
		return error_set(err, ERR_INVALID, "'%s' cannot be the name of an image", text);
	*name = reference_name(&ref);
	return 0;
}

static int set_epoch(struct commit_request *q, struct error *err)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");

	q->epoch = -1;
	if (!str_empty(text) && (!str_i64(text, &q->epoch) || q->epoch < 0))
		return error_set(err, ERR_INVALID,
				 "SOURCE_DATE_EPOCH '%s': must be seconds since 1970", text);
	return 0;
}

static int commit_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	struct commit_args *args = arg;
	struct commit_request q = { .author = args->author,
				    .message = args->message,
				    .changes = args->changes,
				    .pause = args->pause != 0,
				    .docker_format = str_eq(args->format, "docker") };
	auto_done(container) struct container c;
	auto_free char *name = NULL;
	char text[DIGEST_TEXT_MAX];
	struct digest id;

	container_init(&c);
	if (operands->n > 1 && parse_name(operands->v[1], &name, err) < 0)
		return -1;
	q.name = name;
	if (!args->quiet)
		app->engine.progress = (struct progress){ tell, NULL };
	if (set_epoch(&q, err) < 0 || need_container(app, operands->v[0], &c, err) < 0)
		return -1;
	if (container_commit(&app->engine, &c, &q, &id, err) < 0)
		return error_add(err, "cannot commit '%s'", operands->v[0]);
	digest_format(&id, text);
	event_container(&app->store, &c, "commit", "comment", args->message, "imageID", text,
			EVENT_END);
	if (args->iidfile &&
	    file_write(AT_FDCWD, args->iidfile, text, strlen(text), 0644, false, err) < 0)
		return error_add(err, "--iidfile");
	return output_line(err, "%s", text);
}

const struct command cmd_commit = {
	.name = "commit",
	.operands = "CONTAINER [NAME[:TAG]]",
	.summary = "make an image of a container's changes",
	.description = "Volumes and other mounts are not part of it.",
	.opts = opts,
	.args_size = sizeof(struct commit_args),
	.needs = NEED_STORE | NEED_NAMESPACE | NEED_ENGINE,
	.min = 1,
	.max = 2,
	.run = commit_run,
	.failure = 1,
};
