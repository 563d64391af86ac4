/*
 * event_read.c - the journal of events, read and followed.
 *
 * A writer may still append to the file that has just been renamed: so it is read on beside its
 * successor, until that one is renamed in its turn.
 */
#include "store/event.h"

#include "util/fd.h"
#include "util/log.h"
#include "util/text.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (64 << 10)

struct actor {
	char *id;
	struct strmap attributes;
};
struct line {
	char *type, *action;
	struct actor actor;
	int64_t time_ns;
};
static const struct field actor_fields[] = {
	F_STR(struct actor, id, "ID"),
	F_MAP(struct actor, attributes, "Attributes"),
	F_END,
};
static const struct field line_fields[] = {
	F_STR_(struct line, type, "Type", FIELD_REQUIRED),
	F_STR_(struct line, action, "Action", FIELD_REQUIRED),
	F_OBJ(struct line, actor, "Actor", actor_fields),
	F_INT_(struct line, time_ns, "timeNano", FIELD_REQUIRED),
	F_END,
};
static const struct fields_limits limits = { .max_bytes = EVENT_MAX * 2, .max_depth = 4 };

struct file {
	int fd;		 /* -1: none */
	struct str rest; /* of a line that is not complete yet */
};
struct reader {
	struct store *st;
	const struct event_query *q;
	int (*each)(const struct event *e, void *arg, struct error *err);
	void *arg;
	struct file now, old;
	int inotify;
};

static void file_close(struct file *f)
{
	auto_close_fd(&f->fd);
	f->fd = -1;
	str_done(&f->rest);
}

static int tell(struct reader *r, const char *text, size_t n, struct error *err)
{
	struct error broken = { 0 }; /* cut short by a full disk or a crash: a gap */
	struct line l;
	int status = 0;

	fields_init(line_fields, &l);
	if (fields_parse(line_fields, text, n, &limits, FIELDS_LENIENT, &l, &broken) < 0)
		return 0;
	if ((r->q->since_ns == UNSET || l.time_ns >= r->q->since_ns) &&
	    (r->q->until_ns == UNSET || l.time_ns <= r->q->until_ns))
		status = r->each(&(struct event){ l.type, l.action, l.actor.id, l.actor.attributes,
						  l.time_ns },
				 r->arg, err);
	fields_done(line_fields, &l);
	return status;
}

/* All lines that are complete by now. */
static int drain(struct reader *r, struct file *f, struct error *err)
{
	for (;;) {
		char *line, *end;
		ssize_t n;

		if (f->fd < 0)
			return 0;
		str_reserve(&f->rest, CHUNK);
		n = read(f->fd, f->rest.s + f->rest.len, CHUNK - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "read the journal of events");
		if (n == 0)
			return 0;
		f->rest.len += (size_t)n;
		f->rest.s[f->rest.len] = '\0';
		line = f->rest.s;
		while ((end = memchr(line, '\n', f->rest.len - (size_t)(line - f->rest.s)))) {
			if (tell(r, line, (size_t)(end - line), err) < 0)
				return -1;
			line = end + 1;
		}
		f->rest.len -= (size_t)(line - f->rest.s);
		memmove(f->rest.s, line, f->rest.len);
	}
}

static int open_now(struct reader *r, struct error *err)
{
	/* made, so that it can be followed */
	r->now.fd = openat(r->st->root, EVENTS_FILE, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
	return r->now.fd < 0 ? error_sys(err, "open the journal of events") : 0;
}

static int begin(struct reader *r, struct error *err)
{
	auto_free char *dir = xasprintf("/proc/self/fd/%d", r->st->root);

	r->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (r->inotify < 0)
		return error_sys(err, "inotify");
	/* before the first look, so that nothing is missed between the two */
	if (inotify_add_watch(r->inotify, dir, IN_MODIFY | IN_CREATE | IN_MOVED_FROM) < 0)
		return error_sys(err, "watch the store");
	if (open_now(r, err) < 0)
		return -1;
	if (r->q->since_ns == UNSET) {
		lseek(r->now.fd, 0, SEEK_END);
		return 0;
	}
	r->old.fd = openat(r->st->root, EVENTS_OLD_FILE, O_RDONLY | O_CLOEXEC);
	return 0;
}

/* The old one first: its lines are older, but for those of who was late. */
static int look(struct reader *r, struct error *err)
{
	struct stat ours, there;

	for (;;) {
		if (drain(r, &r->old, err) < 0 || drain(r, &r->now, err) < 0)
			return -1;
		if (fstat(r->now.fd, &ours) < 0)
			return error_sys(err, "look at the journal of events");
		if (fstatat(r->st->root, EVENTS_FILE, &there, 0) < 0 || there.st_ino == ours.st_ino)
			return 0;
		file_close(&r->old);
		r->old = r->now;
		r->now = (struct file){ .fd = -1 };
		if (open_now(r, err) < 0)
			return -1;
	}
}

/* 1: there may be more; 0: the time is over */
static int wait_more(struct reader *r, struct error *err)
{
	struct pollfd p = { .fd = r->inotify, .events = POLLIN };
	char events[4096] __attribute__((aligned(8)));
	int64_t left = -1;

	if (r->q->until_ns != UNSET) {
		left = (r->q->until_ns - time_now_ns()) / 1000000 + 1;
		if (r->q->until_ns <= time_now_ns())
			return 0;
		left = MIN(left, 3600 * 1000);
	}
	if (poll(&p, 1, (int)left) < 0)
		return errno == EINTR ? error_set(err, ERR_INTERRUPTED, "interrupted")
				      : error_sys(err, "wait for events");
	while (read(r->inotify, events, sizeof(events)) > 0)
		;
	return 1;
}

int events_read(struct store *st, const struct event_query *q,
		int (*each)(const struct event *e, void *arg, struct error *err), void *arg,
		struct error *err)
{
	struct reader r = {
		.st = st, .q = q, .each = each, .arg = arg, .now.fd = -1, .old.fd = -1, .inotify = -1
	};
	int more = begin(&r, err) < 0 ? -1 : 1;

	while (more > 0) {
		more = look(&r, err) < 0 ? -1 : wait_more(&r, err);
		if (more == 0 && look(&r, err) < 0)
			more = -1;
	}
	file_close(&r.now);
	file_close(&r.old);
	auto_close_fd(&r.inotify);
	return more;
}
