/* Warnings: level and escaping. */
#include "unit.h"
#include "scratch.h"

#include "util/log.h"

/* What the log lines made while stderr was a file. */
static void captured(const struct scratch *s, void (*say)(void), struct str *out)
{
	struct error err = { 0 };
	int saved = dup(STDERR_FILENO), fd = openat(s->fd, "err", O_RDWR | O_CREAT | O_TRUNC, 0600);

	dup2(fd, STDERR_FILENO);
	say();
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fd);
	ck_assert_int_eq(file_read(s->fd, "err", out, 1 << 16, &err), 0);
}

static void say_hostile(void)
{
	log_warn("layer '%s'", "a\x1b]0;owned\x07\nhod: all is well");
}
static void say_debug(void)
{
	log_debug("store: %d", 7);
}

START_TEST(log_warn_is_one_escaped_line)
{
	SCRATCH(s);
	auto_done(str) struct str out = { 0 };

	captured(&s, say_hostile, &out);
	ck_assert_str_eq(str_get(&out), "hod: warning: layer 'a\\x1b]0;owned\\x07\\x0ahod: all is "
					"well'\n");
}
END_TEST

START_TEST(log_debug_speaks_at_its_level_only)
{
	SCRATCH(s);
	auto_done(str) struct str out = { 0 };

	captured(&s, say_debug, &out);
	ck_assert_str_eq(str_get(&out), "");
	log_set_level(LOG_LEVEL_DEBUG);
	captured(&s, say_debug, &out);
	ck_assert_str_eq(str_get(&out), "hod: debug: store: 7\n");
}
END_TEST

UNIT_MAIN("util/log", TEST(log_warn_is_one_escaped_line), TEST(log_debug_speaks_at_its_level_only))
