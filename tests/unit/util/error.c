/* The error value: order of frames, limits, escaping. */
#include "unit.h"

#include "util/error.h"

#include <errno.h>

static const char *text_of(const struct error *err)
{
	static char buf[ERROR_LINE_MAX];

	return error_text(err, buf, sizeof(buf));
}

START_TEST(error_names_the_widest_context_first)
{
	struct error e = { 0 };

	errno = ENOENT;
	ck_assert_int_eq(error_sys(&e, "open blob %s", "sha256:9c6f"), -1);
	error_add(&e, "image '%s'", "alpine");
	error_add(&e, "cannot start '%s'", "web");
	ck_assert_str_eq(text_of(&e), "cannot start 'web': image 'alpine': open blob sha256:9c6f: "
				      "No such file or directory");
	ck_assert_int_eq(e.kind, ERR_NOTFOUND);
	ck_assert_int_eq(e.sys, ENOENT);
	ck_assert_uint_eq(e.used, strlen(e.text));
}
END_TEST

static const struct {
	int sys;
	enum error_kind kind;
} kinds[] = { { ENOENT, ERR_NOTFOUND },
	      { EEXIST, ERR_EXISTS },
	      { EACCES, ERR_DENIED },
	      { EPERM, ERR_DENIED },
	      { ENOSPC, ERR_SYSTEM } };

START_TEST(error_kind_follows_errno)
{
	struct error e = { 0 };

	errno = kinds[_i].sys;
	error_sys(&e, "try");
	ck_assert_int_eq(e.kind, kinds[_i].kind);
	ck_assert_int_eq(e.sys, kinds[_i].sys);
}
END_TEST

START_TEST(error_set_replaces_what_was_there)
{
	struct error e = { 0 };

	errno = EIO;
	error_sys(&e, "read");
	error_hint(&e, "old");
	error_set(&e, ERR_INVALID, "bad %d", 7);
	ck_assert_str_eq(text_of(&e), "bad 7");
	ck_assert_str_eq(e.hint, "");
	ck_assert_int_eq(e.sys, 0);
	ck_assert_int_eq(e.kind, ERR_INVALID);
}
END_TEST

START_TEST(error_escapes_control_bytes_and_newlines)
{
	struct error e = { 0 };

	error_set(&e, ERR_INVALID, "a\nb\x1b[31m\x7f\tc");
	error_add(&e, "line\ntwo");
	ck_assert_str_eq(text_of(&e), "line\\x0atwo: a\\x0ab\\x1b[31m\\x7f\\x09c");
}
END_TEST

START_TEST(error_keeps_letters_and_escapes_bidi_and_invalid_utf8)
{
	struct error e = { 0 };

	error_set(&e, ERR_INVALID, "gr\xc3\xbc\xc3\x9f \xe2\x80\xae \xff \xc2\x9b");
	ck_assert_str_eq(text_of(&e), "gr\xc3\xbc\xc3\x9f \\xe2\\x80\\xae \\xff \\xc2\\x9b");
}
END_TEST

START_TEST(error_when_full_loses_the_widest_context_not_the_cause)
{
	struct error e = { 0 };
	const char *text;

	error_set(&e, ERR_SYSTEM, "the cause");
	for (int i = 0; i < 500; i++)
		error_add(&e, "context number %d", i);
	text = text_of(&e);
	ck_assert(strlen(text) < ERROR_LINE_MAX);
	ck_assert_ptr_nonnull(strstr(text, ": context number 0: the cause"));
	ck_assert_ptr_null(strstr(text, "number 499"));
}
END_TEST

START_TEST(error_with_a_long_name_keeps_the_reason_and_leaves_room)
{
	struct error e = { 0 };
	char name[4000];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	errno = ENOTDIR;
	error_sys(&e, "open %s", name);
	error_add(&e, "image 'web'");
	ck_assert_int_eq(strncmp(text_of(&e), "image 'web': open xxx", 21), 0);
	ck_assert_ptr_nonnull(strstr(text_of(&e), "...: Not a directory"));
}
END_TEST

START_TEST(error_hint_first_given_stays)
{
	struct error e = { 0 };

	error_set(&e, ERR_USAGE, "no");
	error_hint(&e, "try %s", "this");
	error_hint(&e, "or that");
	ck_assert_str_eq(e.hint, "try this");
	ck_assert_str_eq(text_of(&e), "no");
}
END_TEST

START_TEST(error_text_fits_any_buffer)
{
	struct error e = { 0 };
	char buf[64];

	error_set(&e, ERR_SYSTEM, "cause\x01");
	error_add(&e, "context");
	for (size_t n = 1; n < sizeof(buf); n++) {
		memset(buf, 'Z', sizeof(buf));
		error_text(&e, buf, n);
		ck_assert(memchr(buf, '\0', n) != NULL);
		ck_assert_int_eq(buf[n], 'Z');
	}
}
END_TEST

START_TEST(error_text_survives_a_struct_without_end)
{
	static struct error e;
	static char buf[ERROR_LINE_MAX * 2];

	memset(e.text, 'a', sizeof(e.text));
	ck_assert_uint_eq(strlen(error_text(&e, buf, sizeof(buf))), sizeof(e.text));
}
END_TEST

UNIT_MAIN("util/error", TEST(error_names_the_widest_context_first),
	  TEST_LOOP(error_kind_follows_errno, sizeof(kinds) / sizeof(kinds[0])),
	  TEST(error_set_replaces_what_was_there), TEST(error_escapes_control_bytes_and_newlines),
	  TEST(error_keeps_letters_and_escapes_bidi_and_invalid_utf8),
	  TEST(error_when_full_loses_the_widest_context_not_the_cause),
	  TEST(error_with_a_long_name_keeps_the_reason_and_leaves_room),
	  TEST(error_hint_first_given_stays), TEST(error_text_fits_any_buffer),
	  TEST(error_text_survives_a_struct_without_end))
