/*
 * Health checks: docker's rules on a clock that is ours.
 */
#include "monitor/health.h"
#include "unit.h"

#define S 1000000000LL

static const struct health_plan plain = {
	.interval_ns = 30 * S, .timeout_ns = 30 * S, .start_interval_ns = 5 * S, .retries = 3
};
static const struct health_plan slow = { .interval_ns = 30 * S,
					 .timeout_ns = 30 * S,
					 .start_period_ns = 60 * S,
					 .start_interval_ns = 5 * S,
					 .retries = 2 };

START_TEST(the_first_probe_is_due_one_interval_after_the_start)
{
	struct health_state s;

	health_begin(&s, &plain, 100 * S);
	ck_assert_int_eq(s.status, HEALTH_IS_STARTING);
	ck_assert_int_eq(s.due_ns, 130 * S);
	health_begin(&s, &slow, 100 * S);
	ck_assert_int_eq(s.due_ns, 105 * S);
}
END_TEST

START_TEST(one_success_makes_it_healthy)
{
	struct health_state s;

	health_begin(&s, &plain, 0);
	ck_assert(health_result(&s, &plain, true, 30 * S, 31 * S));
	ck_assert_int_eq(s.status, HEALTH_IS_GOOD);
	ck_assert_int_eq(s.due_ns, 61 * S); /* counted from its end */
	ck_assert(!health_result(&s, &plain, true, 61 * S, 61 * S));
}
END_TEST

START_TEST(as_many_failures_in_a_row_as_retries_make_it_unhealthy)
{
	struct health_state s;

	health_begin(&s, &plain, 0);
	ck_assert(health_result(&s, &plain, true, 30 * S, 30 * S));
	ck_assert(!health_result(&s, &plain, false, 60 * S, 60 * S));
	ck_assert(!health_result(&s, &plain, false, 90 * S, 90 * S));
	ck_assert_int_eq(s.streak, 2);
	ck_assert_int_eq(s.status, HEALTH_IS_GOOD);
	/* a success in between begins the count anew */
	ck_assert(!health_result(&s, &plain, true, 120 * S, 120 * S));
	ck_assert_int_eq(s.streak, 0);
	ck_assert(!health_result(&s, &plain, false, 150 * S, 150 * S));
	ck_assert(!health_result(&s, &plain, false, 180 * S, 180 * S));
	ck_assert(health_result(&s, &plain, false, 210 * S, 210 * S));
	ck_assert_int_eq(s.status, HEALTH_IS_BAD);
	/* the streak goes on, the status is told once */
	ck_assert(!health_result(&s, &plain, false, 240 * S, 240 * S));
	ck_assert_int_eq(s.streak, 4);
	ck_assert(health_result(&s, &plain, true, 270 * S, 270 * S));
	ck_assert_int_eq(s.status, HEALTH_IS_GOOD);
}
END_TEST

START_TEST(failures_in_the_start_period_do_not_count)
{
	struct health_state s;
	int64_t at = 5 * S;

	health_begin(&s, &slow, 0);
	for (; at < 60 * S; at += 5 * S) {
		ck_assert_int_eq(s.due_ns, at);
		ck_assert(!health_result(&s, &slow, false, at, at));
		ck_assert_int_eq(s.streak, 0);
	}
	/* it is over: the interval is the long one, and failures count */
	ck_assert_int_eq(s.due_ns, 60 * S);
	ck_assert(!health_result(&s, &slow, false, 60 * S, 60 * S));
	ck_assert_int_eq(s.streak, 1);
	ck_assert_int_eq(s.due_ns, 90 * S);
	ck_assert(health_result(&s, &slow, false, 90 * S, 90 * S));
	ck_assert_int_eq(s.status, HEALTH_IS_BAD);
}
END_TEST

START_TEST(a_success_ends_the_start_period)
{
	struct health_state s;

	health_begin(&s, &slow, 0);
	ck_assert(health_result(&s, &slow, true, 5 * S, 5 * S));
	ck_assert_int_eq(s.due_ns, 35 * S);
	ck_assert(!health_result(&s, &slow, false, 35 * S, 35 * S));
	ck_assert_int_eq(s.streak, 1);
}
END_TEST

START_TEST(a_probe_counts_by_when_it_was_begun)
{
	struct health_state s;

	health_begin(&s, &slow, 0);
	ck_assert(!health_result(&s, &slow, false, 59 * S, 80 * S));
	ck_assert_int_eq(s.streak, 0);
	ck_assert_int_eq(s.due_ns, 110 * S);
}
END_TEST

START_TEST(what_is_skipped_changes_nothing_but_the_time)
{
	struct health_state s;

	health_begin(&s, &plain, 0);
	health_result(&s, &plain, false, 30 * S, 30 * S);
	health_skip(&s, &plain, 60 * S);
	ck_assert_int_eq(s.streak, 1);
	ck_assert_int_eq(s.status, HEALTH_IS_STARTING);
	ck_assert_int_eq(s.due_ns, 90 * S);
}
END_TEST

START_TEST(actions_have_the_words_of_podman)
{
	enum health_action a;
	struct error err = { 0 };

	ck_assert_int_eq(health_action_parse(NULL, &a, &err), 0);
	ck_assert_int_eq(a, HEALTH_DO_NOTHING);
	ck_assert_int_eq(health_action_parse("restart", &a, &err), 0);
	ck_assert_int_eq(a, HEALTH_DO_RESTART);
	ck_assert_int_eq(health_action_parse("kill", &a, &err), 0);
	ck_assert_int_eq(a, HEALTH_DO_KILL);
	ck_assert_int_eq(health_action_parse("stop", &a, &err), 0);
	ck_assert_int_eq(a, HEALTH_DO_STOP);
	ck_assert_int_eq(health_action_parse("reboot", &a, &err), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
}
END_TEST

UNIT_MAIN("monitor/health", TEST(the_first_probe_is_due_one_interval_after_the_start),
	  TEST(one_success_makes_it_healthy),
	  TEST(as_many_failures_in_a_row_as_retries_make_it_unhealthy),
	  TEST(failures_in_the_start_period_do_not_count), TEST(a_success_ends_the_start_period),
	  TEST(a_probe_counts_by_when_it_was_begun),
	  TEST(what_is_skipped_changes_nothing_but_the_time), TEST(actions_have_the_words_of_podman))
