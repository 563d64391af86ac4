/*
 * log_reader.c - `hod logs`: the files of a log in their order, and following them.
 *
 * Theory of operation. Files have generations that only grow. The reader opens the first it wants,
 * reads it to its end, and goes on with the next once it finds that the file was renamed; the
 * question is asked before reading, so that what came in between is read too. Following waits for
 * inotify events in the container's directory and for the end of the monitor, by pidfd: no load on
 * the monitor, no polling.
 *
 * Never  writes to a container's directory.
 */
#include "log_read.h"
#include "util/compat.h"
#include "util/fd.h"
#include "util/text.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#define OPEN_TRIES 200 /* of a pair of files while the writer is just changing them */

int log_generations(const struct log_reader *r, uint64_t *first, uint64_t *last, struct error *err)
{
	int fd = openat(r->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	*first = *last = 0;
	if (!d) {
		error_sys(err, "list the log files");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	for (const struct dirent *e; (e = readdir(d));) {
		uint64_t generation = log_name_generation(e->d_name, r->ops->file);

		if (!generation)
			continue;
		*first = *first ? MIN(*first, generation) : generation;
		*last = MAX(*last, generation);
	}
	closedir(d);
	return 0;
}

static bool is_named(int dir, const char *name, int fd)
{
	struct stat a, b;

	return fstatat(dir, name, &a, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Opens the two by their names as they are now: 1, 0 when the bytes are absent, -1. */
static int pair_open(const struct log_reader *r, uint64_t generation, struct log_file *f,
		     struct error *err)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	char name[LOG_NAME_MAX];
	bool absent;

	f->fd = f->index = -1;
	if (r->ops->indexed) {
		log_file_name(name, sizeof(name), r->ops->file, generation, true);
		f->index = openat(r->dir, name, flags);
		if (f->index < 0 && errno != ENOENT)
			return error_sys(err, "open %s", name);
	}
	log_file_name(name, sizeof(name), r->ops->file, generation, false);
	f->fd = openat(r->dir, name, flags);
	if (f->fd >= 0)
		return 1;
	absent = errno == ENOENT;
	if (!absent)
		error_sys(err, "open %s", name);
	log_file_close(f);
	return absent ? 0 : -1;
}

/* The file that is being written: opened, and its generation known for certain; 1, 0, -1. */
static int present_open(const struct log_reader *r, struct log_file *f, struct error *err)
{
	char index[LOG_NAME_MAX];
	uint64_t first = 0, last = 0;
	int found = 0;

	log_file_name(index, sizeof(index), r->ops->file, 0, true);
	for (int i = 0; i < OPEN_TRIES; i++) {
		found = pair_open(r, 0, f, err);
		if (found < 0 || log_generations(r, &first, &last, err) < 0) {
			log_file_close(f);
			return -1;
		}
		if (found == 0 && last == 0)
			return 0; /* nothing was ever written */
		if (found && is_named(r->dir, r->ops->file, f->fd) &&
		    (!r->ops->indexed ||
		     (f->index >= 0 ? is_named(r->dir, index, f->index) : i == OPEN_TRIES - 1))) {
			f->generation = last + 1;
			return 1;
		}
		log_file_close(f);
		sched_yield();
	}
	return 0;
}

int log_file_open(const struct log_reader *r, uint64_t generation, struct log_file *f,
		  struct error *err)
{
	int found = pair_open(r, generation, f, err);

	f->at = f->end = 0;
	f->generation = generation;
	return found ? found : present_open(r, f, err);
}

void log_file_close(struct log_file *f)
{
	auto_close_fd(&f->fd);
	auto_close_fd(&f->index);
	f->fd = f->index = -1;
}

bool log_file_rotated(const struct log_reader *r, const struct log_file *f)
{
	return !is_named(r->dir, r->ops->file, f->fd);
}

/* ---- following ---- */

struct follow {
	bool on;
	int inotify, monitor; /* monitor: a pidfd */
};

static void follow_done(struct follow *w)
{
	auto_close_fd(&w->inotify);
	auto_close_fd(&w->monitor);
}

/* Whether there is a monitor to wait for; the lock says so, the pidfd will tell when it is gone. */
static int follow_init(struct follow *w, struct store *st, struct container *c, struct error *err)
{
	char path[64];
	int64_t pid;

	if (container_refresh(st, c, err) < 0)
		return -1;
	if (c->status != CONTAINER_RUNNING && c->status != CONTAINER_PAUSED)
		return 0;
	pid = c->state.monitor_pid;
	w->monitor = sys_pidfd_open((pid_t)pid, 0);
	if (w->monitor < 0 && errno != ESRCH)
		return error_sys(err, "watch the monitor");
	if (container_refresh(st, c, err) < 0)
		return -1;
	if (w->monitor < 0 || c->state.monitor_pid != pid ||
	    (c->status != CONTAINER_RUNNING && c->status != CONTAINER_PAUSED))
		return 0;
	w->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->inotify < 0)
		return error_sys(err, "inotify");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", c->fd);
	if (inotify_add_watch(w->inotify, path, IN_MODIFY | IN_CREATE | IN_MOVED_FROM) < 0)
		return error_sys(err, "watch the container's directory");
	w->on = true;
	return 0;
}

static bool follow_ended(const struct follow *w)
{
	struct pollfd p = { .fd = w->monitor, .events = POLLIN };

	return !w->on || poll(&p, 1, 0) != 0;
}

/* Until something was written or the monitor is gone; 0 when until has passed. */
static int follow_wait(const struct follow *w, const struct log_query *q)
{
	struct pollfd p[] = { { .fd = w->inotify, .events = POLLIN },
			      { .fd = w->monitor, .events = POLLIN } };
	char events[4096];
	int timeout = -1;

	if (q->until_ns != UNSET) {
		int64_t left = q->until_ns - time_now_ns();

		if (left <= 0)
			return 0;
		timeout = (int)MIN(left / 1000000 + 1, 3600 * 1000);
	}
	poll(p, 2, timeout);
	while (read(w->inotify, events, sizeof(events)) > 0)
		; /* which file it was does not matter */
	return 1;
}

/* ---- reading ---- */

static int generation_read(struct log_reader *r, struct log_file *f, struct error *err)
{
	return r->ops->indexed ? log_plain_read(r, f, err) : log_text_read(r, f, err);
}

static int64_t file_size(const struct log_file *f)
{
	struct stat st;

	return f->fd >= 0 && fstat(f->fd, &st) == 0 ? st.st_size : 0;
}

/* Goes backwards to where the last lines begin; gives the generation to read from. */
static int tail_find(struct log_reader *r, uint64_t *generation, struct error *err)
{
	struct log_file f = LOG_FILE_NONE;
	struct log_place end = { 0 };
	uint64_t first, last, at;
	int found;

	if (log_generations(r, &first, &last, err) < 0)
		return -1;
	found = present_open(r, &f, err);
	if (found < 0)
		return -1;
	at = found ? f.generation : last + 1;
	end = (struct log_place){ at, (uint64_t)file_size(&f) };
	while (!log_tail_done(&r->tail)) {
		int failed = 0;

		if (found)
			failed = r->ops->indexed ? log_plain_tail(r, &f, err)
						 : log_text_tail(r, &f, err);
		log_file_close(&f);
		if (failed < 0)
			return -1;
		if (!first || at <= first)
			break;
		at--;
		f.generation = at;
		found = pair_open(r, at, &f, err);
		if (found < 0)
			return -1;
	}
	log_file_close(&f);
	log_tail_at_start(&r->tail);
	*generation = log_tail_settle(&r->tail, end).generation;
	return 0;
}

static int files_read(struct log_reader *r, uint64_t generation, struct follow *w, struct error *err)
{
	struct log_file f = LOG_FILE_NONE;
	int result = -1;

	while (!r->ended) {
		bool rotated = false, ended = follow_ended(w);

		if (f.fd < 0 && log_file_open(r, generation, &f, err) < 0)
			break;
		if (f.fd >= 0) {
			rotated = log_file_rotated(r, &f);
			r->final = rotated || ended;
			if (generation_read(r, &f, err) < 0)
				break;
		}
		if (rotated && !r->ended) {
			generation = f.generation + 1;
			log_file_close(&f);
			continue;
		}
		if (log_sink_flush(&r->sink, err) < 0)
			break;
		if (r->ended || ended || !follow_wait(w, r->q)) {
			result = 0;
			break;
		}
	}
	log_file_close(&f);
	return result;
}

static int reader_run(struct log_reader *r, struct follow *w, struct error *err)
{
	uint64_t first = 1, last;

	if (r->tailing) {
		if (tail_find(r, &first, err) < 0)
			return -1;
	} else if (log_generations(r, &first, &last, err) < 0) {
		return -1;
	}
	if (files_read(r, MAX(first, (uint64_t)1), w, err) < 0)
		return -1;
	return log_sink_end(&r->sink, err);
}

int log_read(struct store *st, struct container *c, const struct log_query *q, int out, int err_,
	     struct error *err)
{
	struct follow w = { .inotify = -1, .monitor = -1 };
	struct log_options o;
	struct log_reader *r;
	int result;

	if (log_options_parse(c->record.log_driver, NULL, &o, err) < 0)
		return -1;
	if (!log_driver_file(o.driver))
		return error_set(err, ERR_UNSUPPORTED, "log driver %s keeps no log",
				 log_driver_name(o.driver));
	if (q->follow && follow_init(&w, st, c, err) < 0) {
		follow_done(&w);
		return -1;
	}
	r = xcalloc(1, sizeof(*r));
	r->ops = &log_drivers[o.driver];
	r->q = q;
	r->dir = c->fd;
	r->tailing = q->tail != UNSET && q->tail >= 0;
	r->tail.want = q->tail;
	if (!r->ops->indexed)
		r->line = xmalloc(LOG_LINE_MAX + 1);
	log_sink_init(&r->sink, q, out, err_);
	result = reader_run(r, &w, err);
	log_sink_done(&r->sink);
	free(r->line);
	free(r);
	follow_done(&w);
	return result;
}
