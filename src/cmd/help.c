/*
 * help.c - `hod help`, and what --help prints for each command.
 */
#include "commands.h"

#include "output.h"

static const struct opt none[] = { OPT_END };

static bool has_options(const struct opt *o)
{
	for (; o && o->name; o++)
		if (!(o->flags & OPT_HIDDEN))
			return true;
	return false;
}

/* The other ways to say it: "Aliases: hod container ls, ..." */
static void add_aliases(const struct command *c, const char *called_as, struct str *out)
{
	const char *sep = "\nAlso:  ";

	for (const struct command_alias *a = command_aliases; a->words; a++) {
		if (a->command != c)
			continue;
		str_addf(out, "%s%s %s", sep, called_as, a->words);
		sep = ", ";
	}
	if (*sep == ',')
		str_addc(out, '\n');
}

void command_help(const struct command *c, const char *called_as, struct str *out)
{
	const struct opt *const tables[] = { c->opts ? c->opts : none,
					     c->more_opts ? c->more_opts : none, NULL };

	str_addf(out, "Usage:  %s %s%s%s%s\n\n%s\n", called_as, c->name,
		 has_options(c->opts) || has_options(c->more_opts) ? " [OPTIONS]" : "",
		 c->operands ? " " : "", c->operands ? c->operands : "", c->summary);
	if (c->description)
		str_addf(out, "\n%s\n", c->description);
	add_aliases(c, called_as, out);
	if (has_options(c->opts) || has_options(c->more_opts)) {
		str_add(out, "\nOptions:\n");
		opt_help(tables, out);
	}
}

static void overview(const char *called_as, struct str *out)
{
	str_addf(out,
		 "Usage:  %s [--root DIR] [--debug] COMMAND ...\n\n"
		 "Builds images from Dockerfiles and runs containers, without a daemon.\n\n"
		 "Commands:\n",
		 called_as);
	for (size_t i = 0; commands[i]; i++)
		str_addf(out, "  %-18s %s\n", commands[i]->name, commands[i]->summary);
	str_addf(out,
		 "\nGlobal options:\n"
		 "      --root DIR          where the store is (also HOD_ROOT)\n"
		 "  -D, --debug             say what is being done\n"
		 "  -l, --log-level LEVEL   what is said on stderr: error, warn, info, debug\n"
		 "  -v, --version           print the version\n\n"
		 "'%s COMMAND --help' tells more, and so does 'man hod'.\n",
		 called_as);
}

static int help_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	auto_done(str) struct str out = { 0 };
	const struct command *c;
	int used;

	if (operands->n == 0) {
		overview(app->called_as, &out);
		return output_text(&out, err);
	}
	c = command_find((int)operands->n, operands->v, &used, err);
	if (!c)
		return -1;
	command_help(c, app->called_as, &out);
	return output_text(&out, err);
}

const struct command cmd_help = {
	.name = "help",
	.operands = "[COMMAND]",
	.summary = "tell what the commands are, or about one of them",
	.max = 2,
	.run = help_run,
};
