/*
 * change.c - one instruction applied to a configuration, without a build: `import --change`.
 *
 * The instructions' own do_ functions carry it out, in a stage that has no files.
 */
#include "build/change.h"
#include "builder.h"
#include "util/path.h"

static const char *const allowed[] = {
	"CMD",	   "ENTRYPOINT", "ENV",	       "EXPOSE", "HEALTHCHECK", "LABEL",
	"ONBUILD", "SHELL",	 "STOPSIGNAL", "USER",	 "VOLUME",
};

static int set_workdir(struct builder *b, struct stage_state *s, const char *word, struct error *err)
{
	const char *current = s->config.config.working_dir;
	auto_free char *from = path_join("/", str_empty(current) ? "/" : current), *to = NULL;
	char *path;

	if (stage_expand(b, s, word, &to, err) < 0)
		return -1;
	path = path_join(from, to);
	free(s->config.config.working_dir);
	s->config.config.working_dir = path;
	return 0;
}

static int change(struct builder *b, struct stage_state *s, const struct instruction *in,
		  struct error *err)
{
	bool ok = false;

	if (instruction_is(in, "WORKDIR"))
		return set_workdir(b, s, in->args.v[0], err);
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		ok = ok || instruction_is(in, allowed[i]);
	if (!ok)
		return error_set(err, ERR_INVALID, "%s cannot be a change", in->def->name);
	return stage_perform(b, s, in, err);
}

static void drop_history(struct image_config *c, size_t n)
{
	while (c->history.n > n) {
		struct history *h = &c->history.v[--c->history.n];

		free(h->created);
		free(h->created_by);
		free(h->author);
		free(h->comment);
	}
}

int build_change(const char *text, struct image_config *config, struct error *err)
{
	struct engine e = { 0 };
	struct build_result result = { 0 };
	struct lexed lx = { 0 };
	struct stage_state s = { .view = -1, .cmd_set = true };
	struct builder b = { .e = &e, .result = &result, .epoch = -1, .step_lock = -1 };
	size_t n_history = config->history.n;
	struct instruction in;
	int r;

	if (lex_dockerfile("--change", text, strlen(text), &lx, err) < 0) {
		lexed_done(&lx);
		return -1;
	}
	b.escape = lx.escape;
	b.df.name = (char *)(uintptr_t) "--change";
	if (lx.lines.n != 1) {
		r = error_set(err, ERR_INVALID, "one instruction is wanted");
	} else {
		r = instruction_parse(&lx.lines.v[0], &lx, &in, err);
		if (r == 0) {
			s.config = *config;
			r = change(&b, &s, &in, err);
			*config = s.config;
			drop_history(config, n_history);
			instruction_done(&in);
		}
	}
	lexed_done(&lx);
	build_result_done(&result);
	return r < 0 ? error_add(err, "--change '%s'", text) : 0;
}
