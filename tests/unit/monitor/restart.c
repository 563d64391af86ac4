/*
 * Restart policies: their words, what they decide, and the pauses between two runs.
 */
#include "monitor/restart.h"
#include "unit.h"
#include "util/mem.h"

#define SECOND 1000000000LL

static const struct {
	const char *text;
	enum restart_when when;
	int64_t max;
} good[] = {
	{ NULL, RESTART_NO, 0 },
	{ "no", RESTART_NO, 0 },
	{ "on-failure", RESTART_ON_FAILURE, 0 },
	{ "on-failure:3", RESTART_ON_FAILURE, 3 },
	{ "always", RESTART_ALWAYS, 0 },
	{ "unless-stopped", RESTART_UNLESS_STOPPED, 0 },
};

START_TEST(policies_have_the_words_of_docker)
{
	struct restart_policy p;
	struct error err = { 0 };

	ck_assert_int_eq(restart_policy_parse(good[_i].text, &p, &err), 0);
	ck_assert_int_eq(p.when, good[_i].when);
	ck_assert_int_eq(p.max, good[_i].max);
}
END_TEST

static const char *const bad[] = {
	"", "never", "always:3", "on-failure:", "on-failure:x", "NO", "on-failure:-1", "on-failure:99999999999"
};

START_TEST(other_words_are_refused)
{
	struct restart_policy p;
	struct error err = { 0 };

	ck_assert_int_eq(restart_policy_parse(bad[_i], &p, &err), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
}
END_TEST

static const struct {
	const char *policy;
	int code;
	int64_t restarts;
	bool stopped, wanted;
} decisions[] = {
	{ "no", 1, 0, false, false },
	{ "on-failure", 0, 0, false, false },
	{ "on-failure", 1, 100, false, true },
	{ "on-failure:2", 1, 1, false, true },
	{ "on-failure:2", 1, 2, false, false },
	{ "on-failure", 137, 0, true, false },
	{ "always", 0, 1000, false, true },
	{ "always", 0, 0, true, false },
	{ "unless-stopped", 0, 0, false, true },
	{ "unless-stopped", 1, 0, true, false },
};

START_TEST(a_policy_decides_by_code_count_and_purpose)
{
	struct restart_policy p;
	struct error err = { 0 };

	ck_assert_int_eq(restart_policy_parse(decisions[_i].policy, &p, &err), 0);
	ck_assert_int_eq(restart_wanted(&p, decisions[_i].code, decisions[_i].restarts,
					decisions[_i].stopped),
			 decisions[_i].wanted);
}
END_TEST

START_TEST(pauses_double_up_to_a_minute_and_begin_anew_after_a_long_run)
{
	int64_t pause = restart_pause(0, 0);

	ck_assert_int_eq(pause, SECOND / 10);
	for (int i = 1; i <= 9; i++) {
		pause = restart_pause(pause, SECOND);
		ck_assert_int_eq(pause, SECOND / 10 << i);
	}
	ck_assert_int_eq(restart_pause(pause, 0), 60 * SECOND);
	ck_assert_int_eq(restart_pause(60 * SECOND, 0), 60 * SECOND);
	ck_assert_int_eq(restart_pause(60 * SECOND, 10 * SECOND), SECOND / 10);
}
END_TEST

UNIT_MAIN("monitor/restart", TEST_LOOP(policies_have_the_words_of_docker, ARRAY_SIZE(good)),
	  TEST_LOOP(other_words_are_refused, ARRAY_SIZE(bad)),
	  TEST_LOOP(a_policy_decides_by_code_count_and_purpose, ARRAY_SIZE(decisions)),
	  TEST(pauses_double_up_to_a_minute_and_begin_anew_after_a_long_run))
