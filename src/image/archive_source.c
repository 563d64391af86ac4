/*
 * archive_source.c - the files of an image archive, by name.
 *
 * The archive is read once to learn where each file stands; layers are then read in place, several
 * at a time. A link leads to another file of the archive, never to the file system.
 */
#include "archive_source.h"

#include "image/stream.h"
#include "tar_reader.h"
#include "util/fd.h"
#include "util/path.h"

#include <errno.h>

void archive_source_init(struct archive_source *a)
{
	*a = (struct archive_source){ .dir = -1, .fd = -1 };
}

void archive_source_done(struct archive_source *a)
{
	vec_each (&a->members, m) {
		free(m->name);
		free(m->link);
	}
	vec_done(&a->members);
	auto_close_fd(&a->dir);
	auto_close_fd(&a->fd);
}

/* Where a link of the archive leads: relative to its own directory; NULL when out of the archive. */
static char *link_target(const char *member, const char *target)
{
	const char *base = path_base(member);
	auto_free char *above = xstrndup(member, (size_t)(base - member));
	auto_free char *joined = *target == '/' ? xstrdup(target) : xasprintf("%s%s", above, target);
	char *clean = path_clean(joined), *relative;

	if (strcmp(clean, "..") == 0 || str_starts(clean, "../")) {
		free(clean);
		return NULL;
	}
	relative = xstrdup(clean + (*clean == '/'));
	free(clean);
	return relative;
}

static int member_add(struct archive_source *a, struct tar_reader *r, const struct tar_entry *e,
		      struct error *err)
{
	auto_free char *name = NULL, *link = NULL;
	struct archive_member *m;

	if (tar_name_clean(e->path, &name, err) < 0)
		return -1;
	if (e->hardlink) {
		if (tar_name_clean(e->hardlink, &link, err) < 0)
			return -1;
	} else if (e->type == S_IFLNK) {
		link = link_target(name, e->symlink ? e->symlink : "");
		if (!link)
			return error_set(err, ERR_INVALID, "a link out of the archive");
	} else if (e->type != S_IFREG || !*name) {
		return 0;
	}
	if (e->sparse)
		return error_set(err, ERR_INVALID, "a sparse file");
	if (a->members.n >= ARCHIVE_MEMBERS_MAX)
		return error_set(err, ERR_LIMIT, "more than %d files", ARCHIVE_MEMBERS_MAX);
	m = vec_add(&a->members);
	m->name = take_ptr(&name);
	m->link = take_ptr(&link);
	m->at = tar_reader_offset(r);
	m->size = m->link ? 0 : e->size;
	return 0;
}

static int members_read(struct archive_source *a, struct error *err)
{
	struct stream *in = stream_open(a->fd, -1, err);
	struct tar_reader r = { 0 };
	struct tar_entry e;
	int got = -1;

	if (!in)
		return -1;
	stream_no_digests(in);
	if (tar_reader_open(&r, in, err) == 0)
		while ((got = tar_reader_next(&r, &e, err)) > 0)
			if (member_add(a, &r, &e, err) < 0) {
				error_add(err, "'%.512s'", e.path);
				got = -1;
				break;
			}
	if (got == 0)
		got = tar_reader_finish(&r, err);
	if (r.lib)
		tar_reader_close(&r);
	stream_close(in);
	return got;
}

/* Everything that in gives, in a file without a name in the staging entry. */
static int spool(struct stream *in, struct staging *s, struct error *err)
{
	auto_close int fd = openat(s->fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	const void *bytes;
	size_t n;
	int r;

	if (fd < 0) {
		fd = openat(s->fd, "archive", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0)
			return error_sys(err, "make a copy of the archive");
	}
	while ((r = stream_next(in, &bytes, &n, err)) > 0)
		if (fd_write_all(fd, bytes, n, err) < 0)
			return -1;
	if (r < 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_sys(err, "read the copy of the archive");
	return take_fd(&fd);
}

static int archive_open(struct archive_source *a, struct staging *s, struct error *err)
{
	struct stream *in;
	struct stat st;
	int copy = -1;

	if (fstat(a->fd, &st) < 0)
		return error_sys(err, "read");
	in = stream_open(a->fd, -1, err);
	if (!in)
		return -1;
	stream_no_digests(in);
	if (S_ISREG(st.st_mode) && stream_compression(in) == COMPRESSION_NONE) {
		stream_close(in);
		if (lseek(a->fd, 0, SEEK_SET) < 0)
			return error_sys(err, "read");
		return members_read(a, err);
	}
	copy = spool(in, s, err);
	stream_close(in);
	if (copy < 0)
		return -1;
	close(a->fd);
	a->fd = copy;
	return members_read(a, err);
}

int archive_source_open(const char *path, struct staging *s, struct archive_source *a,
			struct error *err)
{
	bool in = strcmp(path, "-") == 0;
	auto_close int fd = in ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
			       : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY); /* path: the user's */
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_sys(err, "open '%s'", in ? "standard input" : path);
	if (S_ISDIR(st.st_mode)) {
		a->dir = take_fd(&fd);
		return 0;
	}
	a->fd = take_fd(&fd);
	if (archive_open(a, s, err) < 0)
		return error_add(err, "archive '%s'", in ? "standard input" : path);
	return 0;
}

/* The last of a name counts, as for everyone who unpacks the archive. */
static const struct archive_member *member_find(const struct archive_source *a, const char *name)
{
	for (int hop = 0; hop < ARCHIVE_HOPS_MAX; hop++) {
		const struct archive_member *found = NULL;

		for (size_t i = a->members.n; i-- > 0 && !found;)
			if (strcmp(a->members.v[i].name, name) == 0)
				found = &a->members.v[i];
		if (!found || !found->link)
			return found;
		name = found->link;
	}
	return NULL;
}

static int dir_file(const struct archive_source *a, const char *name, int64_t *size, struct error *err)
{
	auto_close int fd = rootfs_open(a->dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, err);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set(err, ERR_INVALID, "'%.512s' is no regular file", name);
	*size = st.st_size;
	return take_fd(&fd);
}

bool archive_source_has(const struct archive_source *a, const char *name)
{
	struct error absent = { 0 }; /* that is the question */
	auto_close int fd = -1;
	int64_t size;

	if (a->dir < 0)
		return member_find(a, name) != NULL;
	fd = dir_file(a, name, &size, &absent);
	return fd >= 0;
}

int archive_source_file(const struct archive_source *a, const char *name, int64_t *size,
			struct error *err)
{
	const struct archive_member *m;
	auto_close int fd = -1;

	if (a->dir >= 0)
		return dir_file(a, name, size, err);
	m = member_find(a, name);
	if (!m)
		return error_set(err, ERR_NOTFOUND, "there is no file '%.512s' in the archive", name);
	fd = fd_reopen(a->fd, O_RDONLY | O_CLOEXEC, err);
	if (fd < 0)
		return -1;
	if (lseek(fd, m->at, SEEK_SET) < 0)
		return error_sys(err, "read the archive");
	*size = m->size;
	return take_fd(&fd);
}

int archive_source_text(const struct archive_source *a, const char *name, size_t max,
			struct str *out, struct error *err)
{
	auto_close int fd = -1;
	int64_t size;
	ssize_t n;

	fd = archive_source_file(a, name, &size, err);
	if (fd < 0)
		return -1;
	if (size < 0 || (uint64_t)size > max)
		return error_set(err, ERR_LIMIT, "'%.512s' has more than %zu bytes", name, max);
	str_reserve(out, (size_t)size + 1);
	n = fd_read_full(fd, out->s + out->len, (size_t)size, err);
	if (n < 0)
		return -1;
	if (n != size)
		return error_set(err, ERR_INVALID, "'%.512s' is cut short", name);
	out->len += (size_t)n;
	out->s[out->len] = '\0';
	return 0;
}
