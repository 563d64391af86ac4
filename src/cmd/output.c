/*
 * output.c - the one way to stdout and stderr.
 *
 * Owns   escaping for terminals (SECURITY.md, rule 4) and the check of every write.
 * Never  buffers behind the command's back: what was handed over is written when it returns.
 */
#include "output.h"

#include "util/fd.h"

#include <stdio.h>
#include <unistd.h>

static void add_safely(struct str *out, const char *text, size_t n)
{
	while (n > 0) {
		const char *end = memchr(text, '\n', n);
		size_t len = end ? (size_t)(end - text) : n;

		str_add_escaped(out, text, len, true);
		if (!end)
			return;
		str_addc(out, '\n');
		text += len + 1;
		n -= len + 1;
	}
}

bool output_is_terminal(void)
{
	return isatty(STDOUT_FILENO);
}

int output_text(const struct str *text, struct error *err)
{
	auto_done(str) struct str safe = { 0 };

	if (text->len == 0)
		return 0;
	if (output_is_terminal()) {
		add_safely(&safe, text->s, text->len);
		text = &safe;
	}
	if (fd_write_all(STDOUT_FILENO, text->s, text->len, err) < 0)
		return error_add(err, "stdout");
	return 0;
}

int output_line(struct error *err, const char *fmt, ...)
{
	auto_done(str) struct str line = { 0 };
	auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	str_addf(&line, "%s\n", text);
	return output_text(&line, err);
}

/* stderr that cannot be written to leaves nobody to tell. */
static void write_stderr(const struct str *s)
{
	struct error ignored = { 0 };

	fd_write_all(STDERR_FILENO, str_get(s), s->len, &ignored);
}

void report_error(const struct error *err)
{
	char text[ERROR_LINE_MAX];
	auto_done(str) struct str s = { 0 };

	str_addf(&s, "hod: %s\n", error_text(err, text, sizeof(text)));
	if (err->hint[0]) {
		str_add(&s, "     ");
		str_add_escaped(&s, err->hint, strlen(err->hint), false);
		str_addc(&s, '\n');
	}
	write_stderr(&s);
}

void report_note(const char *fmt, ...)
{
	auto_done(str) struct str s = { 0 };
	auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	add_safely(&s, text, strlen(text));
	str_addc(&s, '\n');
	write_stderr(&s);
}

char *escaped(const char *text)
{
	struct str s = { 0 };

	str_add_escaped(&s, text, strlen(text), false);
	return str_take(&s);
}

bool confirm(const char *question)
{
	auto_done(str) struct str s = { 0 };
	char answer[16] = "";
	size_t n = 0;
	char c;

	str_addf(&s, "%s Are you sure you want to continue? [y/N] ", question);
	write_stderr(&s);
	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		if (n < sizeof(answer) - 1)
			answer[n++] = c;
	return str_eq(answer, "y") || str_eq(answer, "Y") || str_eq(answer, "yes");
}
