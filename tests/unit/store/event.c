/* The journal of events: its lines, its files, and reading them. */
#include "store_env.h"

#include "store/event.h"
#include "util/text.h"

#include <sys/stat.h>

static struct container some_container(void)
{
	struct container c;

	container_init(&c);
	snprintf(c.id, sizeof(c.id), "%064d", 7);
	c.record.name = xstrdup("web");
	c.record.image = xstrdup("app:1");
	return c;
}

static json_t *only_line(const struct str *lines)
{
	json_t *j = json_loads(str_get(lines), 0, NULL);

	ck_assert_ptr_nonnull(j);
	ck_assert_int_eq(lines->s[lines->len - 1], '\n');
	return j;
}

START_TEST(event_of_a_container_has_dockers_form)
{
	struct container c = some_container();
	const struct event_pair pairs[] = { { "exitCode", "3" }, { "oomKilled", NULL } };
	auto_done(str) struct str lines = { 0 };
	json_t *j, *actor, *attributes;

	strmap_set(&c.record.labels, "role", "front \"end\"\n");
	strmap_set(&c.record.labels, "name", "another's");
	strmap_set(&c.record.labels, "exitCode", "0");
	event_format(&lines, &c, "die", pairs, 2);
	j = only_line(&lines);
	ck_assert_str_eq(json_string_value(json_object_get(j, "status")), "die");
	ck_assert_str_eq(json_string_value(json_object_get(j, "id")), c.id);
	ck_assert_str_eq(json_string_value(json_object_get(j, "from")), "app:1");
	ck_assert_str_eq(json_string_value(json_object_get(j, "Type")), "container");
	ck_assert_str_eq(json_string_value(json_object_get(j, "Action")), "die");
	ck_assert_str_eq(json_string_value(json_object_get(j, "scope")), "local");
	ck_assert_int_eq(json_integer_value(json_object_get(j, "timeNano")) / NSEC_PER_SEC,
			 json_integer_value(json_object_get(j, "time")));
	actor = json_object_get(j, "Actor");
	ck_assert_str_eq(json_string_value(json_object_get(actor, "ID")), c.id);
	attributes = json_object_get(actor, "Attributes");
	/* what we say is not hidden by a label, and stands there once */
	ck_assert_uint_eq(json_object_size(attributes), 4);
	ck_assert_str_eq(json_string_value(json_object_get(attributes, "exitCode")), "3");
	ck_assert_str_eq(json_string_value(json_object_get(attributes, "name")), "web");
	ck_assert_str_eq(json_string_value(json_object_get(attributes, "image")), "app:1");
	ck_assert_str_eq(json_string_value(json_object_get(attributes, "role")), "front \"end\"\n");
	json_decref(j);
	j = json_loads(str_get(&lines), JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(j);
	json_decref(j);
	container_done(&c);
}
END_TEST

START_TEST(event_with_too_many_labels_goes_without_them)
{
	struct container c = some_container();
	auto_done(str) struct str lines = { 0 };
	auto_free char *large = xcalloc(EVENT_MAX + 1, 1);

	memset(large, 'x', EVENT_MAX);
	strmap_set(&c.record.labels, "large", large);
	event_format(&lines, &c, "start", NULL, 0);
	ck_assert_uint_lt(lines.len, 1000);
	json_decref(only_line(&lines));
	container_done(&c);
}
END_TEST

/* ---- reading ---- */

struct seen {
	char text[1000];
	size_t n;
};

static int note(const struct event *e, void *arg, struct error *e2)
{
	struct seen *s = arg;
	size_t at = strlen(s->text);

	s->n++;
	if (at < sizeof(s->text) - 100)
		snprintf(s->text + at, sizeof(s->text) - at, "%s %s %s;", e->type, e->action, e->id);
	return 0;
}

static struct seen read_all(struct env *e, int64_t since, int64_t until)
{
	const struct event_query q = { since, until };
	struct seen s = { 0 };

	OK(events_read(&e->st, &q, note, &s, &err));
	return s;
}

START_TEST(events_are_read_in_their_order_and_time)
{
	ENV(e);
	struct container c = some_container();
	struct seen s;
	int64_t middle;

	c.id[1] = '\0';
	event_object(&e.st, "volume", "create", "data", "driver", "local", EVENT_END);
	event_container(&e.st, &c, "create", EVENT_END);
	middle = time_now_ns() + 1;
	while (time_now_ns() <= middle)
		;
	event_container(&e.st, &c, "start", EVENT_END);
	s = read_all(&e, 0, time_now_ns());
	ck_assert_str_eq(s.text, "volume create data;container create 0;container start 0;");
	s = read_all(&e, middle, time_now_ns());
	ck_assert_str_eq(s.text, "container start 0;");
	s = read_all(&e, 0, middle);
	ck_assert_str_eq(s.text, "volume create data;container create 0;");
	s = read_all(&e, UNSET, time_now_ns()); /* only what is new */
	ck_assert_str_eq(s.text, "");
	container_done(&c);
}
END_TEST

START_TEST(line_that_is_none_is_a_gap)
{
	ENV(e);
	auto_close int fd = openat(e.st.root, EVENTS_FILE, O_WRONLY | O_CREAT, 0600);
	static const char rubbish[] = "{\"Type\":\"contai\n\n[]\n{}\n";
	struct seen s;

	ck_assert_int_eq(write(fd, rubbish, strlen(rubbish)), (int)strlen(rubbish));
	event_object(&e.st, "image", "tag", "a", EVENT_END);
	ck_assert_int_eq(lseek(fd, 0, SEEK_END) > 50, 1);
	s = read_all(&e, 0, time_now_ns());
	ck_assert_str_eq(s.text, "image tag a;");
}
END_TEST

START_TEST(full_journal_makes_room_and_both_are_read)
{
	ENV(e);
	auto_free char *large = xcalloc(60001, 1);
	size_t total = 2 * EVENTS_MAX / 60000 + 4;
	struct stat now, old;
	off_t one;
	struct seen s;

	memset(large, 'x', 60000);
	event_object(&e.st, "image", "tag", "a", "name", large, EVENT_END);
	ck_assert_int_eq(fstatat(e.st.root, EVENTS_FILE, &now, 0), 0);
	one = now.st_size;
	for (size_t i = 0; i < total; i++)
		event_object(&e.st, "image", "tag", "a", "name", large, EVENT_END);
	ck_assert_int_eq(fstatat(e.st.root, EVENTS_FILE, &now, 0), 0);
	ck_assert_int_eq(fstatat(e.st.root, EVENTS_OLD_FILE, &old, 0), 0);
	ck_assert_int_lt(now.st_size, EVENTS_MAX);
	ck_assert_int_gt(old.st_size, EVENTS_MAX);
	ck_assert_int_lt(old.st_size, EVENTS_MAX + 70000);
	s = read_all(&e, 0, time_now_ns());
	ck_assert_uint_eq(s.n, (size_t)((now.st_size + old.st_size) / one));
}
END_TEST

/* ---- following ---- */

enum { WRITERS = 4, EACH = 60 };

static int count(const struct event *e, void *arg, struct error *full)
{
	size_t *n = arg;

	/* told when it listens, and when it has all */
	return ++*n < WRITERS * EACH + 1 ? 0 : error_set(full, ERR_EXISTS, "enough");
}

static void __attribute__((noreturn)) follow(struct env *e)
{
	const struct event_query q = { 0, UNSET };
	size_t n = 0;

	alarm(50);
	_exit(events_read(&e->st, &q, count, &n, &err) < 0 && err.kind == ERR_EXISTS ? 0 : 1);
}

/* Four write twice as much as one file holds: the one who follows gets all, over the change of files. */
START_TEST(followed_while_many_write_nothing_is_missed)
{
	ENV(e);
	auto_free char *large = xcalloc(30001, 1);
	pid_t reader, writers[WRITERS];
	int status;

	memset(large, 'x', 30000);
	event_object(&e.st, "image", "tag", "first", EVENT_END);
	reader = fork();
	if (reader == 0)
		follow(&e);
	for (int i = 0; i < WRITERS; i++) {
		writers[i] = fork();
		if (writers[i] == 0) {
			for (int n = 0; n < EACH; n++)
				event_object(&e.st, "image", "tag", "a", "name", large, EVENT_END);
			_exit(0);
		}
	}
	for (int i = 0; i < WRITERS; i++) {
		waitpid(writers[i], &status, 0);
		ck_assert_int_eq(status, 0);
	}
	waitpid(reader, &status, 0);
	ck_assert_int_eq(status, 0);
}
END_TEST

UNIT_MAIN("store/event", TEST(event_of_a_container_has_dockers_form),
	  TEST(event_with_too_many_labels_goes_without_them),
	  TEST(events_are_read_in_their_order_and_time), TEST(line_that_is_none_is_a_gap),
	  TEST(full_journal_makes_room_and_both_are_read),
	  TEST(followed_while_many_write_nothing_is_missed))
