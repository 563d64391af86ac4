/*
 * change.c - one Dockerfile instruction applied to a configuration: --change of import and commit.
 *
 * It is carried out by the very functions that a build uses, in a stage without files.
 */
#include "build/change.h"

#include "builder.h"
#include "util/path.h"

static const char *const allowed[] = { "CMD",	      "ENTRYPOINT", "ENV",     "EXPOSE",
				       "HEALTHCHECK", "LABEL",	    "ONBUILD", "SHELL",
				       "STOPSIGNAL",  "USER",	    "VOLUME",  "WORKDIR" };

static bool is_allowed(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		if (strcmp(allowed[i], name) == 0)
			return true;
	return false;
}

/* Without files there is no directory to make. */
static int workdir(struct stage_state *s, const struct instruction *in)
{
	char **dir = &s->config.config.working_dir;
	char *path = path_join(str_empty(*dir) ? "/" : *dir, in->args.v[0]);

	free(*dir);
	*dir = path;
	return 0;
}

static int apply(const struct instruction *in, struct image_config *config, struct error *err)
{
	struct builder b = { .epoch = -1, .escape = '\\', .step_lock = -1 };
	struct stage_state s = { .config = *config, .view = -1 };
	size_t n = config->history.n;
	int r;

	if (strcmp(in->def->name, "WORKDIR") == 0)
		r = workdir(&s, in);
	else
		r = stage_perform(&b, &s, in, err);
	*config = s.config;
	while (config->history.n > n) { /* import and commit write their own */
		struct history *h = &config->history.v[--config->history.n];

		free(h->created);
		free(h->created_by);
	}
	return r;
}

int build_change(const char *text, struct image_config *config, struct error *err)
{
	auto_free char *file = xasprintf("FROM scratch\n%s\n", text);
	struct dockerfile df = { 0 };
	int r = 0;

	if (dockerfile_parse("--change", file, strlen(file), &df, err) < 0)
		return -1;
	if (df.list.n != 2)
		r = error_set(err, ERR_INVALID, "--change '%s': expected one instruction", text);
	else if (!is_allowed(df.list.v[1].def->name))
		r = error_set(err, ERR_INVALID, "--change: %s is not possible here",
			      df.list.v[1].def->name);
	else if (apply(&df.list.v[1], config, err) < 0)
		r = error_add(err, "--change '%s'", text);
	dockerfile_done(&df);
	return r;
}
