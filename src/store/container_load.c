/*
 * container_load.c - containers read: one, found by what the user typed, or all of them.
 *
 * A file that cannot be read makes that one container CONTAINER_CORRUPT, and says why; it never
 * makes a list fail (SECURITY.md 1e, R19).
 */
#include "store/container.h"

#include "container_private.h"
#include "store_private.h"
#include "util/fd.h"

#include <errno.h>
#include <stdio.h>

static void corrupt(struct container *c, const struct error *err)
{
	char line[ERROR_LINE_MAX];

	c->status = CONTAINER_CORRUPT;
	if (c->why)
		return;
	c->why = xstrdup(error_text(err, line, sizeof(line)));
	c->why_kind = err->kind;
}

/* A raw line; "null" stands for none. */
static char *raw_take(const char *line, size_t n)
{
	return n == 0 || (n == 4 && memcmp(line, "null", 4) == 0) ? NULL : xstrndup(line, n);
}

int container_record_parse(const char *text, size_t n, struct container_record *r, struct error *err)
{
	const char *end = text + n, *first = memchr(text, '\n', n), *second;

	if (!first)
		return error_set(err, ERR_INVALID, "record.json: cut short");
	if (fields_parse(container_record_fields, text, (size_t)(first - text), &store_limits,
			 FIELDS_LENIENT, r, err) < 0)
		return error_add(err, "record.json");
	first++;
	second = memchr(first, '\n', (size_t)(end - first));
	if (!second || end[-1] != '\n') {
		fields_done(container_record_fields, r);
		return error_set(err, ERR_INVALID, "record.json: cut short");
	}
	r->image_settings = raw_take(first, (size_t)(second - first));
	second++;
	r->request = raw_take(second, second < end ? (size_t)(end - second - 1) : 0);
	return 0;
}

/* The record, or why there is none. dir holds the container as `prefix`. */
static void record_read(int dir, const char *prefix, struct container *c)
{
	struct error err = { 0 };
	char name[CONTAINER_ID_MAX + 16], buf[16384];
	auto_done(str) struct str big = { 0 };
	const char *text = buf;
	size_t n = 0;
	int r;

	snprintf(name, sizeof(name), "%srecord.json", prefix);
	r = small_read(dir, name, buf, sizeof(buf), &n, &err);
	if (r < 0 && err.kind == ERR_LIMIT) {
		r = file_read(dir, name, &big, RECORD_MAX, &err) < 0 ? -1 : 1;
		text = str_get(&big);
		n = big.len;
	}
	if (r == 1 && container_record_parse(text, n, &c->record, &err) < 0)
		r = -1;
	if (r == 1 && strcmp(c->record.id, c->id) != 0)
		r = error_set(&err, ERR_INVALID, "record.json: it is that of container %.12s",
			      c->record.id);
	if (r < 0)
		corrupt(c, &err);
}

static int container_read(int dir, const char *prefix, struct container *c, struct error *err)
{
	struct error why = { 0 };

	record_read(dir, prefix, c);
	if (container_settle(dir, prefix, c, &why) < 0)
		corrupt(c, &why);
	return 0;
}

int container_load(struct store *st, const char *id, struct container *c, struct error *err)
{
	int dir, r = store_dir_find(st, STORE_CONTAINERS, &dir, err);

	container_done(c);
	if (r < 0)
		return -1;
	if (r == 0 || !digest_is_hex(id))
		return error_set(err, ERR_NOTFOUND, "no container '%s'", id);
	memcpy(c->id, id, SHA256_HEX);
	c->fd = openat(dir, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (c->fd < 0 && errno == ENOENT)
		return error_set(err, ERR_NOTFOUND, "no container '%s'", id);
	if (c->fd < 0)
		return error_sys(err, "open container %.12s", id);
	return container_read(c->fd, "", c, err);
}

int container_refresh(struct store *st, struct container *c, struct error *err)
{
	int dir, r = store_dir_find(st, STORE_CONTAINERS, &dir, err);

	if (r < 0)
		return -1;
	if (r == 0 || !file_exists(dir, c->id))
		return error_set(err, ERR_NOTFOUND, "container %.12s was removed", c->id);
	if (c->fd < 0) {
		c->fd = dir_open(dir, c->id, err);
		if (c->fd < 0)
			return -1;
	}
	return container_settle(c->fd, "", c, err);
}

/* Is a record there, or at least traces of a life? Else it is being made, or was never finished. */
static bool is_made(const struct container *c)
{
	return c->record.id || c->why;
}

/* The only ID that starts with text: 1, 0, -1 when there are several. */
static int prefix_find(int dir, const char *text, char id[CONTAINER_ID_MAX], struct error *err)
{
	auto_done(strv) struct strv ids = { 0 };
	int n = 0;

	if (!*text || text[strspn(text, "0123456789abcdef")])
		return 0;
	if (dir_list(dir, &ids, err) < 0)
		return -1;
	strv_each (&ids, i)
		if (digest_is_hex(ids.v[i]) && str_starts(ids.v[i], text) && n++ == 0)
			memcpy(id, ids.v[i], SHA256_HEX);
	if (n > 1)
		return error_set(err, ERR_INVALID, "'%s' is the start of %d container IDs", text, n);
	return n;
}

int container_find(struct store *st, const char *text, struct container *c, struct error *err)
{
	char id[CONTAINER_ID_MAX];
	int dir, r = store_dir_find(st, STORE_CONTAINERS, &dir, err);

	if (r <= 0)
		return r;
	if (container_name_valid(text)) {
		r = name_find(st, text, id, sizeof(id), err);
		if (r < 0)
			return -1;
		if (r == 1 && container_load(st, id, c, err) < 0 && err->kind != ERR_NOTFOUND)
			return -1;
		if (r == 1 && is_made(c) && (c->why || str_eq(c->record.name, text)))
			return 1;
		container_done(c); /* a stale name is none */
	}
	r = prefix_find(dir, text, id, err);
	if (r <= 0)
		return r;
	if (container_load(st, id, c, err) < 0)
		return err->kind == ERR_NOTFOUND ? 0 : -1;
	return is_made(c);
}

void containers_done(containers *l)
{
	vec_each (l, c)
		container_done(c);
	vec_done(l);
}

static int newest_first(const void *a, const void *b)
{
	const struct container *x = a, *y = b;

	if (x->record.created_ns != y->record.created_ns)
		return x->record.created_ns < y->record.created_ns ? 1 : -1;
	return strcmp(x->id, y->id);
}

int container_list(struct store *st, containers *l, struct error *err)
{
	auto_done(strv) struct strv ids = { 0 };
	int dir, r = store_dir_find(st, STORE_CONTAINERS, &dir, err);
	char prefix[CONTAINER_ID_MAX + 1];

	if (r <= 0)
		return r;
	if (dir_list(dir, &ids, err) < 0)
		return error_add(err, "list containers");
	strv_each (&ids, i) {
		struct container *c;

		if (!digest_is_hex(ids.v[i]))
			continue;
		c = vec_add(l);
		container_init(c);
		memcpy(c->id, ids.v[i], SHA256_HEX);
		snprintf(prefix, sizeof(prefix), "%s/", c->id);
		container_read(dir, prefix, c, err);
		/* being made, cut short, or removed since the directory was read */
		if (!is_made(c) || (c->why && !file_exists(dir, c->id))) {
			container_done(c);
			l->n--;
		}
	}
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), newest_first);
	return 0;
}

/* 1: its making was cut short, or it was of `run --rm` and its monitor died. The lock is held. */
static bool is_left(int dir, const struct container *c)
{
	auto_free char *record = xasprintf("%s/record.json", c->id);

	if (!is_made(c))
		return !file_exists(dir, record);
	return c->record.auto_remove && !c->why && c->status == CONTAINER_EXITED;
}

int container_sweep(struct store *st, struct error *err)
{
	auto_done(strv) struct strv ids = { 0 };
	int dir, r = store_dir_find(st, STORE_CONTAINERS, &dir, err);

	if (r <= 0)
		return r;
	if (dir_list(dir, &ids, err) < 0)
		return -1;
	strv_each (&ids, i) {
		auto_close int lock = -1;
		struct container c;

		container_init(&c);
		if (digest_is_hex(ids.v[i]) && container_load(st, ids.v[i], &c, err) == 0 &&
		    is_left(dir, &c)) {
			/* with the lock held nobody else makes or starts it: look again */
			lock = container_lock(st, &c, err);
			if (lock >= 0 && container_refresh(st, &c, err) == 0 && is_left(dir, &c))
				container_remove_whole(st, &c, err);
		}
		container_done(&c);
		error_clear(err); /* what could not be swept now is for the next */
	}
	return 0;
}
