/*
 * partial.c - blobs on their way in.
 *
 * Owns   the files blob-HEX.partial of tmp/. The file itself is the lock: it is held through the
 *        descriptor that writes, so that the two die together.
 * Never  calls one a blob before its receiver has verified it.
 */
#include "store/partial.h"

#include "store_private.h"
#include "util/fd.h"

#include <errno.h>
#include <stdio.h>

static void partial_name(const struct digest *d, char *buf, size_t size)
{
	snprintf(buf, size, PARTIAL_PREFIX "%s" PARTIAL_SUFFIX, d->hex);
}

/* Is the file that we hold still the one of that name? Its last holder may have made it the blob. */
static bool is_current(int tmp, const char *name, int fd, struct stat *mine)
{
	struct stat st;

	return fstat(fd, mine) == 0 && fstatat(tmp, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_ino == mine->st_ino && st.st_dev == mine->st_dev;
}

/* 1, or 0 when another one holds it and wait is not set. */
static int take(struct store *st, const struct digest *d, bool wait, struct partial *p,
		struct error *err)
{
	int r;

	int tmp = store_dir(st, STORE_TMP, err);
	char name[96];
	struct stat mine;

	*p = (struct partial){ .fd = -1, .digest = *d };
	if (tmp < 0)
		return -1;
	partial_name(d, name, sizeof(name));
	for (;;) {
		p->fd = openat(tmp, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (p->fd < 0)
			return error_sys(err, "create tmp/%s", name);
		if (wait)
			r = lock_take(p->fd, LOCK_EXCLUSIVE, err) < 0 ? -1 : 1;
		else
			r = lock_try(p->fd, LOCK_EXCLUSIVE, err);
		if (r <= 0) {
			partial_leave(p);
			return r;
		}
		if (is_current(tmp, name, p->fd, &mine)) {
			p->size = mine.st_size;
			return 1;
		}
		partial_leave(p);
	}
}

int partial_take(struct store *st, const struct digest *d, struct partial *p, struct error *err)
{
	return take(st, d, true, p, err) < 0 ? -1 : 0;
}

int partial_try(struct store *st, const struct digest *d, struct partial *p, struct error *err)
{
	return take(st, d, false, p, err);
}

int partial_add(struct partial *p, const void *bytes, size_t n, struct error *err)
{
	const char *b = bytes;

	while (n) {
		ssize_t done = pwrite(p->fd, b, n, p->size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return error_sys(err, "write blob sha256:%.12s", p->digest.hex);
		b += done;
		n -= (size_t)done;
		p->size += done;
	}
	fd_write_behind(p->fd, &p->begun, p->size);
	return 0;
}

int partial_publish_synced(struct store *st, struct partial *p, struct error *err)
{
	int tmp = store_dir(st, STORE_TMP, err), blobs = store_dir(st, STORE_BLOBS, err);
	char name[96];

	if (tmp < 0 || blobs < 0)
		return -1;
	partial_name(&p->digest, name, sizeof(name));
	if (futimens(p->fd, NULL) < 0) /* in use from now on: it may be older than who wants it */
		return error_sys(err, "touch blob sha256:%s", p->digest.hex);
	if (renameat(tmp, name, blobs, p->digest.hex) < 0)
		return error_sys(err, "publish blob sha256:%s", p->digest.hex);
	/* its folder is not synced: should the new name be lost, what was received still has the old one */
	partial_leave(p);
	return 0;
}

int partial_publish(struct store *st, struct partial *p, struct error *err)
{
	return store_sync(st, p->fd, err) < 0 ? -1 : partial_publish_synced(st, p, err);
}

void partial_drop(struct store *st, struct partial *p)
{
	char name[96];

	if (p->fd < 0)
		return;
	partial_name(&p->digest, name, sizeof(name));
	unlinkat(st->dirs[STORE_TMP], name, 0);
	partial_leave(p);
}

void partial_leave(struct partial *p)
{
	auto_close_fd(&p->fd);
}
