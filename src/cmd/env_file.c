/*
 * env_file.c - --env-file and --label-file.
 */
#include "env_file.h"

#include "util/fd.h"

#include <fcntl.h>

/* One line, its end cut off; name is the part before '='. */
typedef int line_fn(void *arg, const char *name, const char *value);

static int read_line(char *line, line_fn *fn, void *arg, struct error *err)
{
	char *eq;

	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return 0;
	eq = strchr(line, '=');
	if (eq == line)
		return error_set(err, ERR_INVALID, "no name before '='");
	if (eq)
		*eq = '\0';
	if (strpbrk(line, " \t"))
		return error_set(err, ERR_INVALID, "the name '%s' has a blank in it", line);
	return fn(arg, line, eq ? eq + 1 : NULL);
}

static int read_file(const char *path, line_fn *fn, void *arg, struct error *err)
{
	auto_done(str) struct str text = { 0 };
	auto_done(strv) struct strv lines = { 0 };

	if (file_read(AT_FDCWD, path, &text, ENV_FILE_MAX, err) < 0)
		return -1;
	if (text.len && strlen(text.s) != text.len)
		return error_set(err, ERR_INVALID, "%s: it holds a NUL", path);
	if (text.len >= 3 && memcmp(text.s, "\xef\xbb\xbf", 3) == 0)
		memmove(text.s, text.s + 3, text.len - 2);
	strv_split(&lines, str_get(&text), '\n');
	strv_each (&lines, i) {
		size_t n = strlen(lines.v[i]);

		if (n && lines.v[i][n - 1] == '\r')
			lines.v[i][n - 1] = '\0';
		if (read_line(lines.v[i], fn, arg, err) < 0)
			return error_add(err, "%s:%zu", path, i + 1);
	}
	return 0;
}

static int add_env(void *arg, const char *name, const char *value)
{
	struct strv *env = arg;

	if (!value)
		value = getenv(name);
	if (value)
		strv_env_set(env, name, value);
	return 0;
}

int env_files_read(const struct strv *files, const struct strv *given, struct strv *out,
		   struct error *err)
{
	strv_each (files, i)
		if (read_file(files->v[i], add_env, out, err) < 0)
			return error_add(err, "--env-file");
	strv_each (given, i) {
		char *eq = strchr(given->v[i], '=');
		auto_free char *name = eq ? xstrndup(given->v[i], (size_t)(eq - given->v[i])) : NULL;

		if (eq)
			strv_env_set(out, name, eq + 1);
		else /* a name alone takes the image's variable away */
			strv_add(out, given->v[i]);
	}
	return 0;
}

static int add_label(void *arg, const char *name, const char *value)
{
	strmap_set(arg, name, value ? value : "");
	return 0;
}

int label_files_read(const struct strv *files, struct strmap *labels, struct error *err)
{
	auto_done(strmap) struct strmap read = { 0 };

	strv_each (files, i) /* what comes later wins, in a file and among files */
		if (read_file(files->v[i], add_label, &read, err) < 0)
			return error_add(err, "--label-file");
	strmap_copy(&read, labels); /* and --label over all of them */
	strmap_copy(labels, &read);
	return 0;
}
