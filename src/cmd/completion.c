/*
 * completion.c - `hod completion bash|zsh|fish`: scripts for shells, made from the command table.
 *
 * Owns   what can be completed: commands, options, values of options by their class, and names of
 *        containers, images and volumes, which the scripts ask hod for.
 */
#include "commands.h"

#include "output.h"

/* Names that stand for operands, by the word that the command's synopsis uses for them. */
static const struct {
	const char *operand, *ask;
	bool files; /* of this host, too */
} names[] = {
	{ "CONTAINER", "ps -a --format {{.Names}}", false },
	{ "[CONTAINER:]", "ps -a --format {{.Names}}:", true },
	{ "IMAGE", "images --format {{.Repository}}:{{.Tag}}", false },
	{ "NETWORK", "network ls --format '{{.Name}}'", false },
	{ "VOLUME", "volume ls -q", false },
	{ "NAME...", "ps -a --format {{.Names}}", false },
};

static size_t names_row(const struct command *c)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(names) && !(c->operands && str_starts(c->operands, names[i].operand)))
		i++;
	return i;
}

static const char *asks(const struct command *c)
{
	size_t i = names_row(c);

	return i < ARRAY_SIZE(names) ? names[i].ask : NULL;
}

static bool takes_files(const struct command *c)
{
	size_t i = names_row(c);

	return i < ARRAY_SIZE(names) && names[i].files;
}

typedef void row_fn(const char *words, const struct opt *o, struct str *out);

static void each_option(const char *words, const struct command *c, row_fn *fn, struct str *out)
{
	const struct opt *const tables[] = { c->opts, c->more_opts };

	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		for (const struct opt *o = tables[t]; o && o->name; o++)
			if (!(o->flags & OPT_HIDDEN))
				fn(words, o, out);
}

/* Every way to say a command; fn is called with the words and the command. */
static void each_words(void (*fn)(const char *words, const struct command *c, struct str *out),
		       struct str *out)
{
	for (size_t i = 0; commands[i]; i++)
		fn(commands[i]->name, commands[i], out);
	for (const struct command_alias *a = command_aliases; a->words; a++)
		fn(a->words, a->command, out);
}

/* ---- the words of commands ---- */
static void add_once(struct strv *list, const char *s, size_t n)
{
	auto_free char *word = xstrndup(s, n);

	if (!strv_has(list, word))
		strv_add(list, word);
}

static void first_words(struct strv *list)
{
	for (size_t i = 0; commands[i]; i++)
		add_once(list, commands[i]->name, strcspn(commands[i]->name, " "));
	for (const struct command_alias *a = command_aliases; a->words; a++)
		add_once(list, a->words, strcspn(a->words, " "));
}

static void second_word(struct strv *list, const char *noun, const char *words)
{
	size_t n = strlen(noun);

	if (str_starts(words, noun) && words[n] == ' ')
		add_once(list, words + n + 1, strlen(words + n + 1));
}

static void second_words(struct strv *list, const char *noun)
{
	for (size_t i = 0; commands[i]; i++)
		second_word(list, noun, commands[i]->name);
	for (const struct command_alias *a = command_aliases; a->words; a++)
		second_word(list, noun, a->words);
}

/* Words that are no command but have some below them. */
static void each_noun(void (*fn)(const char *noun, struct str *out), struct str *out)
{
	auto_done(strv) struct strv first = { 0 };

	first_words(&first);
	strv_each (&first, i) {
		bool command = false;

		for (size_t c = 0; commands[c]; c++)
			command |= str_eq(commands[c]->name, first.v[i]);
		for (const struct command_alias *a = command_aliases; a->words; a++)
			command |= str_eq(a->words, first.v[i]);
		if (!command)
			fn(first.v[i], out);
	}
}

/* For each word with some below it: a branch of a case that sets "second" to them. */
static void each_second_words(const char *indent, const char *open, const char *close, struct str *out)
{
	auto_done(strv) struct strv first = { 0 };

	first_words(&first);
	strv_each (&first, i) {
		auto_done(strv) struct strv second = { 0 };
		auto_free char *joined = NULL;

		second_words(&second, first.v[i]);
		if (second.n == 0)
			continue;
		joined = strv_join(&second, " ");
		str_addf(out, "%s%s) second=%s%s%s ;;\n", indent, first.v[i], open, joined, close);
	}
}

/* ---- bash ---- */

static void bash_option(const char *words, const struct opt *o, struct str *out)
{
	str_addf(out, " --%s", o->name);
	if (o->letter)
		str_addf(out, " -%c", o->letter);
}

static void bash_command(const char *words, const struct command *c, struct str *out)
{
	str_addf(out, "\t\t\"%s\") opts=\"--help", words);
	each_option(words, c, bash_option, out);
	str_add(out, "\"");
	if (asks(c))
		str_addf(out, "; ask=\"%s\"%s", asks(c), takes_files(c) ? " files=1" : "");
	str_add(out, " ;;\n");
}

static void make_bash(struct str *out)
{
	auto_done(strv) struct strv first = { 0 };
	auto_free char *joined = NULL;

	first_words(&first);
	joined = strv_join(&first, " ");
	str_add(out, "# bash completion for hod\n"
		     "_hod() {\n"
		     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} opts= ask= files= second= words= i w\n"
		     "\tlocal -a said=()\n"
		     "\tCOMPREPLY=()\n"
		     "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
		     "\t\tw=${COMP_WORDS[i]}\n"
		     "\t\tcase $w in\n"
		     "\t\t--root | -l | --log-level) ((i++)) ;;\n"
		     "\t\t-*) ;;\n"
		     "\t\t*) said+=(\"$w\") ;;\n"
		     "\t\tesac\n"
		     "\tdone\n"
		     "\tif ((${#said[@]} == 0)); then\n");
	str_addf(out,
		 "\t\tCOMPREPLY=($(compgen -W \"%s --root --debug --log-level --version "
		 "--help\" -- \"$cur\"))\n",
		 joined);
	str_add(out, "\t\treturn\n"
		     "\tfi\n"
		     "\tcase ${said[0]} in\n");
	each_second_words("\t\t", "\"", "\"", out);
	str_add(out, "\tesac\n"
		     "\tif [[ -n $second ]]; then\n"
		     "\t\tif ((${#said[@]} == 1)); then\n"
		     "\t\t\tCOMPREPLY=($(compgen -W \"$second\" -- \"$cur\"))\n"
		     "\t\t\treturn\n"
		     "\t\tfi\n"
		     "\t\twords=\"${said[0]} ${said[1]}\"\n"
		     "\telse\n"
		     "\t\twords=${said[0]}\n"
		     "\tfi\n"
		     "\tcase $words in\n");
	each_words(bash_command, out);
	str_add(out, "\tesac\n"
		     "\tif [[ $cur == -* ]]; then\n"
		     "\t\tCOMPREPLY=($(compgen -W \"$opts\" -- \"$cur\"))\n"
		     "\telif [[ -n $ask ]]; then\n"
		     "\t\tCOMPREPLY=($(compgen -W \"$(\"${COMP_WORDS[0]}\" $ask 2>/dev/null)\" "
		     "-- \"$cur\"))\n"
		     "\t\tif [[ -n $files ]]; then\n"
		     "\t\t\tcompopt -o filenames -o nospace\n"
		     "\t\t\twhile IFS= read -r w; do\n"
		     "\t\t\t\tCOMPREPLY+=(\"$w\")\n"
		     "\t\t\tdone < <(compgen -f -- \"$cur\")\n"
		     "\t\tfi\n"
		     "\telse\n"
		     "\t\tcompopt -o default\n"
		     "\tfi\n"
		     "}\n"
		     "complete -F _hod hod\n");
}

/* ---- zsh ---- */

/* Text in single quotes inside of an _arguments specification. */
static void zsh_text(const char *text, struct str *out)
{
	for (; *text; text++) {
		if (strchr("[]:\\", *text))
			str_addc(out, '\\');
		if (*text == '\'')
			str_add(out, "'\\'");
		str_addc(out, *text);
	}
}

static void zsh_option(const char *words, const struct opt *o, struct str *out)
{
	bool value = o->type->name && !(o->flags & OPT_OPTIONAL);

	if (o->letter) {
		str_addf(out, " '*-%c[", o->letter);
		zsh_text(o->help, out);
		str_add(out, value ? "]:value:_files'" : "]'");
	}
	str_addf(out, " '*--%s%s[", o->name, value ? "=" : "");
	zsh_text(o->help, out);
	str_add(out, value ? "]:value:_files'" : "]'");
}

static void zsh_command(const char *words, const struct command *c, struct str *out)
{
	str_addf(out, "\t'%s') _arguments '--help[tell what it does]'", words);
	each_option(words, c, zsh_option, out);
	if (takes_files(c))
		str_addf(out,
			 " '*:name:{ compadd -S \"\" -- ${(f)\"$(hod %s 2>/dev/null)\"}; _files }'",
			 asks(c));
	else if (asks(c))
		str_addf(out, " '*:name:(${(f)\"$(hod %s 2>/dev/null)\"})'", asks(c));
	else
		str_add(out, " '*:file:_files'");
	str_add(out, " ;;\n");
}

static void zsh_described(const char *words, const struct command *c, struct str *out)
{
	if (strchr(words, ' '))
		return;
	str_addf(out, " '%s:", words);
	zsh_text(c->summary, out);
	str_add(out, "'");
}

static void zsh_noun(const char *noun, struct str *out)
{
	str_addf(out, " '%s:commands of %s'", noun, noun);
}

static void make_zsh(struct str *out)
{
	str_add(out, "#compdef hod\n"
		     "# zsh completion for hod\n"
		     "local -a second\n"
		     "local said\n"
		     "while ((CURRENT > 2)) && [[ $words[2] == -* ]]; do\n"
		     "\tcase $words[2] in\n"
		     "\t--root | -l | --log-level)\n"
		     "\t\tif ((CURRENT == 3)); then\n"
		     "\t\t\t_files\n"
		     "\t\t\treturn\n"
		     "\t\tfi\n"
		     "\t\twords[2]=()\n"
		     "\t\t((CURRENT--)) ;;\n"
		     "\tesac\n"
		     "\twords[2]=()\n"
		     "\t((CURRENT--))\n"
		     "done\n"
		     "if ((CURRENT == 2)); then\n"
		     "\tlocal -a all=(");
	each_words(zsh_described, out);
	each_noun(zsh_noun, out);
	str_add(out, ")\n"
		     "\t_describe command all\n"
		     "\treturn\n"
		     "fi\n"
		     "case $words[2] in\n");
	each_second_words("\t", "(", ")", out);
	str_add(out, "esac\n"
		     "if ((${#second})); then\n"
		     "\tif ((CURRENT == 3)); then\n"
		     "\t\t_describe command second\n"
		     "\t\treturn\n"
		     "\tfi\n"
		     "\tsaid=\"$words[2] $words[3]\"\n"
		     "\tshift 2 words\n"
		     "\t((CURRENT -= 2))\n"
		     "else\n"
		     "\tsaid=$words[2]\n"
		     "\tshift words\n"
		     "\t((CURRENT--))\n"
		     "fi\n"
		     "case $said in\n");
	each_words(zsh_command, out);
	str_add(out, "esac\n");
}

/* ---- fish ---- */

/* Text inside of single quotes. */
static void fish_text(const char *text, struct str *out)
{
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			str_addc(out, '\\');
		str_addc(out, *text);
	}
}

static void fish_option(const char *words, const struct opt *o, struct str *out)
{
	str_addf(out, "complete -c hod -n '__hod_said %s' -l %s", words, o->name);
	if (o->letter)
		str_addf(out, " -s %c", o->letter);
	if (o->type->name && !(o->flags & OPT_OPTIONAL))
		str_add(out, " -r");
	str_add(out, " -d '");
	fish_text(o->help, out);
	str_add(out, "'\n");
}

static void fish_command(const char *words, const struct command *c, struct str *out)
{
	const char *blank = strchr(words, ' ');

	if (blank)
		str_addf(out, "complete -c hod -f -n '__hod_said %.*s; and not __hod_said %s' -a %s -d '",
			 (int)(blank - words), words, words, blank + 1);
	else
		str_addf(out, "complete -c hod -f -n __hod_first -a %s -d '", words);
	fish_text(c->summary, out);
	str_add(out, "'\n");
	each_option(words, c, fish_option, out);
	if (asks(c))
		str_addf(out, "complete -c hod %s -n '__hod_said %s' -a '(hod %s 2>/dev/null)'\n",
			 takes_files(c) ? "-F" : "-f", words, asks(c));
}

static void fish_noun(const char *noun, struct str *out)
{
	str_addf(out, "complete -c hod -f -n __hod_first -a %s -d 'commands of %s'\n", noun, noun);
}

static void make_fish(struct str *out)
{
	str_add(out, "# fish completion for hod\n"
		     "function __hod_words\n"
		     "\tset -l words (commandline -opc)\n"
		     "\techo $words[1]\n"
		     "\tset -e words[1]\n"
		     "\twhile string match -q -- '-*' \"$words[1]\"\n"
		     "\t\tcontains -- $words[1] --root -l --log-level; and set -e words[1]\n"
		     "\t\tset -e words[1]\n"
		     "\tend\n"
		     "\tfor word in $words\n"
		     "\t\techo $word\n"
		     "\tend\n"
		     "end\n"
		     "function __hod_first\n"
		     "\ttest (count (__hod_words)) -eq 1\n"
		     "end\n"
		     "function __hod_said\n"
		     "\tset -l words (__hod_words)\n"
		     "\ttest (count $words) -gt (count $argv); or return 1\n"
		     "\tfor i in (seq (count $argv))\n"
		     "\t\ttest $words[(math $i + 1)] = $argv[$i]; or return 1\n"
		     "\tend\n"
		     "end\n");
	each_noun(fish_noun, out);
	each_words(fish_command, out);
}

static const struct {
	const char *shell;
	void (*make)(struct str *out);
} shells[] = { { "bash", make_bash }, { "zsh", make_zsh }, { "fish", make_fish } };

static int completion_run(struct app *app, void *args, struct strv *operands, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
		auto_done(str) struct str out = { 0 };

		if (!str_eq(operands->v[0], shells[i].shell))
			continue;
		shells[i].make(&out);
		return output_text(&out, err);
	}
	return error_set(err, ERR_USAGE, "'%s': must be bash, zsh or fish", operands->v[0]);
}

const struct command cmd_completion = {
	.name = "completion",
	.operands = "bash|zsh|fish",
	.summary = "print a completion script for a shell",
	.min = 1,
	.max = 1,
	.run = completion_run,
	.failure = 1,
};
