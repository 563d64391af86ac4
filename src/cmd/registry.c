/*
 * registry.c - `hod registry serve`: a read-only registry over the store.
 */
#include "commands.h"

#include "image/serve.h"
#include "output.h"

struct serve_args {
	char *listen;
	bool quiet;
};
static const struct opt opts[] = {
	OPT_STRING(0, "listen", serve_args, listen, "[HOST:]PORT",
		   "where (default 127.0.0.1:5000); :PORT is for everybody"),
	OPT_FLAG('q', "quiet", serve_args, quiet, "do not tell of each request"),
	OPT_END,
};

static int on_ready(void *arg, const char *address, struct error *err)
{
	(void)arg;
	return output_line(err, "Listening on %s", address);
}

static void on_answer(void *arg, const char *method, const char *path, unsigned status)
{
	const struct serve_args *args = arg;

	if (!args->quiet)
		report_note("%s %s %u", method, path, status);
}

static int serve_run(struct app *app, void *arg, struct strv *operands, struct error *err)
{
	struct serve_args *args = arg;
	const char *dir = operands->n ? operands->v[0] : NULL;
	struct serve_options o = { .listen = args->listen ? args->listen : "127.0.0.1:5000",
				   .dir = str_eq(dir, "store") ? NULL : dir,
				   .ready = on_ready,
				   .answered = on_answer,
				   .arg = args };

	return registry_serve(&app->store, &o, err);
}

const struct command cmd_registry_serve = {
	.name = "registry serve",
	.operands = "[DIR|store]",
	.summary = "let others pull from the store, or from an OCI layout",
	.opts = opts,
	.args_size = sizeof(struct serve_args),
	.needs = NEED_STORE_READ | NEED_NAMESPACE,
	.max = 1,
	.run = serve_run,
	.failure = 1,
};
