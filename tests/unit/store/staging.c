/* tmp/: made, published, and swept after the death of its maker. */
#include "store_env.h"

#include <signal.h>

static size_t entries(struct env *e)
{
	auto_done(strv) struct strv names = { 0 };

	OK(dir_list(store_dir(&e->st, STORE_TMP, &err), &names, &err));
	return names.n - strv_has(&names, "swept");
}

START_TEST(staging_end_leaves_nothing)
{
	ENV(e);
	struct staging s;

	OK(staging_begin(&e.st, &s, &err));
	OK(file_write(s.fd, "x", "y", 1, 0600, false, &err));
	ck_assert_uint_eq(entries(&e), 2);
	staging_end(&e.st, &s);
	ck_assert_uint_eq(entries(&e), 0);
	staging_end(&e.st, &s);
}
END_TEST

START_TEST(staging_sweep_spares_the_living)
{
	ENV(e);
	struct staging s;

	OK(staging_begin(&e.st, &s, &err));
	OK(staging_sweep(&e.st, true, &err));
	ck_assert_uint_eq(entries(&e), 2);
	ck_assert(file_exists(e.st.dirs[STORE_TMP], s.name));
	staging_end(&e.st, &s);
}
END_TEST

START_TEST(staging_sweep_takes_what_the_dead_left)
{
	ENV(e);
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct staging s;

		if (staging_begin(&e.st, &s, &err) < 0 || mkdirat(s.fd, "deep", 0700) < 0 ||
		    file_write(s.fd, "deep/f", "x", 1, 0600, false, &err) < 0)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, &status, 0);
	ck_assert(WIFSIGNALED(status));
	ck_assert_uint_eq(entries(&e), 2);
	/* trash is swept too */
	ck_assert_int_eq(mkdirat(store_dir(&e.st, STORE_TMP, &err), "trash-1", 0700), 0);
	OK(staging_sweep(&e.st, true, &err));
	ck_assert_uint_eq(entries(&e), 0);
}
END_TEST

START_TEST(staging_sweep_is_not_done_again_at_once)
{
	ENV(e);
	int tmp = store_dir(&e.st, STORE_TMP, &err);
	struct timespec back[2] = { { 0, 0 }, { 0, 0 } };

	OK(staging_sweep(&e.st, false, &err));
	ck_assert_int_eq(mkdirat(tmp, "trash-1", 0700), 0);
	OK(staging_sweep(&e.st, false, &err));
	ck_assert_uint_eq(entries(&e), 1);
	/* the stamp is old: time for another; and one from the future does not stop it for ever */
	ck_assert_int_eq(utimensat(tmp, "swept", back, 0), 0);
	OK(staging_sweep(&e.st, false, &err));
	ck_assert_uint_eq(entries(&e), 0);
	back[1].tv_sec = 4000000000;
	ck_assert_int_eq(utimensat(tmp, "swept", back, 0), 0);
	ck_assert_int_eq(mkdirat(tmp, "trash-2", 0700), 0);
	OK(staging_sweep(&e.st, false, &err));
	ck_assert_uint_eq(entries(&e), 0);
}
END_TEST

START_TEST(staging_sweep_takes_containers_that_never_got_a_record)
{
	ENV(e);
	struct container alive;
	auto_done(strv) struct strv ids = { 0 }, names = { 0 };
	int status;
	pid_t pid;

	container_init(&alive);
	OK(container_make(&e.st, &alive, "alive", &err));
	pid = fork();
	if (pid == 0) {
		struct container c;

		container_init(&c);
		if (container_make(&e.st, &c, "dead", &err) < 0)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, &status, 0);
	ck_assert(WIFSIGNALED(status));
	OK(staging_sweep(&e.st, true, &err));
	OK(dir_list(store_dir(&e.st, STORE_CONTAINERS, &err), &ids, &err));
	ck_assert_uint_eq(ids.n, 1);
	ck_assert_str_eq(ids.v[0], alive.id);
	OK(dir_list(store_dir(&e.st, STORE_NAMES, &err), &names, &err));
	ck_assert_uint_eq(names.n, 1);
	container_done(&alive);
}
END_TEST

/* A container with a record and a state, whose maker holds its lock no more. */
static void make_ended(struct env *e, const char *name, bool auto_remove, int64_t exit_code)
{
	struct container c;

	container_init(&c);
	OK(container_make(&e->st, &c, name, &err));
	c.record.auto_remove = auto_remove;
	OK(container_record_save(&e->st, &c, &err));
	c.state.exit_code = exit_code;
	c.state.started_ns = exit_code == UNSET ? 0 : 1;
	if (exit_code != UNSET)
		OK(container_state_save(&e->st, &c, false, &err));
	container_done(&c);
}

START_TEST(staging_sweep_takes_what_a_dead_monitor_was_to_remove)
{
	ENV(e);
	auto_done(strv) struct strv names = { 0 };

	make_ended(&e, "kept", false, 0);
	make_ended(&e, "not_started", true, UNSET);
	make_ended(&e, "left", true, 0);
	OK(symlinkat("0000000000000000000000000000000000000000000000000000000000000000",
		     store_dir(&e.st, STORE_NAMES, &err), "of_nobody"));
	OK(staging_sweep(&e.st, true, &err));
	OK(dir_list(store_dir(&e.st, STORE_NAMES, &err), &names, &err));
	ck_assert_uint_eq(names.n, 2);
	ck_assert(strv_has(&names, "kept"));
	ck_assert(strv_has(&names, "not_started"));
}
END_TEST

UNIT_MAIN("store/staging", TEST(staging_end_leaves_nothing), TEST(staging_sweep_spares_the_living),
	  TEST(staging_sweep_takes_what_the_dead_left), TEST(staging_sweep_is_not_done_again_at_once),
	  TEST(staging_sweep_takes_containers_that_never_got_a_record),
	  TEST(staging_sweep_takes_what_a_dead_monitor_was_to_remove))
