/*
 * change.c - tests of src/build/change.c.
 */
#include "unit.h"

#include "build/change.h"
#include "util/str.h"

START_TEST(changes_add_up_without_history)
{
	static const char *const changes[] = {
		"ENV A=1 B=two",
		"ENV C=$A",
		"CMD [\"a\", \"b\"]",
		"ENTRYPOINT run me",
		"WORKDIR /w",
		"WORKDIR $A/x",
		"USER 5",
		"EXPOSE 80",
		"LABEL l=$B",
		"VOLUME /v",
		"STOPSIGNAL TERM",
	};
	struct image_config c;
	struct error err = { 0 };
	char line[ERROR_LINE_MAX];

	image_config_init(&c);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		ck_assert_msg(build_change(changes[i], &c, &err) == 0, "%s",
			      error_text(&err, line, sizeof(line)));
	ck_assert_str_eq(strv_env_get(&c.config.env, "C"), "1");
	ck_assert_str_eq(c.config.working_dir, "/w/1/x");
	ck_assert_str_eq(c.config.cmd.v[1], "b");
	ck_assert_str_eq(c.config.entrypoint.v[2], "run me");
	ck_assert_str_eq(c.config.exposed_ports.v[0], "80/tcp");
	ck_assert_str_eq(strmap_get(&c.config.labels, "l"), "two");
	ck_assert_uint_eq(c.history.n, 0);
	image_config_done(&c);
}
END_TEST

static const char *const bad[] = { "RUN x",  "FROM x", "COPY a b", "ADD a b",	  "ARG x",
				   "NOPE x", "",       "ENV a",	   "CMD a\nCMD b" };

START_TEST(other_instructions_are_refused)
{
	struct image_config c;
	struct error err = { 0 };

	image_config_init(&c);
	ck_assert_int_eq(build_change(bad[_i], &c, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INVALID);
	image_config_done(&c);
}
END_TEST

UNIT_MAIN("build/change", TEST(changes_add_up_without_history),
	  TEST_LOOP(other_instructions_are_refused, ARRAY_SIZE(bad)))
