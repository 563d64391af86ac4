/*
 * The manual against the command table: each command has its page or its section, which explains
 * every option and no other; references lead somewhere; completion leaves nothing out.
 */
#include "cmd/command.h"
#include "unit.h"
#include "util/fd.h"
#include "util/vec.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* These are of main.c, which is not in the library; the commands run here need nothing prepared. */
int app_prepare(struct app *app, unsigned needs, struct error *err)
{
	return error_set(err, ERR_BUG, "nothing is prepared in a test");
}

int app_join(struct app *app, const struct container *c, struct error *err)
{
	return app_prepare(app, 0, err);
}

int app_join_network(struct app *app, const char *mode, struct error *err)
{
	return app_prepare(app, 0, err);
}

#define PAGE_MAX (1 << 20)

/* False: there is no such page. */
static bool page_read(const char *path, struct str *text)
{
	struct error err = { 0 };

	return file_read(AT_FDCWD, path, text, PAGE_MAX, &err) == 0;
}

/* "volume create" is on the page of volume. */
static char *page_path(const char *words)
{
	return xasprintf("man/hod-%.*s.1", (int)strcspn(words, " "), words);
}

static bool page_exists(const char *path)
{
	return access(path, R_OK) == 0;
}

/* The lines behind the one that is `heading`, up to the next of its rank or a higher one. */
static void section_take(const struct strv *page, const char *heading, struct strv *lines)
{
	bool within = false;

	strv_each (page, i) {
		const char *line = page->v[i];

		if (str_eq(line, heading)) {
			within = true;
			continue;
		}
		if (str_starts(line, ".Sh ") ||
		    (str_starts(line, ".Ss ") && str_starts(heading, ".Ss ")))
			within = false;
		if (within)
			strv_add(lines, line);
	}
}

/* What the manual says of a command: a section of its group's page, or a page's DESCRIPTION. */
static void command_lines(const struct command *c, struct strv *lines)
{
	const char *blank = strchr(c->name, ' ');
	auto_free char *path = page_path(c->name);
	auto_free char *heading = blank ? xasprintf(".Ss %s", blank + 1) : xstrdup(".Sh DESCRIPTION");
	auto_done(str) struct str text = { 0 };
	auto_done(strv) struct strv page = { 0 };

	ck_assert_msg(page_read(path, &text), "'%s' has no page %s", c->name, path);
	strv_split(&page, str_get(&text), '\n');
	section_take(&page, heading, lines);
	ck_assert_msg(lines->n > 0, "%s: nothing below '%s'", path, heading);
}

/* The macro arguments of a line that name options: "f", "-filter". */
static void options_in(const char *line, struct strv *found)
{
	auto_done(strv) struct strv words = { 0 };

	if (*line != '.')
		return;
	strv_split(&words, line + 1, ' ');
	for (size_t i = 0; i + 1 < words.n; i++)
		if (str_eq(words.v[i], "Fl"))
			strv_add(found, words.v[i + 1]);
}

static bool row_is_called(const struct opt *o, const char *said)
{
	return said[0] == '-' ? str_eq(o->name, said + 1)
			      : o->letter && said[0] == o->letter && said[1] == '\0';
}

static const struct opt *row_find(const struct command *c, const char *said)
{
	const struct opt *const tables[] = { c->opts, c->more_opts };

	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		for (const struct opt *o = tables[t]; o && o->name; o++)
			if (!(o->flags & OPT_HIDDEN) && row_is_called(o, said))
				return o;
	return NULL;
}

static size_t commands_count(void)
{
	size_t n = 0;

	while (commands[n])
		n++;
	return n;
}

static void row_is_told(const struct command *c, const struct opt *o, const struct strv *told)
{
	auto_free char *name = xasprintf("-%s", o->name);
	const char letter[] = { o->letter, '\0' };

	ck_assert_msg(strv_has(told, name), "the manual of '%s' lacks --%s", c->name, o->name);
	ck_assert_msg(!o->letter || strv_has(told, letter), "the manual of '%s' lacks -%s", c->name,
		      letter);
}

START_TEST(manual_tells_every_option_of_every_command)
{
	for (size_t i = 0; commands[i]; i++) {
		const struct command *c = commands[i];
		const struct opt *const tables[] = { c->opts, c->more_opts };
		auto_done(strv) struct strv lines = { 0 }, told = { 0 };

		command_lines(c, &lines);
		strv_each (&lines, l)
			options_in(lines.v[l], &told);
		for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
			for (const struct opt *o = tables[t]; o && o->name; o++)
				if (!(o->flags & OPT_HIDDEN))
					row_is_told(c, o, &told);
	}
}
END_TEST

START_TEST(manual_explains_no_option_that_a_command_lacks)
{
	size_t checked = 0;

	for (size_t i = 0; commands[i]; i++) {
		const struct command *c = commands[i];
		auto_done(strv) struct strv lines = { 0 };

		command_lines(c, &lines);
		strv_each (&lines, l) {
			auto_done(strv) struct strv said = { 0 };

			if (!str_starts(lines.v[l], ".It Fl "))
				continue;
			options_in(lines.v[l], &said);
			strv_each (&said, s)
				ck_assert_msg(row_find(c, said.v[s]) != NULL,
					      "the manual of '%s' explains -%s, which it has not",
					      c->name, said.v[s]);
			/* "x , -name" are one option: both are of the same row */
			if (said.n == 2 && said.v[0][0] != '-')
				ck_assert_msg(row_find(c, said.v[0]) == row_find(c, said.v[1]),
					      "'%s': -%s is not -%s", c->name, said.v[0], said.v[1]);
			checked++;
		}
	}
	ck_assert_uint_gt(checked, commands_count());
}
END_TEST

/* The options of the synopsis are some of the command's; which of them is left to the writer. */
START_TEST(manual_shows_no_option_in_the_synopsis_that_a_command_lacks)
{
	for (size_t i = 0; commands[i]; i++) {
		const struct command *c = commands[i];
		auto_free char *path = page_path(c->name);
		auto_free char *start = xasprintf(".Nm hod %s", c->name);
		auto_done(str) struct str text = { 0 };
		auto_done(strv) struct strv page = { 0 }, synopsis = { 0 }, said = { 0 };
		bool within = false, seen = false;

		ck_assert_msg(page_read(path, &text), "no page %s", path);
		strv_split(&page, str_get(&text), '\n');
		section_take(&page, ".Sh SYNOPSIS", &synopsis);
		strv_each (&synopsis, l) {
			if (str_starts(synopsis.v[l], ".Nm "))
				within = str_eq(synopsis.v[l], start);
			seen = seen || within;
			if (within)
				options_in(synopsis.v[l], &said);
		}
		ck_assert_msg(seen, "%s: the synopsis lacks '%s'", path, start);
		strv_each (&said, s)
			ck_assert_msg(row_find(c, said.v[s]) != NULL, "%s: the synopsis has -%s",
				      path, said.v[s]);
	}
}
END_TEST

/* Does a line ".It Cm list , ls , ps" name the word? */
static bool item_names(const struct strv *page, const char *word)
{
	strv_each (page, i) {
		auto_done(strv) struct strv words = { 0 };

		if (!str_starts(page->v[i], ".It Cm ") && !str_starts(page->v[i], ".Cm "))
			continue;
		strv_split(&words, page->v[i], ' ');
		if (strv_has(&words, word))
			return true;
	}
	return false;
}

/* On the page of its group; where a group has none, on that of the command itself. */
START_TEST(manual_names_every_alias)
{
	for (const struct command_alias *a = command_aliases; a->words; a++) {
		auto_free char *group = page_path(a->words), *own = page_path(a->command->name);
		bool grouped = page_exists(group);
		auto_done(str) struct str text = { 0 };
		auto_done(strv) struct strv page = { 0 };

		ck_assert_msg(page_read(grouped ? group : own, &text), "no page for '%s'", a->words);
		strv_split(&page, str_get(&text), '\n');
		ck_assert_msg(grouped ? item_names(&page, strchr(a->words, ' ') + 1)
				      : strstr(str_get(&text), a->words) != NULL,
			      "%s does not name '%s'", grouped ? group : own, a->words);
	}
}
END_TEST

static size_t check_references(const char *path)
{
	auto_done(str) struct str text = { 0 };
	auto_done(strv) struct strv page = { 0 };
	size_t found = 0;

	ck_assert_msg(page_read(path, &text), "no page %s", path);
	strv_split(&page, str_get(&text), '\n');
	strv_each (&page, l) {
		auto_done(strv) struct strv words = { 0 };

		if (page.v[l][0] != '.')
			continue;
		strv_split(&words, page.v[l] + 1, ' ');
		for (size_t i = 0; i + 2 < words.n; i++) {
			auto_free char *target = NULL;

			if (!str_eq(words.v[i], "Xr") || !str_starts(words.v[i + 1], "hod"))
				continue;
			target = xasprintf("man/%s.%s", words.v[i + 1], words.v[i + 2]);
			ck_assert_msg(page_exists(target), "%s refers to %s", path, target);
			found++;
		}
	}
	return found;
}

START_TEST(manual_refers_to_pages_that_exist)
{
	DIR *dir = opendir("man");
	const struct dirent *e;
	size_t found = 0;

	ck_assert_msg(dir != NULL, "there is no folder man here");
	while ((e = readdir(dir)) != NULL) {
		auto_free char *path = xasprintf("man/%s", e->d_name);

		if (e->d_name[0] != '.')
			found += check_references(path);
	}
	closedir(dir);
	ck_assert_uint_gt(found, commands_count());
}
END_TEST

/* What a command prints that needs nothing but its operands. */
static void output_of(char **argv, int argc, struct str *text)
{
	struct app app = { .called_as = "hod" };
	struct error err = { 0 };
	auto_done(strv) struct strv operands = { 0 };
	auto_close int file = memfd_create("output", MFD_CLOEXEC), saved = dup(STDOUT_FILENO);
	const struct command *c;
	struct stat st;
	int used, r;

	c = command_find(argc, argv, &used, &err);
	ck_assert_ptr_nonnull(c);
	for (int i = used; i < argc; i++)
		strv_add(&operands, argv[i]);
	fflush(stdout);
	ck_assert_int_ge(dup2(file, STDOUT_FILENO), 0);
	r = c->run(&app, NULL, &operands, &err);
	ck_assert_int_ge(dup2(saved, STDOUT_FILENO), 0);
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(fstat(file, &st), 0);
	for (off_t at = 0; at < st.st_size;) {
		char buf[4096];
		ssize_t n = pread(file, buf, sizeof(buf), at);

		ck_assert_int_gt(n, 0);
		str_addn(text, buf, (size_t)n);
		at += n;
	}
}

/* `"volume ls") opts="--help --filter -f ..."` as words; empty: the script has no such line. */
static void completed_options(const char *script, const char *words, struct strv *options)
{
	auto_free char *start = xasprintf("\"%s\") opts=\"", words), *list = NULL;
	const char *at = strstr(script, start);

	if (!at)
		return;
	at += strlen(start);
	list = xstrndup(at, strcspn(at, "\""));
	strv_split(options, list, ' ');
}

static void check_completed(const char *script, const char *words, const struct command *c)
{
	const struct opt *const tables[] = { c->opts, c->more_opts };
	auto_done(strv) struct strv options = { 0 };

	completed_options(script, words, &options);
	ck_assert_msg(options.n > 0, "completion lacks '%s'", words);
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		for (const struct opt *o = tables[t]; o && o->name; o++) {
			auto_free char *name = xasprintf("--%s", o->name);

			ck_assert_msg(strv_has(&options, name) == !(o->flags & OPT_HIDDEN),
				      "completion of '%s': %s", words, name);
		}
}

START_TEST(completion_of_bash_names_every_command_and_option)
{
	static char words[][16] = { "completion", "bash" };
	char *argv[] = { words[0], words[1], NULL };
	auto_done(str) struct str script = { 0 };

	output_of(argv, 2, &script);
	for (size_t i = 0; commands[i]; i++)
		check_completed(str_get(&script), commands[i]->name, commands[i]);
	for (const struct command_alias *a = command_aliases; a->words; a++)
		check_completed(str_get(&script), a->words, a->command);
}
END_TEST

UNIT_MAIN("cmd/manual", TEST(manual_tells_every_option_of_every_command),
	  TEST(manual_explains_no_option_that_a_command_lacks),
	  TEST(manual_shows_no_option_in_the_synopsis_that_a_command_lacks),
	  TEST(manual_names_every_alias), TEST(manual_refers_to_pages_that_exist),
	  TEST(completion_of_bash_names_every_command_and_option))
