/*
 * event.c - the journal of events: lines made, and appended.
 *
 * Never  fails what it tells of: a journal that cannot be written has a gap.
 */
#include "store/event.h"

#include "util/fd.h"
#include "util/log.h"
#include "util/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAIRS_MAX 8

/* ---- a line ---- */

static void add_member(struct str *out, const char *key, const char *value)
{
	char last = out->s[out->len - 1];

	if (last != '{')
		str_addc(out, ',');
	str_add_json(out, key);
	str_addc(out, ':');
	str_add_json(out, value);
}

static bool is_taken(const char *key, const struct event_pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (pairs[i].value && str_eq(pairs[i].key, key))
			return true;
	return false;
}

static void add_pairs(struct str *out, const struct event_pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (pairs[i].value)
			add_member(out, pairs[i].key, pairs[i].value);
}

static void add_actor(struct str *out, const char *type, const char *action, const char *id)
{
	add_member(out, "Type", type);
	add_member(out, "Action", action);
	str_add(out, ",\"Actor\":{\"ID\":");
	str_add_json(out, id);
	str_add(out, ",\"Attributes\":{");
}

static void add_end(struct str *out)
{
	int64_t now = time_now_ns();

	str_addf(out, "}},\"scope\":\"local\",\"time\":%lld,\"timeNano\":%lld}\n",
		 (long long)(now / NSEC_PER_SEC), (long long)now);
}

static const char *image_of(const struct container *c)
{
	return c->record.image ? c->record.image : "";
}

static void format(struct str *out, const struct container *c, const char *action,
		   const struct event_pair *pairs, size_t n, bool labels)
{
	const struct event_pair known[] = { { "image", image_of(c) }, { "name", c->record.name } };

	str_addc(out, '{');
	add_member(out, "status", action);
	add_member(out, "id", c->id);
	add_member(out, "from", image_of(c));
	add_actor(out, "container", action, c->id);
	add_pairs(out, pairs, n);
	add_pairs(out, known, ARRAY_SIZE(known));
	for (size_t i = 0; labels && i < c->record.labels.n; i++) {
		const struct strpair *l = &c->record.labels.v[i];

		/* nobody's label stands for what we say */
		if (!is_taken(l->key, pairs, n) && !is_taken(l->key, known, ARRAY_SIZE(known)))
			add_member(out, l->key, l->value);
	}
	add_end(out);
}

void event_format(struct str *out, const struct container *c, const char *action,
		  const struct event_pair *pairs, size_t n)
{
	size_t before = out->len;

	format(out, c, action, pairs, n, true);
	if (out->len - before <= EVENT_MAX)
		return;
	out->len = before;
	format(out, c, action, pairs, n, false);
}

void event_format_object(struct str *out, const char *type, const char *action, const char *id,
			 const struct event_pair *pairs, size_t n)
{
	str_addc(out, '{');
	if (str_eq(type, "image")) { /* of old, docker's images have these; others never had */
		add_member(out, "status", action);
		add_member(out, "id", id);
	}
	add_actor(out, type, action, id);
	add_pairs(out, pairs, n);
	add_end(out);
}

/* ---- the file ---- */

/* Whoever finds it full; the lock is of that one file, so its successor is not renamed, too. */
static void rotate(struct store *st, int fd)
{
	struct error ignored = { 0 }; /* then it grows until the next one tries */
	struct stat ours, there;

	if (lock_try(fd, LOCK_EXCLUSIVE, &ignored) != 1)
		return;
	if (fstat(fd, &ours) == 0 && fstatat(st->root, EVENTS_FILE, &there, 0) == 0 &&
	    ours.st_ino == there.st_ino)
		renameat(st->root, EVENTS_FILE, st->root, EVENTS_OLD_FILE);
	lock_drop(fd);
}

void event_append(struct store *st, const struct str *lines)
{
	auto_close int fd = -1;
	off_t size;

	if (st->root < 0)
		return;
	fd = openat(st->root, EVENTS_FILE, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
		    0600);
	if (fd < 0 || write(fd, lines->s, lines->len) != (ssize_t)lines->len) {
		log_debug("events: %s", strerror(errno));
		return;
	}
	size = lseek(fd, 0, SEEK_CUR);
	if (size > EVENTS_MAX)
		rotate(st, fd);
}

/* ---- both ---- */

static size_t collect(struct event_pair *pairs, va_list args)
{
	const char *key;
	size_t n = 0;

	while (n < PAIRS_MAX && (key = va_arg(args, const char *)))
		pairs[n++] = (struct event_pair){ key, va_arg(args, const char *) };
	return n;
}

void event_container(struct store *st, const struct container *c, const char *action, ...)
{
	auto_done(str) struct str line = { 0 };
	struct event_pair pairs[PAIRS_MAX];
	va_list args;
	size_t n;

	va_start(args, action);
	n = collect(pairs, args);
	va_end(args);
	event_format(&line, c, action, pairs, n);
	event_append(st, &line);
}

void event_object(struct store *st, const char *type, const char *action, const char *id, ...)
{
	auto_done(str) struct str line = { 0 };
	struct event_pair pairs[PAIRS_MAX];
	va_list args;
	size_t n;

	va_start(args, id);
	n = collect(pairs, args);
	va_end(args);
	event_format_object(&line, type, action, id, pairs, n);
	event_append(st, &line);
}
