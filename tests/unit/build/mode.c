/*
 * mode.c - tests of src/build/mode.c. Expectations are what chmod(1) of coreutils does with umask 0.
 */
#include "unit.h"

#include "build/mode.h"

static const struct {
	const char *text;
	unsigned from;
	bool directory;
	unsigned want;
} changes[] = {
	{ "644", 0755, false, 0644 },	      { "0644", 0755, false, 0644 },
	{ "7777", 0, false, 07777 },	      { "00755", 0, true, 0755 },
	{ "+x", 0644, false, 0755 },	      { "a+x", 0644, false, 0755 },
	{ "u+x", 0644, false, 0744 },	      { "go-rwx", 0777, false, 0700 },
	{ "u=rwX,go=rX", 0600, false, 0644 }, { "u=rwX,go=rX", 0700, false, 0755 },
	{ "u=rwX,go=rX", 0600, true, 0755 },  { "g=u", 0640, false, 0660 },
	{ "o=g", 0640, false, 0644 },	      { "g+u", 0750, false, 0770 },
	{ "u-g", 0770, false, 070 },	      { "=", 0777, false, 0 },
	{ "o=", 0777, false, 0770 },	      { "u+s", 0755, false, 04755 },
	{ "g+s", 0755, false, 02755 },	      { "+t", 0777, true, 01777 },
	{ "u+rw-x", 0100, false, 0600 },      { "a=r,u+w", 0777, false, 0644 },
	{ "-w", 0666, false, 0444 },	      { "a-s", 06755, false, 0755 },
	{ "755", 04644, false, 0755 },	      { "ug+rw,o-r", 0604, false, 0660 },
};

START_TEST(mode_changes_as_chmod_does)
{
	struct error err = { 0 };
	struct mode_change m;

	ck_assert_msg(mode_parse(changes[_i].text, &m, &err) == 0, "%s", changes[_i].text);
	ck_assert_msg(mode_apply(&m, changes[_i].from, changes[_i].directory) == changes[_i].want,
		      "%s of %o: %o, not %o", changes[_i].text, changes[_i].from,
		      (unsigned)mode_apply(&m, changes[_i].from, changes[_i].directory),
		      changes[_i].want);
	mode_done(&m);
}
END_TEST

static const char *const bad[] = { "",	  "8",	  "888",  "77777", "10000", "x",  "u",
				   "u+q", "u+x,", ",u+x", "u+x z", "-1",    "0x1" };

START_TEST(other_texts_are_refused)
{
	struct error err = { 0 };
	struct mode_change m;

	ck_assert_msg(mode_parse(bad[_i], &m, &err) < 0, "'%s'", bad[_i]);
	ck_assert_int_eq(err.kind, ERR_INVALID);
}
END_TEST

UNIT_MAIN("build/mode", TEST_LOOP(mode_changes_as_chmod_does, ARRAY_SIZE(changes)),
	  TEST_LOOP(other_texts_are_refused, ARRAY_SIZE(bad)))
