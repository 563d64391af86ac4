/*
 * log.c - warnings and debug lines on stderr.
 *
 * Never  carries an error: those are returned. Text may hold foreign bytes, so each line is escaped.
 */
#include "util/log.h"

#include "util/str.h"

#include <errno.h>
#include <unistd.h>

static enum log_level log_level = LOG_LEVEL_WARN;

void log_set_level(enum log_level level)
{
	log_level = level;
}

enum log_level log_get_level(void)
{
	return log_level;
}

/* One write per line, so that lines of several processes do not mix. */
__attribute__((format(printf, 2, 0))) static void log_line(const char *head, const char *fmt,
							   va_list ap)
{
	int saved = errno;
	auto_free char *text = xvasprintf(fmt, ap);
	auto_done(str) struct str line = { 0 };
	ssize_t ignored;

	str_add(&line, head);
	str_add_escaped(&line, text, strlen(text), true);
	str_addc(&line, '\n');
	ignored = write(STDERR_FILENO, line.s, line.len); /* nobody is left to be told */
	(void)ignored;
	errno = saved;
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	if (log_level < LOG_LEVEL_WARN)
		return;
	va_start(ap, fmt);
	log_line("hod: warning: ", fmt, ap);
	va_end(ap);
}

void log_debug_(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line("hod: debug: ", fmt, ap);
	va_end(ap);
}
