/* Containers: made, named, found, their status, removed. */
#include "store_env.h"

#include "util/text.h"

#include <signal.h>

static void state_running(struct env *e, struct container *c)
{
	c->state.pid = 1;
	c->state.pid_start = 5;
	c->state.monitor_pid = getpid();
	c->state.started_ns = time_now_ns();
	c->state.exit_code = UNSET;
	OK(container_state_save(&e->st, c, false, &err));
}

static enum container_status status_of(struct env *e, const char *name)
{
	struct container c;
	enum container_status s;

	container_init(&c);
	ck_assert_int_eq(container_find(&e->st, name, &c, &err), 1);
	s = c.status;
	container_done(&c);
	return s;
}

START_TEST(container_comes_back_with_all_of_its_record)
{
	ENV(e);
	struct container c, back;
	struct container_mount *m;

	container_init(&c);
	OK(container_make(&e.st, &c, "web", &err));
	c.record.image = xstrdup("alpine");
	strv_add(&c.record.layers, "aa");
	strv_add(&c.record.args, "-c");
	strv_add(&c.record.args, "");
	strmap_set(&c.record.labels, "k", "v\n\"");
	m = vec_add(&c.record.mounts);
	m->type = xstrdup("volume");
	m->name = xstrdup("data");
	m->rw = true;
	c.record.stop_timeout = 0;
	c.record.request = xstrdup("{\n  \"request\": [1, \"},\\n\"]\n}");
	c.record.image_settings = xstrdup("{\"Cmd\":[\"x\"]}");
	OK(container_record_save(&e.st, &c, &err));
	container_init(&back);
	ck_assert_int_eq(container_find(&e.st, "web", &back, &err), 1);
	ck_assert_str_eq(back.id, c.id);
	ck_assert_str_eq(back.record.name, "web");
	ck_assert_int_eq(back.record.created_ns, c.record.created_ns);
	ck_assert_str_eq(back.record.args.v[1], "");
	ck_assert_str_eq(strmap_get(&back.record.labels, "k"), "v\n\"");
	ck_assert_str_eq(back.record.mounts.v[0].name, "data");
	ck_assert(back.record.mounts.v[0].rw);
	ck_assert_int_eq(back.record.stop_timeout, 0);
	ck_assert_str_eq(back.record.image_settings, "{\"Cmd\":[\"x\"]}");
	ck_assert_str_eq(back.record.request, "{   \"request\": [1, \"},\\n\"] }");
	ck_assert_ptr_null(back.record.stop_signal);
	container_done(&c);
	container_done(&back);
}
END_TEST

START_TEST(container_is_found_by_name_id_and_prefix)
{
	ENV(e);
	struct container a, b, f;
	char prefix[13] = "";

	env_container(&e, "one", &a);
	env_container(&e, NULL, &b);
	container_init(&f);
	snprintf(prefix, sizeof(prefix), "%.12s", a.id);
	ck_assert_int_eq(container_find(&e.st, a.id, &f, &err), 1);
	ck_assert_int_eq(container_find(&e.st, prefix, &f, &err), 1);
	ck_assert_str_eq(f.id, a.id);
	ck_assert_int_eq(container_find(&e.st, b.record.name, &f, &err), 1);
	ck_assert_str_eq(f.id, b.id);
	ck_assert_int_eq(container_find(&e.st, "two", &f, &err), 0);
	ck_assert_int_eq(container_find(&e.st, "", &f, &err), 0);
	ck_assert_int_eq(container_find(&e.st, "../names/one", &f, &err), 0);
	container_done(&a);
	container_done(&b);
	container_done(&f);
}
END_TEST

START_TEST(container_prefix_of_several_is_refused)
{
	ENV(e);
	struct container c, f;
	char first[2] = "", seen[18] = "";

	for (int i = 0; i < 17; i++) { /* 16 digits: two begin alike */
		env_container(&e, NULL, &c);
		if (strchr(seen, c.id[0]))
			first[0] = c.id[0];
		seen[i] = c.id[0];
		container_done(&c);
	}
	container_init(&f);
	FAILS(container_find(&e.st, first, &f, &err), ERR_INVALID);
}
END_TEST

START_TEST(container_name_in_use_is_refused_with_its_holder)
{
	ENV(e);
	struct container a, b;
	auto_done(strv) struct strv ids = { 0 };

	env_container(&e, "web", &a);
	container_init(&b);
	FAILS(container_make(&e.st, &b, "web", &err), ERR_EXISTS);
	ck_assert_ptr_nonnull(strstr(error_text(&err, line, sizeof(line)), "'web'"));
	OK(dir_list(e.st.dirs[STORE_CONTAINERS], &ids, &err));
	ck_assert_uint_eq(ids.n, 1); /* nothing of b is left */
	container_done(&a);
	container_done(&b);
}
END_TEST

static const struct {
	const char *name;
	bool valid;
} names[] = {
	{ "web", true },	  { "a1", true },    { "A.b-c_d", true },
	{ "0x", true },		  { "a", true },     { "", false },
	{ ".web", false },	  { "-web", false }, { "_web", false },
	{ "a/b", false },	  { "a b", false },  { "..", false },
	{ "caf\xc3\xa9", false }, { "a\n", false },  { "a:b", false },
};

START_TEST(container_name_is_of_letters_digits_and_three_signs)
{
	ck_assert_int_eq(container_name_valid(names[_i].name), names[_i].valid);
}
END_TEST

START_TEST(container_name_of_a_dead_maker_is_free)
{
	ENV(e);
	struct container c;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		container_init(&c);
		if (container_make(&e.st, &c, "web", &err) < 0)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, &status, 0);
	ck_assert(WIFSIGNALED(status));
	container_init(&c);
	ck_assert_int_eq(container_find(&e.st, "web", &c, &err), 0);
	OK(container_make(&e.st, &c, "web", &err));
	container_done(&c);
}
END_TEST

START_TEST(container_being_made_is_neither_listed_nor_robbed)
{
	ENV(e);
	struct container a, b;
	containers l = { 0 };

	container_init(&a);
	container_init(&b);
	OK(container_make(&e.st, &a, "web", &err));
	OK(container_list(&e.st, &l, &err));
	ck_assert_uint_eq(l.n, 0);
	FAILS(container_make(&e.st, &b, "web", &err), ERR_EXISTS);
	OK(container_record_save(&e.st, &a, &err));
	OK(container_list(&e.st, &l, &err));
	ck_assert_uint_eq(l.n, 1);
	containers_done(&l);
	container_done(&a);
	container_done(&b);
}
END_TEST

START_TEST(container_rename_moves_the_name)
{
	ENV(e);
	struct container a, b, f;

	env_container(&e, "old", &a);
	env_container(&e, "taken", &b);
	FAILS(container_rename(&e.st, &a, "taken", &err), ERR_EXISTS);
	ck_assert_str_eq(a.record.name, "old");
	FAILS(container_rename(&e.st, &a, "old", &err), ERR_EXISTS);
	FAILS(container_rename(&e.st, &a, "no/name", &err), ERR_INVALID);
	OK(container_rename(&e.st, &a, "new", &err));
	container_init(&f);
	ck_assert_int_eq(container_find(&e.st, "old", &f, &err), 0);
	ck_assert_int_eq(container_find(&e.st, "new", &f, &err), 1);
	/* a rename that was cut short before the old name went: that one means nothing */
	ck_assert_int_eq(symlinkat(a.id, e.st.dirs[STORE_NAMES], "old"), 0);
	ck_assert_int_eq(container_find(&e.st, "old", &f, &err), 0);
	OK(container_rename(&e.st, &b, "old", &err));
	container_done(&a);
	container_done(&b);
	container_done(&f);
}
END_TEST

START_TEST(container_status_follows_lock_and_state)
{
	ENV(e);
	struct container c;
	int lock;

	env_container(&e, "web", &c);
	ck_assert_int_eq(status_of(&e, "web"), CONTAINER_CREATED);
	lock = container_lock(&e.st, &c, &err);
	OK(lock);
	ck_assert_int_eq(status_of(&e, "web"), CONTAINER_CREATED);
	FAILS(container_lock(&e.st, &c, &err), ERR_BUSY);
	state_running(&e, &c);
	ck_assert_int_eq(status_of(&e, "web"), CONTAINER_RUNNING);
	c.state.exit_code = 3;
	c.state.finished_ns = time_now_ns();
	OK(container_state_save(&e.st, &c, true, &err));
	close(lock);
	ck_assert_int_eq(status_of(&e, "web"), CONTAINER_EXITED);
	OK(container_refresh(&e.st, &c, &err));
	ck_assert_int_eq(c.state.exit_code, 3);
	container_done(&c);
}
END_TEST

START_TEST(container_that_is_to_go_keeps_its_state_until_then_and_may_stay)
{
	ENV(e);
	struct container c;

	env_container(&e, "web", &c);
	ck_assert(!container_is_leaving(&c));
	OK(container_mark_leaving(&c, &err));
	OK(container_mark_leaving(&c, &err));
	ck_assert(container_is_leaving(&c));
	c.state.exit_code = 3;
	c.state.finished_ns = c.state.started_ns = time_now_ns();
	OK(container_state_save(&e.st, &c, false, &err));
	c.state.exit_code = 4;
	OK(container_state_save(&e.st, &c, false, &err));
	OK(container_refresh(&e.st, &c, &err));
	ck_assert_int_eq(c.state.exit_code, 4);
	container_stays(&c);
	ck_assert(!container_is_leaving(&c));
	container_done(&c);
}
END_TEST

static const struct {
	bool same_boot;
	const char *reason;
} losses[] = { { true, "monitor-lost" }, { false, "reboot" } };

START_TEST(container_whose_monitor_is_gone_has_exited_with_137)
{
	ENV(e);
	struct container c;
	auto_done(str) struct str boot = { 0 };

	OK(file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", &boot, 100, &err));
	boot.s[strcspn(boot.s, "\n")] = '\0';
	env_container(&e, "web", &c);
	c.state.boot_id = xstrdup(losses[_i].same_boot ? boot.s : "of yesterday");
	state_running(&e, &c);
	OK(container_refresh(&e.st, &c, &err));
	ck_assert_int_eq(c.status, CONTAINER_EXITED);
	ck_assert_int_eq(c.state.exit_code, 137);
	ck_assert_str_eq(c.state.reason, losses[_i].reason);
	ck_assert_int_ge(c.state.finished_ns, c.state.started_ns);
	container_done(&c);
}
END_TEST

static const char *const damages[] = {
	"",
	"{",
	"null",
	"{}",
	"{\"id\":1}",
	"\n\n\n",
	"{\"id\":\"x\",\"name\":\"y\",\"created\":1}",
	"{\"id\":\"x\",\"name\":\"y\",\"created\":1}\nnull\nnull\n",
};

START_TEST(container_with_a_damaged_record_is_corrupt_listed_and_removable)
{
	ENV(e);
	struct container good, bad, f;
	containers l = { 0 };
	int corrupt = 0;

	env_container(&e, "good", &good);
	env_container(&e, "bad", &bad);
	OK(file_write(bad.fd, "record.json", damages[_i], strlen(damages[_i]), 0600, false, &err));
	OK(container_list(&e.st, &l, &err));
	ck_assert_uint_eq(l.n, 2);
	vec_each (&l, c)
		if (c->status == CONTAINER_CORRUPT) {
			corrupt++;
			ck_assert_ptr_nonnull(c->why);
		}
	ck_assert_int_eq(corrupt, 1);
	containers_done(&l);
	container_init(&f);
	ck_assert_int_eq(container_find(&e.st, "bad", &f, &err), 1);
	ck_assert_int_eq(f.status, CONTAINER_CORRUPT);
	OK(container_remove(&e.st, &f, &err));
	container_done(&f);
	ck_assert_int_eq(container_find(&e.st, "bad", &f, &err), 0);
	ck_assert(!file_exists(e.st.dirs[STORE_NAMES], "bad"));
	ck_assert_int_eq(container_find(&e.st, "good", &f, &err), 1);
	container_done(&f);
	container_done(&good);
	container_done(&bad);
}
END_TEST

static const char *const states[] = {
	"", "{\"pid\":\"x\"}", "{\"exitCode\":256}", "{\"pid\":-4}", "{\"started\":-1}", "[]"
};

START_TEST(container_with_a_damaged_state_is_corrupt)
{
	ENV(e);
	struct container c;

	env_container(&e, "web", &c);
	OK(file_write(c.fd, "state.json", states[_i], strlen(states[_i]), 0600, false, &err));
	ck_assert_int_eq(status_of(&e, "web"), CONTAINER_CORRUPT);
	container_done(&c);
}
END_TEST

START_TEST(container_that_lost_its_record_is_shown_as_corrupt)
{
	ENV(e);
	struct container c;

	env_container(&e, "web", &c);
	state_running(&e, &c);
	unlinkat(c.fd, "record.json", 0);
	ck_assert_int_eq(status_of(&e, "web"), CONTAINER_CORRUPT);
	OK(staging_sweep(&e.st, true, &err)); /* and not swept */
	ck_assert_int_eq(status_of(&e, "web"), CONTAINER_CORRUPT);
	container_done(&c);
}
END_TEST

START_TEST(container_list_is_newest_first_and_holds_no_descriptors)
{
	ENV(e);
	struct container c;
	containers l = { 0 };

	for (int i = 0; i < 5; i++) {
		auto_free char *name = xasprintf("c%d", i);

		env_container(&e, name, &c);
		c.record.created_ns = (i * 7) % 5;
		OK(container_record_save(&e.st, &c, &err));
		container_done(&c);
	}
	OK(container_list(&e.st, &l, &err));
	ck_assert_uint_eq(l.n, 5);
	for (size_t i = 0; i < l.n; i++) {
		ck_assert_int_eq(l.v[i].record.created_ns, 4 - (int)i);
		ck_assert_int_eq(l.v[i].fd, -1);
	}
	containers_done(&l);
}
END_TEST

START_TEST(container_remove_leaves_nothing)
{
	ENV(e);
	struct container c;
	auto_done(strv) struct strv left = { 0 };

	env_container(&e, "web", &c);
	OK(container_remove(&e.st, &c, &err));
	OK(container_remove(&e.st, &c, &err)); /* again: another was faster */
	OK(dir_list(e.st.dirs[STORE_CONTAINERS], &left, &err));
	OK(dir_list(e.st.dirs[STORE_NAMES], &left, &err));
	ck_assert_uint_eq(left.n, 0);
	FAILS(container_refresh(&e.st, &c, &err), ERR_NOTFOUND);
	container_done(&c);
}
END_TEST

/* A monitor that says it runs, lives until it is told, and ends as its argument says. */
static pid_t fake_monitor(struct env *e, const char *name, int exit_code, int go)
{
	int ready[2];
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct container c;

		container_init(&c);
		if (container_find(&e->st, name, &c, &err) != 1 ||
		    container_lock(&e->st, &c, &err) < 0)
			_exit(1);
		state_running(e, &c);
		if (write(ready[1], "x", 1) != 1 || read(go, &byte, 1) < 0)
			_exit(1);
		if (exit_code < 0)
			kill(getpid(), SIGKILL);
		c.state.exit_code = exit_code;
		container_state_save(&e->st, &c, false, &err);
		_exit(0);
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static const int endings[] = { 7, -1 };

START_TEST(container_wait_sees_the_end_of_the_monitor_however_it_comes)
{
	ENV(e);
	struct container c;
	int go[2];
	pid_t pid, waiter;
	int status;

	env_container(&e, "web", &c);
	ck_assert_int_eq(pipe(go), 0);
	pid = fake_monitor(&e, "web", endings[_i], go[0]);
	ck_assert_int_eq(container_wait(&e.st, &c, 0, &err), 0); /* no time: still running */
	ck_assert_int_eq(c.status, CONTAINER_RUNNING);
	waiter = fork();
	if (waiter == 0) {
		if (container_wait(&e.st, &c, -1, &err) != 1)
			_exit(99);
		_exit((int)c.state.exit_code);
	}
	ck_assert_int_eq(write(go[1], "x", 1), 1);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(waitpid(waiter, &status, 0), waiter);
	ck_assert_int_eq(WEXITSTATUS(status), endings[_i] < 0 ? 137 : endings[_i]);
	ck_assert_int_eq(container_wait(&e.st, &c, -1, &err), 1);
	container_done(&c);
}
END_TEST

START_TEST(container_made_up_names_are_valid_and_differ)
{
	ENV(e);
	struct container c[300];

	for (int i = 0; i < 300; i++) {
		env_container(&e, NULL, &c[i]);
		ck_assert(container_name_valid(c[i].record.name));
		auto_close_fd(&c[i].fd);
	}
	for (int i = 0; i < 300; i++)
		container_done(&c[i]);
}
END_TEST

UNIT_MAIN("store/container", TEST(container_comes_back_with_all_of_its_record),
	  TEST(container_is_found_by_name_id_and_prefix),
	  TEST(container_that_is_to_go_keeps_its_state_until_then_and_may_stay),
	  TEST(container_prefix_of_several_is_refused),
	  TEST(container_name_in_use_is_refused_with_its_holder),
	  TEST_LOOP(container_name_is_of_letters_digits_and_three_signs, ARRAY_SIZE(names)),
	  TEST(container_name_of_a_dead_maker_is_free),
	  TEST(container_being_made_is_neither_listed_nor_robbed),
	  TEST(container_rename_moves_the_name), TEST(container_status_follows_lock_and_state),
	  TEST_LOOP(container_whose_monitor_is_gone_has_exited_with_137, ARRAY_SIZE(losses)),
	  TEST_LOOP(container_with_a_damaged_record_is_corrupt_listed_and_removable,
		    ARRAY_SIZE(damages)),
	  TEST_LOOP(container_with_a_damaged_state_is_corrupt, ARRAY_SIZE(states)),
	  TEST(container_that_lost_its_record_is_shown_as_corrupt),
	  TEST(container_list_is_newest_first_and_holds_no_descriptors),
	  TEST(container_remove_leaves_nothing),
	  TEST_LOOP(container_wait_sees_the_end_of_the_monitor_however_it_comes, 2),
	  TEST(container_made_up_names_are_valid_and_differ))
