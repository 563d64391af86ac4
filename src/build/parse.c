/*
 * parse.c - lines to instructions: the word, its flags, its arguments in their form.
 *
 * Owns   struct instruction. What the words mean is for do_*.c; nothing is expanded here.
 * Spec   Dockerfile reference, "Format", "Shell and exec form"; FEATURES B5, B6, B12, B36-B44.
 */
#include "instructions.h"
#include "run_mount.h"
#include "util/fields.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

/*
 * One word at *p, blanks in front skipped; false at the end. With keep, quotes and escapes stay in
 * the word; otherwise they are taken off (flags).
 */
static bool next_word(const char **p, char escape, bool keep, struct str *word)
{
	const char *s = *p;
	char quote = 0;
	bool any = false;

	while (is_blank(*s))
		s++;
	for (; *s; s++) {
		if (!quote && is_blank(*s))
			break;
		any = true;
		if (*s == escape && quote != '\'') {
			if (!s[1])
				continue; /* nothing behind it to be escaped */
			if (keep)
				str_addc(word, *s);
			str_addc(word, *++s);
			continue;
		}
		if (quote ? *s == quote : *s == '"' || *s == '\'') {
			quote = quote ? 0 : *s;
			if (!keep)
				continue;
		}
		str_addc(word, *s);
	}
	*p = s;
	return any;
}

void words_split(const char *text, char escape, struct strv *words)
{
	auto_done(str) struct str word = { 0 };

	while (next_word(&text, escape, true, &word)) {
		if (word.len)
			strv_add(words, word.s);
		str_clear(&word);
	}
}

static void blanks_split(const char *text, struct strv *words)
{
	while (*text) {
		const char *start;

		while (is_blank(*text))
			text++;
		start = text;
		while (*text && !is_blank(*text))
			text++;
		if (text > start)
			strv_take(words, xstrndup(start, (size_t)(text - start)));
	}
}

/* True when text is a JSON array of strings only; anything else is not the exec form (B6). */
static bool json_strings(const char *text, struct strv *out)
{
	static const struct fields_limits limits = { DOCKERFILE_MAX, 4 };
	struct error ignored = { 0 }; /* no JSON: the shell form, silently */
	json_t *json, *item;
	size_t i;
	bool ok = true;

	if (*text != '[')
		return false;
	json = json_parse(text, strlen(text), &limits, &ignored);
	if (!json)
		return false;
	ok = json_is_array(json);
	json_array_foreach (json, i, item)
		ok = ok && json_is_string(item);
	if (ok)
		json_array_foreach (json, i, item)
			strv_add(out, json_string_value(item));
	json_decref(json);
	return ok;
}

static int parse_words(struct lexed *lx, const char *rest, struct instruction *in, struct error *err)
{
	(void)lx, (void)err;
	blanks_split(rest, &in->args);
	return 0;
}

static int parse_one(struct lexed *lx, const char *rest, struct instruction *in, struct error *err)
{
	(void)lx, (void)err;
	if (*rest)
		strv_add(&in->args, rest);
	return 0;
}

static int parse_list(struct lexed *lx, const char *rest, struct instruction *in, struct error *err)
{
	in->exec = json_strings(rest, &in->args);
	return in->exec ? 0 : parse_words(lx, rest, in, err);
}

static int parse_command(struct lexed *lx, const char *rest, struct instruction *in, struct error *err)
{
	in->exec = json_strings(rest, &in->args);
	if (in->exec)
		return 0;
	if (!*rest)
		return error_set(err, ERR_INVALID, "%s takes %s", in->def->name, in->def->usage);
	return parse_one(lx, rest, in, err);
}

static int parse_json(struct lexed *lx, const char *rest, struct instruction *in, struct error *err)
{
	(void)lx;
	in->exec = json_strings(rest, &in->args);
	return in->exec ? 0
			: error_set(err, ERR_INVALID, "%s takes %s", in->def->name, in->def->usage);
}

static int add_pair(struct instruction *in, const char *word, struct error *err)
{
	const char *eq = strchr(word, '=');

	if (!eq)
		return error_set(err, ERR_INVALID, "%s: no '=' in '%s'", in->def->name, word);
	if (eq == word)
		return error_set(err, ERR_INVALID, "%s: the name in front of '=' is empty",
				 in->def->name);
	strv_take(&in->args, xstrndup(word, (size_t)(eq - word)));
	strv_add(&in->args, eq + 1);
	return 0;
}

static int parse_pairs(struct lexed *lx, const char *rest, struct instruction *in, struct error *err)
{
	auto_done(strv) struct strv words = { 0 };
	const char *end = rest, *value;

	words_split(rest, lx->escape, &words);
	if (!words.n)
		return 0;
	if (!strchr(words.v[0], '=')) { /* the old form: NAME rest of the line */
		while (*end && !is_blank(*end))
			end++;
		value = end;
		while (is_blank(*value))
			value++;
		if (!*value)
			return error_set(err, ERR_INVALID, "%s: '%s' has no value", in->def->name,
					 rest);
		strv_take(&in->args, xstrndup(rest, (size_t)(end - rest)));
		strv_add(&in->args, value);
		lint_add(lx, in->line, "LegacyKeyValueFormat", "%s: write %s=value", in->def->name,
			 in->args.v[0]);
		return 0;
	}
	strv_each (&words, i)
		if (add_pair(in, words.v[i], err) < 0)
			return -1;
	return 0;
}

static int parse_names(struct lexed *lx, const char *rest, struct instruction *in, struct error *err)
{
	words_split(rest, lx->escape, &in->args);
	strv_each (&in->args, i)
		if (in->args.v[i][0] == '=')
			return error_set(err, ERR_INVALID, "%s: the name in front of '=' is empty",
					 in->def->name);
	return 0;
}

static int parse_health(struct lexed *lx, const char *rest, struct instruction *in, struct error *err)
{
	const char *end = rest;

	while (*end && !is_blank(*end))
		end++;
	if (end - rest == 4 && strncasecmp(rest, "NONE", 4) == 0) {
		if (*end)
			return error_set(err, ERR_INVALID, "HEALTHCHECK NONE takes no arguments");
		strv_add(&in->args, "NONE");
		return 0;
	}
	if (end - rest != 3 || strncasecmp(rest, "CMD", 3) != 0)
		return error_set(err, ERR_INVALID, "%s takes %s", in->def->name, in->def->usage);
	while (is_blank(*end))
		end++;
	strv_add(&in->args, "CMD");
	if (parse_command(lx, end, in, err) < 0)
		return -1;
	if (in->args.n < 2)
		return error_set(err, ERR_INVALID, "HEALTHCHECK CMD needs a command");
	return 0;
}

static int parse_trigger(struct lexed *lx, const char *rest, struct instruction *in, struct error *err)
{
	static const char *const refused[] = { "ONBUILD", "FROM", "MAINTAINER" };
	struct instruction inner = { 0 };
	struct line l = { .no = in->line };
	struct str text = { 0 };
	auto_free char *copy = xstrdup(rest);
	int r;

	if (!*rest)
		return 0;
	l.text = copy;
	heredocs_copy(&l.docs, &in->docs);
	r = instruction_parse(&l, lx, &inner, err);
	heredocs_done(&l.docs);
	if (r < 0)
		return error_add(err, "ONBUILD");
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (instruction_is(&inner, refused[i]))
			r = error_set(err, ERR_INVALID, "ONBUILD %s is not allowed", refused[i]);
	if (r == 0) {
		instruction_format(&inner, &text);
		if (text.len && text.s[text.len - 1] == '\n')
			text.s[--text.len] = '\0';
		in->stored = str_take(&text);
		strv_add(&in->args, rest);
	}
	instruction_done(&inner);
	return r;
}

static int (*const argument_parsers[])(struct lexed *, const char *, struct instruction *,
				       struct error *) = {
	[ARGS_WORDS] = parse_words, [ARGS_ONE] = parse_one,	  [ARGS_LIST] = parse_list,
	[ARGS_PAIRS] = parse_pairs, [ARGS_NAMES] = parse_names,	  [ARGS_COMMAND] = parse_command,
	[ARGS_JSON] = parse_json,   [ARGS_HEALTH] = parse_health, [ARGS_TRIGGER] = parse_trigger,
};

static int unknown_flag(const struct instruction *in, const char *name, struct error *err)
{
	const char *names[16], *near;
	size_t n = 0;

	for (const struct flag_def *f = in->def->flags; f && f->name; f++)
		names[n++] = f->name;
	near = str_nearest(name, names, n);
	return error_set(err, ERR_INVALID, "%s: unknown flag --%s%s%s%s", in->def->name, name,
			 near ? " (did you mean --" : "", near ? near : "", near ? "?)" : "");
}

/* So that a mistake is told before anything is built. */
static int check_mount(const char *text, char escape, struct error *err)
{
	struct run_mount m;

	if (run_mount_parse(text, escape, NULL, &m, err) < 0)
		return error_add(err, "RUN");
	run_mount_done(&m);
	return 0;
}

static int add_bool(struct instruction *in, const struct flag_def *f, const char *value,
		    struct error *err)
{
	bool yes = strcasecmp(value, "true") == 0;

	if (!yes && strcasecmp(value, "false") != 0)
		return error_set(err, ERR_INVALID, "%s: --%s=%s: true or false", in->def->name,
				 f->name, value);
	if (instruction_flag(in, f->name))
		return error_set(err, ERR_INVALID, "%s: --%s is given twice", in->def->name, f->name);
	*vec_add(&in->flags) = (struct flag){ f, xstrdup(yes ? "true" : "false") };
	return 0;
}

static int add_flag(struct instruction *in, const char *word, char escape, struct error *err)
{
	const char *eq = strchr(word, '=');
	auto_free char *name = eq ? xstrndup(word, (size_t)(eq - word)) : xstrdup(word);
	const struct flag_def *f = in->def->flags;

	while (f && f->name && strcmp(f->name, name) != 0)
		f++;
	if (!f || !f->name)
		return unknown_flag(in, name, err);
	if (f->kind == FLAG_REFUSED)
		return error_set(err, ERR_UNSUPPORTED, "%s: --%s is not supported: %s",
				 in->def->name, name, f->reason);
	if (f->kind == FLAG_BOOL)
		return add_bool(in, f, eq ? eq + 1 : "true", err);
	if (!eq)
		return error_set(err, ERR_INVALID, "%s: --%s needs a value", in->def->name, name);
	if (f->kind != FLAG_LIST && instruction_flag(in, name))
		return error_set(err, ERR_INVALID, "%s: --%s is given twice", in->def->name, name);
	*vec_add(&in->flags) = (struct flag){ f, xstrdup(eq + 1) };
	return strcmp(name, "mount") == 0 ? check_mount(eq + 1, escape, err) : 0;
}

/* Leading words that start with "--" are flags; "--" alone ends them. *rest moves behind. */
static int parse_flags(const char **rest, char escape, struct instruction *in, struct error *err)
{
	while (strncmp(*rest, "--", 2) == 0) {
		auto_done(str) struct str word = { 0 };
		const char *p = *rest;

		next_word(&p, escape, false, &word);
		while (is_blank(*p))
			p++;
		*rest = p;
		if (word.len <= 2)
			return 0;
		if (add_flag(in, word.s + 2, escape, err) < 0)
			return -1;
	}
	return 0;
}

static int unknown_instruction(const char *word, struct error *err)
{
	const char *near = instruction_nearest(word);

	return error_set(err, ERR_INVALID, "unknown instruction '%.60s'%s%s%s", word,
			 near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

static int check_count(const struct instruction *in, struct error *err)
{
	const struct instruction_def *def = in->def;

	if (in->args.n < def->min || (def->max && in->args.n > def->max))
		return error_set(err, ERR_INVALID, "%s takes %s", def->name, def->usage);
	return 0;
}

int instruction_parse(const struct line *l, struct lexed *lx, struct instruction *in,
		      struct error *err)
{
	const char *rest = l->text;
	char *word;
	int r;

	*in = (struct instruction){ .line = l->no };
	while (*rest && !is_blank(*rest))
		rest++;
	word = xstrndup(l->text, (size_t)(rest - l->text));
	while (is_blank(*rest))
		rest++;
	in->word = word;
	in->def = instruction_find(word);
	if (!in->def) {
		unknown_instruction(word, err);
		instruction_done(in);
		return -1;
	}
	in->text = xstrdup(rest);
	in->comment = xstrdup_or_null(l->comment);
	heredocs_copy(&in->docs, &l->docs);
	r = parse_flags(&rest, lx->escape, in, err);
	if (r == 0)
		r = argument_parsers[in->def->args](lx, rest, in, err);
	if (r == 0)
		r = check_count(in, err);
	if (r < 0)
		instruction_done(in);
	return r;
}

void instruction_done(struct instruction *in)
{
	free(in->word);
	free(in->text);
	free(in->comment);
	vec_each (&in->flags, f)
		free(f->value);
	vec_done(&in->flags);
	strv_done(&in->args);
	heredocs_done(&in->docs);
	free(in->stored);
	*in = (struct instruction){ 0 };
}

const char *instruction_flag(const struct instruction *in, const char *name)
{
	vec_each (&in->flags, f)
		if (strcmp(f->def->name, name) == 0)
			return f->value;
	return NULL;
}

bool instruction_has(const struct instruction *in, const char *name)
{
	return str_eq(instruction_flag(in, name), "true");
}

void instruction_format(const struct instruction *in, struct str *out)
{
	str_addf(out, "%s%s%s\n", in->def->name, *in->text ? " " : "", in->text);
	vec_each (&in->docs, d)
		str_addf(out, "%s%s\n", d->body, d->word);
}

static int parse_all(struct dockerfile *df, struct error *err)
{
	bool from = false;

	vec_each (&df->lexed.lines, l) {
		struct instruction in;

		if (instruction_parse(l, &df->lexed, &in, err) < 0)
			return error_add(err, "%s:%u", df->name, l->no);
		vec_push(&df->list, in);
		from = from || instruction_is(&in, "FROM");
		if (!from && !instruction_is(&in, "ARG")) {
			error_set(err, ERR_INVALID,
				  "%s in front of the first FROM (only ARG may be)", in.def->name);
			return error_add(err, "%s:%u", df->name, l->no);
		}
	}
	if (!df->list.n)
		return error_set(err, ERR_INVALID, "%s: no instructions", df->name);
	if (!from)
		return error_set(err, ERR_INVALID, "%s: no FROM", df->name);
	return 0;
}

int dockerfile_parse(const char *name, const char *text, size_t n, struct dockerfile *df,
		     struct error *err)
{
	*df = (struct dockerfile){ .name = xstrdup(name) };
	if (lex_dockerfile(name, text, n, &df->lexed, err) < 0 || parse_all(df, err) < 0) {
		dockerfile_done(df);
		return -1;
	}
	vec_each (&df->lexed.lines, l) {
		free(l->text);
		free(l->comment);
		heredocs_done(&l->docs);
	}
	vec_done(&df->lexed.lines);
	return 0;
}

void dockerfile_done(struct dockerfile *df)
{
	vec_each (&df->list, in)
		instruction_done(in);
	vec_done(&df->list);
	lexed_done(&df->lexed);
	free(df->name);
	*df = (struct dockerfile){ 0 };
}
