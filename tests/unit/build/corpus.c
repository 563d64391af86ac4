/*
 * corpus.c - the Dockerfile language case by case: tests/data/build/corpus/NAME.cases, and what
 * comes of each in NAME.golden: instructions, configuration, history, files, warnings, or the error.
 *
 *	=== title of the case
 *	%files d/ d/f=text		what is in the context, as make_files() has it
 *	%arg K=V  %target NAME		of the build
 *	%parse				not built: it has RUN, or a base that is not here
 *	%crlf  %bom			with such line ends, and such a beginning
 *	FROM ...			up to the next "==="
 */
#include "build_kit.h"

#include "build/instructions.h"
#include "oci/image_config.h"

struct corpus_case {
	char *title, *files, *target;
	struct strv args;
	bool parse, crlf, bom;
	struct str text;
};

static void case_done(struct corpus_case *c)
{
	free(c->title);
	free(c->files);
	free(c->target);
	strv_done(&c->args);
	str_done(&c->text);
	*c = (struct corpus_case){ 0 };
}

static bool option(struct corpus_case *c, const char *text)
{
	if (str_starts(text, "%files "))
		c->files = xstrdup(text + 7);
	else if (str_starts(text, "%arg "))
		strv_add(&c->args, text + 5);
	else if (str_starts(text, "%target "))
		c->target = xstrdup(text + 8);
	else if (strcmp(text, "%parse") == 0)
		c->parse = true;
	else if (strcmp(text, "%crlf") == 0)
		c->crlf = true;
	else if (strcmp(text, "%bom") == 0)
		c->bom = true;
	else
		return false;
	return true;
}

static void dump_instructions(const struct dockerfile *df, struct str *out)
{
	vec_each (&df->list, in) {
		str_addf(out, "%u %s%s", in->line, in->def->name, in->exec ? " exec" : "");
		vec_each (&in->flags, f)
			str_addf(out, " --%s=%s", f->def->name, f->value);
		strv_each (&in->args, i) {
			str_addc(out, ' ');
			str_add_json(out, in->args.v[i]);
		}
		vec_each (&in->docs, d) {
			auto_free char *text = heredoc_text(d);

			str_addf(out, " <<%s%s ", d->word, d->expand ? "" : " plain");
			str_add_json(out, text);
		}
		str_addc(out, '\n');
	}
}

static void dump_history(const struct image_config *c, struct str *out)
{
	vec_each (&c->history, h)
		str_addf(out, "%c %s\n", h->empty_layer ? ' ' : '+', h->created_by);
}

static void dump_config(struct kit *k, const struct image *i, struct str *out)
{
	auto_done(str) struct str json = { 0 };
	json_t *doc, *config;
	const char *key;
	json_t *value;

	OK(blob_read(&k->st, &i->id, 1 << 20, &json, &err));
	doc = json_loads(json.s, 0, NULL);
	ck_assert_ptr_nonnull(doc);
	config = json_object_get(doc, "config");
	if (json_object_get(doc, "author"))
		json_object_set(config, "author", json_object_get(doc, "author"));
	if (strcmp(json_string_value(json_object_get(doc, "architecture")), "amd64") != 0)
		json_object_set(config, "architecture", json_object_get(doc, "architecture"));
	json_object_foreach (config, key, value) {
		char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);

		str_addf(out, "%s %s\n", key, text);
		free(text);
	}
	json_decref(doc);
}

static void dump_warnings(const struct kit *k, struct str *out)
{
	auto_done(strv) struct strv notes = { 0 };

	strv_split(&notes, str_get(&k->notes), '\n');
	strv_each (&notes, i)
		if (*notes.v[i] && *notes.v[i] != '[')
			str_addf(out, "! %s\n", notes.v[i]);
		else if (str_starts(notes.v[i], "[Warning]"))
			str_addf(out, "! %s\n", notes.v[i]);
}

static void dump_error(struct str *out)
{
	error_text(&err, line, sizeof(line));
	str_addf(out, "error: %s\n", line);
	if (err.hint[0])
		str_addf(out, "hint: %s\n", err.hint);
}

static void run_build(struct kit *k, const struct corpus_case *c, struct str *out)
{
	struct build_request r;
	struct build_result result = { 0 };
	struct image i;
	int code, status;

	if (c->files)
		make_files(&k->context, c->files);
	scratch_file(&k->context, "Dockerfile", str_get(&c->text));
	build_request_init(&r);
	r.context = k->context.path;
	r.platform = "linux/amd64";
	r.epoch = 1700000000;
	r.target = c->target;
	strv_copy(&r.args, &c->args);
	strv_add(&r.tags, "test");
	str_clear(&k->notes);
	status = build_image(&k->e, &r, &result, &code, &err);
	dump_warnings(k, out);
	if (status < 0) {
		dump_error(out);
	} else {
		ck_assert_int_eq(image_find(&k->st, "docker.io/library/test:latest", NULL, &i, &err),
				 1);
		dump_config(k, &i, out);
		dump_history(&i.config, out);
		if (i.diff_ids.n)
			list_image(k, &i, out);
		image_done(&i);
	}
	build_result_done(&result);
	build_request_done(&r);
}

static void run_case(struct kit *k, struct corpus_case *c, struct str *out)
{
	struct dockerfile df;

	err = (struct error){ 0 };
	str_addf(out, "=== %s\n", c->title);
	if (dockerfile_parse("Dockerfile", str_get(&c->text), c->text.len, &df, &err) < 0) {
		dump_error(out);
		return;
	}
	if (df.lexed.syntax)
		str_addf(out, "syntax %s\n", df.lexed.syntax);
	if (df.lexed.check)
		str_addf(out, "check %s\n", df.lexed.check);
	dump_instructions(&df, out);
	if (c->parse)
		vec_each (&df.lexed.lints, l)
			str_addf(out, "! %u: %s (%s)\n", l->line, l->text, l->rule);
	dockerfile_done(&df);
	if (c->parse)
		return;
	scratch_done(&k->context);
	k->context = scratch_make();
	run_build(k, c, out);
}

static void end_case(struct kit *k, struct corpus_case *c, struct str *out, size_t *n)
{
	if (c->title) {
		run_case(k, c, out);
		++*n;
	}
	case_done(c);
}

static const char *const files[] = { "directives", "lines",    "words",	   "expand", "from",
				     "args",	   "settings", "commands", "copy",   "add",
				     "heredoc",	   "run",      "onbuild",  "ignore", "lint" };

START_TEST(each_case_gives_what_it_should)
{
	KIT(k);
	auto_free char *from = xasprintf("tests/data/build/corpus/%s.cases", files[_i]);
	auto_free char *want = xasprintf("build/corpus/%s.golden", files[_i]);
	auto_done(str) struct str text = { 0 }, out = { 0 };
	auto_done(strv) struct strv lines = { 0 };
	struct corpus_case c = { 0 };
	size_t n = 0;

	OK(file_read(AT_FDCWD, from, &text, 1 << 20, &err));
	strv_split(&lines, text.s, '\n');
	strv_each (&lines, i) {
		const char *s = lines.v[i];

		if (str_starts(s, "=== ")) {
			end_case(&k, &c, &out, &n);
			c.title = xstrdup(s + 4);
		} else if (c.title && (c.text.len || !option(&c, s)) && i + 1 < lines.n) {
			if (c.bom && !c.text.len)
				str_add(&c.text, "\xef\xbb\xbf");
			str_addf(&c.text, "%s%s\n", s, c.crlf ? "\r" : "");
		}
	}
	end_case(&k, &c, &out, &n);
	ck_assert_uint_ge(n, 5);
	unit_golden(want, str_get(&out));
}
END_TEST

UNIT_MAIN("build/corpus", TEST_LOOP(each_case_gives_what_it_should, ARRAY_SIZE(files)))
