/*
 * archive_out.c - files written into a tar, or into a directory that was empty or absent.
 */
#include "archive_out.h"

#include "tar_format.h"
#include "util/fd.h"

#include <errno.h>

#define OUT_BUFFER ((size_t)256 << 10)

static int out_flush(struct archive_out *o, struct error *err)
{
	size_t n = o->used;

	o->used = 0;
	return n ? fd_write_all(o->dir >= 0 ? o->file : o->fd, o->buf, n, err) : 0;
}

static int out_write(void *arg, const void *bytes, size_t n, struct error *err)
{
	struct archive_out *o = arg;

	if (o->used + n > OUT_BUFFER && out_flush(o, err) < 0)
		return -1;
	if (n >= OUT_BUFFER)
		return fd_write_all(o->dir >= 0 ? o->file : o->fd, bytes, n, err);
	memcpy(o->buf + o->used, bytes, n);
	o->used += n;
	return 0;
}

static const struct layer_sink *out_raw(struct archive_out *o, struct layer_sink *sink)
{
	*sink = (struct layer_sink){ out_write, o };
	return sink;
}

int archive_out_open(struct archive_out *o, int fd, const char *path, struct error *err)
{
	auto_done(strv) struct strv names = { 0 };

	*o = (struct archive_out){ .dir = -1, .fd = fd, .file = -1, .buf = xmalloc(OUT_BUFFER) };
	if (!path)
		return 0;
	if (dir_make_all(path, 0755, err) < 0)
		return error_add(err, "directory '%s'", path);
	o->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* path: the user's, on the host */
	if (o->dir < 0)
		return error_sys(err, "open '%s'", path);
	if (dir_list(o->dir, &names, err) < 0)
		return -1;
	if (names.n)
		return error_set(err, ERR_EXISTS, "directory '%s' is not empty", path);
	return 0;
}

int archive_out_folder(struct archive_out *o, const char *name, struct error *err)
{
	auto_free char *slashed = xasprintf("%s/", name);
	struct tar_header h = { .path = slashed, .type = '5', .mode = 0755 };
	struct layer_sink sink;

	if (o->dir >= 0)
		return mkdirat(o->dir, name, 0755) < 0 ? error_sys(err, "make '%s'", name) : 0;
	return tar_write_header(out_raw(o, &sink), &h, err);
}

int archive_out_begin(struct archive_out *o, const char *name, int64_t size, struct error *err)
{
	struct tar_header h = { .path = name, .type = '0', .mode = 0644, .size = size };
	struct layer_sink sink;

	o->left = size;
	if (o->dir < 0)
		return tar_write_header(out_raw(o, &sink), &h, err);
	o->file = openat(o->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (o->file < 0)
		return error_sys(err, "make '%s'", name);
	return fchmod(o->file, 0644) < 0 ? error_sys(err, "make '%s'", name) : 0;
}

/* A size that was announced wrongly would ruin the archive: so nothing more than that goes in. */
static int counted_write(void *arg, const void *bytes, size_t n, struct error *err)
{
	struct archive_out *o = arg;

	if ((int64_t)n > o->left)
		return error_set(err, ERR_INVALID, "more bytes than its descriptor says");
	o->left -= (int64_t)n;
	return out_write(o, bytes, n, err);
}

struct layer_sink archive_out_sink(struct archive_out *o)
{
	return (struct layer_sink){ counted_write, o };
}

int archive_out_end(struct archive_out *o, int64_t size, struct error *err)
{
	struct layer_sink sink;

	if (o->left)
		return error_set(err, ERR_INVALID, "fewer bytes than its descriptor says");
	if (o->dir < 0)
		return tar_write_padding(out_raw(o, &sink), size, err);
	if (out_flush(o, err) < 0)
		return -1;
	auto_close_fd(&o->file);
	o->file = -1;
	return 0;
}

int archive_out_text(struct archive_out *o, const char *name, const void *bytes, size_t n,
		     struct error *err)
{
	if (archive_out_begin(o, name, (int64_t)n, err) < 0 || counted_write(o, bytes, n, err) < 0)
		return -1;
	return archive_out_end(o, (int64_t)n, err);
}

int archive_out_finish(struct archive_out *o, struct error *err)
{
	struct layer_sink sink;

	if (o->dir >= 0)
		return 0;
	if (tar_write_end(out_raw(o, &sink), err) < 0)
		return -1;
	return out_flush(o, err);
}

void archive_out_done(struct archive_out *o)
{
	auto_close_fd(&o->dir);
	auto_close_fd(&o->file);
	free(o->buf);
	o->buf = NULL;
}
