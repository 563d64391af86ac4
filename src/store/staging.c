/*
 * staging.c - tmp/: what is being made, and what is being thrown away.
 *
 * Owns   <root>/tmp. Entries: NAME and NAME.lock of a living maker; trash-*, which is never locked;
 *        blob-HEX.partial, which partial.c owns and which outlives its maker.
 * Never  removes an entry whose lock is held: that is the only sign of life there is.
 */
#include "store/partial.h"
#include "store_private.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/text.h"

#include <errno.h>
#include <stdio.h>

#define SWEEP_EVERY_S 60
#define SWEEP_FOR_NS  (50 * 1000000LL)
#define PARTIAL_DAYS  3

static const char lock_suffix[] = ".lock";
static const char stamp_name[] = "swept";

static void lock_name(const char *name, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s", name, lock_suffix);
}

/* Makes NAME.lock and holds it. A sweeper may have taken it away before we held it: once more. */
static int lock_make(int tmp, struct staging *s, struct error *err)
{
	char random[17], name[64];
	struct stat st;

	for (;;) {
		random_hex(random, 16);
		snprintf(s->name, sizeof(s->name), "new-%s", random);
		lock_name(s->name, name, sizeof(name));
		s->lock = openat(tmp, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (s->lock < 0)
			return error_sys(err, "create tmp/%s", name);
		if (lock_take(s->lock, LOCK_EXCLUSIVE, err) < 0)
			return -1;
		if (fstat(s->lock, &st) == 0 && st.st_nlink > 0)
			return 0;
		auto_close_fd(&s->lock);
	}
}

int staging_begin(struct store *st, struct staging *s, struct error *err)
{
	int tmp = store_dir(st, STORE_TMP, err);

	*s = (struct staging)STAGING_NONE;
	if (tmp < 0 || staging_sweep(st, false, err) < 0)
		return -1;
	if (lock_make(tmp, s, err) < 0) {
		staging_end(st, s);
		return -1;
	}
	if (mkdirat(tmp, s->name, 0700) < 0) {
		error_sys(err, "make tmp/%s", s->name);
		staging_end(st, s);
		return -1;
	}
	s->fd = dir_open(tmp, s->name, err);
	if (s->fd < 0) {
		staging_end(st, s);
		return -1;
	}
	return 0;
}

void staging_end(struct store *st, struct staging *s)
{
	struct error ignored = { 0 }; /* what stays is swept by the next who comes by */
	int tmp = st->dirs[STORE_TMP];
	char name[64];

	auto_close_fd(&s->fd);
	if (s->lock < 0)
		return;
	lock_name(s->name, name, sizeof(name));
	/* when the tree cannot be removed now, its lock file goes all the same: it is then trash */
	tree_remove(tmp, s->name, &ignored);
	unlinkat(tmp, name, 0);
	auto_close_fd(&s->lock);
}

/* 1 the maker of NAME lives, 0 not, and then the returned lock (if any) keeps others away */
static int maker_lives(int tmp, const char *lock, int *held)
{
	struct error ignored = { 0 };

	*held = openat(tmp, lock, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (*held < 0)
		return errno == ENOENT ? 0 : 1;
	if (lock_try(*held, LOCK_EXCLUSIVE, &ignored) == 1)
		return 0;
	auto_close_fd(held);
	return 1;
}

/* What came of a blob is kept for who wants the rest, but not for ever. */
static void sweep_partial(int tmp, const char *entry)
{
	auto_close int fd = openat(tmp, entry, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct error ignored = { 0 };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    time_now_ns() / NSEC_PER_SEC - (int64_t)st.st_mtime < PARTIAL_DAYS * 86400)
		return;
	if (lock_try(fd, LOCK_EXCLUSIVE, &ignored) == 1)
		unlinkat(tmp, entry, 0);
}

static void sweep_entry(int tmp, const char *entry)
{
	auto_close int held = -1;
	auto_free char *name = xstrdup(entry), *lock = NULL;
	struct error err = { 0 };
	char line[ERROR_LINE_MAX];

	if (strcmp(entry, stamp_name) == 0)
		return;
	if (str_starts(entry, PARTIAL_PREFIX) && str_ends(entry, PARTIAL_SUFFIX)) {
		sweep_partial(tmp, entry);
		return;
	}
	if (str_ends(name, lock_suffix))
		name[strlen(name) - strlen(lock_suffix)] = '\0';
	lock = xasprintf("%s%s", name, lock_suffix);
	if (maker_lives(tmp, lock, &held))
		return;
	if (tree_remove(tmp, name, &err) < 0)
		log_debug("store: sweep: %s", error_text(&err, line, sizeof(line)));
	else
		unlinkat(tmp, lock, 0);
}

/* Is it too early for another sweep? Else notes that one begins now. */
static bool sweep_recent(int tmp)
{
	struct stat st;
	int64_t age;
	int fd;

	if (fstatat(tmp, stamp_name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		age = time_now_ns() / NSEC_PER_SEC - (int64_t)st.st_mtime;
		if (age >= 0 && age < SWEEP_EVERY_S)
			return true;
		/* a clock that went back must not stop sweeping: the stamp is set anew */
		return utimensat(tmp, stamp_name, NULL, AT_SYMLINK_NOFOLLOW) < 0;
	}
	fd = openat(tmp, stamp_name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	return fd < 0;
}

int staging_sweep(struct store *st, bool force, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	int64_t start = time_monotonic_ns();
	int tmp;

	if (st->root < 0)
		return 0;
	tmp = store_dir(st, STORE_TMP, err);
	if (tmp < 0)
		return -1;
	if (sweep_recent(tmp) && !force)
		return 0;
	if (dir_list(tmp, &names, err) < 0)
		return error_add(err, "sweep tmp");
	strv_each (&names, i) {
		if (!force && time_monotonic_ns() - start > SWEEP_FOR_NS)
			return 0;
		sweep_entry(tmp, names.v[i]);
	}
	if (container_sweep(st, err) < 0)
		return -1;
	return names_sweep(st, false, err);
}

int staging_oldest(struct store *st, struct timespec *since, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };
	int tmp, r = store_dir_find(st, STORE_TMP, &tmp, err);
	struct stat s;

	clock_gettime(CLOCK_REALTIME, since);
	if (r <= 0)
		return r;
	if (dir_list(tmp, &names, err) < 0)
		return -1;
	strv_each (&names, i) {
		auto_close int held = -1;

		if (!str_ends(names.v[i], lock_suffix) || !maker_lives(tmp, names.v[i], &held) ||
		    fstatat(tmp, names.v[i], &s, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (s.st_mtim.tv_sec < since->tv_sec ||
		    (s.st_mtim.tv_sec == since->tv_sec && s.st_mtim.tv_nsec < since->tv_nsec))
			*since = s.st_mtim;
	}
	return 0;
}
