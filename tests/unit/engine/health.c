/*
 * The health check of a container: what was asked for over what the image has, and docker's defaults.
 */
#include "engine/health.h"
#include "unit.h"

#define S 1000000000LL

static void request_with(struct run_request *r, const char *cmd)
{
	run_request_init(r);
	r->health_cmd = xstrdup_or_null(cmd);
}

static void plan_is(const struct health_plan *p, const char *command)
{
	auto_free char *joined = strv_join(&p->command, "|");

	ck_assert_str_eq(joined, command);
}

START_TEST(defaults_are_those_of_docker)
{
	auto_done(health_plan) struct health_plan p = { 0 };
	struct error err = { 0 };
	struct run_request r;

	request_with(&r, "curl -f localhost");
	ck_assert_int_eq(health_plan_make(&r, NULL, &p, &err), 0);
	plan_is(&p, "/bin/sh|-c|curl -f localhost");
	ck_assert_int_eq(p.interval_ns, 30 * S);
	ck_assert_int_eq(p.timeout_ns, 30 * S);
	ck_assert_int_eq(p.start_period_ns, 0);
	ck_assert_int_eq(p.start_interval_ns, 5 * S);
	ck_assert_int_eq(p.retries, 3);
	ck_assert_int_eq(p.on_failure, HEALTH_DO_NOTHING);
	run_request_done(&r);
}
END_TEST

START_TEST(what_is_not_given_is_the_images)
{
	struct healthcheck image_check = { .interval = 7 * S,
					   .timeout = 2 * S,
					   .start_period = UNSET,
					   .start_interval = UNSET,
					   .retries = 9 };
	struct image_settings image = { .healthcheck = &image_check };
	auto_done(health_plan) struct health_plan p = { 0 };
	struct error err = { 0 };
	struct run_request r;

	strv_add(&image_check.test, "CMD");
	strv_add(&image_check.test, "/probe");
	strv_add(&image_check.test, "-q");
	request_with(&r, NULL);
	r.health_timeout = 4 * S;
	r.health_retries = 0; /* means "not given", as to docker */
	ck_assert_int_eq(health_plan_make(&r, &image, &p, &err), 0);
	plan_is(&p, "/probe|-q");
	ck_assert_int_eq(p.interval_ns, 7 * S);
	ck_assert_int_eq(p.timeout_ns, 4 * S);
	ck_assert_int_eq(p.retries, 9);
	run_request_done(&r);
	strv_done(&image_check.test);
}
END_TEST

static const struct {
	const char *cmd, *command;
} commands_given[] = {
	{ "true", "/bin/bash|-ec|true" },	      /* the shell is the image's */
	{ "[ -e /ok ]", "/bin/bash|-ec|[ -e /ok ]" }, /* and this no JSON */
	{ "[\"/probe\", \"a b\"]", "/probe|a b" },
	{ "[\"CMD\", \"/probe\"]", "/probe" },
	{ "[\"CMD-SHELL\", \"a && b\"]", "/bin/bash|-ec|a && b" },
	{ "none", "" },
};

START_TEST(a_command_is_a_line_for_the_shell_or_a_list)
{
	struct image_settings image = { 0 };
	auto_done(health_plan) struct health_plan p = { 0 };
	struct error err = { 0 };
	struct run_request r;

	strv_add(&image.shell, "/bin/bash");
	strv_add(&image.shell, "-ec");
	request_with(&r, commands_given[_i].cmd);
	ck_assert_int_eq(health_plan_make(&r, &image, &p, &err), 0);
	plan_is(&p, commands_given[_i].command);
	run_request_done(&r);
	strv_done(&image.shell);
}
END_TEST

START_TEST(switched_off_it_is_none_whatever_the_image_has)
{
	struct healthcheck image_check = { .interval = S };
	struct image_settings image = { .healthcheck = &image_check };
	auto_done(health_plan) struct health_plan p = { 0 };
	struct error err = { 0 };
	struct run_request r;

	strv_add(&image_check.test, "CMD");
	strv_add(&image_check.test, "/probe");
	request_with(&r, NULL);
	r.no_healthcheck = true;
	ck_assert_int_eq(health_plan_make(&r, &image, &p, &err), 0);
	ck_assert_uint_eq(p.command.n, 0);
	run_request_done(&r);
	strv_done(&image_check.test);
}
END_TEST

START_TEST(values_of_a_check_that_is_not_there_are_refused_by_name)
{
	auto_done(health_plan) struct health_plan p = { 0 };
	struct error err = { 0 };
	char text[ERROR_LINE_MAX];
	struct run_request r;

	request_with(&r, NULL);
	r.health_start_period = S;
	ck_assert_int_eq(health_plan_make(&r, NULL, &p, &err), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	ck_assert_ptr_nonnull(
		strstr(error_text(&err, text, sizeof(text)), "--health-start-period"));
	run_request_done(&r);
}
END_TEST

UNIT_MAIN("engine/health", TEST(defaults_are_those_of_docker), TEST(what_is_not_given_is_the_images),
	  TEST_LOOP(a_command_is_a_line_for_the_shell_or_a_list, ARRAY_SIZE(commands_given)),
	  TEST(switched_off_it_is_none_whatever_the_image_has),
	  TEST(values_of_a_check_that_is_not_there_are_refused_by_name))
