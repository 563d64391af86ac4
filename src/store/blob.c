/*
 * blob.c - content addressed bytes.
 *
 * Owns   <root>/blobs/sha256. A blob is written without a name (O_TMPFILE), or in a staging entry
 *        where the file system cannot do that, then verified, synced, and given its name.
 * Never  shows a blob before all of it is there, and never changes one.
 */
#include "store/blob.h"

#include "store_private.h"
#include "util/fd.h"

#include <errno.h>
#include <stdio.h>

int blob_find(struct store *st, const struct digest *d, int64_t *size, struct error *err)
{
	int blobs, r = store_dir_find(st, STORE_BLOBS, &blobs, err);
	struct stat s;

	if (r <= 0)
		return r;
	if (fstatat(blobs, d->hex, &s, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT)
			return 0;
		return error_sys(err, "stat blob sha256:%s", d->hex);
	}
	if (size)
		*size = s.st_size;
	return S_ISREG(s.st_mode);
}

int blob_keep(struct store *st, const struct digest *d, struct error *err)
{
	int blobs, r = store_dir_find(st, STORE_BLOBS, &blobs, err);

	if (r <= 0)
		return r;
	if (utimensat(blobs, d->hex, NULL, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : error_sys(err, "touch blob sha256:%s", d->hex);
}

int blob_open(struct store *st, const struct digest *d, struct error *err)
{
	int blobs, fd, r = store_dir_find(st, STORE_BLOBS, &blobs, err);

	if (r < 0)
		return -1;
	if (r == 0)
		return error_set(err, ERR_NOTFOUND, "no blob sha256:%s", d->hex);
	fd = openat(blobs, d->hex, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "open blob sha256:%s", d->hex);
	return fd;
}

int blob_read(struct store *st, const struct digest *d, size_t max, struct str *out, struct error *err)
{
	auto_close int fd = blob_open(st, d, err);
	size_t start = out->len;
	char hex[SHA256_HEX];

	if (fd < 0)
		return -1;
	if (fd_read_all(fd, out, max, err) < 0)
		return error_add(err, "blob sha256:%s", d->hex);
	sha256_bytes(str_get(out) + start, out->len - start, hex);
	if (strcmp(hex, d->hex) != 0)
		return error_set(err, ERR_INVALID,
				 "blob sha256:%s is damaged: its bytes have sha256:%s", d->hex, hex);
	return 0;
}

int blob_put(struct store *st, const void *bytes, size_t n, struct digest *d, struct error *err)
{
	struct blob_writer w;
	int64_t size;
	int r;

	sha256_bytes(bytes, n, d->hex);
	/* one of the right length is taken for good: fsck is who re-reads */
	r = blob_find(st, d, &size, err);
	if (r < 0)
		return -1;
	if (r == 1 && size == (int64_t)n)
		return blob_keep(st, d, err) < 0 ? -1 : 0;
	if (blob_writer_begin(st, &w, err) < 0)
		return -1;
	if (blob_writer_add(&w, bytes, n, err) < 0) {
		blob_writer_abort(st, &w);
		return -1;
	}
	return blob_writer_finish(st, &w, d, (int64_t)n, d, err);
}

int blob_writer_begin(struct store *st, struct blob_writer *w, struct error *err)
{
	int blobs = store_dir(st, STORE_BLOBS, err);

	*w = (struct blob_writer){ .staging = STAGING_NONE, .fd = -1 };
	if (blobs < 0)
		return -1;
	sha256_init(&w->hash);
	w->fd = openat(blobs, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (w->fd >= 0)
		return 0;
	if (staging_begin(st, &w->staging, err) < 0)
		return -1;
	w->fd = openat(w->staging.fd, "blob", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (w->fd < 0) {
		error_sys(err, "create a blob");
		blob_writer_abort(st, w);
		return -1;
	}
	return 0;
}

int blob_writer_add(struct blob_writer *w, const void *bytes, size_t n, struct error *err)
{
	if (fd_write_all(w->fd, bytes, n, err) < 0)
		return error_add(err, "blob");
	sha256_add(&w->hash, bytes, n);
	w->size += (int64_t)n;
	fd_write_behind(w->fd, &w->begun, w->size);
	return 0;
}

void blob_writer_abort(struct store *st, struct blob_writer *w)
{
	auto_close_fd(&w->fd);
	staging_end(st, &w->staging);
}

/* Gives the file its name; what is there under it already holds the same bytes, or is damaged. */
static int blob_publish(struct store *st, struct blob_writer *w, const char *hex, struct error *err)
{
	int blobs = st->dirs[STORE_BLOBS];
	char link[32];
	struct stat s;

	if (w->staging.fd >= 0) {
		if (renameat(w->staging.fd, "blob", blobs, hex) < 0)
			return error_sys(err, "publish");
		return 0;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", w->fd);
	for (int i = 0; i < 2; i++) {
		if (linkat(AT_FDCWD, link, blobs, hex, AT_SYMLINK_FOLLOW) == 0)
			return 0;
		if (errno != EEXIST)
			break;
		if (fstatat(blobs, hex, &s, AT_SYMLINK_NOFOLLOW) == 0 && s.st_size == w->size)
			return 0;
		unlinkat(blobs, hex, 0); /* cut short by a fault of the disk: ours is whole */
	}
	return error_sys(err, "publish");
}

int blob_writer_finish(struct store *st, struct blob_writer *w, const struct digest *expected,
		       int64_t expected_size, struct digest *d, struct error *err)
{
	char hex[SHA256_HEX];
	int r = -1;

	sha256_hex(&w->hash, hex);
	if (expected_size >= 0 && w->size != expected_size)
		error_set(err, ERR_INVALID, "blob has %lld bytes, expected %lld",
			  (long long)w->size, (long long)expected_size);
	else if (expected && strcmp(hex, expected->hex) != 0)
		error_set(err, ERR_INVALID, "blob has digest sha256:%s, expected sha256:%s", hex,
			  expected->hex);
	else if (store_sync(st, w->fd, err) == 0 && blob_publish(st, w, hex, err) == 0 &&
		 store_sync(st, st->dirs[STORE_BLOBS], err) == 0)
		r = 0;
	if (r < 0 && err->sys)
		error_add(err, "blob sha256:%s", hex);
	if (r == 0)
		memcpy(d->hex, hex, sizeof(hex));
	blob_writer_abort(st, w);
	return r;
}
